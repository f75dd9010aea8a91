//! `fork(2)`, the one place that calls it, and how a forked process is told from the one that forked it.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rustix::process::Pid;

use super::at_fork::Locks;

/// Whether this process is a forked worker.
static IS_WORKER: AtomicBool = AtomicBool::new(false);

/// How many forks there are between this process and the first one of the program.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// Whether the calling process was forked by this library to work.
pub(crate) fn is_worker() -> bool {
    IS_WORKER.load(Ordering::Relaxed)
}

/// The calling process is a worker.
pub(crate) fn mark_as_worker() {
    IS_WORKER.store(true, Ordering::Relaxed);
}

/// Differs between a process and those that it forked: what tells a thing that belongs to the process from the copy of it
/// that a forked one has.
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Forks; `None` in the child, in which the calling thread is the only one.
pub(crate) fn fork(_locks: &mut Locks) -> io::Result<Option<Pid>> {
    // SAFETY: the child may go on running Rust code: glibc makes its allocator usable after a fork, and the locks of
    // this library and of the standard streams are held by the calling thread, the one that exists in the child.
    // Locks of other libraries that another thread holds stay locked there; the crate's documentation says so.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            GENERATION.fetch_add(1, Ordering::Relaxed);
            Ok(None)
        }
        pid => Ok(Pid::from_raw(pid)),
    }
}

/// Ends the process at once: no destructors, no `atexit` handlers, no unwinding.
pub(crate) fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` takes an integer and does not return.
    unsafe { libc::_exit(code) }
}

//! Telling an abort for lack of memory from any other.
//!
//! A program whose allocation fails aborts. At that moment its `errno` still says ENOMEM; or, if it has printed a backtrace
//! before, which can change that, it is at least known to be in the function that Rust calls then. A worker therefore
//! notes it down, in memory that its parent sees, when SIGABRT arrives, and then ends by that signal as it would have.

use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use super::unwind;

/// Where to note it; null where nobody asks.
static NOTE: AtomicPtr<AtomicU64> = AtomicPtr::new(std::ptr::null_mut());

/// Runs `body` in a worker. If it aborts because memory ran out, `note` is not 0 any more.
pub(crate) fn noting_lack_of_memory<R>(note: &AtomicU64, body: impl FnOnce() -> R) -> R {
    /// However `body` ends, nothing is noted where the note may be gone.
    struct Scope;
    impl Drop for Scope {
        fn drop(&mut self) {
            NOTE.store(std::ptr::null_mut(), Ordering::Relaxed);
        }
    }
    let _scope = Scope;
    NOTE.store(std::ptr::from_ref(note).cast_mut(), Ordering::Relaxed);
    install();
    body()
}

/// Installs the handler, unless the program has one of its own.
fn install() {
    // SAFETY: all-zero bytes are a valid sigaction, which the call overwrites.
    let mut present: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: asking for a disposition writes only to `present`.
    if unsafe { libc::sigaction(libc::SIGABRT, std::ptr::null(), &raw mut present) } != 0
        || present.sa_sigaction != libc::SIG_DFL
    {
        return;
    }
    // SAFETY: as above.
    let mut action: libc::sigaction = unsafe { std::mem::zeroed() };
    action.sa_sigaction = on_abort as Handler as libc::sighandler_t;
    action.sa_flags = libc::SA_RESETHAND | libc::SA_SIGINFO;
    // SAFETY: the handler calls only what may be called where this process calls `abort`. The worker's errno is set to what it is in a new
    // program, so that what its parent met before the fork is not taken for its own.
    unsafe {
        libc::sigaction(libc::SIGABRT, &raw const action, std::ptr::null_mut());
        *libc::__errno_location() = 0;
    }
}

type Handler = extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void);

extern "C" fn on_abort(signal: libc::c_int, info: *mut libc::siginfo_t, _context: *mut libc::c_void) {
    // SAFETY: reading this thread's errno is always allowed.
    let errno = unsafe { *libc::__errno_location() };
    // SAFETY: the kernel passes a valid description of the signal.
    let code = unsafe { (*info).si_code };
    // The thread's calls are looked at only if it has sent the signal to itself, as `abort` does, for then it is not in the
    // middle of something that would have to be left alone; and not after a stack overflow, for want of room.
    let is_lack = errno == libc::ENOMEM
        || code == libc::SI_TKILL
            && !is_on_alternative_stack()
            && unwind::is_inside(std::alloc::handle_alloc_error as *const () as usize);
    if is_lack {
        let note = NOTE.load(Ordering::Relaxed);
        // SAFETY: it is null, or the note that `noting_lack_of_memory` borrows for as long as it is stored there.
        if let Some(note) = unsafe { note.as_ref() } {
            note.store(1, Ordering::Relaxed);
        }
    }
    // The default is in force again and ends the process when this function has returned, whoever sent the signal.
    // SAFETY: `raise` may be called in a handler.
    unsafe { libc::raise(signal) };
}

/// Whether a handler runs that has a stack of its own, as that for stack overflows.
fn is_on_alternative_stack() -> bool {
    // SAFETY: all-zero bytes are a valid description, which the call overwrites.
    let mut stack: libc::stack_t = unsafe { std::mem::zeroed() };
    // SAFETY: asking for the stack writes only to `stack`; it is one system call.
    let failed = unsafe { libc::sigaltstack(std::ptr::null(), &raw mut stack) } != 0;
    failed || stack.ss_flags & libc::SS_ONSTACK != 0
}

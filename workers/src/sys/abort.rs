//! Telling an abort for lack of memory from any other.
//!
//! A program whose allocation fails aborts, and its `errno` still says ENOMEM at that moment. A worker therefore notes
//! it down, in memory that its parent sees, when SIGABRT arrives, and then ends by that signal as it would have.

use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

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
    action.sa_sigaction = on_abort as extern "C" fn(libc::c_int) as libc::sighandler_t;
    // On the alternative stack, where there is one: the program may abort for want of stack.
    action.sa_flags = libc::SA_RESETHAND | libc::SA_ONSTACK;
    // SAFETY: the handler calls only what a signal handler may. The worker's errno is set to what it is in a new
    // program, so that what its parent met before the fork is not taken for its own.
    unsafe {
        libc::sigaction(libc::SIGABRT, &raw const action, std::ptr::null_mut());
        *libc::__errno_location() = 0;
    }
}

extern "C" fn on_abort(signal: libc::c_int) {
    // SAFETY: reading this thread's errno is always allowed.
    if unsafe { *libc::__errno_location() } == libc::ENOMEM {
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

//! Telling why a worker aborts. It notes that down, in memory that its parent sees, when SIGABRT arrives, and then ends by
//! that signal as it would have.
//!
//! A program whose allocation fails aborts. At that moment its `errno` still says ENOMEM; or, if it has printed a backtrace
//! before, which can change that, it is at least known to be in the function that Rust calls then. One whose stack is used up
//! does so on the stack that is kept for this, and one that cannot go on panicking while it panics.

use std::sync::atomic::{AtomicPtr, AtomicU64, Ordering};

use super::unwind;

/// Why a process has aborted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub(crate) enum Reason {
    /// An allocation failed.
    LackOfMemory = 1,
    /// A thread's stack was used up.
    StackOverflow = 2,
    /// It was panicking: a destructor panicked as well, or the panic came to a function that cannot unwind.
    Panicking = 3,
}

impl Reason {
    /// What a note says. Nothing is a reason, too.
    pub(crate) fn of_note(note: u64) -> Option<Self> {
        let reasons = [Self::LackOfMemory, Self::StackOverflow, Self::Panicking];
        reasons.into_iter().find(|&reason| reason as u64 == note)
    }
}

/// Where to note it; null where nobody asks.
static NOTE: AtomicPtr<AtomicU64> = AtomicPtr::new(std::ptr::null_mut());

/// Runs `body` in a worker. If it aborts for a [`Reason`], `note` has it.
pub(crate) fn noting_why<R>(note: &AtomicU64, body: impl FnOnce() -> R) -> R {
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
    // SAFETY: the kernel passes a valid description of the signal.
    let code = unsafe { (*info).si_code };
    if let Some(reason) = reason(code == libc::SI_TKILL) {
        let note = NOTE.load(Ordering::Relaxed);
        // SAFETY: it is null, or the note that `noting_why` borrows for as long as it is stored there.
        if let Some(note) = unsafe { note.as_ref() } {
            note.store(reason as u64, Ordering::Relaxed);
        }
    }
    // The default is in force again and ends the process when this function has returned, whoever sent the signal.
    // SAFETY: `raise` may be called in a handler.
    unsafe { libc::raise(signal) };
}

/// Why this thread aborts. Only if it has sent the signal to itself, as `abort` does, it is known not to be in the middle of
/// something that would have to be left alone, and more is looked at than `errno`.
fn reason(is_own_signal: bool) -> Option<Reason> {
    // SAFETY: reading this thread's errno is always allowed.
    let lacks_memory = unsafe { *libc::__errno_location() } == libc::ENOMEM;
    if is_own_signal && is_on_alternative_stack() {
        Some(Reason::StackOverflow)
    } else if lacks_memory || is_own_signal && unwind::is_inside(std::alloc::handle_alloc_error as *const () as usize) {
        Some(Reason::LackOfMemory)
    } else if is_own_signal && std::thread::panicking() {
        Some(Reason::Panicking)
    } else {
        None
    }
}

/// Whether a handler runs that has a stack of its own, as that for stack overflows.
fn is_on_alternative_stack() -> bool {
    // SAFETY: all-zero bytes are a valid description, which the call overwrites.
    let mut stack: libc::stack_t = unsafe { std::mem::zeroed() };
    // SAFETY: asking for the stack writes only to `stack`; it is one system call.
    let failed = unsafe { libc::sigaltstack(std::ptr::null(), &raw mut stack) } != 0;
    failed || stack.ss_flags & libc::SS_ONSTACK != 0
}

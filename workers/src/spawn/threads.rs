//! Warning about a fork while other threads run: the worker has none of them.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::sys::threads;

/// Set where the user knows.
const ALLOWED: &str = "PARCELL_ALLOW_THREADS";

static WARNED: AtomicBool = AtomicBool::new(false);

/// How many threads this process has beside the calling one. The main thread, in which no library works, does not count.
pub(crate) fn others() -> usize {
    let is_main = rustix::thread::gettid() == rustix::process::getpid();
    match threads::count() {
        // Nobody is warned of what cannot be told.
        usize::MAX => 0,
        count => count.saturating_sub(if is_main { 1 } else { 2 }),
    }
}

/// Before a fork: says once, if other threads run, what that means.
#[expect(clippy::print_stderr, reason = "a warning to the program's user")]
pub(crate) fn warn_before_fork() {
    if WARNED.load(Ordering::Relaxed) {
        return;
    }
    let others = others();
    if others == 0
        || std::env::var_os(ALLOWED).is_some_and(|value| value == "1")
        || WARNED.swap(true, Ordering::Relaxed)
    {
        return;
    }
    let threads = if others == 1 { "thread" } else { "threads" };
    // By way of the macro, so that a test harness shows it with the test that it belongs to.
    eprintln!(
        "parcell: worker processes are forked while this program has {others} other {threads}, which they do not have: in \
         a worker, code that waits for such a thread hangs, as a rayon or tokio pool does that was used before. Use it \
         either in the program or in its workers. `Pool::builder().allow_threads(true)` or {ALLOWED}=1 says that you know."
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_thread_counts_while_it_runs() {
        // Other tests run beside this one, so only the least is known.
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        let thread = std::thread::spawn(move || receiver.recv());
        assert!(others() >= 1);
        drop(sender);
        thread.join().unwrap().unwrap_err();
    }
}

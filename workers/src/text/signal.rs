//! Signals, by their names.

/// A signal's name, and what it means in a word or two. For the notebook's kernel, which tells of crashes too.
#[doc(hidden)]
#[must_use]
pub fn signal_name(number: i32) -> Option<(&'static str, &'static str)> {
    Some(match number {
        libc::SIGHUP => ("SIGHUP", "hang-up"),
        libc::SIGINT => ("SIGINT", "interrupt"),
        libc::SIGQUIT => ("SIGQUIT", "quit"),
        libc::SIGILL => ("SIGILL", "illegal instruction"),
        libc::SIGTRAP => ("SIGTRAP", "trap"),
        libc::SIGABRT => ("SIGABRT", "abort"),
        libc::SIGBUS => ("SIGBUS", "bus error"),
        libc::SIGFPE => ("SIGFPE", "arithmetic exception"),
        libc::SIGKILL => ("SIGKILL", "kill"),
        libc::SIGUSR1 => ("SIGUSR1", "user signal 1"),
        libc::SIGUSR2 => ("SIGUSR2", "user signal 2"),
        libc::SIGSEGV => ("SIGSEGV", "segmentation fault"),
        libc::SIGPIPE => ("SIGPIPE", "broken pipe"),
        libc::SIGALRM => ("SIGALRM", "alarm"),
        libc::SIGTERM => ("SIGTERM", "termination"),
        libc::SIGXCPU => ("SIGXCPU", "CPU time limit"),
        libc::SIGXFSZ => ("SIGXFSZ", "file size limit"),
        libc::SIGSYS => ("SIGSYS", "bad system call"),
        _ => return None,
    })
}

//! What a signal does to this process.

use std::io;

use rustix::process::Signal;

/// Nothing.
pub(crate) fn ignore(signal: Signal) -> io::Result<()> {
    set(signal, libc::SIG_IGN)
}

/// What it does to a program that has never said.
pub(crate) fn set_default(signal: Signal) -> io::Result<()> {
    set(signal, libc::SIG_DFL)
}

/// Whether the system forgets children of this process as soon as they have ended (sigaction(2), `SIG_IGN` and `SA_NOCLDWAIT`), so
/// that their PIDs lead nowhere then.
pub(crate) fn forgets_children() -> bool {
    // SAFETY: all-zero bytes are a valid description, which the call overwrites.
    let mut present: libc::sigaction = unsafe { std::mem::zeroed() };
    // SAFETY: asking for a disposition writes only to `present`.
    let asked = unsafe { libc::sigaction(libc::SIGCHLD, std::ptr::null(), &raw mut present) };
    asked == 0 && (present.sa_sigaction == libc::SIG_IGN || present.sa_flags & libc::SA_NOCLDWAIT != 0)
}

fn set(signal: Signal, disposition: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: the dispositions are the system's own, so no code of ours runs in a handler.
    if unsafe { libc::signal(signal.as_raw(), disposition) } == libc::SIG_ERR {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_not_forgotten_unless_it_is_asked_for() {
        assert!(!forgets_children());
    }
}

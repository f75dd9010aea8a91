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

fn set(signal: Signal, disposition: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: the dispositions are the system's own, so no code of ours runs in a handler.
    if unsafe { libc::signal(signal.as_raw(), disposition) } == libc::SIG_ERR {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

//! Forking the notebook process.

use std::io;

use rustix::process::Pid;

use super::library_symbols::LibrarySymbols;

/// On which side of a fork this is.
pub(crate) enum Fork {
    Parent { child: Pid },
    Child,
}

/// Forks with the library's help where it is loaded (see `LibrarySymbols::fork`).
pub(crate) fn fork(library: Option<&LibrarySymbols>) -> io::Result<Fork> {
    let pid = match library {
        Some(library) => library.fork(),
        // SAFETY: no cell has been loaded, so this process has one thread, and the child may do whatever it could.
        None => unsafe { libc::fork() },
    };
    match pid {
        0 => Ok(Fork::Child),
        pid => match Pid::from_raw(pid) {
            Some(child) if pid > 0 => Ok(Fork::Parent { child }),
            _ => Err(io::Error::last_os_error()),
        },
    }
}

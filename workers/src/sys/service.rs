//! What a forked process does first that is to serve others for long: it lets go of what it has inherited.
//!
//! What it would keep open, nobody could close: the reader of a pipe would wait for its end for as long as the service
//! runs, and the port of a server that has ended would stay taken.

use std::io;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};

use super::{fork, lifeline};

/// In a forked process: closes all descriptors but the standard streams, the lifeline, and `kept`; and sets the signals
/// by which a person ends or interrupts a program to what they are for a service.
pub(super) fn begin(kept: &OwnedFd) -> io::Result<()> {
    assert!(fork::is_worker(), "only a forked process can give up its descriptors");
    let kept = [0, 1, 2, kept.as_raw_fd(), lifeline::own_descriptor()];
    for descriptor in open_descriptors()? {
        if !kept.contains(&descriptor) {
            // SAFETY: the descriptors are copies of the parent's. Whatever owns them in the copied memory is not used in
            // this process, whose part is a closure that has made none before; it never runs their destructors.
            unsafe { libc::close(descriptor) };
        }
    }
    // Ctrl-C goes to all processes of a program. The program may live on, and ends its services if it does not.
    set_signal(libc::SIGINT, libc::SIG_IGN)?;
    // What the parent does about this one is not for its copy to do.
    set_signal(libc::SIGTERM, libc::SIG_DFL)
}

/// The descriptors that were open when it was asked.
fn open_descriptors() -> io::Result<Vec<RawFd>> {
    let names = std::fs::read_dir("/proc/self/fd")?.map(|entry| Ok(entry?.file_name()));
    let names: Vec<_> = names.collect::<io::Result<_>>()?;
    // The names are numbers.
    Ok(names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect())
}

fn set_signal(signal: libc::c_int, action: libc::sighandler_t) -> io::Result<()> {
    // SAFETY: the actions are the system's own, so no code of ours runs in a handler.
    if unsafe { libc::signal(signal, action) } == libc::SIG_ERR {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

//! The descriptors that a process has, and those that a forked one has inherited.

use std::io;
use std::os::fd::RawFd;

use rustix::fs::{Mode, OFlags, open};

use super::fork;

/// In a worker: closes all descriptors but these.
///
/// # Panics
///
/// In a process that was not forked to work: it uses what it has.
pub(crate) fn close_all_but(kept: &[RawFd]) -> io::Result<()> {
    assert!(fork::is_worker(), "only a forked process can give up its descriptors");
    for descriptor in of(std::process::id())? {
        if !kept.contains(&descriptor) {
            // SAFETY: the descriptors are copies of the parent's. Whatever owns them in the copied memory is not used in
            // this process, whose part is a closure that has made none before; it never runs their destructors.
            unsafe { libc::close(descriptor) };
        }
    }
    Ok(())
}

/// From here on the standard input has nothing in it.
pub(crate) fn empty_stdin() -> rustix::io::Result<()> {
    rustix::stdio::dup2_stdin(open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)
}

/// Those that a process had open when it was asked.
pub(crate) fn of(pid: u32) -> io::Result<Vec<RawFd>> {
    let names = std::fs::read_dir(format!("/proc/{pid}/fd"))?.map(|entry| Ok(entry?.file_name()));
    let names: Vec<_> = names.collect::<io::Result<_>>()?;
    // The names are numbers.
    Ok(names.iter().filter_map(|name| name.to_str()?.parse().ok()).collect())
}

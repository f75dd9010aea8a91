//! Waiting for descriptors.

use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io;

/// Waits until there is something to do with one of the descriptors, or for `limit`; `false` when that has passed.
///
/// A signal that interrupts the wait ends it as well: the caller looks again, and knows how much time is left.
pub(crate) fn wait(fds: &mut [PollFd<'_>], limit: Option<Duration>) -> io::Result<bool> {
    // A limit too long for the type is as good as none.
    let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
    match poll(fds, limit.as_ref()) {
        Ok(ready) => Ok(ready > 0),
        Err(io::Errno::INTR) => Ok(true),
        Err(error) => Err(error),
    }
}

/// What `wait` waits for: that something can be read, be it the end; of a process, that it has ended.
pub(crate) fn readable(fd: &impl AsFd) -> PollFd<'_> {
    PollFd::new(fd, PollFlags::IN)
}

/// What there is to say of a descriptor now, of what `readable` waits for: nothing where it is not ready.
pub(crate) fn look(fd: &impl AsFd) -> io::Result<PollFlags> {
    let mut fds = [readable(fd)];
    let now = Timespec { tv_sec: 0, tv_nsec: 0 };
    io::retry_on_intr(|| poll(&mut fds, Some(&now)))?;
    Ok(fds[0].revents())
}

#[cfg(test)]
mod tests {
    use rustix::pipe::pipe;

    use super::*;

    #[test]
    fn a_wait_ends_with_what_is_waited_for_or_with_its_limit() {
        let (reader, writer) = pipe().unwrap();
        let limit = Some(Duration::from_millis(1));
        assert_eq!(wait(&mut [readable(&reader)], limit), Ok(false));
        assert_eq!(look(&reader), Ok(PollFlags::empty()));
        io::write(&writer, b"x").unwrap();
        assert_eq!(wait(&mut [readable(&reader)], Some(Duration::MAX)), Ok(true));
        assert_eq!(look(&reader), Ok(PollFlags::IN));
        drop(writer);
        assert_eq!(look(&reader), Ok(PollFlags::IN | PollFlags::HUP));
    }
}

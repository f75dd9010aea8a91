//! The way that descriptors take from a worker that ends to its parent (`SCM_RIGHTS`, unix(7)).
//!
//! They wait in the queue of a socket, which keeps open what they lead to, until the parent or another of its workers
//! looks for one of them. So neither waits for the other, and nothing is left when all have ended.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::fs::{FlockOperation, MemfdFlags, fcntl_lock, memfd_create};
use rustix::io::{Errno, retry_on_intr};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
    SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};

/// How many descriptors one message can carry (`SCM_MAX_FD`, unix(7)).
const AT_ONCE: usize = 253;

/// A process's ends: of the way to its parent, and of that from its own workers.
#[derive(Debug)]
pub(crate) struct Passage {
    to_parent: Option<Ends>,
    from_workers: Option<Ends>,
}

/// The parent and all of its workers have both ends.
#[derive(Debug)]
struct Ends {
    read: OwnedFd,
    write: OwnedFd,
    /// Locked by whoever looks at what waits, which nobody else then misses: a file of no length.
    lock: OwnedFd,
}

/// While it lives, no other process looks at what waits. The system lets go of it when the process ends.
struct Turn<'a>(&'a Ends);

impl Passage {
    pub(crate) const CLOSED: Self = Self {
        to_parent: None,
        from_workers: None,
    };

    /// In a process that is about to fork a worker, which inherits the ends.
    pub(crate) fn open(&mut self) -> io::Result<()> {
        if self.from_workers.is_none() {
            self.from_workers = Some(Ends::new()?);
        }
        Ok(())
    }

    /// In the worker: what was for the parent's workers leads to the parent.
    pub(crate) fn enter_worker(&mut self) {
        self.to_parent = self.from_workers.take();
    }

    /// What a worker that is executed gets in the place of what a forked one inherits: a socket, on which the ends wait.
    pub(crate) fn invite(&mut self) -> io::Result<OwnedFd> {
        self.open()?;
        let (worker, parent) = sockets()?;
        if let Some(ends) = &self.from_workers {
            send(&parent, &[ends.read.as_fd(), ends.write.as_fd(), ends.lock.as_fd()])?;
        }
        Ok(worker)
    }

    /// In a worker that was executed, with what [`invite`](Self::invite) has made for it.
    pub(crate) fn accept(&mut self, invitation: BorrowedFd<'_>) -> io::Result<()> {
        let ends = <[OwnedFd; 3]>::try_from(receive(invitation)?).map_err(|_| Errno::BADMSG)?;
        let [read, write, lock] = ends;
        self.to_parent = Some(Ends { read, write, lock });
        Ok(())
    }

    /// In a worker that has closed all descriptors: it has no end any more.
    pub(crate) fn forget(&mut self) {
        std::mem::forget(std::mem::replace(self, Self::CLOSED));
    }

    /// Passes descriptors to the parent.
    ///
    /// # Errors
    ///
    /// If more wait there than the system keeps, or if there is no parent.
    pub(crate) fn pass(&self, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        send(&self.to_parent.as_ref().ok_or(Errno::NOTCONN)?.write, descriptors)
    }

    /// What workers have passed since this was asked last. Where one of them is looking at it, that is waited for, or
    /// left for the next time.
    pub(crate) fn take(&self, waits: bool) -> io::Result<Vec<OwnedFd>> {
        let Some(ends) = &self.from_workers else {
            return Ok(Vec::new());
        };
        match Turn::take(ends, waits)? {
            Some(turn) => receive(&turn.0.read),
            None => Ok(Vec::new()),
        }
    }

    /// What other workers of the parent have passed to it that it has not taken, which it still can.
    pub(crate) fn look(&self) -> io::Result<Vec<OwnedFd>> {
        let Some(ends) = &self.to_parent else {
            return Ok(Vec::new());
        };
        let Some(turn) = Turn::take(ends, true)? else {
            return Ok(Vec::new());
        };
        let found = receive(&turn.0.read)?;
        let back: Vec<_> = found.iter().map(AsFd::as_fd).collect();
        send(&turn.0.write, &back)?;
        Ok(found)
    }
}

impl Ends {
    fn new() -> io::Result<Self> {
        let (read, write) = sockets()?;
        let lock = memfd_create(c"parcell-passage", MemfdFlags::CLOEXEC)?;
        Ok(Self { read, write, lock })
    }
}

impl<'a> Turn<'a> {
    /// `None` where another process has it and it is not waited for.
    fn take(ends: &'a Ends, waits: bool) -> io::Result<Option<Self>> {
        let operation = match waits {
            true => FlockOperation::LockExclusive,
            false => FlockOperation::NonBlockingLockExclusive,
        };
        // These locks are a process's, where those of `flock` would be those of all that have inherited the descriptor.
        match retry_on_intr(|| fcntl_lock(&ends.lock, operation)) {
            Ok(()) => Ok(Some(Self(ends))),
            Err(Errno::AGAIN | Errno::ACCESS) if !waits => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let unlocked = fcntl_lock(&self.0.lock, FlockOperation::Unlock);
        debug_assert!(unlocked.is_ok(), "{unlocked:?}");
    }
}

fn sockets() -> rustix::io::Result<(OwnedFd, OwnedFd)> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, flags, None)
}

fn send(socket: impl AsFd, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
    for descriptors in descriptors.chunks(AT_ONCE) {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
        let mut message = SendAncillaryBuffer::new(&mut space);
        message.push(SendAncillaryMessage::ScmRights(descriptors));
        // A message has to have a byte.
        let byte = [IoSlice::new(b"!")];
        retry_on_intr(|| sendmsg(&socket, &byte, &mut message, SendFlags::NOSIGNAL))?;
    }
    Ok(())
}

/// All that waits.
fn receive(socket: impl AsFd) -> io::Result<Vec<OwnedFd>> {
    let mut received = Vec::new();
    loop {
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(AT_ONCE))];
        let mut message = RecvAncillaryBuffer::new(&mut space);
        let mut byte = [0];
        let mut bytes = [IoSliceMut::new(&mut byte)];
        match recvmsg(&socket, &mut bytes, &mut message, RecvFlags::CMSG_CLOEXEC) {
            // The other end has been closed.
            Ok(message) if message.bytes == 0 => return Ok(received),
            Ok(_) => {}
            Err(Errno::AGAIN) => return Ok(received),
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        for part in message.drain() {
            if let RecvAncillaryMessage::ScmRights(descriptors) = part {
                received.extend(descriptors);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use rustix::fs::fstat;

    use super::*;

    /// A process, and two workers of it, as they would be after two forks.
    fn parent_and_workers() -> (Passage, [Passage; 2]) {
        let mut parent = Passage::CLOSED;
        parent.open().unwrap();
        let ends = parent.from_workers.as_ref().unwrap();
        let inherited = || Passage {
            to_parent: None,
            from_workers: Some(Ends {
                read: ends.read.try_clone().unwrap(),
                write: ends.write.try_clone().unwrap(),
                lock: ends.lock.try_clone().unwrap(),
            }),
        };
        let mut workers = [inherited(), inherited()];
        workers.iter_mut().for_each(Passage::enter_worker);
        (parent, workers)
    }

    fn file() -> OwnedFd {
        memfd_create(c"test", MemfdFlags::CLOEXEC).unwrap()
    }

    fn numbers(files: &[OwnedFd]) -> Vec<u64> {
        files.iter().map(|file| fstat(file).unwrap().st_ino).collect()
    }

    #[test]
    fn what_is_passed_stays_open_when_its_sender_has_closed_it() {
        let (parent, [worker, other]) = parent_and_workers();
        assert!(parent.take(true).unwrap().is_empty());
        let file = file();
        let number = fstat(&file).unwrap().st_ino;
        worker.pass(&[file.as_fd()]).unwrap();
        drop((file, worker));
        // Another worker finds it, and takes it from nobody.
        assert_eq!(numbers(&other.look().unwrap()), [number]);
        assert_eq!(numbers(&other.look().unwrap()), [number]);
        assert_eq!(numbers(&parent.take(true).unwrap()), [number]);
        assert!(parent.take(true).unwrap().is_empty() && other.look().unwrap().is_empty());
    }

    #[test]
    fn a_worker_that_is_executed_is_invited() {
        let (mut parent, mut worker) = (Passage::CLOSED, Passage::CLOSED);
        let invitation = parent.invite().unwrap();
        worker.accept(invitation.as_fd()).unwrap();
        let file = file();
        worker.pass(&[file.as_fd()]).unwrap();
        assert_eq!(numbers(&parent.take(true).unwrap()), numbers(&[file]));
        let (other, _) = sockets().unwrap();
        assert!(worker.accept(other.as_fd()).is_err());
    }

    #[test]
    fn more_than_fit_in_a_message_are_passed() {
        let (parent, [worker, _]) = parent_and_workers();
        let file = file();
        worker.pass(&[file.as_fd(); AT_ONCE + 1]).unwrap();
        assert_eq!(parent.take(true).unwrap().len(), AT_ONCE + 1);
    }

    #[test]
    fn who_does_not_take_anything_holds_nobody_up() {
        let (_parent, [worker, _]) = parent_and_workers();
        let file = file();
        let error = (0..1_000_000)
            .find_map(|_| worker.pass(&[file.as_fd()]).err())
            .expect("no queue is so long");
        let is_full = [Errno::AGAIN, Errno::TOOMANYREFS].map(|errno| Some(errno.raw_os_error()));
        assert!(is_full.contains(&error.raw_os_error()), "{error}");
    }

    #[test]
    fn without_a_parent_nothing_is_passed() {
        let error = Passage::CLOSED.pass(&[]).unwrap_err();
        assert_eq!(error.raw_os_error(), Some(Errno::NOTCONN.raw_os_error()));
        assert!(Passage::CLOSED.look().unwrap().is_empty() && Passage::CLOSED.take(true).unwrap().is_empty());
    }
}

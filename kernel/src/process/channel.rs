//! Messages with descriptors between processes of this machine: JSON over a socket that keeps message boundaries.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags, SendAncillaryBuffer,
    SendAncillaryMessage, SendFlags, SocketFlags, SocketType, recvmsg, sendmsg, socketpair,
};
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest message; the longest that is sent names a path.
const LIMIT: usize = 64 * 1024;
/// The most descriptors with one message.
const DESCRIPTORS: usize = 4;

/// One end of a connection.
#[derive(Debug)]
pub(crate) struct Channel {
    socket: OwnedFd,
}

/// A message and the descriptors that came with it.
pub(crate) type Received<M> = (M, Vec<OwnedFd>);

/// Why nothing was received.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ReceiveError {
    #[error("the other side is gone")]
    Closed,
    #[error("nothing has arrived")]
    Empty,
    #[error("cannot receive")]
    Io(#[source] io::Error),
    #[error("received what is not a message: {text}")]
    Garbled { text: String, source: serde_json::Error },
}

impl Channel {
    /// Two connected ends.
    pub(crate) fn pair() -> io::Result<(Channel, Channel)> {
        let (one, other) = socketpair(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
        Ok((Channel::from(one), Channel::from(other)))
    }

    /// Sends `message` with copies of `descriptors`.
    pub(crate) fn send<M: Serialize>(&self, message: &M, descriptors: &[BorrowedFd<'_>]) -> io::Result<()> {
        let bytes = serde_json::to_vec(message)?;
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut ancillary = SendAncillaryBuffer::new(&mut space);
        if !descriptors.is_empty() && !ancillary.push(SendAncillaryMessage::ScmRights(descriptors)) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidInput,
                "too many descriptors for one message",
            ));
        }
        loop {
            match sendmsg(
                &self.socket,
                &[io::IoSlice::new(&bytes)],
                &mut ancillary,
                SendFlags::NOSIGNAL,
            ) {
                Err(rustix::io::Errno::INTR) => {}
                result => return Ok(result.map(drop)?),
            }
        }
    }

    /// Waits for a message.
    pub(crate) fn receive<M: DeserializeOwned>(&self) -> Result<Received<M>, ReceiveError> {
        self.receive_with(RecvFlags::empty())
    }

    /// Takes a message that has arrived.
    pub(crate) fn try_receive<M: DeserializeOwned>(&self) -> Result<Received<M>, ReceiveError> {
        self.receive_with(RecvFlags::DONTWAIT)
    }

    fn receive_with<M: DeserializeOwned>(&self, flags: RecvFlags) -> Result<Received<M>, ReceiveError> {
        let mut bytes = vec![0; LIMIT];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(DESCRIPTORS))];
        let mut ancillary = RecvAncillaryBuffer::new(&mut space);
        let received = loop {
            let buffers = &mut [io::IoSliceMut::new(&mut bytes)];
            match recvmsg(&self.socket, buffers, &mut ancillary, flags | RecvFlags::CMSG_CLOEXEC) {
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return Err(ReceiveError::Empty),
                Err(rustix::io::Errno::CONNRESET) => return Err(ReceiveError::Closed),
                Err(error) => return Err(ReceiveError::Io(error.into())),
                Ok(received) => break received,
            }
        };
        let descriptors = ancillary
            .drain()
            .filter_map(|message| match message {
                RecvAncillaryMessage::ScmRights(descriptors) => Some(descriptors),
                _ => None,
            })
            .flatten()
            .collect();
        if received.bytes == 0 {
            return Err(ReceiveError::Closed);
        }
        if received.flags.contains(ReturnFlags::TRUNC) {
            return Err(ReceiveError::Io(io::Error::new(
                io::ErrorKind::InvalidData,
                "a message is too long",
            )));
        }
        match serde_json::from_slice(&bytes[..received.bytes]) {
            Ok(message) => Ok((message, descriptors)),
            Err(source) => {
                let text = String::from_utf8_lossy(&bytes[..received.bytes]).into_owned();
                Err(ReceiveError::Garbled { text, source })
            }
        }
    }
}

impl From<OwnedFd> for Channel {
    fn from(socket: OwnedFd) -> Channel {
        Channel { socket }
    }
}

impl AsFd for Channel {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_arrives_whole_with_its_descriptors() {
        let (one, other) = Channel::pair().unwrap();
        let (read, write) = rustix::pipe::pipe().unwrap();
        one.send(&"first", &[write.as_fd()]).unwrap();
        one.send(&"second", &[]).unwrap();
        drop(write);
        let (message, descriptors) = other.receive::<String>().unwrap();
        assert_eq!((message.as_str(), descriptors.len()), ("first", 1));
        rustix::io::write(&descriptors[0], b"x").unwrap();
        let mut byte = [0];
        rustix::io::read(&read, &mut byte).unwrap();
        assert_eq!(byte, *b"x");
        assert_eq!(other.receive::<String>().unwrap().0, "second");
    }

    #[test]
    fn what_has_not_arrived_ended_or_is_garbled_is_told_apart() {
        let (one, other) = Channel::pair().unwrap();
        assert!(matches!(other.try_receive::<String>(), Err(ReceiveError::Empty)));
        one.send(&5, &[]).unwrap();
        assert!(matches!(other.try_receive::<String>(), Err(ReceiveError::Garbled { text, .. }) if text == "5"));
        drop(one);
        assert!(matches!(other.try_receive::<String>(), Err(ReceiveError::Closed)));
    }
}

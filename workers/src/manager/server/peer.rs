//! One client, as the server sees it: what has come from it, what it is owed, what it waits for and holds.

use std::collections::BTreeSet;
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::time::Instant;

use rustix::buffer::spare_capacity;
use rustix::event::epoll::EventFlags;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, recv, send};

use super::listener::Accepted;
use super::malformed;
use crate::manager::authentication::{Challenge, GIVEN_UP, RESPONSE_LEN, ServerIdentity};
use crate::manager::endpoint::Key;
use crate::manager::message::{FrameError, LARGEST, Payload, Reply, Request, frame, frame_len, open_frame};

/// How many bytes one read asks for.
const READ: usize = 64 * 1024;
/// How much room is kept for later messages.
const KEPT: usize = 1024 * 1024;

/// What a client answers to the challenge.
pub(super) type Response = [u8; RESPONSE_LEN];

/// A client.
#[derive(Debug)]
pub(super) struct Peer {
    connection: Accepted,
    listener: usize,
    stage: Stage,
    /// What has come and was not looked at: never more than a frame and what one read brings.
    received: Vec<u8>,
    outgoing: Vec<u8>,
    sent: usize,
    interest: EventFlags,
    /// When the present stage ends.
    deadline: Option<Instant>,
    /// Objects of which it may hold something.
    engaged: BTreeSet<u64>,
    /// The queue from which its present request takes an item.
    taking: Option<u64>,
    /// An item of that queue that is on its way.
    undelivered: Option<(u64, Payload)>,
}

#[derive(Debug)]
enum Stage {
    /// It has not proved yet that it knows the key.
    Challenged(Challenge),
    /// Its next request is read.
    Open,
    /// It waits for this object. Nothing is read meanwhile.
    Waiting(u64),
    /// It is told why, and that is all.
    Closing,
}

/// What a step has brought.
#[derive(Debug)]
pub(super) enum Progress {
    Response(Response),
    Request(Request),
    /// There may be more to do.
    Some,
    /// It is the client's turn.
    None,
}

impl Peer {
    pub(super) fn new(connection: Accepted, listener: usize, deadline: Instant) -> io::Result<Self> {
        let challenge = Challenge::new()?;
        Ok(Self {
            connection,
            listener,
            outgoing: challenge.greeting().to_vec(),
            stage: Stage::Challenged(challenge),
            received: Vec::new(),
            sent: 0,
            interest: EventFlags::OUT | EventFlags::RDHUP,
            deadline: Some(deadline),
            engaged: BTreeSet::new(),
            taking: None,
            undelivered: None,
        })
    }

    pub(super) fn socket(&self) -> BorrowedFd<'_> {
        self.connection.socket.as_fd()
    }

    pub(super) fn process(&self) -> Option<BorrowedFd<'_>> {
        self.connection.process.as_ref().map(AsFd::as_fd)
    }

    /// Which listener it came in by.
    pub(super) fn listener(&self) -> usize {
        self.listener
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    pub(super) fn waits_for(&self) -> Option<u64> {
        match self.stage {
            Stage::Waiting(object) => Some(object),
            _ => None,
        }
    }

    /// The objects that it may wait for or hold something of.
    pub(super) fn objects(&self) -> BTreeSet<u64> {
        self.engaged.iter().copied().chain(self.waits_for()).collect()
    }

    /// What the socket is watched for.
    pub(super) fn interest(&self) -> EventFlags {
        self.interest
    }

    /// What the socket is to be watched for, if that has changed. Its end is always watched for.
    pub(super) fn change_of_interest(&mut self) -> Option<EventFlags> {
        let wanted = match self.stage {
            _ if !self.outgoing.is_empty() => EventFlags::OUT,
            Stage::Waiting(_) => EventFlags::empty(),
            _ => EventFlags::IN,
        } | EventFlags::RDHUP;
        let previous = std::mem::replace(&mut self.interest, wanted);
        (previous != wanted).then_some(wanted)
    }

    /// Goes one step on: sends, or looks at what has come, or reads. An error is the end.
    pub(super) fn step(&mut self) -> io::Result<Progress> {
        if !self.outgoing.is_empty() {
            return Ok(if self.flush()? { Progress::Some } else { Progress::None });
        }
        match self.stage {
            Stage::Closing => return Err(io::ErrorKind::ConnectionAborted.into()),
            Stage::Waiting(_) => return Ok(Progress::None),
            Stage::Challenged(_) => {
                if let Some(response) = self.received.first_chunk::<RESPONSE_LEN>().copied() {
                    self.received.clear();
                    return Ok(Progress::Response(response));
                }
            }
            Stage::Open => match self.next_request() {
                Ok(Some(request)) => return Ok(Progress::Request(request)),
                Ok(None) => {}
                Err(error) => {
                    self.reply(malformed(&error));
                    self.stage = Stage::Closing;
                    return Ok(Progress::Some);
                }
            },
        }
        Ok(if self.read()? { Progress::Some } else { Progress::None })
    }

    /// Takes in the answer to the challenge. If it is right, the deadline for it no longer counts.
    pub(super) fn authenticate(&mut self, key: &Key, response: &Response, identity: ServerIdentity) -> Option<Instant> {
        let Stage::Challenged(challenge) = &self.stage else {
            return None;
        };
        match challenge.judge(key.bytes(), response, identity) {
            Ok(verdict) => {
                self.outgoing.extend_from_slice(&verdict);
                self.stage = Stage::Open;
                self.deadline.take()
            }
            Err(verdict) => {
                self.outgoing.extend_from_slice(&verdict);
                self.stage = Stage::Closing;
                None
            }
        }
    }

    /// Tells it, if it listens, that its answer to the challenge is waited for no longer.
    pub(super) fn tell_given_up(&mut self) {
        if matches!(self.stage, Stage::Challenged(_)) {
            self.outgoing.extend_from_slice(&GIVEN_UP);
            // Whoever takes nothing in is not told.
            let _ = self.flush();
        }
    }

    /// It may hold something of the object from here on.
    pub(super) fn engage(&mut self, object: u64) {
        self.engaged.insert(object);
    }

    /// The answer may be an item that is in this queue no longer.
    pub(super) fn take_from(&mut self, queue: u64) {
        self.taking = Some(queue);
    }

    /// An item, and its queue, that has not been sent as a whole.
    pub(super) fn into_undelivered(self) -> Option<(u64, Payload)> {
        self.undelivered
    }

    /// It has to wait for the object.
    pub(super) fn wait_for(&mut self, object: u64, deadline: Option<Instant>) {
        self.stage = Stage::Waiting(object);
        self.deadline = deadline;
    }

    /// It no longer waits. The deadline of the wait no longer counts.
    pub(super) fn end_wait(&mut self) -> Option<Instant> {
        self.stage = Stage::Open;
        self.deadline.take()
    }

    /// Owes it `reply`.
    pub(super) fn reply(&mut self, reply: Reply) {
        if let (Some(queue), Reply::Item(Some(item))) = (self.taking.take(), &reply) {
            self.undelivered = Some((queue, item.clone()));
        }
        let size = reply.estimated_size();
        let framed = if size > LARGEST {
            Err(FrameError::TooLarge { size })
        } else {
            frame(&reply)
        };
        let framed = framed.or_else(|error| frame(&malformed(&error)));
        // A refusal is small, and it always encodes.
        self.outgoing = framed.unwrap_or_default();
        self.sent = 0;
    }

    /// Sends what it is owed; whether that was all.
    fn flush(&mut self) -> io::Result<bool> {
        while self.sent < self.outgoing.len() {
            let rest = &self.outgoing[self.sent..];
            match send(&self.connection.socket, rest, SendFlags::NOSIGNAL | SendFlags::DONTWAIT) {
                Ok(len) => self.sent += len,
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(false),
                Err(error) => return Err(error.into()),
            }
        }
        self.outgoing = Vec::new();
        self.sent = 0;
        self.undelivered = None;
        Ok(true)
    }

    fn next_request(&mut self) -> Result<Option<Request>, FrameError> {
        let Some(len) = frame_len(&self.received)?.filter(|len| *len <= self.received.len()) else {
            return Ok(None);
        };
        let request = open_frame(&self.received[..len]);
        self.received.drain(..len);
        self.received.shrink_to(KEPT);
        request.map(Some)
    }

    /// Reads once; whether anything came.
    fn read(&mut self) -> io::Result<bool> {
        let socket = &self.connection.socket;
        let read = if matches!(self.stage, Stage::Challenged(_)) {
            // Not a byte more than the answer to the challenge.
            let mut bytes = [0; RESPONSE_LEN];
            let room = &mut bytes[self.received.len()..];
            let read = recv(socket, &mut *room, RecvFlags::DONTWAIT).map(|(_, len)| len);
            self.received.extend_from_slice(&room[..read.unwrap_or(0)]);
            read
        } else {
            // Room grows with what has come, not with what is announced.
            self.received.reserve(READ.max(self.received.len()));
            recv(socket, spare_capacity(&mut self.received), RecvFlags::DONTWAIT).map(|(_, len)| len)
        };
        match read {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(_) => Ok(true),
            Err(Errno::AGAIN) => Ok(false),
            Err(Errno::INTR) => Ok(true),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::os::unix::net::UnixStream;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::{Changed, changed, cuts, for_all, pieces};
    use crate::manager::message::tests::{first, request};
    use crate::sys::counted::frugally;

    /// A client that has authenticated itself, and its end of the connection.
    fn client() -> (Peer, UnixStream) {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let accepted = Accepted {
            socket: ours.into(),
            process: None,
        };
        let mut peer = Peer::new(accepted, 0, Instant::now()).unwrap();
        peer.outgoing.clear();
        peer.stage = Stage::Open;
        (peer, theirs)
    }

    /// The requests that can be read up to the first that cannot, as they are sent; whether there is one that cannot.
    fn expected(mut bytes: &[u8]) -> (Vec<Vec<u8>>, bool) {
        let mut requests = Vec::new();
        loop {
            match first::<Request>(bytes) {
                None => return (requests, false),
                Some(Err(_)) => return (requests, true),
                Some(Ok((request, len))) => {
                    requests.push(frame(&request).unwrap());
                    bytes = &bytes[len..];
                }
            }
        }
    }

    #[test]
    fn any_bytes_are_the_same_requests_however_they_come() {
        let frames = vec(request(), 0..4)
            .prop_map(|requests| requests.iter().flat_map(|request| frame(request).unwrap()).collect());
        for_all(400, (changed(frames), cuts()), |(Changed { bytes, .. }, cuts)| {
            let (expected, is_refused) = expected(&bytes);
            let (mut peer, mut theirs) = client();
            let (mut requests, mut is_open) = (Vec::new(), true);
            frugally(bytes.len(), || {
                for piece in pieces(&bytes, &cuts).iter().flat_map(|piece| piece.chunks(16 * 1024)) {
                    if !is_open {
                        break;
                    }
                    theirs.write_all(piece).unwrap();
                    while is_open {
                        match peer.step() {
                            Ok(Progress::Request(request)) => requests.push(frame(&request).unwrap()),
                            Ok(Progress::Some) => {}
                            Ok(Progress::None) => break,
                            Ok(Progress::Response(_)) => panic!("it has answered already"),
                            Err(_) => is_open = false,
                        }
                    }
                    assert!(peer.received.len() <= bytes.len());
                }
            });
            assert_eq!((requests, is_open), (expected, !is_refused));
        });
    }
}

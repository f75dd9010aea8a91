//! A client's connection to a server: one request at a time.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::{AsFd, OwnedFd};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::{PollFd, PollFlags};
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendFlags, Shutdown, recv, send, shutdown};

use super::authentication::{Answer, GREETING_LEN, ServerIdentity, VERDICT_LEN};
use super::endpoint::{Address, ConnectionError, Key};
use super::error::AuthenticationFailure;
use super::message::{Reply, Request, frame, frame_len, open_frame};
use super::socket;
use crate::sys::poll;

/// How long the server may take to authenticate a client.
const HANDSHAKE: Duration = Duration::from_secs(30);
/// How many bytes one read asks for at least.
const READ: usize = 16 * 1024;

/// A connection on which both ends have authenticated each other. Dropping it closes it.
#[derive(Debug)]
pub(super) struct Connection {
    socket: OwnedFd,
    /// The process that opened it. A forked process has a copy, which it must not use.
    process: u32,
}

impl Connection {
    /// Connects to the server at `address`, by `deadline`, if there is one; and which server it is.
    pub(super) fn open(
        address: &Address,
        key: &Key,
        deadline: Option<Instant>,
    ) -> Result<(Self, ServerIdentity), ConnectionError> {
        let connection = Self {
            socket: connect(address, deadline)?,
            process: std::process::id(),
        };
        if matches!(address, Address::Local(_)) && !socket::is_of_same_user(connection.socket.as_fd())? {
            return Err(ConnectionError::Authentication(AuthenticationFailure::AnotherUser));
        }
        let latest = Instant::now() + HANDSHAKE;
        let identity = connection.authenticate(key, Some(deadline.map_or(latest, |deadline| deadline.min(latest))))?;
        Ok((connection, identity))
    }

    /// Whether this process opened it.
    pub(super) fn is_own(&self) -> bool {
        self.process == std::process::id()
    }

    /// Whether it can take a request: one that is idle has nothing to read, not even its end.
    pub(super) fn is_usable(&self) -> bool {
        self.is_own() && poll::look(&self.socket).is_ok_and(|news| news.is_empty())
    }

    /// Sends `request` and waits for the reply, not beyond `deadline`. After an error it must not be used again.
    pub(super) fn exchange(&mut self, request: &Request, deadline: Option<Instant>) -> Result<Reply, ConnectionError> {
        self.send(&frame(request)?, deadline)?;
        self.reply(deadline)
    }

    fn reply(&self, deadline: Option<Instant>) -> Result<Reply, ConnectionError> {
        let mut received = Vec::new();
        loop {
            let len = frame_len(&received)?;
            if let Some(len) = len.filter(|len| *len <= received.len()) {
                return Ok(open_frame(&received[..len])?);
            }
            let missing = len.map_or(0, |len| len - received.len());
            // Room grows with what has come, not with what is announced.
            received.reserve(missing.clamp(READ, READ.max(received.len())));
            let read = self.receive(deadline, |socket, flags| {
                recv(socket, spare_capacity(&mut received), flags).map(|(_, len)| len)
            });
            match read {
                Ok(_) => {}
                Err(late) if late.kind() == ErrorKind::TimedOut => return self.last_reply(received, late),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// The time has passed: what has come counts still, and nothing more is taken in. On this machine the server fails to send
    /// from here on, and keeps what it had for this client, so that nothing is lost between the two.
    fn last_reply(&self, mut received: Vec<u8>, late: io::Error) -> Result<Reply, ConnectionError> {
        shutdown(&self.socket, Shutdown::Read)?;
        loop {
            if let Some(len) = frame_len(&received)?.filter(|len| *len <= received.len()) {
                return Ok(open_frame(&received[..len])?);
            }
            received.reserve(READ);
            match recv(&self.socket, spare_capacity(&mut received), RecvFlags::DONTWAIT) {
                Ok((_, 0)) | Err(Errno::AGAIN) => return Err(late.into()),
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn authenticate(&self, key: &Key, deadline: Option<Instant>) -> Result<ServerIdentity, ConnectionError> {
        let answer = Answer::to(&self.receive_exactly::<GREETING_LEN>(deadline)?)??;
        let sent = self.send(&answer.response(key.bytes()), deadline);
        let verdict = match self.receive_exactly::<VERDICT_LEN>(deadline) {
            // One that waits no longer says so, and closes the connection.
            Ok(verdict) => verdict,
            Err(error) => return Err(sent.err().unwrap_or(error).into()),
        };
        Ok(answer.check(key.bytes(), &verdict)?)
    }

    fn receive_exactly<const N: usize>(&self, deadline: Option<Instant>) -> io::Result<[u8; N]> {
        let mut bytes = [0; N];
        let mut len = 0;
        while len < N {
            len += self.receive(deadline, |socket, flags| {
                recv(socket, &mut bytes[len..], flags).map(|(_, len)| len)
            })?;
        }
        Ok(bytes)
    }

    /// Reads once, at least one byte: the end is an error.
    fn receive(
        &self,
        deadline: Option<Instant>,
        mut read: impl FnMut(&OwnedFd, RecvFlags) -> rustix::io::Result<usize>,
    ) -> io::Result<usize> {
        let flags = if deadline.is_some() {
            RecvFlags::DONTWAIT
        } else {
            RecvFlags::empty()
        };
        loop {
            match read(&self.socket, flags) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(len) => return Ok(len),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(PollFlags::IN, deadline)?,
                Err(error) => return Err(error.into()),
            }
        }
    }

    fn send(&self, mut bytes: &[u8], deadline: Option<Instant>) -> io::Result<()> {
        let mut flags = SendFlags::NOSIGNAL;
        flags.set(SendFlags::DONTWAIT, deadline.is_some());
        while !bytes.is_empty() {
            match send(&self.socket, bytes, flags) {
                Ok(len) => bytes = &bytes[len..],
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(PollFlags::OUT, deadline)?,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(())
    }

    /// Waits until the socket is ready, or until `deadline`, which is an error.
    fn wait(&self, events: PollFlags, deadline: Option<Instant>) -> io::Result<()> {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        if left == Some(Duration::ZERO) {
            return Err(io::Error::new(ErrorKind::TimedOut, "the manager does not answer"));
        }
        poll::wait(&mut [PollFd::new(&self.socket, events)], left)?;
        Ok(())
    }
}

fn connect(address: &Address, deadline: Option<Instant>) -> io::Result<OwnedFd> {
    loop {
        let connected = match address {
            Address::Local(name) => connect_local(name),
            Address::Tcp(address) => connect_tcp(address, deadline),
        };
        match connected {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            connected => return connected,
        }
    }
}

fn connect_local(name: &str) -> io::Result<OwnedFd> {
    let address = std::os::unix::net::SocketAddr::from_abstract_name(name)?;
    Ok(UnixStream::connect_addr(&address)?.into())
}

fn connect_tcp(address: &SocketAddr, deadline: Option<Instant>) -> io::Result<OwnedFd> {
    let stream = match deadline {
        Some(deadline) => {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(ErrorKind::TimedOut.into());
            }
            TcpStream::connect_timeout(address, left)?
        }
        None => TcpStream::connect(address)?,
    };
    let socket = OwnedFd::from(stream);
    socket::tune_tcp(socket.as_fd())?;
    Ok(socket)
}

#[cfg(test)]
mod tests {
    //! What the server does with clients that know the key and do not keep to the protocol.

    use std::io::Write;

    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::{Changed, changed, for_all};
    use crate::manager::Manager;
    use crate::manager::authentication::Challenge;
    use crate::manager::error::ManagerError;
    use crate::manager::message::tests::{first, reply};
    use crate::manager::message::{
        LARGEST, NewObject, Operation, Payload, QueueOperation, Refusal, SemaphoreOperation,
    };
    use crate::sys::counted::frugally;

    fn connect(manager: &Manager) -> Connection {
        let endpoint = &manager.endpoint;
        Connection::open(&endpoint.address, &endpoint.key, None).unwrap().0
    }

    fn open(connection: &mut Connection, object: NewObject) -> u64 {
        match connection
            .exchange(&Request::Open { name: None, object }, None)
            .unwrap()
        {
            Reply::Object(id) => id,
            other => panic!("{other:?}"),
        }
    }

    fn call(object: u64, operation: Operation) -> Request {
        let limit = None;
        Request::Call {
            object,
            limit,
            operation,
        }
    }

    /// All these come. A client that asks one thing after another takes what comes at once for one reply.
    fn assert_received(connection: &Connection, replies: &[Reply]) {
        let expected: Vec<u8> = replies.iter().flat_map(|reply| frame(reply).unwrap()).collect();
        let byte = |_| connection.receive_exactly::<1>(None).unwrap()[0];
        assert!((0..expected.len()).map(byte).eq(expected));
    }

    /// The server has closed the connection, and serves others.
    fn assert_shut_out(connection: &Connection, manager: &Manager) {
        assert!(connection.reply(None).is_err());
        assert!(manager.list::<u8>().is_ok());
    }

    #[test]
    fn a_frame_that_is_too_large_is_refused_unread() {
        let manager = Manager::new().unwrap();
        let connection = connect(&manager);
        let size = u32::try_from(LARGEST).unwrap() + 1;
        connection.send(&size.to_le_bytes(), None).unwrap();
        let refusal = Refusal::TooLarge { size: u64::from(size) };
        assert_eq!(connection.reply(None).unwrap(), Reply::Refused(refusal));
        assert_shut_out(&connection, &manager);
    }

    #[test]
    fn a_message_that_is_none_is_refused() {
        let manager = Manager::new().unwrap();
        let connection = connect(&manager);
        connection.send(&[3, 0, 0, 0, 0xc1, 0xc1, 0xc1], None).unwrap();
        let reply = connection.reply(None).unwrap();
        assert!(matches!(reply, Reply::Refused(Refusal::Malformed(_))), "{reply:?}");
        assert_shut_out(&connection, &manager);
    }

    #[test]
    fn a_frame_that_never_ends_costs_nobody_else_anything() {
        let manager = Manager::new().unwrap();
        let connection = connect(&manager);
        let size = u32::try_from(LARGEST).unwrap();
        connection.send(&size.to_le_bytes(), None).unwrap();
        connection.send(&[0; 1000], None).unwrap();
        assert!(manager.list::<u8>().is_ok());
    }

    #[test]
    fn requests_that_come_at_once_are_answered_one_after_another() {
        let manager = Manager::new().unwrap();
        let mut connection = connect(&manager);
        let queue = open(&mut connection, NewObject::Queue { bound: None });
        let get = frame(&call(queue, Operation::Queue(QueueOperation::Get))).unwrap();
        let len = frame(&call(queue, Operation::Queue(QueueOperation::Len))).unwrap();
        connection.send(&[get, len].concat(), None).unwrap();
        let item = Payload::new(vec![1]);
        let put = call(queue, Operation::Queue(QueueOperation::Put(item.clone())));
        assert_eq!(connect(&manager).exchange(&put, None).unwrap(), Reply::Done);
        assert_received(&connection, &[Reply::Item(Some(item)), Reply::Count(0)]);
    }

    #[test]
    fn many_requests_that_come_at_once_are_all_answered() {
        let manager = Manager::new().unwrap();
        let mut connection = connect(&manager);
        let queue = open(&mut connection, NewObject::Queue { bound: None });
        let len = frame(&call(queue, Operation::Queue(QueueOperation::Len))).unwrap();
        // More than one client's turn.
        const REQUESTS: usize = 500;
        connection.send(&len.repeat(REQUESTS), None).unwrap();
        assert_received(&connection, &[(); REQUESTS].map(|()| Reply::Count(0)));
    }

    #[test]
    fn an_item_that_could_not_be_sent_is_not_lost() {
        let manager = Manager::new().unwrap();
        let (mut client, taker) = (connect(&manager), connect(&manager));
        let queue = open(&mut client, NewObject::Queue { bound: None });
        // More than the sockets' buffers hold.
        for byte in [1, 2] {
            let put = QueueOperation::Put(Payload::new(vec![byte; 20 << 20]));
            client.exchange(&call(queue, Operation::Queue(put)), None).unwrap();
        }
        let get = call(queue, Operation::Queue(QueueOperation::Get));
        taker.send(&frame(&get).unwrap(), None).unwrap();
        taker.wait(PollFlags::IN, None).unwrap();
        let len = call(queue, Operation::Queue(QueueOperation::Len));
        assert_eq!(client.exchange(&len, None).unwrap(), Reply::Count(1));
        // Unlike closing, this counts though a process that was forked just now has a copy.
        rustix::net::shutdown(&taker.socket, rustix::net::Shutdown::Both).unwrap();
        // The server may hear of it after the next question.
        let deadline = Instant::now() + Duration::from_secs(30);
        while client.exchange(&len, None).unwrap() != Reply::Count(2) {
            assert!(Instant::now() < deadline, "the item has not come back");
            std::thread::yield_now();
        }
        let first = Payload::new(vec![1; 20 << 20]);
        assert!(client.exchange(&get, None).unwrap() == Reply::Item(Some(first)));
    }

    #[test]
    fn an_item_for_one_that_waits_no_longer_stays() {
        let manager = Manager::new().unwrap();
        let (mut client, taker) = (connect(&manager), connect(&manager));
        let queue = open(&mut client, NewObject::Queue { bound: None });
        let get = call(queue, Operation::Queue(QueueOperation::Get));
        taker.send(&frame(&get).unwrap(), None).unwrap();
        let late = taker.reply(Some(Instant::now()));
        assert!(matches!(late, Err(ConnectionError::Io(error)) if error.kind() == ErrorKind::TimedOut));
        // The server knows of one that waits, and finds out when it sends.
        let put = call(queue, Operation::Queue(QueueOperation::Put(Payload::new(vec![1]))));
        assert_eq!(client.exchange(&put, None).unwrap(), Reply::Done);
        let len = call(queue, Operation::Queue(QueueOperation::Len));
        let deadline = Instant::now() + Duration::from_secs(30);
        while client.exchange(&len, None).unwrap() != Reply::Count(1) {
            assert!(Instant::now() < deadline, "the item is lost");
            std::thread::yield_now();
        }
        drop(taker);
    }

    #[test]
    fn what_comes_at_the_last_moment_is_taken_or_stays() {
        const ITEMS: u64 = 400;
        let manager = Manager::new().unwrap();
        let mut client = connect(&manager);
        let queue = open(&mut client, NewObject::Queue { bound: None });
        let put = |byte| call(queue, Operation::Queue(QueueOperation::Put(Payload::new(vec![byte]))));
        let get = frame(&call(queue, Operation::Queue(QueueOperation::Get))).unwrap();
        let mut taken = 0;
        for round in 0..ITEMS {
            // It waits before the item comes, so that the server may send at any moment of the end of the wait.
            let taker = connect(&manager);
            taker.send(&get, None).unwrap();
            let deadline = Instant::now() + Duration::from_micros(round % 100);
            client.exchange(&put(1), None).unwrap();
            match taker.reply(Some(deadline)) {
                Ok(reply) => {
                    assert!(matches!(reply, Reply::Item(Some(_))), "{reply:?}");
                    taken += 1;
                }
                Err(ConnectionError::Io(error)) => assert_eq!(error.kind(), ErrorKind::TimedOut),
                Err(other) => panic!("{other:?}"),
            }
        }
        let len = call(queue, Operation::Queue(QueueOperation::Len));
        // The server may hear of the last takers' ends after the next question.
        let deadline = Instant::now() + Duration::from_secs(30);
        while client.exchange(&len, None).unwrap() != Reply::Count(ITEMS - taken) {
            assert!(
                Instant::now() < deadline,
                "of {ITEMS} items {taken} were taken, and not all others are there"
            );
            std::thread::yield_now();
        }
    }

    #[test]
    fn a_manager_that_does_not_answer_is_waited_for_no_longer_than_the_limit() {
        let manager = Manager::new().unwrap();
        let queue = open(&mut connect(&manager), NewObject::Queue { bound: None });
        let limit = Duration::from_millis(300);
        let get = || Request::Call {
            object: queue,
            limit: Some(limit),
            operation: Operation::Queue(QueueOperation::Get),
        };
        let pid = rustix::process::Pid::from_raw(manager.endpoint.pid.cast_signed()).unwrap();
        // The first connection is new, the other may be an idle one.
        for _ in 0..2 {
            rustix::process::kill_process(pid, rustix::process::Signal::STOP).unwrap();
            let begin = Instant::now();
            let result = manager.endpoint.request(&get(), Some(limit));
            let waited = begin.elapsed();
            rustix::process::kill_process(pid, rustix::process::Signal::CONT).unwrap();
            assert!(matches!(result, Err(ManagerError::TimedOut { .. })), "{result:?}");
            assert!(waited >= limit && waited < Duration::from_secs(2), "{waited:?}");
            assert!(manager.list::<u8>().is_ok());
        }
    }

    #[test]
    fn a_lock_is_released_only_by_its_holder() {
        let manager = Manager::new().unwrap();
        let (mut holder, mut other) = (connect(&manager), connect(&manager));
        let lock = open(&mut holder, NewObject::Lock);
        let granted = holder.exchange(&call(lock, Operation::Lock(SemaphoreOperation::Acquire)), None);
        assert_eq!(granted.unwrap(), Reply::Granted { abandoned: false });
        let release = call(lock, Operation::Lock(SemaphoreOperation::Release));
        let refused = Reply::Refused(Refusal::NotHeld);
        assert_eq!(other.exchange(&release, None).unwrap(), refused);
        assert_eq!(holder.exchange(&release, None).unwrap(), Reply::Done);
    }

    /// A client whose server says this, and then nothing more.
    fn told<R>(bytes: &[u8], hear: impl FnOnce(&Connection) -> R) -> R {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let connection = Connection {
            socket: ours.into(),
            process: std::process::id(),
        };
        std::thread::scope(|scope| {
            scope.spawn(move || {
                // Who has had enough closes the connection, and what is said after that is not heard.
                let _ = theirs.write_all(bytes);
                let _ = theirs.shutdown(std::net::Shutdown::Write);
            });
            let result = hear(&connection);
            // Unlike closing, this counts though a process that was forked just now has a copy.
            shutdown(&connection.socket, Shutdown::Both).unwrap();
            result
        })
    }

    #[test]
    fn any_reply_is_understood_or_an_error() {
        let frames = reply().prop_map(|reply| frame(&reply).unwrap());
        for_all(500, changed(frames), |Changed { bytes, .. }| {
            let heard = told(&bytes, |connection| frugally(bytes.len(), || connection.reply(None)));
            match first::<Reply>(&bytes) {
                Some(Ok((expected, _))) => assert_eq!(heard.unwrap(), expected),
                Some(Err(_)) | None => assert!(heard.is_err(), "{heard:?}"),
            }
        });
    }

    #[test]
    fn whatever_a_server_says_that_does_not_know_the_key_it_is_not_trusted() {
        let key = Key::new(&[5; 32]);
        let greeting = Challenge::new().unwrap().greeting();
        let said = vec(any::<u8>(), VERDICT_LEN).prop_map(move |verdict| [&greeting[..], &verdict].concat());
        for_all(500, changed(said), |Changed { bytes, .. }| {
            assert!(told(&bytes, |connection| connection.authenticate(&key, None)).is_err());
        });
    }
}

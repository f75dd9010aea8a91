//! The server: one thread that answers what has come, and never waits for one client.

mod listener;
mod peer;
pub(super) mod start;

use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::io;
use std::os::fd::OwnedFd;
use std::time::{Duration, Instant};

use rustix::buffer::spare_capacity;
use rustix::event::Timespec;
use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};
use rustix::io::Errno;

use super::authentication::ServerIdentity;
use super::endpoint::Key;
use super::message::{FrameError, Refusal, Reply, Request};
use super::objects::{Caller, Objects};
use listener::{Accepted, Listener};
use peer::{Peer, Progress};

/// How long a client may take to authenticate itself.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// How many clients of a listener that have not authenticated themselves are served at once. Beyond that, the oldest
/// makes room: one that says nothing keeps nobody out. It is more than come at once, and a small part of the memory.
const PENDING: usize = 1024;
/// Which part of all descriptors these may have.
const PENDING_SHARE: usize = 4;
/// How long no connection is accepted after the operating system has refused one, unless one closes before.
const PAUSE: Duration = Duration::from_millis(100);
/// How many steps in a row one client gets while others may wait.
const STEPS_A_TURN: usize = 32;

/// A server and all that it holds.
#[derive(Debug)]
pub(super) struct Server {
    epoll: OwnedFd,
    listeners: Vec<Listener>,
    key: Key,
    identity: ServerIdentity,
    objects: Objects,
    peers: HashMap<Caller, Peer>,
    latest: Caller,
    /// How many clients of a listener may be pending at once.
    most_pending: usize,
    deadlines: BTreeSet<(Instant, Caller)>,
    /// The listeners are watched.
    is_listening: bool,
    paused_until: Option<Instant>,
    /// Those whose turn has ended with more to do, of which the operating system may know nothing.
    unfinished: Vec<Caller>,
}

/// What an event is about, in the word that comes with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Source {
    Listener(usize),
    Socket(Caller),
    Process(Caller),
}

impl Source {
    fn data(self) -> EventData {
        EventData::new_u64(match self {
            Self::Listener(index) => (index as u64) << 2,
            Self::Socket(caller) => caller << 2 | 1,
            Self::Process(caller) => caller << 2 | 2,
        })
    }

    fn of(event: &Event) -> Self {
        let word = event.data.u64();
        match word & 3 {
            0 => Self::Listener((word >> 2) as usize),
            1 => Self::Socket(word >> 2),
            _ => Self::Process(word >> 2),
        }
    }
}

impl Server {
    /// A server that may have so many `descriptors` open.
    fn new(listeners: Vec<Listener>, key: Key, identity: ServerIdentity, descriptors: usize) -> io::Result<Self> {
        Ok(Self {
            epoll: epoll::create(CreateFlags::CLOEXEC)?,
            listeners,
            key,
            identity,
            objects: Objects::default(),
            peers: HashMap::new(),
            latest: 0,
            most_pending: PENDING.min(descriptors / PENDING_SHARE),
            deadlines: BTreeSet::new(),
            is_listening: false,
            paused_until: None,
            unfinished: Vec::new(),
        })
    }

    /// Serves until the process is ended.
    fn run(&mut self) -> io::Result<Infallible> {
        let mut events = Vec::new();
        loop {
            self.listen_or_pause()?;
            events.clear();
            // Room for all, so that no end of a client is seen later than what came after it.
            events.reserve(self.listeners.len() + 2 * self.peers.len());
            let timeout = if self.unfinished.is_empty() {
                self.until_next_deadline()
            } else {
                Some(Timespec { tv_sec: 0, tv_nsec: 0 })
            };
            match epoll::wait(&self.epoll, spare_capacity(&mut events), timeout.as_ref()) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            self.handle(&events);
            self.expire();
        }
    }

    /// Those that have gone come first: what they wait for must not be given to them.
    fn handle(&mut self, events: &[Event]) {
        for event in events {
            let flags = event.flags;
            match Source::of(event) {
                Source::Process(caller) => self.remove(caller),
                Source::Socket(caller) if flags.intersects(EventFlags::RDHUP | EventFlags::HUP | EventFlags::ERR) => {
                    self.remove(caller);
                }
                _ => {}
            }
        }
        self.deliver();
        for caller in std::mem::take(&mut self.unfinished) {
            self.advance(caller);
            self.deliver();
        }
        for event in events {
            match Source::of(event) {
                Source::Listener(index) => self.accept(index),
                Source::Socket(caller) => self.advance(caller),
                Source::Process(_) => {}
            }
            self.deliver();
        }
    }

    /// Lets some in. Those who connect without end must not keep others waiting.
    fn accept(&mut self, index: usize) {
        for _ in 0..STEPS_A_TURN {
            let socket = match self.listeners[index].accept() {
                Ok(socket) => socket,
                Err(Errno::AGAIN) => return,
                Err(Errno::INTR | Errno::CONNABORTED | Errno::PROTO) => continue,
                Err(_) => {
                    // There is nobody to be told; what is refused now may be granted when others have gone.
                    self.paused_until = Some(Instant::now() + PAUSE);
                    return;
                }
            };
            // One that has gone already, is another user's, or cannot be watched, is not served.
            if let Ok(Some(accepted)) = self.listeners[index].examine(socket) {
                let _ = self.add(index, accepted);
            }
        }
    }

    fn add(&mut self, index: usize, accepted: Accepted) -> io::Result<()> {
        let deadline = Instant::now() + HANDSHAKE;
        let peer = Peer::new(accepted, index, deadline)?;
        self.latest += 1;
        let caller = self.latest;
        epoll::add(
            &self.epoll,
            peer.socket(),
            Source::Socket(caller).data(),
            peer.interest(),
        )?;
        if let Some(process) = peer.process() {
            epoll::add(&self.epoll, process, Source::Process(caller).data(), EventFlags::IN)?;
        }
        self.deadlines.insert((deadline, caller));
        self.peers.insert(caller, peer);
        let pending = &mut self.listeners[index].pending;
        pending.insert(caller);
        if pending.len() > self.most_pending
            && let Some(&oldest) = pending.first()
        {
            self.give_up(oldest);
        }
        self.advance(caller);
        Ok(())
    }

    /// Goes on with what one client has sent and is owed.
    fn advance(&mut self, caller: Caller) {
        for _ in 0..STEPS_A_TURN {
            let Some(peer) = self.peers.get_mut(&caller) else {
                return;
            };
            match peer.step() {
                Ok(Progress::Request(request)) => self.answer_request(caller, request),
                Ok(Progress::Response(response)) => self.authenticate(caller, &response),
                Ok(Progress::Some) => {}
                Ok(Progress::None) => return self.watch(caller),
                Err(_) => return self.remove(caller),
            }
        }
        self.unfinished.push(caller);
    }

    /// Has the operating system tell when there is more to do for a client.
    fn watch(&mut self, caller: Caller) {
        let Some(peer) = self.peers.get_mut(&caller) else {
            return;
        };
        let Some(interest) = peer.change_of_interest() else {
            return;
        };
        if epoll::modify(&self.epoll, peer.socket(), Source::Socket(caller).data(), interest).is_err() {
            self.remove(caller);
        }
    }

    fn authenticate(&mut self, caller: Caller, response: &peer::Response) {
        let Some(peer) = self.peers.get_mut(&caller) else {
            return;
        };
        if let Some(deadline) = peer.authenticate(&self.key, response, self.identity) {
            self.deadlines.remove(&(deadline, caller));
            self.listeners[peer.listener()].pending.remove(&caller);
        }
    }

    fn answer_request(&mut self, caller: Caller, request: Request) {
        let Some(peer) = self.peers.get_mut(&caller) else {
            return;
        };
        let (object, limit) = match &request {
            Request::Call {
                object,
                limit,
                operation,
            } => {
                if operation.acquires() {
                    peer.engage(*object);
                }
                if operation.takes() {
                    peer.take_from(*object);
                }
                (*object, *limit)
            }
            Request::Open { .. } | Request::Delete { .. } => (0, None),
        };
        if let Some(reply) = self.objects.answer(caller, request) {
            return peer.reply(reply);
        }
        if limit == Some(Duration::ZERO) {
            self.objects.withdraw(caller, object);
            return peer.reply(Reply::TimedOut);
        }
        // A limit too long for the clock is none.
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        peer.wait_for(object, deadline);
        self.deadlines.extend(deadline.map(|deadline| (deadline, caller)));
    }

    /// Sends the answers to requests that have waited, and those that come of that.
    fn deliver(&mut self) {
        loop {
            let answers = self.objects.take_answers();
            if answers.is_empty() {
                return;
            }
            for (caller, reply) in answers {
                self.end_wait(caller, reply);
            }
        }
    }

    fn end_wait(&mut self, caller: Caller, reply: Reply) {
        let Some(peer) = self.peers.get_mut(&caller) else {
            return;
        };
        if let Some(deadline) = peer.end_wait() {
            self.deadlines.remove(&(deadline, caller));
        }
        peer.reply(reply);
        self.advance(caller);
    }

    /// Those whose time has passed.
    fn expire(&mut self) {
        let now = Instant::now();
        while let Some(&(deadline, caller)) = self.deadlines.first()
            && deadline <= now
        {
            self.deadlines.pop_first();
            match self.peers.get(&caller).and_then(Peer::waits_for) {
                Some(object) => {
                    self.objects.withdraw(caller, object);
                    self.end_wait(caller, Reply::TimedOut);
                }
                None => self.give_up(caller),
            }
            self.deliver();
        }
    }

    /// Waits no longer for one that has not authenticated itself.
    fn give_up(&mut self, caller: Caller) {
        if let Some(peer) = self.peers.get_mut(&caller) {
            peer.tell_given_up();
        }
        self.remove(caller);
    }

    fn remove(&mut self, caller: Caller) {
        let Some(peer) = self.peers.remove(&caller) else { return };
        if let Some(deadline) = peer.deadline() {
            self.deadlines.remove(&(deadline, caller));
        }
        self.listeners[peer.listener()].pending.remove(&caller);
        for object in peer.objects() {
            self.objects.depart(caller, object);
        }
        if let Some((queue, item)) = peer.into_undelivered() {
            self.objects.give_back(queue, item);
        }
        self.paused_until = None;
    }

    /// Listens, except during a pause: what is not accepted would wake it for ever.
    fn listen_or_pause(&mut self) -> io::Result<()> {
        self.paused_until = self.paused_until.filter(|until| *until > Instant::now());
        let wanted = self.paused_until.is_none();
        if wanted == self.is_listening {
            return Ok(());
        }
        for (index, listener) in self.listeners.iter().enumerate() {
            if wanted {
                epoll::add(
                    &self.epoll,
                    listener.socket(),
                    Source::Listener(index).data(),
                    EventFlags::IN,
                )?;
            } else {
                epoll::delete(&self.epoll, listener.socket())?;
            }
        }
        self.is_listening = wanted;
        Ok(())
    }

    fn until_next_deadline(&self) -> Option<Timespec> {
        let first = self.deadlines.first().map(|(deadline, _)| *deadline);
        let next = first.into_iter().chain(self.paused_until).min()?;
        // In whole milliseconds, rounded up: older kernels know no others.
        let left = next.saturating_duration_since(Instant::now());
        let milliseconds = left.as_nanos().div_ceil(1_000_000).try_into().ok()?;
        Timespec::try_from(Duration::from_millis(milliseconds)).ok()
    }
}

/// The answer to a request that cannot be read.
fn malformed(error: &FrameError) -> Reply {
    Reply::Refused(match error {
        FrameError::TooLarge { size } => Refusal::TooLarge { size: *size as u64 },
        FrameError::Codec(error) => Refusal::Malformed(error.to_string()),
    })
}

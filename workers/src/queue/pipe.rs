//! `Pipe`: two ends, each of which sends to the other.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::MAPPED;
use super::core::Patience;
use super::error::QueueError;
use super::fifo::{decoded, encoded};
use crate::handles::handle;
use crate::handles::log::{Log, LogMessage, LogState};
use crate::handles::membership::Membership;
use crate::handles::roster::Roster;
use crate::message::Message;
use crate::sys::monitor::{Monitor, Occasion, Visit};
use crate::sys::placed::{Placed, place};
use crate::sys::region::{Kind, RegionName};
use crate::sys::threads;

const KIND: Kind = Kind::named(b"pipe");

/// How many bytes may wait at an end before sending to it waits. A message that is larger is sent when none waits.
const CAPACITY: u64 = 1 << 20;
/// How often, at most, sending asks whether the other end still lives.
const LIVENESS_INTERVAL: Duration = Duration::from_millis(5);

/// The bells of each direction: there is a message, there is room.
const MESSAGES: usize = 0;
const ROOM: usize = 1;
const BELLS: usize = 2;

/// Makes pairs of connected ends.
///
/// # Examples
///
/// ```
/// use parcell::{Pipe, Process};
///
/// let (ours, theirs) = Pipe::new();
/// let process = Process::spawn(move || {
///     let question: String = theirs.recv().unwrap();
///     theirs.send(question.to_uppercase()).unwrap();
/// });
/// ours.send("hello".to_owned()).unwrap();
/// assert_eq!(ours.recv(), Ok("HELLO".to_owned()));
/// process.join().unwrap();
/// ```
#[derive(Debug)]
pub struct Pipe<T> {
    message: PhantomData<fn(T) -> T>,
}

/// One end of a [`Pipe`]: sends to the other end, and receives from it.
///
/// A handle can be cloned, captured by forked workers, and sent in messages. When nobody is left who has the other end,
/// sending and receiving return [`QueueError::Disconnected`] (what was sent before is received first): a forked process
/// has both ends that its parent had, so the end of the process counts, not that of a descriptor.
pub struct Connection<T> {
    end: Arc<End>,
    message: PhantomData<fn(T) -> T>,
}

#[repr(C)]
struct Control {
    /// What goes from the end with the same index to the other.
    directions: [Monitor<LogState, BELLS>; 2],
    /// Who has the end with the same index.
    rosters: [Roster; 2],
}

place!(Control { directions, rosters });

#[derive(Debug)]
struct End {
    control: Placed<Control>,
    index: usize,
    sent: Log,
    received: Log,
    /// This process has this end.
    _membership: Membership,
    opened: Instant,
    /// When the other end was last known to live, in milliseconds since `opened`.
    seen_alive: AtomicU64,
}

impl<T: Message> Pipe<T> {
    /// Two connected ends.
    ///
    /// # Panics
    ///
    /// If the operating system refuses memory or a descriptor.
    #[must_use]
    #[track_caller]
    #[expect(clippy::new_ret_no_self, reason = "a pipe is its two ends")]
    pub fn new() -> (Connection<T>, Connection<T>) {
        match Placed::<Control>::create(KIND, 0) {
            Ok(control) => (Connection::of(control.clone(), 0), Connection::of(control, 1)),
            Err(error) => panic!("a pipe cannot be made: {error}"),
        }
    }
}

impl<T: Message> Connection<T> {
    /// Sends a message; waits where much is waiting to be received.
    ///
    /// # Errors
    ///
    /// [`QueueError::Disconnected`] where nobody has the other end any more, [`QueueError::Codec`],
    /// [`QueueError::System`].
    pub fn send(&self, message: T) -> Result<(), QueueError> {
        self.end.send(&encoded(message)?, Patience::ENDLESS)
    }

    /// Sends a message; waits no longer than `limit`.
    ///
    /// # Errors
    ///
    /// [`QueueError::TimedOut`], and as [`send`](Self::send).
    pub fn send_timeout(&self, message: T, limit: Duration) -> Result<(), QueueError> {
        self.end.send(&encoded(message)?, Patience::limited(limit))
    }

    /// Receives a message; waits for one.
    ///
    /// # Errors
    ///
    /// [`QueueError::Disconnected`] where nobody has the other end any more and nothing is left, [`QueueError::Codec`],
    /// [`QueueError::System`].
    pub fn recv(&self) -> Result<T, QueueError> {
        decoded(self.end.receive(Patience::ENDLESS)?)
    }

    /// Receives a message, or returns [`QueueError::Empty`].
    ///
    /// # Errors
    ///
    /// As [`recv`](Self::recv).
    pub fn try_recv(&self) -> Result<T, QueueError> {
        decoded(self.end.receive(Patience::None)?)
    }

    /// Receives a message; waits for one no longer than `limit`.
    ///
    /// # Errors
    ///
    /// [`QueueError::TimedOut`], and as [`recv`](Self::recv).
    pub fn recv_timeout(&self, limit: Duration) -> Result<T, QueueError> {
        decoded(self.end.receive(Patience::limited(limit))?)
    }

    /// Whether [`recv`](Self::recv) would return at once, with a message or with the news that nobody is left; waits for
    /// that no longer than `limit`.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let (one, other) = parcell::Pipe::<u32>::new();
    /// assert!(!one.poll(Duration::ZERO));
    /// other.send(7).unwrap();
    /// assert!(one.poll(Duration::ZERO));
    /// ```
    #[must_use]
    pub fn poll(&self, limit: Duration) -> bool {
        self.end.poll(Patience::limited(limit))
    }
}

impl<T> Connection<T> {
    fn of(control: Placed<Control>, index: usize) -> Self {
        let end = End {
            index,
            sent: Log::new(control.region(), index as u64).mapping(MAPPED),
            received: Log::new(control.region(), 1 - index as u64).mapping(MAPPED),
            _membership: Membership::of(control.part(|control| &control.rosters[index])),
            control,
            opened: Instant::now(),
            seen_alive: AtomicU64::new(0),
        };
        Self {
            end: Arc::new(end),
            message: PhantomData,
        }
    }
}

impl End {
    fn send(&self, message: &LogMessage, patience: Patience) -> Result<(), QueueError> {
        let attempt = |visit: &mut Visit<'_, LogState, BELLS>| {
            let waits = visit.state.len() > 0;
            if self.is_let_go(|others| !others.is_empty())
                || (visit.occasion == Occasion::Silence || waits && self.is_time_to_look()) && self.is_alone(patience)
            {
                return Some(Err(QueueError::Disconnected));
            }
            if waits && visit.state.bytes() >= CAPACITY {
                return None;
            }
            if let Err(error) = self.sent.append(visit.state, message) {
                return Some(Err(error.into()));
            }
            visit.ring(MESSAGES, 1);
            Some(Ok(()))
        };
        let monitor = &self.control.directions[self.index];
        let result = monitor.wait_until(ROOM, patience.deadline(), attempt);
        result.unwrap_or_else(|| Err(patience.error(QueueError::Full)))
    }

    fn receive(&self, patience: Patience) -> Result<LogMessage, QueueError> {
        let attempt = |visit: &mut Visit<'_, LogState, BELLS>| match self.received.take(visit.state) {
            Ok(Some((message, surplus))) => {
                if let Some(surplus) = surplus {
                    visit.afterwards(|| surplus.give_back());
                }
                visit.ring(ROOM, 1);
                Some(Ok(message))
            }
            Ok(None) => self
                .is_over(visit.occasion, patience)
                .then_some(Err(QueueError::Disconnected)),
            Err(error) => Some(Err(error.into())),
        };
        let monitor = &self.control.directions[1 - self.index];
        let result = monitor.wait_until(MESSAGES, patience.deadline(), attempt);
        result.unwrap_or_else(|| Err(patience.error(QueueError::Empty)))
    }

    fn poll(&self, patience: Patience) -> bool {
        let monitor = &self.control.directions[1 - self.index];
        let attempt = |visit: &mut Visit<'_, LogState, BELLS>| {
            (visit.state.len() > 0 || self.is_over(visit.occasion, patience)).then_some(())
        };
        let result = monitor.wait_until(MESSAGES, patience.deadline(), attempt);
        // Whoever waits beside this one has not been woken by the same message.
        monitor.visit(|visit| {
            if visit.state.len() > 0 {
                visit.ring(MESSAGES, 1);
            }
        });
        result.is_some()
    }

    /// Whether nothing will come any more.
    fn is_over(&self, occasion: Occasion, patience: Patience) -> bool {
        match occasion {
            Occasion::Arrival | Occasion::Ring => self.is_let_go(|others| !others.is_empty()),
            Occasion::Silence | Occasion::Limit => self.is_alone(patience),
        }
    }

    /// Whether no process that lives has the other end, but perhaps this one, whose only thread is waiting for good.
    fn is_alone(&self, patience: Patience) -> bool {
        self.seen_alive.store(self.now(), Ordering::Relaxed);
        self.is_let_go(Roster::has_others)
            && (!self.others().has_own() || patience.is_endless() && threads::count() == 1)
    }

    /// Whether nobody who counts has the other end, and nobody is about to get it.
    fn is_let_go(&self, is_held: impl FnOnce(&Roster) -> bool) -> bool {
        self.control.region().is_let_go(|| is_held(self.others()))
    }

    fn others(&self) -> &Roster {
        &self.control.rosters[1 - self.index]
    }

    fn is_time_to_look(&self) -> bool {
        self.now() >= self.seen_alive.load(Ordering::Relaxed) + LIVENESS_INTERVAL.as_millis() as u64
    }

    fn now(&self) -> u64 {
        u64::try_from(self.opened.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl<T> Clone for Connection<T> {
    fn clone(&self) -> Self {
        Self {
            end: Arc::clone(&self.end),
            message: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Connection<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waiting = self.end.control.directions[1 - self.end.index].visit(|visit| visit.state.len());
        f.debug_struct("Connection")
            .field("waiting", &waiting)
            .finish_non_exhaustive()
    }
}

impl<T> Serialize for Connection<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (self.end.index as u8, self.end.control.region().export()).serialize(serializer)
    }
}

impl<'de, T> Deserialize<'de> for Connection<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        use serde::de::Error;
        let (index, name) = <(u8, RegionName)>::deserialize(deserializer)?;
        if index > 1 {
            return Err(D::Error::custom("a pipe has two ends"));
        }
        handle::receive(name, KIND, "the connection", |control| Self::of(control, index.into()))
    }
}

//! `Queue`: messages from any process to any other, in order.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::core::{Patience, QueueCore};
use super::error::QueueError;
use crate::codec::Travelling;
use crate::handles::handle;
use crate::handles::log::LogMessage;
use crate::message::Message;
use crate::sys::region::Kind;

const KIND: Kind = Kind::named(b"queue");

/// A queue of messages between processes: any number of them put messages in, any number take them out, each message
/// comes out once, and in the order in which it went in.
///
/// A handle is used by forked workers that capture it, can be cloned, and can be sent to other processes in messages,
/// also through queues. The queue is in shared memory and lasts as long as any handle. There is no thread that feeds it,
/// so a process can end at once when `put` has returned: nothing is lost, and nobody has to be joined first. A process
/// that is killed in the middle of `put` has put nothing.
///
/// A handle to something that a worker has made arrives also when the worker has ended, at its parent and at the
/// parent's other workers; not when the worker was killed, or called `exit`, before it arrived.
///
/// Where a call waits in vain, since every other process with a handle has ended or has dropped it, it returns
/// [`QueueError::Disconnected`]. Where this process has more threads than the one that waits, one of which could be the
/// one to wait for, that is only said when it was another process that did this part before.
///
/// # Examples
///
/// ```
/// use parcell::{Process, Queue};
///
/// let queue = Queue::new();
/// let process = Process::spawn(|| {
///     for n in 0..3 {
///         queue.put(n * n).unwrap();
///     }
/// });
/// assert_eq!([queue.get(), queue.get(), queue.get()], [Ok(0), Ok(1), Ok(4)]);
/// process.join().unwrap();
/// ```
pub struct Queue<T> {
    core: Arc<QueueCore>,
    message: PhantomData<fn(T) -> T>,
}

impl<T: Message> Queue<T> {
    /// A queue that takes in as many messages as memory holds.
    ///
    /// # Panics
    ///
    /// If the operating system refuses memory or a descriptor.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self::of(QueueCore::create(KIND, 0))
    }

    /// A queue in which at most `capacity` messages wait, beyond which `put` waits.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0, and if the operating system refuses memory or a descriptor.
    #[must_use]
    #[track_caller]
    pub fn bounded(capacity: usize) -> Self {
        assert_ne!(capacity, 0, "a queue has room for at least one message");
        Self::of(QueueCore::create(KIND, capacity as u64))
    }

    /// Puts a message in; waits for room where the queue is bounded.
    ///
    /// # Errors
    ///
    /// [`QueueError::Closed`], [`QueueError::Disconnected`] where it is full and nobody is left to take anything out,
    /// [`QueueError::Codec`], [`QueueError::System`].
    pub fn put(&self, message: T) -> Result<(), QueueError> {
        self.core.put(&encoded(message)?, Patience::ENDLESS)
    }

    /// Puts a message in, or returns [`QueueError::Full`].
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put).
    pub fn try_put(&self, message: T) -> Result<(), QueueError> {
        self.core.put(&encoded(message)?, Patience::None)
    }

    /// Puts a message in; waits for room no longer than `limit`.
    ///
    /// # Errors
    ///
    /// [`QueueError::TimedOut`], and as [`put`](Self::put).
    pub fn put_timeout(&self, message: T, limit: Duration) -> Result<(), QueueError> {
        self.core.put(&encoded(message)?, Patience::limited(limit))
    }

    /// Takes the first message out; waits for one.
    ///
    /// # Errors
    ///
    /// [`QueueError::Closed`] where it is closed and empty, [`QueueError::Disconnected`] where it is empty and nobody is
    /// left to put anything in, [`QueueError::Codec`], [`QueueError::System`].
    pub fn get(&self) -> Result<T, QueueError> {
        decoded(self.core.get(Patience::ENDLESS)?)
    }

    /// Takes the first message out, or returns [`QueueError::Empty`].
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn try_get(&self) -> Result<T, QueueError> {
        decoded(self.core.get(Patience::None)?)
    }

    /// Takes the first message out; waits for one no longer than `limit`.
    ///
    /// # Errors
    ///
    /// [`QueueError::TimedOut`], and as [`get`](Self::get).
    pub fn get_timeout(&self, limit: Duration) -> Result<T, QueueError> {
        decoded(self.core.get(Patience::limited(limit))?)
    }

    /// The messages as they come, until there will be no more: the queue is closed and empty, or nobody is left to put
    /// anything in.
    ///
    /// # Examples
    ///
    /// ```
    /// let queue = parcell::Queue::new();
    /// queue.put("a".to_owned()).unwrap();
    /// queue.close();
    /// assert_eq!(queue.iter().collect::<Vec<_>>(), ["a"]);
    /// ```
    pub fn iter(&self) -> Iter<'_, T> {
        Iter { queue: self }
    }
}

impl<T> Queue<T> {
    pub(super) fn of(core: QueueCore) -> Self {
        Self {
            core: Arc::new(core),
            message: PhantomData,
        }
    }

    pub(super) fn core(&self) -> &QueueCore {
        &self.core
    }

    /// How many messages wait now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.core.len()
    }

    /// Whether no message waits now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many messages may wait; `None` for any number.
    #[must_use]
    pub fn capacity(&self) -> Option<usize> {
        self.core.capacity()
    }

    /// Takes nothing more in, from any process. What is in it can be taken out; who waits for more gets
    /// [`QueueError::Closed`].
    pub fn close(&self) {
        self.core.close();
    }

    /// Whether it was closed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.core.is_closed()
    }
}

/// The messages of a queue; from [`Queue::iter`].
#[derive(Debug)]
pub struct Iter<'a, T> {
    queue: &'a Queue<T>,
}

impl<T: Message> Iterator for Iter<'_, T> {
    type Item = T;

    /// The next message. One that cannot be decoded is passed over; use [`Queue::get`] to be told.
    fn next(&mut self) -> Option<T> {
        loop {
            match self.queue.get() {
                Ok(message) => return Some(message),
                Err(QueueError::Codec { .. }) => {}
                Err(_) => return None,
            }
        }
    }
}

impl<'a, T: Message> IntoIterator for &'a Queue<T> {
    type Item = T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

pub(super) fn encoded<T: Message>(message: T) -> Result<LogMessage, QueueError> {
    let mut bytes = Vec::new();
    let vector = Travelling::send(message, &mut bytes)?;
    Ok(LogMessage { bytes, vector })
}

pub(super) fn decoded<T: Message>(message: LogMessage) -> Result<T, QueueError> {
    Ok(Travelling::new(&message.bytes, message.vector).receive()?)
}

impl<T: Message> Default for Queue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self {
            core: Arc::clone(&self.core),
            message: PhantomData,
        }
    }
}

impl<T> fmt::Debug for Queue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue")
            .field("len", &self.len())
            .field("capacity", &self.capacity())
            .field("is_closed", &self.is_closed())
            .finish()
    }
}

impl<T> Serialize for Queue<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        handle::serialize(self.core.region(), serializer)
    }
}

impl<'de, T> Deserialize<'de> for Queue<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let core = handle::deserialize_as(KIND, "the queue", deserializer, |control| {
            QueueCore::open(control, KIND)
        })?;
        Ok(Self::of(core))
    }
}

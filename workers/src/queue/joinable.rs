//! `JoinableQueue`: a queue of tasks that can be waited for until all are done.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::core::{Patience, QueueCore};
use super::error::QueueError;
use super::fifo::Queue;
use crate::handles::handle;
use crate::message::Message;
use crate::sys::region::Kind;

pub(super) const KIND: Kind = Kind::named(b"joinable");

/// A [`Queue`] of tasks: whoever takes one out says when it is done, and [`join`](Self::join) waits for all.
///
/// It has the methods of a queue. A process that ends before it has done what it took does not let `join` wait for ever:
/// it returns [`QueueError::TasksLost`].
///
/// # Examples
///
/// ```
/// use parcell::{JoinableQueue, Process};
///
/// let tasks = JoinableQueue::new();
/// let worker = Process::spawn(|| {
///     while let Ok(task) = tasks.get() {
///         let _: u32 = task;
///         tasks.task_done().unwrap();
///     }
/// });
/// for task in 0..10 {
///     tasks.put(task).unwrap();
/// }
/// tasks.join().unwrap();
/// tasks.close();
/// worker.join().unwrap();
/// ```
pub struct JoinableQueue<T> {
    queue: Queue<T>,
}

impl<T: Message> JoinableQueue<T> {
    /// A queue that takes in as many tasks as memory holds.
    ///
    /// # Panics
    ///
    /// If the operating system refuses memory or a descriptor.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self::of(QueueCore::create(KIND, 0))
    }

    /// A queue in which at most `capacity` tasks wait, beyond which `put` waits.
    ///
    /// # Panics
    ///
    /// If `capacity` is 0, and if the operating system refuses memory or a descriptor.
    #[must_use]
    #[track_caller]
    pub fn bounded(capacity: usize) -> Self {
        assert_ne!(capacity, 0, "a queue has room for at least one task");
        Self::of(QueueCore::create(KIND, capacity as u64))
    }
}

impl<T> JoinableQueue<T> {
    fn of(core: QueueCore) -> Self {
        Self { queue: Queue::of(core) }
    }

    /// A task that was taken out is done.
    ///
    /// # Errors
    ///
    /// [`QueueError::TooManyTasksDone`] where all are done already.
    pub fn task_done(&self) -> Result<(), QueueError> {
        self.queue.core().task_done()
    }

    /// Waits until every task that was put in is done.
    ///
    /// # Errors
    ///
    /// [`QueueError::TasksLost`], once for each process that ended before it had done what it took; those tasks are no
    /// longer waited for, and calling it again waits for the rest.
    pub fn join(&self) -> Result<(), QueueError> {
        self.queue.core().join(Patience::ENDLESS)
    }

    /// Waits until every task that was put in is done, no longer than `limit`.
    ///
    /// # Errors
    ///
    /// [`QueueError::TimedOut`], and as [`join`](Self::join).
    pub fn join_timeout(&self, limit: Duration) -> Result<(), QueueError> {
        self.queue.core().join(Patience::limited(limit))
    }
}

impl<T> Deref for JoinableQueue<T> {
    type Target = Queue<T>;

    fn deref(&self) -> &Queue<T> {
        &self.queue
    }
}

impl<T: Message> Default for JoinableQueue<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> Clone for JoinableQueue<T> {
    fn clone(&self) -> Self {
        Self {
            queue: self.queue.clone(),
        }
    }
}

impl<T> fmt::Debug for JoinableQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinableQueue").field("queue", &self.queue).finish()
    }
}

impl<T> Serialize for JoinableQueue<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.queue.serialize(serializer)
    }
}

impl<'de, T> Deserialize<'de> for JoinableQueue<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let core = handle::deserialize_as(KIND, "the queue", deserializer, |control| {
            QueueCore::open(control, KIND)
        })?;
        Ok(Self::of(core))
    }
}

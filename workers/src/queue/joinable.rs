//! `JoinableQueue`: a queue of tasks that can be waited for until all are done.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::core::{Patience, QueueCore};
use super::error::QueueError;
use super::fifo::{decoded, encoded};
use crate::message::Message;
use crate::share::handle;
use crate::sys::region::Kind;

pub(super) const KIND: Kind = Kind::named(b"joinable");

/// A [`Queue`](crate::Queue) of tasks: whoever takes one out says when it is done, and [`join`](Self::join) waits for
/// all.
///
/// A process that ends before it has done what it took does not let `join` wait for ever: it returns
/// [`QueueError::TasksLost`].
///
/// # Examples
///
/// ```
/// use parcell::{JoinableQueue, Process, Value};
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
    core: Arc<QueueCore>,
    message: PhantomData<fn(T) -> T>,
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

    /// Puts a task in, as [`Queue::put`](crate::Queue::put) does.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn put(&self, task: T) -> Result<(), QueueError> {
        self.core.put(&encoded(&task)?, Patience::ENDLESS)
    }

    /// Puts a task in, or returns [`QueueError::Full`].
    ///
    /// # Errors
    ///
    /// As [`put`](Self::put).
    pub fn try_put(&self, task: T) -> Result<(), QueueError> {
        self.core.put(&encoded(&task)?, Patience::None)
    }

    /// Puts a task in; waits for room no longer than `limit`.
    ///
    /// # Errors
    ///
    /// [`QueueError::TimedOut`], and as [`put`](Self::put).
    pub fn put_timeout(&self, task: T, limit: Duration) -> Result<(), QueueError> {
        self.core.put(&encoded(&task)?, Patience::limited(limit))
    }

    /// Takes a task out, as [`Queue::get`](crate::Queue::get) does. [`task_done`](Self::task_done) is owed for it.
    ///
    /// # Errors
    ///
    /// As there.
    pub fn get(&self) -> Result<T, QueueError> {
        decoded(&self.core.get(Patience::ENDLESS)?)
    }

    /// Takes a task out, or returns [`QueueError::Empty`].
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get).
    pub fn try_get(&self) -> Result<T, QueueError> {
        decoded(&self.core.get(Patience::None)?)
    }

    /// Takes a task out; waits for one no longer than `limit`.
    ///
    /// # Errors
    ///
    /// [`QueueError::TimedOut`], and as [`get`](Self::get).
    pub fn get_timeout(&self, limit: Duration) -> Result<T, QueueError> {
        decoded(&self.core.get(Patience::limited(limit))?)
    }
}

impl<T> JoinableQueue<T> {
    fn of(core: QueueCore) -> Self {
        Self {
            core: Arc::new(core),
            message: PhantomData,
        }
    }

    /// A task that was taken out is done.
    ///
    /// # Errors
    ///
    /// [`QueueError::TooManyTasksDone`] where all are done already.
    pub fn task_done(&self) -> Result<(), QueueError> {
        self.core.task_done()
    }

    /// Waits until every task that was put in is done.
    ///
    /// # Errors
    ///
    /// [`QueueError::TasksLost`], once for each process that ended before it had done what it took; those tasks are no
    /// longer waited for, and calling it again waits for the rest.
    pub fn join(&self) -> Result<(), QueueError> {
        self.core.join(Patience::ENDLESS)
    }

    /// Waits until every task that was put in is done, no longer than `limit`.
    ///
    /// # Errors
    ///
    /// [`QueueError::TimedOut`], and as [`join`](Self::join).
    pub fn join_timeout(&self, limit: Duration) -> Result<(), QueueError> {
        self.core.join(Patience::limited(limit))
    }

    /// How many tasks wait to be taken out now.
    #[must_use]
    pub fn len(&self) -> usize {
        self.core.len()
    }

    /// Whether no task waits to be taken out now.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Takes nothing more in, as [`Queue::close`](crate::Queue::close).
    pub fn close(&self) {
        self.core.close();
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
            core: Arc::clone(&self.core),
            message: PhantomData,
        }
    }
}

impl<T> fmt::Debug for JoinableQueue<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JoinableQueue")
            .field("len", &self.len())
            .finish_non_exhaustive()
    }
}

impl<T> Serialize for JoinableQueue<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        handle::serialize(self.core.region(), serializer)
    }
}

impl<'de, T> Deserialize<'de> for JoinableQueue<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let control = handle::deserialize(KIND, "the queue", deserializer)?;
        Ok(Self::of(QueueCore::open(control, KIND)))
    }
}

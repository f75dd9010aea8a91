//! A queue.

use std::time::Duration;

use super::object::{decode, encode, in_time};
use super::proxy;
use crate::manager::error::ManagerError;
use crate::manager::message::{Operation, QueueOperation, Reply};
use crate::message::Message;

proxy! {
    /// A queue in a [`Manager`](crate::Manager); from [`Manager::queue`](crate::Manager::queue) and
    /// [`Manager::bounded_queue`](crate::Manager::bounded_queue).
    ///
    /// Those who wait are served in the order in which they came. An item that the server has sent to a process is that
    /// process's: it is lost when the process is killed, even if that had not looked at it yet.
    ///
    /// It is for processes that find it by its name or over TCP. A [`Queue`](crate::Queue) is many times as fast between
    /// others.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::{Manager, Process};
    ///
    /// let manager = Manager::new()?;
    /// let (tasks, results) = (manager.queue::<u64>()?, manager.queue()?);
    /// let process = Process::spawn(|| results.put(tasks.get()? * 2));
    /// tasks.put(21)?;
    /// assert_eq!(results.get()?, 42);
    /// process.join().unwrap()?;
    /// # Ok::<(), parcell::ManagerError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All methods fail if the manager has ended or cannot be reached, if the queue was deleted, or if an item cannot
    /// be encoded or decoded; an item that cannot be decoded is gone from the queue.
    QueueProxy<T>
}

impl<T: Message> QueueProxy<T> {
    /// Adds an item at the end; waits while the queue is full.
    ///
    /// # Errors
    ///
    /// See [`QueueProxy`].
    pub fn put(&self, item: T) -> Result<(), ManagerError> {
        self.put_within(&item, None)
    }

    /// Adds an item at the end, unless the queue is full: whether it did.
    ///
    /// # Errors
    ///
    /// See [`QueueProxy`].
    pub fn try_put(&self, item: T) -> Result<bool, ManagerError> {
        in_time(self.put_within(&item, Some(Duration::ZERO))).map(|put| put.is_some())
    }

    /// Adds an item at the end; waits no longer than `limit` while the queue is full.
    ///
    /// # Errors
    ///
    /// See [`QueueProxy`], and [`ManagerError::TimedOut`].
    pub fn put_timeout(&self, item: T, limit: Duration) -> Result<(), ManagerError> {
        self.put_within(&item, Some(limit))
    }

    /// Takes the first item; waits for one.
    ///
    /// # Errors
    ///
    /// See [`QueueProxy`].
    pub fn get(&self) -> Result<T, ManagerError> {
        self.get_within(None)
    }

    /// Takes the first item; `None` if there is none.
    ///
    /// # Errors
    ///
    /// See [`QueueProxy`].
    pub fn try_get(&self) -> Result<Option<T>, ManagerError> {
        in_time(self.get_within(Some(Duration::ZERO)))
    }

    /// Takes the first item; waits for one no longer than `limit`.
    ///
    /// # Errors
    ///
    /// See [`QueueProxy`], and [`ManagerError::TimedOut`].
    pub fn get_timeout(&self, limit: Duration) -> Result<T, ManagerError> {
        self.get_within(Some(limit))
    }

    /// How many items there are.
    ///
    /// # Errors
    ///
    /// See [`QueueProxy`].
    pub fn len(&self) -> Result<usize, ManagerError> {
        self.object.count(Operation::Queue(QueueOperation::Len))
    }

    /// Whether there are no items.
    ///
    /// # Errors
    ///
    /// See [`QueueProxy`].
    pub fn is_empty(&self) -> Result<bool, ManagerError> {
        Ok(self.len()? == 0)
    }

    fn put_within(&self, item: &T, limit: Option<Duration>) -> Result<(), ManagerError> {
        let put = Operation::Queue(QueueOperation::Put(encode(item)?));
        match self.object.call(put, limit)? {
            Reply::Done => Ok(()),
            _ => Err(self.object.unexpected()),
        }
    }

    fn get_within(&self, limit: Option<Duration>) -> Result<T, ManagerError> {
        match self.object.call(Operation::Queue(QueueOperation::Get), limit)? {
            Reply::Item(Some(item)) => decode(&item),
            _ => Err(self.object.unexpected()),
        }
    }
}

//! An event.

use std::time::Duration;

use super::object::in_time;
use super::proxy;
use crate::manager::error::ManagerError;
use crate::manager::message::{EventOperation, Operation, Reply};

proxy! {
    /// An event in a [`Manager`](crate::Manager), which is set or not; from
    /// [`Manager::event`](crate::Manager::event).
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::{Manager, Process};
    ///
    /// let manager = Manager::new()?;
    /// let ready = manager.event()?;
    /// let process = Process::spawn(|| ready.wait());
    /// ready.set()?;
    /// process.join().unwrap()?;
    /// # Ok::<(), parcell::ManagerError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All methods fail if the manager has ended or cannot be reached, or if the event was deleted.
    EventProxy<>
}

impl EventProxy {
    /// Sets it: all who wait go on.
    ///
    /// # Errors
    ///
    /// See [`EventProxy`].
    pub fn set(&self) -> Result<(), ManagerError> {
        self.object.done(Operation::Event(EventOperation::Set))
    }

    /// Makes it not set.
    ///
    /// # Errors
    ///
    /// See [`EventProxy`].
    pub fn clear(&self) -> Result<(), ManagerError> {
        self.object.done(Operation::Event(EventOperation::Clear))
    }

    /// Whether it is set.
    ///
    /// # Errors
    ///
    /// See [`EventProxy`].
    pub fn is_set(&self) -> Result<bool, ManagerError> {
        self.object.flag(Operation::Event(EventOperation::IsSet))
    }

    /// Waits until it is set.
    ///
    /// # Errors
    ///
    /// See [`EventProxy`].
    pub fn wait(&self) -> Result<(), ManagerError> {
        self.wait_within(None)
    }

    /// Waits until it is set, or for `limit`: whether it was set.
    ///
    /// # Errors
    ///
    /// See [`EventProxy`].
    pub fn wait_timeout(&self, limit: Duration) -> Result<bool, ManagerError> {
        in_time(self.wait_within(Some(limit))).map(|set| set.is_some())
    }

    fn wait_within(&self, limit: Option<Duration>) -> Result<(), ManagerError> {
        match self.object.call(Operation::Event(EventOperation::Wait), limit)? {
            Reply::Done => Ok(()),
            _ => Err(self.object.unexpected()),
        }
    }
}

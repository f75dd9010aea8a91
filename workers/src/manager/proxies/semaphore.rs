//! A semaphore.

use std::time::Duration;

use super::hold::Hold;
use super::object::in_time;
use super::proxy;
use crate::manager::error::ManagerError;
use crate::manager::message::{Operation, SemaphoreOperation};

proxy! {
    /// A semaphore in a [`Manager`](crate::Manager); from [`Manager::semaphore`](crate::Manager::semaphore).
    ///
    /// Those who wait get a permit in the order in which they came. The permits of a process that dies are given back.
    /// A permit is given back by who has it, and so there are never more than there were at first: it is Python's
    /// `BoundedSemaphore`.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::Manager;
    ///
    /// let manager = Manager::new()?;
    /// let seats = manager.semaphore(2)?;
    /// let taken = (seats.acquire()?, seats.acquire()?);
    /// assert!(seats.try_acquire()?.is_none());
    /// drop(taken);
    /// assert_eq!(seats.available()?, 2);
    /// # Ok::<(), parcell::ManagerError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All methods fail if the manager has ended or cannot be reached, or if the semaphore was deleted.
    SemaphoreProxy<>
}

impl SemaphoreProxy {
    /// Takes a permit; waits for one.
    ///
    /// # Errors
    ///
    /// See [`SemaphoreProxy`].
    pub fn acquire(&self) -> Result<SemaphoreProxyPermit, ManagerError> {
        self.acquire_within(None)
    }

    /// Takes a permit, if there is one.
    ///
    /// # Errors
    ///
    /// See [`SemaphoreProxy`].
    pub fn try_acquire(&self) -> Result<Option<SemaphoreProxyPermit>, ManagerError> {
        in_time(self.acquire_within(Some(Duration::ZERO)))
    }

    /// Takes a permit; waits for one no longer than `limit`.
    ///
    /// # Errors
    ///
    /// See [`SemaphoreProxy`], and [`ManagerError::TimedOut`].
    pub fn acquire_timeout(&self, limit: Duration) -> Result<SemaphoreProxyPermit, ManagerError> {
        self.acquire_within(Some(limit))
    }

    /// How many permits there are to be taken.
    ///
    /// # Errors
    ///
    /// See [`SemaphoreProxy`].
    pub fn available(&self) -> Result<usize, ManagerError> {
        self.object.count(Operation::Semaphore(SemaphoreOperation::Available))
    }

    fn acquire_within(&self, limit: Option<Duration>) -> Result<SemaphoreProxyPermit, ManagerError> {
        Hold::acquire(&self.object, Operation::Semaphore, limit).map(SemaphoreProxyPermit)
    }
}

/// This process has a permit of a [`SemaphoreProxy`]. Dropping it gives it back; a copy in a forked process does
/// nothing.
#[derive(Debug)]
#[must_use = "dropping it gives the permit back"]
pub struct SemaphoreProxyPermit(#[expect(dead_code, reason = "it is held to be dropped")] Hold);

//! A lock.

use std::time::Duration;

use super::hold::Hold;
use super::object::in_time;
use super::proxy;
use crate::manager::error::ManagerError;
use crate::manager::message::Operation;

proxy! {
    /// A lock in a [`Manager`](crate::Manager); from [`Manager::lock`](crate::Manager::lock).
    ///
    /// Those who wait get it in the order in which they came. A thread that holds it and locks it again waits for ever.
    ///
    /// When a process that holds it dies, the next one gets it, and is told by [`LockProxyGuard::abandoned`]: what the lock
    /// protects may be half changed. (On another machine, that takes two minutes if the whole machine dies.)
    ///
    /// It is for processes that find it by its name or over TCP. A [`Lock`](crate::Lock) is many times as fast between
    /// others.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::Manager;
    ///
    /// let manager = Manager::new()?;
    /// let lock = manager.lock()?;
    /// let guard = lock.lock()?;
    /// assert!(!guard.abandoned());
    /// assert!(lock.try_lock()?.is_none());
    /// drop(guard);
    /// assert!(lock.try_lock()?.is_some());
    /// # Ok::<(), parcell::ManagerError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// All methods fail if the manager has ended or cannot be reached, or if the lock was deleted.
    LockProxy<>
}

impl LockProxy {
    /// Locks it; waits until nobody else holds it.
    ///
    /// # Errors
    ///
    /// See [`LockProxy`].
    pub fn lock(&self) -> Result<LockProxyGuard, ManagerError> {
        self.lock_within(None)
    }

    /// Locks it, unless somebody holds it.
    ///
    /// # Errors
    ///
    /// See [`LockProxy`].
    pub fn try_lock(&self) -> Result<Option<LockProxyGuard>, ManagerError> {
        in_time(self.lock_within(Some(Duration::ZERO)))
    }

    /// Locks it; waits no longer than `limit`.
    ///
    /// # Errors
    ///
    /// See [`LockProxy`], and [`ManagerError::TimedOut`].
    pub fn lock_timeout(&self, limit: Duration) -> Result<LockProxyGuard, ManagerError> {
        self.lock_within(Some(limit))
    }

    fn lock_within(&self, limit: Option<Duration>) -> Result<LockProxyGuard, ManagerError> {
        Hold::acquire(&self.object, Operation::Lock, limit).map(LockProxyGuard)
    }
}

/// This process holds a [`LockProxy`]'s lock. Dropping it lets go; a copy in a forked process does nothing.
#[derive(Debug)]
#[must_use = "dropping it lets go of the lock"]
pub struct LockProxyGuard(Hold);

impl LockProxyGuard {
    /// Whether the last process that held the lock died, or lost its connection, without letting go.
    #[must_use]
    pub fn abandoned(&self) -> bool {
        self.0.abandoned
    }
}

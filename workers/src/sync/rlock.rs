//! `RLock`: one thread at a time, as often as it likes.

use std::time::Duration;

use crate::handles::handle::{self, sent_by_name};
use crate::sys::mutex::{Held, RecursiveMutex};
use crate::sys::placed::Placed;
use crate::sys::region::Kind;

const KIND: Kind = Kind::named(b"rlock");

/// A lock that processes share, which the thread that holds it may lock again: a [`Lock`](crate::Lock) for functions that
/// lock and call each other.
///
/// The lock is free again when the last of its thread's guards is dropped. Python's `multiprocessing.RLock` is one that
/// nobody gets any more once a process has died with it; this one passes on, and [`RLockGuard::abandoned`] tells so.
///
/// # Examples
///
/// ```
/// use parcell::RLock;
///
/// fn write(lock: &RLock, text: &str) {
///     let _guard = lock.lock();
///     println!("{text}");
/// }
///
/// let lock = RLock::new();
/// let _guard = lock.lock();
/// write(&lock, "two lines");
/// write(&lock, "in one piece");
/// ```
#[derive(Clone, Debug)]
pub struct RLock {
    placed: Placed<RecursiveMutex>,
}

sent_by_name!(RLock, KIND, "the RLock");

impl RLock {
    /// A new lock, which nobody holds.
    ///
    /// # Panics
    ///
    /// If the system refuses the memory for it.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self {
            placed: handle::create(KIND, 0, "an RLock"),
        }
    }

    /// Waits until no other thread holds the lock, and takes it.
    #[track_caller]
    pub fn lock(&self) -> RLockGuard<'_> {
        self.guard(self.placed.lock())
    }

    /// Takes the lock if no other thread holds it.
    #[track_caller]
    pub fn try_lock(&self) -> Option<RLockGuard<'_>> {
        self.placed.try_lock().map(|held| self.guard(held))
    }

    /// Like [`lock`](Self::lock), but waits no longer than `limit`: `None` if somebody else holds it still.
    #[track_caller]
    pub fn lock_timeout(&self, limit: Duration) -> Option<RLockGuard<'_>> {
        self.placed.lock_timeout(limit).map(|held| self.guard(held))
    }

    fn guard<'a>(&'a self, held: Held<'a>) -> RLockGuard<'a> {
        RLockGuard {
            held,
            _kept: self.placed.clone(),
        }
    }
}

impl Default for RLock {
    fn default() -> Self {
        Self::new()
    }
}

/// The calling thread holds an [`RLock`], until this and all its other guards are dropped.
///
/// A process that is forked meanwhile does not hold it: its copy of the guard means nothing.
#[derive(Debug)]
#[must_use = "the lock is free again as soon as the guard is dropped"]
pub struct RLockGuard<'a> {
    held: Held<'a>,
    /// Dropped last. A guard that is forgotten keeps the mutex where the system looks for it when the thread ends.
    _kept: Placed<RecursiveMutex>,
}

impl RLockGuard<'_> {
    /// Whether the last holder died while it held the lock: what the lock guards may be half changed. Of the guards that
    /// a thread has at the same time, only the first tells it.
    #[must_use]
    pub fn abandoned(&self) -> bool {
        self.held.is_abandoned()
    }
}

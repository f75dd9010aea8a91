//! `Semaphore`: so many at a time.

use std::fmt;
use std::time::Duration;

use super::permits::{Permits, Taken};
use crate::handles::handle::{self, sent_by_name};
use crate::sys::bell::deadline_after;
use crate::sys::placed::Placed;
use crate::sys::region::Kind;

const KIND: Kind = Kind::named(b"semaphor");

/// A number of permits that processes share: who acquires one while there is none waits until somebody releases one.
///
/// A clone is another handle to the same permits. It differs from Python's `multiprocessing.Semaphore`:
///
/// - [`acquire`](Self::acquire) returns the permit, which is released when it is dropped. To count something instead,
///   such as items that one process makes and another takes, [forget](SemaphorePermit::forget) the permits and add new
///   ones with [`release`](Self::release).
/// - The permits of a process that dies are given back to those who wait. In Python they would be lost. This holds for
///   4096 permits; of a semaphore that has more, those beyond that number are lost with the process that had them.
///
/// Who waits for a permit that a process had that has died gets it within a fifth of a second.
///
/// # Examples
///
/// ```
/// use parcell::{Pool, Semaphore};
///
/// let downloads = Semaphore::new(2);
/// Pool::new(4).map(
///     |n: u32| {
///         let _permit = downloads.acquire();
///         // At most two processes are here at a time.
///         println!("item {n}");
///     },
///     0..8,
/// );
/// assert_eq!(downloads.available_permits(), 2);
/// ```
#[derive(Clone, Debug)]
pub struct Semaphore {
    placed: Placed<Permits>,
}

sent_by_name!(Semaphore, KIND, "the semaphore");

impl Semaphore {
    /// A new semaphore that has `permits` permits.
    ///
    /// # Panics
    ///
    /// If the system refuses the memory for it.
    #[must_use]
    #[track_caller]
    pub fn new(permits: usize) -> Self {
        let placed: Placed<Permits> = handle::create(KIND, 0, "a semaphore");
        placed.begin_with(permits);
        Self { placed }
    }

    /// Waits until there is a permit, and takes it.
    pub fn acquire(&self) -> SemaphorePermit<'_> {
        SemaphorePermit::wait(&self.placed, None).unwrap_or_else(|| unreachable!("a wait without a limit ends with it"))
    }

    /// Takes a permit if there is one.
    pub fn try_acquire(&self) -> Option<SemaphorePermit<'_>> {
        SemaphorePermit::attempt(&self.placed)
    }

    /// Like [`acquire`](Self::acquire), but waits no longer than `limit`: `None` if there is no permit even then.
    pub fn acquire_timeout(&self, limit: Duration) -> Option<SemaphorePermit<'_>> {
        SemaphorePermit::wait(&self.placed, Some(limit))
    }

    /// Adds a permit: one more than there was.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::{Process, Semaphore};
    ///
    /// let items = Semaphore::new(0);
    /// let consumer = Process::spawn(|| {
    ///     for _ in 0..3 {
    ///         items.acquire().forget();
    ///     }
    /// });
    /// for _ in 0..5 {
    ///     items.release();
    /// }
    /// assert_eq!(consumer.join(), Ok(()));
    /// assert_eq!(items.available_permits(), 2);
    /// ```
    pub fn release(&self) {
        self.placed.add();
    }

    /// How many permits could be acquired now; others may be about to acquire or release some. Python's `get_value`.
    #[must_use]
    pub fn available_permits(&self) -> usize {
        self.placed.available()
    }
}

/// A permit of a [`Semaphore`] or a [`BoundedSemaphore`](crate::BoundedSemaphore), released when it is dropped.
///
/// It is the process's, not the thread's, and can be dropped by another thread. A process that is forked meanwhile
/// does not have it: its copy means nothing.
#[must_use = "the permit is released as soon as it is dropped"]
pub struct SemaphorePermit<'a> {
    permits: &'a Permits,
    taken: Taken,
}

impl<'a> SemaphorePermit<'a> {
    pub(super) fn wait(permits: &'a Permits, limit: Option<Duration>) -> Option<Self> {
        let taken = permits.take(limit.and_then(deadline_after))?;
        Some(Self { permits, taken })
    }

    pub(super) fn attempt(permits: &'a Permits) -> Option<Self> {
        let taken = permits.try_take()?;
        Some(Self { permits, taken })
    }

    /// Does not release the permit: the semaphore has one less from now on.
    pub fn forget(self) {
        self.permits.forget(self.taken);
        std::mem::forget(self);
    }
}

impl Drop for SemaphorePermit<'_> {
    fn drop(&mut self) {
        self.permits.give_back(self.taken);
    }
}

impl fmt::Debug for SemaphorePermit<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SemaphorePermit").field(&self.taken).finish()
    }
}

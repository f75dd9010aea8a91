//! `BoundedSemaphore`: so many at a time, and never more.

use std::time::Duration;

use super::permits::Permits;
use super::semaphore::SemaphorePermit;
use serde::{Deserialize, Serialize};

use crate::handles::handle::{self, sent_by_name};
use crate::sys::placed::Placed;
use crate::sys::region::Kind;

const KIND: Kind = Kind::named(b"bounded");

/// A [`Semaphore`](crate::Semaphore) that never has more permits than at first.
///
/// In Python, `release` fails when as many permits are available as at first. Here a permit that is held comes back
/// by itself, so it counts as well: only a permit that was [forgotten](SemaphorePermit::forget) can be released.
///
/// # Examples
///
/// ```
/// let semaphore = parcell::BoundedSemaphore::new(1);
/// assert!(semaphore.release().is_err());
/// semaphore.acquire().forget();
/// assert_eq!(semaphore.release(), Ok(()));
/// assert_eq!(semaphore.available_permits(), 1);
/// ```
#[derive(Clone, Debug)]
pub struct BoundedSemaphore {
    placed: Placed<Permits>,
}

sent_by_name!(BoundedSemaphore, KIND, "the bounded semaphore");

/// A [`BoundedSemaphore`] has all its permits, so that none can be added.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("the semaphore was released too often: all its permits are available, or held and come back by themselves")]
#[non_exhaustive]
pub struct ReleaseError;

impl BoundedSemaphore {
    /// A new semaphore that has `permits` permits.
    ///
    /// # Panics
    ///
    /// If the system refuses the memory for it.
    #[must_use]
    #[track_caller]
    pub fn new(permits: usize) -> Self {
        let placed: Placed<Permits> = handle::create(KIND, 0, "a bounded semaphore");
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

    /// Adds a permit in the place of one that was forgotten.
    ///
    /// # Errors
    ///
    /// If none was forgotten: there would be more permits than at first.
    pub fn release(&self) -> Result<(), ReleaseError> {
        if self.placed.add_forgotten() {
            Ok(())
        } else {
            Err(ReleaseError)
        }
    }

    /// How many permits could be acquired now; others may be about to acquire or release some. Python's `get_value`.
    #[must_use]
    pub fn available_permits(&self) -> usize {
        self.placed.available()
    }
}

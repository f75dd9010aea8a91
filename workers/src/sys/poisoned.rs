//! Locks whose holder has panicked.

use std::sync::LockResult;

/// Rust marks such a lock as poisoned. The library goes on all the same: what its locks guard is whole at whatever point
/// a holder can panic.
pub(crate) trait EvenIfPoisoned<T> {
    /// What was waited for.
    fn even_if_poisoned(self) -> T;
}

impl<T> EvenIfPoisoned<T> for LockResult<T> {
    fn even_if_poisoned(self) -> T {
        self.unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

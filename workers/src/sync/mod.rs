//! Synchronization between processes: what Python's `multiprocessing` has, with guards in the place of `release`.
//!
//! A process may be killed at any instruction, also while it holds something or waits for it. So every change of what
//! is shared here is one store (or the commit of a [`Monitor`](crate::sys::monitor)), holders and waiters are known by
//! their [`ProcessIdentity`](crate::sys::identity), and whoever waits looks from time to time whether those still live
//! that it waits for. The tests in `model` try all interleavings and all instructions to be killed at.

mod barrier;
mod bounded_semaphore;
mod condition;
mod event;
mod lock;
mod meeting;
#[cfg(test)]
mod model;
mod permits;
mod rlock;
mod semaphore;
mod waiters;

pub use barrier::{Barrier, BarrierError, BarrierWaitResult};
pub use bounded_semaphore::{BoundedSemaphore, ReleaseError};
pub use condition::{Condition, ConditionGuard};
pub use event::Event;
pub use lock::{Lock, LockGuard};
pub use rlock::{RLock, RLockGuard};
pub use semaphore::{Semaphore, SemaphorePermit};

//! `Lock`: one at a time.

use std::time::Duration;

use crate::handles::handle::{self, sent_by_name};
use crate::sys::mutex::{Held, RobustMutex};
use crate::sys::placed::Placed;
use crate::sys::region::Kind;

const KIND: Kind = Kind::named(b"lock");

/// A lock that processes share: at any time at most one thread of all of them holds it.
///
/// It guards what the processes agree on, such as a file or the terminal; for data in shared memory take a
/// [`Value`](crate::Value) or an [`Array`](crate::Array), which have a lock of their own. A clone is another handle to
/// the same lock. A forked process has the handles that its function captures; to another process they can be sent.
///
/// It differs from Python's `multiprocessing.Lock`:
///
/// - A guard lets go of it, so it cannot be released by somebody who does not hold it.
/// - If a process dies while it holds the lock, the next one gets it, and [`LockGuard::abandoned`] tells it so. In
///   Python everybody would wait for ever.
/// - A thread that locks it twice gets a panic. In Python it would wait for itself for ever.
///
/// # Examples
///
/// ```
/// use parcell::{Lock, Pool};
///
/// let lock = Lock::new();
/// Pool::new(2).map(
///     |n: u32| {
///         let _guard = lock.lock();
///         println!("the two lines of item {n}\nare printed together");
///     },
///     0..4,
/// );
/// ```
#[derive(Clone, Debug)]
pub struct Lock {
    placed: Placed<RobustMutex>,
}

sent_by_name!(Lock, KIND, "the lock");

impl Lock {
    /// A new lock, which nobody holds.
    ///
    /// # Panics
    ///
    /// If the system refuses the memory for it.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self {
            placed: handle::create(KIND, 0, "a lock"),
        }
    }

    /// Waits until nobody holds the lock, and takes it.
    ///
    /// # Panics
    ///
    /// If the calling thread holds it already.
    #[track_caller]
    pub fn lock(&self) -> LockGuard<'_> {
        self.guard(self.placed.lock())
    }

    /// Takes the lock if nobody holds it.
    #[track_caller]
    pub fn try_lock(&self) -> Option<LockGuard<'_>> {
        self.placed.try_lock().map(|held| self.guard(held))
    }

    /// Like [`lock`](Self::lock), but waits no longer than `limit`: `None` if somebody else holds it still.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use parcell::{Lock, Process};
    ///
    /// let lock = Lock::new();
    /// let guard = lock.lock();
    /// let process = Process::spawn(|| lock.lock_timeout(Duration::from_millis(1)).is_some());
    /// assert_eq!(process.join(), Ok(false));
    /// # drop(guard);
    /// ```
    ///
    /// # Panics
    ///
    /// If the calling thread holds it already.
    #[track_caller]
    pub fn lock_timeout(&self, limit: Duration) -> Option<LockGuard<'_>> {
        self.placed.lock_timeout(limit).map(|held| self.guard(held))
    }

    fn guard<'a>(&'a self, held: Held<'a>) -> LockGuard<'a> {
        LockGuard {
            held,
            _kept: self.placed.clone(),
        }
    }
}

impl Default for Lock {
    fn default() -> Self {
        Self::new()
    }
}

/// The calling thread holds a [`Lock`], until this is dropped.
///
/// A process that is forked meanwhile does not hold it: its copy of the guard means nothing.
///
/// ```compile_fail,E0277
/// let lock = parcell::Lock::new();
/// let guard = lock.lock();
/// // The guard belongs to its thread.
/// std::thread::scope(|scope| scope.spawn(|| drop(guard)).join());
/// ```
#[derive(Debug)]
#[must_use = "the lock is free again as soon as the guard is dropped"]
pub struct LockGuard<'a> {
    held: Held<'a>,
    /// Dropped last. A guard that is forgotten keeps the mutex where the system looks for it when the thread ends.
    _kept: Placed<RobustMutex>,
}

impl LockGuard<'_> {
    /// Whether the last holder died while it held the lock: what the lock guards may be half changed.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::{Lock, Process};
    ///
    /// let lock = Lock::new();
    /// let process = Process::<()>::spawn(|| {
    ///     let _guard = lock.lock();
    ///     std::process::abort();
    /// });
    /// assert!(process.join().is_err());
    /// assert!(lock.lock().abandoned());
    /// assert!(!lock.lock().abandoned());
    /// ```
    #[must_use]
    pub fn abandoned(&self) -> bool {
        self.held.is_abandoned()
    }
}

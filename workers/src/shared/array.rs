//! `Array`: values behind a lock.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{SharedData, deserialize_guarded};
use crate::handles::handle;
use crate::sys::guarded::{Elements, Guarded};
use crate::sys::region::Kind;

const KIND: Kind = Kind::named(b"array");
const WHAT: &str = "the array";

/// Values in memory that processes share, behind one lock. Their number is fixed.
///
/// A clone is another handle to the same array. It differs from Python's `multiprocessing.Array` as
/// [`Value`](crate::Value) does from Python's: one gets at the elements only through the lock, and is told if a process
/// has died while it held it. Where processes work on different elements at the same time, take a
/// [`SharedArray`](crate::SharedArray), which has no lock.
///
/// # Examples
///
/// ```
/// use parcell::{Array, Pool};
///
/// let histogram = Array::<u32>::new(10);
/// Pool::new(2).map(|n: usize| histogram.lock()[n % 10] += 1, 0..25);
/// assert_eq!(histogram.to_vec(), [3, 3, 3, 3, 3, 2, 2, 2, 2, 2]);
/// ```
pub struct Array<T> {
    guarded: Guarded<T>,
}

// Bounds on the functions, where the compiler explains what is missing.
impl<T> Array<T> {
    /// `len` elements in shared memory, all zero.
    ///
    /// # Panics
    ///
    /// If the system refuses the memory for it.
    #[must_use]
    #[track_caller]
    pub fn new(len: usize) -> Self
    where
        T: SharedData,
    {
        Self {
            guarded: handle::created(Guarded::create(KIND, len), "an array"),
        }
    }

    /// A copy of the elements, in shared memory.
    ///
    /// # Panics
    ///
    /// If the system refuses the memory for it.
    #[must_use]
    #[track_caller]
    pub fn from_slice(elements: &[T]) -> Self
    where
        T: SharedData,
    {
        let new = Self::new(elements.len());
        new.lock().copy_from_slice(elements);
        new
    }
}

impl<T: SharedData> Array<T> {
    /// Waits until nobody else holds the lock, and gives access to the elements.
    ///
    /// # Panics
    ///
    /// If the calling thread holds the lock already.
    #[track_caller]
    pub fn lock(&self) -> ArrayGuard<'_, T> {
        ArrayGuard {
            elements: self.guarded.lock(),
        }
    }

    /// Gives access to the elements if nobody holds the lock.
    #[track_caller]
    pub fn try_lock(&self) -> Option<ArrayGuard<'_, T>> {
        self.guarded.try_lock().map(|elements| ArrayGuard { elements })
    }

    /// Like [`lock`](Self::lock), but waits no longer than `limit`: `None` if somebody else holds the lock still.
    ///
    /// # Panics
    ///
    /// If the calling thread holds the lock already.
    #[track_caller]
    pub fn lock_timeout(&self, limit: Duration) -> Option<ArrayGuard<'_, T>> {
        let elements = self.guarded.lock_timeout(limit)?;
        Some(ArrayGuard { elements })
    }

    /// A copy of the elements.
    ///
    /// # Panics
    ///
    /// If the calling thread holds the lock: read the elements through its guard.
    #[must_use]
    #[track_caller]
    pub fn to_vec(&self) -> Vec<T> {
        let guard = self.lock();
        let elements = guard.elements.to_vec();
        // Whoever asks is still told if the last holder has died.
        self.guarded.pass_on(guard.elements);
        elements
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.guarded.len()
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Access to an [`Array`], whose lock the calling thread holds until this is dropped. It is used as a slice.
///
/// A process that is forked meanwhile does not hold it: its copy of the guard panics when it is used.
#[must_use = "the lock is free again as soon as the guard is dropped"]
pub struct ArrayGuard<'a, T> {
    elements: Elements<'a, T>,
}

impl<T> ArrayGuard<'_, T> {
    /// Whether the last holder died while it held the lock: the elements may be half changed.
    ///
    /// [`Array::to_vec`] leaves this to be told to the next guard.
    #[must_use]
    pub fn abandoned(&self) -> bool {
        self.elements.is_abandoned()
    }
}

impl<T> Deref for ArrayGuard<'_, T> {
    type Target = [T];

    #[track_caller]
    fn deref(&self) -> &[T] {
        &self.elements
    }
}

impl<T> DerefMut for ArrayGuard<'_, T> {
    #[track_caller]
    fn deref_mut(&mut self) -> &mut [T] {
        &mut self.elements
    }
}

impl<T: fmt::Debug> fmt::Debug for ArrayGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ArrayGuard").field(&&**self).finish()
    }
}

impl<T> Clone for Array<T> {
    fn clone(&self) -> Self {
        Self {
            guarded: self.guarded.clone(),
        }
    }
}

/// Shows where the array is, not what is in it: that would need the lock.
impl<T> fmt::Debug for Array<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Array").field(self.guarded.region()).finish()
    }
}

impl<T> Serialize for Array<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        handle::serialize(self.guarded.region(), serializer)
    }
}

impl<'de, T: SharedData> Deserialize<'de> for Array<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let guarded = deserialize_guarded(KIND, WHAT, deserializer)?;
        Ok(Self { guarded })
    }
}

//! `Value`: one value behind a lock.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{SharedData, deserialize_guarded};
use crate::handles::handle;
use crate::sys::guarded::{Elements, Guarded};
use crate::sys::region::Kind;

const KIND: Kind = Kind::named(b"value");
const WHAT: &str = "the value";

/// A value in memory that processes share, behind a lock.
///
/// A clone is another handle to the same value. It differs from Python's `multiprocessing.Value`:
///
/// - The lock is always there, and one gets at the value only through it, so `+= 1` cannot lose an update. In Python,
///   `value.value += 1` does, unless one remembers `with value.get_lock()`.
/// - If a process dies while it holds the lock, the next one gets it, and [`ValueGuard::abandoned`] tells it so.
///
/// # Examples
///
/// ```
/// use parcell::{Pool, Value};
///
/// let sum = Value::new(0u64);
/// Pool::new(4).map(|n: u64| *sum.lock() += n, 1..=100);
/// assert_eq!(sum.get(), 5050);
/// ```
pub struct Value<T> {
    guarded: Guarded<T>,
}

// Bounds on the functions, where the compiler explains what is missing.
impl<T> Value<T> {
    /// A new value in shared memory.
    ///
    /// # Panics
    ///
    /// If the system refuses the memory for it.
    #[must_use]
    #[track_caller]
    pub fn new(value: T) -> Self
    where
        T: SharedData,
    {
        let guarded = handle::created(Guarded::create(KIND, 1), "a value");
        let new = Self { guarded };
        new.set(value);
        new
    }
}

impl<T: SharedData> Value<T> {
    /// Waits until nobody else holds the lock, and gives access to the value.
    ///
    /// # Panics
    ///
    /// If the calling thread holds the lock already.
    #[track_caller]
    pub fn lock(&self) -> ValueGuard<'_, T> {
        ValueGuard {
            elements: self.guarded.lock(),
        }
    }

    /// Gives access to the value if nobody holds the lock.
    #[track_caller]
    pub fn try_lock(&self) -> Option<ValueGuard<'_, T>> {
        self.guarded.try_lock().map(|elements| ValueGuard { elements })
    }

    /// Like [`lock`](Self::lock), but waits no longer than `limit`: `None` if somebody else holds the lock still.
    ///
    /// # Panics
    ///
    /// If the calling thread holds the lock already.
    #[track_caller]
    pub fn lock_timeout(&self, limit: Duration) -> Option<ValueGuard<'_, T>> {
        let elements = self.guarded.lock_timeout(limit)?;
        Some(ValueGuard { elements })
    }

    /// A copy of the value.
    ///
    /// # Panics
    ///
    /// If the calling thread holds the lock: read the value through its guard.
    #[must_use]
    #[track_caller]
    pub fn get(&self) -> T {
        let guard = self.lock();
        let value = *guard;
        // Whoever asks is still told if the last holder has died.
        self.guarded.pass_on(guard.elements);
        value
    }

    /// Stores another value.
    ///
    /// # Panics
    ///
    /// If the calling thread holds the lock: change the value through its guard.
    #[track_caller]
    pub fn set(&self, value: T) {
        *self.lock() = value;
    }
}

/// Access to a [`Value`], whose lock the calling thread holds until this is dropped.
///
/// A process that is forked meanwhile does not hold it: its copy of the guard panics when it is used.
#[must_use = "the lock is free again as soon as the guard is dropped"]
pub struct ValueGuard<'a, T> {
    elements: Elements<'a, T>,
}

impl<T> ValueGuard<'_, T> {
    /// Whether the last holder died while it held the lock: the value may be half changed.
    ///
    /// [`Value::get`] leaves this to be told to the next guard; [`Value::set`] ends it, since the value is whole again.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::{Process, Value};
    ///
    /// let value = Value::new([1, 1]);
    /// let process = Process::<()>::spawn(|| {
    ///     let mut guard = value.lock();
    ///     guard[0] = 2;
    ///     std::process::abort();
    /// });
    /// assert!(process.join().is_err());
    /// let mut guard = value.lock();
    /// if guard.abandoned() {
    ///     *guard = [0, 0];
    /// }
    /// assert_eq!(*guard, [0, 0]);
    /// ```
    #[must_use]
    pub fn abandoned(&self) -> bool {
        self.elements.is_abandoned()
    }
}

impl<T> Deref for ValueGuard<'_, T> {
    type Target = T;

    #[track_caller]
    fn deref(&self) -> &T {
        &self.elements[0]
    }
}

impl<T> DerefMut for ValueGuard<'_, T> {
    #[track_caller]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.elements[0]
    }
}

impl<T: fmt::Debug> fmt::Debug for ValueGuard<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ValueGuard").field(&**self).finish()
    }
}

impl<T> Clone for Value<T> {
    fn clone(&self) -> Self {
        Self {
            guarded: self.guarded.clone(),
        }
    }
}

/// Shows where the value is, not what it is: that would need the lock.
impl<T> fmt::Debug for Value<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Value").field(self.guarded.region()).finish()
    }
}

impl<T> Serialize for Value<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        handle::serialize(self.guarded.region(), serializer)
    }
}

impl<'de, T: SharedData> Deserialize<'de> for Value<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let guarded: Guarded<T> = deserialize_guarded(KIND, WHAT, deserializer)?;
        if guarded.len() != 1 {
            return Err(handle::cannot_open(WHAT, "it is of another type"));
        }
        Ok(Self { guarded })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_of_another_type_is_refused() {
        let value = Value::new([1u32, 2]);
        let sent = || serde_json::to_value(&value).unwrap();
        assert_eq!(serde_json::from_value::<Value<[u32; 2]>>(sent()).unwrap().get(), [1, 2]);
        for error in [
            serde_json::from_value::<Value<u32>>(sent()).unwrap_err(),
            serde_json::from_value::<Value<[u32; 3]>>(sent()).unwrap_err(),
        ] {
            let text = error.to_string();
            assert!(
                text.starts_with("the value that was sent cannot be opened: it"),
                "{text}"
            );
        }
    }

    #[test]
    fn reading_does_not_hide_that_a_holder_died_and_writing_does() {
        let value = Value::new(1);
        let die = || {
            std::thread::scope(|scope| {
                scope.spawn(|| std::mem::forget(value.lock()));
            });
        };
        die();
        assert_eq!(value.get(), 1);
        assert!(value.lock().abandoned());
        die();
        value.set(2);
        assert!(!value.lock().abandoned());
    }
}

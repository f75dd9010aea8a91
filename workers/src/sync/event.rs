//! `Event`: something has happened.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use crate::handles::handle::{self, sent_by_name};
use crate::sys::bell::{Bell, deadline_after};
use crate::sys::placed::{Placed, place};
use crate::sys::region::Kind;

const KIND: Kind = Kind::named(b"event");

/// A flag that processes share and can wait for.
///
/// It is clear at first. A clone is another handle to the same event. Unlike Python's `multiprocessing.Event`, a wait
/// also ends when the event is set and cleared again at once: nobody misses it.
///
/// # Examples
///
/// ```
/// use parcell::{Event, Process};
///
/// let ready = Event::new();
/// let process = Process::spawn(|| {
///     ready.wait();
///     1 + 1
/// });
/// ready.set();
/// assert_eq!(process.join(), Ok(2));
/// ```
#[derive(Clone, Debug)]
pub struct Event {
    placed: Placed<Flag>,
}

#[repr(C)]
struct Flag {
    /// How often the event was set and cleared; odd while it is set.
    changes: AtomicU32,
    bell: Bell,
}

place!(Flag { changes, bell });

sent_by_name!(Event, KIND, "the event");

impl Event {
    /// A new event, which is clear.
    ///
    /// # Panics
    ///
    /// If the system refuses the memory for it.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self {
            placed: handle::create(KIND, 0, "an event"),
        }
    }

    /// Sets the event and wakes all who wait for it.
    pub fn set(&self) {
        if self.change(false) {
            self.placed.bell.ring(u32::MAX);
        }
    }

    /// Clears the event: who waits from now on waits until it is set again.
    pub fn clear(&self) {
        self.change(true);
    }

    /// Whether the event is set.
    #[must_use]
    pub fn is_set(&self) -> bool {
        is_set(self.changes())
    }

    /// Waits until the event is set; not at all if it is.
    pub fn wait(&self) {
        self.wait_until(None);
    }

    /// Like [`wait`](Self::wait), but no longer than `limit`: whether the event was set.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let event = parcell::Event::new();
    /// assert!(!event.wait_timeout(Duration::from_millis(1)));
    /// event.set();
    /// assert!(event.wait_timeout(Duration::from_millis(1)));
    /// ```
    pub fn wait_timeout(&self, limit: Duration) -> bool {
        self.wait_until(deadline_after(limit))
    }

    fn wait_until(&self, deadline: Option<Instant>) -> bool {
        let begun = self.changes();
        let was_set = || is_set(begun) || self.changes() != begun;
        self.placed
            .bell
            .wait_until(deadline, |_| was_set().then_some(()))
            .is_some()
    }

    /// One change, if the event is as it should be before; whether it was.
    fn change(&self, from_set: bool) -> bool {
        self.placed
            .changes
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |changes| {
                (is_set(changes) == from_set).then(|| changes.wrapping_add(1))
            })
            .is_ok()
    }

    fn changes(&self) -> u32 {
        self.placed.changes.load(Ordering::SeqCst)
    }
}

impl Default for Event {
    fn default() -> Self {
        Self::new()
    }
}

fn is_set(changes: u32) -> bool {
    changes % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn setting_and_clearing_twice_is_as_once() {
        let event = Event::default();
        event.clear();
        assert!(!event.is_set());
        event.set();
        event.set();
        assert!(event.is_set() && event.wait_timeout(Duration::ZERO));
        event.clear();
        event.clear();
        assert!(!event.is_set() && !event.wait_timeout(Duration::ZERO));
    }
}

//! Who waits at a condition, in shared memory, and who has been notified.
//!
//! All changes are made by the thread that holds the condition's lock, each by one store, so that a process that is
//! killed at any instruction leaves nothing half done:
//!
//! - Storing the process into a place that is empty makes it a waiter's, storing 0 makes it empty.
//! - Storing 1 as `notified` notifies the waiter. Its place is its own until it lets go of the lock or waits again: that
//!   is when the notification has served its purpose.
//! - A notification of a process that died before that goes to another waiter, of those that waited when it was made:
//!   by storing another process into the place.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use crate::handles::living::Living;
use crate::sys::bell::{Bell, Occasion};
use crate::sys::identity::ProcessIdentity;
use crate::sys::mutex::Held;
use crate::sys::placed::place;

/// How many can wait at once.
const PLACES: usize = 4096;

/// The waiters of one condition.
#[repr(C)]
pub(super) struct Waiters {
    /// How often somebody has begun to wait.
    tickets: AtomicU64,
    /// How many places have been taken so far: those at the beginning.
    used: AtomicU32,
    places: [Waiter; PLACES],
}

place!(Waiters { tickets, used, places });

/// A place for a waiter.
#[repr(C)]
struct Waiter {
    /// The process, or 0 where the place is empty.
    process: AtomicU64,
    /// When it began to wait.
    ticket: AtomicU64,
    notified: AtomicU32,
    /// Where it is notified: those with lower tickets waited then.
    heirs: AtomicU64,
    bell: Bell,
}

place!(Waiter {
    process,
    ticket,
    notified,
    heirs,
    bell
});

impl Waiters {
    /// A place for the calling thread; `None` where all are taken.
    pub(super) fn arrive(&self, held: &Held<'_>) -> Option<usize> {
        let place = self.empty_place(held)?;
        let ticket = self.tickets.fetch_add(1, Ordering::SeqCst);
        let waiter = &self.places[place];
        waiter.notified.store(0, Ordering::SeqCst);
        waiter.ticket.store(ticket, Ordering::SeqCst);
        waiter
            .process
            .store(ProcessIdentity::current().word(), Ordering::SeqCst);
        Some(place)
    }

    /// Makes the place empty.
    pub(super) fn leave(&self, _held: &Held<'_>, place: usize) {
        self.places[place].process.store(0, Ordering::SeqCst);
    }

    /// Notifies `count` of the waiters that live, those that have waited for longest.
    pub(super) fn notify(&self, _held: &Held<'_>, count: usize) {
        let mut waiting: Vec<_> = self.used_places().iter().filter(|waiter| waiter.waits()).collect();
        // Where all are notified, it does not matter who lives.
        let chooses = waiting.len() > count;
        if chooses {
            waiting.sort_unstable_by_key(|waiter| waiter.ticket.load(Ordering::SeqCst));
        }
        let heirs = self.tickets.load(Ordering::SeqCst);
        let mut living = Living::default();
        let mut left = count;
        for waiter in waiting {
            if left == 0 {
                return;
            }
            if chooses && !living.has(waiter.process()) {
                waiter.process.store(0, Ordering::SeqCst);
                continue;
            }
            waiter.heirs.store(heirs, Ordering::SeqCst);
            waiter.notified.store(1, Ordering::SeqCst);
            waiter.bell.ring(1);
            left -= 1;
        }
    }

    /// Without the lock: waits until there may be a notification for the waiter in this place, or until `deadline`.
    pub(super) fn sleep(&self, place: usize, deadline: Option<Instant>) {
        let waiter = &self.places[place];
        // Whether it has come or the time is over, the caller takes the lock and looks.
        let _ = waiter.bell.wait_until(deadline, |occasion| {
            let may_inherit = || occasion == Occasion::Silence && self.inheritance(place).is_some();
            (waiter.is_notified() || may_inherit()).then_some(())
        });
    }

    /// The place that the caller, who waits at `place`, has from now on, if there is a notification for it: its own, or
    /// that of a process that has died.
    pub(super) fn take_notice(&self, held: &Held<'_>, place: usize) -> Option<usize> {
        if self.places[place].is_notified() {
            return Some(place);
        }
        let inherited = self.inheritance(place)?;
        let own = ProcessIdentity::current();
        self.places[inherited].process.store(own.word(), Ordering::SeqCst);
        self.leave(held, place);
        Some(inherited)
    }

    /// A notification whose waiter has died before it let go of the lock, for the one who waits at `place`.
    fn inheritance(&self, place: usize) -> Option<usize> {
        let ticket = self.places[place].ticket.load(Ordering::SeqCst);
        let mut living = Living::default();
        self.used_places().iter().position(|other| {
            let process = other.process();
            process != 0 && other.is_notified() && ticket < other.heirs.load(Ordering::SeqCst) && !living.has(process)
        })
    }

    fn empty_place(&self, held: &Held<'_>) -> Option<usize> {
        let is_empty = |waiter: &Waiter| waiter.process() == 0;
        if let Some(place) = self.used_places().iter().position(is_empty) {
            return Some(place);
        }
        let used = self.used_places().len();
        // Now and then, so that those who were killed do not fill the table, and not each time that it grows.
        if (used.is_power_of_two() || used == PLACES) && self.remove_dead(held) {
            return self.used_places().iter().position(is_empty);
        }
        if used == PLACES {
            return None;
        }
        self.used.store(used as u32 + 1, Ordering::SeqCst);
        Some(used)
    }

    /// Makes the places of processes that have died empty, but for notifications that are somebody's to inherit; whether
    /// there were any.
    fn remove_dead(&self, _held: &Held<'_>) -> bool {
        let mut living = Living::default();
        let is_dead = |waiter: &&Waiter| waiter.process() != 0 && !living.has(waiter.process());
        let dead: Vec<_> = self.used_places().iter().filter(is_dead).collect();
        let (notified, waiting): (Vec<_>, Vec<_>) = dead.into_iter().partition(|waiter| waiter.is_notified());
        let mut removed = !waiting.is_empty();
        for waiter in waiting {
            waiter.process.store(0, Ordering::SeqCst);
        }
        for waiter in notified {
            let heirs = waiter.heirs.load(Ordering::SeqCst);
            let is_heir = |other: &Waiter| other.waits() && other.ticket.load(Ordering::SeqCst) < heirs;
            if !self.used_places().iter().any(is_heir) {
                waiter.process.store(0, Ordering::SeqCst);
                removed = true;
            }
        }
        removed
    }

    fn used_places(&self) -> &[Waiter] {
        let used = self.used.load(Ordering::SeqCst) as usize;
        &self.places[..used.min(PLACES)]
    }
}

impl Waiter {
    fn process(&self) -> u64 {
        self.process.load(Ordering::SeqCst)
    }

    fn is_notified(&self) -> bool {
        self.notified.load(Ordering::SeqCst) != 0
    }

    /// Whether somebody is here who has not been notified.
    fn waits(&self) -> bool {
        self.process() != 0 && !self.is_notified()
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};
    use std::time::Duration;

    use super::*;
    use crate::sys::mutex::WithMutex;
    use crate::sys::placed::Placed;
    use crate::sys::region::Kind;

    type State = Placed<WithMutex<Waiters>>;

    fn state() -> State {
        Placed::create(Kind::named(b"test"), 0).unwrap()
    }

    /// Another process, to which places can be given.
    struct Other(Child);

    impl Other {
        fn start() -> Self {
            Self(Command::new("sleep").arg("60").spawn().unwrap())
        }

        fn has(&self, state: &State, place: usize) {
            let word = ProcessIdentity::of(self.0.id()).unwrap().word();
            state.value.places[place].process.store(word, Ordering::SeqCst);
        }

        fn dies(&mut self) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }

    impl Drop for Other {
        fn drop(&mut self) {
            self.dies();
        }
    }

    fn notified(state: &State) -> Vec<usize> {
        let places = state.value.used_places().iter().enumerate();
        places
            .filter(|(_, waiter)| waiter.is_notified())
            .map(|(place, _)| place)
            .collect()
    }

    #[test]
    fn those_who_have_waited_for_longest_are_notified_first() {
        let state = state();
        let held = state.mutex.lock();
        let places = [0, 1, 2].map(|_| state.value.arrive(&held).unwrap());
        // The first place is empty again and taken by somebody who comes later.
        state.value.leave(&held, places[0]);
        assert_eq!(state.value.arrive(&held), Some(places[0]));
        state.value.notify(&held, 2);
        assert_eq!(notified(&state), [places[1], places[2]]);
        state.value.notify(&held, 7);
        assert_eq!(notified(&state), places);
        assert_eq!(state.value.take_notice(&held, places[1]), Some(places[1]));
    }

    #[test]
    fn the_dead_are_passed_over() {
        let (state, mut other) = (state(), Other::start());
        let held = state.mutex.lock();
        let places = [0, 1, 2].map(|_| state.value.arrive(&held).unwrap());
        other.has(&state, places[0]);
        other.dies();
        state.value.notify(&held, 1);
        assert_eq!(notified(&state), [places[1]]);
        assert_eq!(state.value.take_notice(&held, places[2]), None);
    }

    #[test]
    fn a_notification_of_one_who_died_goes_to_one_who_waited_then() {
        let (state, mut other) = (state(), Other::start());
        let held = state.mutex.lock();
        let places = [0, 1].map(|_| state.value.arrive(&held).unwrap());
        other.has(&state, places[0]);
        state.value.notify(&held, 1);
        let late = state.value.arrive(&held).unwrap();
        assert_eq!(state.value.take_notice(&held, places[1]), None);
        other.dies();
        assert_eq!(state.value.take_notice(&held, late), None);
        drop(held);
        // It is found without the lock, and without a ring.
        state.value.sleep(places[1], None);
        let held = state.mutex.lock();
        assert_eq!(state.value.take_notice(&held, places[1]), Some(places[0]));
        assert_eq!(state.value.places[places[1]].process(), 0);
        assert_eq!(state.value.take_notice(&held, late), None);
    }

    #[test]
    fn the_places_of_the_dead_are_taken_again_but_not_what_somebody_inherits() {
        let (state, mut other) = (state(), Other::start());
        let held = state.mutex.lock();
        let places = [0, 1, 2, 3].map(|_| state.value.arrive(&held).unwrap());
        other.has(&state, places[0]);
        other.has(&state, places[1]);
        state.value.notify(&held, 1);
        other.dies();
        assert_eq!(state.value.arrive(&held), Some(places[1]));
        // The table grows, since the notification at the first place belongs to those who waited then.
        assert_eq!(state.value.arrive(&held), Some(4));
        assert_eq!(notified(&state), [places[0]]);
        state.value.leave(&held, places[2]);
        state.value.leave(&held, places[3]);
        assert!(state.value.remove_dead(&held));
        assert_eq!(state.value.arrive(&held), Some(places[0]));
    }

    #[test]
    fn a_full_table_has_no_place() {
        let state = state();
        let held = state.mutex.lock();
        assert!((0..PLACES).all(|_| state.value.arrive(&held).is_some()));
        assert_eq!(state.value.arrive(&held), None);
        state.value.leave(&held, 7);
        assert_eq!(state.value.arrive(&held), Some(7));
    }

    #[test]
    fn a_sleep_ends_when_the_time_is_over() {
        let state = state();
        let held = state.mutex.lock();
        let place = state.value.arrive(&held).unwrap();
        drop(held);
        state
            .value
            .sleep(place, Some(Instant::now() + Duration::from_millis(1)));
    }
}

//! State in shared memory that processes change one at a time and wait for: a lock, the state, and bells.
//!
//! The state is kept twice. A change is made to a copy, the copy is written over the half that nobody reads, and one
//! store makes that half the current one. A process that dies at any instruction before that store has changed
//! nothing, one that dies after it has changed everything, and the lock passes on to the next (see
//! [`mutex`](super::mutex)). So there is nothing to repair.
//!
//! Who waits sleeps at a [bell](super::bell), and never for long.

use std::cell::UnsafeCell;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Instant;

pub(crate) use super::bell::Occasion;
use super::bell::{Bell, LONGEST_SLEEP};
use super::duty;
use super::mutex::{Held, Relock, RobustMutex};
use super::placed::Place;

/// State of type `S`, shared by processes, with `BELLS` reasons to wait.
#[repr(C)]
pub(crate) struct Monitor<S, const BELLS: usize = 1> {
    mutex: RobustMutex,
    current: AtomicU32,
    bells: [Bell; BELLS],
    states: [UnsafeCell<S>; 2],
}

// SAFETY: the states are accessed with the mutex held, everything else is atomic. `S` is plain data, in which nothing is
// an address and every byte that another process wrote is valid.
unsafe impl<S: bytemuck::Pod, const BELLS: usize> Place for Monitor<S, BELLS> {
    unsafe fn init(place: *mut Self) {
        // SAFETY: the place is the caller's promise. All that is not the mutex begins as zero, which the place is.
        unsafe { RobustMutex::init(&raw mut (*place).mutex, Relock::Panics) };
    }
}

// SAFETY: as above.
unsafe impl<S: Send, const BELLS: usize> Sync for Monitor<S, BELLS> {}

/// The state while the caller has it to itself.
pub(crate) struct Visit<'a, S, const BELLS: usize> {
    /// A copy, which takes the state's place if the visit is a success.
    pub(crate) state: &'a mut S,
    pub(crate) occasion: Occasion,
    rings: &'a mut [u32; BELLS],
    after: &'a mut Option<Box<dyn FnOnce()>>,
}

impl<S, const BELLS: usize> Visit<'_, S, BELLS> {
    /// Wakes up to `count` of those who wait at a bell, once the change is made.
    pub(crate) fn ring(&mut self, bell: usize, count: u32) {
        self.rings[bell] = self.rings[bell].max(count);
    }

    /// Does something when the change is made, before anybody else can make one.
    pub(crate) fn afterwards(&mut self, action: impl FnOnce() + 'static) {
        *self.after = Some(Box::new(action));
    }
}

impl<S: bytemuck::Pod, const BELLS: usize> Monitor<S, BELLS> {
    /// Looks at a copy of the state, or changes the state.
    pub(crate) fn visit<R>(&self, act: impl FnOnce(&mut Visit<'_, S, BELLS>) -> R) -> R {
        let held = self.lock();
        let (result, rings) = self.attempt(&held, Occasion::Arrival, |visit| Some(act(visit)));
        drop(held);
        self.ring(rings);
        result.unwrap_or_else(|| unreachable!("the attempt was a success"))
    }

    /// Looks at the state until `attempt` is a success, each time that `bell` rings and each time that nothing happens
    /// for a while. What an attempt that returns `None` does to the state is forgotten. `None` when `deadline` has
    /// passed.
    pub(crate) fn wait_until<R>(
        &self,
        bell: usize,
        deadline: Option<Instant>,
        mut attempt: impl FnMut(&mut Visit<'_, S, BELLS>) -> Option<R>,
    ) -> Option<R> {
        let mut occasion = Occasion::Arrival;
        loop {
            let held = self.lock();
            let (result, rings) = self.attempt(&held, occasion, &mut attempt);
            let rung = self.bells[bell].rung();
            if result.is_none() {
                self.bells[bell].begin_sleep();
            }
            drop(held);
            if result.is_some() {
                self.ring(rings);
                return result;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let limit = left.map_or(LONGEST_SLEEP, |left| left.min(LONGEST_SLEEP));
            let woken = occasion != Occasion::Limit && self.bells[bell].sleep(rung, limit, occasion);
            self.bells[bell].end_sleep();
            if occasion == Occasion::Limit {
                return None;
            }
            occasion = match deadline {
                Some(deadline) if Instant::now() >= deadline => Occasion::Limit,
                _ if woken => Occasion::Ring,
                _ => Occasion::Silence,
            };
            if occasion == Occasion::Silence {
                duty::attend();
            }
        }
    }

    /// How often a bell has rung, for [`sleep`](Self::sleep).
    pub(crate) fn rings(&self, bell: usize) -> u32 {
        self.bells[bell].rung()
    }

    /// Waits until a bell has rung more than `rings` times, for a while, and no longer than `deadline`; whether it has.
    /// For those who look at the state by other means.
    pub(crate) fn sleep(&self, bell: usize, rings: u32, deadline: Option<Instant>, before: Occasion) -> bool {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        let limit = left.map_or(LONGEST_SLEEP, |left| left.min(LONGEST_SLEEP));
        self.bells[bell].doze(rings, limit, before)
    }

    fn lock(&self) -> Held<'_> {
        self.mutex.lock()
    }

    /// Runs `act` on a copy of the state, and makes the copy the state if it returns something.
    fn attempt<R>(
        &self,
        _held: &Held<'_>,
        occasion: Occasion,
        act: impl FnOnce(&mut Visit<'_, S, BELLS>) -> Option<R>,
    ) -> (Option<R>, [u32; BELLS]) {
        let current = self.current.load(Ordering::Relaxed) as usize & 1;
        // SAFETY: with the mutex held nobody writes the states.
        let mut state = unsafe { *self.states[current].get() };
        let (mut rings, mut after) = ([0; BELLS], None);
        let result = act(&mut Visit {
            state: &mut state,
            occasion,
            rings: &mut rings,
            after: &mut after,
        });
        if result.is_some() {
            let other = 1 - current;
            // SAFETY: with the mutex held nobody else accesses the half that is not current.
            unsafe { *self.states[other].get() = state };
            self.current.store(other as u32, Ordering::Release);
            // In here, so that who looks at the state before it sleeps has either seen the change or hears the bell.
            for (bell, &count) in self.bells.iter().zip(&rings) {
                if count > 0 {
                    bell.count_ring();
                }
            }
            if let Some(after) = after {
                after();
            }
        }
        (result, rings)
    }

    fn ring(&self, rings: [u32; BELLS]) {
        for (bell, count) in self.bells.iter().zip(rings) {
            if count > 0 {
                bell.wake(count);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::time::Duration;

    use super::*;
    use crate::sys::placed::Placed;
    use crate::sys::region::Kind;

    const TEST: Kind = Kind::named(b"monitor");

    fn monitor() -> Placed<Monitor<[u64; 2], 1>> {
        Placed::create(TEST, 0).unwrap()
    }

    #[test]
    fn a_change_is_seen_by_the_next_visit() {
        let monitor = monitor();
        monitor.visit(|visit| visit.state[0] += 5);
        assert_eq!(monitor.visit(|visit| *visit.state), [5, 0]);
    }

    #[test]
    fn an_attempt_in_vain_changes_nothing() {
        let monitor = monitor();
        let soon = Some(Instant::now() + Duration::from_millis(2));
        let mut occasions = Vec::new();
        let result = monitor.wait_until(0, soon, |visit| {
            visit.state[1] = 7;
            occasions.push(visit.occasion);
            None::<()>
        });
        assert_eq!(result, None);
        assert_eq!(monitor.visit(|visit| *visit.state), [0, 0]);
        assert_eq!(
            (occasions[0], occasions.last()),
            (Occasion::Arrival, Some(&Occasion::Limit))
        );
    }

    #[test]
    fn a_visit_that_panics_changes_nothing() {
        let monitor = monitor();
        let call = || {
            monitor.visit(|visit| {
                visit.state[0] = 7;
                panic!("half way");
            })
        };
        assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
        assert_eq!(monitor.visit(|visit| *visit.state), [0, 0]);
    }

    #[test]
    fn who_waits_is_woken() {
        let monitor = monitor();
        std::thread::scope(|scope| {
            let waiter =
                scope.spawn(|| monitor.wait_until(0, None, |visit| (visit.state[0] == 3).then_some(visit.occasion)));
            for _ in 0..3 {
                monitor.visit(|visit| {
                    visit.state[0] += 1;
                    visit.ring(0, u32::MAX);
                });
            }
            assert!(waiter.join().unwrap().is_some());
        });
    }

    #[test]
    fn what_comes_afterwards_comes_after_the_change() {
        let monitor = monitor();
        let (sender, receiver) = std::sync::mpsc::channel();
        monitor.visit(|visit| visit.afterwards(move || sender.send(()).unwrap()));
        assert!(receiver.try_recv().is_ok());
    }
}

//! Waiting for what another process does: bells in shared memory.
//!
//! Who waits sleeps on a futex that counts rings, and never for long: a process that was woken and killed before it
//! acted would otherwise have taken the wake-up with it, and one that was killed between a change and the ring would
//! have kept it. A pthread condition variable would hang then.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use rustix::fs::Timespec;
use rustix::thread::{futex, sched_yield};

use super::duty;
use super::placed::place;

/// How long a sleep lasts at most before what is waited for is looked at again, for those that count their sleeps
/// themselves.
pub(crate) const LONGEST_SLEEP: Duration = Duration::from_millis(20);
/// How long the first sleep of a wait lasts at most. Each that ends in silence is followed by one twice as long, so that
/// what somebody has left undone is found soon by those who have just come, and costs little those who wait for long.
const FIRST_SLEEP: Duration = Duration::from_millis(1);
/// How long later sleeps last at most.
const LAST_SLEEP: Duration = Duration::from_millis(160);
/// How many times the bell is looked at before sleeping, where another core could ring it.
const SPINS: u32 = 300;
/// For how long the core is left to others then, again and again, before sleeping: longer than it takes to wake somebody on a
/// core that has gone to sleep itself, which is 60 µs where that is a virtual one. Otherwise two that wait for each other in
/// turn would both sleep each time, once they have begun to.
const YIELDING: Duration = Duration::from_micros(100);
/// When a core was left to somebody who has kept it for longer than this, it has better use.
const KEPT: Duration = Duration::from_micros(50);
/// So many waits do without it then: who is woken gets a busy core sooner than who has left it.
const WITHOUT: u32 = 256;

/// Why what is waited for is being looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// The caller has just come.
    Arrival,
    /// The bell rang.
    Ring,
    /// Nothing has happened for a while: time to ask whether those still live who could make it happen.
    Silence,
    /// The limit has passed: the last look.
    Limit,
}

/// What is waited at.
#[repr(C)]
#[derive(Debug, Default)]
pub(crate) struct Bell {
    /// How often it has rung: the futex.
    rung: AtomicU32,
    /// How many wait, or more: those that were killed are counted for ever.
    waiting: AtomicU32,
}

place!(Bell { rung, waiting });

impl Bell {
    /// Wakes up to `count` of those who wait. Called after the change that they wait for.
    pub(crate) fn ring(&self, count: u32) {
        self.count_ring();
        self.wake(count);
    }

    /// Looks until `attempt` is a success: at once, each time that the bell rings, and each time that nothing happens
    /// for a while. `None` when `deadline` has passed.
    pub(crate) fn wait_until<R>(
        &self,
        deadline: Option<Instant>,
        mut attempt: impl FnMut(Occasion) -> Option<R>,
    ) -> Option<R> {
        let mut occasion = Occasion::Arrival;
        let mut longest = FIRST_SLEEP;
        loop {
            // Before the attempt, so that no ring after it is missed.
            let rung = self.rung();
            if let Some(result) = attempt(occasion) {
                return Some(result);
            }
            if occasion == Occasion::Limit {
                return None;
            }
            let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
            let limit = left.map_or(longest, |left| left.min(longest));
            let woken = self.doze(rung, limit, occasion);
            occasion = match deadline {
                Some(deadline) if Instant::now() >= deadline => Occasion::Limit,
                _ if woken => Occasion::Ring,
                _ => Occasion::Silence,
            };
            if occasion == Occasion::Silence {
                duty::attend();
            }
            longest = match occasion {
                Occasion::Silence => (longest * 2).min(LAST_SLEEP),
                _ => FIRST_SLEEP,
            };
        }
    }

    /// How often it has rung.
    pub(crate) fn rung(&self) -> u32 {
        self.rung.load(Ordering::SeqCst)
    }

    /// The part of a ring that those see who are about to sleep.
    pub(crate) fn count_ring(&self) {
        self.rung.fetch_add(1, Ordering::SeqCst);
    }

    /// The part of a ring that wakes those who sleep.
    pub(crate) fn wake(&self, count: u32) {
        if self.waiting.load(Ordering::SeqCst) > 0 {
            // The system reads the number as a signed one, and wakes one where it is negative.
            let count = count.min(i32::MAX.cast_unsigned());
            // It has no way to fail that matters: those who sleep wake up by themselves.
            let _ = futex::wake(&self.rung, futex::Flags::empty(), count);
        }
    }

    /// One sleeper more. Who sleeps by [`sleep`](Self::sleep) is counted before.
    pub(crate) fn begin_sleep(&self) {
        self.waiting.fetch_add(1, Ordering::SeqCst);
    }

    /// One sleeper less.
    pub(crate) fn end_sleep(&self) {
        self.waiting.fetch_sub(1, Ordering::SeqCst);
    }

    /// Waits as [`sleep`](Self::sleep) does, counted as one sleeper.
    pub(crate) fn doze(&self, rung: u32, limit: Duration, before: Occasion) -> bool {
        self.begin_sleep();
        let woken = self.sleep(rung, limit, before);
        self.end_sleep();
        woken
    }

    /// Waits until it has rung since `rung`, or for `limit`; whether it has. What has been `before` says whether that is likely
    /// to be soon: after silence it is not.
    pub(crate) fn sleep(&self, rung: u32, limit: Duration, before: Occasion) -> bool {
        let has_rung = || self.rung() != rung;
        if before != Occasion::Silence && limit > Duration::ZERO && has_other_cores() {
            for _ in 0..SPINS {
                if has_rung() {
                    return true;
                }
                std::hint::spin_loop();
            }
            if yield_until(has_rung) {
                return true;
            }
        }
        let limit = Timespec {
            tv_sec: limit.as_secs().cast_signed(),
            tv_nsec: limit.subsec_nanos().into(),
        };
        // Whatever ends the wait, the caller looks again.
        let _ = futex::wait(&self.rung, futex::Flags::empty(), rung, Some(&limit));
        has_rung()
    }
}

/// Leaves the core to others for a while, until something has happened; whether it has.
fn yield_until(has_happened: impl Fn() -> bool) -> bool {
    static REST: AtomicU32 = AtomicU32::new(0);
    // Where several threads count at the same time, it is a few waits more or less.
    let rest = REST.load(Ordering::Relaxed);
    if rest > 0 {
        REST.store(rest - 1, Ordering::Relaxed);
        return false;
    }
    let mut before = Instant::now();
    let end = before + YIELDING;
    while before < end {
        sched_yield();
        if has_happened() {
            return true;
        }
        let now = Instant::now();
        if now - before > KEPT {
            REST.store(WITHOUT, Ordering::Relaxed);
            return false;
        }
        before = now;
    }
    false
}

/// Whether another process could ring while this one looks. Counting the cores takes longer than a short sleep, so it is
/// done once.
fn has_other_cores() -> bool {
    static CORES: AtomicU32 = AtomicU32::new(0);
    if CORES.load(Ordering::Relaxed) == 0 {
        let cores = u32::try_from(super::cpu::cpu_count()).unwrap_or(u32::MAX);
        CORES.store(cores, Ordering::Relaxed);
    }
    CORES.load(Ordering::Relaxed) > 1
}

/// The time at which a wait that begins now ends; a limit too long to be expressed is as good as none.
pub(crate) fn deadline_after(limit: Duration) -> Option<Instant> {
    Instant::now().checked_add(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_is_woken() {
        let (bell, done) = (Bell::default(), AtomicU32::new(0));
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| bell.wait_until(None, |_| (done.load(Ordering::Acquire) == 1).then_some(5)));
            done.store(1, Ordering::Release);
            bell.ring(1);
            assert_eq!(waiter.join().unwrap(), Some(5));
        });
        assert_eq!(bell.waiting.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_ring_is_heard_whatever_was_before() {
        for before in [Occasion::Arrival, Occasion::Ring, Occasion::Silence] {
            let bell = Bell::default();
            std::thread::scope(|scope| {
                let sleeper = scope.spawn(|| bell.doze(0, Duration::from_secs(60), before));
                bell.ring(1);
                assert!(sleeper.join().unwrap(), "{before:?}");
            });
            assert!(!bell.doze(1, Duration::from_millis(1), before), "it has rung no more");
        }
    }

    #[test]
    fn a_core_is_left_to_others_until_something_has_happened_but_not_for_long() {
        let looks = AtomicU32::new(0);
        let third = || looks.fetch_add(1, Ordering::Relaxed) == 2;
        // On a busy machine it may have given up after the first.
        let has_happened = yield_until(third);
        assert_eq!(has_happened, looks.load(Ordering::Relaxed) == 3);
        let begun = Instant::now();
        assert!(!yield_until(|| false));
        assert!(begun.elapsed() < Duration::from_secs(1));
    }

    #[test]
    fn a_ring_for_all_wakes_all() {
        let bell = Bell::default();
        let begun = Instant::now();
        let limit = Duration::from_secs(60);
        std::thread::scope(|scope| {
            let sleepers = [(); 4].map(|()| scope.spawn(|| bell.doze(0, limit, Occasion::Arrival)));
            while bell.waiting.load(Ordering::Relaxed) < 4 {
                std::thread::yield_now();
            }
            // For them to fall asleep; one that has not hears the ring all the same.
            std::thread::sleep(Duration::from_millis(20));
            bell.ring(u32::MAX);
            assert!(sleepers.into_iter().all(|sleeper| sleeper.join().unwrap()));
        });
        assert!(begun.elapsed() < limit / 2);
    }

    #[test]
    fn a_ring_that_never_came_is_made_up_for() {
        let (bell, done) = (Bell::default(), AtomicU32::new(0));
        std::thread::scope(|scope| {
            let waiter = scope.spawn(|| bell.wait_until(None, |_| (done.load(Ordering::Acquire) == 1).then_some(())));
            // Whoever was to ring has been killed.
            done.store(1, Ordering::Release);
            assert_eq!(waiter.join().unwrap(), Some(()));
        });
    }

    #[test]
    fn the_first_look_is_at_once_and_the_last_when_the_limit_has_passed() {
        let mut occasions = Vec::new();
        let soon = deadline_after(Duration::from_millis(50));
        let result = Bell::default().wait_until(soon, |occasion| {
            occasions.push(occasion);
            None::<()>
        });
        assert_eq!(result, None);
        assert_eq!(occasions[0], Occasion::Arrival);
        assert_eq!(occasions.last(), Some(&Occasion::Limit));
        assert!(
            occasions[1..occasions.len() - 1]
                .iter()
                .all(|occasion| *occasion == Occasion::Silence)
        );
    }

    #[test]
    fn no_limit_is_too_long() {
        assert_eq!(deadline_after(Duration::MAX), None);
    }
}

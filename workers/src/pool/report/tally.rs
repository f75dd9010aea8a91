//! What a worker of a profiled map counts, in the memory that it shares with its parent: its items, their time, and the
//! slowest of them. Each item is timed for that, which costs a look at the clock.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::sys::placed::place;
use crate::sys::shared::SharedSlice;

/// How many of the slowest items are kept.
pub(super) const SLOWEST: usize = 5;

/// What one worker has counted.
#[derive(Debug, Default)]
#[repr(C)]
pub(in crate::pool) struct SharedTally {
    items: AtomicU64,
    nanos: AtomicU64,
    /// The item, and one more than its nanoseconds; 0 for none.
    slowest: [[AtomicU64; 2]; SLOWEST],
}

place!(SharedTally { items, nanos, slowest });

/// The same as it was at one time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::pool) struct Tally {
    pub(super) items: u64,
    /// How long they took together.
    pub(super) nanos: u64,
    /// The slowest items with their nanoseconds, the slowest first.
    pub(super) slowest: Vec<(usize, u64)>,
}

/// How long single items took: all, or, where there are many, one of every few.
#[derive(Debug)]
pub(in crate::pool) struct Times {
    /// One more than the nanoseconds; 0 for an item that has not been done.
    nanos: SharedSlice<AtomicU64>,
    step: usize,
}

/// How many items have their time kept.
const KEPT: usize = 4096;

/// A worker's side of its tally.
#[derive(Debug)]
pub(in crate::pool) struct Tallier<'a> {
    shared: &'a SharedTally,
    times: &'a Times,
    tally: Tally,
}

impl SharedTally {
    /// For another worker.
    pub(in crate::pool) fn reset(&self) {
        self.items.store(0, Ordering::Relaxed);
        self.nanos.store(0, Ordering::Relaxed);
        for place in &self.slowest {
            place[1].store(0, Ordering::Relaxed);
        }
    }

    /// What has been counted; of a worker that was killed, perhaps without its last item.
    pub(in crate::pool) fn read(&self) -> Tally {
        let slow = |place: &[AtomicU64; 2]| {
            let [item, nanos] = place.each_ref().map(|word| word.load(Ordering::Relaxed));
            nanos.checked_sub(1).map(|nanos| (item as usize, nanos))
        };
        Tally {
            items: self.items.load(Ordering::Relaxed),
            nanos: self.nanos.load(Ordering::Relaxed),
            slowest: self.slowest.iter().filter_map(slow).collect(),
        }
    }
}

impl Tally {
    /// The worker has ended on an item, which `is_lost`, or is stopped on it.
    pub(in crate::pool) fn add_lost(&mut self, item: usize, nanos: u64, is_lost: bool) {
        self.nanos += nanos;
        if is_lost {
            self.add_slow(item, nanos);
        }
    }

    fn add(&mut self, item: usize, nanos: u64) -> bool {
        self.items += 1;
        self.nanos += nanos;
        self.add_slow(item, nanos)
    }

    /// Whether the item is among the slowest now.
    fn add_slow(&mut self, item: usize, nanos: u64) -> bool {
        let place = self.slowest.partition_point(|(_, slower)| *slower >= nanos);
        if place >= SLOWEST {
            return false;
        }
        self.slowest.insert(place, (item, nanos));
        self.slowest.truncate(SLOWEST);
        true
    }
}

impl<'a> Tallier<'a> {
    pub(in crate::pool) fn new(shared: &'a SharedTally, times: &'a Times) -> Self {
        let tally = Tally::default();
        Self { shared, times, tally }
    }

    /// The worker has run an item.
    pub(in crate::pool) fn add(&mut self, item: usize, nanos: u64, failed: bool) {
        let is_slow = self.tally.add(item, nanos);
        self.shared.items.store(self.tally.items, Ordering::Relaxed);
        self.shared.nanos.store(self.tally.nanos, Ordering::Relaxed);
        if is_slow {
            for (place, (item, nanos)) in self.shared.slowest.iter().zip(&self.tally.slowest) {
                place[0].store(*item as u64, Ordering::Relaxed);
                place[1].store(nanos + 1, Ordering::Relaxed);
            }
        }
        if !failed {
            self.times.set(item, nanos);
        }
    }
}

impl Times {
    /// For so many items; 0 where nobody knows how many.
    pub(in crate::pool) fn new(items: usize) -> std::io::Result<Self> {
        Ok(Self {
            nanos: SharedSlice::new(KEPT)?,
            step: items.div_ceil(KEPT).max(1),
        })
    }

    fn set(&self, item: usize, nanos: u64) {
        if item.is_multiple_of(self.step)
            && let Some(word) = self.nanos.get(item / self.step)
        {
            word.store(nanos + 1, Ordering::Relaxed);
        }
    }

    /// How long an item took, if that is known and it did not fail.
    pub(super) fn get(&self, item: usize) -> Option<u64> {
        let word = self.nanos.get(item / self.step)?;
        let nanos = word.load(Ordering::Relaxed).checked_sub(1)?;
        item.is_multiple_of(self.step).then_some(nanos)
    }

    /// The items whose time is known.
    pub(super) fn known(&self) -> Vec<usize> {
        let items = (0..KEPT).map(|index| index * self.step);
        items.filter(|item| self.get(*item).is_some()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slowest_are_kept_in_their_order() {
        let (shared, times) = (SharedTally::default(), Times::new(100).unwrap());
        let mut tallier = Tallier::new(&shared, &times);
        for (item, nanos) in [5, 30, 10, 0, 40, 20, 35].into_iter().enumerate() {
            tallier.add(item, nanos, item == 4);
        }
        let tally = shared.read();
        assert_eq!((tally.items, tally.nanos), (7, 140));
        assert_eq!(tally.slowest, [(4, 40), (6, 35), (1, 30), (5, 20), (2, 10)]);
        assert_eq!(times.known(), [0, 1, 2, 3, 5, 6]);
        assert_eq!((times.get(3), times.get(4)), (Some(0), None));
        let mut killed = tally;
        killed.add_lost(9, 50, true);
        killed.add_lost(10, 60, false);
        assert_eq!((killed.items, killed.nanos, killed.slowest[0]), (7, 250, (9, 50)));
        shared.reset();
        assert_eq!(shared.read(), Tally::default());
    }

    #[test]
    fn of_many_items_one_in_a_few_is_kept() {
        let times = Times::new(1_000_000).unwrap();
        for item in 0..1_000_000 {
            times.set(item, item as u64);
        }
        let known = times.known();
        assert!(known.len() > KEPT / 2 && known.len() <= KEPT, "{}", known.len());
        assert_eq!(known[1] - known[0], known[2] - known[1]);
        assert_eq!(times.get(known[7]), Some(known[7] as u64));
        assert_eq!(times.get(known[7] + 1), None);
    }
}

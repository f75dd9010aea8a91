//! The permits of a semaphore, in shared memory: who has each of them.
//!
//! A permit is a slot, which says in one word whether the permit is free or which process has it. So one store takes
//! or frees a permit, and a process that is killed at any instruction leaves nothing half done: either it has the
//! permit, and whoever needs one sees that its holder has died, or it has not. There is no count that could be wrong.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Instant;

use crate::handles::living::Living;
use crate::sys::bell::{Bell, Occasion};
use crate::sys::identity::ProcessIdentity;
use crate::sys::placed::place;

/// How many permits have a slot.
pub(crate) const SLOTS: usize = 4096;

/// In a slot: nobody has the permit. Otherwise it is the holder.
const FREE: u64 = 0;
/// In a slot: there is no permit.
const NONE: u64 = 1;

/// The permits.
#[repr(C)]
pub(crate) struct Permits {
    slots: [AtomicU64; SLOTS],
    /// How many of the slots are in use: those at the beginning.
    used: AtomicU32,
    /// Free permits without a slot.
    untracked: AtomicU64,
    /// Permits without a slot whose holders keep them for good.
    forgotten: AtomicU64,
    bell: Bell,
}

place!(Permits {
    slots,
    used,
    untracked,
    forgotten,
    bell
});

/// One permit, as its holder has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Taken {
    holder: ProcessIdentity,
    /// `None` for one without a slot.
    slot: Option<usize>,
}

impl Permits {
    /// Begins with this number of free permits. Called once, before anybody else knows of them.
    pub(crate) fn begin_with(&self, permits: usize) {
        let used = permits.min(SLOTS);
        self.untracked.store((permits - used) as u64, Ordering::SeqCst);
        self.used.store(used as u32, Ordering::SeqCst);
    }

    /// Waits for a permit until `deadline`.
    pub(crate) fn take(&self, deadline: Option<Instant>) -> Option<Taken> {
        self.bell.wait_until(deadline, |occasion| {
            let may_be_lost = matches!(occasion, Occasion::Silence | Occasion::Limit);
            self.take_free()
                .or_else(|| may_be_lost.then(|| self.take_from_the_dead()).flatten())
        })
    }

    /// A permit, if there is one.
    pub(crate) fn try_take(&self) -> Option<Taken> {
        self.take_free().or_else(|| self.take_from_the_dead())
    }

    /// Gives a permit back. A copy of it, in a process forked meanwhile, is nothing to give back.
    pub(crate) fn give_back(&self, taken: Taken) {
        if taken.holder != ProcessIdentity::current() {
            return;
        }
        match taken.slot {
            Some(slot) => self.let_go(slot, taken.holder, FREE),
            None => self.add_untracked(),
        }
        self.bell.ring(1);
    }

    /// Takes a permit out of the semaphore for good.
    pub(crate) fn forget(&self, taken: Taken) {
        if taken.holder != ProcessIdentity::current() {
            return;
        }
        match taken.slot {
            Some(slot) => self.let_go(slot, taken.holder, NONE),
            None => {
                self.forgotten.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    /// One free permit more.
    pub(crate) fn add(&self) {
        if !self.add_forgotten_slot() && !self.add_slot() {
            self.add_untracked();
        }
        self.bell.ring(1);
    }

    /// One free permit more, in the place of one that was forgotten; whether there was one.
    pub(crate) fn add_forgotten(&self) -> bool {
        let added = self.add_forgotten_slot() || self.add_forgotten_untracked();
        if added {
            self.bell.ring(1);
        }
        added
    }

    /// How many permits are free.
    pub(crate) fn available(&self) -> usize {
        let mut living = Living::default();
        let words = self.slots().iter().map(|slot| slot.load(Ordering::SeqCst));
        let in_slots = words.filter(|&word| word == FREE || is_dead(word, &mut living)).count();
        in_slots + self.untracked.load(Ordering::SeqCst) as usize
    }

    fn take_free(&self) -> Option<Taken> {
        let holder = ProcessIdentity::current();
        let is_taken = |slot: &AtomicU64| slot.load(Ordering::SeqCst) == FREE && replace(slot, FREE, holder.word());
        if let Some(slot) = self.slots().iter().position(is_taken) {
            return Some(Taken {
                holder,
                slot: Some(slot),
            });
        }
        decrement(&self.untracked).then_some(Taken { holder, slot: None })
    }

    /// The permit of a holder that has died. One store makes it the caller's.
    fn take_from_the_dead(&self) -> Option<Taken> {
        let holder = ProcessIdentity::current();
        let mut living = Living::default();
        let slot = self.slots().iter().position(|slot| {
            let word = slot.load(Ordering::SeqCst);
            is_dead(word, &mut living) && replace(slot, word, holder.word())
        })?;
        Some(Taken {
            holder,
            slot: Some(slot),
        })
    }

    fn let_go(&self, slot: usize, holder: ProcessIdentity, into: u64) {
        let had_it = replace(&self.slots[slot], holder.word(), into);
        debug_assert!(had_it, "the permit of a living process is its own");
    }

    fn add_forgotten_slot(&self) -> bool {
        self.slots()
            .iter()
            .any(|slot| slot.load(Ordering::SeqCst) == NONE && replace(slot, NONE, FREE))
    }

    /// A slot that was never in use is free as soon as it is.
    fn add_slot(&self) -> bool {
        self.used
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |used| {
                ((used as usize) < SLOTS).then(|| used + 1)
            })
            .is_ok()
    }

    fn add_untracked(&self) {
        self.untracked.fetch_add(1, Ordering::SeqCst);
    }

    fn add_forgotten_untracked(&self) -> bool {
        let was_forgotten = decrement(&self.forgotten);
        if was_forgotten {
            self.add_untracked();
        }
        was_forgotten
    }

    fn slots(&self) -> &[AtomicU64] {
        let used = self.used.load(Ordering::SeqCst) as usize;
        &self.slots[..used.min(SLOTS)]
    }
}

fn is_dead(word: u64, living: &mut Living) -> bool {
    word != FREE && word != NONE && !living.has(word)
}

fn replace(slot: &AtomicU64, from: u64, to: u64) -> bool {
    slot.compare_exchange(from, to, Ordering::SeqCst, Ordering::SeqCst)
        .is_ok()
}

/// Whether it was more than 0.
fn decrement(count: &AtomicU64) -> bool {
    count
        .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |count| count.checked_sub(1))
        .is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::placed::Placed;
    use crate::sys::region::Kind;

    fn permits(number: usize) -> Placed<Permits> {
        let permits: Placed<Permits> = Placed::create(Kind::named(b"test"), 0).unwrap();
        permits.begin_with(number);
        permits
    }

    #[test]
    fn there_are_as_many_as_there_should_be() {
        let permits = permits(2);
        let taken = [permits.try_take().unwrap(), permits.take(None).unwrap()];
        assert_eq!((permits.try_take(), permits.available()), (None, 0));
        permits.give_back(taken[0]);
        assert_eq!(permits.available(), 1);
        permits.add();
        assert_eq!(permits.available(), 2);
    }

    #[test]
    fn a_permit_that_is_forgotten_can_be_added_again_once() {
        let permits = permits(1);
        assert!(!permits.add_forgotten());
        permits.forget(permits.try_take().unwrap());
        assert_eq!(permits.available(), 0);
        assert!(permits.add_forgotten() && !permits.add_forgotten());
        assert_eq!((permits.available(), permits.used.load(Ordering::SeqCst)), (1, 1));
    }

    #[test]
    fn permits_beyond_the_table_count_as_well() {
        let permits = permits(SLOTS + 1);
        assert_eq!(permits.available(), SLOTS + 1);
        let taken: Vec<_> = std::iter::from_fn(|| permits.try_take()).collect();
        assert_eq!(taken.len(), SLOTS + 1);
        let last = *taken.last().unwrap();
        assert_eq!((last.slot, permits.available()), (None, 0));
        permits.forget(last);
        assert!(permits.add_forgotten() && !permits.add_forgotten());
        permits.give_back(permits.try_take().unwrap());
        permits.add();
        assert_eq!(permits.available(), 2);
    }

    #[test]
    fn a_copy_of_a_permit_in_another_process_is_not_given_back() {
        let permits = permits(1);
        let taken = permits.try_take().unwrap();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let holder = ProcessIdentity::of(child.id()).unwrap();
        permits.give_back(Taken { holder, ..taken });
        permits.forget(Taken { holder, ..taken });
        assert_eq!(permits.available(), 0);
        // The permit of a process that has died is free for whoever looks.
        permits.slots[0].store(holder.word(), Ordering::SeqCst);
        assert_eq!(permits.try_take(), None);
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(permits.available(), 1);
        assert_eq!(permits.take(None), Some(taken));
    }
}

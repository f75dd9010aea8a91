//! What a crew does for a stream, whose items come section by section, each for a new worker.

use std::ops::Range;

use super::Crew;
use crate::job::Job;

impl Crew {
    /// A slot that no worker has.
    pub(in crate::pool) fn free_slot(&self) -> Option<usize> {
        (0..self.settings.workers).find(|slot| self.members.iter().all(|member| member.slot != *slot))
    }

    /// Adds items, which come after all that there are.
    pub(in crate::pool) fn add_items(&mut self, items: Range<usize>) {
        self.ledger.add(items);
    }

    /// How many items have no outcome.
    pub(in crate::pool) fn left(&self) -> usize {
        self.ledger.left()
    }

    /// Forgets the sections of which all items have an outcome; where they began.
    pub(in crate::pool) fn take_settled_sections(&mut self) -> Vec<usize> {
        self.ledger.take_settled_sections()
    }

    /// Items for which no worker could be started.
    pub(in crate::pool) fn add_orphans(&mut self, items: Range<usize>) {
        self.orphans.push(items);
    }

    /// Starts a worker for the items whose own has died and could not be replaced, if there are any and a slot is free.
    pub(in crate::pool) fn adopt_orphans(&mut self, job: &mut Job<'_>) {
        if self.orphans.is_empty() {
            return;
        }
        let ranges = self.ledger.open_within(&std::mem::take(&mut self.orphans));
        let Some(slot) = self.free_slot().filter(|_| !ranges.is_empty()) else {
            self.orphans = ranges;
            return;
        };
        if self.start(slot, ranges.clone(), job).is_err() {
            self.orphans = ranges;
        }
    }
}

//! The memory that a map shares with its workers: the counter that hands out items, and for each worker what it is
//! on and the results it has not sent yet. What a dead worker leaves here says which item it died on, and which of
//! its items nobody ran.

use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::record::WORD;
use crate::sys::shared::{Shareable, SharedSlice};

/// The bytes of results that a worker gathers before it must send them.
pub(super) const BUFFER: usize = 64 * 1024;
const BUFFER_WORDS: usize = BUFFER / WORD;

/// What one map shares with its workers.
#[derive(Debug)]
pub(super) struct Board {
    /// One element: the first item that nobody has taken.
    next: SharedSlice<AtomicU64>,
    slots: SharedSlice<Slot>,
    items: usize,
}

/// What one worker writes; the parent reads it when the worker has ended.
#[derive(Debug)]
#[repr(C, align(128))]
pub(super) struct Slot {
    /// `item << 1 | running`: every item of the chunk before this one has its record written.
    position: AtomicU64,
    /// The end of the chunk.
    end: AtomicU64,
    /// The bytes of `buffer` that are complete records.
    committed: AtomicU64,
    buffer: [AtomicU64; BUFFER_WORDS],
}

// SAFETY: all fields are atomics or arrays of them, in a layout that both sides share.
unsafe impl Shareable for Slot {}

impl Board {
    pub(super) fn new(workers: usize, items: usize) -> std::io::Result<Self> {
        Ok(Self {
            next: SharedSlice::new(1)?,
            slots: SharedSlice::new(workers)?,
            items,
        })
    }

    pub(super) fn slot(&self, index: usize) -> &Slot {
        &self.slots[index]
    }

    /// How many items nobody has taken.
    pub(super) fn untaken(&self) -> usize {
        self.items.saturating_sub(self.next[0].load(Ordering::Relaxed) as usize)
    }

    /// Takes the next items, at most `count`; empty when all are taken.
    pub(super) fn take(&self, count: usize) -> Range<usize> {
        if self.untaken() == 0 {
            return self.items..self.items;
        }
        // Each worker can overshoot once, by at most the number of items: far from an overflow.
        let start = self.next[0].fetch_add(count as u64, Ordering::Relaxed) as usize;
        start.min(self.items)..start.saturating_add(count).min(self.items)
    }
}

impl Slot {
    /// Makes the slot ready for a new worker; the one before has been waited for.
    pub(super) fn reset(&self) {
        self.position.store(0, Ordering::Relaxed);
        self.end.store(0, Ordering::Relaxed);
        self.committed.store(0, Ordering::Release);
    }

    /// The worker begins a chunk.
    pub(super) fn begin_chunk(&self, chunk: &Range<usize>) {
        // In this order: a worker that dies in between leaves an empty range, not one that others' items are in.
        self.end.store(0, Ordering::Release);
        self.position.store((chunk.start as u64) << 1, Ordering::Release);
        self.end.store(chunk.end as u64, Ordering::Release);
    }

    /// The worker begins an item; those of the chunk before it are done.
    pub(super) fn begin_item(&self, item: usize) {
        self.position.store((item as u64) << 1 | 1, Ordering::Release);
    }

    /// The worker is done with an item, whose record is committed or sent.
    pub(super) fn end_item(&self, item: usize) {
        self.position.store((item as u64 + 1) << 1, Ordering::Release);
    }

    /// Adds complete records, whole words, after the first `at` bytes.
    pub(super) fn commit(&self, at: usize, records: &[u8]) {
        let words = &self.buffer[at / WORD..];
        for (word, bytes) in words.iter().zip(records.as_chunks::<WORD>().0) {
            word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
        }
        self.committed.store((at + records.len()) as u64, Ordering::Release);
    }

    /// The committed records have been sent.
    pub(super) fn clear(&self) {
        self.committed.store(0, Ordering::Release);
    }

    /// The item that the dead worker was running, if it was.
    pub(super) fn running(&self) -> Option<usize> {
        let position = self.position.load(Ordering::Acquire);
        (position & 1 == 1).then_some((position >> 1) as usize)
    }

    /// The items of the dead worker's chunk that it had not begun.
    pub(super) fn not_begun(&self) -> Range<usize> {
        let position = self.position.load(Ordering::Acquire);
        ((position >> 1) + (position & 1)) as usize..self.end.load(Ordering::Acquire) as usize
    }

    /// The records that the dead worker had committed and, as far as it knew, not sent.
    pub(super) fn leftovers(&self) -> Vec<u8> {
        let committed = self.committed.load(Ordering::Acquire) as usize;
        let words = &self.buffer[..committed.min(BUFFER) / WORD];
        words
            .iter()
            .flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes())
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_are_taken_once() {
        let board = Board::new(1, 10).unwrap();
        assert_eq!(board.take(4), 0..4);
        assert_eq!(board.untaken(), 6);
        assert_eq!(board.take(100), 4..10);
        assert!(board.take(1).is_empty());
        assert_eq!(board.untaken(), 0);
    }

    #[test]
    fn a_slot_tells_what_was_running_and_what_was_left() {
        let board = Board::new(2, 100).unwrap();
        let slot = board.slot(1);
        assert_eq!((slot.running(), slot.not_begun()), (None, 0..0));
        slot.begin_chunk(&(5..9));
        assert_eq!((slot.running(), slot.not_begun()), (None, 5..9));
        slot.begin_item(5);
        assert_eq!((slot.running(), slot.not_begun()), (Some(5), 6..9));
        slot.end_item(5);
        assert_eq!((slot.running(), slot.not_begun()), (None, 6..9));
        slot.reset();
        assert_eq!((slot.running(), slot.not_begun()), (None, 0..0));
    }

    #[test]
    fn leftovers_are_what_was_committed() {
        let board = Board::new(1, 1).unwrap();
        let slot = board.slot(0);
        slot.commit(0, &[1; 16]);
        slot.commit(16, &[2; 8]);
        assert_eq!(slot.leftovers(), [[1; 8], [1; 8], [2; 8]].concat());
        slot.clear();
        assert!(slot.leftovers().is_empty());
        slot.committed.store(u64::MAX, Ordering::Relaxed);
        assert_eq!(slot.leftovers().len(), BUFFER);
    }
}

//! The memory that a map shares with its workers: the counter that hands out items, and for each worker what it is
//! on and the results it has not sent yet. What a dead worker leaves here says which item it died on, and which of
//! its items nobody ran.

use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering, fence};

use crate::pool::report::{SharedTally, Trace};
use crate::record::{self, HEADER, WORD};
use crate::spawn::{Work, WorkView};
use crate::sys::placed::place;
use crate::sys::shared::SharedSlice;

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
    /// The bytes of `buffer` that are complete records; and, in the upper half, how many bytes of payload the open record
    /// behind them has. One word, so that whoever ends the worker finds both as they were at one time.
    committed: AtomicU64,
    /// How often `buffer` has begun anew.
    generation: AtomicU64,
    /// The user's item that it is on, which is the position's, or one of the block that the engine has as an item.
    inner: AtomicU64,
    /// Where items have a time limit: when it began this one, in nanoseconds of the monotonic clock, or 0, or
    /// [`CONDEMNED`].
    began: AtomicU64,
    /// Whether the pool's initializer has run.
    initialized: AtomicU64,
    /// How many items it is done with.
    done: AtomicU64,
    /// How many items it has run, and in how many nanoseconds; written when it ends.
    ran: AtomicU64,
    took: AtomicU64,
    /// See [`crate::sys::abort`].
    abort_reason: AtomicU64,
    trace: Trace,
    /// Where the map is profiled.
    tally: SharedTally,
    buffer: [AtomicU64; BUFFER_WORDS],
}

/// In the place of a time: the parent has found the item to be late, and will kill the worker.
const CONDEMNED: u64 = u64::MAX;

place!(Slot {
    position,
    end,
    committed,
    generation,
    inner,
    began,
    initialized,
    done,
    ran,
    took,
    abort_reason,
    trace,
    tally,
    buffer
});

/// One slot, for who wants to see what its worker is on.
#[derive(Debug)]
pub(super) struct SlotView {
    pub(super) board: Arc<Board>,
    pub(super) slot: usize,
}

impl WorkView for SlotView {
    fn work(&self) -> Work {
        self.board.slot(self.slot).work()
    }
}

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
        for word in [
            &self.inner,
            &self.began,
            &self.initialized,
            &self.done,
            &self.ran,
            &self.took,
            &self.abort_reason,
        ] {
            word.store(0, Ordering::Relaxed);
        }
        self.trace.reset();
        self.tally.reset();
        self.committed.store(0, Ordering::Release);
    }

    /// When the worker ran what.
    pub(super) fn trace(&self) -> &Trace {
        &self.trace
    }

    /// What the worker has counted.
    pub(super) fn tally(&self) -> &SharedTally {
        &self.tally
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
        self.inner.store(item as u64, Ordering::Relaxed);
        self.position.store((item as u64) << 1 | 1, Ordering::Release);
    }

    /// The worker is done with an item, whose record is committed or sent.
    pub(super) fn end_item(&self, item: usize) {
        self.position.store((item as u64 + 1) << 1, Ordering::Release);
        // Nobody else writes it.
        self.done
            .store(self.done.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// What it is on.
    pub(super) fn work(&self) -> Work {
        let is_on_something = self.running().is_some();
        Work {
            is_on_something,
            item: is_on_something.then(|| self.inner()),
            done: self.done.load(Ordering::Relaxed),
        }
    }

    /// The worker begins an item of the user's, within the one of [`begin_item`](Self::begin_item).
    pub(super) fn begin_inner(&self, item: usize) {
        self.inner.store(item as u64, Ordering::Relaxed);
    }

    /// The worker begins something that has a time limit, or, at 0, is done with all that has. If it was late, it waits
    /// here for its end: what the parent has found to be late never becomes a result, and nothing else dies with it.
    pub(super) fn mark_time(&self, now: u64) {
        if self.began.swap(now, Ordering::AcqRel) == CONDEMNED {
            self.began.store(CONDEMNED, Ordering::Release);
            loop {
                std::thread::park();
            }
        }
    }

    /// When the worker began what it is on, if that has a time limit.
    pub(super) fn began(&self) -> Option<u64> {
        let began = self.began.load(Ordering::Acquire);
        (began != 0 && began != CONDEMNED).then_some(began)
    }

    /// Finds what began at this time to be late; `false` if the worker has gone on meanwhile.
    pub(super) fn condemn(&self, began: u64) -> bool {
        let exchanged = self
            .began
            .compare_exchange(began, CONDEMNED, Ordering::AcqRel, Ordering::Relaxed);
        exchanged.is_ok()
    }

    /// The worker has run the pool's initializer.
    pub(super) fn set_initialized(&self) {
        self.initialized.store(1, Ordering::Release);
    }

    pub(super) fn is_initialized(&self) -> bool {
        self.initialized.load(Ordering::Acquire) == 1
    }

    /// The worker ends, and has run `items` in `nanos` nanoseconds.
    pub(super) fn sum_up(&self, items: usize, nanos: u64) {
        self.ran.store(items as u64, Ordering::Relaxed);
        self.took.store(nanos, Ordering::Release);
    }

    /// How many items the ended worker has run in how many nanoseconds, if it has said so.
    pub(super) fn summary(&self) -> Option<(u64, u64)> {
        let took = self.took.load(Ordering::Acquire);
        let ran = self.ran.load(Ordering::Relaxed);
        (ran > 0).then_some((ran, took))
    }

    /// Where the worker notes why it aborts.
    pub(super) fn abort_note(&self) -> &AtomicU64 {
        &self.abort_reason
    }

    /// What the worker has noted about its abort.
    pub(super) fn abort_word(&self) -> u64 {
        self.abort_reason.load(Ordering::Relaxed)
    }

    /// Adds complete records, whole words, after the first `at` bytes.
    pub(super) fn commit(&self, at: usize, records: &[u8]) {
        self.write(at, records);
        self.committed.store((at + records.len()) as u64, Ordering::Release);
    }

    /// Adds to the record that begins at `start`, behind all that are complete, what is between `written` and the end. The
    /// rest of it is there; the bytes are all records, and the last is not filled up to a whole word.
    pub(super) fn commit_open(&self, start: usize, written: usize, records: &[u8]) {
        let from = written / WORD * WORD;
        let (whole, rest) = records[from..].as_chunks::<WORD>();
        self.write(from, whole.as_flattened());
        if !rest.is_empty() {
            let mut last = [0; WORD];
            last[..rest.len()].copy_from_slice(rest);
            self.write(from + whole.len() * WORD, &last);
        }
        let payload = records.len() - start - HEADER;
        let both = (payload as u64) << u32::BITS | start as u64;
        self.committed.store(both, Ordering::Release);
    }

    /// Nothing more is added to the record that begins at `start`, of which all but its length is there; the bytes are all
    /// records.
    pub(super) fn close(&self, start: usize, records: &[u8]) {
        self.write(start, &records[start..start + HEADER]);
        self.committed.store(records.len() as u64, Ordering::Release);
    }

    fn write(&self, at: usize, records: &[u8]) {
        let words = &self.buffer[at / WORD..];
        for (word, bytes) in words.iter().zip(records.as_chunks::<WORD>().0) {
            word.store(u64::from_le_bytes(*bytes), Ordering::Relaxed);
        }
    }

    /// The committed records have been sent.
    pub(super) fn clear(&self) {
        self.committed.store(0, Ordering::Release);
        self.generation.fetch_add(1, Ordering::Relaxed);
        // Who reads anything of what is written from here on sees that this is another generation.
        fence(Ordering::Release);
    }

    /// The item that the dead worker was running, if it was.
    pub(super) fn running(&self) -> Option<usize> {
        let position = self.position.load(Ordering::Acquire);
        (position & 1 == 1).then_some((position >> 1) as usize)
    }

    /// The user's item that the worker is, or was, on.
    pub(super) fn inner(&self) -> usize {
        self.inner.load(Ordering::Acquire) as usize
    }

    /// The items of the dead worker's chunk that it had not begun.
    pub(super) fn not_begun(&self) -> Range<usize> {
        let position = self.position.load(Ordering::Acquire);
        ((position >> 1) + (position & 1)) as usize..self.end.load(Ordering::Acquire) as usize
    }

    /// The records that the living worker has committed and not sent, unless it is about to send them.
    pub(super) fn unsent(&self) -> Option<Vec<u8>> {
        let generation = self.generation.load(Ordering::Acquire);
        let records = self.leftovers();
        fence(Ordering::Acquire);
        let unchanged = generation == self.generation.load(Ordering::Relaxed);
        (unchanged && !records.is_empty()).then_some(records)
    }

    /// The records that the dead worker had committed and, as far as it knew, not sent.
    pub(super) fn leftovers(&self) -> Vec<u8> {
        let both = self.committed.load(Ordering::Acquire);
        let (committed, payload) = (both as u32 as usize, (both >> u32::BITS) as usize);
        let committed = committed.min(BUFFER);
        let end = match payload {
            0 => committed,
            _ => (committed + HEADER + payload).next_multiple_of(WORD).min(BUFFER),
        };
        let words = self.buffer[..end / WORD].iter();
        let mut records: Vec<u8> = words
            .flat_map(|word| word.load(Ordering::Relaxed).to_le_bytes())
            .collect();
        if payload > 0 {
            // Its own length may be another, as it was before or will be.
            record::set_length(committed, payload, &mut records);
        }
        records
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::fuzzing::for_all;
    use crate::pool::engine::ledger::Ledger;
    use crate::pool::report::{Span, Tallier, Times, Tracer};
    use crate::sys::counted::frugally;

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
        let board = Arc::new(Board::new(2, 100).unwrap());
        let slot = board.slot(1);
        assert_eq!((slot.running(), slot.not_begun()), (None, 0..0));
        slot.begin_chunk(&(5..9));
        assert_eq!((slot.running(), slot.not_begun()), (None, 5..9));
        slot.begin_item(5);
        assert_eq!((slot.running(), slot.not_begun()), (Some(5), 6..9));
        let view = SlotView {
            board: Arc::clone(&board),
            slot: 1,
        };
        assert_eq!((view.work().item, view.work().done), (Some(5), 0));
        slot.end_item(5);
        assert_eq!((view.work().item, view.work().done), (None, 1));
        assert_eq!((slot.running(), slot.not_begun()), (None, 6..9));
        slot.reset();
        assert_eq!((slot.running(), slot.not_begun()), (None, 0..0));
    }

    #[test]
    fn a_new_worker_has_neither_trace_nor_tally() {
        let (board, times) = (Board::new(1, 1).unwrap(), Times::new(1).unwrap());
        let slot = board.slot(0);
        Tallier::new(slot.tally(), &times).add(0, 5, false);
        Tracer::new(slot.trace()).add(Span {
            first: 0,
            items: 1,
            failed: 0,
            began: 1,
            ended: 6,
        });
        assert!(slot.tally().read() != Default::default() && !slot.trace().read().is_empty());
        slot.reset();
        assert_eq!(slot.tally().read(), Default::default());
        assert!(slot.trace().read().is_empty());
    }

    #[test]
    fn only_what_is_still_going_on_can_be_late() {
        let board = Board::new(1, 1).unwrap();
        let slot = board.slot(0);
        assert_eq!(slot.began(), None);
        slot.mark_time(5);
        slot.mark_time(9);
        assert!(!slot.condemn(5));
        assert_eq!(slot.began(), Some(9));
        assert!(slot.condemn(9));
        assert_eq!(slot.began(), None);
        slot.reset();
        slot.mark_time(0);
    }

    #[test]
    fn what_is_taken_from_a_living_worker_is_whole() {
        let board = Board::new(1, 1).unwrap();
        let slot = board.slot(0);
        let (rounds, mut seen) = (20_000_u64, 0_u64);
        std::thread::scope(|scope| {
            let worker = scope.spawn(|| {
                for round in 1..=rounds {
                    slot.commit(0, &round.to_le_bytes().repeat(4));
                    slot.clear();
                }
            });
            while !worker.is_finished() {
                let Some(records) = slot.unsent() else { continue };
                seen += 1;
                assert!(
                    records.as_chunks::<WORD>().0.windows(2).all(|pair| pair[0] == pair[1]),
                    "{records:?}"
                );
            }
        });
        // Both ran at the same time, however many times the one met the other.
        assert!(seen <= rounds);
        assert_eq!(slot.unsent(), None);
    }

    #[test]
    fn leftovers_are_what_was_committed() {
        let board = Board::new(1, 1).unwrap();
        let slot = board.slot(0);
        slot.commit(0, &[1; 16]);
        slot.commit(16, &[2; 8]);
        assert_eq!(slot.leftovers(), [[1; 8], [1; 8], [2; 8]].concat());
        assert_eq!(slot.unsent(), Some(slot.leftovers()));
        slot.clear();
        assert!(slot.leftovers().is_empty());
        assert_eq!(slot.unsent(), None);
        slot.committed.store(u64::MAX, Ordering::Relaxed);
        assert_eq!(slot.leftovers().len(), BUFFER);
    }

    #[test]
    fn a_record_grows_by_what_is_added_to_it() {
        let board = Board::new(1, 1).unwrap();
        let slot = board.slot(0);
        let mut records = Vec::new();
        record::begin(1, &mut records);
        record::finish(0, true, &mut records);
        slot.commit(0, &records);
        let start = records.len();
        record::begin(5, &mut records);
        let mut written = start;
        for results in 1..=20usize {
            // Three bytes each, so that they end within words.
            records.extend_from_slice(&[results as u8; 3]);
            slot.commit_open(start, written, &records);
            written = records.len();
            let leftovers = slot.leftovers();
            let (first, size) = record::first(&leftovers).unwrap();
            assert!(first.failed);
            let (open, rest) = record::first(&leftovers[size..]).unwrap();
            assert_eq!(
                (open.index, open.failed, open.payload),
                (5, false, &records[start + HEADER..])
            );
            assert_eq!(size + rest, leftovers.len());
        }
        record::finish(start, false, &mut records);
        slot.close(start, &records);
        assert_eq!(slot.leftovers(), records);
    }

    #[test]
    fn whatever_a_worker_with_damaged_memory_leaves_is_read_within_bounds() {
        const ITEMS: usize = 10;
        let limits = select(vec![
            u64::MAX,
            1 << 63,
            1 << 32,
            1 << 32 | 8,
            BUFFER as u64,
            BUFFER as u64 - 8,
        ]);
        let word = prop_oneof![any::<u64>(), 0..40_u64, limits];
        for_all(500, (vec(word.clone(), 9), vec(word, 0..40)), |(words, left)| {
            let board = Board::new(1, ITEMS).unwrap();
            let slot = board.slot(0);
            let places = [
                &slot.position,
                &slot.end,
                &slot.committed,
                &slot.generation,
                &slot.inner,
                &slot.began,
                &slot.initialized,
                &slot.ran,
                &slot.took,
            ];
            let places = places.into_iter().zip(words).chain(slot.buffer.iter().zip(left));
            places.for_each(|(place, word)| place.store(word, Ordering::Relaxed));
            frugally(BUFFER, || {
                let records = slot.leftovers();
                assert!(records.len() <= BUFFER);
                assert_eq!(slot.unsent().unwrap_or_default(), records);
                let mut rest = &records[..];
                while let Some((record, size)) = record::first(rest) {
                    assert!(record.payload.len() + HEADER <= size);
                    rest = &rest[size..];
                }
                let open = Ledger::new(ITEMS).open_within(&[slot.not_begun()]);
                assert!(open.iter().all(|range| range.start < range.end && range.end <= ITEMS));
                assert_eq!(slot.work().is_on_something, slot.running().is_some());
            });
        });
    }
}

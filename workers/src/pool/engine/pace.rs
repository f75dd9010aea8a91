//! How many items a worker takes at once, and how often it looks at the clock.
//!
//! Taking items one by one balances best and costs most. A worker therefore takes what should keep it busy for a
//! short while, judged by the items it has run, never more than a fraction of its share of what is left, so that all
//! workers end at about the same time.

use std::time::Duration;

use crate::sys::clock;

/// How long a chunk should keep a worker busy.
const CHUNK_TIME: Duration = Duration::from_micros(100);
/// How long results may wait in a worker while it goes on.
const SEND_AFTER: Duration = Duration::from_millis(1);
/// How many items may pass between two looks at the clock. A look costs about as much as a tiny item.
const MAX_STRIDE: usize = 64;
/// Guided self-scheduling: a chunk is at most this fraction of a worker's share of what is left.
const SHARE: usize = 8;

/// What a look at the clock has shown.
#[derive(Clone, Copy, Debug)]
pub(super) struct Look {
    /// When the first of the items since the last look began, in nanoseconds of the monotonic clock.
    pub(super) began: u64,
    pub(super) ended: u64,
    pub(super) items: usize,
    /// Whether it is time to send what waits.
    pub(super) is_time_to_send: bool,
}

/// What a worker has learnt about its items' duration.
#[derive(Debug)]
pub(super) struct Pace {
    fixed: Option<usize>,
    workers: usize,
    chunk: usize,
    nanos_per_item: u64,
    /// In nanoseconds of the monotonic clock.
    looked_at: u64,
    sent_at: u64,
    since_look: usize,
    stride: usize,
}

impl Pace {
    pub(super) fn new(fixed: Option<usize>, workers: usize) -> Self {
        let now = clock::now();
        let (chunk, stride) = (0, 1);
        Self {
            fixed,
            workers,
            chunk,
            nanos_per_item: 0,
            looked_at: now,
            sent_at: now,
            since_look: 0,
            stride,
        }
    }

    /// The size of the next chunk, when `untaken` items are left.
    pub(super) fn next_chunk(&mut self, untaken: usize) -> usize {
        if let Some(size) = self.fixed {
            return size;
        }
        let by_time = CHUNK_TIME.as_nanos() as u64 / self.nanos_per_item.max(1);
        let by_share = untaken / (SHARE * self.workers);
        // Growing in steps: the first items may be the fast ones.
        self.chunk = (self.chunk * 2).min(by_time as usize).min(by_share).max(1);
        self.chunk
    }

    /// An item is done. What the clock says, if it is time for a look, or `must_look`.
    pub(super) fn item_done(&mut self, must_look: bool) -> Option<Look> {
        self.since_look += 1;
        if self.since_look < self.stride && !must_look {
            return None;
        }
        let (began, ended, items) = (self.looked_at, clock::now(), self.since_look);
        let nanos = ended.saturating_sub(began);
        self.learn(nanos / items as u64);
        (self.looked_at, self.since_look) = (ended, 0);
        // After a long item sending costs nothing worth mentioning, and the next may be as long.
        let is_time_to_send =
            nanos >= clock::nanos(CHUNK_TIME) || ended.saturating_sub(self.sent_at) >= clock::nanos(SEND_AFTER);
        Some(Look {
            began,
            ended,
            items,
            is_time_to_send,
        })
    }

    /// The items since the last look, for a worker that ends.
    pub(super) fn last_look(&mut self) -> Option<Look> {
        (self.since_look > 0).then(|| {
            self.since_look -= 1;
            self.item_done(true)
        })?
    }

    /// What waited has been sent.
    pub(super) fn sent(&mut self) {
        // Sending can block; that time is not the items'.
        self.sent_at = clock::now();
        (self.looked_at, self.since_look) = (self.sent_at, 0);
    }

    /// What has passed since the last look was no item's.
    pub(super) fn skip(&mut self) {
        (self.looked_at, self.since_look) = (clock::now(), 0);
    }

    fn learn(&mut self, nanos: u64) {
        // A slow item counts at once, a fast one by halves: a chunk too large costs more than one too small.
        self.nanos_per_item = nanos.max(self.nanos_per_item.midpoint(nanos));
        let affordable = CHUNK_TIME.as_nanos() as u64 / nanos.max(1);
        self.stride = (affordable as usize).min(self.stride * 2).clamp(1, MAX_STRIDE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fixed_size_is_kept() {
        assert_eq!(Pace::new(Some(7), 2).next_chunk(1000), 7);
    }

    #[test]
    fn tiny_items_make_chunks_grow_up_to_a_fraction_of_the_share() {
        let mut pace = Pace::new(None, 2);
        assert_eq!(pace.next_chunk(1 << 20), 1);
        pace.learn(10);
        assert_eq!((pace.next_chunk(1 << 20), pace.next_chunk(1 << 20)), (2, 4));
        let largest = (0..40).map(|_| pace.next_chunk(1 << 20)).max().unwrap();
        assert_eq!(largest, 10_000);
        assert_eq!(pace.next_chunk(160), 10);
    }

    #[test]
    fn long_items_go_one_by_one() {
        let mut pace = Pace::new(None, 4);
        assert!((0..10).all(|_| pace.next_chunk(1 << 20) >= 1));
        pace.learn(5_000_000);
        assert_eq!(pace.next_chunk(1 << 20), 1);
        assert_eq!(pace.stride, 1);
    }
}

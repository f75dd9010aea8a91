//! How many items of a stream a worker is forked for, and how many are pulled ahead of what has been yielded.
//!
//! A worker sees only what exists when it is forked, so each gets a chunk of items and ends with it. Starting one takes
//! this process about as long as thousands of tiny items take, so a chunk should keep its worker busy for many times that;
//! one after the other is started here, so the more workers, the longer.

use super::crew::Costs;

/// How many times longer than its start a worker should be busy.
const WORTH: u64 = 20;
/// The largest chunk: items are held in memory from when they are pulled until they are yielded.
const MAX_CHUNK: usize = 1 << 14;
/// How many chunks for each worker may be under way or wait to be yielded.
const AHEAD: usize = 4;

/// What is known about a stream's items.
#[derive(Debug)]
pub(in crate::pool) struct StreamPace {
    fixed: Option<usize>,
    workers: usize,
    chunk: usize,
}

impl StreamPace {
    pub(in crate::pool) fn new(fixed: Option<usize>, workers: usize) -> Self {
        let chunk = fixed.unwrap_or(1);
        Self { fixed, workers, chunk }
    }

    /// The size of the next chunk.
    pub(in crate::pool) fn next_chunk(&mut self, costs: Costs) -> usize {
        if self.fixed.is_none() && costs.per_item > 0 {
            let worth = WORTH.max(2 * self.workers as u64).saturating_mul(costs.per_worker);
            let by_time = usize::try_from(worth / costs.per_item).unwrap_or(MAX_CHUNK);
            // Growing in steps: the first items may be the fast ones.
            self.chunk = by_time.min(self.chunk * 2).clamp(1, MAX_CHUNK);
        }
        self.chunk
    }

    /// How many items may have been pulled and not yet yielded.
    pub(in crate::pool) fn most_ahead(&self) -> usize {
        self.chunk.saturating_mul(AHEAD * self.workers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn costs(per_worker: u64, per_item: u64) -> Costs {
        Costs { per_worker, per_item }
    }

    #[test]
    fn a_fixed_size_is_kept() {
        let mut pace = StreamPace::new(Some(7), 2);
        assert_eq!(pace.next_chunk(costs(1, 1)), 7);
        assert_eq!(pace.most_ahead(), 56);
    }

    #[test]
    fn chunks_grow_to_be_worth_a_fork() {
        let mut pace = StreamPace::new(None, 2);
        assert_eq!(pace.next_chunk(costs(500_000, 0)), 1);
        let sizes: Vec<_> = (0..12).map(|_| pace.next_chunk(costs(500_000, 10_000))).collect();
        assert_eq!(sizes[..3], [2, 4, 8]);
        assert_eq!(sizes[11], 1000);
        assert_eq!(pace.next_chunk(costs(500_000, 1_000_000_000)), 1);
        assert!((0..40).all(|_| pace.next_chunk(costs(u64::MAX, 1)) <= MAX_CHUNK));
    }
}

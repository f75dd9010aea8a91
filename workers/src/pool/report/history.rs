//! What a map has done, as its caller knows it: each worker's life and what it ran when. The last one is kept.

use std::sync::{Arc, Mutex};

use super::tally::Tally;
use super::trace::{self, Span};
use crate::sys::clock;

/// The most spans that are kept; beyond that, neighbours are put together.
const MAX_SPANS: usize = 20_000;
/// The most workers that are kept one by one; later ones are only counted.
const MAX_LIVES: usize = 4_000;

static LAST: Mutex<Option<Arc<History>>> = Mutex::new(None);

/// What one map has done. Times are in nanoseconds of the monotonic clock.
#[derive(Debug)]
pub(in crate::pool) struct History {
    pub(in crate::pool) began: u64,
    pub(in crate::pool) ended: u64,
    /// How many items there were, as far as it was known.
    pub(in crate::pool) total: usize,
    pub(in crate::pool) done: usize,
    pub(in crate::pool) failed: usize,
    pub(in crate::pool) retried: usize,
    /// How many worked at a time.
    pub(in crate::pool) workers: usize,
    /// How many there were, with those that replaced others.
    pub(in crate::pool) started: usize,
    /// In the order in which they ended.
    pub(in crate::pool) lives: Vec<Life>,
    spans: usize,
    resolution: u64,
}

/// One worker, from its start to its end.
#[derive(Clone, Debug)]
pub(in crate::pool) struct Life {
    /// Its place among those that work at the same time.
    pub(in crate::pool) slot: usize,
    pub(in crate::pool) pid: u32,
    pub(in crate::pool) began: u64,
    pub(in crate::pool) ended: u64,
    pub(in crate::pool) spans: Vec<Span>,
    /// What it has counted, where the map is profiled.
    pub(in crate::pool) tally: Tally,
    pub(in crate::pool) end: End,
}

/// How a worker came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pool) enum End {
    /// It was done.
    Done,
    /// It ended with a failed item, which was tried again by the next.
    Retried,
    /// It died on its last item.
    Died,
    /// It was stopped with the map.
    Stopped,
}

impl History {
    pub(in crate::pool) fn new(workers: usize) -> Self {
        let began = clock::now();
        Self {
            began,
            ended: began,
            total: 0,
            done: 0,
            failed: 0,
            retried: 0,
            workers,
            started: 0,
            lives: Vec::new(),
            spans: 0,
            resolution: 1_000_000,
        }
    }

    /// A worker has ended.
    pub(in crate::pool) fn add(&mut self, life: Life) {
        self.started += 1;
        if self.lives.len() >= MAX_LIVES {
            return;
        }
        self.spans += life.spans.len();
        self.lives.push(life);
        if self.spans > MAX_SPANS {
            self.thin();
        }
    }

    /// Keeps it as the last map, unless another thread is about to do so.
    pub(in crate::pool) fn keep(mut self) -> Arc<Self> {
        self.ended = clock::now();
        let history = Arc::new(self);
        // Not `lock`: in a forked process nobody might be left to unlock it.
        if let Ok(mut last) = LAST.try_lock() {
            *last = Some(Arc::clone(&history));
        }
        history
    }

    /// The map that ended last.
    pub(super) fn last() -> Option<Arc<Self>> {
        LAST.try_lock().ok()?.clone()
    }

    fn thin(&mut self) {
        let each = MAX_SPANS / 2 / self.lives.len().max(1);
        for life in &mut self.lives {
            self.resolution = self
                .resolution
                .max(trace::thin(&mut life.spans, each.max(1), self.resolution));
        }
        self.spans = self.lives.iter().map(|life| life.spans.len()).sum();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_bounded_and_no_item_is_lost() {
        let mut history = History::new(2);
        let span = |item: usize| Span {
            first: item,
            items: 1,
            failed: 0,
            began: item as u64 * 10_000_000,
            ended: item as u64 * 10_000_000 + 9_000_000,
        };
        for life in 0..100 {
            history.add(Life {
                slot: life % 2,
                pid: 7,
                began: 0,
                ended: 1,
                spans: (life * 1000..(life + 1) * 1000).map(span).collect(),
                tally: Tally::default(),
                end: End::Done,
            });
            assert!(history.spans <= MAX_SPANS);
        }
        let items: u32 = history
            .lives
            .iter()
            .flat_map(|life| &life.spans)
            .map(|span| span.items)
            .sum();
        assert_eq!((items, history.started), (100_000, 100));
    }
}

//! What a worker writes down of the items it runs, in the memory that it shares with its parent: which, when, and
//! whether they failed. It is written when the worker looks at the clock anyway, which it does for every long item and
//! once for many short ones. The room is fixed: when it is full, neighbours are put together.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::sys::placed::place;

/// How many spans there is room for.
pub(super) const SPANS: usize = 1024;
/// Items that follow each other closely are one span up to this length, in nanoseconds.
const RESOLUTION: u64 = 100_000;
const WORDS: usize = 4;

/// Items that one worker ran one after the other, in nanoseconds of the monotonic clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::pool) struct Span {
    /// The first of them.
    pub(in crate::pool) first: usize,
    pub(in crate::pool) items: u32,
    pub(in crate::pool) failed: u32,
    pub(in crate::pool) began: u64,
    pub(in crate::pool) ended: u64,
}

/// The spans of one worker.
#[derive(Debug)]
#[repr(C)]
pub(in crate::pool) struct Trace {
    len: AtomicU64,
    words: [[AtomicU64; WORDS]; SPANS],
}

place!(Trace { len, words });

/// The worker's side of its trace.
#[derive(Debug)]
pub(in crate::pool) struct Tracer<'a> {
    trace: &'a Trace,
    spans: Vec<Span>,
    resolution: u64,
}

impl Span {
    /// The two as one, if it is no longer than `resolution`.
    fn with(&self, next: &Span, resolution: u64) -> Option<Span> {
        (next.ended.saturating_sub(self.began) <= resolution).then(|| Span {
            first: self.first,
            items: self.items.saturating_add(next.items),
            failed: self.failed.saturating_add(next.failed),
            began: self.began,
            ended: next.ended,
        })
    }

    /// How long it was.
    pub(in crate::pool) fn nanos(&self) -> u64 {
        self.ended.saturating_sub(self.began)
    }
}

/// Puts neighbours together until there are at most `most`; the length up to which they were.
pub(super) fn thin(spans: &mut Vec<Span>, most: usize, mut resolution: u64) -> u64 {
    while spans.len() > most {
        resolution = resolution.saturating_mul(2);
        let mut kept: Vec<Span> = Vec::with_capacity(spans.len());
        for span in spans.drain(..) {
            match kept
                .last_mut()
                .and_then(|last| last.with(&span, resolution).map(|both| (last, both)))
            {
                Some((last, both)) => *last = both,
                None => kept.push(span),
            }
        }
        *spans = kept;
    }
    resolution
}

impl Trace {
    /// For another worker.
    pub(in crate::pool) fn reset(&self) {
        self.len.store(0, Ordering::Release);
    }

    /// The spans in order. What a worker with damaged memory has left is left out.
    pub(in crate::pool) fn read(&self) -> Vec<Span> {
        let len = self.len.load(Ordering::Acquire).min(SPANS as u64) as usize;
        let mut spans: Vec<Span> = self.words[..len].iter().map(span).collect();
        let mut latest = 0;
        spans.retain(|span| {
            let fits = span.began >= latest && span.ended >= span.began;
            if fits {
                latest = span.ended;
            }
            fits
        });
        spans
    }

    fn write(&self, at: usize, span: &Span) {
        let words = [
            span.first as u64,
            u64::from(span.items) << 32 | u64::from(span.failed),
            span.began,
            span.ended,
        ];
        for (place, word) in self.words[at].iter().zip(words) {
            place.store(word, Ordering::Relaxed);
        }
    }
}

fn span(words: &[AtomicU64; WORDS]) -> Span {
    let [first, counts, began, ended] = words.each_ref().map(|word| word.load(Ordering::Relaxed));
    Span {
        first: first as usize,
        items: (counts >> 32) as u32,
        failed: counts as u32,
        began,
        ended,
    }
}

impl<'a> Tracer<'a> {
    pub(in crate::pool) fn new(trace: &'a Trace) -> Self {
        Self {
            trace,
            spans: Vec::new(),
            resolution: RESOLUTION,
        }
    }

    /// Adds what has been run last.
    pub(in crate::pool) fn add(&mut self, span: Span) {
        // A failure is worth a span of its own, as long as there is room.
        let last = self
            .spans
            .last_mut()
            .filter(|last| last.failed == 0 && span.failed == 0);
        if let Some(last) = last
            && let Some(both) = last.with(&span, self.resolution)
        {
            *last = both;
        } else {
            self.make_room();
            self.spans.push(span);
        }
        if let Some(last) = self.spans.last() {
            self.trace.write(self.spans.len() - 1, last);
            self.trace.len.store(self.spans.len() as u64, Ordering::Release);
        }
    }

    fn make_room(&mut self) {
        if self.spans.len() < SPANS {
            return;
        }
        // From the beginning, since all of it moves.
        self.trace.reset();
        self.resolution = thin(&mut self.spans, SPANS / 2, self.resolution);
        for (at, span) in self.spans.iter().enumerate() {
            self.trace.write(at, span);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Trace {
        fn empty() -> Self {
            let words = std::array::from_fn(|_| Default::default());
            Self {
                len: AtomicU64::new(0),
                words,
            }
        }
    }

    fn span(first: usize, began: u64, ended: u64) -> Span {
        Span {
            first,
            items: 1,
            failed: 0,
            began,
            ended,
        }
    }

    #[test]
    fn long_items_are_apart_and_short_ones_together() {
        let trace = Trace::empty();
        let mut tracer = Tracer::new(&trace);
        let long = span(0, 0, RESOLUTION);
        tracer.add(long);
        tracer.add(span(1, RESOLUTION, RESOLUTION + 10));
        tracer.add(span(2, RESOLUTION + 10, RESOLUTION + 20));
        let read = trace.read();
        assert_eq!(read[0], long);
        assert_eq!((read[1].first, read[1].items, read[1].nanos()), (1, 2, 20));
        trace.reset();
        assert!(trace.read().is_empty());
    }

    #[test]
    fn a_long_map_has_room_and_loses_no_item() {
        let trace = Trace::empty();
        let mut tracer = Tracer::new(&trace);
        let count = 10 * SPANS as u64;
        for item in 0..count {
            let began = item * 2 * RESOLUTION;
            tracer.add(Span {
                failed: u32::from(item % 100 == 0),
                ..span(item as usize, began, began + RESOLUTION)
            });
        }
        let read = trace.read();
        assert!(read.len() <= SPANS && read.len() > SPANS / 8, "{}", read.len());
        assert_eq!(read.iter().map(|span| u64::from(span.items)).sum::<u64>(), count);
        assert_eq!(
            read.iter().map(|span| u64::from(span.failed)).sum::<u64>(),
            count.div_ceil(100)
        );
    }

    #[test]
    fn damaged_spans_are_left_out() {
        let trace = Trace::empty();
        for (at, damaged) in [span(0, 5, 9), span(1, 3, 4), span(2, 12, 10), span(3, 9, 11)]
            .iter()
            .enumerate()
        {
            trace.write(at, damaged);
        }
        trace.len.store(4, Ordering::Release);
        let firsts: Vec<_> = trace.read().iter().map(|span| span.first).collect();
        assert_eq!(firsts, [0, 3]);
        trace.len.store(u64::MAX, Ordering::Release);
        assert!(trace.read().len() <= SPANS);
    }
}

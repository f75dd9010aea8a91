//! Which items of a map have an outcome.

use std::ops::Range;

/// Marks items as settled, each once.
#[derive(Debug)]
pub(super) struct Ledger {
    settled: Vec<bool>,
    left: usize,
}

impl Ledger {
    pub(super) fn new(items: usize) -> Self {
        Self {
            settled: vec![false; items],
            left: items,
        }
    }

    /// How many items have no outcome.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// Marks `item`; `false` if it was settled before, or does not exist.
    pub(super) fn settle(&mut self, item: usize) -> bool {
        match self.settled.get_mut(item) {
            Some(settled) if !*settled => {
                *settled = true;
                self.left -= 1;
                true
            }
            _ => false,
        }
    }

    /// All items without an outcome.
    pub(super) fn open(&self) -> Vec<Range<usize>> {
        self.open_within(std::slice::from_ref(&(0..self.settled.len())))
    }

    /// The items in `ranges` without an outcome, ascending, each once. What is out of bounds is left out.
    pub(super) fn open_within(&self, ranges: &[Range<usize>]) -> Vec<Range<usize>> {
        let mut sorted = ranges.to_vec();
        sorted.sort_unstable_by_key(|range| range.start);
        let mut open: Vec<Range<usize>> = Vec::new();
        // A dead worker's last chunk may be one of the ranges that it began with; `next` skips what was seen.
        let mut next = 0;
        for range in sorted {
            for item in range.start.max(next)..range.end.min(self.settled.len()) {
                next = item + 1;
                if self.settled[item] {
                    continue;
                }
                match open.last_mut() {
                    Some(last) if last.end == item => last.end += 1,
                    _ => open.push(item..item + 1),
                }
            }
        }
        open
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_is_settled_once() {
        let mut ledger = Ledger::new(3);
        assert!(ledger.settle(1));
        assert!(!ledger.settle(1));
        assert!(!ledger.settle(3));
        assert_eq!(ledger.left(), 2);
        assert_eq!(ledger.open(), [0..1, 2..3]);
    }

    #[test]
    fn open_items_are_listed_once_and_within_bounds() {
        let mut ledger = Ledger::new(10);
        ledger.settle(4);
        assert_eq!(ledger.open_within(&[2..6, 3..5, 9..20, 30..40]), [2..4, 5..6, 9..10]);
    }
}

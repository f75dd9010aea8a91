//! Which items have an outcome, and how often those were tried that have none.

use std::collections::HashMap;
use std::ops::Range;

/// Marks items as settled, each once. The items of a map are one section; those of a stream come section by section,
/// and go when they are settled.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    /// Ascending.
    sections: Vec<Section>,
    /// Where the latest item was found: the next one is there as well, most of the time.
    latest: usize,
    left: usize,
    added: usize,
    failed: usize,
    retried: usize,
    /// How often an item without an outcome has failed, if it has.
    failures: HashMap<usize, usize>,
    /// The items that were settled since that was last asked, in order, where that is of interest.
    news: Option<Vec<Range<usize>>>,
}

#[derive(Debug)]
struct Section {
    start: usize,
    settled: Vec<bool>,
    left: usize,
}

impl Section {
    fn range(&self) -> Range<usize> {
        self.start..self.start + self.settled.len()
    }
}

impl Ledger {
    /// A ledger of `items`.
    pub(super) fn new(items: usize) -> Self {
        let mut ledger = Self::default();
        ledger.add(0..items);
        ledger
    }

    /// From here on [`take_news`](Self::take_news) says which items were settled.
    pub(super) fn keep_news(&mut self) {
        self.news = Some(Vec::new());
    }

    /// The items that were settled since the last call, in the order in which they were.
    pub(super) fn take_news(&mut self) -> Vec<Range<usize>> {
        self.news.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Adds items, which come after all that there are.
    pub(super) fn add(&mut self, items: Range<usize>) {
        if items.is_empty() {
            return;
        }
        self.left += items.len();
        self.added += items.len();
        self.sections.push(Section {
            start: items.start,
            settled: vec![false; items.len()],
            left: items.len(),
        });
    }

    /// How many items have no outcome.
    pub(super) fn left(&self) -> usize {
        self.left
    }

    /// How many items there are, or were.
    pub(super) fn added(&self) -> usize {
        self.added
    }

    /// How many items have failed for good.
    pub(super) fn failed(&self) -> usize {
        self.failed
    }

    /// How many failures were tried again.
    pub(super) fn retried(&self) -> usize {
        self.retried
    }

    /// Marks `item` as failed; `false` as for [`settle`](Self::settle).
    pub(super) fn fail(&mut self, item: usize) -> bool {
        let is_new = self.settle(item);
        self.failed += usize::from(is_new);
        is_new
    }

    /// Marks `item`; `false` if it was settled before, or does not exist.
    pub(super) fn settle(&mut self, item: usize) -> bool {
        let Some(section) = self.find(item) else {
            return false;
        };
        let section = &mut self.sections[section];
        if std::mem::replace(&mut section.settled[item - section.start], true) {
            return false;
        }
        section.left -= 1;
        self.left -= 1;
        self.note_news(item..item + 1);
        true
    }

    /// Marks those of `items` that are open up to the first that is not; None where none is open.
    pub(super) fn settle_first_of(&mut self, items: &Range<usize>) -> Option<Range<usize>> {
        let first = self.first_open(items)?;
        let section = self.find(first)?;
        let section = &mut self.sections[section];
        let within = first - section.start..items.end.min(section.range().end) - section.start;
        let open = section.settled[within.clone()]
            .iter()
            .take_while(|settled| !**settled)
            .count();
        section.settled[within.start..within.start + open].fill(true);
        section.left -= open;
        self.left -= open;
        let settled = first..first + open;
        self.note_news(settled.clone());
        Some(settled)
    }

    /// These have been settled, where that is of interest.
    fn note_news(&mut self, items: Range<usize>) {
        let Some(news) = &mut self.news else { return };
        match news.last_mut() {
            Some(last) if last.end == items.start => last.end = items.end,
            _ => news.push(items),
        }
    }

    fn first_open(&mut self, items: &Range<usize>) -> Option<usize> {
        let mut item = items.start;
        while item < items.end {
            let section = self.find(item)?;
            let section = &self.sections[section];
            let end = items.end.min(section.range().end);
            let settled = &section.settled[item - section.start..end - section.start];
            match settled.iter().position(|settled| !settled) {
                Some(place) => return Some(item + place),
                None => item = end,
            }
        }
        None
    }

    /// Whether `item` is there and has no outcome.
    pub(super) fn is_open(&mut self, item: usize) -> bool {
        self.find(item)
            .is_some_and(|section| !self.sections[section].settled[item - self.sections[section].start])
    }

    /// Counts a failure of an item without an outcome; whether it may be tried again, when that may be done `retries`
    /// times.
    pub(super) fn may_try_again(&mut self, item: usize, retries: usize) -> bool {
        if retries == 0 || !self.is_open(item) {
            return false;
        }
        let failures = self.failures.entry(item).or_default();
        *failures += 1;
        let again = *failures <= retries;
        if again {
            self.retried += 1;
        } else {
            self.failures.remove(&item);
        }
        again
    }

    /// Removes the sections of which all items are settled; where they began.
    pub(super) fn take_settled_sections(&mut self) -> Vec<usize> {
        self.latest = 0;
        let settled = self.sections.extract_if(.., |section| section.left == 0);
        settled.map(|section| section.start).collect()
    }

    /// All items without an outcome.
    pub(super) fn open(&self) -> Vec<Range<usize>> {
        let everything: Vec<_> = self.sections.iter().map(Section::range).collect();
        self.open_within(&everything)
    }

    /// The items in `ranges` without an outcome, ascending, each once. What does not exist is left out.
    pub(super) fn open_within(&self, ranges: &[Range<usize>]) -> Vec<Range<usize>> {
        let mut sorted = ranges.to_vec();
        sorted.sort_unstable_by_key(|range| range.start);
        let mut open: Vec<Range<usize>> = Vec::new();
        // A dead worker's last chunk may be one of the ranges that it began with; `next` skips what was seen.
        let mut next = 0;
        for range in sorted {
            for section in self.overlapping(&range) {
                let existing = section.range();
                for item in range.start.max(next).max(existing.start)..range.end.min(existing.end) {
                    next = item + 1;
                    if section.settled[item - section.start] {
                        continue;
                    }
                    match open.last_mut() {
                        Some(last) if last.end == item => last.end += 1,
                        _ => open.push(item..item + 1),
                    }
                }
            }
        }
        open
    }

    /// The index of the section that `item` is in.
    fn find(&mut self, item: usize) -> Option<usize> {
        let is_there = |section: &Section| item.wrapping_sub(section.start) < section.settled.len();
        if self.sections.get(self.latest).is_some_and(is_there) {
            return Some(self.latest);
        }
        let after = self.sections.partition_point(|section| section.start <= item);
        self.latest = after.checked_sub(1)?;
        is_there(&self.sections[self.latest]).then_some(self.latest)
    }

    fn overlapping(&self, range: &Range<usize>) -> &[Section] {
        let start = self
            .sections
            .partition_point(|section| section.range().end <= range.start);
        let end = self.sections.partition_point(|section| section.start < range.end);
        self.sections.get(start..end).unwrap_or_default()
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
    fn several_are_settled_at_once() {
        let mut ledger = Ledger::new(8);
        ledger.keep_news();
        ledger.settle(3);
        assert_eq!(ledger.settle_first_of(&(1..6)), Some(1..3));
        assert_eq!(ledger.settle_first_of(&(1..6)), Some(4..6));
        assert_eq!(ledger.settle_first_of(&(1..6)), None);
        assert_eq!(ledger.settle_first_of(&(6..99)), Some(6..8));
        assert_eq!(ledger.settle_first_of(&(50..99)), None);
        assert_eq!((ledger.left(), ledger.take_news()), (1, vec![3..4, 1..3, 4..8]));
    }

    #[test]
    fn what_was_settled_is_told_once_and_in_order() {
        let mut ledger = Ledger::new(9);
        ledger.settle(8);
        ledger.keep_news();
        for item in [3, 4, 5, 1, 4, 2] {
            ledger.settle(item);
        }
        assert_eq!(ledger.take_news(), [3..6, 1..3]);
        assert_eq!(ledger.take_news(), []);
    }

    #[test]
    fn open_items_are_listed_once_and_within_bounds() {
        let mut ledger = Ledger::new(10);
        ledger.settle(4);
        assert_eq!(ledger.open_within(&[2..6, 3..5, 9..20, 30..40]), [2..4, 5..6, 9..10]);
    }

    #[test]
    fn sections_come_and_go() {
        let mut ledger = Ledger::default();
        for range in [0..2, 2..4, 4..6] {
            ledger.add(range);
        }
        assert!([2, 3, 0].into_iter().all(|item| ledger.settle(item)));
        assert_eq!(ledger.take_settled_sections(), [2]);
        assert!(!ledger.settle(2) && !ledger.is_open(3) && ledger.is_open(1));
        assert_eq!((ledger.left(), ledger.open()), (3, vec![1..2, 4..6]));
        assert_eq!(ledger.open_within(&[0..1, 1..5]), [1..2, 4..5]);
        // A worker with damaged memory can leave such a range.
        assert!(ledger.open_within(&[Range { start: 5, end: 1 }, 9..9]).is_empty());
    }

    #[test]
    fn an_item_is_tried_again_as_often_as_allowed() {
        let mut ledger = Ledger::new(2);
        assert!(!ledger.may_try_again(0, 0));
        assert!(ledger.may_try_again(0, 2) && ledger.may_try_again(0, 2));
        assert!(!ledger.may_try_again(0, 2));
        ledger.settle(1);
        assert!(!ledger.may_try_again(1, 2));
    }
}

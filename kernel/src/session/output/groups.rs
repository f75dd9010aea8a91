//! Each item's lines together: what workers say of an item is held until it is the item's turn.
//!
//! In the order of the items, the first that is not done is shown as it comes, and those behind it wait. In the order of
//! completion, each waits until it is done. What is held is bounded; what does not fit is counted.

use std::collections::{BTreeMap, HashMap};
use std::ops::Range;
use std::sync::Arc;

use super::outlet::{Said, Saying, Speaker};
use super::worker_prefix::Prefix;
use crate::process::messages::{Group as Announced, GroupOrder};
use crate::session::event::{CellId, Content, Stream};
use crate::session::left_out::LeftOut;

/// The most that is held of one map, in bytes.
const MOST: usize = 8 << 20;
/// What holding one thing costs beside its text.
const OVERHEAD: usize = 200;
/// The most text that is held as one thing, about.
const PIECE: usize = 64 << 10;

/// The maps whose items' lines are shown together.
#[derive(Debug, Default)]
pub(super) struct Groups {
    by_key: HashMap<String, Group>,
}

#[derive(Debug)]
struct Group {
    order: GroupOrder,
    done: Ranges,
    /// The first item that is not done.
    first: usize,
    waiting: BTreeMap<usize, Waiting>,
    /// What all that waits costs.
    cost: usize,
}

/// What is held of one item, and what is left out of it, or of it and items that follow it.
#[derive(Debug, Default)]
struct Waiting {
    said: Vec<Said>,
    cost: usize,
    left_out: LeftOut,
    /// The last item of which something was left out.
    last: usize,
    /// The cell that is told so.
    cell: Option<CellId>,
}

impl Groups {
    /// A worker of this map has been started.
    pub(super) fn begin(&mut self, group: &Announced) {
        self.by_key.entry(group.key.to_string()).or_insert_with(|| Group {
            order: group.order,
            done: Ranges::default(),
            first: 0,
            waiting: BTreeMap::new(),
            cost: 0,
        });
    }

    /// Gives what a worker says of an item back if it is the item's turn, and else holds it.
    pub(super) fn take(&mut self, key: &str, item: usize, said: Said) -> Option<Said> {
        match self.by_key.get_mut(key) {
            Some(group) if !group.is_turn_of(item) => {
                group.hold(item, said);
                None
            }
            _ => Some(said),
        }
    }

    /// Gives what it is the turn of when these items are done.
    pub(super) fn done(&mut self, key: &str, items: &[(usize, usize)]) -> Vec<Said> {
        let Some(group) = self.by_key.get_mut(key) else {
            return Vec::new();
        };
        items.iter().flat_map(|&(start, end)| group.done(start..end)).collect()
    }

    /// Gives all that is held of a map that has ended.
    pub(super) fn end(&mut self, key: &str) -> Vec<Said> {
        self.by_key
            .remove(key)
            .map(|mut group| group.release())
            .unwrap_or_default()
    }

    /// Gives all that is held. The maps go on.
    pub(super) fn release(&mut self) -> Vec<Said> {
        self.by_key.values_mut().flat_map(Group::release).collect()
    }

    /// Gives all that is held of all maps, which have ended.
    pub(super) fn end_all(&mut self) -> Vec<Said> {
        self.by_key.drain().flat_map(|(_, mut group)| group.release()).collect()
    }
}

impl Group {
    fn is_turn_of(&self, item: usize) -> bool {
        match self.order {
            GroupOrder::Items => item <= self.first,
            GroupOrder::Completion => self.done.contains(item),
        }
    }

    fn hold(&mut self, item: usize, said: Said) {
        let cost = cost(&said.what);
        let is_cut = |waiting: &Waiting| !waiting.left_out.is_empty();
        // What follows something that was left out would not be understood.
        if self.cost + cost > MOST || self.waiting.get(&item).is_some_and(is_cut) {
            return self.leave_out(item, &said);
        }
        self.cost += cost;
        let waiting = self.waiting.entry(item).or_default();
        waiting.cost += cost;
        waiting.add(said);
    }

    /// Counts it with what was left out of the items before, where nothing is held between: not every item of many needs a
    /// notice of its own.
    fn leave_out(&mut self, item: usize, said: &Said) {
        let before = self.waiting.range(..=item).next_back();
        let before = before.filter(|(_, waiting)| self.order == GroupOrder::Items && !waiting.left_out.is_empty());
        let first = before.map_or(item, |(&first, _)| first);
        let waiting = self.waiting.entry(first).or_default();
        waiting.last = waiting.last.max(item);
        waiting.cell = Some(said.cell);
        match &said.what {
            Saying::Lines(lines) => waiting.left_out.add(&lines.text),
            Saying::Content(_) => waiting.left_out.add_display(),
        }
    }

    /// These items are done: gives what it is the turn of now.
    fn done(&mut self, items: Range<usize>) -> Vec<Said> {
        self.done.add(items.clone());
        match self.order {
            GroupOrder::Items => {
                self.first = self.done.end_of_first();
                self.release_through(self.first)
            }
            GroupOrder::Completion => {
                let waiting: Vec<usize> = self.waiting.range(items).map(|(&item, _)| item).collect();
                waiting.into_iter().flat_map(|item| self.release_item(item)).collect()
            }
        }
    }

    fn release(&mut self) -> Vec<Said> {
        self.release_through(usize::MAX)
    }

    fn release_through(&mut self, last: usize) -> Vec<Said> {
        let mut released = Vec::new();
        while let Some(entry) = self.waiting.first_entry()
            && *entry.key() <= last
        {
            let item = *entry.key();
            released.extend(self.release_item(item));
        }
        released
    }

    fn release_item(&mut self, item: usize) -> Vec<Said> {
        let Some(waiting) = self.waiting.remove(&item) else {
            return Vec::new();
        };
        self.cost -= waiting.cost;
        waiting.release(item)
    }
}

impl Waiting {
    fn add(&mut self, said: Said) {
        if let Some(last) = self.said.last_mut()
            && Arc::ptr_eq(&last.speaker, &said.speaker)
            && let (Saying::Lines(before), Saying::Lines(lines)) = (&mut last.what, &said.what)
            && before.text.ends_with('\n')
            && before.text.len() < PIECE
        {
            return before.text.push_str(&lines.text);
        }
        self.said.push(said);
    }

    fn release(self, item: usize) -> Vec<Said> {
        let mut said = self.said;
        if let (false, Some(cell)) = (self.left_out.is_empty(), self.cell) {
            let items = match self.last {
                last if last > item => format!("items {item} to {last}"),
                _ => format!("item {item}"),
            };
            let text = format!(
                "parcell: {} of {items} left out here: more than {} MiB waited for its turn\n",
                self.left_out,
                MOST >> 20
            );
            let (stream, pid, prefix) = (Stream::Stderr, 0, Prefix::none());
            said.push(Said {
                cell,
                speaker: Arc::new(Speaker { pid, stream, prefix }),
                what: Saying::Content(Content::Stream { stream, text }),
            });
        }
        said
    }
}

fn cost(what: &Saying) -> usize {
    OVERHEAD
        + match what {
            Saying::Lines(lines) => lines.text.len(),
            Saying::Content(content) => content.weight(),
        }
}

/// A set of numbers that is kept as ranges, which do not touch.
#[derive(Debug, Default)]
struct Ranges {
    /// The ends by their starts.
    ends: BTreeMap<usize, usize>,
}

impl Ranges {
    fn add(&mut self, range: Range<usize>) {
        let (mut start, mut end) = (range.start, range.end);
        while let Some((&other, &other_end)) = self.ends.range(..=end).next_back()
            && other_end >= start
        {
            self.ends.remove(&other);
            (start, end) = (start.min(other), end.max(other_end));
        }
        self.ends.insert(start, end);
    }

    fn contains(&self, number: usize) -> bool {
        self.ends
            .range(..=number)
            .next_back()
            .is_some_and(|(_, &end)| number < end)
    }

    /// The first number that is not in the set.
    fn end_of_first(&self) -> usize {
        self.ends.get(&0).copied().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests;

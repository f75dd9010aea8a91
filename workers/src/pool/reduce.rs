//! Reducing: the results of many items combined into one, most of it in the workers.

use std::ops::Range;

use super::Pool;
use super::work::{Runner, Work, panic_at_failure};
use crate::codec;
use crate::job::Stage;
use crate::map::{OnFailure, Outcomes, ResultOrder, Terms};
use crate::message::Message;
use crate::sys::slots::Slots;

/// The most blocks that items are split into: enough for many workers to end at about the same time, and few enough
/// for what is sent of each not to count. It is part of the result, since the order of combination is.
const MAX_BLOCKS: usize = 1024;

impl Pool {
    /// The function's results for all items, combined: `combine(combine(init, f(a)), f(b))` and so on, in the items'
    /// order, except that workers combine neighbouring results first. `combine` must therefore be associative, as `+` is.
    ///
    /// How items are grouped depends on their number only, so floating-point results are the same with any number of
    /// workers. Only a result for each group travels.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::Pool;
    ///
    /// let sum = Pool::new(2).map_reduce(|n: u64| n * n, 1..=1000, 0, |a, b| a + b);
    /// assert_eq!(sum, 333_833_500);
    /// let longest = |a: String, b: String| if b.len() > a.len() { b } else { a };
    /// assert_eq!(Pool::new(2).map_reduce(str::to_uppercase, ["a", "bcd", "ef"], String::new(), longest), "BCD");
    /// ```
    ///
    /// # Panics
    ///
    /// With the first failure that is noticed, as [`map`](Self::map) does; it names the item. A time limit is for one
    /// item; what is tried again is its group.
    #[track_caller]
    pub fn map_reduce<T, R, F, I, C>(&self, f: F, items: I, init: R, combine: C) -> R
    where
        F: Fn(T) -> R,
        I: IntoIterator<Item = T>,
        R: Message,
        C: Fn(R, R) -> R,
    {
        let mut items = Slots::full(items);
        let blocks = Blocks::of(items.len());
        let mut outcomes = Outcomes::new(blocks.count, blocks.terms());
        let (values, account) = outcomes.parts();
        self.run(Work {
            items: blocks.count,
            block: blocks.size,
            packing: None,
            recorded_as: None,
            job: &mut |block: usize, out: &mut Vec<u8>, stage: &dyn Stage| {
                let results = blocks.range(block).map(|index| {
                    stage.begin(index);
                    f(items.take(index).expect("a worker runs an item once"))
                });
                let combined = results.reduce(&combine).expect("no block is empty");
                Ok(codec::encode_into(&combined, out)?)
            },
            values,
            account,
        });
        panic_at_failure(outcomes.account());
        outcomes.into_succeeded().into_iter().fold(init, combine)
    }
}

/// How items are grouped.
#[derive(Clone, Copy, Debug)]
struct Blocks {
    items: usize,
    size: usize,
    count: usize,
}

impl Blocks {
    fn of(items: usize) -> Self {
        let size = items.div_ceil(MAX_BLOCKS).max(1);
        let count = items.div_ceil(size);
        Self { items, size, count }
    }

    /// A group's result that cannot be read belongs to all of its items.
    fn terms(self) -> Terms {
        Terms {
            block: self.size,
            ..Terms::of_items(OnFailure::Stop, ResultOrder::Items, None)
        }
    }

    fn range(self, block: usize) -> Range<usize> {
        let start = block * self.size;
        start..self.items.min(start + self.size)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_item_is_in_one_block_and_no_block_is_empty() {
        for items in [0, 1, 2, 1023, 1024, 1025, 5000, 1 << 20] {
            let blocks = Blocks::of(items);
            assert!(blocks.count <= MAX_BLOCKS);
            let mut next = 0;
            for block in 0..blocks.count {
                let range = blocks.range(block);
                assert!(range.start == next && !range.is_empty());
                next = range.end;
            }
            assert_eq!(next, items);
        }
    }
}

//! What has become of each item of a map.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};

use crate::codec;
use crate::error::TaskError;
use crate::message::Message;
use crate::sys::bits::Bits;

/// Takes an item's encoded result, or its error, with its worker's PID. Where results are packed it takes the bytes of those of
/// several items that follow each other. Called once for each item; breaks to end the map.
pub(crate) type Sink<'a> = dyn FnMut(Range<usize>, u32, Result<&[u8], TaskError>) -> ControlFlow<()> + 'a;

/// How large each result is, in bytes, where all are of one size and travel as they lie in memory, one behind the other;
/// None where each is encoded by itself.
pub(crate) type Packing = Option<NonZeroUsize>;

/// What a failure means for the items that are left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OnFailure {
    Stop,
    GoOn,
}

/// The order of a call's results.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ResultOrder {
    /// That of the items.
    #[default]
    Items,
    /// That in which they are done.
    Completion,
}

/// The errors of items. Whoever uses a map with a type of results of its own compiles what is generic over that: a
/// collection that is named there would be compiled again each time, and its end with it.
trait Failures {
    fn insert(&mut self, item: usize, error: TaskError);
    fn remove(&mut self, item: usize) -> Option<TaskError>;
    /// That of the first item that has one.
    fn remove_first(&mut self) -> Option<TaskError>;
}

impl Failures for BTreeMap<usize, TaskError> {
    fn insert(&mut self, item: usize, error: TaskError) {
        BTreeMap::insert(self, item, error);
    }

    fn remove(&mut self, item: usize) -> Option<TaskError> {
        BTreeMap::remove(self, &item)
    }

    fn remove_first(&mut self) -> Option<TaskError> {
        Some(self.pop_first()?.1)
    }
}

fn no_failures() -> Box<dyn Failures> {
    Box::new(BTreeMap::new())
}

/// What has become of each item.
pub(crate) struct Outcomes<R> {
    values: Values<R>,
    /// Errors are few and large, so they are kept apart.
    errors: Box<dyn Failures>,
    /// The items in the order in which they were done, where that is asked for.
    completed: Option<Vec<usize>>,
}

enum Values<R> {
    /// Those that nothing has been written to are of items without a value.
    Bits(Bits<R>, Vec<R>),
    Any(Vec<Option<R>>),
}

impl<R> Values<R> {
    fn new(count: usize) -> Self {
        if let Some(bits) = Bits::of() {
            return Self::Bits(bits, bits.zeros(count));
        }
        let mut values = Vec::new();
        values.resize_with(count, || None);
        Self::Any(values)
    }

    fn len(&self) -> usize {
        match self {
            Self::Bits(_, values) => values.len(),
            Self::Any(values) => values.len(),
        }
    }

    fn set(&mut self, item: usize, value: R) {
        match self {
            Self::Bits(_, values) => values[item] = value,
            Self::Any(values) => values[item] = Some(value),
        }
    }

    /// The value of an item, which is taken once; None where it has none, as far as that is known.
    fn take(&mut self, item: usize) -> Option<R> {
        match self {
            Self::Bits(bits, values) => Some(bits.copy(&values[item])),
            Self::Any(values) => values[item].take(),
        }
    }
}

impl<R: Message> Outcomes<R> {
    pub(crate) fn new(items: usize, order: ResultOrder) -> Self {
        Self {
            values: Values::new(items),
            errors: no_failures(),
            completed: (order == ResultOrder::Completion).then(Vec::new),
        }
    }

    /// That a result is nothing but bits, if it is.
    pub(crate) fn bits(&self) -> Option<Bits<R>> {
        match &self.values {
            Values::Bits(bits, _) => Some(*bits),
            Values::Any(_) => None,
        }
    }

    /// Notes down what comes, until that is enough; what is packed was written by [`bits`](Self::bits).
    pub(crate) fn sink(
        &mut self,
        on_failure: OnFailure,
        packing: Packing,
    ) -> impl FnMut(Range<usize>, u32, Result<&[u8], TaskError>) -> ControlFlow<()> {
        move |items, pid, outcome| {
            let is_err = match (&mut self.values, outcome) {
                (Values::Bits(bits, values), Ok(bytes)) if packing.is_some() => {
                    bits.write(values, items.start, bytes);
                    note_completed(&mut self.completed, items);
                    false
                }
                (_, outcome) => self.accept(items.start, decode(items.start, pid, outcome)),
            };
            if is_err && on_failure == OnFailure::Stop {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }
    }

    /// Notes one outcome down; whether it is an error.
    pub(crate) fn accept(&mut self, item: usize, outcome: Result<R, TaskError>) -> bool {
        note_completed(&mut self.completed, item..item + 1);
        match outcome {
            Ok(value) => self.values.set(item, value),
            Err(error) => {
                self.errors.insert(item, error);
                return true;
            }
        }
        false
    }

    /// All values, or the first error.
    pub(crate) fn into_values(mut self) -> Result<Vec<R>, TaskError> {
        if let Some(error) = self.errors.remove_first() {
            return Err(error);
        }
        if let (Values::Bits(_, values), None) = (&mut self.values, &self.completed) {
            return Ok(std::mem::take(values));
        }
        let mut in_order = Vec::with_capacity(self.values.len());
        for position in 0..self.values.len() {
            let item = self.item_at(position);
            in_order.push(self.values.take(item).expect(SETTLED));
        }
        Ok(in_order)
    }

    pub(crate) fn into_results(mut self) -> Vec<Result<R, TaskError>> {
        let mut in_order = Vec::with_capacity(self.values.len());
        for position in 0..self.values.len() {
            let item = self.item_at(position);
            in_order.push(match self.errors.remove(item) {
                Some(error) => Err(error),
                None => Ok(self.values.take(item).expect(SETTLED)),
            });
        }
        in_order
    }

    /// The item that is at this position in the order of results.
    fn item_at(&self, position: usize) -> usize {
        self.completed.as_ref().map_or(position, |order| order[position])
    }
}

/// Not generic, as [`Failures`] is not.
fn note_completed(completed: &mut Option<Vec<usize>>, items: Range<usize>) {
    if let Some(completed) = completed {
        completed.extend(items);
    }
}

/// The outcome that a worker's record holds.
pub(crate) fn decode<R: Message>(item: usize, pid: u32, outcome: Result<&[u8], TaskError>) -> Result<R, TaskError> {
    codec::decode(outcome?).map_err(|error| TaskError::codec(pid, Some(item), error))
}

const SETTLED: &str = "a map that ended by itself has an outcome for every item";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packed_results_are_written_where_they_belong() {
        for order in [ResultOrder::Items, ResultOrder::Completion] {
            let mut outcomes = Outcomes::<u16>::new(4, order);
            let packing = outcomes.bits().map(Bits::size);
            let mut sink = outcomes.sink(OnFailure::GoOn, packing);
            let bytes: Vec<u8> = [30u16, 40].into_iter().flat_map(u16::to_ne_bytes).collect();
            assert!(sink(2..4, 7, Ok(&bytes)).is_continue());
            let error = TaskError::system(None, Some(0), "no");
            assert!(sink(0..1, 7, Err(error.clone())).is_continue());
            assert!(sink(1..2, 7, Ok(&20u16.to_ne_bytes())).is_continue());
            drop(sink);
            let expected = match order {
                ResultOrder::Items => [Err(error), Ok(20), Ok(30), Ok(40)],
                ResultOrder::Completion => [Ok(30), Ok(40), Err(error), Ok(20)],
            };
            assert_eq!(outcomes.into_results(), expected);
        }
    }

    #[test]
    fn results_are_in_the_order_that_was_asked_for() {
        fn filled<R: Message>(order: ResultOrder, value: fn(usize) -> R) -> Outcomes<R> {
            let mut outcomes = Outcomes::new(3, order);
            for item in [2, 0, 1] {
                outcomes.accept(item, Ok(value(item)));
            }
            outcomes
        }
        // Numbers, and what is more than bits.
        let numbers = |order| filled(order, |item| item);
        let texts = |order| filled(order, |item| item.to_string());
        for (order, expected) in [(ResultOrder::Items, [0, 1, 2]), (ResultOrder::Completion, [2, 0, 1])] {
            assert_eq!(numbers(order).into_values(), Ok(expected.to_vec()));
            assert_eq!(numbers(order).into_results(), expected.map(Ok));
            let expected = expected.map(|item: usize| item.to_string());
            assert_eq!(texts(order).into_values(), Ok(expected.to_vec()));
            assert_eq!(texts(order).into_results(), expected.map(Ok));
        }
    }
}

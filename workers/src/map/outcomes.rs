//! What has become of each item of a map.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use crate::codec;
use crate::error::TaskError;
use crate::message::Message;

/// Takes an item's encoded result, or its error, with its worker's PID. Called once an item; breaks to end the map.
pub(crate) type Sink<'a> = dyn FnMut(usize, u32, Result<&[u8], TaskError>) -> ControlFlow<()> + 'a;

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
    /// Errors are few and large, so they are kept apart.
    values: Vec<Option<R>>,
    errors: Box<dyn Failures>,
    /// The items in the order in which they were done, where that is asked for.
    completed: Option<Vec<usize>>,
}

impl<R: Message> Outcomes<R> {
    pub(crate) fn new(items: usize, order: ResultOrder) -> Self {
        let mut values = Vec::new();
        values.resize_with(items, || None);
        Self {
            values,
            errors: no_failures(),
            completed: (order == ResultOrder::Completion).then(Vec::new),
        }
    }

    /// The number of items.
    pub(crate) fn len(&self) -> usize {
        self.values.len()
    }

    /// Notes down what comes, until that is enough.
    pub(crate) fn sink(
        &mut self,
        on_failure: OnFailure,
    ) -> impl FnMut(usize, u32, Result<&[u8], TaskError>) -> ControlFlow<()> {
        move |item, pid, outcome| {
            let is_err = self.accept(item, decode(item, pid, outcome));
            if is_err && on_failure == OnFailure::Stop {
                ControlFlow::Break(())
            } else {
                ControlFlow::Continue(())
            }
        }
    }

    /// Notes one outcome down; whether it is an error.
    pub(crate) fn accept(&mut self, item: usize, outcome: Result<R, TaskError>) -> bool {
        if let Some(completed) = &mut self.completed {
            completed.push(item);
        }
        match outcome {
            Ok(value) => self.values[item] = Some(value),
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
        let mut in_order = Vec::with_capacity(self.values.len());
        for position in 0..self.values.len() {
            let item = self.item_at(position);
            in_order.push(self.values[item].take().expect(SETTLED));
        }
        Ok(in_order)
    }

    pub(crate) fn into_results(mut self) -> Vec<Result<R, TaskError>> {
        let mut in_order = Vec::with_capacity(self.values.len());
        for position in 0..self.values.len() {
            let item = self.item_at(position);
            in_order.push(match self.values[item].take() {
                Some(value) => Ok(value),
                None => Err(self.errors.remove(item).expect(SETTLED)),
            });
        }
        in_order
    }

    /// The item that is at this position in the order of results.
    fn item_at(&self, position: usize) -> usize {
        self.completed.as_ref().map_or(position, |order| order[position])
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
    fn results_are_in_the_order_that_was_asked_for() {
        let fill = |order| {
            let mut outcomes = Outcomes::new(3, order);
            for item in [2, 0, 1] {
                outcomes.accept(item, Ok(item));
            }
            outcomes
        };
        assert_eq!(fill(ResultOrder::Items).into_values(), Ok(vec![0, 1, 2]));
        assert_eq!(fill(ResultOrder::Completion).into_values(), Ok(vec![2, 0, 1]));
        assert_eq!(fill(ResultOrder::Items).into_results(), [Ok(0), Ok(1), Ok(2)]);
        assert_eq!(fill(ResultOrder::Completion).into_results(), [Ok(2), Ok(0), Ok(1)]);
    }
}

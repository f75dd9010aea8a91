//! What has become of each item of a map.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};

use crate::codec::{self, CodecError};
use crate::error::TaskError;
use crate::message::Message;
use crate::sys::bits::Bits;
use crate::sys::slots::Slots;

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

/// Where the values of a map go, whose type only they know. Bytes are those of one value in the codec's format, or, where results
/// are packed, of as many as there are.
pub(crate) trait Values {
    fn decode(&mut self, item: usize, bytes: &[u8]) -> Result<(), CodecError>;

    fn unpack(&mut self, items: Range<usize>, bytes: &[u8]);
}

/// A list that is filled, or one that is there; and whether its values can be packed, which takes a while to find out.
pub(crate) struct Destination<L, R> {
    list: L,
    bits: Option<Bits<R>>,
}

impl<L, R> Destination<L, R> {
    pub(crate) fn new(list: L) -> Self {
        let bits = Bits::of();
        Self { list, bits }
    }
}

impl<R: Message> Values for Destination<Slots<R>, R> {
    fn decode(&mut self, item: usize, bytes: &[u8]) -> Result<(), CodecError> {
        self.list.set(item, codec::decode(bytes)?);
        Ok(())
    }

    fn unpack(&mut self, items: Range<usize>, bytes: &[u8]) {
        if let Some(bits) = self.bits {
            self.list.set_bytes(bits, items.start, bytes);
        }
    }
}

impl<R: Message> Values for Destination<&mut [R], R> {
    fn decode(&mut self, item: usize, bytes: &[u8]) -> Result<(), CodecError> {
        self.list[item] = codec::decode(bytes)?;
        Ok(())
    }

    fn unpack(&mut self, items: Range<usize>, bytes: &[u8]) {
        if let Some(bits) = self.bits {
            bits.write(self.list, items.start, bytes);
        }
    }
}

/// What is noted down of a map's items, besides their values. A trait, so that whoever has an [`Outcomes`] of a type of its own does
/// not compile what is in here, nor its end: that is once in the library, and once more in every cell with a map otherwise.
pub(crate) trait Account {
    /// Notes down what comes, until that is enough.
    fn settle(
        &mut self,
        values: &mut dyn Values,
        items: Range<usize>,
        pid: u32,
        outcome: Result<&[u8], TaskError>,
    ) -> ControlFlow<()>;

    /// The error of the first item that has one.
    fn take_first_failure(&mut self) -> Option<TaskError>;

    fn take_failure(&mut self, item: usize) -> Option<TaskError>;

    /// The items in the order of results, where that is not their own.
    fn order(&self) -> Option<&[usize]>;
}

/// How a map's outcomes are to be noted down.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) on_failure: OnFailure,
    pub(crate) order: ResultOrder,
    pub(crate) packing: Packing,
    /// How many of the user's items stand behind each: errors name the first of them.
    pub(crate) block: usize,
}

impl Terms {
    /// Those of a map each of whose items is one of the user's.
    pub(crate) fn of_items(on_failure: OnFailure, order: ResultOrder, packing: Packing) -> Self {
        Self {
            on_failure,
            order,
            packing,
            block: 1,
        }
    }

    /// An account of nothing yet.
    pub(crate) fn account(self) -> Box<dyn Account> {
        Box::new(ItemAccount {
            completed: (self.order == ResultOrder::Completion).then(Vec::new),
            failures: BTreeMap::new(),
            terms: self,
        })
    }
}

/// What is noted down, in the process that has called.
struct ItemAccount {
    terms: Terms,
    /// Errors are few and large, so they are kept apart.
    failures: BTreeMap<usize, TaskError>,
    /// The items in the order in which they were done, where that is asked for.
    completed: Option<Vec<usize>>,
}

impl Account for ItemAccount {
    fn settle(
        &mut self,
        values: &mut dyn Values,
        items: Range<usize>,
        pid: u32,
        outcome: Result<&[u8], TaskError>,
    ) -> ControlFlow<()> {
        let item = items.start;
        if let Some(completed) = &mut self.completed {
            completed.extend(items.clone());
        }
        let settled = outcome.and_then(|bytes| match self.terms.packing {
            Some(_) => {
                values.unpack(items, bytes);
                Ok(())
            }
            None => values
                .decode(item, bytes)
                .map_err(|error| TaskError::codec(pid, Some(item * self.terms.block), error)),
        });
        let Err(error) = settled else {
            return ControlFlow::Continue(());
        };
        self.failures.insert(item, error);
        match self.terms.on_failure {
            OnFailure::Stop => ControlFlow::Break(()),
            OnFailure::GoOn => ControlFlow::Continue(()),
        }
    }

    fn take_first_failure(&mut self) -> Option<TaskError> {
        Some(self.failures.pop_first()?.1)
    }

    fn take_failure(&mut self, item: usize) -> Option<TaskError> {
        self.failures.remove(&item)
    }

    fn order(&self) -> Option<&[usize]> {
        self.completed.as_deref()
    }
}

/// What has become of each item.
pub(crate) struct Outcomes<R> {
    values: Destination<Slots<R>, R>,
    account: Box<dyn Account>,
}

impl<R: Message> Outcomes<R> {
    pub(crate) fn new(items: usize, terms: Terms) -> Self {
        Self {
            values: Destination::new(Slots::empty(items)),
            account: terms.account(),
        }
    }

    /// Both halves, to note down with.
    pub(crate) fn parts(&mut self) -> (&mut dyn Values, &mut dyn Account) {
        (&mut self.values, &mut *self.account)
    }

    /// All values, or the first error.
    pub(crate) fn into_values(mut self) -> Result<Vec<R>, TaskError> {
        match self.account.take_first_failure() {
            Some(error) => Err(error),
            None => Ok(self.into_succeeded()),
        }
    }

    /// For who ends otherwise than by returning where there is an error, and compiles nothing that has to do with errors.
    pub(crate) fn account(&mut self) -> &mut dyn Account {
        &mut *self.account
    }

    /// All values.
    ///
    /// # Panics
    ///
    /// If there is an error.
    pub(crate) fn into_succeeded(self) -> Vec<R> {
        let values = match self.account.order() {
            None => self.values.list.into_vec(),
            Some(order) => self.values.list.into_vec_of(order),
        };
        values.expect(SETTLED)
    }

    pub(crate) fn into_results(mut self) -> Vec<Result<R, TaskError>> {
        let values = &mut self.values.list;
        let mut in_order = Vec::with_capacity(values.len());
        for position in 0..values.len() {
            let item = self.account.order().map_or(position, |order| order[position]);
            in_order.push(match self.account.take_failure(item) {
                Some(error) => Err(error),
                None => Ok(values.take(item).expect(SETTLED)),
            });
        }
        in_order
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

    const ORDERS: [ResultOrder; 2] = [ResultOrder::Items, ResultOrder::Completion];

    fn encoded(value: &impl serde::Serialize) -> Vec<u8> {
        let mut bytes = Vec::new();
        codec::encode_into(value, &mut bytes).unwrap();
        bytes
    }

    #[test]
    fn packed_results_are_written_where_they_belong() {
        for order in ORDERS {
            let packing = Bits::<u16>::of().map(Bits::size);
            let mut outcomes = Outcomes::<u16>::new(4, Terms::of_items(OnFailure::GoOn, order, packing));
            let (values, account) = outcomes.parts();
            let bytes: Vec<u8> = [30u16, 40].into_iter().flat_map(u16::to_ne_bytes).collect();
            assert!(account.settle(values, 2..4, 7, Ok(&bytes)).is_continue());
            let error = TaskError::system(None, Some(0), "no");
            assert!(account.settle(values, 0..1, 7, Err(error.clone())).is_continue());
            assert!(account.settle(values, 1..2, 7, Ok(&20u16.to_ne_bytes())).is_continue());
            let expected = match order {
                ResultOrder::Items => [Err(error), Ok(20), Ok(30), Ok(40)],
                ResultOrder::Completion => [Ok(30), Ok(40), Err(error), Ok(20)],
            };
            assert_eq!(outcomes.into_results(), expected);
        }
    }

    #[test]
    fn results_are_in_the_order_that_was_asked_for() {
        for (order, expected) in ORDERS.into_iter().zip([["0", "1", "2"], ["2", "0", "1"]]) {
            let filled = || {
                let mut outcomes = Outcomes::<String>::new(3, Terms::of_items(OnFailure::Stop, order, None));
                let (values, account) = outcomes.parts();
                for item in [2, 0, 1] {
                    let bytes = encoded(&item.to_string());
                    assert!(account.settle(values, item..item + 1, 7, Ok(&bytes)).is_continue());
                }
                outcomes
            };
            assert_eq!(filled().into_values().unwrap(), expected);
            assert_eq!(filled().into_results(), expected.map(|text| Ok(text.to_owned())));
        }
    }

    #[test]
    fn what_cannot_be_decoded_is_the_failure_of_the_first_item_in_the_block() {
        let terms = Terms {
            block: 10,
            ..Terms::of_items(OnFailure::Stop, ResultOrder::Items, None)
        };
        let mut outcomes = Outcomes::<String>::new(3, terms);
        let (values, account) = outcomes.parts();
        assert!(account.settle(values, 2..3, 7, Ok(&encoded(&1))).is_break());
        let error = outcomes.into_values().unwrap_err();
        assert_eq!((error.kind(), error.item(), error.pid()), ("Codec", Some(20), Some(7)));
    }
}

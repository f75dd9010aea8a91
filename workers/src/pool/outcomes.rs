//! What has become of each item of a map.

use std::collections::BTreeMap;

use crate::codec;
use crate::error::TaskError;
use crate::message::Message;

/// What has become of each item.
pub(super) struct Outcomes<R> {
    /// Errors are few and large, so they are kept apart.
    values: Vec<Option<R>>,
    errors: BTreeMap<usize, TaskError>,
}

impl<R: Message> Outcomes<R> {
    pub(super) fn new(items: usize) -> Self {
        Self {
            values: std::iter::repeat_with(|| None).take(items).collect(),
            errors: BTreeMap::new(),
        }
    }

    /// The number of items.
    pub(super) fn len(&self) -> usize {
        self.values.len()
    }

    /// Notes one outcome down; whether it is an error.
    pub(super) fn accept(&mut self, item: usize, outcome: Result<R, TaskError>) -> bool {
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
    pub(super) fn into_values(mut self) -> Result<Vec<R>, TaskError> {
        match self.errors.pop_first() {
            Some((_, error)) => Err(error),
            None => Ok(self.values.into_iter().map(|value| value.expect(SETTLED)).collect()),
        }
    }

    pub(super) fn into_results(mut self) -> Vec<Result<R, TaskError>> {
        let result = |(item, value): (usize, Option<R>)| match value {
            Some(value) => Ok(value),
            None => Err(self.errors.remove(&item).expect(SETTLED)),
        };
        self.values.into_iter().enumerate().map(result).collect()
    }
}

/// The outcome that a worker's record holds.
pub(super) fn decode<R: Message>(item: usize, pid: u32, outcome: Result<&[u8], TaskError>) -> Result<R, TaskError> {
    codec::decode(outcome?).map_err(|error| TaskError::Codec {
        pid,
        item: Some(item),
        error: error.to_string(),
    })
}

const SETTLED: &str = "a map that ended by itself has an outcome for every item";

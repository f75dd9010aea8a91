//! What is done with one item. The engine sees items as indices and results as bytes, so that it is compiled once, not
//! for every function that is mapped.

pub(crate) mod function;

use std::fmt::Display;

use crate::codec;
use crate::error::TaskError;
use crate::panics::{self, Panic};

/// Runs the item with this index in a worker and appends its encoded result.
pub(crate) type Job<'a> = dyn FnMut(usize, &mut Vec<u8>, &dyn Stage) -> Result<(), ItemError> + 'a;

/// Where a worker notes down what it is on. What the engine hands out as one item can be a block of the user's.
pub(crate) trait Stage {
    /// The worker begins this item of the user's.
    fn begin(&self, item: usize);

    /// The one that it is on; `None` for a process.
    fn item(&self) -> Option<usize>;
}

/// One call that is no item of anything.
#[derive(Debug)]
pub(crate) struct Alone;

impl Stage for Alone {
    fn begin(&self, _item: usize) {}

    fn item(&self) -> Option<usize> {
        None
    }
}

/// Why an item gave no result, as its worker knows it.
#[derive(Debug)]
pub(crate) enum ItemError {
    Failed(String),
    Codec(String),
    Panicked(Box<Panic>),
}

impl ItemError {
    /// That of a function which returned an error. Not generic, since it is named where a cell's types are known.
    pub(crate) fn failed(error: &dyn Display) -> Self {
        Self::Failed(error.to_string())
    }

    /// The same with the worker's PID, which is that of the calling process.
    pub(crate) fn into_task_error(self, item: Option<usize>) -> TaskError {
        let pid = std::process::id();
        match self {
            Self::Failed(error) => TaskError::Failed { pid, item, error },
            Self::Codec(error) => TaskError::Codec { pid, item, error },
            Self::Panicked(panic) => {
                let Panic {
                    message,
                    location,
                    backtrace,
                } = *panic;
                TaskError::Panicked {
                    pid,
                    item,
                    message,
                    location,
                    backtrace,
                }
            }
        }
    }
}

impl From<crate::codec::CodecError> for ItemError {
    fn from(error: crate::codec::CodecError) -> Self {
        Self::Codec(error.to_string())
    }
}

/// Runs one item in a worker and appends its payload; whether that is an error.
pub(crate) fn run(index: usize, stage: &dyn Stage, job: &mut Job<'_>, out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let error = match panics::catch(|| job(index, out, stage)) {
        Ok(Ok(())) => return false,
        Ok(Err(error)) => error,
        Err(panic) => ItemError::Panicked(panic),
    };
    // A result that could not be encoded may have left its beginning.
    out.truncate(start);
    encode_error(&error.into_task_error(stage.item()), out);
    true
}

/// Appends the payload of a failed record.
pub(crate) fn encode_error(error: &TaskError, out: &mut Vec<u8>) {
    let start = out.len();
    if codec::encode_into(error, out).is_err() {
        // Strings and numbers always encode; if not, the parent reports the empty payload as one it cannot decode.
        out.truncate(start);
    }
}

/// The error that a failed record's `payload` holds.
pub(crate) fn decode_error(payload: &[u8], pid: u32, item: Option<usize>) -> TaskError {
    codec::decode(payload).unwrap_or_else(|error| TaskError::codec(pid, item, error))
}

//! One call: what is sent to a worker, and what comes of it.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::error::TaskError;
use crate::sys::function::Function;

/// The first byte of a task that is to be run, and of one that was cancelled while it waited.
pub(super) const WANTED: u8 = 0;
pub(super) const CANCELLED: u8 = 1;

/// A call that was submitted.
#[derive(Debug)]
pub(crate) struct Task {
    pub(super) number: u64,
    /// Where it is in the crew's log, for as long as it waits there.
    pub(super) offset: u64,
    outcome: OnceLock<Outcome>,
}

/// What came of a call.
#[derive(Debug)]
pub(crate) struct Outcome {
    /// The encoded result.
    pub(crate) result: Result<Vec<u8>, TaskError>,
    /// How many calls of this process were settled before.
    pub(crate) order: u64,
    /// The worker that ran it.
    pub(crate) pid: Option<u32>,
}

impl Task {
    pub(super) fn new(number: u64, offset: u64) -> Self {
        Self {
            number,
            offset,
            outcome: OnceLock::new(),
        }
    }

    /// What came of it, if that is known.
    pub(crate) fn outcome(&self) -> Option<&Outcome> {
        self.outcome.get()
    }

    /// Notes down what came of it; the first counts.
    pub(super) fn settle(&self, outcome: Outcome) {
        let _ = self.outcome.set(outcome);
    }
}

/// What a worker has to know before it decodes the argument.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Call {
    pub(super) function: Function,
    /// The notebook's cell that asked for it.
    pub(super) cell: Option<u64>,
}

/// The bytes of a task: whether it is wanted, the length of the encoded call, the call, the argument.
pub(super) fn encode(call: &[u8], argument: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(1 + 4 + call.len() + argument.len());
    bytes.push(WANTED);
    bytes.extend_from_slice(&u32::try_from(call.len()).unwrap_or(u32::MAX).to_le_bytes());
    bytes.extend_from_slice(call);
    bytes.extend_from_slice(argument);
    bytes
}

/// Takes apart what [`encode`] has put together: whether it is wanted, the encoded call, and the argument.
pub(super) fn decode(bytes: &[u8]) -> Option<(bool, &[u8], &[u8])> {
    let (wanted, rest) = bytes.split_first()?;
    let (length, rest) = rest.split_first_chunk::<4>()?;
    let (call, argument) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some((*wanted == WANTED, call, argument))
}

/// What a worker sends back, before the result or the error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub(super) struct Reply {
    pub(super) crew: u64,
    pub(super) task: u64,
    pub(super) pid: u32,
    pub(super) failed: u32,
}

impl Reply {
    /// The reply and what follows it.
    pub(super) fn split(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (reply, payload) = bytes.split_at_checked(size_of::<Self>())?;
        Some((bytemuck::pod_read_unaligned(reply), payload))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tasks_are_taken_apart_as_they_were_put_together() {
        let mut bytes = encode(b"call", b"argument");
        assert_eq!(decode(&bytes), Some((true, &b"call"[..], &b"argument"[..])));
        bytes[0] = CANCELLED;
        assert_eq!(decode(&bytes).map(|(wanted, ..)| wanted), Some(false));
        assert_eq!(decode(&encode(b"", b"")), Some((true, &b""[..], &b""[..])));
        for damaged in [&b""[..], &[0, 1], &[0, 5, 0, 0, 0, 1]] {
            assert_eq!(decode(damaged), None);
        }
    }
}

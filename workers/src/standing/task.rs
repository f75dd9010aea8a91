//! One call: what is sent to a worker, and what comes of it.

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::codec::{self, CodecError, Travelling};
use crate::error::TaskError;
use crate::handles::log::LogMessage;
use crate::job::function::Function;
use crate::message::Message;
use crate::sys::bulk_vec::BulkVec;

/// The first byte of a task that is to be run, and of one that was cancelled while it waited.
pub(super) const WANTED: u8 = 0;
pub(super) const CANCELLED: u8 = 1;
/// That byte, and the length of the call.
const HEAD: usize = 5;

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
    pub(crate) result: Result<Payload, TaskError>,
    /// How many calls of this process were settled before.
    pub(crate) order: u64,
    /// The worker that ran it.
    pub(crate) pid: Option<u32>,
}

/// A result, in the message that it came in: large ones are not copied once more.
#[derive(Debug)]
pub(crate) struct Payload {
    message: LogMessage,
    /// Where in its bytes the encoded result begins; nothing is there where it is a vector.
    start: usize,
}

impl Payload {
    pub(super) fn new(message: LogMessage, start: usize) -> Self {
        Self { message, start }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.message.bytes[self.start..]
    }

    /// The result, which can be asked for again.
    pub(crate) fn result<R: Message>(&self) -> Result<R, CodecError> {
        match &self.message.vector {
            Some(vector) => codec::copied(vector),
            None => codec::decode(self.bytes()),
        }
    }

    /// The result.
    pub(crate) fn into_result<R: Message>(self) -> Result<R, CodecError> {
        let LogMessage { bytes, vector } = self.message;
        Travelling::new(&bytes[self.start..], vector).receive()
    }
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

    /// The same for who needs nothing else of it.
    pub(crate) fn into_outcome(self) -> Option<Outcome> {
        self.outcome.into_inner()
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

/// The bytes of a task: whether it is wanted, the length of the encoded call, the call, the argument, unless that is a vector
/// which goes with them.
///
/// # Errors
///
/// What `encode_argument` returns, and where the call cannot be encoded.
pub(super) fn encode(
    call: &Call,
    encode_argument: impl FnOnce(&mut Vec<u8>) -> Result<Option<BulkVec>, CodecError>,
) -> Result<LogMessage, CodecError> {
    let mut bytes = vec![WANTED, 0, 0, 0, 0];
    codec::encode_into(call, &mut bytes)?;
    let length = u32::try_from(bytes.len() - HEAD).unwrap_or(u32::MAX);
    bytes[1..HEAD].copy_from_slice(&length.to_le_bytes());
    let vector = encode_argument(&mut bytes)?;
    Ok(LogMessage { bytes, vector })
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
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::{Changed, changed, for_all};
    use crate::sys::counted::frugally;

    fn call() -> Call {
        Call {
            function: Function::of(|n: u32| n),
            cell: Some(3),
        }
    }

    #[test]
    fn tasks_are_taken_apart_as_they_were_put_together() {
        let LogMessage { mut bytes, .. } = encode(&call(), |out| {
            out.extend_from_slice(b"argument");
            Ok(None)
        })
        .unwrap();
        let (wanted, encoded, argument) = decode(&bytes).unwrap();
        assert_eq!((wanted, argument), (true, &b"argument"[..]));
        assert_eq!(codec::decode::<Call>(encoded).unwrap().cell, Some(3));
        bytes[0] = CANCELLED;
        assert_eq!(decode(&bytes).map(|(wanted, ..)| wanted), Some(false));
        for damaged in [&b""[..], &[0, 1], &[0, 5, 0, 0, 0, 1]] {
            assert_eq!(decode(damaged), None);
        }
    }

    fn written() -> impl Strategy<Value = Vec<u8>> {
        let call = call();
        vec(any::<u8>(), 0..20).prop_map(move |argument| {
            let encoded = encode(&call, |out| {
                out.extend_from_slice(&argument);
                Ok(None)
            });
            encoded.unwrap().bytes
        })
    }

    #[test]
    fn any_bytes_are_a_task_or_none() {
        for_all(2000, changed(written()), |changed| {
            let bytes = &changed.bytes;
            let Some((_, call, argument)) = decode(bytes) else {
                assert!(!changed.is_intact());
                return;
            };
            assert_eq!(HEAD + call.len() + argument.len(), bytes.len());
            let understood = frugally(bytes.len(), || codec::decode::<Call>(call));
            if HEAD + call.len() <= changed.intact() {
                assert_eq!(understood.unwrap().cell, Some(3));
            }
        });
    }

    #[test]
    fn any_bytes_are_a_reply_or_none() {
        let written = (any::<[u64; 3]>(), vec(any::<u8>(), 0..20))
            .prop_map(|(reply, payload)| [bytemuck::bytes_of(&reply), &payload].concat());
        for_all(2000, changed(written), |Changed { bytes, .. }| {
            match Reply::split(&bytes) {
                Some((reply, payload)) => assert_eq!([bytemuck::bytes_of(&reply), payload].concat(), bytes),
                None => assert!(bytes.len() < size_of::<Reply>()),
            }
        });
    }
}

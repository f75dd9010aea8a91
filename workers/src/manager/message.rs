//! What clients and the server say to each other, and how a message is framed: its length, then its encoding.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::{DeserializeOwned, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{self, CodecError};

/// The largest message, in bytes. It is what a wrong or hostile length can make the other side read.
pub(crate) const LARGEST: usize = 1 << 30;

/// How many bytes of a frame come before the message.
const PREFIX: usize = size_of::<u32>();

/// An encoded value of the user. The server knows nothing about it but whether two are equal.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Payload(Arc<[u8]>);

impl Payload {
    pub(crate) fn new(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // As one run of bytes; a sequence would be written, and looked at, number by number.
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Bytes;
        impl Visitor<'_> for Bytes {
            type Value = Payload;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Payload, E> {
                Ok(Payload(bytes.into()))
            }
        }
        deserializer.deserialize_bytes(Bytes)
    }
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    List,
    Dict,
    Value,
    Queue,
    Lock,
    Semaphore,
    Event,
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::List => "list",
            Self::Dict => "dict",
            Self::Value => "value",
            Self::Queue => "queue",
            Self::Lock => "lock",
            Self::Semaphore => "semaphore",
            Self::Event => "event",
        })
    }
}

/// What a client asks for.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Request {
    /// The object with this name, made if there is none; without a name, a new one.
    Open { name: Option<String>, object: NewObject },
    /// Something of an object, waiting for it no longer than `limit`.
    Call {
        object: u64,
        limit: Option<Duration>,
        operation: Operation,
    },
    /// The end of an object.
    Delete { object: u64 },
}

/// An object to make.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum NewObject {
    List,
    Dict,
    Value(Payload),
    Queue { bound: Option<u64> },
    Lock,
    Semaphore { permits: u64 },
    Event,
}

impl NewObject {
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Self::List => Kind::List,
            Self::Dict => Kind::Dict,
            Self::Value(_) => Kind::Value,
            Self::Queue { .. } => Kind::Queue,
            Self::Lock => Kind::Lock,
            Self::Semaphore { .. } => Kind::Semaphore,
            Self::Event => Kind::Event,
        }
    }
}

/// What is done with an object of each kind.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Operation {
    List(ListOperation),
    Dict(DictOperation),
    Value(ValueOperation),
    Queue(QueueOperation),
    Lock(SemaphoreOperation),
    Semaphore(SemaphoreOperation),
    Event(EventOperation),
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ListOperation {
    Push(Payload),
    Extend(Vec<Payload>),
    Load(u64),
    Set(u64, Payload),
    /// Sets the item, if it is still the one with this stamp.
    Replace {
        index: u64,
        stamp: u64,
        item: Payload,
    },
    Insert(u64, Payload),
    Remove(u64),
    Pop,
    Find(Payload),
    Len,
    Clear,
    Items,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum DictOperation {
    Insert(Payload, Payload),
    GetOrInsert(Payload, Payload),
    Load(Payload),
    Remove(Payload),
    /// Sets or removes the value, if it is still the one with this stamp, or still absent.
    Replace {
        key: Payload,
        stamp: Option<u64>,
        value: Option<Payload>,
    },
    Contains(Payload),
    Len,
    Clear,
    Keys,
    Values,
    Pairs,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ValueOperation {
    Load,
    Set(Payload),
    /// Sets the value, if it is still the one with this stamp.
    Replace {
        stamp: u64,
        value: Payload,
    },
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum QueueOperation {
    Put(Payload),
    Get,
    Len,
}

/// A lock is a semaphore with one permit.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum SemaphoreOperation {
    Acquire,
    Release,
    Available,
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum EventOperation {
    Set,
    Clear,
    IsSet,
    Wait,
}

/// A value, and the number of the write that stored it. No two writes of a server have the same, so whoever sees the
/// number again sees the same value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Stamped {
    pub(crate) stamp: u64,
    pub(crate) payload: Payload,
}

/// The server's answer.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Reply {
    Done,
    Flag(bool),
    Count(u64),
    Position(Option<u64>),
    Item(Option<Payload>),
    /// What is there; also where it is not what a `Replace` expected.
    Stamped(Option<Stamped>),
    Items(Vec<Payload>),
    Pairs(Vec<(Payload, Payload)>),
    Object(u64),
    /// The caller holds a lock, or a permit.
    Granted {
        abandoned: bool,
    },
    TimedOut,
    Refused(Refusal),
}

/// Why a request was not fulfilled.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Refusal {
    ObjectGone,
    OutOfBounds { index: u64, len: u64 },
    WrongKind { found: Kind, wanted: Kind },
    TooLarge { size: u64 },
    NotHeld,
    Malformed(String),
}

impl Reply {
    /// About how many bytes its encoding has, found without making it.
    pub(crate) fn estimated_size(&self) -> usize {
        match self {
            Self::Items(items) => items.iter().map(|item| item.bytes().len()).sum(),
            Self::Pairs(pairs) => {
                let sizes = pairs.iter().map(|(a, b)| a.bytes().len() + b.bytes().len());
                sizes.sum()
            }
            Self::Item(Some(item)) => item.bytes().len(),
            Self::Stamped(Some(stamped)) => stamped.payload.bytes().len(),
            _ => 0,
        }
    }
}

/// Why there is no frame.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FrameError {
    /// The message is larger than the other side would read.
    #[error("a message of {size} bytes is larger than {LARGEST}")]
    TooLarge { size: usize },
    /// The message cannot be written or read.
    #[error(transparent)]
    Codec(#[from] CodecError),
}

/// The frame of `message`.
pub(crate) fn frame<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let mut frame = vec![0; PREFIX];
    codec::encode_into(message, &mut frame)?;
    let size = frame.len() - PREFIX;
    let prefix = u32::try_from(size).ok().filter(|_| size <= LARGEST);
    let prefix = prefix.ok_or(FrameError::TooLarge { size })?;
    frame[..PREFIX].copy_from_slice(&prefix.to_le_bytes());
    Ok(frame)
}

/// How long the first frame in `received` is when it is complete; `None` while that cannot be told.
pub(crate) fn frame_len(received: &[u8]) -> Result<Option<usize>, FrameError> {
    let Some(prefix) = received.first_chunk::<PREFIX>() else {
        return Ok(None);
    };
    let size = u32::from_le_bytes(*prefix) as usize;
    if size > LARGEST {
        return Err(FrameError::TooLarge { size });
    }
    Ok(Some(PREFIX + size))
}

/// The message in a complete frame.
pub(crate) fn open_frame<T: DeserializeOwned>(frame: &[u8]) -> Result<T, FrameError> {
    Ok(codec::decode(&frame[PREFIX..])?)
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::fuzzing::{Changed, changed, for_all};
    use crate::sys::counted::frugally;

    #[test]
    fn a_message_comes_out_of_its_frame() {
        let reply = Reply::Stamped(Some(Stamped {
            stamp: u64::MAX,
            payload: Payload::new(vec![0, 0xc0, 255]),
        }));
        let bytes = frame(&reply).unwrap();
        assert_eq!(frame_len(&bytes).unwrap(), Some(bytes.len()));
        assert_eq!(frame_len(&bytes[..3]).unwrap(), None);
        assert_eq!(open_frame::<Reply>(&bytes).unwrap(), reply);
    }

    #[test]
    fn an_absent_payload_is_not_an_empty_one() {
        for item in [None, Some(Payload::new(Vec::new()))] {
            let bytes = frame(&Reply::Item(item.clone())).unwrap();
            assert_eq!(open_frame::<Reply>(&bytes).unwrap(), Reply::Item(item));
        }
    }

    #[test]
    fn a_payload_takes_a_byte_for_a_byte() {
        let bytes = frame(&Reply::Item(Some(Payload::new(vec![200; 100_000])))).unwrap();
        assert!(bytes.len() < 100_032, "{}", bytes.len());
    }

    #[test]
    fn a_length_above_the_limit_is_refused_before_anything_is_read() {
        let length = u32::try_from(LARGEST + 1).unwrap().to_le_bytes();
        assert!(matches!(frame_len(&length), Err(FrameError::TooLarge { .. })));
    }

    pub(in crate::manager) fn payload() -> impl Strategy<Value = Payload> {
        vec(any::<u8>(), 0..24).prop_map(Payload::new)
    }

    /// Requests of every kind, some of them about an object with a low number.
    pub(in crate::manager) fn request() -> impl Strategy<Value = Request> {
        let object = || prop_oneof![9 => 0..5u64, 1 => any::<u64>()];
        let name = prop::option::of("[a-c]{0,2}");
        let call = (object(), prop::option::of(any::<Duration>()), operation());
        prop_oneof![
            2 => (name, new_object()).prop_map(|(name, object)| Request::Open { name, object }),
            8 => call.prop_map(|(object, limit, operation)| Request::Call { object, limit, operation }),
            1 => object().prop_map(|object| Request::Delete { object }),
        ]
    }

    pub(in crate::manager) fn new_object() -> impl Strategy<Value = NewObject> {
        prop_oneof![
            Just(()).prop_map(|()| NewObject::List),
            Just(()).prop_map(|()| NewObject::Dict),
            payload().prop_map(NewObject::Value),
            prop::option::of(prop_oneof![0..3u64, any::<u64>()]).prop_map(|bound| NewObject::Queue { bound }),
            Just(()).prop_map(|()| NewObject::Lock),
            prop_oneof![0..3u64, any::<u64>()].prop_map(|permits| NewObject::Semaphore { permits }),
            Just(()).prop_map(|()| NewObject::Event),
        ]
    }

    fn operation() -> impl Strategy<Value = Operation> {
        prop_oneof![
            list_operation().prop_map(Operation::List),
            dict_operation().prop_map(Operation::Dict),
            value_operation().prop_map(Operation::Value),
            queue_operation().prop_map(Operation::Queue),
            semaphore_operation().prop_map(Operation::Lock),
            semaphore_operation().prop_map(Operation::Semaphore),
            event_operation().prop_map(Operation::Event),
        ]
    }

    fn number() -> impl Strategy<Value = u64> {
        prop_oneof![9 => 0..5u64, 1 => any::<u64>(), 1 => Just(u64::MAX)]
    }

    fn list_operation() -> impl Strategy<Value = ListOperation> {
        prop_oneof![
            payload().prop_map(ListOperation::Push),
            vec(payload(), 0..4).prop_map(ListOperation::Extend),
            number().prop_map(ListOperation::Load),
            (number(), payload()).prop_map(|(index, item)| ListOperation::Set(index, item)),
            (number(), number(), payload()).prop_map(|(index, stamp, item)| ListOperation::Replace {
                index,
                stamp,
                item
            }),
            (number(), payload()).prop_map(|(index, item)| ListOperation::Insert(index, item)),
            number().prop_map(ListOperation::Remove),
            payload().prop_map(ListOperation::Find),
            (0..4).prop_map(|which| match which {
                0 => ListOperation::Pop,
                1 => ListOperation::Len,
                2 => ListOperation::Clear,
                _ => ListOperation::Items,
            }),
        ]
    }

    fn dict_operation() -> impl Strategy<Value = DictOperation> {
        let replace = (payload(), prop::option::of(number()), prop::option::of(payload()));
        prop_oneof![
            (payload(), payload()).prop_map(|(key, value)| DictOperation::Insert(key, value)),
            (payload(), payload()).prop_map(|(key, value)| DictOperation::GetOrInsert(key, value)),
            payload().prop_map(DictOperation::Load),
            payload().prop_map(DictOperation::Remove),
            replace.prop_map(|(key, stamp, value)| DictOperation::Replace { key, stamp, value }),
            payload().prop_map(DictOperation::Contains),
            (0..5).prop_map(|which| match which {
                0 => DictOperation::Len,
                1 => DictOperation::Clear,
                2 => DictOperation::Keys,
                3 => DictOperation::Values,
                _ => DictOperation::Pairs,
            }),
        ]
    }

    fn value_operation() -> impl Strategy<Value = ValueOperation> {
        prop_oneof![
            Just(()).prop_map(|()| ValueOperation::Load),
            payload().prop_map(ValueOperation::Set),
            (number(), payload()).prop_map(|(stamp, value)| ValueOperation::Replace { stamp, value }),
        ]
    }

    fn queue_operation() -> impl Strategy<Value = QueueOperation> {
        prop_oneof![
            payload().prop_map(QueueOperation::Put),
            Just(()).prop_map(|()| QueueOperation::Get),
            Just(()).prop_map(|()| QueueOperation::Len),
        ]
    }

    fn semaphore_operation() -> impl Strategy<Value = SemaphoreOperation> {
        (0..3).prop_map(|which| match which {
            0 => SemaphoreOperation::Acquire,
            1 => SemaphoreOperation::Release,
            _ => SemaphoreOperation::Available,
        })
    }

    fn event_operation() -> impl Strategy<Value = EventOperation> {
        (0..4).prop_map(|which| match which {
            0 => EventOperation::Set,
            1 => EventOperation::Clear,
            2 => EventOperation::IsSet,
            _ => EventOperation::Wait,
        })
    }

    pub(in crate::manager) fn reply() -> impl Strategy<Value = Reply> {
        let stamped = (any::<u64>(), payload()).prop_map(|(stamp, payload)| Stamped { stamp, payload });
        prop_oneof![
            Just(()).prop_map(|()| Reply::Done),
            any::<bool>().prop_map(Reply::Flag),
            any::<u64>().prop_map(Reply::Count),
            any::<Option<u64>>().prop_map(Reply::Position),
            prop::option::of(payload()).prop_map(Reply::Item),
            prop::option::of(stamped).prop_map(Reply::Stamped),
            vec(payload(), 0..4).prop_map(Reply::Items),
            vec((payload(), payload()), 0..4).prop_map(Reply::Pairs),
            any::<u64>().prop_map(Reply::Object),
            any::<bool>().prop_map(|abandoned| Reply::Granted { abandoned }),
            Just(()).prop_map(|()| Reply::TimedOut),
            ".{0,9}".prop_map(|error| Reply::Refused(Refusal::Malformed(error))),
            (any::<u64>(), any::<u64>()).prop_map(|(index, len)| Reply::Refused(Refusal::OutOfBounds { index, len })),
            Just((Kind::List, Kind::Lock))
                .prop_map(|(found, wanted)| Reply::Refused(Refusal::WrongKind { found, wanted })),
        ]
    }

    /// The first message in these bytes, as both ends take it; `None` while it has not come as a whole.
    pub(in crate::manager) fn first<T: DeserializeOwned>(bytes: &[u8]) -> Option<Result<(T, usize), FrameError>> {
        match frame_len(bytes) {
            Ok(len) => {
                let len = len.filter(|len| *len <= bytes.len())?;
                Some(open_frame(&bytes[..len]).map(|message| (message, len)))
            }
            Err(error) => Some(Err(error)),
        }
    }

    /// Any bytes are a message, which can be sent as it is, or none; and what was not changed arrives as it was.
    fn arrives_or_not<T: DeserializeOwned + Serialize>(changed: &Changed) {
        let bytes = &changed.bytes;
        match frugally(bytes.len(), || first::<T>(bytes)) {
            Some(Ok((message, len))) => {
                let again = frame(&message).unwrap();
                if len <= changed.intact() {
                    assert_eq!(again, bytes[..len]);
                }
                let (once_more, _) = first::<T>(&again).unwrap().unwrap();
                assert_eq!(frame(&once_more).unwrap(), again);
            }
            Some(Err(_)) | None => assert!(!changed.is_intact()),
        }
    }

    #[test]
    fn any_bytes_are_a_request_or_an_error() {
        let frames = request().prop_map(|request| frame(&request).unwrap());
        for_all(1000, changed(frames), |changed| arrives_or_not::<Request>(&changed));
    }

    #[test]
    fn any_bytes_are_a_reply_or_an_error() {
        let frames = reply().prop_map(|reply| frame(&reply).unwrap());
        for_all(2000, changed(frames), |changed| arrives_or_not::<Reply>(&changed));
    }
}

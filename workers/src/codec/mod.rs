//! How values travel between processes: MessagePack with field names, and what it lacks. The one place that knows the
//! format.
//!
//! Field names are what lets skipped fields, untagged enums and flattened structs round-trip; formats that go by
//! position lose them. Where MessagePack has no form for something that serde tells apart, the byte that it never uses
//! introduces one of our own (see [`mod@format`]): `Some` of what is itself nil, characters, 128-bit numbers, lengths of
//! more than 32 bits, and [bulk](crate::sys::bulk): a sequence of numbers as it lies in memory.
//!
//! What arrives equals what was sent wherever serde lets it: where serde itself reads a value into a buffer first
//! (untagged and internally tagged enums, flattened fields), it has no place for 128-bit numbers. Borrowed data is encoded like owned data, and decodes as owned data only (`Cow` and `String`; a type
//! with a `&str` in it is not `DeserializeOwned`).
//!
//! Decoding trusts nothing: lengths are compared with what is there before anything is allocated, and nesting is
//! bounded (see [`depth`]).

mod bulk;
#[cfg(test)]
mod corpus;
mod decode;
mod depth;
mod encode;
mod format;
mod input;
mod problem;
#[cfg(test)]
mod tests;
mod travelling;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::text::short_type_name;
use decode::Decoder;
use encode::Encoder;
use problem::Problem;
pub(crate) use travelling::{Travelling, copied, encode_vector};

/// What types with two forms are told: that people read this one, which is what serde's own buffers always say. Were it
/// not the same, such a type (an IP address) could not be read out of an untagged enum.
const IS_HUMAN_READABLE: bool = true;

/// A value could not be written as, or read from, bytes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodecError {
    /// The value's `Serialize` implementation reported an error, or the format cannot hold the value.
    #[error("cannot encode a value of type `{type_name}`: {source}")]
    Encode {
        /// The value's type.
        type_name: String,
        /// What went wrong.
        source: Problem,
    },
    /// The bytes are not what the type's `Deserialize` implementation expects.
    #[error("cannot decode a value of type `{type_name}`: {source}")]
    Decode {
        /// The type that was expected.
        type_name: String,
        /// What went wrong.
        source: Problem,
    },
}

impl CodecError {
    #[cold]
    fn encode(type_name: &str, source: Problem) -> Self {
        Self::Encode {
            type_name: short_type_name(type_name),
            source,
        }
    }

    #[cold]
    fn decode(type_name: &str, source: Problem) -> Self {
        Self::Decode {
            type_name: short_type_name(type_name),
            source,
        }
    }
}

/// Appends the encoded `value` to `out`; on an error `out` may hold part of it. A vector of numbers is one copy.
pub(crate) fn encode_into<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
    value
        .serialize(&mut Encoder::new(out))
        .map_err(|source| CodecError::encode(std::any::type_name::<T>(), source))
}

/// The value that `bytes` hold, all of them. A vector of numbers is one copy.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    Decoder::decode(bytes).map_err(|source| CodecError::decode(std::any::type_name::<T>(), source))
}

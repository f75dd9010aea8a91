//! How results travel between processes: MessagePack with field names. The one place that knows the format.
//!
//! Field names are what lets skipped fields, untagged enums and flattened structs round-trip; formats that go by
//! position lose them. One thing that serde can describe it cannot tell apart: an option's `Some` around what is itself
//! written as nil (`Some(None)`, `Some(())`) reads back as `None`.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A value could not be written as, or read from, bytes.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CodecError {
    /// The value's `Serialize` implementation reported an error, or the format cannot hold the value.
    #[error("cannot encode the value: {source}")]
    Encode {
        /// What the format reported.
        source: rmp_serde::encode::Error,
    },
    /// The bytes are not what the type's `Deserialize` implementation expects.
    #[error("cannot decode the value: {source}")]
    Decode {
        /// What the format reported.
        source: rmp_serde::decode::Error,
    },
}

/// Appends the encoded `value` to `out`; on an error `out` may hold part of it.
pub(crate) fn encode_into<T: Serialize + ?Sized>(value: &T, out: &mut Vec<u8>) -> Result<(), CodecError> {
    rmp_serde::encode::write_named(out, value).map_err(|source| CodecError::Encode { source })
}

/// The value that `bytes` hold.
pub(crate) fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, CodecError> {
    rmp_serde::from_slice(bytes).map_err(|source| CodecError::Decode { source })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;

    use serde::{Deserialize, Serialize};

    use super::*;

    fn assert_round_trip<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: T) {
        let mut bytes = Vec::new();
        encode_into(&value, &mut bytes).unwrap();
        assert_eq!(decode::<T>(&bytes).unwrap(), value);
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Untagged {
        Number(i64),
        Text(String),
        Fields { a: u8, b: Option<String> },
        List(Vec<Untagged>),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Tagged {
        Unit,
        Newtype(u32),
        Tuple(u8, String),
        Struct { x: f64 },
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(tag = "kind")]
    enum InternallyTagged {
        A { x: u8 },
        B,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Skipping {
        #[serde(skip_serializing_if = "Option::is_none", default)]
        first: Option<u8>,
        second: String,
        #[serde(skip)]
        third: u8,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Flat {
        id: u8,
        #[serde(flatten)]
        rest: BTreeMap<String, serde_json::Value>,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct UnitStruct;

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Newtype(String);

    #[test]
    fn numbers_keep_every_bit() {
        assert_round_trip((u64::MAX, i64::MIN, u128::MAX, i128::MIN, 0u8, -1i8));
        assert_round_trip((f64::MIN_POSITIVE, f32::MAX, f64::NEG_INFINITY));
        assert_round_trip(('\u{1F980}', true, String::from("\0ü")));
        assert_round_trip(());
    }

    #[test]
    fn enums_round_trip() {
        let fields = Untagged::Fields { a: 1, b: None };
        assert_round_trip(Untagged::List(vec![
            Untagged::Number(-5),
            Untagged::Text("x".into()),
            fields,
        ]));
        assert_round_trip(vec![
            Tagged::Unit,
            Tagged::Newtype(7),
            Tagged::Tuple(1, "y".into()),
            Tagged::Struct { x: 0.1 },
        ]);
        assert_round_trip(vec![InternallyTagged::A { x: 3 }, InternallyTagged::B]);
    }

    #[test]
    fn structs_round_trip() {
        assert_round_trip(Skipping {
            first: None,
            second: "b".into(),
            third: 0,
        });
        assert_round_trip(Skipping {
            first: Some(1),
            second: String::new(),
            third: 0,
        });
        assert_round_trip((UnitStruct, Newtype("n".into())));
        let rest = BTreeMap::from([("k".to_owned(), serde_json::json!([1, null]))]);
        assert_round_trip(Flat { id: 1, rest });
    }

    #[test]
    fn containers_round_trip() {
        assert_round_trip(BTreeMap::from([(1u32, "a".to_owned()), (u32::MAX, String::new())]));
        assert_round_trip(BTreeMap::from([((1, 2), [1u8, 2, 3])]));
        assert_round_trip(vec![0u8, 255, 128]);
        assert_round_trip(vec![Some(1), None]);
        assert_round_trip(serde_json::json!({"a": [1, -2, 0.5, null, true, {"b": "c"}], "": u64::MAX}));
        assert_round_trip(std::time::Duration::from_nanos(1_000_000_001));
    }

    #[test]
    fn results_round_trip() {
        assert_round_trip(vec![Ok::<u8, String>(1), Err("no".to_owned())]);
        assert_round_trip(Some(Ok::<Option<u8>, ()>(None)));
    }

    #[test]
    fn garbage_is_an_error() {
        assert!(decode::<String>(&[0xc1, 0xff]).is_err());
        assert!(decode::<Vec<u64>>(&[0xdd, 0xff, 0xff, 0xff, 0xff]).is_err());
        assert!(decode::<u8>(&[]).is_err());
    }
}

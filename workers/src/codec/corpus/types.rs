//! Types of every kind that serde's derive knows.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Bytes as serde has them, apart from sequences of numbers.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Bytes(pub(crate) Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_byte_buf(Visitor)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Unit;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Newtype<T>(pub(super) T);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Pair(pub(super) u8, pub(super) Option<String>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Empty {}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Plain<T> {
    pub(super) a: T,
    pub(super) b: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Key {
    pub(super) a: u8,
    pub(super) b: String,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Other {
    pub(super) o: Vec<u8>,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Choice {
    A,
    B,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum External<T> {
    Unit,
    Newtype(T),
    Tuple(u8, T),
    Struct { a: T, b: T },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub(super) enum Internal {
    A { x: u8 },
    B,
    C(Key),
    D(BTreeMap<String, u8>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
pub(super) enum Adjacent<T> {
    Unit,
    Newtype(T),
    Tuple(u8, T),
    Struct { a: T, b: T },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Renamed {
    #[serde(rename = "with spaces", alias = "other")]
    WithSpaces,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Nested {
    None,
    Of(Box<Nested>),
    Many(Vec<Nested>),
}

/// A character that is nothing but a character.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Wide(pub(super) char);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum Untagged {
    Nothing,
    Flag(bool),
    Number(i64),
    Decimal(f64),
    Inner(External<u8>),
    Text(String),
    Char(Wide),
    Fields { a: u8, b: Option<String> },
    List(Vec<Untagged>),
    Blob(Bytes),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum AnyShape {
    Unit(Unit),
    Tuple((u8, String)),
    Bytes(Vec<u8>),
    Floats(Vec<f64>),
    Map(BTreeMap<u64, u8>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum UntaggedOption<T> {
    Deep { deep: T },
    Many(Vec<T>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub(super) enum InternalOption<T> {
    A { deep: T, list: Vec<T> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FlatOption<T> {
    pub(super) id: u8,
    #[serde(flatten)]
    pub(super) inner: T,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FlatOptions<T> {
    pub(super) id: u8,
    #[serde(flatten)]
    pub(super) rest: BTreeMap<String, T>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Skipping {
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) first: Option<u8>,
    pub(super) second: String,
    #[serde(skip)]
    pub(super) third: u8,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Defaulted {
    #[serde(skip_serializing_if = "is_five")]
    pub(super) a: u8,
    pub(super) b: Option<u8>,
}

impl Default for Defaulted {
    fn default() -> Self {
        Self { a: 5, b: Some(1) }
    }
}

fn is_five(n: &u8) -> bool {
    *n == 5
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Flat {
    pub(super) id: u8,
    #[serde(flatten)]
    pub(super) inner: Key,
    #[serde(flatten)]
    pub(super) maybe: Option<Other>,
    #[serde(flatten)]
    pub(super) rest: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FlatEnum {
    pub(super) id: u8,
    #[serde(flatten)]
    pub(super) choice: External<u8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct FlatNumbers {
    #[serde(skip)]
    pub(super) name: NotSent,
    #[serde(flatten)]
    pub(super) by_number: BTreeMap<u64, f64>,
}

/// Equal to every other, since none is sent.
#[derive(Clone, Debug, Default)]
pub(super) struct NotSent;

impl PartialEq for NotSent {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Copying {
    pub(super) text: Cow<'static, str>,
    pub(super) bytes: Cow<'static, [u8]>,
}

/// A list of which each element is inside the one before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct List {
    pub(super) n: u32,
    pub(super) next: Option<Box<List>>,
}

impl List {
    pub(crate) fn of(length: u32) -> Self {
        let mut list = Self { n: 0, next: None };
        for n in 1..length {
            list = Self {
                n,
                next: Some(Box::new(list)),
            };
        }
        list
    }
}

//! Reading sequences that were written as they lay in memory, where something else than a vector of them is wanted:
//! element by element.

use serde::de::{DeserializeSeed, Deserializer, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;

use super::depth::Depth;
use super::problem::Problem;
use crate::sys::bulk::{Number, Shape};

/// The memory of a slice.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bulk<'de> {
    shape: Shape,
    bytes: &'de [u8],
}

impl<'de> Bulk<'de> {
    pub(super) fn new(shape: Shape, bytes: &'de [u8]) -> Result<Self, Problem> {
        if !bytes.len().is_multiple_of(shape.size()) {
            return Err(Problem::InvalidElements);
        }
        Ok(Self { shape, bytes })
    }

    /// The bytes of a sequence of bytes.
    pub(super) fn of_bytes(bytes: &'de [u8]) -> Self {
        let shape = Shape {
            number: Number::U8,
            outer: 0,
            inner: 0,
        };
        Self { shape, bytes }
    }

    pub(super) fn shape(self) -> Shape {
        self.shape
    }

    pub(super) fn bytes(self) -> &'de [u8] {
        self.bytes
    }

    /// The bytes, if that is what the elements are.
    pub(super) fn as_bytes(self) -> Option<&'de [u8]> {
        (self.shape == Self::of_bytes(&[]).shape).then_some(self.bytes)
    }

    pub(super) fn visit<V: Visitor<'de>>(self, depth: &mut Depth, visitor: V) -> Result<V::Value, Problem> {
        let mut elements = PackedElements {
            bytes: self.bytes,
            size: self.shape.size(),
            shape: self.shape,
            depth,
        };
        let value = visitor.visit_seq(&mut elements)?;
        match elements.left() {
            0 => Ok(value),
            left => Err(Problem::ElementsLeftOver(left)),
        }
    }
}

/// The elements that have not been read yet.
struct PackedElements<'a, 'de> {
    bytes: &'de [u8],
    /// Of an element.
    size: usize,
    shape: Shape,
    depth: &'a mut Depth,
}

impl PackedElements<'_, '_> {
    fn left(&self) -> usize {
        self.bytes.len() / self.size
    }
}

impl<'de> SeqAccess<'de> for PackedElements<'_, 'de> {
    type Error = Problem;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        let Some((bytes, rest)) = self.bytes.split_at_checked(self.size) else {
            return Ok(None);
        };
        self.bytes = rest;
        let shape = self.shape;
        let element = Element {
            bulk: Bulk { shape, bytes },
            depth: self.depth,
        };
        seed.deserialize(element).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left())
    }
}

/// One element.
struct Element<'a, 'de> {
    bulk: Bulk<'de>,
    depth: &'a mut Depth,
}

impl<'de> Element<'_, 'de> {
    /// The same one level down. There is nothing in between in the bytes, so a type that is made of itself would go on
    /// for ever.
    fn nested<R>(self, read: impl FnOnce(Element<'_, 'de>) -> Result<R, Problem>) -> Result<R, Problem> {
        let Self { bulk, depth } = self;
        depth.enter()?;
        let result = read(Element { bulk, depth });
        depth.leave();
        result
    }
}

impl<'de> Deserializer<'de> for Element<'_, 'de> {
    type Error = Problem;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let Bulk { shape, bytes } = self.bulk;
        if shape.outer > 0 {
            let shape = Shape {
                outer: shape.inner,
                inner: 0,
                ..shape
            };
            return Bulk { shape, bytes }.visit(self.depth, visitor);
        }
        match shape.number {
            Number::U8 => visitor.visit_u8(u8::from_ne_bytes(exactly(bytes)?)),
            Number::U16 => visitor.visit_u16(u16::from_ne_bytes(exactly(bytes)?)),
            Number::U32 => visitor.visit_u32(u32::from_ne_bytes(exactly(bytes)?)),
            Number::U64 => visitor.visit_u64(u64::from_ne_bytes(exactly(bytes)?)),
            Number::Usize => visitor.visit_u64(usize::from_ne_bytes(exactly(bytes)?) as u64),
            Number::U128 => visitor.visit_u128(u128::from_ne_bytes(exactly(bytes)?)),
            Number::I8 => visitor.visit_i8(i8::from_ne_bytes(exactly(bytes)?)),
            Number::I16 => visitor.visit_i16(i16::from_ne_bytes(exactly(bytes)?)),
            Number::I32 => visitor.visit_i32(i32::from_ne_bytes(exactly(bytes)?)),
            Number::I64 => visitor.visit_i64(i64::from_ne_bytes(exactly(bytes)?)),
            Number::Isize => visitor.visit_i64(isize::from_ne_bytes(exactly(bytes)?) as i64),
            Number::I128 => visitor.visit_i128(i128::from_ne_bytes(exactly(bytes)?)),
            Number::F32 => visitor.visit_f32(f32::from_ne_bytes(exactly(bytes)?)),
            Number::F64 => visitor.visit_f64(f64::from_ne_bytes(exactly(bytes)?)),
            Number::Bool => match exactly(bytes)? {
                [0] => visitor.visit_bool(false),
                [1] => visitor.visit_bool(true),
                [_] => Err(Problem::InvalidElements),
            },
            Number::Char => match char::from_u32(u32::from_ne_bytes(exactly(bytes)?)) {
                Some(character) => visitor.visit_char(character),
                None => Err(Problem::InvalidElements),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.nested(|element| visitor.visit_some(element))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Problem> {
        self.nested(|element| visitor.visit_newtype_struct(element))
    }

    fn is_human_readable(&self) -> bool {
        super::IS_HUMAN_READABLE
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map struct enum identifier ignored_any
    }
}

fn exactly<const N: usize>(bytes: &[u8]) -> Result<[u8; N], Problem> {
    bytes.try_into().map_err(|_| Problem::InvalidElements)
}

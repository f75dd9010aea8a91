//! Reading values.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};

use super::bulk::Bulk;
use super::depth::Depth;
use super::input::{Head, Input};
use super::problem::Problem;
use crate::sys::bulk;

/// Takes values from bytes.
pub(super) struct Decoder<'de> {
    input: Input<'de>,
    depth: Depth,
}

/// Who is to get a value.
#[derive(Clone, Copy, PartialEq, Eq)]
enum For {
    /// A type, which has said what it expects.
    AType,
    /// A buffer, which takes whatever comes.
    ABuffer,
}

impl<'de> Decoder<'de> {
    /// The value that all of `bytes` are.
    pub(super) fn decode<T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Problem> {
        if let Some(bulk) = only_bulk(bytes)
            && let Some(value) = bulk::collect(bulk.shape(), bulk.bytes())
        {
            return value.map_err(|bulk::InvalidElements| Problem::InvalidElements);
        }
        let mut decoder = Self::new(bytes);
        let value = T::deserialize(&mut decoder)?;
        decoder.finish()?;
        Ok(value)
    }

    fn new(bytes: &'de [u8]) -> Self {
        Self {
            input: Input::new(bytes),
            depth: Depth::default(),
        }
    }

    fn finish(&self) -> Result<(), Problem> {
        match self.input.left() {
            0 => Ok(()),
            left => Err(Problem::LeftOver(left)),
        }
    }

    #[inline]
    fn nested<R>(&mut self, read: impl FnOnce(&mut Self) -> Result<R, Problem>) -> Result<R, Problem> {
        self.depth.enter()?;
        let result = read(self);
        self.depth.leave();
        result
    }

    /// One level down, for the elements or whatever else is in the value that has begun.
    #[inline]
    fn within<R>(&mut self, to: For, read: impl FnOnce(&mut Self) -> Result<R, Problem>) -> Result<R, Problem> {
        if to == For::AType {
            return self.nested(read);
        }
        self.depth.enter_buffered()?;
        let result = read(self);
        self.depth.leave_buffered();
        result
    }

    #[inline]
    fn visit_array<V: Visitor<'de>>(&mut self, length: usize, to: For, visitor: V) -> Result<V::Value, Problem> {
        self.within(to, |decoder| {
            let mut elements = UnreadElements { decoder, left: length };
            let value = visitor.visit_seq(&mut elements)?;
            elements.finish(value)
        })
    }

    #[inline]
    fn visit_map<V: Visitor<'de>>(&mut self, length: usize, to: For, visitor: V) -> Result<V::Value, Problem> {
        self.within(to, |decoder| {
            let mut entries = UnreadElements { decoder, left: length };
            let value = visitor.visit_map(&mut entries)?;
            entries.finish(value)
        })
    }

    /// Hands the value that begins with `head` over.
    fn visit<V: Visitor<'de>>(&mut self, head: Head<'de>, to: For, visitor: V) -> Result<V::Value, Problem> {
        match head {
            Head::Some => self.within(to, |decoder| visitor.visit_some(decoder)),
            Head::Array(length) => self.visit_array(length, to, visitor),
            Head::Map(length) => self.visit_map(length, to, visitor),
            Head::Bulk(bulk) => bulk.visit(&mut self.depth, visitor),
            scalar => visit_scalar(scalar, visitor),
        }
    }
}

/// The numbers that all of these bytes are, as they lay in memory, if they are that.
fn only_bulk(bytes: &[u8]) -> Option<Bulk<'_>> {
    let mut input = Input::new(bytes);
    if !input.is_bulk() {
        return None;
    }
    match input.head() {
        Ok(Head::Bulk(bulk)) if input.left() == 0 => Some(bulk),
        _ => None,
    }
}

/// Hands over a value that has no parts.
fn visit_scalar<'de, V: Visitor<'de>>(head: Head<'de>, visitor: V) -> Result<V::Value, Problem> {
    match head {
        Head::Nil => visitor.visit_unit(),
        Head::Bool(value) => visitor.visit_bool(value),
        Head::Unsigned(n) => visitor.visit_u64(n),
        Head::Signed(n) => visitor.visit_i64(n),
        Head::Unsigned128(n) => visitor.visit_u128(u128::from_be_bytes(*n)),
        Head::Signed128(n) => visitor.visit_i128(i128::from_be_bytes(*n)),
        Head::F32(n) => visitor.visit_f32(n),
        Head::F64(n) => visitor.visit_f64(n),
        Head::Char(character) => visitor.visit_char(character),
        Head::Str(text) => visitor.visit_borrowed_str(text),
        Head::Bytes(bytes) => visitor.visit_borrowed_bytes(bytes),
        Head::Some => Err(Problem::invalid_type(Unexpected::Option, &visitor)),
        Head::Array(_) | Head::Bulk(_) => Err(Problem::invalid_type(Unexpected::Seq, &visitor)),
        Head::Map(_) => Err(Problem::invalid_type(Unexpected::Map, &visitor)),
    }
}

/// Methods for types that are not made of others, and how what they expect is taken where it comes as it mostly does.
macro_rules! scalars {
    ($take:ident, $visit:ident: $($method:ident)*) => {
        $(
            #[inline]
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
                match self.input.$take() {
                    Some(value) => visitor.$visit(value),
                    None => visit_scalar(self.input.head()?, visitor),
                }
            }
        )*
    };
}

impl<'de> Deserializer<'de> for &mut Decoder<'de> {
    type Error = Problem;

    fn is_human_readable(&self) -> bool {
        super::IS_HUMAN_READABLE
    }

    scalars! {
        take_unsigned, visit_u64: deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
    }

    scalars! { take_f64, visit_f64: deserialize_f32 deserialize_f64 }

    scalars! {
        take_short_str, visit_borrowed_str: deserialize_str deserialize_string deserialize_identifier
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visit_scalar(self.input.head()?, visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visit_scalar(self.input.head()?, visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        visit_scalar(self.input.head()?, visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        let head = self.input.head()?;
        self.visit(head, For::ABuffer, visitor)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.input.skip()?;
        visitor.visit_unit()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        if let Some(length) = self.input.take_short_array() {
            return self.visit_array(length, For::AType, visitor);
        }
        match self.input.head()? {
            // A type that is written as bytes may well be read as a sequence of them.
            Head::Bytes(bytes) => Bulk::of_bytes(bytes).visit(&mut self.depth, visitor),
            head => self.visit(head, For::AType, visitor),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        if let Some(length) = self.input.take_short_map() {
            return self.visit_map(length, For::AType, visitor);
        }
        let head = self.input.head()?;
        self.visit(head, For::AType, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        self.deserialize_map(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        match self.input.head()? {
            // And the other way round.
            Head::Bulk(bulk) if let Some(bytes) = bulk.as_bytes() => visitor.visit_borrowed_bytes(bytes),
            head => self.visit(head, For::AType, visitor),
        }
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Problem> {
        if self.input.take_nil() {
            return visitor.visit_none();
        }
        self.input.take_some();
        self.nested(|decoder| visitor.visit_some(decoder))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Problem> {
        self.nested(|decoder| visitor.visit_newtype_struct(decoder))
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Problem> {
        match self.input.head()? {
            Head::Str(variant) => visitor.visit_enum(BorrowedStrDeserializer::new(variant)),
            Head::Map(1) => visitor.visit_enum(Variant { decoder: self }),
            _ => Err(Problem::NotAVariant),
        }
    }
}

/// The elements of a sequence, or the entries of a map, that have not been read yet.
struct UnreadElements<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
    left: usize,
}

impl<'de> UnreadElements<'_, 'de> {
    #[inline]
    fn next<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        seed.deserialize(&mut *self.decoder).map(Some)
    }

    /// The value that was made of the elements, if it is made of all of them.
    fn finish<T>(&self, value: T) -> Result<T, Problem> {
        match self.left {
            0 => Ok(value),
            left => Err(Problem::ElementsLeftOver(left)),
        }
    }
}

impl<'de> SeqAccess<'de> for UnreadElements<'_, 'de> {
    type Error = Problem;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Problem> {
        self.next(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        self.decoder.depth.is_roomy().then_some(self.left)
    }
}

impl<'de> MapAccess<'de> for UnreadElements<'_, 'de> {
    type Error = Problem;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Problem> {
        self.next(seed)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Problem> {
        seed.deserialize(&mut *self.decoder)
    }

    fn size_hint(&self) -> Option<usize> {
        self.decoder.depth.is_roomy().then_some(self.left)
    }
}

/// A variant of an enum, with data.
struct Variant<'a, 'de> {
    decoder: &'a mut Decoder<'de>,
}

impl<'de> EnumAccess<'de> for Variant<'_, 'de> {
    type Error = Problem;
    type Variant = Self;

    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self), Problem> {
        let variant = seed.deserialize(&mut *self.decoder)?;
        Ok((variant, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'_, 'de> {
    type Error = Problem;

    fn unit_variant(self) -> Result<(), Problem> {
        <()>::deserialize(self.decoder)
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Problem> {
        self.decoder.nested(|decoder| seed.deserialize(decoder))
    }

    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value, Problem> {
        self.decoder.deserialize_tuple(length, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(self, fields: &'static [&'static str], visitor: V) -> Result<V::Value, Problem> {
        self.decoder.deserialize_struct("", fields, visitor)
    }
}

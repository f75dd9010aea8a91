//! Writing values.

mod elements;

use serde::Serialize;
use serde::ser::Serializer;

use super::depth::Depth;
use super::format::{self as f, ours};
use super::problem::Problem;
use crate::sys::bulk::{self, Shape};
use crate::sys::huge_pages;
use elements::ElementEncoder;

/// The size, in bytes, from which on a sequence of numbers is written as it lies in memory. Below it the numbers
/// themselves are often shorter than what has to be said about them.
const MIN_BULK: usize = 64;

/// Appends values to a vector.
pub(super) struct Encoder<'out> {
    out: &'out mut Vec<u8>,
    depth: Depth,
}

impl<'out> Encoder<'out> {
    pub(super) fn new(out: &'out mut Vec<u8>) -> Self {
        let depth = Depth::default();
        Self { out, depth }
    }

    #[inline]
    fn put<const N: usize>(&mut self, byte: u8, rest: [u8; N]) {
        self.out.push(byte);
        self.out.extend_from_slice(&rest);
    }

    fn unsigned(&mut self, n: u64) {
        match n {
            ..0x80 => self.out.push(n as u8),
            0x80..0x100 => self.put(f::U_8, (n as u8).to_be_bytes()),
            0x100..0x1_0000 => self.put(f::U_16, (n as u16).to_be_bytes()),
            0x1_0000..0x1_0000_0000 => self.put(f::U_32, (n as u32).to_be_bytes()),
            _ => self.put(f::U_64, n.to_be_bytes()),
        }
    }

    fn signed(&mut self, n: i64) {
        match n {
            0.. => self.unsigned(n.cast_unsigned()),
            -0x20..0 => self.out.push((n as i8).cast_unsigned()),
            -0x80..-0x20 => self.put(f::I_8, (n as i8).to_be_bytes()),
            -0x8000..-0x80 => self.put(f::I_16, (n as i16).to_be_bytes()),
            -0x8000_0000..-0x8000 => self.put(f::I_32, (n as i32).to_be_bytes()),
            _ => self.put(f::I_64, n.to_be_bytes()),
        }
    }

    fn str(&mut self, text: &str) {
        match text.len() {
            length @ ..0x20 => self.out.push(f::FIX_STR + length as u8),
            length => self.length(length, [Some(f::STR_8), Some(f::STR_16), Some(f::STR_32)], ours::STR_64),
        }
        self.out.extend_from_slice(text.as_bytes());
    }

    fn array(&mut self, length: usize) {
        match length {
            ..0x10 => self.out.push(f::FIX_ARRAY + length as u8),
            _ => self.length(length, [None, Some(f::ARRAY_16), Some(f::ARRAY_32)], ours::ARRAY_64),
        }
    }

    fn map(&mut self, length: usize) {
        match length {
            ..0x10 => self.out.push(f::FIX_MAP + length as u8),
            _ => self.length(length, [None, Some(f::MAP_16), Some(f::MAP_32)], ours::MAP_64),
        }
    }

    /// Writes a length in as few bytes as there is a form for.
    fn length(&mut self, length: usize, [in_8, in_16, in_32]: [Option<u8>; 3], in_64: u8) {
        if let (Some(byte), Ok(length)) = (in_8, u8::try_from(length)) {
            self.put(byte, length.to_be_bytes());
        } else if let (Some(byte), Ok(length)) = (in_16, u16::try_from(length)) {
            self.put(byte, length.to_be_bytes());
        } else if let (Some(byte), Ok(length)) = (in_32, u32::try_from(length)) {
            self.put(byte, length.to_be_bytes());
        } else {
            self.out.extend_from_slice(&[f::OURS, in_64]);
            self.out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }

    pub(super) fn bulk(&mut self, shape: Shape, bytes: &[u8]) {
        // All of it at once: the vector is not to grow, and so be copied, twice.
        self.out.reserve(2 + 3 + 8 + bytes.len());
        huge_pages::prefer(self.out.spare_capacity_mut());
        self.out.extend_from_slice(&[f::OURS, ours::BULK]);
        self.out.extend_from_slice(&shape.to_bytes());
        self.out.extend_from_slice(&(bytes.len() as u64).to_be_bytes());
        self.out.extend_from_slice(bytes);
    }

    fn nested<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        self.depth.enter()?;
        value.serialize(&mut *self)?;
        self.depth.leave();
        Ok(())
    }

    /// Begins something whose elements have been announced.
    fn elements(&mut self, length: usize) -> Result<ElementEncoder<'_, 'out>, Problem> {
        self.depth.enter()?;
        Ok(ElementEncoder::announced(self, length))
    }

    /// Begins something whose length is written when it is known: in the form for `byte`, or for `in_64`.
    fn elements_to_count(&mut self, byte: u8, in_64: u8) -> Result<ElementEncoder<'_, 'out>, Problem> {
        self.depth.enter()?;
        let at = self.out.len();
        self.put(byte, [0; 4]);
        Ok(ElementEncoder::to_count(self, at, in_64))
    }
}

impl<'a, 'out> Serializer for &'a mut Encoder<'out> {
    type Ok = ();
    type Error = Problem;
    type SerializeSeq = ElementEncoder<'a, 'out>;
    type SerializeTuple = ElementEncoder<'a, 'out>;
    type SerializeTupleStruct = ElementEncoder<'a, 'out>;
    type SerializeTupleVariant = ElementEncoder<'a, 'out>;
    type SerializeMap = ElementEncoder<'a, 'out>;
    type SerializeStruct = ElementEncoder<'a, 'out>;
    type SerializeStructVariant = ElementEncoder<'a, 'out>;

    fn is_human_readable(&self) -> bool {
        super::IS_HUMAN_READABLE
    }

    fn serialize_bool(self, value: bool) -> Result<(), Problem> {
        self.out.push(if value { f::TRUE } else { f::FALSE });
        Ok(())
    }

    fn serialize_i8(self, n: i8) -> Result<(), Problem> {
        self.serialize_i64(n.into())
    }

    fn serialize_i16(self, n: i16) -> Result<(), Problem> {
        self.serialize_i64(n.into())
    }

    fn serialize_i32(self, n: i32) -> Result<(), Problem> {
        self.serialize_i64(n.into())
    }

    fn serialize_i64(self, n: i64) -> Result<(), Problem> {
        self.signed(n);
        Ok(())
    }

    fn serialize_i128(self, n: i128) -> Result<(), Problem> {
        if let Ok(n) = i64::try_from(n) {
            self.signed(n);
        } else {
            self.out.push(f::OURS);
            self.put(ours::I_128, n.to_be_bytes());
        }
        Ok(())
    }

    fn serialize_u8(self, n: u8) -> Result<(), Problem> {
        self.serialize_u64(n.into())
    }

    fn serialize_u16(self, n: u16) -> Result<(), Problem> {
        self.serialize_u64(n.into())
    }

    fn serialize_u32(self, n: u32) -> Result<(), Problem> {
        self.serialize_u64(n.into())
    }

    fn serialize_u64(self, n: u64) -> Result<(), Problem> {
        self.unsigned(n);
        Ok(())
    }

    fn serialize_u128(self, n: u128) -> Result<(), Problem> {
        if let Ok(n) = u64::try_from(n) {
            self.unsigned(n);
        } else {
            self.out.push(f::OURS);
            self.put(ours::U_128, n.to_be_bytes());
        }
        Ok(())
    }

    fn serialize_f32(self, n: f32) -> Result<(), Problem> {
        self.put(f::F_32, n.to_be_bytes());
        Ok(())
    }

    fn serialize_f64(self, n: f64) -> Result<(), Problem> {
        self.put(f::F_64, n.to_be_bytes());
        Ok(())
    }

    fn serialize_char(self, value: char) -> Result<(), Problem> {
        self.out.push(f::OURS);
        self.put(ours::CHAR, u32::from(value).to_be_bytes());
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Result<(), Problem> {
        self.str(text);
        Ok(())
    }

    fn serialize_bytes(self, bytes: &[u8]) -> Result<(), Problem> {
        let forms = [Some(f::BIN_8), Some(f::BIN_16), Some(f::BIN_32)];
        self.length(bytes.len(), forms, ours::BIN_64);
        self.out.extend_from_slice(bytes);
        Ok(())
    }

    fn serialize_none(self) -> Result<(), Problem> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Problem> {
        let start = self.out.len();
        self.nested(value)?;
        let reads_as_none = matches!(self.out[start..], [f::NIL, ..] | [f::OURS, ours::SOME, ..]);
        if reads_as_none {
            // What moves is nil and marks like this one.
            self.out.splice(start..start, [f::OURS, ours::SOME]);
        }
        Ok(())
    }

    fn serialize_unit(self) -> Result<(), Problem> {
        self.out.push(f::NIL);
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Problem> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Problem> {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<(), Problem> {
        self.nested(value)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<(), Problem> {
        self.map(1);
        self.str(variant);
        self.nested(value)
    }

    fn serialize_seq(self, length: Option<usize>) -> Result<Self::SerializeSeq, Problem> {
        let Some(length) = length else {
            return self.elements_to_count(f::ARRAY_32, ours::ARRAY_64);
        };
        self.array(length);
        self.elements(length)
    }

    fn collect_seq<I>(self, items: I) -> Result<(), Problem>
    where
        I: IntoIterator,
        I::Item: Serialize,
    {
        let items = items.into_iter();
        if let Some((shape, bytes)) = bulk::view(&items)
            && bytes.len() >= MIN_BULK
        {
            self.bulk(shape, bytes);
            return Ok(());
        }
        let length = match items.size_hint() {
            (least, Some(most)) if least == most => Some(least),
            _ => None,
        };
        let mut elements = self.serialize_seq(length)?;
        for item in items {
            elements.element(&item)?;
        }
        elements.finish()
    }

    fn serialize_tuple(self, length: usize) -> Result<Self::SerializeTuple, Problem> {
        self.array(length);
        self.elements(length)
    }

    fn serialize_tuple_struct(self, _: &'static str, length: usize) -> Result<Self::SerializeTupleStruct, Problem> {
        self.serialize_tuple(length)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeTupleVariant, Problem> {
        self.map(1);
        self.str(variant);
        self.serialize_tuple(length)
    }

    fn serialize_map(self, length: Option<usize>) -> Result<Self::SerializeMap, Problem> {
        let Some(length) = length else {
            return self.elements_to_count(f::MAP_32, ours::MAP_64);
        };
        self.map(length);
        self.elements(length)
    }

    fn serialize_struct(self, _: &'static str, length: usize) -> Result<Self::SerializeStruct, Problem> {
        self.map(length);
        self.elements(length)
    }

    fn serialize_struct_variant(
        self,
        name: &'static str,
        _: u32,
        variant: &'static str,
        length: usize,
    ) -> Result<Self::SerializeStructVariant, Problem> {
        self.map(1);
        self.str(variant);
        self.serialize_struct(name, length)
    }
}

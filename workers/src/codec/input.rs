//! Reading what values begin with from bytes that may be anything.

use super::bulk::Bulk;
use super::format::{self as f, ours};
use super::problem::Problem;
use crate::sys::bulk::Shape;

/// The bytes that have not been read yet.
#[derive(Debug)]
pub(super) struct Input<'de> {
    rest: &'de [u8],
}

/// What a value begins with, or the whole value where it has no parts. As many bytes as lengths say are there: of
/// arrays and maps, at least one for each element.
#[derive(Debug)]
pub(super) enum Head<'de> {
    Nil,
    Some,
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    // By reference, so that what is rare does not make all the others large.
    Unsigned128(&'de [u8; 16]),
    Signed128(&'de [u8; 16]),
    F32(f32),
    F64(f64),
    Char(char),
    Str(&'de str),
    Bytes(&'de [u8]),
    Array(usize),
    Map(usize),
    Bulk(Bulk<'de>),
}

impl<'de> Input<'de> {
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    pub(super) fn left(&self) -> usize {
        self.rest.len()
    }

    /// Whether the value that comes next is nil, which is taken if so.
    pub(super) fn take_nil(&mut self) -> bool {
        self.take_prefix(&[f::NIL])
    }

    /// Whether the value that comes next has a mark that says that there is one, which is taken if so.
    pub(super) fn take_some(&mut self) -> bool {
        self.take_prefix(&[f::OURS, ours::SOME])
    }

    /// Whether the value that comes next lies there as it lay in memory.
    pub(super) fn is_bulk(&self) -> bool {
        self.rest.starts_with(&[f::OURS, ours::BULK])
    }

    /// The number that comes next, if it is not negative and has no more than 64 bits, as most are.
    // The shortest are read where they are wanted; all would be much to compile with each type.
    #[inline]
    pub(super) fn take_unsigned(&mut self) -> Option<u64> {
        match *self.rest {
            [byte @ ..f::FIX_MAP, ref rest @ ..] => {
                self.rest = rest;
                Some(byte.into())
            }
            _ => self.take_long_unsigned(),
        }
    }

    fn take_long_unsigned(&mut self) -> Option<u64> {
        let (&byte, rest) = self.rest.split_first()?;
        let (number, rest) = match byte {
            f::U_8 => rest
                .split_first_chunk()
                .map(|(n, rest)| (u8::from_be_bytes(*n).into(), rest))?,
            f::U_16 => rest
                .split_first_chunk()
                .map(|(n, rest)| (u16::from_be_bytes(*n).into(), rest))?,
            f::U_32 => rest
                .split_first_chunk()
                .map(|(n, rest)| (u32::from_be_bytes(*n).into(), rest))?,
            f::U_64 => rest
                .split_first_chunk()
                .map(|(n, rest)| (u64::from_be_bytes(*n), rest))?,
            _ => return None,
        };
        self.rest = rest;
        Some(number)
    }

    /// The length of the sequence that comes next, if it is a short one; all its elements have a byte at least.
    #[inline]
    pub(super) fn take_short_array(&mut self) -> Option<usize> {
        self.take_short_length(f::FIX_ARRAY, 1)
    }

    /// The length of the map that comes next, if it is a short one, as are those for structs.
    #[inline]
    pub(super) fn take_short_map(&mut self) -> Option<usize> {
        self.take_short_length(f::FIX_MAP, 2)
    }

    #[inline]
    fn take_short_length(&mut self, first: u8, least: usize) -> Option<usize> {
        let (&byte, rest) = self.rest.split_first()?;
        let length = usize::from(byte.wrapping_sub(first));
        if length >= 0x10 || rest.len() < least * length {
            return None;
        }
        self.rest = rest;
        Some(length)
    }

    /// The string that comes next, if it is a short one, as most names are. One that is not UTF-8 is left.
    #[inline]
    pub(super) fn take_short_str(&mut self) -> Option<&'de str> {
        let (&byte, rest) = self.rest.split_first()?;
        if !(f::FIX_STR..f::NIL).contains(&byte) {
            return None;
        }
        let (text, rest) = rest.split_at_checked((byte - f::FIX_STR).into())?;
        let text = str::from_utf8(text).ok()?;
        self.rest = rest;
        Some(text)
    }

    /// The number that comes next, if it is one of these.
    #[inline]
    pub(super) fn take_f64(&mut self) -> Option<f64> {
        let [f::F_64, rest @ ..] = self.rest else {
            return None;
        };
        let (number, rest) = rest.split_first_chunk()?;
        self.rest = rest;
        Some(f64::from_be_bytes(*number))
    }

    fn take_prefix(&mut self, prefix: &[u8]) -> bool {
        let rest = self.rest.strip_prefix(prefix);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    // Not inlined: it is large, and the types of results whose parts matter have shorter ways.
    pub(super) fn head(&mut self) -> Result<Head<'de>, Problem> {
        let [byte] = self.array()?;
        Ok(match byte {
            ..f::FIX_MAP => Head::Unsigned(byte.into()),
            f::FIX_MAP..f::FIX_ARRAY => self.map((byte - f::FIX_MAP).into())?,
            f::FIX_ARRAY..f::FIX_STR => self.elements((byte - f::FIX_ARRAY).into())?,
            f::FIX_STR..f::NIL => self.str((byte - f::FIX_STR).into())?,
            f::NIL => Head::Nil,
            f::OURS => self.own_head()?,
            f::FALSE => Head::Bool(false),
            f::TRUE => Head::Bool(true),
            f::BIN_8..=f::BIN_32 => {
                let length = self.length(byte - f::BIN_8)?;
                Head::Bytes(self.take(length)?)
            }
            f::F_32 => Head::F32(f32::from_be_bytes(self.array()?)),
            f::F_64 => Head::F64(f64::from_be_bytes(self.array()?)),
            f::U_8 => Head::Unsigned(u8::from_be_bytes(self.array()?).into()),
            f::U_16 => Head::Unsigned(u16::from_be_bytes(self.array()?).into()),
            f::U_32 => Head::Unsigned(u32::from_be_bytes(self.array()?).into()),
            f::U_64 => Head::Unsigned(u64::from_be_bytes(self.array()?)),
            f::I_8 => Head::Signed(i8::from_be_bytes(self.array()?).into()),
            f::I_16 => Head::Signed(i16::from_be_bytes(self.array()?).into()),
            f::I_32 => Head::Signed(i32::from_be_bytes(self.array()?).into()),
            f::I_64 => Head::Signed(i64::from_be_bytes(self.array()?)),
            f::STR_8..=f::STR_32 => {
                let length = self.length(byte - f::STR_8)?;
                self.str(length)?
            }
            f::ARRAY_16 | f::ARRAY_32 => {
                let length = self.length(byte - f::ARRAY_16 + 1)?;
                self.elements(length)?
            }
            f::MAP_16 | f::MAP_32 => {
                let length = self.length(byte - f::MAP_16 + 1)?;
                self.map(length)?
            }
            f::FIX_NEGATIVE.. => Head::Signed(byte.cast_signed().into()),
            _ => return Err(Problem::Meaningless(byte)),
        })
    }

    #[cold]
    fn own_head(&mut self) -> Result<Head<'de>, Problem> {
        let [byte] = self.array()?;
        Ok(match byte {
            ours::SOME => Head::Some,
            ours::CHAR => {
                let code = u32::from_be_bytes(self.array()?);
                Head::Char(char::from_u32(code).ok_or(Problem::NotACharacter)?)
            }
            ours::U_128 => Head::Unsigned128(self.array_ref()?),
            ours::I_128 => Head::Signed128(self.array_ref()?),
            ours::STR_64 => {
                let length = self.length(3)?;
                self.str(length)?
            }
            ours::BIN_64 => {
                let length = self.length(3)?;
                Head::Bytes(self.take(length)?)
            }
            ours::ARRAY_64 => {
                let length = self.length(3)?;
                self.elements(length)?
            }
            ours::MAP_64 => {
                let length = self.length(3)?;
                self.map(length)?
            }
            ours::BULK => {
                let shape = Shape::from_bytes(self.array()?).ok_or(Problem::InvalidElements)?;
                let length = self.length(3)?;
                Head::Bulk(Bulk::new(shape, self.take(length)?)?)
            }
            _ => return Err(Problem::Meaningless(byte)),
        })
    }

    /// A length in 1, 2, 4 or 8 bytes: 2 to the power of `exponent`.
    fn length(&mut self, exponent: u8) -> Result<usize, Problem> {
        let length = match exponent {
            0 => u8::from_be_bytes(self.array()?).into(),
            1 => u16::from_be_bytes(self.array()?).into(),
            2 => u32::from_be_bytes(self.array()?).into(),
            _ => u64::from_be_bytes(self.array()?),
        };
        usize::try_from(length).map_err(|_| Problem::EndsEarly)
    }

    fn str(&mut self, length: usize) -> Result<Head<'de>, Problem> {
        let bytes = self.take(length)?;
        Ok(Head::Str(str::from_utf8(bytes).map_err(|_| Problem::NotUtf8)?))
    }

    fn elements(&self, count: usize) -> Result<Head<'de>, Problem> {
        if count > self.rest.len() {
            return Err(Problem::EndsEarly);
        }
        Ok(Head::Array(count))
    }

    fn map(&self, count: usize) -> Result<Head<'de>, Problem> {
        if count > self.rest.len() / 2 {
            return Err(Problem::EndsEarly);
        }
        Ok(Head::Map(count))
    }

    #[inline]
    fn take(&mut self, length: usize) -> Result<&'de [u8], Problem> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Problem::EndsEarly)?;
        self.rest = rest;
        Ok(taken)
    }

    #[inline]
    fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        self.array_ref().copied()
    }

    #[inline]
    fn array_ref<const N: usize>(&mut self) -> Result<&'de [u8; N], Problem> {
        let (taken, rest) = self.rest.split_first_chunk().ok_or(Problem::EndsEarly)?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes a whole value, however deep it is, and forgets it.
    pub(super) fn skip(&mut self) -> Result<(), Problem> {
        let mut values = 1usize;
        while values > 0 {
            values -= 1;
            // No sum can be too large: each is of values that have at least a byte each.
            values += match self.head()? {
                Head::Some => 1,
                Head::Array(count) => count,
                Head::Map(count) => 2 * count,
                _ => 0,
            };
        }
        Ok(())
    }
}

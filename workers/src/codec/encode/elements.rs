//! Writing what has parts: sequences, maps, structs and the like.

use serde::Serialize;
use serde::ser::{
    SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple, SerializeTupleStruct,
    SerializeTupleVariant,
};

use super::Encoder;
use crate::codec::format::OURS;
use crate::codec::problem::Problem;

/// What is being written element by element.
pub(in crate::codec) struct ElementEncoder<'a, 'out> {
    encoder: &'a mut Encoder<'out>,
    written: usize,
    said: Said,
}

/// What has been written about the length.
enum Said {
    Length(usize),
    /// At this place there is room for it.
    Nothing {
        at: usize,
        in_64: u8,
    },
}

impl<'a, 'out> ElementEncoder<'a, 'out> {
    /// So many elements, as has been written.
    pub(super) fn announced(encoder: &'a mut Encoder<'out>, length: usize) -> Self {
        let said = Said::Length(length);
        Self {
            encoder,
            written: 0,
            said,
        }
    }

    /// ElementEncoder whose number has room for itself in 4 bytes after the one at `at`; `in_64` is for a larger one.
    pub(super) fn to_count(encoder: &'a mut Encoder<'out>, at: usize, in_64: u8) -> Self {
        let said = Said::Nothing { at, in_64 };
        Self {
            encoder,
            written: 0,
            said,
        }
    }

    #[inline]
    pub(super) fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        self.written += 1;
        value.serialize(&mut *self.encoder)
    }

    #[inline]
    fn field<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result<(), Problem> {
        self.encoder.str(name);
        self.element(value)
    }

    pub(super) fn finish(self) -> Result<(), Problem> {
        let Self { encoder, written, said } = self;
        encoder.depth.leave();
        match said {
            Said::Length(said) if said != written => Err(Problem::WrongLength { said, written }),
            Said::Length(_) => Ok(()),
            Said::Nothing { at, in_64 } => {
                let length = at + 1..at + 5;
                if let Ok(count) = u32::try_from(written) {
                    encoder.out[length].copy_from_slice(&count.to_be_bytes());
                } else {
                    let head = [OURS, in_64].into_iter().chain((written as u64).to_be_bytes());
                    encoder.out.splice(at..length.end, head);
                }
                Ok(())
            }
        }
    }
}

impl SerializeSeq for ElementEncoder<'_, '_> {
    type Ok = ();
    type Error = Problem;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        self.element(value)
    }

    fn end(self) -> Result<(), Problem> {
        self.finish()
    }
}

impl SerializeTuple for ElementEncoder<'_, '_> {
    type Ok = ();
    type Error = Problem;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        self.element(value)
    }

    fn end(self) -> Result<(), Problem> {
        self.finish()
    }
}

impl SerializeTupleStruct for ElementEncoder<'_, '_> {
    type Ok = ();
    type Error = Problem;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        self.element(value)
    }

    fn end(self) -> Result<(), Problem> {
        self.finish()
    }
}

impl SerializeTupleVariant for ElementEncoder<'_, '_> {
    type Ok = ();
    type Error = Problem;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        self.element(value)
    }

    fn end(self) -> Result<(), Problem> {
        self.finish()
    }
}

impl SerializeMap for ElementEncoder<'_, '_> {
    type Ok = ();
    type Error = Problem;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Problem> {
        key.serialize(&mut *self.encoder)
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Problem> {
        self.element(value)
    }

    fn end(self) -> Result<(), Problem> {
        self.finish()
    }
}

impl SerializeStruct for ElementEncoder<'_, '_> {
    type Ok = ();
    type Error = Problem;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Problem> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), Problem> {
        self.finish()
    }
}

impl SerializeStructVariant for ElementEncoder<'_, '_> {
    type Ok = ();
    type Error = Problem;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result<(), Problem> {
        self.field(name, value)
    }

    fn end(self) -> Result<(), Problem> {
        self.finish()
    }
}

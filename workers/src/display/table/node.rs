//! What a table is made of: a value as serde describes it, without what would not be shown.

use std::collections::VecDeque;
use std::fmt;
use std::ops::Range;

use serde::ser::{self, Serialize};

/// A value as it is shown in a table.
#[derive(Debug, PartialEq)]
pub(crate) enum Node {
    Empty,
    Text(String),
    Number(String),
    List(Capped<Node>),
    Record(Capped<(String, Node)>),
}

/// The first and last of several, and how many there are.
#[derive(Debug, PartialEq)]
pub(crate) struct Capped<T> {
    pub(super) head: Vec<T>,
    pub(super) tail: VecDeque<T>,
    pub(super) total: usize,
}

/// How many rows are kept from the beginning and from the end, and how many columns.
pub(crate) const HEAD_ROWS: usize = 60;
pub(super) const TAIL_ROWS: usize = 10;
pub(crate) const COLUMNS: usize = 40;

impl<T> Capped<T> {
    /// Of so many rows those that are shown, which `visit` gives from a range of places.
    pub(crate) fn first_and_last(total: usize, visit: impl Fn(Range<usize>, &mut dyn FnMut(T))) -> Self {
        let beginning = HEAD_ROWS.min(total);
        let end = total.saturating_sub(TAIL_ROWS).max(beginning);
        let (mut head, mut tail) = (Vec::new(), VecDeque::new());
        visit(0..beginning, &mut |row| head.push(row));
        if end < total {
            visit(end..total, &mut |row| tail.push_back(row));
        }
        Self { head, tail, total }
    }

    /// The first of so many.
    pub(crate) fn beginning(head: Vec<T>, total: usize) -> Self {
        let tail = VecDeque::new();
        Self { head, tail, total }
    }
}

/// How a value's `Serialize` failed.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct Error(String);

impl ser::Error for Error {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Self(message.to_string())
    }
}

/// The value's rows.
pub(super) fn of(value: &(impl Serialize + ?Sized)) -> Result<Node, Error> {
    value.serialize(Builder { is_inner: false })
}

/// Makes a node; the outermost keeps rows, the inner ones columns.
#[derive(Clone, Copy)]
struct Builder {
    is_inner: bool,
}

impl Builder {
    fn items<T>(self, total: Option<usize>) -> Items<T> {
        let (head, tail) = if self.is_inner {
            (COLUMNS, 0)
        } else {
            (HEAD_ROWS, TAIL_ROWS)
        };
        Items {
            kept: Capped {
                head: Vec::new(),
                tail: VecDeque::new(),
                total: 0,
            },
            limits: (head, tail),
            announced: total,
            key: String::new(),
            variant: None,
        }
    }
}

const INNER: Builder = Builder { is_inner: true };

/// Elements or fields that are being collected.
struct Items<T> {
    kept: Capped<T>,
    limits: (usize, usize),
    /// How many there will be, where that is known.
    announced: Option<usize>,
    key: String,
    /// The enum's variant that they are in.
    variant: Option<&'static str>,
}

impl<T> Items<T> {
    fn of_variant(self, variant: &'static str) -> Self {
        Self {
            variant: Some(variant),
            ..self
        }
    }

    /// Takes the next one, which is made only if it is kept.
    fn push(&mut self, make: impl FnOnce(&mut String) -> Result<T, Error>) -> Result<(), Error> {
        let (head, tail) = self.limits;
        let index = self.kept.total;
        self.kept.total += 1;
        if index < head {
            self.kept.head.push(make(&mut self.key)?);
        } else if tail > 0 && self.announced.is_none_or(|total| index + tail >= total) {
            if self.kept.tail.len() == tail {
                self.kept.tail.pop_front();
            }
            self.kept.tail.push_back(make(&mut self.key)?);
        }
        Ok(())
    }

    fn finish(self, node: fn(Capped<T>) -> Node) -> Node {
        let inner = node(self.kept);
        match self.variant {
            Some(variant) => variant_of(variant, inner),
            None => inner,
        }
    }
}

/// A variant of an enum that holds something.
fn variant_of(name: &str, inner: Node) -> Node {
    Node::Record(Capped {
        head: vec![(name.to_owned(), inner)],
        tail: VecDeque::new(),
        total: 1,
    })
}

macro_rules! numbers {
    ($($name:ident: $type:ty),*) => {
        $(fn $name(self, value: $type) -> Result<Node, Error> {
            // As `Debug` writes them, floating-point numbers are short also where they are large.
            Ok(Node::Number(format!("{value:?}")))
        })*
    };
}

impl ser::Serializer for Builder {
    type Ok = Node;
    type Error = Error;
    type SerializeSeq = Items<Node>;
    type SerializeTuple = Items<Node>;
    type SerializeTupleStruct = Items<Node>;
    type SerializeTupleVariant = Items<Node>;
    type SerializeMap = Items<(String, Node)>;
    type SerializeStruct = Items<(String, Node)>;
    type SerializeStructVariant = Items<(String, Node)>;

    numbers! {
        serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64, serialize_i128: i128,
        serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64, serialize_u128: u128,
        serialize_f32: f32, serialize_f64: f64
    }

    fn serialize_bool(self, value: bool) -> Result<Node, Error> {
        Ok(Node::Text(value.to_string()))
    }

    fn serialize_char(self, value: char) -> Result<Node, Error> {
        Ok(Node::Text(value.to_string()))
    }

    fn serialize_str(self, value: &str) -> Result<Node, Error> {
        Ok(Node::Text(super::layout::one_line(value)))
    }

    fn serialize_bytes(self, value: &[u8]) -> Result<Node, Error> {
        Ok(Node::Text(format!("<{} bytes>", value.len())))
    }

    fn serialize_none(self) -> Result<Node, Error> {
        Ok(Node::Empty)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Node, Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Node, Error> {
        Ok(Node::Empty)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Node, Error> {
        Ok(Node::Text(name.to_owned()))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Node, Error> {
        Ok(Node::Text(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Node, Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Node, Error> {
        Ok(variant_of(variant, value.serialize(INNER)?))
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items<Node>, Error> {
        Ok(self.items(len))
    }

    fn serialize_tuple(self, len: usize) -> Result<Items<Node>, Error> {
        Ok(self.items(Some(len)))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Items<Node>, Error> {
        Ok(self.items(Some(len)))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Items<Node>, Error> {
        Ok(INNER.items(Some(len)).of_variant(variant))
    }

    fn serialize_map(self, len: Option<usize>) -> Result<Items<(String, Node)>, Error> {
        Ok(self.items(len))
    }

    fn serialize_struct(self, _: &'static str, len: usize) -> Result<Items<(String, Node)>, Error> {
        Ok(self.items(Some(len)))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        len: usize,
    ) -> Result<Items<(String, Node)>, Error> {
        Ok(INNER.items(Some(len)).of_variant(variant))
    }
}

macro_rules! lists {
    ($($trait:ident: $method:ident),*) => {
        $(impl ser::$trait for Items<Node> {
            type Ok = Node;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.push(|_| value.serialize(INNER))
            }

            fn end(self) -> Result<Node, Error> {
                Ok(self.finish(Node::List))
            }
        })*
    };
}

lists! {
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
}

macro_rules! records {
    ($($trait:ident),*) => {
        $(impl ser::$trait for Items<(String, Node)> {
            type Ok = Node;
            type Error = Error;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
                self.push(|_| Ok((key.to_owned(), value.serialize(INNER)?)))
            }

            fn end(self) -> Result<Node, Error> {
                Ok(self.finish(Node::Record))
            }
        })*
    };
}

records! { SerializeStruct, SerializeStructVariant }

impl ser::SerializeMap for Items<(String, Node)> {
    type Ok = Node;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = super::layout::cell_text(&key.serialize(INNER)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.push(|key| Ok((std::mem::take(key), value.serialize(INNER)?)))
    }

    fn end(self) -> Result<Node, Error> {
        Ok(self.finish(Node::Record))
    }
}

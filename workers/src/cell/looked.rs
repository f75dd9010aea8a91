//! What can be known of a variable whatever its type is.
//!
//! For a variable `x` generated code has `(&Looked(&x))` asked three questions. Method resolution finds the first of the
//! traits below whose implementation fits: what the type can do, or else that nothing is known.

use std::fmt::{self, Debug};
use std::ops::{Deref, Range};

/// A variable that is looked at.
#[derive(Debug)]
pub struct Looked<'a, T: ?Sized>(pub &'a T);

/// The value of what can be debugged.
pub trait Printed {
    /// It, for whoever formats it.
    fn parcell_debug(&self) -> Option<&dyn Debug>;
}

impl<T: Debug + ?Sized> Printed for Looked<'_, T> {
    fn parcell_debug(&self) -> Option<&dyn Debug> {
        Some(&self.0)
    }
}

/// The value of anything else.
pub trait NotPrinted {
    /// None.
    fn parcell_debug(&self) -> Option<&dyn Debug>;
}

impl<T: ?Sized> NotPrinted for &Looked<'_, T> {
    fn parcell_debug(&self) -> Option<&dyn Debug> {
        None
    }
}

/// How much memory is behind a value that leads to it.
pub trait Leading {
    /// In bytes.
    fn parcell_bytes(&self) -> usize;
}

impl<T: Deref + ?Sized> Leading for Looked<'_, T> {
    fn parcell_bytes(&self) -> usize {
        size_of_val(&**self.0)
    }
}

/// Behind any other there is nothing that is known of.
pub trait NotLeading {
    /// 0.
    fn parcell_bytes(&self) -> usize;
}

impl<T: ?Sized> NotLeading for &Looked<'_, T> {
    fn parcell_bytes(&self) -> usize {
        0
    }
}

/// Gives items from a range of places, one after the other.
type Visit<'a> = Box<dyn Fn(Range<usize>, &mut dyn FnMut(&dyn Debug)) + 'a>;

/// The elements of a collection.
pub struct Sequence<'a> {
    /// How many there are.
    pub length: usize,
    visit: Visit<'a>,
}

impl Sequence<'_> {
    /// Gives those at these places, in order.
    pub(super) fn visit(&self, range: Range<usize>, take: &mut dyn FnMut(&dyn Debug)) {
        (self.visit)(range, take);
    }
}

impl Debug for Sequence<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sequence")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// The elements of a collection.
pub trait Elements {
    /// Them.
    fn parcell_elements(&self) -> Option<Sequence<'_>>;
}

impl<'a, T: ?Sized> Elements for Looked<'a, T>
where
    &'a T: IntoIterator<IntoIter: ExactSizeIterator, Item: Debug>,
{
    fn parcell_elements(&self) -> Option<Sequence<'_>> {
        let value = self.0;
        Some(Sequence {
            length: value.into_iter().len(),
            visit: Box::new(move |range, take| {
                for element in value.into_iter().skip(range.start).take(range.len()) {
                    take(&element);
                }
            }),
        })
    }
}

/// What is no collection has none.
pub trait NoElements {
    /// None.
    fn parcell_elements(&self) -> Option<Sequence<'_>>;
}

impl<T: ?Sized> NoElements for &Looked<'_, T> {
    fn parcell_elements(&self) -> Option<Sequence<'_>> {
        None
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    struct Opaque;

    macro_rules! looked_at {
        ($value:expr) => {{
            let value = $value;
            let looked = &Looked(&value);
            let elements = looked.parcell_elements().map(|elements| {
                let mut texts = Vec::new();
                elements.visit(1..3, &mut |element| texts.push(format!("{element:?}")));
                (elements.length, texts.join(" "))
            });
            let text = looked.parcell_debug().map(|value| format!("{value:?}"));
            (looked.parcell_bytes(), elements, text)
        }};
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn what_a_value_can_tell_is_told() {
        assert_eq!(looked_at!(7u8), (0, None, text("7")));
        assert_eq!(
            looked_at!(vec![1u64, 2, 3]),
            (24, Some((3, "2 3".to_owned())), text("[1, 2, 3]"))
        );
        assert_eq!(looked_at!("abc".to_owned()), (3, None, text("\"abc\"")));
        assert_eq!(
            looked_at!(HashMap::from([(1, 2)])),
            (0, Some((1, String::new())), text("{1: 2}"))
        );
        assert_eq!(looked_at!(Opaque), (0, None, None));
        assert_eq!(looked_at!(Box::new(Opaque)), (0, None, None));
        assert_eq!(looked_at!(vec![Opaque, Opaque]), (0, None, None));
    }
}

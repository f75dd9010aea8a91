//! `%whos`: a table of the variables with their types, sizes and values.
//!
//! For each variable `x` a cell has `(&Looked(&x))` asked three questions. Method resolution finds the first of the traits
//! below whose implementation fits: what the type can do, or else that nothing is known.

use std::fmt::Debug;
use std::ops::Deref;

use crate::display::{MimeBundle, Shortened, display};
use crate::text::{Column, Size, Table, counted, escape, grouped, text_table};

/// How much of a value is shown, in characters.
const SHOWN: usize = 60;
const COLUMNS: [(&str, Column); 4] = [
    ("Variable", Column::Words),
    ("Type", Column::Words),
    ("Size", Column::Numbers),
    ("Value", Column::Sentences),
];

/// A variable that is looked at.
#[derive(Debug)]
pub struct Looked<'a, T: ?Sized>(pub &'a T);

/// The value of what can be debugged.
pub trait Printed {
    /// The beginning of its text.
    fn parcell_text(&self) -> Option<String>;
}

impl<T: Debug + ?Sized> Printed for Looked<'_, T> {
    fn parcell_text(&self) -> Option<String> {
        Some(Shortened::line(&self.0, SHOWN))
    }
}

/// The value of anything else.
pub trait NotPrinted {
    /// None.
    fn parcell_text(&self) -> Option<String>;
}

impl<T: ?Sized> NotPrinted for &Looked<'_, T> {
    fn parcell_text(&self) -> Option<String> {
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

/// How many elements a collection has.
pub trait Elements {
    /// As many as it says.
    fn parcell_elements(&self) -> Option<usize>;
}

impl<'a, T: ?Sized> Elements for Looked<'a, T>
where
    &'a T: IntoIterator<IntoIter: ExactSizeIterator>,
{
    fn parcell_elements(&self) -> Option<usize> {
        Some(self.0.into_iter().len())
    }
}

/// What is no collection has none.
pub trait NoElements {
    /// None.
    fn parcell_elements(&self) -> Option<usize>;
}

impl<T: ?Sized> NoElements for &Looked<'_, T> {
    fn parcell_elements(&self) -> Option<usize> {
        None
    }
}

/// A variable in the table.
#[derive(Clone, Debug, PartialEq)]
pub struct Variable {
    /// Its name.
    pub name: &'static str,
    /// Its type, as a person writes it.
    pub type_: &'static str,
    /// How many bytes it takes, with what it leads to directly.
    pub bytes: usize,
    /// How many elements it has.
    pub elements: Option<usize>,
    /// Its value.
    pub text: Option<String>,
}

/// Shows the table.
pub fn show_variables(variables: &[Variable]) {
    display(bundle(variables));
}

fn bundle(variables: &[Variable]) -> MimeBundle {
    let rows: Vec<[String; 4]> = variables.iter().map(cells).collect();
    let mut table = Table::new(COLUMNS);
    for row in &rows {
        table.row(row.each_ref().map(|cell| escape(cell)));
    }
    MimeBundle::new()
        .with("text/plain", text_table(COLUMNS, &rows))
        .with("text/html", table.finish())
}

fn cells(variable: &Variable) -> [String; 4] {
    let size = Size(variable.bytes as u64).to_string();
    let size = match variable.elements {
        Some(1) => counted(1, "element") + ", " + &size,
        Some(elements) => format!("{} elements, {size}", grouped(elements)),
        None => size,
    };
    let text = variable.text.clone().unwrap_or_else(|| "-".to_owned());
    [variable.name.to_owned(), variable.type_.to_owned(), size, text]
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
            (looked.parcell_bytes(), looked.parcell_elements(), looked.parcell_text())
        }};
    }

    fn text(text: &str) -> Option<String> {
        Some(text.to_owned())
    }

    #[test]
    fn what_a_value_can_tell_is_told() {
        assert_eq!(looked_at!(7u8), (0, None, text("7")));
        assert_eq!(looked_at!(vec![1u64, 2, 3]), (24, Some(3), text("[1, 2, 3]")));
        assert_eq!(looked_at!("abc".to_owned()), (3, None, text("\"abc\"")));
        assert_eq!(looked_at!(HashMap::from([(1, 2)])), (0, Some(1), text("{1: 2}")));
        assert_eq!(looked_at!(Opaque), (0, None, None));
        assert_eq!(looked_at!(Box::new(Opaque)), (0, None, None));
        let (bytes, elements, shown) = looked_at!(vec![0u8; 1_000_000]);
        assert_eq!((bytes, elements), (1_000_000, Some(1_000_000)));
        let shown = shown.unwrap();
        assert!(
            shown.starts_with("[0, 0, ") && shown.ends_with("...") && shown.len() <= SHOWN + 3,
            "{shown}"
        );
    }

    #[test]
    fn headers_are_over_their_columns() {
        let variable = |name, type_, bytes, elements, shown: Option<&str>| Variable {
            name,
            type_,
            bytes,
            elements,
            text: shown.map(str::to_owned),
        };
        let shown = bundle(&[
            variable("a", "u8", 1, None, Some("7")),
            variable("numbers", "Vec<u64>", 8024, Some(1000), Some("[1, 2...")),
            variable("f", "Box<dyn Fn()>", 16, None, None),
        ]);
        assert_eq!(
            shown.text(),
            "Variable  Type                              Size  Value\n\
             a         u8                             1 bytes  7\n\
             numbers   Vec<u64>       1,000 elements, 7.8 KiB  [1, 2...\n\
             f         Box<dyn Fn()>                 16 bytes  -"
        );
    }
}

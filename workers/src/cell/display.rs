//! How a cell's last expression is shown: as its result, unless it is `()`.
//!
//! A cell that ends with `x` is rewritten to `(&(x)).parcell_value().evcxr_display();`. Method resolution then finds,
//! for values and for references to them, the first of
//!
//! 1. a method `evcxr_display(&self)` that the type has of its own, or that a crate's trait gives it,
//! 2. [`StdDisplay`], for what the standard library has that can be shown better than by its `Debug` alone: collections and
//!    strings know their size however much of them is shown, and long times have hours and minutes,
//! 3. [`EvcxrDisplay`], for everything else that can be displayed. It comes last because it is implemented for
//!    references, so that its receiver is one reference further away.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::fmt::{self, Debug};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use crate::display::{Message, MimeBundle, Shortened, ToMimeBundle};
use crate::text::duration_text;

/// Leads from a reference to a value, or to a reference to it, to the reference.
pub trait ShownValue {
    /// What is referred to.
    type Value: ?Sized;

    /// The reference.
    fn parcell_value(&self) -> &Self::Value;
}

impl<T: ?Sized> ShownValue for &T {
    type Value = T;

    fn parcell_value(&self) -> &T {
        self
    }
}

/// Shows every value that can be displayed.
pub trait EvcxrDisplay {
    /// Shows the value as the result of a cell.
    fn evcxr_display(&self);
}

impl<T: ToMimeBundle + ?Sized> EvcxrDisplay for &T {
    fn evcxr_display(&self) {
        show_unless_unit(self.to_mime_bundle(), size_of_val(*self));
    }
}

/// Everything that need not be compiled with each cell: of values, the bundle; to drop one is a lot of code.
fn show_unless_unit(bundle: MimeBundle, size: usize) {
    if size != 0 || bundle.text() != "()" {
        show(&bundle);
    }
}

/// Shows what the standard library has, better than by its `Debug` alone.
pub trait StdDisplay {
    /// Shows the value as the result of a cell.
    fn evcxr_display(&self);
}

macro_rules! counted {
    ($([$($parameters:tt)*] $type:ty: |$value:ident| $shortened:expr;)*) => {
        $(impl<$($parameters)*> StdDisplay for $type {
            fn evcxr_display(&self) {
                let $value = self;
                show_shortened($shortened);
            }
        })*
    };
}

counted! {
    [] str: |value| Shortened::string(value);
    [] String: |value| Shortened::string(value);
    [] Box<str>: |value| Shortened::string(value);
    [] Rc<str>: |value| Shortened::string(value);
    [] Arc<str>: |value| Shortened::string(value);
    [T: Debug] [T]: |value| Shortened::sequence(value.len(), &|index| &value[index]);
    [T: Debug, const N: usize] [T; N]: |value| Shortened::sequence(value.len(), &|index| &value[index]);
    [T: Debug] Vec<T>: |value| Shortened::sequence(value.len(), &|index| &value[index]);
    [T: Debug] Box<[T]>: |value| Shortened::sequence(value.len(), &|index| &value[index]);
    [T: Debug] Rc<[T]>: |value| Shortened::sequence(value.len(), &|index| &value[index]);
    [T: Debug] Arc<[T]>: |value| Shortened::sequence(value.len(), &|index| &value[index]);
    [T: Debug] VecDeque<T>: |value| Shortened::sequence(value.len(), &|index| &value[index]);
    [T: Debug] BTreeSet<T>: |value| Shortened::set(value, value.iter());
    [T: Debug, S] HashSet<T, S>: |value| Shortened::set(value, value.iter());
    [K: Debug, V: Debug] BTreeMap<K, V>: |value| Shortened::map(value, value.iter());
    [K: Debug, V: Debug, S] HashMap<K, V, S>: |value| Shortened::map(value, value.iter());
}

impl StdDisplay for Duration {
    fn evcxr_display(&self) {
        show_duration(false, *self);
    }
}

/// Up to it seconds are readable.
const MINUTE: Duration = Duration::from_secs(60);

/// Shows a length of time, which may be below zero, with hours and minutes where it is long.
pub fn show_duration(is_negative: bool, length: Duration) {
    let sign = if is_negative { "-" } else { "" };
    let note = (length >= MINUTE).then(|| sign.to_owned() + &duration_text(length));
    show_text(&format_args!("{sign}{length:?}"), &note.unwrap_or_default());
}

/// Shows a value as its `Display` writes it, or the beginning of that, with a note below it unless that is empty.
pub fn show_text(value: &dyn fmt::Display, note: &str) {
    show_shortened(Shortened::display(value).with_note(note));
}

/// Shows a cell's results, unless each of them is `()`.
pub fn show_results<R: Debug>(results: Vec<R>) {
    let is_unit = |result: &R| size_of::<R>() == 0 && Shortened::debug(result).text == "()";
    // All values of a type without size are the same.
    if !results.first().is_some_and(is_unit) {
        results.evcxr_display();
    }
}

/// Shows the result of a cell's only process, unless it is `()`.
pub fn show_result<R: Debug>(results: Vec<R>) {
    if let Some(result) = results.first() {
        EvcxrDisplay::evcxr_display(&result);
    }
}

fn show_shortened(shortened: Shortened) {
    show(&shortened.into_bundle());
}

fn show(bundle: &MimeBundle) {
    Message::execute_result(bundle).send();
}

/// Shows a value as the last expression of a cell does: in a program its text is printed, unless it is `()`.
///
/// ```
/// use parcell::prelude::*;
///
/// parcell::show!(vec![1, 2, 3]);
/// ```
#[macro_export]
macro_rules! show {
    ($value:expr) => {{
        #[allow(unused_imports)]
        use $crate::cell::{EvcxrDisplay as _, ShownValue as _, StdDisplay as _};
        (&($value)).parcell_value().evcxr_display();
    }};
}

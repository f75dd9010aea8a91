//! How a cell's last expression is shown: as a block on standard output, unless it is `()`.

use std::fmt::{self, Debug};

use serde::Serialize;

use crate::protocol;

/// The type of the block that holds a result.
const MIME: &str = "application/vnd.parcell.result+json";
/// How much text of a result is shown.
const LIMIT: usize = 64 * 1024;

#[derive(Debug, Serialize)]
struct Shown {
    #[serde(rename = "text/plain")]
    text: String,
}

/// Shows every value that has a `Debug` form. A type's own `evcxr_display` method comes before this one.
pub trait EvcxrDisplay {
    /// Shows the value as the result of a cell.
    fn evcxr_display(&self);
}

impl<T: Debug + ?Sized> EvcxrDisplay for T {
    fn evcxr_display(&self) {
        let text = Text::of(self);
        if size_of_val(self) != 0 || text.shown != "()" {
            text.show();
        }
    }
}

/// Shows a cell's results, unless each of them is `()`.
pub fn show_results<R: Debug>(results: Vec<R>) {
    let is_unit = |result: &R| size_of::<R>() == 0 && Text::of(result).shown == "()";
    // All values of a type without size are the same.
    if !results.first().is_some_and(is_unit) {
        Text::of(&results).show();
    }
}

/// Shows the result of a cell's only process, unless it is `()`.
pub fn show_result<R: Debug>(results: Vec<R>) {
    if let Some(result) = results.first() {
        result.evcxr_display();
    }
}

/// A value's `Debug` text: its beginning, and how long it would have been.
#[derive(Default)]
struct Text {
    shown: String,
    length: usize,
}

impl Text {
    fn of<T: Debug + ?Sized>(value: &T) -> Self {
        let mut text = Self::default();
        // An error comes from the value's `Debug`, which has then said all it wanted to.
        let _ = fmt::write(&mut text, format_args!("{value:?}"));
        text
    }

    fn show(mut self) {
        if self.length > self.shown.len() {
            self.shown.push_str(&format!("... (cut; {} bytes in all)", self.length));
        }
        protocol::write_stdout(MIME, &Shown { text: self.shown });
    }
}

impl fmt::Write for Text {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        // Once something was cut, nothing may follow.
        if self.length == self.shown.len() {
            let room = piece.floor_char_boundary(LIMIT - self.shown.len());
            self.shown.push_str(&piece[..room]);
        }
        self.length += piece.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_text_is_cut_at_a_character() {
        let text = Text::of(&"ü".repeat(LIMIT));
        assert_eq!(text.length, 2 * LIMIT + 2);
        assert_eq!(text.shown.len(), LIMIT - 1);
        assert!(text.shown.ends_with('ü'));
    }

    #[test]
    fn nothing_follows_a_cut() {
        let text = Text::of(&["ü".repeat(LIMIT), "end".to_owned()]);
        assert!(text.shown.ends_with('ü'), "{}", &text.shown[LIMIT - 8..]);
    }
}

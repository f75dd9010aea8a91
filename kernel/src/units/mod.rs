//! Quantities as people write them, on the command line and behind the options of magics.

pub(crate) mod duration;
pub(crate) mod size;

/// The part of a text in front of the first character that is a boundary, and the rest.
fn split_at_first(text: &str, is_boundary: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(is_boundary).unwrap_or(text.len()))
}

/// Whether a number can be written with this character.
fn is_numeric(character: char) -> bool {
    character.is_ascii_digit() || character == '.'
}

//! Finding the magic of a cell: its first line that is neither blank nor a comment.

use std::ops::Range;

use super::magic_error::{MagicError, suggestion};
use super::words::Words;

/// The magics that rewrite a whole cell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CellMagic {
    Pool,
    Process,
}

const CELL_MAGICS: [(&str, CellMagic); 2] = [("%%pool", CellMagic::Pool), ("%%process", CellMagic::Process)];

/// A cell's magic and where its parts are in the cell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct MagicLine {
    pub(super) magic: CellMagic,
    pub(super) name: Range<usize>,
    /// What follows the name on its line.
    pub(super) arguments: Range<usize>,
    /// What follows the line, from its end on.
    pub(super) body: Range<usize>,
}

/// The cell's magic, or None for plain Rust.
pub(super) fn find(cell: &str) -> Result<Option<MagicLine>, MagicError> {
    let Some(line) = first_line(cell) else { return Ok(None) };
    let mut words = Words::new(cell, line.clone());
    let Some(name) = words.next().filter(|word| word.text.starts_with('%')) else {
        return Ok(None);
    };
    match CELL_MAGICS.iter().find(|(known, _)| *known == name.text) {
        Some((_, magic)) => Ok(Some(MagicLine {
            magic: *magic,
            arguments: name.range.end..line.end,
            name: name.range,
            body: line.end..cell.len(),
        })),
        None => Err(unknown(name.text, name.range)),
    }
}

pub(super) fn first_line(cell: &str) -> Option<Range<usize>> {
    let mut start = 0;
    for line in cell.split_inclusive('\n') {
        let range = start..start + line.trim_end_matches(['\n', '\r']).len();
        start += line.len();
        let text = line.trim();
        if !text.is_empty() && !text.starts_with("//") {
            return Some(range);
        }
    }
    None
}

fn unknown(name: &str, range: Range<usize>) -> MagicError {
    let names = CELL_MAGICS.map(|(name, _)| name);
    let help = format!("{}the magics are {}", suggestion(name, names), names.join(", "));
    MagicError::new(range, format!("there is no magic `{name}`"), "unknown magic", help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blank_and_comment_lines_may_come_first() {
        let cell = "\n// squares\n%%pool -n 4 x -> y\nfn f() {}";
        let magic = find(cell).unwrap().unwrap();
        assert_eq!(magic.magic, CellMagic::Pool);
        assert_eq!(&cell[magic.arguments], " -n 4 x -> y");
        assert_eq!(&cell[magic.body], "\nfn f() {}");
    }

    #[test]
    fn plain_rust_has_none() {
        assert_eq!(find("let x = 7 % 3;"), Ok(None));
        assert_eq!(find(""), Ok(None));
        assert_eq!(find("// only a comment"), Ok(None));
        assert_eq!(find("let x = 7\n%% 2"), Ok(None));
    }

    #[test]
    fn an_unknown_one_is_named_with_the_nearest() {
        let error = find("%%pol 0..3").unwrap_err();
        assert_eq!(error.range, 0..5);
        assert!(error.help.contains("did you mean `%%pool`?"), "{}", error.help);
    }
}

//! The magic of a cell, which is its first line that is neither blank nor a comment: finding it, and leaving it out.

use std::ops::Range;

use super::magic_error::{MagicError, suggestion};
use super::magics;
use super::source_map::SourceMap;
use super::words::Words;

/// The magics that rewrite a whole cell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum CellMagic {
    Pool,
    Process,
    Time,
    Timeit,
    Capture,
    Fmt,
    Bash,
    WriteFile,
    /// For a document of this MIME type.
    Show(&'static str),
}

const CELL_MAGICS: [(&str, CellMagic); 12] = [
    ("%%pool", CellMagic::Pool),
    ("%%process", CellMagic::Process),
    ("%%time", CellMagic::Time),
    ("%%timeit", CellMagic::Timeit),
    ("%%capture", CellMagic::Capture),
    ("%%fmt", CellMagic::Fmt),
    ("%%bash", CellMagic::Bash),
    ("%%writefile", CellMagic::WriteFile),
    ("%%html", CellMagic::Show("text/html")),
    ("%%latex", CellMagic::Show("text/latex")),
    ("%%markdown", CellMagic::Show("text/markdown")),
    ("%%svg", CellMagic::Show("image/svg+xml")),
];

impl CellMagic {
    /// Whether what follows is not Rust.
    pub(super) fn takes_text(self) -> bool {
        matches!(self, CellMagic::Bash | CellMagic::WriteFile | CellMagic::Show(_))
    }
}

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

/// The cell's magic, or None where it has none that is for the whole cell.
pub(super) fn find(cell: &str) -> Result<Option<MagicLine>, MagicError> {
    let Some(line) = first_line(cell) else { return Ok(None) };
    let mut words = Words::new(cell, line.clone());
    let Some(name) = words.next().filter(|word| word.text.starts_with("%%")) else {
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

/// The error for the name of a magic that does not exist, or not where it stands.
pub(super) fn unknown(name: &str, range: Range<usize>) -> MagicError {
    if magics::cell_magics().any(|known| known == name) {
        return MagicError::new(
            range,
            format!("`{name}` is not the first line of the cell"),
            "must come first",
            "a magic with two `%` is for the whole cell: nothing but blank lines and comments may come before it",
        );
    }
    let names = if name.starts_with("%%") {
        magics::cell_magics().collect::<Vec<_>>()
    } else {
        magics::line_magics().collect()
    };
    // `%%who` and `%bash` exist with another number of signs.
    let other_signs = magics::find(name.trim_start_matches('%')).map(|magic| magic.name);
    let help = match other_signs {
        Some(meant) => format!("did you mean `{meant}`? `%lsmagic` lists all magics"),
        None => format!(
            "{}the magics are {}; `%lsmagic` explains them",
            suggestion(name, names.iter().copied()),
            names.join(", ")
        ),
    };
    MagicError::new(range, format!("there is no magic `{name}`"), "unknown magic", help)
}

/// The first line that is neither blank nor a comment.
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

/// Empty lines in the place of the magic and what is in front of it, so that the body's lines keep their numbers.
pub(super) fn leave_out(cell: &str, line: &MagicLine) -> SourceMap {
    let mut map = SourceMap::default();
    let lines_before = cell[..line.body.start].matches('\n').count();
    map.generate(&"\n".repeat(lines_before), line.name.clone());
    map
}

/// The cell with blanks in the place of the magic: every position stays.
pub(super) fn blank_out(cell: &str, line: &MagicLine) -> String {
    let blank = " ".repeat(line.arguments.end - line.name.start);
    format!("{}{blank}{}", &cell[..line.name.start], &cell[line.body.clone()])
}

/// The cell that `%%time` or `%%capture` stands in front of, which may be any; every position stays. None for any other.
pub(super) fn measured_cell(cell: &str) -> Option<String> {
    let line = find(cell).ok().flatten()?;
    matches!(line.magic, CellMagic::Time | CellMagic::Capture).then(|| blank_out(cell, &line))
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
        let help = |name: &str| unknown(name, 0..name.len()).help;
        assert!(help("%whoo").contains("did you mean `%who`?"), "{}", help("%whoo"));
        assert!(help("%%who").contains("did you mean `%who`?"), "{}", help("%%who"));
        assert!(help("%bash").contains("did you mean `%%bash`?"), "{}", help("%bash"));
        assert!(unknown("%%pool", 0..6).message.contains("not the first line"));
    }

    #[test]
    fn every_one_is_in_the_table() {
        assert!(CELL_MAGICS.iter().map(|(name, _)| *name).eq(magics::cell_magics()));
    }
}

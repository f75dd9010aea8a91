//! Which lines of cells a panic went through. The notebook process says where its code was, as places in compiled
//! cells; their files have the table of lines.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::LazyLock;

use addr2line::gimli::{Dwarf, EndianSlice, RunTimeEndian};
use object::{Object, ObjectSection};
use parcell::contract::reports::CodePlace;
use regex::{Captures, Regex};

use super::locations::{Location, Locations};
use crate::evaluation::CELL_FUNCTION;

/// More calls than this help nobody: it is a recursion.
const SHOWN: usize = 20;

/// A call made in a cell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Frame {
    /// The function that made the call; None for the cell itself and for closures.
    function: Option<String>,
    pub(crate) location: Location,
}

impl fmt::Display for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Location { cell, line } = self.location;
        match &self.function {
            Some(function) => write!(f, "{function} at cell {cell}, line {line}"),
            None => write!(f, "cell {cell}, line {line}"),
        }
    }
}

/// The calls that were made in cells, innermost first. The places come from a process that runs cells: no other files are
/// read than compiled cells.
pub(crate) fn frames(calls: &[CodePlace], locations: &Locations) -> Vec<Frame> {
    let in_cells = || calls.iter().filter(|call| call.is_in_cell());
    let mut modules: BTreeMap<&str, BTreeMap<u64, Vec<CompiledLine>>> = BTreeMap::new();
    for call in in_cells() {
        modules.entry(&call.module).or_default().insert(call.offset, Vec::new());
    }
    for (module, lines) in &mut modules {
        if let Err(error) = find_lines(Path::new(module), lines) {
            tracing::warn!(%error, module, "cannot tell the lines of a panic");
        }
    }
    let mut found: Vec<Frame> = in_cells()
        .filter_map(|call| modules.get(call.module.as_str())?.get(&call.offset))
        .flatten()
        .filter_map(|line| {
            let location = locations.first_in(&line.place)?;
            let function = readable(&line.function);
            Some(Frame { function, location })
        })
        .collect();
    // A closure, and generated code on the same line that only calls it.
    found.dedup();
    found
}

/// A text with places in compiled cells, as the library writes them, replaced by lines of cells. Where several follow each
/// other, a line each, they are the calls of one panic.
pub(crate) fn in_text<'a>(text: &'a str, locations: &Locations) -> Cow<'a, str> {
    if !text.contains(".so+0x") {
        return Cow::Borrowed(text);
    }
    CALLS.replace_all(text, |found: &Captures<'_>| {
        let frames: Vec<String> = frames(&places(&found[0]), locations)
            .iter()
            .map(Frame::to_string)
            .collect();
        // Within what Rust shows of a string, an end of line is written as two characters.
        let begins_string = found.get(0).is_some_and(|all| text[..all.start()].ends_with('"'));
        let is_in_string = begins_string || found[0].contains("\\n");
        frames.join(if is_in_string { "\\n" } else { "\n" })
    })
}

/// The places in compiled cells that a text names.
pub(crate) fn places(text: &str) -> Vec<CodePlace> {
    let place = |found: Captures<'_>| {
        Some(CodePlace {
            module: found[1].to_owned(),
            offset: u64::from_str_radix(&found[2], 16).ok()?,
        })
    };
    CALL.captures_iter(text).filter_map(place).collect()
}

/// A place as the library writes it.
const CALL_PATTERN: &str = r#"(/[^\s"'\\]*libcode_\d+\.so)\+0x([0-9a-f]{1,16})\b"#;
static CALL: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "a constant pattern, and tested")]
    Regex::new(CALL_PATTERN).unwrap()
});
/// Places that follow each other.
static CALLS: LazyLock<Regex> = LazyLock::new(|| {
    #[expect(clippy::unwrap_used, reason = "a constant pattern, and tested")]
    Regex::new(&format!(r"{CALL_PATTERN}(?:(?:\n|\\n){CALL_PATTERN})*")).unwrap()
});

/// The lines that tell people of the calls; none where there is only the line that panicked.
pub(crate) fn lines(frames: &[Frame]) -> Vec<String> {
    if frames.len() < 2 {
        return Vec::new();
    }
    let shown = frames.iter().take(SHOWN).enumerate();
    let mut lines = vec!["backtrace:".to_owned()];
    lines.extend(shown.map(|(number, frame)| format!("{number:4}: {frame}")));
    if frames.len() > SHOWN {
        lines.push(format!("      and {} more", frames.len() - SHOWN));
    }
    lines
}

/// A line of the source that was compiled.
struct CompiledLine {
    function: String,
    /// As messages of the compiler name it.
    place: String,
}

/// Why the lines of a compiled cell cannot be told.
#[derive(Debug, thiserror::Error)]
enum FindError {
    #[error("cannot read the compiled cell")]
    Io(#[from] std::io::Error),
    #[error("the compiled cell is damaged")]
    File(#[from] object::Error),
    #[error("the compiled cell's table of lines is damaged")]
    Table(#[from] addr2line::gimli::Error),
}

/// Fills in the lines at each offset: that of the innermost inlined function first.
fn find_lines(module: &Path, offsets: &mut BTreeMap<u64, Vec<CompiledLine>>) -> Result<(), FindError> {
    let bytes = std::fs::read(module)?;
    let file = object::File::parse(&*bytes)?;
    let endian = if file.is_little_endian() {
        RunTimeEndian::Little
    } else {
        RunTimeEndian::Big
    };
    let dwarf = Dwarf::load(|section| {
        let section = file.section_by_name(section.name());
        let data = section.map(|section| section.data()).transpose()?;
        Ok::<_, object::Error>(EndianSlice::new(data.unwrap_or_default(), endian))
    })?;
    let table = addr2line::Context::from_dwarf(dwarf)?;
    // The table of lines names only functions that were inlined, or into which others were.
    let symbols = file.symbol_map();
    for (offset, lines) in offsets {
        let mut frames = table.find_frames(*offset).skip_all_loads()?;
        while let Some(frame) = frames.next()? {
            let Some((file, line)) = frame.location.and_then(|location| location.file.zip(location.line)) else {
                continue;
            };
            let function = match &frame.function {
                Some(function) => function.demangle()?,
                None => {
                    let name = symbols
                        .containing(*offset)
                        .map(|symbol| symbol.name())
                        .unwrap_or_default();
                    addr2line::demangle_auto(name.into(), None)
                }
            };
            lines.push(CompiledLine {
                function: function.into_owned(),
                place: format!("{file}:{line}"),
            });
        }
    }
    Ok(())
}

/// A function's name as its cell has it. None for closures, which have none, and for the function that is made of
/// the cell's statements.
fn readable(name: &str) -> Option<String> {
    let name = name.strip_prefix("ctx::").unwrap_or(name);
    let is_named = !name.is_empty() && !name.contains('{') && !name.starts_with(CELL_FUNCTION);
    is_named.then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn functions_have_the_names_that_their_cells_gave_them() {
        assert_eq!(readable("ctx::shop::sell").as_deref(), Some("shop::sell"));
        assert_eq!(readable("{closure#0}"), None);
        assert_eq!(readable("parcell_cell_3"), None);
    }

    #[test]
    fn places_are_found_in_texts() {
        let text = "panicked:\n/tmp/p-1/libcode_3.so+0x1a2b\n/tmp/p-1/libcode_12.so+0xff\nmore /x/libcode_1.so.old+0x1";
        let place = |module: &str, offset| CodePlace {
            module: module.into(),
            offset,
        };
        assert_eq!(
            places(text),
            [
                place("/tmp/p-1/libcode_3.so", 0x1a2b),
                place("/tmp/p-1/libcode_12.so", 0xff)
            ]
        );
        for place in places(text) {
            assert_eq!(places(&place.to_string()), [place]);
        }
        let debug = format!("{text:?}");
        assert_eq!(places(&debug).len(), 2);
        assert_eq!(CALLS.find_iter(text).count(), 1);
        assert_eq!(CALLS.find_iter(&debug).count(), 1);
        // Files that are not there have no lines.
        assert_eq!(
            in_text("a\n/tmp/none/libcode_3.so+0x1a\nb", &Locations::default()),
            "a\n\nb"
        );
    }

    #[test]
    fn a_recursion_is_cut_and_a_single_line_is_not_repeated() {
        let frame = |line| Frame {
            function: Some("f".to_owned()),
            location: Location { cell: 1, line },
        };
        assert_eq!(lines(&[frame(1)]), Vec::<String>::new());
        assert_eq!(
            lines(&[frame(1), frame(2)]),
            ["backtrace:", "   0: f at cell 1, line 1", "   1: f at cell 1, line 2"]
        );
        let many: Vec<Frame> = (1..=30).map(frame).collect();
        assert_eq!(lines(&many).last().unwrap(), "      and 10 more");
    }
}

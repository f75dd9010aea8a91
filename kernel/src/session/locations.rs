//! From places in compiled code to places in cells.
//!
//! The compiler sees `cell7/lib.rs`: the source that was generated when cell 7 was run, with the items of earlier
//! cells in it. The lines of a cell are in it as they were written, so a line is found again by comparing it, and its
//! neighbours, with the cells that have been run.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::cell::{self, Event, Provenance, SourceMap};

/// Compiled places as they appear in messages.
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    // The pattern is a constant, and tested.
    #[expect(clippy::unwrap_used, reason = "a constant pattern")]
    Regex::new(r"cell(\d+)/lib\.rs:(\d+)(?::(\d+)(?:: \d+:\d+)?)?").unwrap()
});

/// The cells that have been run, and what the compiler saw of them.
#[derive(Debug, Default)]
pub(crate) struct Locations {
    cells: BTreeMap<u32, WrittenCell>,
    compiled: BTreeMap<u32, Vec<String>>,
    /// The file that cells are compiled from.
    current: Option<(u32, PathBuf)>,
}

/// A cell and what was evaluated in its place.
#[derive(Debug)]
struct WrittenCell {
    source: String,
    map: SourceMap,
    /// The lines of what was evaluated.
    lines: Vec<String>,
}

/// A line of a cell.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct Location {
    pub(crate) cell: u32,
    /// Counted from 1.
    pub(crate) line: usize,
}

impl Locations {
    /// A cell is about to be compiled, to this file.
    pub(crate) fn begin(&mut self, cell: u32, source: &str, map: SourceMap, compiled: PathBuf) {
        let lines = lines(map.text());
        self.cells.insert(
            cell,
            WrittenCell {
                source: source.to_owned(),
                map,
                lines,
            },
        );
        self.compiled.remove(&cell);
        self.current = Some((cell, compiled));
    }

    /// The cell has been compiled; its file is about to be overwritten.
    pub(crate) fn end(&mut self, cell: u32) {
        if let Some(compiled) = self.read(cell) {
            self.compiled.insert(cell, compiled);
        }
        self.current = None;
    }

    /// The line of a cell that a line of compiled code comes from.
    pub(crate) fn find(&self, compiled_cell: u32, line: usize) -> Option<Location> {
        let (cell, range) = self.line(compiled_cell, line)?;
        let before = self.source(cell)?.get(..range.start)?;
        Some(Location {
            cell,
            line: before.matches('\n').count() + 1,
        })
    }

    /// The cell as it was written.
    pub(crate) fn source(&self, cell: u32) -> Option<&str> {
        Some(&self.cells.get(&cell)?.source)
    }

    /// The part of a line that is not white space, in bytes of the cell's source.
    pub(crate) fn line_range(&self, location: Location) -> Option<Range<usize>> {
        let source = self.source(location.cell)?;
        let line = source.lines().nth(location.line.checked_sub(1)?)?;
        let start = line.as_ptr().addr() - source.as_ptr().addr() + (line.len() - line.trim_start().len());
        Some(start..start + line.trim().len())
    }

    /// The place in a cell of a part of compiled code, given by lines and columns (in characters, counted from 1).
    pub(crate) fn place(&self, cell: u32, start: (usize, usize), end: (usize, usize)) -> Option<(u32, Provenance)> {
        let (start_cell, start) = self.position(cell, start)?;
        let (end_cell, end) = self.position(cell, end)?;
        if start_cell != end_cell || start > end {
            return None;
        }
        Some((start_cell, self.cells.get(&start_cell)?.map.place(start..end)))
    }

    /// The names of the parameters of the closure that is the last argument of the call at this place of compiled code.
    pub(crate) fn parameters(&self, file: &str, line: u32, column: u32) -> Option<Vec<String>> {
        let place = PLACE.captures(&format!("{file}:{line}"))?[1].parse().ok()?;
        let source = self.compiled_lines(place)?.join("\n");
        let position = |number: u32| usize::try_from(number).ok();
        cell::closure_parameters(&source, position(line)?, position(column)?)
    }

    /// A text with its compiled places replaced by places in cells.
    pub(crate) fn in_text(&self, text: &str) -> String {
        if !text.contains("/lib.rs:") {
            return text.to_owned();
        }
        PLACE
            .replace_all(text, |found: &Captures<'_>| {
                let cell = found[1].parse().unwrap_or(0);
                match self.find(cell, found[2].parse().unwrap_or(0)) {
                    Some(location) => format!("cell {}, line {}", location.cell, location.line),
                    None => format!("cell {cell}"),
                }
            })
            .into_owned()
    }

    /// The place in compiled code that a message names first.
    pub(crate) fn first_in(&self, text: &str) -> Option<Location> {
        let found = PLACE.captures(text)?;
        self.find(found[1].parse().ok()?, found[2].parse().ok()?)
    }

    /// The expression of a cell at the place in compiled code that a text names first, or else the line; with the cell's
    /// number.
    pub(crate) fn marked_in(&self, text: &str, event: Event<'_>) -> Option<(u32, Range<usize>)> {
        self.expression_in(text, event).or_else(|| {
            let location = self.first_in(text)?;
            Some((location.cell, self.line_range(location)?))
        })
    }

    fn expression_in(&self, text: &str, event: Event<'_>) -> Option<(u32, Range<usize>)> {
        let found = PLACE.captures(text)?;
        let number = |index: usize| found.get(index)?.as_str().parse::<usize>().ok();
        let place = (number(2)?, number(3)?);
        let (cell, provenance) = self.place(found[1].parse().ok()?, place, place)?;
        // What was generated there stands for all that it was made of.
        let Provenance::Written(range) = provenance else {
            return None;
        };
        Some((cell, cell::expression_at(self.source(cell)?, range.start, event)?))
    }

    /// The part of a cell that a line of compiled code comes from.
    fn line(&self, compiled_cell: u32, line: usize) -> Option<(u32, Range<usize>)> {
        let (cell, index) = self.matching_line(compiled_cell, line)?;
        let written = self.cells.get(&cell)?;
        let text = written.lines.get(index)?;
        let start = line_start(&written.lines, index) + (text.len() - text.trim_start().len());
        Some((cell, written.map.place(start..start + text.trim().len()).range()))
    }

    /// The offset, in what was evaluated for a cell, of a line and column of compiled code.
    fn position(&self, compiled_cell: u32, (line, column): (usize, usize)) -> Option<(u32, usize)> {
        let (cell, index) = self.matching_line(compiled_cell, line)?;
        let compiled = self.compiled_lines(compiled_cell)?;
        let generated = compiled.get(line - 1)?;
        let lines = &self.cells.get(&cell)?.lines;
        let before: String = generated.chars().take(column.checked_sub(1)?).collect();
        // Each statement begins on a line of its own.
        let left_out = lines[index].find(generated.trim_end())?;
        Some((
            cell,
            line_start(lines, index) + (left_out + before.len()).min(lines[index].len()),
        ))
    }

    /// The cell, and the line of what was evaluated for it (counted from 0), that a line of compiled code comes from.
    fn matching_line(&self, compiled_cell: u32, line: usize) -> Option<(u32, usize)> {
        let compiled = self.compiled_lines(compiled_cell)?;
        let index = line.checked_sub(1)?;
        // Of equals the newest cell wins: it has replaced what the older ones defined.
        self.cells
            .range(..=compiled_cell)
            .flat_map(|(cell, written)| (0..written.lines.len()).map(move |line| (*cell, &written.lines, line)))
            .filter_map(|(cell, lines, line)| Some((agreement(lines, line, &compiled, index)?, cell, line)))
            .max_by_key(|(agreement, cell, line)| (*agreement, *cell, std::cmp::Reverse(*line)))
            .map(|(_, cell, line)| (cell, line))
    }

    fn compiled_lines(&self, cell: u32) -> Option<Cow<'_, [String]>> {
        match self.compiled.get(&cell) {
            Some(compiled) => Some(Cow::Borrowed(compiled)),
            None => self.read(cell).map(Cow::Owned),
        }
    }

    fn read(&self, cell: u32) -> Option<Vec<String>> {
        let (_, path) = self.current.as_ref().filter(|(current, _)| *current == cell)?;
        std::fs::read_to_string(path).ok().map(|source| lines(&source))
    }
}

fn lines(source: &str) -> Vec<String> {
    source.lines().map(str::to_owned).collect()
}

fn line_start(lines: &[String], index: usize) -> usize {
    lines[..index].iter().map(|line| line.len() + 1).sum()
}

/// How many lines around these agree, or None where these two do not.
fn agreement(source: &[String], line: usize, compiled: &[String], compiled_line: usize) -> Option<usize> {
    let agrees = |line: Option<usize>, compiled_line: Option<usize>| {
        line.zip(compiled_line)
            .and_then(|(line, compiled_line)| Some((source.get(line)?.trim(), compiled.get(compiled_line)?.trim())))
            .is_some_and(|(written, generated)| written == generated || is_part(generated, written))
    };
    if compiled.get(compiled_line)?.trim().is_empty() || !agrees(Some(line), Some(compiled_line)) {
        return None;
    }
    let whole = usize::from(source[line].trim() == compiled[compiled_line].trim());
    let below = (1..)
        .take_while(|step| agrees(line.checked_add(*step), compiled_line.checked_add(*step)))
        .count();
    let above = (1..)
        .take_while(|step| agrees(line.checked_sub(*step), compiled_line.checked_sub(*step)))
        .count();
    Some(2 * (below + above) + whole)
}

/// Statements that share a line are compiled on lines of their own.
fn is_part(generated: &str, written: &str) -> bool {
    generated.len() > 2 && written.contains(generated)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn locations(cells: &[(u32, &str)], compiled: (u32, &str)) -> Locations {
        let mut locations = Locations::default();
        for (cell, source) in cells {
            let map = SourceMap::identity(source);
            let written = WrittenCell {
                source: (*source).to_owned(),
                lines: lines(source),
                map,
            };
            locations.cells.insert(*cell, written);
        }
        locations.compiled.insert(compiled.0, lines(compiled.1));
        locations
    }

    #[test]
    fn a_line_is_found_in_the_cell_that_wrote_it() {
        let earlier = "fn f(x: u64) -> u64 {\n    x\n}";
        let cell = "let a = 1;\nlet b = f(a);\nassert!(b > 1);";
        let compiled =
            "#![allow]\nfn f(x: u64) -> u64 {\n    x\n}\npub fn run() {\nlet a = 1;\nlet b = f(a);\nassert!(b > 1);\n}";
        let locations = locations(&[(1, earlier), (2, cell)], (2, compiled));
        assert_eq!(locations.find(2, 3), Some(Location { cell: 1, line: 2 }));
        assert_eq!(locations.find(2, 8), Some(Location { cell: 2, line: 3 }));
        assert_eq!(locations.find(2, 1), None);
        assert_eq!(locations.in_text("at cell2/lib.rs:7:9: x"), "at cell 2, line 2: x");
        assert_eq!(locations.in_text("at cell2/lib.rs:5:9: x"), "at cell 2: x");
    }

    #[test]
    fn a_position_is_found_also_where_a_line_was_broken() {
        let cell = "let é = 1;\n  let b = 2;";
        let locations = locations(&[(1, cell)], (1, "x\nlet é = 1;\nlet b = 2;"));
        let place = locations.place(1, (3, 5), (3, 6)).unwrap().1;
        assert_eq!(&cell[place.range()], "b");
        let place = locations.place(1, (2, 7), (2, 8)).unwrap().1;
        assert_eq!(&cell[place.range()], "=");
        assert_eq!(
            locations
                .line_range(Location { cell: 1, line: 2 })
                .map(|range| &cell[range]),
            Some("let b = 2;")
        );
    }

    #[test]
    fn neighbours_decide_between_equal_lines() {
        let cell = "{\n    g();\n    a();\n}\n{\n    h();\n    a();\n}";
        let compiled = format!("first\n{cell}");
        let locations = locations(&[(1, cell)], (1, &compiled));
        assert_eq!(locations.find(1, 4), Some(Location { cell: 1, line: 3 }));
        assert_eq!(locations.find(1, 8), Some(Location { cell: 1, line: 7 }));
    }

    #[test]
    fn a_cell_that_was_run_again_is_the_newest() {
        let source = "fn f() { panic!() }";
        let locations = locations(&[(1, source), (3, source)], (4, "x\nfn f() { panic!() }"));
        assert_eq!(locations.find(4, 2), Some(Location { cell: 3, line: 1 }));
    }

    #[test]
    fn statements_that_share_a_line_are_found_in_it() {
        let locations = locations(&[(1, "let v = vec![1]; v[7];")], (1, "x\nlet v = vec![1]; \nv[7];"));
        assert_eq!(locations.find(1, 3), Some(Location { cell: 1, line: 1 }));
    }
}

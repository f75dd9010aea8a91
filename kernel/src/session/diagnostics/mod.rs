//! What went wrong, shown on the cell as it was written, in the way of rustc.

mod colours;
mod compile_error;
mod notes;
mod unknown_type;

use std::error::Error;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

pub(super) use self::colours::wrong;
pub(super) use self::compile_error::{Compiled, compile_error};
pub(super) use self::unknown_type::not_kept;
use super::backtrace;
use super::event::CellError;
use super::locations::Locations;
use super::output::Panic;
use crate::cell::{self, Event, MagicError, Unbalanced, UnbalancedKind};

/// How many columns a line of code has with what marks it, before the part without marks is left out. This is a line as
/// long as rustfmt makes it, behind a line number; JupyterLab shows as much in a window of 1280 pixels, and wraps what is
/// longer, so that marks would not be below what they mark.
const WIDTH: usize = 106;

/// The error of a cell whose magic is wrong.
pub(super) fn magic_error(error: &MagicError, cell: u32, source: &str) -> CellError {
    let pointer = Pointer {
        message: error.message.clone(),
        label: error.label.clone(),
        other: None,
        help: error.help.clone(),
    };
    pointed_error("MagicError", &pointer, error.range.clone(), cell, source)
}

/// The error of a cell that is nested too deeply to be parsed.
pub(super) fn too_deep(place: Range<usize>, cell: u32, source: &str) -> CellError {
    let pointer = Pointer {
        message: "the code is nested too deeply".to_owned(),
        label: "this is too deep".to_owned(),
        other: None,
        help: "give parts of it names, with `let` or as functions; of many values make a list".to_owned(),
    };
    pointed_error("CompileError", &pointer, place, cell, source)
}

/// The error of a cell in which brackets, strings and comments are not balanced.
pub(super) fn unbalanced(unbalanced: &Unbalanced, cell: u32, source: &str) -> CellError {
    let (message, label, help) = match &unbalanced.kind {
        UnbalancedKind::Unclosed(open) => (
            format!("`{open}` is not closed"),
            "this is open at the end of the cell",
            format!("close it with `{}`", cell::closing(*open)),
        ),
        UnbalancedKind::Unopened(close) => (
            format!("`{close}` closes nothing"),
            "nothing is open here",
            "remove it, or write what it closes".to_owned(),
        ),
        UnbalancedKind::Mismatched { found, open, .. } => (
            format!("`{found}` does not close `{open}`"),
            "this closes something else",
            format!("close `{open}` with `{}` first", cell::closing(*open)),
        ),
        UnbalancedKind::UnendedString => (
            "the string is not ended".to_owned(),
            "it begins here",
            "end it with a quotation mark, and with as many `#` behind that as it begins with".to_owned(),
        ),
        UnbalancedKind::UnendedComment => (
            "the comment is not ended".to_owned(),
            "it begins here",
            "end it with `*/`".to_owned(),
        ),
    };
    let other = match &unbalanced.kind {
        UnbalancedKind::Mismatched { opened, .. } => Some((opened.clone(), "this is open".to_owned())),
        _ => None,
    };
    let label = label.to_owned();
    let pointer = Pointer {
        message,
        label,
        other,
        help,
    };
    pointed_error("CompileError", &pointer, unbalanced.range.clone(), cell, source)
}

/// What is said of a part of a cell.
struct Pointer {
    message: String,
    /// Stands below the part.
    label: String,
    /// What it has to do with, and what is said below that.
    other: Option<(Range<usize>, String)>,
    help: String,
}

/// An error of our own about a part of a cell.
fn pointed_error(ename: &str, pointer: &Pointer, range: Range<usize>, cell: u32, source: &str) -> CellError {
    let path = cell_name(cell);
    let snippet = Snippet::source(source).path(&path).annotation(
        AnnotationKind::Primary
            .span(visible(source, range))
            .label(&pointer.label),
    );
    let snippet = match &pointer.other {
        Some((range, label)) => {
            let other = AnnotationKind::Context.span(visible(source, range.clone()));
            snippet.annotation(other.label(label))
        }
        None => snippet,
    };
    let report = [Level::ERROR
        .primary_title(&pointer.message)
        .element(snippet)
        .element(Level::HELP.message(&pointer.help))];
    CellError {
        ename: ename.to_owned(),
        evalue: pointer.message.clone(),
        traceback: lines(&renderer().render(&report)),
    }
}

/// The error of a cell that panicked.
pub(super) fn panic_error(panic: &Panic, locations: &Locations) -> CellError {
    let message = locations.in_text(&panic.message);
    let level = Level::ERROR.with_name("panic");
    let frames = panic.frames(locations);
    let place = panic.compiled_place();
    let marked = locations.marked_in(place, Event::Panic(&panic.message));
    let rendered = render_at(&level, &message, marked, "panicked here", locations)
        .or_else(|| {
            // Code of a crate panicked, and this is where a cell called it.
            let message = format!("{message}, at {place}");
            let location = frames.first().map(|frame| frame.location);
            let marked = location.and_then(|location| Some((location.cell, locations.line_range(location)?)));
            render_at(&level, &message, marked, "called from here", locations)
        })
        .unwrap_or_else(|| {
            let title = format!("panicked at {}: {message}", panic.place(locations));
            renderer().render(&[Group::with_title(level.primary_title(title))])
        });
    let mut traceback = lines(&rendered);
    traceback.extend(backtrace::lines(&frames));
    CellError {
        ename: "Panic".to_owned(),
        evalue: message,
        traceback,
    }
}

/// The error that `?` took out of a cell at a compiled place, and what caused it.
pub(super) fn early_return(
    ename: String,
    evalue: &str,
    place: &str,
    causes: &[String],
    locations: &Locations,
) -> CellError {
    // An error of a worker names where it panicked.
    let message = locations.in_text(evalue);
    let level = Level::ERROR.with_name(ename.as_str());
    let rendered = render_at(
        &level,
        &message,
        locations.marked_in(place, Event::Question),
        "`?` left the cell here",
        locations,
    )
    .unwrap_or_else(|| renderer().render(&[Group::with_title(level.clone().primary_title(&message))]));
    let mut traceback = lines(&rendered);
    traceback.extend(causes.iter().map(|line| locations.in_text(line)));
    CellError {
        ename,
        evalue: message,
        traceback,
    }
}

/// The error of a cell whose workers failed, which the library has put into words.
pub(super) fn failure(ename: String, evalue: &str, more: &[String], locations: &Locations) -> CellError {
    let message = locations.in_text(evalue);
    let rendered = render_at(
        &Level::ERROR,
        &message,
        locations.marked_in(evalue, Event::Panic(evalue)),
        "panicked here",
        locations,
    )
    .unwrap_or_else(|| renderer().render(&[Group::with_title(Level::ERROR.primary_title(&message))]));
    let mut traceback = lines(&rendered);
    traceback.extend(more.iter().map(|line| locations.in_text(line)));
    CellError {
        ename,
        evalue: message,
        traceback,
    }
}

/// A message with the part of a cell that it is about; None where there is no such part.
fn render_at(
    level: &Level<'_>,
    message: &str,
    marked: Option<(u32, Range<usize>)>,
    label: &str,
    locations: &Locations,
) -> Option<String> {
    let (cell, range) = marked?;
    let snippet = Snippet::source(locations.source(cell)?)
        .path(cell_name(cell))
        .annotation(AnnotationKind::Primary.span(range).label(label));
    Some(renderer().render(&[level.clone().primary_title(message).element(snippet)]))
}

/// An error and what caused it, on one line.
pub(crate) fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// An error that is only a sentence.
pub(super) fn plain_error(ename: &str, evalue: &str) -> CellError {
    CellError {
        ename: ename.to_owned(),
        evalue: evalue.to_owned(),
        traceback: lines(&format!("{}: {evalue}", wrong(ename))),
    }
}

/// How messages name a cell. What a client has evaluated after a cell has no number.
fn cell_name(cell: u32) -> String {
    match cell {
        0 => "expression".to_owned(),
        cell => format!("cell {cell}"),
    }
}

/// A range that can be marked: within the text, and not empty where something is there.
fn visible(source: &str, range: Range<usize>) -> Range<usize> {
    let start = source.floor_char_boundary(range.start.min(source.len()));
    let end = source.ceil_char_boundary(range.end.clamp(start, source.len()));
    start..end
}

fn renderer() -> Renderer {
    let renderer = if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        Renderer::plain()
    } else {
        colours::renderer()
    };
    renderer.term_width(WIDTH)
}

fn lines(text: &str) -> Vec<String> {
    text.lines().map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_magic_is_shown_on_its_line() {
        let source = "%%pool -n abc 0..3\nfn f(x: u8) {}";
        let error = MagicError {
            message: "`abc` is not a number".into(),
            range: 10..13,
            label: "not a number".into(),
            help: "give a number".into(),
        };
        let shown = magic_error(&error, 3, source).traceback.join("\n");
        for part in ["cell 3:1:11", "%%pool -n abc 0..3", "not a number", "give a number"] {
            assert!(shown.contains(part), "{part} in {shown}");
        }
    }

    #[test]
    fn of_a_long_line_the_part_that_is_marked_is_shown() {
        let source = format!("%%pool -n 4 {} abc", "0..3 ".repeat(60));
        let at = source.len() - 3;
        let error = MagicError {
            message: "`abc` is too much".into(),
            range: at..source.len(),
            label: "too much".into(),
            help: "leave it out".into(),
        };
        let shown = anstream::adapter::strip_str(&magic_error(&error, 3, &source).traceback.join("\n")).to_string();
        let longest = shown.lines().map(|line| line.chars().count()).max();
        assert!(longest <= Some(WIDTH), "{shown}");
        assert!(shown.contains("0..3  abc"), "{shown}");
    }
}

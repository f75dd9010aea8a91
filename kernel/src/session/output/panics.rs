//! Panics and failures, as the library describes them.

use parcell::contract::reports::{CodePlace, FailureReport, PanicReport};

use crate::session::backtrace::{self, Frame};
use crate::session::diagnostics;
use crate::session::event::CellError;
use crate::session::locations::Locations;

/// A panic in the notebook process.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Panic {
    pub(crate) thread: String,
    pub(crate) message: String,
    compiled_place: String,
    /// Where the thread was, innermost first.
    calls: Vec<CodePlace>,
}

impl Panic {
    /// None for what is not a description of a panic: a cell printed it.
    pub(crate) fn parse(json: &str) -> Option<Panic> {
        let report: PanicReport<'_> = serde_json::from_str(json).ok()?;
        let file = report.file.unwrap_or_default();
        let (line, column) = (report.line.unwrap_or_default(), report.column.unwrap_or_default());
        Some(Panic {
            thread: report.thread.into_owned(),
            message: report.message.into_owned(),
            compiled_place: format!("{file}:{line}:{column}"),
            calls: report.calls,
        })
    }

    /// Where it happened, for people.
    pub(crate) fn place(&self, locations: &Locations) -> String {
        locations.in_text(&self.compiled_place)
    }

    /// Where it happened, for the compiler.
    pub(crate) fn compiled_place(&self) -> &str {
        &self.compiled_place
    }

    /// The calls in cells that led to it, innermost first.
    pub(crate) fn frames(&self, locations: &Locations) -> Vec<Frame> {
        backtrace::frames(&self.calls, locations)
    }

    /// As Rust's standard hook prints it.
    pub(super) fn text(&self, locations: &Locations) -> String {
        let mut text = format!(
            "thread '{}' panicked at {}:\n{}\n",
            self.thread,
            self.place(locations),
            self.message
        );
        for line in backtrace::lines(&self.frames(locations)) {
            text.push_str(&line);
            text.push('\n');
        }
        text
    }
}

/// None for what is not a description of a failure.
pub(super) fn parse_failure(json: &str, locations: &Locations) -> Option<CellError> {
    let failure: FailureReport = serde_json::from_str(json).ok()?;
    // The first line says what the error's value says.
    let mut more = failure
        .traceback
        .iter()
        .filter(|line| **line != failure.evalue)
        .cloned()
        .collect::<Vec<_>>();
    if let Some(calls) = &failure.backtrace {
        more.extend(backtrace_lines(calls, locations));
    }
    Some(match failure.left_at {
        Some(place) => diagnostics::early_return(failure.ename, &failure.evalue, &place, &more, locations),
        None => diagnostics::failure(failure.ename, &failure.evalue, &more, locations),
    })
}

/// The calls as lines of cells, or as they are where RUST_BACKTRACE has had the library name them.
fn backtrace_lines(calls: &str, locations: &Locations) -> Vec<String> {
    let places = backtrace::places(calls);
    if places.is_empty() {
        return std::iter::once("backtrace:")
            .chain(calls.lines())
            .map(str::to_owned)
            .collect();
    }
    backtrace::lines(&backtrace::frames(&places, locations))
}

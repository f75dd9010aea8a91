//! Panics and failures, as the library describes them.

use serde::Deserialize;

use crate::session::diagnostics;
use crate::session::event::CellError;
use crate::session::locations::Locations;

/// A panic in the notebook process.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub(crate) struct Panic {
    pub(crate) thread: String,
    pub(crate) message: String,
    #[serde(default)]
    pub(crate) file: String,
    #[serde(default)]
    pub(crate) line: usize,
    #[serde(default)]
    pub(crate) column: usize,
}

impl Panic {
    /// None for what is not a description of a panic: a cell printed it.
    pub(super) fn parse(json: &str) -> Option<Panic> {
        serde_json::from_str(json).ok()
    }

    /// Where it happened, for people.
    pub(crate) fn place(&self, locations: &Locations) -> String {
        locations.in_text(&self.compiled_place())
    }

    /// Where it happened, for the compiler.
    pub(crate) fn compiled_place(&self) -> String {
        format!("{}:{}:{}", self.file, self.line, self.column)
    }

    /// As Rust's standard hook prints it.
    pub(super) fn text(&self, locations: &Locations) -> String {
        format!(
            "thread '{}' panicked at {}:\n{}\n",
            self.thread,
            self.place(locations),
            self.message
        )
    }
}

#[derive(Deserialize)]
struct Failure {
    ename: String,
    evalue: String,
    traceback: Vec<String>,
}

/// None for what is not a description of a failure.
pub(super) fn parse_failure(json: &str, locations: &Locations) -> Option<CellError> {
    let failure: Failure = serde_json::from_str(json).ok()?;
    // The first line says what the error's value says.
    let more = failure
        .traceback
        .iter()
        .filter(|line| **line != failure.evalue)
        .cloned()
        .collect::<Vec<_>>();
    Some(diagnostics::failure(failure.ename, &failure.evalue, &more, locations))
}

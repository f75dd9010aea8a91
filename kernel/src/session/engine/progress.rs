//! What is shown while a cell has to wait for its crates or types: one line, which changes, and goes when it is over.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use parcell::contract::display::NOTES;
use serde_json::json;

use crate::evaluation::Progress;
use crate::session::event::{Cell, Content, Event, Metadata, MimeBundle, Stream};
use crate::session::shared::Shared;
use crate::toolchain::CratesProgress;

/// How long types may take to be inferred before it is said why.
const PATIENCE: Duration = Duration::from_secs(2);

/// Shows it below one cell.
pub(super) struct ProgressShown<'a> {
    shared: &'a Shared,
    cell: &'a Cell,
    /// Whether the cell has shown nothing else.
    is_alone: bool,
    state: RefCell<State>,
}

struct State {
    since: Instant,
    /// The line, while there is one.
    shown: Option<String>,
    /// How many crates there are to compile, as far as that is known.
    total: usize,
    notes: usize,
}

impl<'a> ProgressShown<'a> {
    /// `is_alone` says that the cell has shown nothing yet.
    pub(super) fn below(shared: &'a Shared, cell: &'a Cell, is_alone: bool) -> ProgressShown<'a> {
        ProgressShown {
            shared,
            cell,
            is_alone,
            state: RefCell::new(State {
                since: Instant::now(),
                shown: None,
                total: 0,
                notes: 0,
            }),
        }
    }

    pub(super) fn hear(&self, progress: &Progress<'_>) {
        let state = &mut *self.state.borrow_mut();
        match progress {
            Progress::Crates(progress) => self.hear_of_crates(state, progress),
            Progress::Types { waited } if *waited < PATIENCE => {}
            Progress::Types { waited } => {
                let seconds = waited.as_secs();
                let text =
                    format!("inferring types: {seconds} s; the first time, rust-analyzer reads the standard library");
                self.show(state, text);
            }
            Progress::TypesKnown => self.end(state, "types inferred"),
        }
    }

    fn hear_of_crates(&self, state: &mut State, progress: &CratesProgress) {
        match progress {
            CratesProgress::Said(line) => tracing::debug!(line, "cargo says"),
            CratesProgress::Compiling { done, total, names } => {
                state.total = *total;
                let crates = if *total == 1 { "crate" } else { "crates" };
                let text = format!("compiling: {done} of {total} {crates}, {}: {names}", elapsed(state));
                self.show(state, text);
            }
            CratesProgress::Waiting => {
                self.show(
                    state,
                    "waiting for another notebook, whose crates are compiled first".to_owned(),
                );
            }
            CratesProgress::Note(note) => {
                state.notes += 1;
                let stream = Stream::Stderr;
                let text = format!("parcell: {note}\n");
                self.say(Content::Stream { stream, text });
            }
            CratesProgress::Ended => self.end(state, "compiled"),
        }
    }

    /// `done` is what stays where the line cannot go without others.
    fn end(&self, state: &mut State, done: &str) {
        if state.shown.is_none() {
            return;
        }
        if self.is_alone && state.notes == 0 {
            self.say(Content::ClearOutput { wait: false });
        } else {
            self.show(state, format!("{done} in {}", elapsed(state)));
        }
        state.shown = None;
    }

    fn show(&self, state: &mut State, text: String) {
        if state.shown.as_ref() == Some(&text) {
            return;
        }
        let display_id = format!("parcell-crates-{}", self.cell.id.0);
        let data = MimeBundle::from_iter([("text/plain".to_owned(), text.as_str().into())]);
        let metadata = Metadata::from_iter([(NOTES.to_owned(), json!({ "transient": true }))]);
        self.say(if state.shown.replace(text).is_some() {
            Content::UpdateDisplayData {
                data,
                metadata,
                display_id,
            }
        } else {
            Content::DisplayData {
                data,
                metadata,
                display_id: Some(display_id),
            }
        });
    }

    fn say(&self, content: Content) {
        let cell = self.cell.id;
        self.shared.say(Event::Output { cell, content });
    }
}

fn elapsed(state: &State) -> String {
    format!("{} s", state.since.elapsed().as_secs())
}

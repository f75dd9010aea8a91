//! What is shown while the crates of a cell are compiled: one line, which changes, and goes when it is over.

use std::cell::RefCell;
use std::time::Instant;

use parcell::contract::display::NOTES;
use serde_json::json;

use crate::session::event::{Cell, Content, Event, Metadata, MimeBundle, Stream};
use crate::session::shared::Shared;
use crate::toolchain::Progress;

/// Shows it below one cell.
pub(super) struct CratesShown<'a> {
    shared: &'a Shared,
    cell: &'a Cell,
    /// Whether the cell has shown nothing else.
    is_alone: bool,
    state: RefCell<State>,
}

struct State {
    since: Instant,
    is_shown: bool,
    /// How many crates there are to compile, as far as that is known.
    total: usize,
    notes: usize,
}

impl<'a> CratesShown<'a> {
    /// `is_alone` says that the cell has shown nothing yet.
    pub(super) fn below(shared: &'a Shared, cell: &'a Cell, is_alone: bool) -> CratesShown<'a> {
        CratesShown {
            shared,
            cell,
            is_alone,
            state: RefCell::new(State {
                since: Instant::now(),
                is_shown: false,
                total: 0,
                notes: 0,
            }),
        }
    }

    pub(super) fn hear(&self, progress: &Progress) {
        let state = &mut *self.state.borrow_mut();
        match progress {
            Progress::Said(line) => tracing::debug!(line, "cargo says"),
            Progress::Compiling { done, total, names } => {
                state.total = *total;
                let crates = if *total == 1 { "crate" } else { "crates" };
                let text = format!("compiling: {done} of {total} {crates}, {}: {names}", elapsed(state));
                self.show(state, &text);
            }
            Progress::Waiting => self.show(state, "waiting for another notebook, whose crates are compiled first"),
            Progress::Note(note) => {
                state.notes += 1;
                let stream = Stream::Stderr;
                let text = format!("parcell: {note}\n");
                self.say(Content::Stream { stream, text });
            }
            Progress::Ended => self.end(state),
        }
    }

    fn end(&self, state: &mut State) {
        if !state.is_shown {
            return;
        }
        if self.is_alone && state.notes == 0 {
            self.say(Content::ClearOutput { wait: false });
        } else {
            let text = format!("compiled in {}", elapsed(state));
            self.show(state, &text);
        }
        state.is_shown = false;
    }

    fn show(&self, state: &mut State, text: &str) {
        let display_id = format!("parcell-crates-{}", self.cell.id.0);
        let data = MimeBundle::from_iter([("text/plain".to_owned(), text.into())]);
        let metadata = Metadata::from_iter([(NOTES.to_owned(), json!({ "transient": true }))]);
        self.say(if std::mem::replace(&mut state.is_shown, true) {
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

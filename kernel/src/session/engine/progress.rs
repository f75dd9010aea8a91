//! What is shown while a cell has to wait for its crates or types: one line, which changes, and goes when it is over.

use std::cell::RefCell;
use std::time::{Duration, Instant};

use parcell::contract::display::NOTES;
use serde_json::json;

use crate::evaluation::Progress;
use crate::session::event::{CellId, Content, Metadata, MimeBundle, Stream};
use crate::toolchain::CratesProgress;

/// How long types may take to be inferred before it is said why.
const PATIENCE: Duration = Duration::from_secs(2);

/// Shows it below one cell.
pub(super) struct ProgressShown<'a> {
    cell: CellId,
    say: &'a dyn Fn(Content),
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
    pub(super) fn below(cell: CellId, is_alone: bool, say: &'a dyn Fn(Content)) -> ProgressShown<'a> {
        ProgressShown {
            cell,
            say,
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
                (self.say)(Content::Stream { stream, text });
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
            (self.say)(Content::ClearOutput { wait: false });
        } else {
            self.show(state, format!("{done} in {}", elapsed(state)));
        }
        state.shown = None;
    }

    fn show(&self, state: &mut State, text: String) {
        if state.shown.as_ref() == Some(&text) {
            return;
        }
        let display_id = format!("parcell-waiting-{}", self.cell.0);
        let data = MimeBundle::from_iter([("text/plain".to_owned(), text.as_str().into())]);
        let metadata = Metadata::from_iter([(NOTES.to_owned(), json!({ "transient": true }))]);
        (self.say)(if state.shown.replace(text).is_some() {
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
}

fn elapsed(state: &State) -> String {
    format!("{} s", state.since.elapsed().as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is said of what is heard.
    fn said(is_alone: bool, heard: &[Progress<'_>]) -> Vec<String> {
        let said = RefCell::new(Vec::new());
        let say = |content: Content| {
            let text = |data: &MimeBundle| data["text/plain"].as_str().unwrap_or_default().to_owned();
            said.borrow_mut().push(match &content {
                Content::DisplayData { data, .. } => format!("shown: {}", text(data)),
                Content::UpdateDisplayData { data, .. } => format!("changed: {}", text(data)),
                Content::ClearOutput { wait: false } => "gone".to_owned(),
                other => format!("{other:?}"),
            });
        };
        let progress = ProgressShown::below(CellId(1), is_alone, &say);
        heard.iter().for_each(|heard| progress.hear(heard));
        drop(progress);
        said.into_inner()
    }

    fn waited(seconds: f64) -> Progress<'static> {
        Progress::Types {
            waited: Duration::from_secs_f64(seconds),
        }
    }

    #[test]
    fn who_waits_long_for_types_is_told_each_second_what_for() {
        let heard = [waited(1.9), waited(2.1), waited(2.2), waited(3.0), Progress::TypesKnown];
        let line = |seconds: u8| {
            format!("inferring types: {seconds} s; the first time, rust-analyzer reads the standard library")
        };
        let expected = [
            format!("shown: {}", line(2)),
            format!("changed: {}", line(3)),
            "gone".to_owned(),
        ];
        assert_eq!(said(true, &heard), expected);
    }

    #[test]
    fn where_types_come_at_once_nothing_is_said() {
        assert_eq!(said(true, &[waited(0.5), waited(1.9), Progress::TypesKnown]), [""; 0]);
    }

    #[test]
    fn below_other_outputs_a_line_about_it_stays() {
        let said = said(false, &[waited(2.0), Progress::TypesKnown, Progress::TypesKnown]);
        assert_eq!(said.len(), 2, "{said:?}");
        assert!(said[1].starts_with("changed: types inferred in "), "{said:?}");
    }
}

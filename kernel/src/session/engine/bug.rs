//! A mistake of this program's own: where the engine panics, that costs the cell, and is told with what to report.

use std::any::Any;
use std::cell::RefCell;
use std::fmt;
use std::panic::{self, AssertUnwindSafe};
use std::sync::Once;

use super::{Cell, Engine, Outcome};
use crate::session::diagnostics;
use crate::session::event::Event;

thread_local! {
    /// Where this thread has panicked last.
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// A panic, in words.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Bug {
    message: String,
    place: String,
}

/// Does something that may be wrong. A panic is logged as ever.
pub(super) fn guard<T>(act: impl FnOnce() -> T) -> Result<T, Bug> {
    note_places();
    // What is left half done is what the caller recovers from.
    panic::catch_unwind(AssertUnwindSafe(act)).map_err(|payload| Bug {
        message: message(&*payload),
        place: PLACE.take().unwrap_or_else(|| "an unknown place".to_owned()),
    })
}

/// The payload of a panic does not say where it was.
fn note_places() {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            let place = info
                .location()
                .map(|place| format!("{}:{}", place.file(), place.line()));
            PLACE.replace(place);
            before(info);
        }));
    });
}

fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<&str>().map(|text| (*text).to_owned());
    text.or_else(|| payload.downcast_ref::<String>().cloned())
        .unwrap_or_else(|| "a panic without a message".to_owned())
}

impl fmt::Display for Bug {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "this is a mistake of parcell's own: {} ({}). The cell was not completed, and the notebook goes on. Please report it \
             with the cell and what `parcell doctor --report` prints",
            self.message, self.place
        )
    }
}

impl Engine<'_> {
    /// What comes of a cell in which this program has panicked.
    pub(super) fn recover(&mut self, cell: &Cell, bug: &Bug) -> Outcome {
        tracing::error!(%bug, cell = cell.execution_count, "the engine panicked");
        self.files.clear();
        for content in self.shared.end_capture() {
            self.shared.say(Event::Output { cell: cell.id, content });
        }
        self.shared.pump.drain();
        self.shared.comms.end(cell.id, true);
        Outcome::Error(diagnostics::plain_error("KernelBug", &bug.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_right_is_left_alone_and_a_panic_is_told_with_its_place() {
        assert_eq!(guard(|| 5), Ok(5));
        let line = line!() + 1;
        let bug = guard(|| -> u8 { panic!("no such {}", "thing") }).unwrap_err();
        assert_eq!(
            (bug.message.as_str(), bug.place),
            ("no such thing", format!("{}:{line}", file!()))
        );
        assert_eq!(
            guard(|| panic!("again")).map_err(|bug: Bug| bug.message),
            Err::<(), _>("again".to_owned())
        );
        let odd = guard(|| panic::panic_any(7)).map_err(|bug: Bug| bug.message);
        assert_eq!(odd, Err::<(), _>("a panic without a message".to_owned()));
    }

    #[test]
    fn it_says_what_to_do() {
        let bug = Bug {
            message: "index out of bounds".to_owned(),
            place: "kernel/src/cell/x.rs:7".to_owned(),
        };
        let text = bug.to_string();
        for part in [
            "own: index out of bounds (kernel/src/cell/x.rs:7).",
            "`parcell doctor --report`",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}

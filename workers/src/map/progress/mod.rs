//! Showing how far a map is, in one place that is written again: from one second after its beginning on, at most ten
//! times a second, and at the end as one line that sums it up.
//!
//! No thread does this: whoever waits for the workers waits no longer than to the next time.

mod panel;
mod text;

use std::io::{self, IsTerminal, Write};

use crate::display::{DisplayHandle, MimeBundle, display};
use crate::map::settings::ProgressStyle;
use crate::notebook;
use crate::sys::clock;
pub(crate) use panel::Clicks;
use panel::Panel;
pub(crate) use text::MapState;
use text::{bundle, line, summary};

/// How long a map runs before anything is shown.
const PATIENCE: u64 = 1_000_000_000;
/// How long what is shown stays at least.
const INTERVAL: u64 = 100_000_000;
/// `0` turns it off everywhere.
const VARIABLE: &str = "PARCELL_PROGRESS";
/// Where the terminal does not tell how wide it is.
const COLUMNS: usize = 80;

/// What is shown of one map.
#[derive(Debug)]
pub(crate) struct Progress {
    place: Surface,
    next: u64,
    shown: String,
}

#[derive(Debug)]
enum Surface {
    /// A notebook; the display is there once something has been shown.
    Notebook(Option<DisplayHandle>),
    /// A notebook whose user wants a widget; it is there once something has been shown.
    Widget(Option<Panel>),
    /// A terminal, on standard error; whether something has been shown.
    Terminal(bool),
}

impl Progress {
    /// For a map that begins now; `None` where it is not wanted, or nobody would see it.
    pub(crate) fn begin(style: ProgressStyle) -> Option<Self> {
        if style == ProgressStyle::Hidden || std::env::var(VARIABLE).is_ok_and(|value| value.trim() == "0") {
            return None;
        }
        let place = if notebook::is_notebook() {
            match style {
                ProgressStyle::Widget => Surface::Widget(None),
                _ => Surface::Notebook(None),
            }
        } else if io::stderr().is_terminal() {
            Surface::Terminal(false)
        } else {
            return None;
        };
        // Who asks for buttons wants them from the beginning.
        let patience = if let Surface::Widget(_) = place { 0 } else { PATIENCE };
        Some(Self {
            place,
            next: clock::now() + patience,
            shown: String::new(),
        })
    }

    /// How many nanoseconds it may be left alone.
    pub(crate) fn rest(&self) -> u64 {
        self.next.saturating_sub(clock::now())
    }

    /// Shows `state` if it is time, and gives what has been clicked.
    pub(crate) fn tick(&mut self, state: impl FnOnce() -> MapState) -> Clicks {
        let now = clock::now();
        if now < self.next {
            return Clicks::default();
        }
        self.next = now + INTERVAL;
        let state = state();
        if let Surface::Widget(panel) = &mut self.place {
            if panel.is_none() {
                *panel = Panel::show(&state);
            }
            match panel {
                Some(panel) => return panel.update(&state),
                // As without a widget, then.
                None => {
                    self.place = Surface::Notebook(None);
                    self.next = now + PATIENCE;
                }
            }
            return Clicks::default();
        }
        let text = line(&state);
        if text == self.shown {
            return Clicks::default();
        }
        match &mut self.place {
            Surface::Widget(_) => {}
            Surface::Notebook(shown) => show(shown, bundle(&state).transient()),
            Surface::Terminal(shown) => {
                *shown = true;
                let columns = rustix::termios::tcgetwinsize(io::stderr())
                    .ok()
                    .map_or(COLUMNS, |size| usize::from(size.ws_col))
                    .max(20);
                let text: String = text.chars().take(columns - 1).collect();
                // Where it cannot be written there is nobody to be told.
                let _ = write!(io::stderr().lock(), "\r{text}\x1b[K");
            }
        }
        self.shown = text;
        Clicks::default()
    }

    /// The map has ended. What has been shown makes room for a line that sums it up.
    pub(crate) fn end(&mut self, state: &MapState) {
        let text = summary(state);
        match &mut self.place {
            Surface::Notebook(None) | Surface::Widget(None) | Surface::Terminal(false) => {}
            Surface::Widget(Some(panel)) => panel.end(state),
            Surface::Notebook(shown) => show(shown, MimeBundle::new().with("text/plain", text)),
            Surface::Terminal(true) => {
                let _ = writeln!(io::stderr().lock(), "\r{text}\x1b[K");
            }
        }
    }
}

fn show(shown: &mut Option<DisplayHandle>, bundle: MimeBundle) {
    match shown {
        Some(handle) => handle.update(bundle),
        None => *shown = Some(display(bundle)),
    }
}

//! The terminal during a run: cells, what they put out as it appears, and how they failed.
//!
//! What is printed goes to the stream that it was printed to. Colours are left out where they are not wanted, which
//! `anstream` knows (no terminal, NO_COLOR, and their like).

mod captured;
mod rich;

use std::io::{self, IsTerminal, Write};

use anstream::AutoStream;
use anstream::adapter::strip_str;
use anstyle::{AnsiColor, Style};

use super::highlight::{self, highlight};
use crate::session::{self, CellError, Content, MimeBundle, Stream};
use captured::{Captured, Output};

const RESULT: Style = AnsiColor::Red.on_default();

/// How much of a cell's code is shown above its output.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Code {
    /// All of it: somebody is watching.
    Whole,
    /// The first line: it goes into a log.
    FirstLine,
    /// That of cells that fail, and nothing of the others.
    OfFailures,
}

/// Where a run is shown.
pub(super) struct Screen {
    out: Box<dyn Write + Send>,
    err: Box<dyn Write + Send>,
    code: Code,
    /// What is shown of the cell that runs where it fails.
    unshown: String,
    /// The stream on which a line has been begun and not ended.
    open_line: Option<Stream>,
    captured: Captured,
    /// What was displayed last, if nothing else has been written since.
    last_display: Option<String>,
    /// Writing has failed, so that nothing more is shown.
    lost: bool,
}

impl Screen {
    /// This process's standard output and error.
    pub(super) fn terminal() -> Screen {
        let code = if io::stdout().is_terminal() {
            Code::Whole
        } else {
            Code::FirstLine
        };
        Screen::new(
            Box::new(AutoStream::auto(io::stdout())),
            Box::new(AutoStream::auto(io::stderr())),
            code,
        )
    }

    pub(super) fn new(out: Box<dyn Write + Send>, err: Box<dyn Write + Send>, code: Code) -> Screen {
        Screen {
            out,
            err,
            code,
            unshown: String::new(),
            captured: Captured::default(),
            open_line: None,
            last_display: None,
            lost: false,
        }
    }

    /// Shows that a cell begins.
    pub(super) fn cell(&mut self, execution_count: u32, code: &str) {
        let style = highlight::PLAIN;
        let prompt = format!("{style}In [{execution_count}]:{style:#} ");
        let text = match self.code {
            Code::Whole => {
                let indent = " ".repeat(format!("In [{execution_count}]").len().saturating_sub(3));
                let continued = format!("\n{indent}{style}...:{style:#} ");
                format!("\n{prompt}{}\n", highlight(code.trim_end()).replace('\n', &continued))
            }
            Code::FirstLine | Code::OfFailures => {
                let mut lines = code.trim().lines();
                let first = lines.next().unwrap_or_default();
                let more = if lines.next().is_some() { " ..." } else { "" };
                format!("{prompt}{style}{first}{more}{style:#}\n")
            }
        };
        match self.code {
            Code::OfFailures => self.unshown = text,
            Code::Whole | Code::FirstLine => self.on_own_line(Stream::Stdout, &text),
        }
    }

    /// Shows what the cell with this execution count put out.
    pub(super) fn output(&mut self, execution_count: u32, content: &Content) {
        if self.code == Code::OfFailures {
            return;
        }
        match content {
            Content::Stream { stream, text } => self.print(*stream, text),
            Content::DisplayData { data, .. } => self.display(data, false),
            // A terminal shows each update in a line of its own.
            Content::UpdateDisplayData { metadata, .. } if session::is_transient(metadata) => {}
            Content::UpdateDisplayData { data, .. } => self.display(data, true),
            Content::ExecuteResult { data, .. } => self.result(execution_count, data),
            Content::Comm(message) => self.captured.hear(message),
            // What has been read stays.
            Content::ClearOutput { .. } => {}
        }
    }

    /// A cell has ended: shows what it has left in output widgets.
    pub(super) fn end(&mut self) {
        for output in self.captured.take() {
            match output {
                Output::Printed { stream, text } => self.on_own_line(stream, &ended(text)),
                Output::Shown(data) => self.display(&data, false),
                Output::Failed(traceback) => self.on_own_line(Stream::Stderr, &ended(traceback)),
            }
        }
    }

    /// Shows how a cell failed.
    pub(super) fn error(&mut self, error: &CellError) {
        let account = match error.traceback.is_empty() {
            true => format!("{}: {}", error.ename, error.evalue),
            false => error.traceback.join("\n"),
        };
        let cell = std::mem::take(&mut self.unshown);
        self.on_own_line(Stream::Stderr, &(cell + &ended(account)));
    }

    /// Says something about the run itself.
    pub(super) fn note(&mut self, text: &str) {
        self.on_own_line(Stream::Stderr, &ended(text.to_owned()));
    }

    /// Shows something, unless it is an update that changed nothing which a terminal shows.
    fn display(&mut self, data: &MimeBundle, is_update: bool) {
        let text = ended(rich::as_text(data));
        if !is_update || self.last_display.as_ref() != Some(&text) {
            self.on_own_line(Stream::Stdout, &text);
            self.last_display = Some(text);
        }
    }

    fn result(&mut self, execution_count: u32, data: &MimeBundle) {
        let text = rich::as_text(data);
        // Lines of a result that is laid out over several belong under one another.
        let separator = if text.contains('\n') { "\n" } else { " " };
        self.on_own_line(
            Stream::Stdout,
            &ended(format!("{RESULT}Out[{execution_count}]:{RESULT:#}{separator}{text}")),
        );
    }

    /// Writes whole lines, after ending one that is still open.
    fn on_own_line(&mut self, stream: Stream, lines: &str) {
        if let Some(open) = self.open_line {
            self.print(open, "\n");
        }
        self.print(stream, lines);
    }

    fn print(&mut self, stream: Stream, text: &str) {
        if self.lost || text.is_empty() {
            return;
        }
        self.last_display = None;
        let writer = match stream {
            Stream::Stdout => &mut self.out,
            Stream::Stderr => &mut self.err,
        };
        if let Err(error) = writer.write_all(text.as_bytes()).and_then(|()| writer.flush()) {
            // The run is for the executed notebook's sake as well, so it goes on.
            tracing::warn!(%error, "nothing more is shown: writing to the terminal failed");
            self.lost = true;
        }
        match leaves_line_open(text) {
            Some(true) => self.open_line = Some(stream),
            Some(false) => self.open_line = None,
            None => {}
        }
    }
}

/// Whether text ends in the middle of a line; None if it shows nothing at all, as a change of colour alone.
fn leaves_line_open(text: &str) -> Option<bool> {
    let (has_line_break, last_line) = match text.rsplit_once('\n') {
        Some((_, last_line)) => (true, last_line),
        None => (false, text),
    };
    match strip_str(last_line).next() {
        Some(_) => Some(true),
        None if has_line_break => Some(false),
        None => None,
    }
}

fn ended(mut text: String) -> String {
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

#[cfg(test)]
pub(super) mod tests;

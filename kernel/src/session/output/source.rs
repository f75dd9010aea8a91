//! One stream that a process of the notebook prints, and what becomes of its bytes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use parcell::contract::comms::Notice;
use parcell::contract::mime;

use super::blocks::{Blocks, Part};
use super::display::Displays;
use super::marks::{self, Marks};
use super::outlet::Speaker;
use super::prompts::{self, Prompt, Prompts};
use super::text::Decoder;
use super::worker_lines::{Lines, WorkerLines};
use crate::session::event::{CellId, Content, Stream};

/// How long what may belong together is waited for.
const SETTLE: Duration = Duration::from_millis(30);
/// How long the rest of a worker's line is waited for, before its beginning is shown.
const PAUSE: Duration = Duration::from_millis(250);

/// Names a stream by the pipe that it comes from; of two the one that was made first is less.
#[derive(Clone, Copy, Debug, Default, Eq, Ord, PartialEq, PartialOrd)]
pub(super) struct SourceId(pub(super) u64);

/// A stream and how far it has been understood.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) stream: Stream,
    /// The worker that prints to it; None for the notebook process itself.
    pub(super) speaker: Option<Arc<Speaker>>,
    /// The cell that the worker prints for.
    pub(super) cell: CellId,
    /// The map whose items' lines are shown together.
    pub(super) group: Option<String>,
    /// The item of it that the worker is on.
    pub(super) item: Option<usize>,
    marks: Option<Marks>,
    /// When something came last.
    heard: Instant,
    blocks: Blocks,
    decoder: Decoder,
    displays: Displays,
    /// Only what the notebook process itself prints to its standard output has prompts.
    prompts: Option<Prompts>,
    lines: Option<WorkerLines>,
    /// Whether what is printed and displayed is left out.
    quiet: bool,
}

/// What came out of a stream.
#[derive(Debug)]
pub(super) enum Item {
    Content(Content),
    /// What a worker printed.
    Lines(Lines),
    /// What follows is about this item of a map.
    Begins(usize),
    /// The library says something about a comm.
    Comm(Notice),
    /// What the next question is to ask.
    Prompt(Prompt),
    /// A panic in a cell, as JSON.
    Panic(String),
    /// A failure that ends the cell, as JSON.
    Error(String),
    /// What follows belongs to this cell.
    Cell(CellId),
}

impl Source {
    /// A stream of the notebook process.
    pub(super) fn new(stream: Stream, cell: CellId, now: Instant) -> Source {
        Source {
            stream,
            speaker: None,
            cell,
            group: None,
            item: None,
            marks: None,
            heard: now,
            blocks: Blocks::default(),
            decoder: Decoder::default(),
            displays: Displays::default(),
            prompts: (stream == Stream::Stdout).then(Prompts::default),
            lines: None,
            quiet: false,
        }
    }

    /// The same of a worker, which may be one of a map whose items' lines are shown together.
    pub(super) fn of_worker(self, speaker: Speaker, group: Option<&str>, quiet: bool) -> Source {
        Source {
            speaker: Some(Arc::new(speaker)),
            group: group.map(str::to_owned),
            marks: group.map(Marks::new),
            prompts: None,
            lines: Some(WorkerLines::default()),
            quiet,
            ..self
        }
    }

    pub(super) fn is_of(&self, pid: u32) -> bool {
        self.speaker.as_ref().is_some_and(|speaker| speaker.pid == pid)
    }

    pub(super) fn is_of_group(&self, key: &str) -> bool {
        self.group.as_deref() == Some(key)
    }

    /// Takes what has been read.
    pub(super) fn take(&mut self, bytes: &[u8], now: Instant, items: &mut Vec<Item>) {
        self.heard = now;
        let Some(marks) = &mut self.marks else {
            return self.divide(bytes, items);
        };
        for part in marks.take(bytes) {
            match part {
                marks::Part::Bytes(bytes) => self.divide(&bytes, items),
                marks::Part::Item(item) => {
                    self.finish(items);
                    items.push(Item::Begins(item));
                }
            }
        }
    }

    /// Gives what has been held for long enough.
    pub(super) fn settle_if_due(&mut self, now: Instant, items: &mut Vec<Item>) {
        let silence = now.duration_since(self.heard);
        if self.is_unsettled() && silence >= SETTLE {
            self.settle(items);
        }
        if silence >= PAUSE
            && let Some(lines) = &mut self.lines
        {
            let beginning = lines.pause();
            self.emit_lines(beginning, items);
        }
    }

    /// When that is next, if nothing comes before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        if self.is_unsettled() {
            return Some(self.heard + SETTLE);
        }
        let holds_text = self.lines.as_ref().is_some_and(WorkerLines::holds_text);
        holds_text.then(|| self.heard + PAUSE)
    }

    /// Gives what has been held in the hope of more that would belong to it.
    pub(super) fn settle(&mut self, items: &mut Vec<Item>) {
        if let Some(part) = self.blocks.release(true) {
            self.understand(part, items);
        }
        self.release_prompts(items);
        self.end_display(items);
    }

    /// Gives everything: the writer has ended.
    pub(super) fn end(&mut self, items: &mut Vec<Item>) {
        if let Some(marks) = &mut self.marks {
            let rest = marks.finish();
            self.divide(&rest, items);
        }
        self.finish(items);
    }

    /// Gives everything: the writer's cell has ended, or its item.
    pub(super) fn finish(&mut self, items: &mut Vec<Item>) {
        if let Some(part) = self.blocks.release(false) {
            self.understand(part, items);
        }
        let rest = self.decoder.finish();
        self.take_text(&rest, items);
        self.release_prompts(items);
        self.end_line(items);
        self.end_display(items);
    }

    /// Whether something is held that a moment's silence should release.
    fn is_unsettled(&self) -> bool {
        self.blocks.holds_text() || self.displays.is_pending() || self.prompts.as_ref().is_some_and(Prompts::holds_text)
    }

    fn divide(&mut self, bytes: &[u8], items: &mut Vec<Item>) {
        for part in self.blocks.take(bytes) {
            self.understand(part, items);
        }
    }

    fn understand(&mut self, part: Part, items: &mut Vec<Item>) {
        match part {
            Part::Text(bytes) => {
                let text = self.decoder.take(&bytes);
                self.take_text(&text, items);
            }
            Part::Block { mime, content } if mime == mime::PANIC => items.push(Item::Panic(content)),
            Part::Block { mime, content } if mime == mime::FAILURE => items.push(Item::Error(content)),
            Part::Block { mime, content } if mime == mime::COMM => match serde_json::from_str(&content) {
                Ok(notice) => items.push(Item::Comm(notice)),
                Err(error) => tracing::warn!(%error, "not a message about a comm"),
            },
            Part::Block { mime, content } if mime == mime::CELL => {
                self.end_line(items);
                self.end_display(items);
                items.extend(content.trim().parse().ok().map(|cell| Item::Cell(CellId(cell))));
            }
            Part::Block { mime, content } => {
                self.release_prompts(items);
                self.end_line(items);
                for content in self.displays.take(&mime, content) {
                    if !self.quiet {
                        items.push(Item::Content(self.shown(content)));
                    }
                }
            }
        }
    }

    fn take_text(&mut self, text: &str, items: &mut Vec<Item>) {
        let Some(prompts) = &mut self.prompts else {
            return self.print(text, items);
        };
        for part in prompts.take(text) {
            match part {
                prompts::Part::Text(text) => self.print(&text, items),
                prompts::Part::Prompt(prompt) => items.push(Item::Prompt(prompt)),
            }
        }
    }

    fn release_prompts(&mut self, items: &mut Vec<Item>) {
        if let Some(text) = self.prompts.as_mut().and_then(Prompts::release) {
            self.print(&text, items);
        }
    }

    fn print(&mut self, text: &str, items: &mut Vec<Item>) {
        if text.is_empty() {
            return;
        }
        self.end_display(items);
        match &mut self.lines {
            Some(lines) => {
                let lines = lines.take(text);
                self.emit_lines(lines, items);
            }
            None => items.push(Item::Content(Content::Stream {
                stream: self.stream,
                text: text.to_owned(),
            })),
        }
    }

    /// Gives the line that a worker has begun, so that what follows keeps its place.
    fn end_line(&mut self, items: &mut Vec<Item>) {
        if let Some(lines) = &mut self.lines {
            let line = lines.finish();
            self.emit_lines(line, items);
        }
    }

    /// Gives what crates have displayed.
    fn end_display(&mut self, items: &mut Vec<Item>) {
        items.extend(self.displays.finish().filter(|_| !self.quiet).map(Item::Content));
    }

    /// A cell has one result, which is the notebook process's to show.
    fn shown(&self, content: Content) -> Content {
        match content {
            Content::ExecuteResult { data, metadata } if self.speaker.is_some() => Content::DisplayData {
                data,
                metadata,
                display_id: None,
            },
            other => other,
        }
    }

    fn emit_lines(&self, lines: Option<Lines>, items: &mut Vec<Item>) {
        items.extend(lines.filter(|_| !self.quiet).map(Item::Lines));
    }
}

//! Everything that a session's processes print, read by one thread that owns the reading end of every pipe.
//!
//! `reader` is the thread, and `pipes` what it reads. `listener` decides what is read before what, `source` understands the
//! bytes of one stream, `transcript` decides what is said and when, `outlet` says it.
//!
//! What belongs to a cell is said before the cell's end is: `drain` returns when all that was written before the call
//! has been said. Nothing waits for the end of a pipe, which grandchildren may hold open.

mod allowance;
mod blocks;
mod display;
mod groups;
mod listener;
mod marks;
mod outlet;
mod panics;
mod pipes;
mod prompts;
mod pump;
mod reader;
mod source;
mod text;
mod transcript;
mod unattended;
mod worker_lines;
mod worker_prefix;

pub(super) use panics::Panic;
pub(super) use pump::{Hearers, Pump};

use std::os::fd::OwnedFd;
use std::sync::Arc;

pub(super) use parcell::contract::control::PANICKED;

use crate::process::messages::FromSupervisor;
use crate::session::event::CellError;

/// What the processes said of a cell's end, beside what they printed.
#[derive(Debug, Default)]
pub(super) struct Report {
    /// The supervisor's news since the cell began.
    pub(super) news: Vec<FromSupervisor>,
    /// The failure that the library reported last.
    pub(super) error: Option<CellError>,
    /// The last panic.
    pub(super) panic: Option<Panic>,
    /// Where the library leaves what the last map has given, whichever cell ran it.
    pub(super) results: Option<Arc<OwnedFd>>,
    /// The end of what the notebook process printed to stderr.
    pub(super) stderr_tail: String,
}

impl Report {
    /// Whether the code that is generated for cells said this.
    pub(super) fn has_control_line(&self, wanted: &str) -> bool {
        self.control_lines().any(|line| line == wanted)
    }

    /// What the code that is generated for cells said.
    pub(super) fn control_lines(&self) -> impl Iterator<Item = &str> {
        self.news.iter().filter_map(|news| match news {
            FromSupervisor::ControlLine(line) => Some(line.as_str()),
            _ => None,
        })
    }
}

//! The standard streams at a fork.

use std::io::{self, StderrLock, StdoutLock, Write};

use crate::sys::at_fork::{AtFork, Rank, Turn};

/// Standard output, of which nothing is in its buffer, and standard error: while it lives, no other thread prints.
pub(super) struct StandardStreams {
    _stderr: StderrLock<'static>,
    _stdout: StdoutLock<'static>,
    _turn: Turn,
}

impl AtFork for StandardStreams {
    const RANK: Rank = Rank::StandardStreams;

    fn prepare() -> Self {
        let turn = Turn::take(Self::RANK);
        let mut stdout = io::stdout().lock();
        // What stays in the buffer would be printed by both processes. If it cannot be written now, it is for the
        // next `print!` to report.
        let _ = stdout.flush();
        Self {
            _stderr: io::stderr().lock(),
            _stdout: stdout,
            _turn: turn,
        }
    }
}

//! How a process ended.

use std::time::Duration;

use super::abort::Reason;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// With this exit code.
    Code(i32),
    /// Killed by the signal with this number.
    Signal(i32),
    /// Unknown: other code of this program has taken the status, or told the kernel not to keep any.
    Lost,
}

/// How a process ended, and what that says about memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ending {
    pub(crate) exit: Exit,
    /// The most memory that it had resident, in bytes.
    pub(crate) peak_memory: Option<u64>,
    /// The processor time that it had used.
    pub(crate) cpu: Option<Duration>,
    /// Whether lack of memory has probably ended it.
    pub(crate) out_of_memory: bool,
    /// Why it has aborted, where it has and that is known.
    pub(crate) aborted: Option<Reason>,
}

impl Ending {
    /// Of a process about whose end nothing can be learnt.
    pub(crate) const LOST: Self = Self {
        exit: Exit::Lost,
        peak_memory: None,
        cpu: None,
        out_of_memory: false,
        aborted: None,
    };

    /// The same with what the process itself has noted down, see [`super::abort`].
    pub(crate) fn with_note(mut self, note: u64) -> Self {
        self.aborted = Reason::of_note(note).filter(|_| self.exit == Exit::Signal(libc::SIGABRT));
        self.out_of_memory |= self.aborted == Some(Reason::LackOfMemory);
        self
    }
}

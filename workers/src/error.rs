//! What can go wrong with one item of a map, or with one process.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::sys::abort::Reason;
use crate::sys::exit::{Ending, Exit};
use crate::text::{Size, signal_name};

/// Why one item of a map, or one [`Process`](crate::Process), gave no result.
///
/// Every variant names the worker's PID and, for maps, the index of the item (`None` for a process). The [`Display`]
/// text is one line that says all of it.
///
/// [`Display`]: fmt::Display
///
/// # Examples
///
/// ```
/// use parcell::{Pool, TaskError};
///
/// let results = Pool::new(2).map_results(|x: u32| 10 / x, [5, 0]);
/// assert_eq!(results[0], Ok(2));
/// let error = results[1].as_ref().unwrap_err();
/// assert_eq!(error.item(), Some(1));
/// assert!(error.to_string().ends_with("attempt to divide by zero"));
/// assert!(matches!(error, TaskError::Panicked { .. }));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// The function panicked. The worker went on with its next item.
    #[error("{} panicked{}: {message}", Subject(*item, Some(*pid)), At(location))]
    Panicked {
        /// The worker's PID.
        pid: u32,
        /// The item's index; `None` for a process.
        item: Option<usize>,
        /// The panic message.
        message: String,
        /// Where in the source it panicked; unknown for a panic that was resumed.
        location: Option<PanicLocation>,
        /// The function's own calls, innermost first, one a line, where `RUST_BACKTRACE` asks for them. In a notebook they
        /// are always there, as places in compiled cells, which it shows as lines of cells.
        backtrace: Option<String>,
    },
    /// The function returned `Err`.
    #[error("{} failed: {error}", Subject(*item, Some(*pid)))]
    Failed {
        /// The worker's PID.
        pid: u32,
        /// The item's index; `None` for a process.
        item: Option<usize>,
        /// The error's `Display` text.
        error: String,
    },
    /// The worker ended while it was on this item: a signal, an abort, an `exit`.
    #[error("{} {cause}{}", Subject(*item, Some(*pid)), OutOfMemory(*probably_out_of_memory, *peak_memory))]
    Crashed {
        /// The worker's PID.
        pid: u32,
        /// The item's index; `None` for a process.
        item: Option<usize>,
        /// How the worker ended.
        cause: CrashCause,
        /// Whether memory had probably run out: an allocation failed, or the kernel killed a process for it.
        probably_out_of_memory: bool,
        /// The most memory that the worker had at a time, in bytes, with what it shared with its parent.
        peak_memory: Option<u64>,
    },
    /// The item took longer than allowed, so its worker was killed.
    #[error("{} took longer than the {limit:?} allowed", Subject(*item, Some(*pid)))]
    TimedOut {
        /// The worker's PID.
        pid: u32,
        /// The item's index; `None` for a process.
        item: Option<usize>,
        /// How long it was allowed to take.
        limit: Duration,
    },
    /// The item was not run, because the pool's initializer failed in its worker.
    #[error("{} was not run: the pool's initializer {error}", Subject(*item, Some(*pid)))]
    NotInitialized {
        /// The worker's PID.
        pid: u32,
        /// The item's index.
        item: Option<usize>,
        /// What the initializer did: how it panicked, or how it ended its process.
        error: String,
    },
    /// The work was given up before it had a result.
    #[error("{} was cancelled", Subject(*item, *pid))]
    Cancelled {
        /// The worker's PID; `None` when none had begun.
        pid: Option<u32>,
        /// The item's index; `None` for a process.
        item: Option<usize>,
    },
    /// The result could not be sent: its `Serialize` or `Deserialize` implementation reported an error.
    #[error("{} has a result that cannot be sent: {error}", Subject(*item, Some(*pid)))]
    Codec {
        /// The worker's PID.
        pid: u32,
        /// The item's index; `None` for a process.
        item: Option<usize>,
        /// What was reported.
        error: String,
    },
    /// The operating system refused what was needed: a worker could not be started, or not be waited for.
    #[error("{}: {error}", Subject(*item, *pid))]
    System {
        /// The worker's PID; `None` when it could not be started.
        pid: Option<u32>,
        /// The item's index; `None` for a process.
        item: Option<usize>,
        /// What was refused, and why.
        error: String,
    },
}

impl TaskError {
    /// The PID of the worker, unless none was started for it.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        match self {
            Self::Panicked { pid, .. }
            | Self::Failed { pid, .. }
            | Self::Crashed { pid, .. }
            | Self::TimedOut { pid, .. }
            | Self::NotInitialized { pid, .. }
            | Self::Codec { pid, .. } => Some(*pid),
            Self::Cancelled { pid, .. } | Self::System { pid, .. } => *pid,
        }
    }

    /// The index of the item in a map; `None` for a process.
    #[must_use]
    pub fn item(&self) -> Option<usize> {
        match self {
            Self::Panicked { item, .. }
            | Self::Failed { item, .. }
            | Self::Crashed { item, .. }
            | Self::TimedOut { item, .. }
            | Self::NotInitialized { item, .. }
            | Self::Cancelled { item, .. }
            | Self::Codec { item, .. }
            | Self::System { item, .. } => *item,
        }
    }

    /// A result that could not be sent, or an argument.
    pub(crate) fn codec(pid: u32, item: Option<usize>, error: impl fmt::Display) -> Self {
        let error = error.to_string();
        Self::Codec { pid, item, error }
    }

    /// Something that the operating system refused.
    pub(crate) fn system(pid: Option<u32>, item: Option<usize>, error: impl Into<String>) -> Self {
        let error = error.into();
        Self::System { pid, item, error }
    }

    /// The error for a worker that ended before it was done with `item`.
    pub(crate) fn from_ending(pid: u32, item: Option<usize>, ending: Ending) -> Self {
        let Some(cause) = CrashCause::of_ending(&ending) else {
            let error = "it ended, and other code of this program took its exit status";
            return Self::system(Some(pid), item, error);
        };
        Self::Crashed {
            pid,
            item,
            cause,
            probably_out_of_memory: ending.out_of_memory,
            peak_memory: ending.peak_memory,
        }
    }

    /// What a worker did that ended otherwise than by returning, as a sentence goes on.
    pub(crate) fn cause_of(ending: Ending) -> String {
        let memory = OutOfMemory(ending.out_of_memory, ending.peak_memory);
        match CrashCause::of_ending(&ending) {
            Some(cause) => format!("{cause}{memory}"),
            None => "ended its process in a way that is not known".to_owned(),
        }
    }

    /// The same error about another item.
    pub(crate) fn with_item(self, new: usize) -> Self {
        self.about(Some(new))
    }

    /// The same error about the only item of a call, which needs no number.
    pub(crate) fn without_item(self) -> Self {
        self.about(None)
    }

    fn about(mut self, subject: Option<usize>) -> Self {
        match &mut self {
            Self::Panicked { item, .. }
            | Self::Failed { item, .. }
            | Self::Crashed { item, .. }
            | Self::TimedOut { item, .. }
            | Self::NotInitialized { item, .. }
            | Self::Cancelled { item, .. }
            | Self::Codec { item, .. }
            | Self::System { item, .. } => *item = subject,
        }
        self
    }

    /// The name of the variant, for messages that put the kind of error first.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Panicked { .. } => "Panicked",
            Self::Failed { .. } => "Failed",
            Self::Crashed { .. } => "Crashed",
            Self::TimedOut { .. } => "TimedOut",
            Self::NotInitialized { .. } => "NotInitialized",
            Self::Cancelled { .. } => "Cancelled",
            Self::Codec { .. } => "Codec",
            Self::System { .. } => "System",
        }
    }
}

/// How a worker ended that did not return.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CrashCause {
    /// Killed by the signal with this number.
    Signal(i32),
    /// Ended with this exit code, for example by `std::process::exit`.
    ExitCode(i32),
    /// It used up a thread's stack, whereupon Rust aborts. Where the thread was not made by Rust, or its stack by somebody else,
    /// it is [`Signal`](Self::Signal) with SIGSEGV.
    StackOverflow,
    /// It aborted while it panicked, since it could not go on with that.
    AbortedWhilePanicking,
}

impl CrashCause {
    /// `None` where it is not known how the process ended.
    fn of_ending(ending: &Ending) -> Option<Self> {
        match (ending.aborted, ending.exit) {
            (Some(Reason::StackOverflow), _) => Some(Self::StackOverflow),
            (Some(Reason::Panicking), _) => Some(Self::AbortedWhilePanicking),
            (_, Exit::Code(code)) => Some(Self::ExitCode(code)),
            (_, Exit::Signal(signal)) => Some(Self::Signal(signal)),
            (_, Exit::Lost) => None,
        }
    }
}

impl fmt::Display for CrashCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ExitCode(code) => write!(f, "ended its process with exit code {code} before it returned"),
            Self::Signal(number) => match signal_name(number) {
                Some((name, meaning)) => write!(f, "was killed by {name} ({meaning})"),
                None => write!(f, "was killed by signal {number}"),
            },
            Self::StackOverflow => f.write_str("overflowed its stack"),
            Self::AbortedWhilePanicking => f.write_str(
                "aborted while it panicked: a destructor panicked as well, or the panic came to a function that cannot unwind",
            ),
        }
    }
}

/// A place in the source, as a panic reports it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanicLocation {
    /// The source file, as the compiler was given it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
}

/// As [`Display`](fmt::Display): a notebook shows it as a line of a cell.
impl fmt::Debug for PanicLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for PanicLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// What a sentence about an error begins with.
struct Subject(Option<usize>, Option<u32>);

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (Some(item), Some(pid)) => write!(f, "item {item} (pid {pid})"),
            (Some(item), None) => write!(f, "item {item}"),
            (None, Some(pid)) => write!(f, "process {pid}"),
            (None, None) => f.write_str("process"),
        }
    }
}

/// " at file:line", where known.
struct At<'a>(&'a Option<PanicLocation>);

impl fmt::Display for At<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Some(location) => write!(f, " at {location}"),
            None => Ok(()),
        }
    }
}

/// The addition for a crash that lack of memory explains.
struct OutOfMemory(bool, Option<u64>);

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.0, self.1) {
            (false, _) => Ok(()),
            (true, None) => f.write_str("; memory had probably run out"),
            (true, Some(used)) => write!(f, "; memory had probably run out, when it used {}", Size(used)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_clear_line() {
        let location = Some(PanicLocation {
            file: "src/main.rs".into(),
            line: 7,
            column: 5,
        });
        let message = "boom".to_owned();
        let panicked = TaskError::Panicked {
            pid: 4711,
            item: Some(3),
            message,
            location,
            backtrace: None,
        };
        assert_eq!(
            panicked.to_string(),
            "item 3 (pid 4711) panicked at src/main.rs:7: boom"
        );
        let crashed = |item, cause| TaskError::Crashed {
            pid: 99,
            item,
            cause,
            probably_out_of_memory: false,
            peak_memory: Some(1),
        };
        assert_eq!(
            crashed(Some(2), CrashCause::Signal(libc::SIGSEGV)).to_string(),
            "item 2 (pid 99) was killed by SIGSEGV (segmentation fault)"
        );
        assert_eq!(
            crashed(None, CrashCause::ExitCode(0)).to_string(),
            "process 99 ended its process with exit code 0 before it returned"
        );
        assert_eq!(
            crashed(Some(0), CrashCause::Signal(64)).to_string(),
            "item 0 (pid 99) was killed by signal 64"
        );
        let timed_out = TaskError::TimedOut {
            pid: 99,
            item: Some(4),
            limit: Duration::from_millis(1500),
        };
        assert_eq!(
            timed_out.to_string(),
            "item 4 (pid 99) took longer than the 1.5s allowed"
        );
    }

    #[test]
    fn lack_of_memory_is_told_with_what_was_used() {
        let crashed = |peak_memory| TaskError::Crashed {
            pid: 99,
            item: None,
            cause: CrashCause::Signal(libc::SIGKILL),
            probably_out_of_memory: true,
            peak_memory,
        };
        let text = "process 99 was killed by SIGKILL (kill); memory had probably run out";
        assert_eq!(crashed(None).to_string(), text);
        assert_eq!(
            crashed(Some(3 << 29)).to_string(),
            format!("{text}, when it used 1.5 GiB")
        );
    }

    #[test]
    fn errors_travel() {
        let error = TaskError::Failed {
            pid: 1,
            item: Some(2),
            error: "no".into(),
        };
        let mut bytes = Vec::new();
        crate::codec::encode_into(&error, &mut bytes).unwrap();
        assert_eq!(crate::codec::decode::<TaskError>(&bytes).unwrap(), error);
    }
}

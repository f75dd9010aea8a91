//! What can go wrong with one item of a map, or with one process.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::sys::child::Exit;

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
        /// The function's own calls, innermost first, one a line, where `RUST_BACKTRACE` asks for them.
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
    #[error("{} {cause}{}", Subject(*item, Some(*pid)), OutOfMemory(*probably_out_of_memory))]
    Crashed {
        /// The worker's PID.
        pid: u32,
        /// The item's index; `None` for a process.
        item: Option<usize>,
        /// How the worker ended.
        cause: CrashCause,
        /// Whether memory had probably run out.
        probably_out_of_memory: bool,
    },
    /// The item took longer than allowed.
    #[error("{} took longer than allowed", Subject(*item, Some(*pid)))]
    TimedOut {
        /// The worker's PID.
        pid: u32,
        /// The item's index; `None` for a process.
        item: Option<usize>,
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
            | Self::Cancelled { item, .. }
            | Self::Codec { item, .. }
            | Self::System { item, .. } => *item,
        }
    }

    /// The same error about another item.
    pub(crate) fn with_item(mut self, new: usize) -> Self {
        match &mut self {
            Self::Panicked { item, .. }
            | Self::Failed { item, .. }
            | Self::Crashed { item, .. }
            | Self::TimedOut { item, .. }
            | Self::Cancelled { item, .. }
            | Self::Codec { item, .. }
            | Self::System { item, .. } => *item = Some(new),
        }
        self
    }

    /// The error for a worker that ended before it was done with `item`.
    pub(crate) fn from_exit(pid: u32, item: Option<usize>, exit: Exit) -> Self {
        let cause = match exit {
            Exit::Code(code) => CrashCause::ExitCode(code),
            Exit::Signal(signal) => CrashCause::Signal(signal),
            Exit::Lost => {
                let error = "it ended, and other code of this program took its exit status".to_owned();
                return Self::System {
                    pid: Some(pid),
                    item,
                    error,
                };
            }
        };
        Self::Crashed {
            pid,
            item,
            cause,
            probably_out_of_memory: false,
        }
    }

    /// The name of the variant, for messages that put the kind of error first.
    pub(crate) fn kind(&self) -> &'static str {
        match self {
            Self::Panicked { .. } => "Panicked",
            Self::Failed { .. } => "Failed",
            Self::Crashed { .. } => "Crashed",
            Self::TimedOut { .. } => "TimedOut",
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
}

impl fmt::Display for CrashCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::ExitCode(code) => write!(f, "ended its process with exit code {code} before it returned"),
            Self::Signal(number) => match signal_name(number) {
                Some((name, meaning)) => write!(f, "was killed by {name} ({meaning})"),
                None => write!(f, "was killed by signal {number}"),
            },
        }
    }
}

/// A place in the source, as a panic reports it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PanicLocation {
    /// The source file, as the compiler was given it.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column, from 1.
    pub column: u32,
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
struct OutOfMemory(bool);

impl fmt::Display for OutOfMemory {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.0 { "; memory had probably run out" } else { "" })
    }
}

/// A signal's name, and what it means in a word or two. For the notebook's kernel, which tells of crashes too.
#[doc(hidden)]
#[must_use]
pub fn signal_name(number: i32) -> Option<(&'static str, &'static str)> {
    Some(match number {
        libc::SIGHUP => ("SIGHUP", "hang-up"),
        libc::SIGINT => ("SIGINT", "interrupt"),
        libc::SIGQUIT => ("SIGQUIT", "quit"),
        libc::SIGILL => ("SIGILL", "illegal instruction"),
        libc::SIGTRAP => ("SIGTRAP", "trap"),
        libc::SIGABRT => ("SIGABRT", "abort"),
        libc::SIGBUS => ("SIGBUS", "bus error"),
        libc::SIGFPE => ("SIGFPE", "arithmetic exception"),
        libc::SIGKILL => ("SIGKILL", "kill"),
        libc::SIGUSR1 => ("SIGUSR1", "user signal 1"),
        libc::SIGUSR2 => ("SIGUSR2", "user signal 2"),
        libc::SIGSEGV => ("SIGSEGV", "segmentation fault"),
        libc::SIGPIPE => ("SIGPIPE", "broken pipe"),
        libc::SIGALRM => ("SIGALRM", "alarm"),
        libc::SIGTERM => ("SIGTERM", "termination"),
        libc::SIGXCPU => ("SIGXCPU", "CPU time limit"),
        libc::SIGXFSZ => ("SIGXFSZ", "file size limit"),
        libc::SIGSYS => ("SIGSYS", "bad system call"),
        _ => return None,
    })
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

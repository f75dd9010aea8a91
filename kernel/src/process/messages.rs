//! What the kernel, the supervisor and the notebook process say to each other. What the library says to them is in its
//! `contract`.

use std::path::{Path, PathBuf};

use parcell::contract::control::ControlMessage;
use parcell::contract::events;
pub(crate) use parcell::contract::events::{Ending, GroupOrder, OutputStyle};
use serde::{Deserialize, Serialize};

/// The notebook process's end of its channel to the supervisor. A fixed number, because compiled cells write their
/// control lines to it.
pub(crate) const CONTROL_DESCRIPTOR: i32 = 200;
/// The notebook process's end of the channel on which the library announces workers to the kernel.
pub(crate) const EVENTS_DESCRIPTOR: i32 = 201;
/// The memory that holds the state of the running cell.
pub(crate) const TRANSACTION_DESCRIPTOR: i32 = 202;
/// The file in which the library leaves what the last map has given. It outlives the notebook process.
pub(crate) const RESULTS_DESCRIPTOR: i32 = 203;

/// The kernel's socket in the session's directory.
pub(crate) const KERNEL_SOCKET: &str = "kernel.sock";

/// On the supervisor's standard output: the cell has completed.
pub(crate) const COMPLETED: &str = "COMPLETED";
/// What a line on the supervisor's standard input begins with.
const RUN: &str = "RUN";
/// The same for one that is no cell's.
const DELIVER: &str = "DELIVER";
/// The same for one that changes nothing.
const INSPECT: &str = "INSPECT";

/// On the supervisor's standard input: this function of a compiled cell is to be run.
pub(crate) fn run_line(function: &str, library: &Path) -> String {
    format!("{RUN} {function} {}", library.display())
}

/// On the supervisor's standard input: the function is to be called that is there for the message in this file.
pub(crate) fn deliver_line(message: &Path) -> String {
    format!("{DELIVER} {}", message.display())
}

/// On the supervisor's standard input: variables are to be looked at, as this file says.
pub(crate) fn inspect_line(inspection: &Path) -> String {
    format!("{INSPECT} {}", inspection.display())
}

/// What such a line wants the notebook process to do, as this cell.
pub(crate) fn parse_line(line: &str, cell: u64) -> Option<ToNotebook> {
    if let Some(message) = line.strip_prefix(DELIVER).and_then(|rest| rest.strip_prefix(' ')) {
        let message = PathBuf::from(message);
        return Some(ToNotebook::Deliver { message, cell });
    }
    if let Some(inspection) = line.strip_prefix(INSPECT).and_then(|rest| rest.strip_prefix(' ')) {
        let inspection = PathBuf::from(inspection);
        return Some(ToNotebook::Inspect { inspection });
    }
    match line.splitn(3, ' ').collect::<Vec<_>>()[..] {
        [RUN, function, library] => Some(ToNotebook::Run {
            library: PathBuf::from(library),
            function: function.to_owned(),
            cell,
        }),
        _ => None,
    }
}

/// From the kernel to the supervisor.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum ToSupervisor {
    /// What is asked for from now on belongs to this cell.
    BeginCell { cell: u64 },
    /// Ends every process of the notebook, and the supervisor.
    End,
    /// Ends this cell if it has not ended; nothing of it runs from now on.
    Interrupt { cell: u64 },
}

/// From the supervisor to the kernel.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum FromSupervisor {
    /// With the read ends of the notebook process's stdout and stderr, the kernel's end of the channel of events, and the
    /// file of the last map's results.
    Started { pid: u32 },
    /// A line that the code sent that is generated for cells, such as that the cell panicked.
    ControlLine(String),
    /// The notebook process ended; `restored` says whether the checkpoint went on in its place.
    Ended {
        pid: u32,
        ending: Ending,
        during_cell: bool,
        interrupted: bool,
        restored: bool,
        /// How many threads that earlier cells had started do not exist in the checkpoint.
        threads_lost: usize,
    },
    /// The cell was interrupted before it was started.
    Refused,
    /// The cell could not be loaded; nothing of it ran.
    NotLoaded { reason: String },
    /// There is no checkpoint, so that a crash would lose the variables.
    NoCheckpoint { reason: String },
}

/// From the supervisor to the notebook process.
#[derive(Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum ToNotebook {
    /// Load the library and call the function in it, for this cell.
    Run {
        library: PathBuf,
        function: String,
        cell: u64,
    },
    /// Call the function that is there for a message of a front end's, which is in a file, as this cell.
    Deliver { message: PathBuf, cell: u64 },
    /// Look at variables, as this file says.
    Inspect { inspection: PathBuf },
}

/// From the notebook process, and from the cells it runs, to the supervisor.
#[derive(Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum FromNotebook {
    /// With one end of the checkpoint's socket.
    Checkpoint {
        pid: u32,
        /// How many threads beside the one that runs cells the notebook process had. They are not in the checkpoint.
        threads: usize,
    },
    NoCheckpoint {
        reason: String,
    },
    /// The user wants no checkpoints: the one that exists is to go.
    CheckpointsOff,
    Completed,
    /// The cell could not be loaded; nothing of it ran.
    NotLoaded {
        reason: String,
    },
    /// The checkpoint is the notebook process now.
    TookOver {
        pid: u32,
    },
    /// Written by compiled cells, and by the library for them.
    #[serde(untagged)]
    OfCell(ControlMessage<'static>),
}

/// From the kernel to a thread of the notebook process that asked for input, with a file that holds the answer.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Answered;

/// News of workers, as it arrives.
pub(crate) type WorkerEvent = events::WorkerEvent<'static>;

/// A worker that has been started.
pub(crate) type Worker = events::Announcement<'static>;

/// A map whose items' lines are shown together.
pub(crate) type Group = events::Group<'static>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_library_may_have_any_path() {
        let line = run_line("f", Path::new("/a b/c.so"));
        let run = ToNotebook::Run {
            library: "/a b/c.so".into(),
            function: "f".to_owned(),
            cell: 3,
        };
        assert_eq!(parse_line(&line, 3), Some(run));
        let message = || PathBuf::from("/a b/c.json");
        let deliver = ToNotebook::Deliver {
            message: message(),
            cell: 4,
        };
        assert_eq!(parse_line(&deliver_line(&message()), 4), Some(deliver));
        let inspect = ToNotebook::Inspect { inspection: message() };
        assert_eq!(parse_line(&inspect_line(&message()), 4), Some(inspect));
        for line in ["RUN f", "INSPECT", "LOAD f /x", "DELIVER", "DELIVERED /x"] {
            assert_eq!(parse_line(line, 3), None);
        }
    }

    #[test]
    fn what_the_notebook_process_says_and_what_cells_say_is_told_apart() {
        let reason = || "why".to_owned();
        let said = [
            FromNotebook::Checkpoint { pid: 7, threads: 2 },
            FromNotebook::NoCheckpoint { reason: reason() },
            FromNotebook::CheckpointsOff,
            FromNotebook::Completed,
            FromNotebook::NotLoaded { reason: reason() },
            FromNotebook::TookOver { pid: 7 },
        ];
        for message in said {
            let sent = serde_json::to_string(&message).unwrap();
            assert_eq!(serde_json::from_str::<FromNotebook>(&sent).unwrap(), message);
            assert!(serde_json::from_str::<ControlMessage<'_>>(&sent).is_err(), "{sent}");
        }
        let line = ControlMessage::ControlLine("Completed".into());
        let sent = serde_json::to_string(&line).unwrap();
        assert_eq!(
            serde_json::from_str::<FromNotebook>(&sent).unwrap(),
            FromNotebook::OfCell(line)
        );
        assert!(serde_json::from_str::<FromNotebook>(r#"{"Other":"Completed"}"#).is_err());
    }
}

//! What the kernel, the supervisor and the notebook process say to each other.

use std::path::PathBuf;

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

/// From the kernel to the supervisor.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum ToSupervisor {
    /// What evcxr sends from now on belongs to this cell.
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
    /// A line that evcxr's generated code sent, such as that the cell panicked.
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

/// How a process ended.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) enum Ending {
    Exited { code: i32 },
    Killed { signal: i32 },
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
}

/// From the notebook process, and from the cells it runs, to the supervisor.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) enum FromNotebook {
    /// Written by compiled cells.
    ControlLine(String),
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
}

/// From the kernel to a thread of the notebook process that asked for input, with a file that holds the answer.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Answered;

/// How what a worker prints is shown.
#[derive(Clone, Copy, Debug, Default, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum OutputStyle {
    /// Whole lines, each with the worker in front.
    #[default]
    Lines,
    /// As it is.
    Raw,
    /// Not at all.
    Quiet,
}

/// A worker that has been started.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Worker {
    pub(crate) pid: u32,
    pub(crate) name: Option<String>,
    #[serde(default)]
    pub(crate) output: OutputStyle,
    #[serde(default)]
    pub(crate) group: Option<Group>,
    /// Nobody waits for it, so that its end is to be reported if it is not clean.
    #[serde(default)]
    pub(crate) unattended: bool,
}

/// The map that a worker belongs to whose items' lines are shown together.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(crate) struct Group {
    /// Its name, and the word of the marks in what its workers print.
    pub(crate) key: String,
    pub(crate) order: GroupOrder,
}

/// In which order the items' lines are shown.
#[derive(Clone, Copy, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum GroupOrder {
    /// In that of the items.
    Items,
    /// In that in which they are done.
    Completion,
}

/// From the kernel's library in the notebook process, and in its workers, to the kernel.
#[derive(Debug, Deserialize, Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum WorkerEvent {
    /// A thread of the notebook process reads standard input. With the socket on which it awaits the answer; closed by
    /// the kernel, that stands for the end of input.
    InputRequested { prompt: String, password: bool },
    /// With the read ends of the worker's stdout and stderr.
    WorkerStarted(Worker),
    /// The worker has been waited for; all that it wrote is in its pipes.
    WorkerExited {
        pid: u32,
        /// None where it was clean, or is not known.
        #[serde(default)]
        ending: Option<Ending>,
    },
    /// These items of a map are done, in this order; all that they printed is in their workers' pipes.
    ItemsDone { group: String, items: Vec<(usize, usize)> },
    /// The map has ended, and its workers with it.
    GroupEnded { group: String },
    /// What the library says, behind what workers have printed that have ended.
    Notice { text: String },
}

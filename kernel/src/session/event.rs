//! What a session says while it runs cells: the vocabulary between the engine and whoever shows its output.

use parcell::contract::comms::CommMessage;
use parcell::contract::display::{NOTES, Notes};
use serde::Deserialize;
use serde_json::{Map, Value};

/// Names one submission of one cell. Output carries it, also when it arrives after the cell has ended.
#[derive(Clone, Copy, Debug, Eq, Hash, Ord, PartialEq, PartialOrd)]
pub(crate) struct CellId(pub(crate) u64);

/// A cell to be run.
#[derive(Clone, Debug)]
pub(crate) struct Cell {
    pub(crate) id: CellId,
    /// The number shown beside the cell; also the name that error messages give it ("cell 3").
    pub(crate) execution_count: u32,
    pub(crate) code: String,
    /// Whether whoever submitted the cell answers questions.
    pub(crate) allow_stdin: bool,
}

/// Representations of one value, by MIME type.
pub(crate) type MimeBundle = Map<String, Value>;

/// A cell that will probably be executed when the one that runs has ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct ExpectedCell {
    pub(crate) code: String,
    pub(crate) execution_count: u32,
}

/// What whoever shows a value may want to know about it; under a MIME type what concerns that representation.
pub(crate) type Metadata = Map<String, Value>;

/// Whether the library says that something else will take its place soon, such as how far a map has come.
pub(crate) fn is_transient(metadata: &Metadata) -> bool {
    let notes = metadata.get(NOTES).and_then(|notes| Notes::deserialize(notes).ok());
    notes.is_some_and(|notes| notes.transient)
}

/// Which of the two output streams.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub(crate) enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    /// The name that the messaging specification and nbformat give it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Stream::Stdout => "stdout",
            Stream::Stderr => "stderr",
        }
    }
}

/// One piece of a cell's output.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Content {
    /// Text as it was printed, never cut inside a character.
    Stream { stream: Stream, text: String },
    /// Something shown with a MIME type. Updates find it by its `display_id`.
    DisplayData {
        data: MimeBundle,
        metadata: Metadata,
        display_id: Option<String>,
    },
    /// What is to be shown from now on in the place of everything with this `display_id`.
    UpdateDisplayData {
        data: MimeBundle,
        metadata: Metadata,
        display_id: String,
    },
    /// The value of the cell's last expression.
    ExecuteResult { data: MimeBundle, metadata: Metadata },
    /// Something is said on a comm, to front ends.
    Comm(CommMessage),
    /// The cell's output so far is to go; if `wait`, when the next comes.
    ClearOutput { wait: bool },
}

impl Content {
    /// Something shown, without more.
    pub(crate) fn display(data: MimeBundle) -> Content {
        Content::DisplayData {
            data,
            metadata: Metadata::new(),
            display_id: None,
        }
    }

    /// About how many bytes it is made of.
    pub(crate) fn weight(&self) -> usize {
        let size = |value: &Value| match value {
            Value::String(text) => text.len(),
            other => other.to_string().len(),
        };
        match self {
            Content::Stream { text, .. } => text.len(),
            Content::DisplayData { data, .. }
            | Content::UpdateDisplayData { data, .. }
            | Content::ExecuteResult { data, .. } => data.values().map(size).sum(),
            Content::Comm(message) => {
                let payload = message.payload();
                let data: usize = payload.data.values().map(size).sum();
                data + payload.buffers.iter().map(String::len).sum::<usize>()
            }
            Content::ClearOutput { .. } => 0,
        }
    }

    /// A value, without more.
    pub(crate) fn result(data: MimeBundle) -> Content {
        Content::ExecuteResult {
            data,
            metadata: Metadata::new(),
        }
    }
}

/// Names one question.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct InputRequestId(pub(crate) u64);

/// A cell asks for a line of input. There is one question at a time; it waits until `Session::answer` or until the cell
/// has ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct InputRequest {
    pub(crate) id: InputRequestId,
    pub(crate) cell: CellId,
    /// Empty where what the cell has printed says it.
    pub(crate) prompt: String,
    /// The answer is not to be shown while it is typed.
    pub(crate) password: bool,
}

/// Why a cell did not complete, in the terms of Jupyter's `error` message.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct CellError {
    /// What kind of failure: `CompileError`, `Panic`, `Interrupted`, `Crashed`, ...
    pub(crate) ename: String,
    /// One line that says what was wrong.
    pub(crate) evalue: String,
    /// The full account, in lines, with ANSI colours.
    pub(crate) traceback: Vec<String>,
}

/// How a cell ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Outcome {
    Ok,
    Error(CellError),
}

/// What a session says. Everything a cell printed comes before its `Finished`.
#[derive(Debug)]
pub(crate) enum Event {
    Output {
        cell: CellId,
        content: Content,
    },
    /// Everything that the cell printed before it asked has been said.
    InputRequest(InputRequest),
    /// All has been said that follows at once from what a front end has said on a comm.
    CommHeard {
        cell: CellId,
    },
    /// A function of the notebook's is called for what a front end has said. Its end is said as a cell's is.
    DeliveryStarted {
        cell: CellId,
    },
    /// This is to stand in the place of the cell's code.
    NextInput {
        cell: CellId,
        text: String,
    },
    Finished {
        cell: CellId,
        outcome: Outcome,
    },
}

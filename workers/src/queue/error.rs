//! What can go wrong with a queue or a pipe.

use serde::{Deserialize, Serialize};

use crate::codec::CodecError;

/// Why a message was not sent or received. The queue or pipe stays usable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum QueueError {
    /// There is no message now; from the calls that do not wait.
    #[error("the queue is empty")]
    Empty,
    /// There is no room for a message now; from the calls that do not wait.
    #[error("the queue is full")]
    Full,
    /// The time limit has passed.
    #[error("the time limit has passed")]
    TimedOut,
    /// The queue was closed: nothing more is taken in and, when this comes from receiving, nothing is left.
    #[error("the queue is closed")]
    Closed,
    /// Nobody is left who could send what is waited for, or receive what is sent: every other process that had the
    /// queue, or the other end of the pipe, has ended or has dropped it.
    #[error("nobody is left at the other end: every other process that had it has ended or dropped it")]
    Disconnected,
    /// The message's `Serialize` or `Deserialize` implementation reported an error. A message that cannot be decoded has
    /// been taken out of the queue.
    #[error("{error}")]
    Codec {
        /// What was reported.
        error: String,
    },
    /// A process ended that had taken tasks out of a [`JoinableQueue`](crate::JoinableQueue) and had not said that they
    /// are done.
    #[error("process {pid} ended with {tasks} of the tasks that it had taken not done")]
    TasksLost {
        /// The process.
        pid: u32,
        /// How many tasks it had not done.
        tasks: u32,
    },
    /// [`JoinableQueue::task_done`](crate::JoinableQueue::task_done) was called more often than there were tasks.
    #[error("task_done was called more often than tasks were put into the queue")]
    TooManyTasksDone,
    /// The operating system refused what was needed, memory above all.
    #[error("the operating system refused: {error}")]
    System {
        /// What it said.
        error: String,
    },
}

impl From<CodecError> for QueueError {
    fn from(error: CodecError) -> Self {
        Self::Codec {
            error: error.to_string(),
        }
    }
}

impl From<std::io::Error> for QueueError {
    fn from(error: std::io::Error) -> Self {
        Self::System {
            error: error.to_string(),
        }
    }
}

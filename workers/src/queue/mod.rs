//! Queues and pipes: messages between processes.

mod core;
mod error;
mod fifo;
mod joinable;
mod pipe;

use crate::handles::log::KEPT;

pub use error::QueueError;
pub use fifo::{Iter, Queue};
pub use joinable::JoinableQueue;
pub use pipe::{Connection, Pipe};

/// How much of each is mapped, so that short messages need no system calls: as much as stays when all have been read.
const MAPPED: usize = KEPT as usize;

//! Queues and pipes: messages between processes.

mod core;
mod error;
mod fifo;
mod joinable;
mod pipe;

pub use error::QueueError;
pub use fifo::{Iter, Queue};
pub use joinable::JoinableQueue;
pub use pipe::{Connection, Pipe};

//! Drives the built kernel from outside, as clients do: real processes, real sockets.
//!
//! Everything in here is for tests, so it panics where a kernel does not behave; the message says what was wrong.

mod client;
mod deaf;
mod execution;
mod kernel;
mod library;
mod message;
mod notebook;
mod processes;
mod schema;
mod sockets;
mod text;
mod wait;
mod worker_lines;

pub use client::{Client, Exchange};
pub use deaf::{DeafSubscriber, GREETING};
pub use execution::{CellFailure, Execution};
pub use kernel::{Connection, Kernel, Transport, binary};
pub use message::{Message, Wire};
pub use notebook::{Notebook, Running, with_notebook, with_notebook_for};
pub use processes::{Process, descendants, descriptors, memory};
pub use sockets::Channel;
pub use text::{cell_code, without_colours};
pub use wait::{holds_within, within, within_limit, within_test_limit};
pub use worker_lines::{WorkerLine, pids, sorted_texts, texts, worker_lines};

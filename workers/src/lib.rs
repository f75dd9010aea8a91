//! Worker processes for Rust: what Python's `multiprocessing` offers, in a program or in a notebook.
//!
//! ```
//! use parcell::prelude::*;
//!
//! let factor = 3;
//! let pool = Pool::new(4);
//! assert_eq!(pool.map(|n: u64| n * factor, [1, 2, 3]), [3, 6, 9]);
//! ```
//!
//! # Scoped calls
//!
//! [`Pool::map`] and its family, and [`Process::spawn`], fork: the workers are copies of the calling process. They see
//! what the function captures as it is at that moment, borrowed or owned, a gigabyte as well as a number, and nothing
//! of it is copied or serialized. Arguments and captures need no trait. What a worker changes, only it sees; what it
//! returns travels back, so results need serde's `Serialize` and `Deserialize`.
//!
//! # Failure
//!
//! A panic, a segmentation fault, an abort, a stack overflow or an `exit` in a worker is an error about one item, with
//! the item, the worker's PID and the cause: a [`TaskError`]. [`Pool::map`] panics with the first one and stops the
//! rest, [`Pool::try_map`] returns it, and [`Pool::map_results`] goes on in a new worker and returns all of them.
//!
//! A worker does not print its panics: they are in the error. It ends without running the destructors of what the
//! caller owns, so these run once, in the caller. No worker survives its call, and none survives the program, even if
//! that is killed.
//!
//! # Forking and threads
//!
//! A forked process has one thread, the one that forked. Locks that other threads held stay locked in it: use a library
//! with threads of its own (rayon, tokio, a logger) either in the caller or in the workers, not in both. Standard
//! output and standard error are taken care of: they are flushed before and after, and their locks are free.
//! Standard input is empty in a worker.
//!
//! # Random numbers
//!
//! Workers are copies, and so are their random number generators: one that was used before the call gives the same
//! numbers in every worker. Make a generator for each item, seeded with something that belongs to the item.
//!
//! # When threads are better
//!
//! Use rayon where the work cannot crash, where results are large and would have to travel, or where items are changed
//! in place: threads share memory. Use processes to survive crashes, to end work that takes too long, to call code that
//! is not thread-safe, and to capture what is not `Send`.

#[doc(hidden)]
pub mod cell;
mod codec;
mod cpu;
pub mod display;
mod error;
mod frames;
mod inbox;
mod input;
mod job;
mod manager;
mod message;
mod notebook;
mod panics;
mod pool;
pub mod prelude;
mod process;
mod protocol;
mod record;
mod share;
mod sys;

pub use cpu::cpu_count;
#[doc(hidden)]
pub use error::signal_name;
pub use error::{CrashCause, PanicLocation, TaskError};
pub use input::{input, password};
pub use manager::{
    AuthenticationFailure, DictProxy, EventProxy, ListProxy, LockGuard, LockProxy, Manager, ManagerError, Named,
    QueueProxy, SemaphorePermit, SemaphoreProxy, ValueProxy,
};
pub use message::Message;
pub use pool::{Pool, PoolBuilder};
pub use process::{Process, ProcessBuilder};
/// The crate whose traits results implement, for `#[serde(crate = "parcell::serde")]`.
pub use serde;

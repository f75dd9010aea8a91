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
//! Where to find what Python has, and what is different: [`python`].
//!
//! # Scoped calls
//!
//! [`Pool::map`] and its family, and [`Process::spawn`], fork: the workers are copies of the calling process. They see
//! what the function captures as it is at that moment, borrowed or owned, a gigabyte as well as a number, and nothing
//! of it is copied or serialized. Arguments and captures need no trait. What a worker changes, only it sees; what it
//! returns travels back, so results need serde's `Serialize` and `Deserialize`.
//!
//! | call | for |
//! |---|---|
//! | [`map`](Pool::map), [`try_map`](Pool::try_map), [`map_results`](Pool::map_results) | all results, in order |
//! | [`starmap`](Pool::starmap) | functions of several parameters |
//! | [`imap`](Pool::imap), [`imap_unordered`](Pool::imap_unordered) | results as they come, of items without end |
//! | [`map_reduce`](Pool::map_reduce) | one result of all, combined in the workers |
//! | [`map_into`](Pool::map_into) | results in a slice that is there |
//! | [`for_each`](Pool::for_each), [`for_each_chunk_mut`](Pool::for_each_chunk_mut) | no results; a shared array changed in place |
//! | [`apply`](Pool::apply) | one call |
//! | [`Process::spawn`] | a call that goes on beside the caller |
//!
//! # Detached calls
//!
//! [`ProcessPoolExecutor::submit`] and [`Pool::apply_async`] hand a call over and go on. Standing workers, which are started
//! once and live on, take it: they are executed, not forked, so they see nothing of the caller. The function may capture
//! nothing, and its argument is sent, which takes some tens of microseconds where a fork takes a millisecond. A [`Future`]
//! has what came of it; [`as_completed`] and [`wait`](fn@wait) wait for several. In a program `main` must begin with
//! [`init`], since the workers are copies of the program.
//!
//! # Messages
//!
//! A [`Queue`] takes messages from any process to any other, a [`Pipe`] joins two; a [`JoinableQueue`] is one of tasks that
//! are waited for. Nothing is lost when a process ends that has sent something, a process that is killed while it sends has
//! sent nothing, and who waits for processes that have gone is told so. What can travel is a [`Message`]; handles of all
//! that is shared can, too.
//!
//! # Sharing
//!
//! What workers are to change for all to see is in shared memory: a [`Value`] or an [`Array`] behind a lock, a
//! [`SharedArray`] or [`SharedMemory`] without one. A [`Lock`], [`Semaphore`], [`Event`], [`Condition`] or [`Barrier`]
//! keeps processes from getting in each other's way. Workers have them by capturing them; to other processes they are
//! sent. A worker that is killed while it holds or waits for one of them is no reason for any other to hang.
//!
//! A [`Manager`] holds lists, dictionaries and other objects of any size in a process of its own, for processes on this
//! machine or, with a key and through an SSH tunnel, on others.
//!
//! # Failure
//!
//! A panic, a segmentation fault, an abort, a stack overflow or an `exit` in a worker is an error about one item, with
//! the item, the worker's PID and the cause: a [`TaskError`]. [`Pool::map`] panics with the first one and stops the
//! rest, [`Pool::try_map`] returns it, and [`Pool::map_results`] goes on in a new worker and returns all of them.
//!
//! Work that might never end gets a [time limit](PoolBuilder::timeout), work that might need too much memory a
//! [memory limit](PoolBuilder::memory_limit); whoever exceeds it is ended, and the error says so. What fails now and
//! then is [tried again](PoolBuilder::retries).
//!
//! A worker does not print its panics: they are in the error. It ends without running the destructors of what the
//! caller owns, so these run once, in the caller. No worker survives its call, and none survives the program, even if
//! that is killed.
//!
//! # Forking and threads
//!
//! A forked process has one thread, the one that forked. What the others were doing stays as it was: a rayon or tokio
//! pool that was used before the call waits for ever for its threads, and locks that other threads held stay locked. Use a
//! library with threads of its own either in the caller or in the workers, not in both. The library says so once on
//! standard error when it forks while other threads run; [`PoolBuilder::allow_threads`] or `PARCELL_ALLOW_THREADS=1` says
//! that this is known. A worker that uses no processor time for 10 seconds on one item is named there too;
//! `PARCELL_IDLE_WARNING` sets another number of seconds, and 0 for never.
//!
//! A pool's workers share the cores: libraries that a worker uses first are told to start its share of threads, by
//! `RAYON_NUM_THREADS`, `OMP_NUM_THREADS` and their like, unless these were set before.
//!
//! Standard output and standard error are taken care of: they are flushed before and after, and their locks are free.
//! Standard input is empty in a worker.
//!
//! # Large memory
//!
//! A fork copies no memory, but the tables of its pages, and a worker's first look at a page costs as well: 0.1 to 0.2
//! seconds for a GiB of 4 KiB pages, next to nothing in huge pages. The notebook has these where the system gives them to
//! who asks (`/sys/kernel/mm/transparent_hugepage/enabled` says `[madvise]`); a program's allocations do when it is started
//! with `GLIBC_TUNABLES=glibc.malloc.hugetlb=1` (of some versions of glibc, 2.36 among them, that is so in half of all
//! starts only), or uses an allocator that asks for them.
//!
//! # Random numbers
//!
//! Workers are copies, and so are their random number generators: one that was used before the call gives the same
//! numbers in every worker, and so does `rand::rng()`. Make a generator for each item from its own seed, as
//! `StdRng::seed_from_u64(parcell::item_seed())`: [`item_seed`] is another number for each item, and the same again for a
//! pool with a [seed](PoolBuilder::seed), with however many workers.
//!
//! # Where to start
//!
//! The examples are what lessons on `multiprocessing` begin with: `process`, `pool`, `chunks`, `apply`, `executor`, `queue`,
//! `shared`, `manager`, `daemon`, and `primes`, which was a notebook; `cargo run --example pool` runs one.
//!
//! # When threads are better
//!
//! Use rayon where the work cannot crash, where results are large and would have to travel, or where items are changed
//! in place: threads share memory. Use processes to survive crashes, to end work that takes too long, to call code that
//! is not thread-safe, and to capture what is not `Send`.

#[doc(hidden)]
pub mod cell;
mod cluster;
mod codec;
pub mod comm;
#[doc(hidden)]
pub mod contract;
pub mod display;
mod error;
mod executor;
mod frames;
#[cfg(test)]
mod fuzzing;
mod handles;
mod inbox;
mod input;
mod job;
mod manager;
mod map;
mod message;
mod notebook;
mod panics;
pub mod plot;
mod pool;
pub mod prelude;
mod process;
mod protocol;
mod ps;
pub mod python;
mod queue;
mod record;
mod seeds;
mod shared;
mod spawn;
mod standing;
mod startup;
mod sync;
mod sys;
mod text;
pub mod widgets;

/// The crate whose traits the elements of shared memory implement, for `#[bytemuck(crate = "parcell::bytemuck")]`.
pub use bytemuck;
pub use cluster::{Cluster, ClusterError};
pub use error::{CrashCause, PanicLocation, TaskError};
pub use executor::{
    AsCompleted, ExecutorMap, Future, ProcessPoolExecutor, ProcessPoolExecutorBuilder, WaitFor, as_completed, wait,
    wait_timeout,
};
pub use input::{input, password};
pub use manager::{
    AuthenticationFailure, DictProxy, EventProxy, ListProxy, LockProxy, LockProxyGuard, Manager, ManagerError, Named,
    QueueProxy, SemaphoreProxy, SemaphoreProxyPermit, ValueProxy,
};
pub use map::{LastResultsError, last_results};
pub use message::Message;
#[doc(hidden)]
pub use notebook::LastMap;
pub use pool::{AsyncResult, Imap, Pool, PoolBuilder, Spread};
#[doc(hidden)]
pub use process::{AsMessage, FunctionPointer, NotAtAll};
pub use process::{Never, Output, Process, ProcessBuilder, Returned};
pub use ps::{Workers, workers};
pub use queue::{Connection, Iter as QueueIter, JoinableQueue, Pipe, Queue, QueueError};
pub use seeds::item_seed;
/// The crate whose traits results implement, for `#[serde(crate = "parcell::serde")]`.
pub use serde;
pub use shared::{Array, ArrayGuard, SharedArray, SharedData, SharedMemory, Value, ValueGuard};
pub use spawn::{
    CurrentProcess, Relative, WorkerInfo, WorkerKind, WorkerState, active_children, current_process, parent_process,
};
pub use startup::init;
pub use sync::{
    Barrier, BarrierError, BarrierWaitResult, BoundedSemaphore, Condition, ConditionGuard, Event, Lock, LockGuard,
    RLock, RLockGuard, ReleaseError, Semaphore, SemaphorePermit,
};
pub use sys::cpu::cpu_count;
#[doc(hidden)]
pub use text::signal_name;

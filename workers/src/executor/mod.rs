//! Calls that are handed over now and asked for later: Python's `concurrent.futures`, with processes.

mod completion;
mod future;
mod map;

use std::fmt;
use std::sync::{Arc, Mutex};

use crate::codec::Travelling;
use crate::error::TaskError;
use crate::job::function::Function;
use crate::message::Message;
use crate::spawn::default_workers;
use crate::standing::{self, Crew, CrewSettings};
use crate::sys::poisoned::EvenIfPoisoned;

pub use completion::{AsCompleted, WaitFor, as_completed, wait, wait_timeout};
pub use future::Future;
pub use map::ExecutorMap;

/// Runs calls in standing workers: processes that are started once and live on from call to call.
///
/// A call is a function and its argument. The function may be a named one, a closure without captures, or a function
/// pointer; what it needs comes with the argument, which is sent, and so is the result: both need serde's `Serialize` and
/// `Deserialize`. A closure that captures variables is refused when it is compiled: [`Pool`](crate::Pool) and
/// [`Process`](crate::Process) fork, and so their workers see what is captured.
///
/// Workers are started when there is work for them, in a few milliseconds. One that dies costs the call that it was on;
/// another takes its place. (In Python the whole executor is broken then.) Calls are taken in their order, by whichever
/// worker is free.
///
/// There is no thread that manages the workers. One that has ended is replaced while this process waits in this library,
/// for a result or for what calls bring about: a message, an event, a permit. A program that waits for its calls by other
/// means looks at one of its futures now and then.
///
/// In a program, `main` must begin with [`parcell::init()`](crate::init). In a notebook the function that runs is the one
/// that was defined when `submit` was called, whenever the worker was started.
///
/// Handles can be cloned. A forked worker cannot use its parent's executor; it can make one.
///
/// # Examples
///
/// ```
/// use parcell::{ProcessPoolExecutor, as_completed};
///
/// fn main() {
///     parcell::init();
///     let executor = ProcessPoolExecutor::with_workers(2);
///     let futures: Vec<_> = (0..4u64).map(|n| executor.submit(|n: u64| n * n, n)).collect();
///     let mut squares: Vec<_> = as_completed(&futures).map(|future| future.result().unwrap()).collect();
///     squares.sort();
///     assert_eq!(squares, [0, 1, 4, 9]);
/// }
/// ```
#[derive(Clone)]
pub struct ProcessPoolExecutor {
    shared: Arc<Shared>,
}

struct Shared {
    settings: CrewSettings,
    state: Mutex<ExecutorState>,
}

#[derive(Debug)]
enum ExecutorState {
    Open(Arc<Crew>),
    ShutDown,
}

impl ProcessPoolExecutor {
    /// An executor with one worker for each of the [`cpu_count`](crate::cpu_count) cores; inside a worker, with one.
    ///
    /// # Panics
    ///
    /// In a program whose `main` has not called [`init`](crate::init), and if the operating system refuses memory.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self::builder().build()
    }

    /// An executor with `workers` workers.
    ///
    /// # Panics
    ///
    /// If `workers` is 0, and as [`new`](Self::new).
    #[must_use]
    #[track_caller]
    pub fn with_workers(workers: usize) -> Self {
        Self::builder().workers(workers).build()
    }

    /// Starts to describe an executor.
    pub fn builder() -> ProcessPoolExecutorBuilder {
        ProcessPoolExecutorBuilder::default()
    }

    /// Hands the call `f(argument)` over, and returns at once.
    ///
    /// What prevents that, such as an argument that cannot be encoded or an executor that was shut down, is what the
    /// future's result tells.
    ///
    /// A closure that captures something does not compile:
    ///
    /// ```compile_fail
    /// let executor = parcell::ProcessPoolExecutor::new();
    /// let offset = 10;
    /// executor.submit(move |n: i32| n + offset, 1);
    /// ```
    #[track_caller]
    pub fn submit<F, A, R>(&self, f: F, argument: A) -> Future<R>
    where
        F: Fn(A) -> R + Copy + 'static,
        A: Message,
        R: Message,
    {
        let function = Function::of(f);
        let submitted = self.crew().and_then(|crew| {
            let task = crew.submit(function, |out| Travelling::send(argument, out))?;
            Ok((crew, task))
        });
        match submitted {
            Ok((crew, task)) => Future::submitted(crew, task),
            Err(error) => Future::failed(error),
        }
    }

    /// The results of `f` for all items, in their order. Items are handed over as results are asked for, a bounded number
    /// ahead, so that there may be any number of them.
    ///
    /// # Examples
    ///
    /// ```
    /// fn main() -> Result<(), parcell::TaskError> {
    ///     parcell::init();
    ///     let executor = parcell::ProcessPoolExecutor::with_workers(2);
    ///     let first: Result<Vec<u64>, _> = executor.map(|n: u64| n * 2, 0..).take(3).collect();
    ///     assert_eq!(first?, [0, 2, 4]);
    ///     Ok(())
    /// }
    /// ```
    pub fn map<F, A, R, I>(&self, f: F, items: I) -> ExecutorMap<F, I::IntoIter, R>
    where
        F: Fn(A) -> R + Copy + 'static,
        A: Message,
        R: Message,
        I: IntoIterator<Item = A>,
    {
        ExecutorMap::new(self.clone(), f, items.into_iter())
    }

    /// Takes no more calls, waits until all that were handed over are done, and ends the workers. Dropping the last handle
    /// does the same.
    pub fn shutdown(&self) {
        if let ExecutorState::Open(crew) = self.close() {
            crew.finish();
        }
    }

    /// Takes no more calls, cancels those that no worker has begun, waits for the others, and ends the workers.
    pub fn shutdown_cancel(&self) {
        if let ExecutorState::Open(crew) = self.close() {
            crew.cancel_all();
            crew.finish();
        }
    }

    /// Takes no more calls, cancels all, and ends the workers at once.
    pub fn kill(&self) {
        if let ExecutorState::Open(crew) = self.close() {
            crew.kill();
        }
    }

    /// The most workers that there are.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.shared.settings.workers
    }

    /// The PIDs of the workers that there are now.
    #[must_use]
    pub fn worker_pids(&self) -> Vec<u32> {
        match &*self.shared.state() {
            ExecutorState::Open(crew) => crew.worker_pids(),
            ExecutorState::ShutDown => Vec::new(),
        }
    }

    fn close(&self) -> ExecutorState {
        std::mem::replace(&mut *self.shared.state(), ExecutorState::ShutDown)
    }

    /// The crew; another one where the old one ended with the notebook process in whose place this one goes on.
    fn crew(&self) -> Result<Arc<Crew>, TaskError> {
        let refused = |error: &str| TaskError::system(None, None, error);
        let mut state = self.shared.state();
        let ExecutorState::Open(crew) = &mut *state else {
            return Err(refused("the executor takes no more calls: it was shut down"));
        };
        if crew.is_lost() {
            *crew = Crew::new(self.shared.settings.clone()).map_err(|error| refused(&error.to_string()))?;
        }
        if !crew.is_own() {
            return Err(refused(
                "an executor can be used only by the process that made it: a forked worker can make one of its own",
            ));
        }
        Ok(Arc::clone(crew))
    }
}

impl Shared {
    fn state(&self) -> std::sync::MutexGuard<'_, ExecutorState> {
        self.state.lock().even_if_poisoned()
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        if let ExecutorState::Open(crew) = &*self.state() {
            crew.finish();
        }
    }
}

impl Default for ProcessPoolExecutor {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for ProcessPoolExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProcessPoolExecutor")
            .field("workers", &self.workers())
            .field("worker_pids", &self.worker_pids())
            .finish()
    }
}

/// Describes a [`ProcessPoolExecutor`]; from [`ProcessPoolExecutor::builder`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ProcessPoolExecutorBuilder {
    workers: Option<usize>,
    initializer: Option<Function>,
    max_tasks: Option<u64>,
    memory_limit: Option<u64>,
}

impl ProcessPoolExecutorBuilder {
    /// The number of workers. Without it, there are as many as [`ProcessPoolExecutor::new`] has.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// Runs `f` in each worker before its first call. As with calls, it may not capture anything. Where it fails, so do the
    /// worker's calls.
    #[track_caller]
    pub fn initializer<F: Fn() + Copy + 'static>(mut self, f: F) -> Self {
        self.initializer = Some(Function::without_argument(f));
        self
    }

    /// Replaces a worker after it has run `calls` calls: for code that leaks memory.
    pub fn max_tasks_per_worker(mut self, calls: u64) -> Self {
        self.max_tasks = Some(calls);
        self
    }

    /// Lets each worker use `bytes` of memory beyond what it has when it starts. A call that needs more fails.
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// The executor.
    ///
    /// # Panics
    ///
    /// If the number of workers or of calls for each is 0; in a program whose `main` has not called
    /// [`init`](crate::init); and if the operating system refuses memory.
    #[must_use]
    #[track_caller]
    pub fn build(self) -> ProcessPoolExecutor {
        assert_ne!(self.workers, Some(0), "an executor needs at least one worker");
        assert_ne!(self.max_tasks, Some(0), "a worker runs at least one call");
        assert!(
            standing::are_workers_allowed() || crate::notebook::is_notebook(),
            "standing workers are copies of this program, which must let them be: call `parcell::init()` first in `main`"
        );
        let workers = self.workers.unwrap_or_else(default_workers);
        let settings = CrewSettings {
            workers,
            initializer: self.initializer,
            max_tasks: self.max_tasks,
            memory_limit: self.memory_limit,
        };
        let crew = match Crew::new(settings.clone()) {
            Ok(crew) => crew,
            Err(error) => panic!("an executor cannot be made: {error}"),
        };
        ProcessPoolExecutor {
            shared: Arc::new(Shared {
                settings,
                state: Mutex::new(ExecutorState::Open(crew)),
            }),
        }
    }
}

//! Workers on other machines. [Dask](https://distributed.dask.org) is what schedules, moves and retries, and has a
//! dashboard; this gives it compiled functions to run.
//!
//! ```text
//! this process      a Python process      Dask scheduler      Dask workers
//!   Cluster  <----->  bridge.py  <------------>  tasks  <----->  plugin of bridge.py <--> Rust children
//! ```
//!
//! A function travels as the files that its code is in, which each Dask worker gets once, and its place in them;
//! arguments and results travel as bytes. A Dask worker runs the files in children of its own, so that a crash costs
//! an item and not the Dask worker.

mod bridge;
mod frame;
mod map;
mod output;
mod program;
mod worker;

use std::fmt::Display;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};

use bridge::Bridge;
use map::Map;
use program::Program;
pub(crate) use worker::work_if_told;

use crate::error::TaskError;
use crate::job::function::Function;
use crate::map::{OnFailure, Outcomes, ProgressStyle, ResultOrder, Settings, Terms};
use crate::message::Message;
use crate::sys::poisoned::EvenIfPoisoned;

/// How many maps this process has begun.
static MAPS: AtomicU64 = AtomicU64::new(1);

/// Why a cluster cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClusterError {
    /// There is no Python, which is what talks to the cluster.
    #[error("`{python}` does not start ({source}): set PARCELL_PYTHON to a Python that has Dask")]
    NoPython {
        /// What was tried.
        python: String,
        /// Why it did not start.
        source: io::Error,
    },
    /// Dask is not installed, or no scheduler answers.
    #[error("{0}")]
    Unavailable(String),
    /// The process that talks to the cluster has ended.
    #[error("the process that talks to the cluster has ended")]
    Ended,
    /// That process cannot be talked to, or the function's code not be read.
    #[error("the cluster cannot be used: {0}")]
    Io(#[from] io::Error),
}

/// The workers of a Dask cluster, for maps of functions that capture nothing.
///
/// It has [`map`](Self::map), [`map_results`](Self::map_results) and [`try_map`](Self::try_map) as a
/// [`Pool`](crate::Pool) has, with one difference: the workers are not copies of this process, so the function captures
/// nothing, its code and the items are sent, and items need serde's traits as results do. What workers print is printed
/// here. A worker that crashes costs the item that it was on; a machine that is lost costs nothing, since Dask runs its
/// chunks elsewhere.
///
/// The cluster's machines need no Rust, but the processor and the C library of this one. This machine needs a Python with
/// `distributed` installed: `python3`, or what `PARCELL_PYTHON` names. In a program `main` must begin with
/// [`init`](crate::init), since the workers are copies of the program.
///
/// Dropping the last clone ends the workers and removes what was sent to the cluster.
///
/// # Examples
///
/// ```no_run
/// fn main() -> Result<(), parcell::ClusterError> {
///     parcell::init();
///     let cluster = parcell::Cluster::connect("tcp://scheduler:8786")?;
///     assert_eq!(cluster.map(|n: u64| n * n, 0..4), [0, 1, 4, 9]);
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Cluster {
    bridge: Arc<Mutex<Bridge>>,
    /// How many chunks may run at a time; as many as the cluster has threads where it is not said.
    workers: Option<usize>,
    settings: Settings,
}

impl Cluster {
    /// Connects to the scheduler at `address`, such as `tcp://host:8786`, or the one that a scheduler file describes,
    /// whose name ends with `.json`.
    ///
    /// # Errors
    ///
    /// Where there is no Python with Dask, or no scheduler answers within ten seconds.
    pub fn connect(address: &str) -> Result<Self, ClusterError> {
        Ok(Self {
            bridge: Arc::new(Mutex::new(Bridge::start(address)?)),
            workers: None,
            settings: Settings::default(),
        })
    }

    /// The same cluster, of which at most so many chunks run at a time.
    ///
    /// # Panics
    ///
    /// If `workers` is 0.
    #[must_use]
    #[track_caller]
    pub fn workers(mut self, workers: usize) -> Self {
        assert_ne!(workers, 0, "a cluster needs at least one worker");
        self.workers = Some(workers);
        self
    }

    /// The same cluster, which is sent so many items at a time. Without it, a map has four chunks for each of the cluster's
    /// threads.
    ///
    /// # Panics
    ///
    /// If `items` is 0.
    #[must_use]
    #[track_caller]
    pub fn chunk_size(mut self, items: usize) -> Self {
        assert_ne!(items, 0, "a chunk has at least one item");
        self.settings.chunk_size = Some(items);
        self
    }

    /// The same cluster, on which one item may take so long. A worker that is late is killed, and its item is a
    /// [`TaskError::TimedOut`].
    #[must_use]
    pub fn timeout(mut self, limit: std::time::Duration) -> Self {
        self.settings.timeout = Some(limit);
        self
    }

    /// The same cluster, on which an item that failed, in whatever way, is tried again so many times.
    #[must_use]
    pub fn retries(mut self, retries: usize) -> Self {
        self.settings.retries = retries;
        self
    }

    /// The same cluster, of which each worker may allocate so many bytes.
    #[must_use]
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.settings.memory_limit = Some(bytes);
        self
    }

    /// The same cluster, which shows how far a map is that takes longer than a second, as a
    /// [pool](crate::PoolBuilder::progress) does.
    #[must_use]
    pub fn progress(mut self, show: bool) -> Self {
        self.settings.progress = ProgressStyle::text(show);
        self
    }

    /// The function's results for all items, in their order.
    ///
    /// # Panics
    ///
    /// With the first failure that is noticed, or where the cluster can no longer be used. What runs is stopped.
    #[track_caller]
    pub fn map<T, R, F, I>(&self, f: F, items: I) -> Vec<R>
    where
        F: Fn(T) -> R + Copy + 'static,
        I: IntoIterator<Item = T>,
        T: Message,
        R: Message,
    {
        let run = self.run::<T, R>(&Function::of(f), items, OnFailure::Stop, ResultOrder::Items);
        let values = run.map(Outcomes::into_values);
        match values {
            Ok(Ok(values)) => values,
            Ok(Err(error)) => panic!("{error}"),
            Err(error) => panic!("{error}"),
        }
    }

    /// The outcome for every item, in their order.
    ///
    /// # Errors
    ///
    /// Where the cluster can no longer be used.
    pub fn map_results<T, R, F, I>(&self, f: F, items: I) -> Result<Vec<Result<R, TaskError>>, ClusterError>
    where
        F: Fn(T) -> R + Copy + 'static,
        I: IntoIterator<Item = T>,
        T: Message,
        R: Message,
    {
        let run = self.run(&Function::of(f), items, OnFailure::GoOn, ResultOrder::Items);
        Ok(run?.into_results())
    }

    /// The function's `Ok` values for all items, in their order; or the first failure that is noticed, of which an `Err` is
    /// one. What runs is stopped.
    ///
    /// # Errors
    ///
    /// Where the cluster can no longer be used.
    pub fn try_map<T, R, E, F, I>(&self, f: F, items: I) -> Result<Result<Vec<R>, TaskError>, ClusterError>
    where
        F: Fn(T) -> Result<R, E> + Copy + 'static,
        I: IntoIterator<Item = T>,
        T: Message,
        R: Message,
        E: Display,
    {
        let run = self.run(&Function::fallible(f), items, OnFailure::Stop, ResultOrder::Items);
        Ok(run?.into_values())
    }

    /// The same cluster with so many workers, where it is said, and these settings.
    pub(crate) fn with(&self, workers: Option<usize>, settings: Settings) -> Self {
        Self {
            bridge: Arc::clone(&self.bridge),
            workers,
            settings,
        }
    }

    /// Whether the connection is this process's, and stands.
    pub(crate) fn is_usable(&self) -> bool {
        self.lock().is_usable()
    }

    pub(crate) fn run<T: Message, R: Message>(
        &self,
        function: &Function,
        items: impl IntoIterator<Item = T>,
        on_failure: OnFailure,
        order: ResultOrder,
    ) -> Result<Outcomes<R>, ClusterError> {
        let items: Vec<T> = items.into_iter().collect();
        let mut outcomes = Outcomes::new(items.len(), Terms::of_items(on_failure, order, None));
        if items.is_empty() {
            return Ok(outcomes);
        }
        let program = Program::of(function)?;
        let number = MAPS.fetch_add(1, Ordering::Relaxed);
        let mut bridge = self.lock();
        let map = Map::begin::<R>(&mut bridge, self.workers, &self.settings, program, number, &items)?;
        let (values, account) = outcomes.parts();
        map.run(&mut |items, pid, outcome| account.settle(values, items, pid, outcome))?;
        Ok(outcomes)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Bridge> {
        // A map that has panicked is told apart by its number.
        self.bridge.lock().even_if_poisoned()
    }
}

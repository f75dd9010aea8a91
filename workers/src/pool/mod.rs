//! Pools: one function over many items, in as many processes as there are cores.
//!
//! `engine` runs the items, and `report` tells what came of them. What differs between functions is a `Job` and a `Sink`, so
//! that both are compiled once.

mod apply_async;
mod builder;
mod engine;
mod imap;
mod in_place;
mod reduce;
mod report;
mod settings;
mod starmap;
mod work;

use std::fmt::Display;
use std::sync::Arc;

use crate::error::TaskError;
use crate::map::{OnFailure, ResultOrder};
use crate::message::Message;
pub use apply_async::AsyncResult;
use apply_async::Standing;
pub use builder::PoolBuilder;
pub use imap::Imap;
pub(crate) use report::last_timeline;
use settings::{Profiling, Settings};
pub use starmap::Spread;
use work::panic_at_failure;
pub(crate) use work::{Runner, fallible, outcomes};

/// Runs a function over many items in worker processes.
///
/// Each call forks its workers and ends them before it returns. The workers see the function, all it captures, and the
/// items as they are at the time of the call, without copying or serializing them (the memory is shared until somebody
/// writes); only the results travel back, so only the results need serde's traits. What the function changes, it
/// changes in its worker's copy. A by-value item is dropped by the function in the worker, and again, untouched, in
/// the caller when the call ends.
///
/// A pool holds no processes between calls, but for those of [`apply_async`](Self::apply_async); keep it, clone it, or make
/// it where it is needed. What its workers may use,
/// and what becomes of items that fail, its [builder](PoolBuilder) is told.
///
/// # Examples
///
/// ```
/// use parcell::Pool;
///
/// let offset = 10;
/// let squares = Pool::new(4).map(|x: u64| x * x + offset, [1, 2, 3]);
/// assert_eq!(squares, [11, 14, 19]);
/// ```
#[derive(Clone, Debug)]
pub struct Pool {
    settings: Settings,
    /// For the calls that are not waited for; those of clones are the same.
    standing: Arc<Standing>,
}

impl Pool {
    /// A pool of `workers` processes.
    ///
    /// # Panics
    ///
    /// If `workers` is 0.
    #[must_use]
    #[track_caller]
    pub fn new(workers: usize) -> Self {
        Self::builder().workers(workers).build()
    }

    /// Starts to describe a pool.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = parcell::Pool::builder().workers(2).chunk_size(16).build();
    /// assert_eq!(pool.map(|x: i32| -x, 0..3), [0, -1, -2]);
    /// ```
    pub fn builder() -> PoolBuilder {
        PoolBuilder::default()
    }

    /// The number of worker processes that a call uses, if it has that many items.
    #[must_use]
    pub fn workers(&self) -> usize {
        self.settings.workers
    }

    /// The function's results for all items, in their order.
    ///
    /// # Panics
    ///
    /// With the first failure that is noticed: the function panics, its worker is killed or ends itself, or a result
    /// cannot be sent. The other workers are stopped at once. To learn about every item, use
    /// [`map_results`](Self::map_results).
    #[track_caller]
    pub fn map<T, R, F, I>(&self, f: F, items: I) -> Vec<R>
    where
        F: Fn(T) -> R,
        I: IntoIterator<Item = T>,
        R: Message,
    {
        let mut outcomes = outcomes(self, |item| Ok(f(item)), items, OnFailure::Stop, ResultOrder::Items);
        panic_at_failure(outcomes.account());
        outcomes.into_succeeded()
    }

    /// The outcome for every item, in their order. A failure costs its item only: a worker that dies is replaced.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::Pool;
    ///
    /// let results = Pool::new(2).map_results(|x: i32| if x == 1 { std::process::abort() } else { x }, 0..3);
    /// assert_eq!(results[0], Ok(0));
    /// assert!(results[1].as_ref().unwrap_err().to_string().ends_with("was killed by SIGABRT (abort)"));
    /// assert_eq!(results[2], Ok(2));
    /// ```
    pub fn map_results<T, R, F, I>(&self, f: F, items: I) -> Vec<Result<R, TaskError>>
    where
        F: Fn(T) -> R,
        I: IntoIterator<Item = T>,
        R: Message,
    {
        outcomes(self, |item| Ok(f(item)), items, OnFailure::GoOn, ResultOrder::Items).into_results()
    }

    /// The function's `Ok` values for all items, in their order.
    ///
    /// # Errors
    ///
    /// The first failure that is noticed: an `Err` of the function, as [`TaskError::Failed`] with the error's text, or
    /// whatever else would make [`map`](Self::map) panic. The other workers are stopped at once.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::Pool;
    ///
    /// let parse = |text: &str| text.parse::<u32>();
    /// assert_eq!(Pool::new(2).try_map(parse, ["1", "2"]), Ok(vec![1, 2]));
    /// let error = Pool::new(2).try_map(parse, ["1", "x"]).unwrap_err();
    /// assert!(error.to_string().ends_with("failed: invalid digit found in string"));
    /// ```
    pub fn try_map<T, R, E, F, I>(&self, f: F, items: I) -> Result<Vec<R>, TaskError>
    where
        F: Fn(T) -> Result<R, E>,
        I: IntoIterator<Item = T>,
        R: Message,
        E: Display,
    {
        outcomes(self, fallible(f), items, OnFailure::Stop, ResultOrder::Items).into_values()
    }

    /// The outcome of every item, of which an `Err` is one, in the order of the items.
    ///
    /// # Panics
    ///
    /// As [`map_results`](Self::map_results) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::Pool;
    ///
    /// let results = Pool::new(2).try_map_results(|text: &str| text.parse::<u32>(), ["1", "x"]);
    /// assert_eq!(results[0], Ok(1));
    /// assert!(results[1].is_err());
    /// ```
    pub fn try_map_results<T, R, E, F, I>(&self, f: F, items: I) -> Vec<Result<R, TaskError>>
    where
        F: Fn(T) -> Result<R, E>,
        I: IntoIterator<Item = T>,
        R: Message,
        E: Display,
    {
        outcomes(self, fallible(f), items, OnFailure::GoOn, ResultOrder::Items).into_results()
    }

    /// Runs the function for each item, for what it does: what it changes in shared memory, files or elsewhere.
    ///
    /// # Panics
    ///
    /// As [`map`](Self::map) does.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::io::{Read, Write, pipe};
    ///
    /// let (mut reader, writer) = pipe()?;
    /// parcell::Pool::new(2).for_each(|byte: u8| (&writer).write_all(&[byte]).unwrap(), *b"aaa");
    /// drop(writer);
    /// let mut text = String::new();
    /// reader.read_to_string(&mut text)?;
    /// assert_eq!(text, "aaa");
    /// # Ok::<(), std::io::Error>(())
    /// ```
    #[track_caller]
    pub fn for_each<T, F, I>(&self, f: F, items: I)
    where
        F: Fn(T),
        I: IntoIterator<Item = T>,
    {
        self.map(f, items);
    }

    /// The function's result for one argument, from one worker.
    ///
    /// # Panics
    ///
    /// If the call fails, in any way that would make [`map`](Self::map) panic.
    ///
    /// # Examples
    ///
    /// ```
    /// let words = vec!["a", "b"];
    /// assert_eq!(parcell::Pool::new(2).apply(|separator: &str| words.join(separator), "+"), "a+b");
    /// ```
    #[track_caller]
    pub fn apply<T, R, F>(&self, f: F, arg: T) -> R
    where
        F: Fn(T) -> R,
        R: Message,
    {
        let mut outcomes = outcomes(self, |item| Ok(f(item)), [arg], OnFailure::Stop, ResultOrder::Items);
        if let Some(error) = outcomes.account().take_first_failure() {
            panic!("{}", error.without_item());
        }
        outcomes.into_succeeded().pop().expect("one item has one result")
    }

    /// The same, of which a profile is made without running items again.
    fn running_once(&self) -> Self {
        let mut pool = self.clone();
        if pool.settings.profiling == Profiling::RunningAgain {
            pool.settings.profiling = Profiling::RunningOnce;
        }
        pool
    }
}

impl Default for Pool {
    /// A pool with one process for each of the [`cpu_count`](crate::cpu_count) cores; inside a worker, with one process, since the
    /// cores are taken.
    fn default() -> Self {
        Self::builder().build()
    }
}

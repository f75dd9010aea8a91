//! Describing a pool.

use std::sync::Arc;
use std::time::Duration;

use super::Pool;
use super::settings::{Initializer, Profiling, Settings};
use crate::map;
use crate::notebook::GroupOrder;
use crate::spawn::default_workers;

/// Describes a [`Pool`]; from [`Pool::builder`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PoolBuilder {
    workers: Option<usize>,
    map: map::Settings,
    initializer: Option<Initializer>,
    max_tasks: Option<usize>,
    pin_cores: bool,
    seed: Option<u64>,
    allow_threads: bool,
    profiling: Profiling,
}

impl PoolBuilder {
    /// With so many workers, where it is said, and these settings.
    pub(crate) fn with(workers: Option<usize>, map: map::Settings) -> Self {
        Self {
            workers,
            map,
            ..Self::default()
        }
    }

    /// The number of worker processes. Without it, there are as many as [`Pool::default`] has.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// How many items a worker takes at a time. Without it, the pool takes few when items take long, and many when
    /// they are over soon.
    pub fn chunk_size(mut self, items: usize) -> Self {
        self.map.chunk_size = Some(items);
        self
    }

    /// How long one item may take. A worker that is late is killed, its item is a
    /// [`TaskError::TimedOut`](crate::TaskError::TimedOut), and another worker goes on with the rest.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    /// use parcell::{Pool, TaskError};
    ///
    /// let pool = Pool::builder().workers(2).timeout(Duration::from_millis(50)).build();
    /// let results = pool.map_results(|n: u32| if n == 1 { loop {} } else { n }, 0..3);
    /// assert!(matches!(results[1], Err(TaskError::TimedOut { item: Some(1), .. })));
    /// assert_eq!((&results[0], &results[2]), (&Ok(0), &Ok(2)));
    /// ```
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.map.timeout = Some(limit);
        self
    }

    /// How often an item is tried again that failed, in whatever way, each time in a new worker; 0 without it. The last
    /// error counts. Only a result that cannot be sent is no better the next time, and is not tried again.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU32, Ordering};
    /// use parcell::Pool;
    ///
    /// // Workers are copies, so what one has changed does not help the next.
    /// let attempts = AtomicU32::new(0);
    /// let pool = Pool::builder().workers(1).retries(2).build();
    /// let results = pool.map_results(|_: u32| -> u32 { panic!("{}", attempts.fetch_add(1, Ordering::Relaxed)) }, [0]);
    /// assert!(results[0].as_ref().unwrap_err().to_string().ends_with(": 0"));
    /// ```
    pub fn retries(mut self, retries: usize) -> Self {
        self.map.retries = retries;
        self
    }

    /// Lets each worker allocate at most this many bytes beside what the program has when the worker starts. An
    /// allocation beyond that fails, which ends the worker, and the item's error says that memory ran out.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::{Pool, TaskError};
    ///
    /// let pool = Pool::builder().workers(2).memory_limit(64 << 20).build();
    /// let results = pool.map_results(|mib: usize| vec![1u8; mib << 20].len(), [1, 256]);
    /// assert_eq!(results[0], Ok(1 << 20));
    /// assert!(matches!(results[1], Err(TaskError::Crashed { probably_out_of_memory: true, .. })));
    /// ```
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.map.memory_limit = Some(bytes);
        self
    }

    /// What each worker runs before its first item. If it panics or ends the process, the item that the worker began
    /// with fails, as a [`TaskError::NotInitialized`](crate::TaskError::NotInitialized); when it fails again and again,
    /// all do.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::cell::Cell;
    ///
    /// thread_local!(static OFFSET: Cell<u32> = const { Cell::new(0) });
    ///
    /// let pool = parcell::Pool::builder().workers(2).initializer(|| OFFSET.set(100)).build();
    /// assert_eq!(pool.map(|n: u32| n + OFFSET.get(), 0..3), [100, 101, 102]);
    /// assert_eq!(OFFSET.get(), 0);
    /// ```
    pub fn initializer(mut self, initializer: impl Fn() + Send + Sync + 'static) -> Self {
        self.initializer = Some(Initializer(Arc::new(initializer)));
        self
    }

    /// How many items a worker runs before a new one takes its place: for code that leaks.
    pub fn max_tasks_per_worker(mut self, items: usize) -> Self {
        self.max_tasks = Some(items);
        self
    }

    /// Whether each worker stays on one core, another one for each, as far as there are enough.
    pub fn pin_cores(mut self, pin: bool) -> Self {
        self.pin_cores = pin;
        self
    }

    /// The seed from which [`item_seed`](crate::item_seed) makes the items'. Without it, every call has another one.
    pub fn seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Says that the function needs no thread of the program, so no warning is printed when there are other threads.
    pub fn allow_threads(mut self, allow: bool) -> Self {
        self.allow_threads = allow;
        self
    }

    /// Shows how far a map is that takes longer than a second: how many items are done, how fast, how long the rest may
    /// take, how many failed, and what each worker is on. In a notebook below the cell, in a program on standard error if
    /// that is a terminal, and else nowhere. At the end one line sums it up.
    ///
    /// A cell's `%%pool` does so unless told otherwise; `PARCELL_PROGRESS=0` turns it off everywhere.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = parcell::Pool::builder().workers(2).progress(true).build();
    /// assert_eq!(pool.map(|n: u32| n + 1, 0..3), [1, 2, 3]);
    /// ```
    pub fn progress(mut self, show: bool) -> Self {
        self.map.progress = map::ProgressStyle::text(show);
        self
    }

    /// Shows how far a map is as a widget, from its beginning on, with a button that stops the map and one for each worker
    /// that ends it. Items that a stopped map was not done with fail; those that it was done with are
    /// [`last_results`](crate::last_results). Where there are no widgets it is shown as with [`progress`](Self::progress).
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = parcell::Pool::builder().workers(2).progress_widget().build();
    /// assert_eq!(pool.map(|n: u32| n + 1, 0..3), [1, 2, 3]);
    /// ```
    pub fn progress_widget(mut self) -> Self {
        self.map.progress = map::ProgressStyle::Widget;
        self
    }

    /// Measures how much faster a map is than with one worker, and tells it with how busy each worker was, how long items
    /// took, the slowest of them, and what seems to be wrong. In a notebook below the cell, in a program on standard error.
    ///
    /// To measure it, **runs items a second time, in one worker**, when the map is over and nothing else runs: all of them
    /// where that takes at most two seconds, or as long as the map took, up to ten seconds. Of more, a sample that is
    /// spread evenly over the items, and the rest is extrapolated, which is said. What the second run prints and returns
    /// is thrown away, and its failures do not count, but whatever else items do (to files, in shared memory, over the
    /// network) is done twice. Timing each item costs some tens of nanoseconds.
    ///
    /// Of a map that a failure has stopped, of [`imap`](Pool::imap), whose items are gone when they have been run, and of
    /// [`for_each_chunk_mut`](Pool::for_each_chunk_mut), which changes shared memory, there is a profile of what was run,
    /// without a second run.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = parcell::Pool::builder().workers(2).profile(true).build();
    /// assert_eq!(pool.map(|n: u32| n + 1, 0..3), [1, 2, 3]);
    /// ```
    pub fn profile(mut self, wanted: bool) -> Self {
        self.profiling = if wanted {
            Profiling::RunningAgain
        } else {
            Profiling::Off
        };
        self
    }

    /// Whether a notebook shows each item's lines together, in the order of the items: what one prints appears when all
    /// before it are done. What a worker prints outside of items, in its initializer, appears as it comes. The workers of a
    /// plain program print where the program does, and this changes nothing.
    ///
    /// # Examples
    ///
    /// ```
    /// let pool = parcell::Pool::builder().workers(2).grouped(true).build();
    /// pool.for_each(|n: u32| println!("{n} begins\n{n} ends"), 0..4);
    /// ```
    pub fn grouped(mut self, grouped: bool) -> Self {
        self.map.grouped = grouped.then_some(GroupOrder::Items);
        self
    }

    /// The pool.
    ///
    /// # Panics
    ///
    /// If the number of workers, the chunk size, or the number of items of a worker is 0.
    #[must_use]
    #[track_caller]
    pub fn build(self) -> Pool {
        assert_ne!(self.workers, Some(0), "a pool needs at least one worker");
        assert_ne!(self.map.chunk_size, Some(0), "a chunk has at least one item");
        assert_ne!(self.max_tasks, Some(0), "a worker runs at least one item");
        let workers = self.workers.unwrap_or_else(default_workers);
        Pool {
            settings: Settings {
                workers,
                map: self.map,
                initializer: self.initializer,
                max_tasks: self.max_tasks,
                pin_cores: self.pin_cores,
                seed: self.seed,
                allow_threads: self.allow_threads,
                profiling: self.profiling,
            },
            standing: Arc::default(),
        }
    }
}

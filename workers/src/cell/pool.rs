//! `%%pool`: a map whose failure fails the cell.

use std::fmt::Display;
use std::time::Duration;

use super::failure;
use crate::error::TaskError;
use crate::job::ItemError;
use crate::map::{OnFailure, ProgressStyle, ResultOrder, Settings};
use crate::message::Message;
use crate::notebook::{GroupOrder, OutputStyle};
use crate::pool::{PoolBuilder, Runner, fallible, outcomes};

/// What the magic of one cell says, except for the items.
#[derive(Clone, Debug)]
#[must_use]
pub struct PoolOptions {
    pub(super) workers: Option<usize>,
    pub(super) order: ResultOrder,
    settings: Settings,
    grouped: bool,
    profile: bool,
}

impl PoolOptions {
    /// Those of a magic without options.
    pub fn new() -> Self {
        Self {
            workers: None,
            order: ResultOrder::default(),
            settings: Settings {
                progress: ProgressStyle::Shown,
                ..Settings::default()
            },
            grouped: false,
            profile: false,
        }
    }

    /// `-n`.
    pub fn workers(mut self, workers: usize) -> Self {
        self.workers = Some(workers);
        self
    }

    /// `--chunk-size`.
    pub fn chunk_size(mut self, items: usize) -> Self {
        self.settings.chunk_size = Some(items);
        self
    }

    /// `--timeout`, of one item.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.settings.timeout = Some(limit);
        self
    }

    /// `--retries`.
    pub fn retries(mut self, retries: usize) -> Self {
        self.settings.retries = retries;
        self
    }

    /// `--memory`, of one worker.
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.settings.memory_limit = Some(bytes);
        self
    }

    /// `--unordered`: the results are in the order in which they are done.
    pub fn unordered(mut self) -> Self {
        self.order = ResultOrder::Completion;
        self
    }

    /// `--grouped`: each item's lines are shown together, in the order of the results.
    pub fn grouped(mut self) -> Self {
        self.grouped = true;
        self
    }

    /// `--quiet`: what workers print is not shown.
    pub fn quiet(mut self) -> Self {
        self.settings.output_style = OutputStyle::Quiet;
        self
    }

    /// `--raw`: what workers print is shown as it is.
    pub fn raw(mut self) -> Self {
        self.settings.output_style = OutputStyle::Raw;
        self
    }

    /// `--profile`: the speed-up is measured.
    pub fn profile(mut self) -> Self {
        self.profile = true;
        self
    }

    /// `--no-progress`: how far the map is, is not shown.
    pub fn no_progress(mut self) -> Self {
        self.settings.progress = ProgressStyle::Hidden;
        self
    }

    /// `--widget`: how far the map is, is shown as a widget with buttons.
    pub fn widget(mut self) -> Self {
        self.settings.progress = ProgressStyle::Widget;
        self
    }
}

impl PoolOptions {
    /// How items are run.
    pub(super) fn settings(&self) -> Settings {
        // Where items' lines are shown together: in the order of the results.
        let order = match self.order {
            ResultOrder::Items => GroupOrder::Items,
            ResultOrder::Completion => GroupOrder::Completion,
        };
        Settings {
            grouped: self.grouped.then_some(order),
            ..self.settings.clone()
        }
    }
}

impl Default for PoolOptions {
    fn default() -> Self {
        Self::new()
    }
}

/// The pool of one cell.
pub struct CellPool {
    runner: Box<dyn Runner>,
    order: ResultOrder,
}

/// The pool that a cell's options describe.
///
/// # Panics
///
/// If the number of workers or the chunk size is 0.
#[must_use]
#[track_caller]
pub fn pool(options: PoolOptions) -> CellPool {
    let pool = PoolBuilder::with(options.workers, options.settings());
    CellPool {
        runner: Box::new(pool.profile(options.profile).build()),
        order: options.order,
    }
}

impl CellPool {
    /// The ordered results. The first failure fails the cell.
    pub fn map<T, R, F, I>(&self, f: F, items: I) -> Vec<R>
    where
        F: Fn(T) -> R,
        I: IntoIterator<Item = T>,
        R: Message,
    {
        self.values(|item| Ok(f(item)), items)
    }

    /// The ordered `Ok` values. The first failure, or `Err`, fails the cell.
    pub fn try_map<T, R, E, F, I>(&self, f: F, items: I) -> Vec<R>
    where
        F: Fn(T) -> Result<R, E>,
        I: IntoIterator<Item = T>,
        R: Message,
        E: Display,
    {
        self.values(fallible(f), items)
    }

    /// The outcome of every item.
    pub fn map_results<T, R, F, I>(&self, f: F, items: I) -> Vec<Result<R, TaskError>>
    where
        F: Fn(T) -> R,
        I: IntoIterator<Item = T>,
        R: Message,
    {
        self.results(|item| Ok(f(item)), items)
    }

    /// The outcome of every item, of which an `Err` is one.
    pub fn try_map_results<T, R, E, F, I>(&self, f: F, items: I) -> Vec<Result<R, TaskError>>
    where
        F: Fn(T) -> Result<R, E>,
        I: IntoIterator<Item = T>,
        R: Message,
        E: Display,
    {
        self.results(fallible(f), items)
    }

    fn values<T, R: Message>(
        &self,
        call: impl Fn(T) -> Result<R, ItemError>,
        items: impl IntoIterator<Item = T>,
    ) -> Vec<R> {
        let mut outcomes = outcomes(&*self.runner, call, items, OnFailure::Stop, self.order);
        failure::fail_of(outcomes.account());
        outcomes.into_succeeded()
    }

    fn results<T, R: Message>(
        &self,
        call: impl Fn(T) -> Result<R, ItemError>,
        items: impl IntoIterator<Item = T>,
    ) -> Vec<Result<R, TaskError>> {
        let outcomes = outcomes(&*self.runner, call, items, OnFailure::GoOn, self.order);
        let results = outcomes.into_results();
        failure::tell(&results);
        results
    }
}

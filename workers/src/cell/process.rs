//! `%%process`: a function, or a cell's statements, in processes of their own.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use super::failure;
use crate::error::TaskError;
use crate::map::keep_results;
use crate::message::Message;
use crate::notebook::OutputStyle;
use crate::panics;
use crate::process::{Process, ProcessBuilder};
use crate::sys::poisoned::EvenIfPoisoned;

/// What the magic of one cell says, except for what is to be run.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ProcessOptions {
    count: Option<usize>,
    name: Option<String>,
    timeout: Option<Duration>,
    memory_limit: Option<u64>,
    output: OutputStyle,
}

impl ProcessOptions {
    /// Those of a magic without options.
    pub fn new() -> Self {
        Self::default()
    }

    /// `-n`.
    pub fn count(mut self, count: usize) -> Self {
        self.count = Some(count);
        self
    }

    /// `--name`.
    pub fn name(mut self, name: &str) -> Self {
        self.name = Some(name.to_owned());
        self
    }

    /// `--timeout`, of all processes.
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.timeout = Some(limit);
        self
    }

    /// `--memory`, of one process.
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// `--quiet`: what the processes print is not shown.
    pub fn quiet(mut self) -> Self {
        self.output = OutputStyle::Quiet;
        self
    }

    /// `--raw`: what the processes print is shown as it is.
    pub fn raw(mut self) -> Self {
        self.output = OutputStyle::Raw;
        self
    }

    /// Describes the process with this index, of which there is only one where `alone` says so.
    fn builder(&self, index: usize, alone: bool) -> ProcessBuilder {
        let mut builder = Process::builder().output_style(self.output);
        if let Some(name) = &self.name {
            builder = builder.name(if alone { name.clone() } else { format!("{name}-{index}") });
        }
        if let Some(bytes) = self.memory_limit {
            builder = builder.memory_limit(bytes);
        }
        builder
    }
}

/// The processes of one cell.
#[derive(Clone, Debug)]
pub struct CellProcesses {
    options: ProcessOptions,
}

/// The processes that a cell's options describe.
#[must_use]
pub fn process(options: ProcessOptions) -> CellProcesses {
    CellProcesses { options }
}

impl CellProcesses {
    /// The same for processes that are not waited for.
    #[must_use]
    pub fn daemon(self) -> CellDaemons {
        CellDaemons { options: self.options }
    }

    /// Runs `body` in each process, which changes its own copy of what it captures. Every exit that was not clean is
    /// reported and fails the cell.
    pub fn run<R: Message>(&self, mut body: impl FnMut() -> R) -> Vec<R> {
        self.run_indexed(|_: usize| body())
    }

    /// Runs `f` in each process with the process's index, from 0.
    ///
    /// # Panics
    ///
    /// If an index does not fit the function's parameter.
    #[track_caller]
    pub fn run_indexed<I: TryFrom<usize>, R: Message>(&self, f: impl FnMut(I) -> R) -> Vec<R> {
        let count = self.options.count.unwrap_or(1);
        let indices: Vec<I> = (0..count).map(to_index).collect();
        self.start_all(f, indices, self.options.count.is_none())
    }

    /// Runs `f` in a process for each item.
    pub fn run_each<T, R: Message>(&self, f: impl FnMut(T) -> R, items: impl IntoIterator<Item = T>) -> Vec<R> {
        self.start_all(f, items.into_iter().collect(), false)
    }

    fn start_all<T, R: Message>(&self, mut f: impl FnMut(T) -> R, arguments: Vec<T>, alone: bool) -> Vec<R> {
        let start = |(index, argument)| {
            let process = self.options.builder(index, alone).try_spawn(|| f(argument))?;
            Ok((process, Instant::now()))
        };
        let started: Vec<Result<_, TaskError>> = arguments.into_iter().enumerate().map(start).collect();
        // All are joined, in their order, before any failure counts.
        let outcomes: Vec<Result<R, TaskError>> = started
            .into_iter()
            .map(|started| started.and_then(|(process, start)| join(&process, start, self.options.timeout)))
            .collect();
        if outcomes.iter().any(Result::is_err) {
            keep_results(&outcomes);
            let errors: Vec<TaskError> = outcomes.into_iter().filter_map(Result::err).collect();
            failure::fail(&errors);
        }
        outcomes.into_iter().flatten().collect()
    }
}

/// Waits for a process that was started at this time; one that has run for `limit` is killed.
fn join<R: Message>(process: &Process<R>, started: Instant, limit: Option<Duration>) -> Result<R, TaskError> {
    let Some(limit) = limit else { return process.join() };
    if let Some(outcome) = process.join_timeout(limit.saturating_sub(started.elapsed())) {
        return outcome;
    }
    process.kill();
    // It may have been done at the last moment.
    process.join().map_err(|_| TaskError::TimedOut {
        pid: process.pid(),
        item: None,
        limit,
    })
}

/// The processes that no cell waits for. They end with this process, which `%reset` replaces by another.
static DAEMONS: Mutex<Vec<Box<dyn Daemon>>> = Mutex::new(Vec::new());

/// A process of whatever type.
trait Daemon: Send {
    fn is_alive(&self) -> bool;
}

impl Daemon for Process<()> {
    fn is_alive(&self) -> bool {
        Process::is_alive(self)
    }
}

/// The processes of one cell that does not wait for them.
#[derive(Clone, Debug)]
pub struct CellDaemons {
    options: ProcessOptions,
}

impl CellDaemons {
    /// Starts processes that run `body`.
    pub fn run<R>(&self, mut body: impl FnMut() -> R) {
        self.run_indexed(|_: usize| body());
    }

    /// Starts processes that run `f` with their index, from 0.
    ///
    /// # Panics
    ///
    /// If an index does not fit the function's parameter.
    #[track_caller]
    pub fn run_indexed<I: TryFrom<usize>, R>(&self, f: impl FnMut(I) -> R) {
        let count = self.options.count.unwrap_or(1);
        let indices: Vec<I> = (0..count).map(to_index).collect();
        self.start_all(f, indices, self.options.count.is_none());
    }

    /// Starts a process that runs `f` for each item.
    pub fn run_each<T, R>(&self, f: impl FnMut(T) -> R, items: impl IntoIterator<Item = T>) {
        self.start_all(f, items.into_iter().collect(), false);
    }

    fn start_all<T, R>(&self, mut f: impl FnMut(T) -> R, arguments: Vec<T>, alone: bool) {
        let mut errors = Vec::new();
        let mut daemons = DAEMONS.lock().even_if_poisoned();
        // Those that have ended are waited for here, so that none stays as a zombie for long.
        daemons.retain(|daemon| daemon.is_alive());
        for (index, argument) in arguments.into_iter().enumerate() {
            let builder = self.options.builder(index, alone).daemon(true).unattended();
            match builder.try_spawn(|| report_panic(|| f(argument))) {
                Ok(process) => daemons.push(Box::new(process)),
                Err(error) => errors.push(error),
            }
        }
        drop(daemons);
        if !errors.is_empty() {
            failure::fail(&errors);
        }
    }
}

/// In a daemon, whose parent does not wait for its outcome: says how it panicked.
#[expect(clippy::print_stderr, reason = "it is the process's output")]
fn report_panic<R>(body: impl FnOnce() -> R) {
    if let Err(panic) = panics::catch(body) {
        eprintln!("the process {}", panic.description());
        std::process::exit(PANICKED);
    }
}

/// The exit code of a program that panicked.
const PANICKED: i32 = 101;

#[track_caller]
fn to_index<I: TryFrom<usize>>(index: usize) -> I {
    I::try_from(index).unwrap_or_else(|_| panic!("the index {index} does not fit `{}`", std::any::type_name::<I>()))
}

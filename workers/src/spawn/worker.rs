//! A worker process as it is told to who asks: what it is for, and what it is doing.
//!
//! What a worker is on, it tells in the memory that it shares with its employer; the rest the operating system knows.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::sys::clock;
use crate::sys::cpu::cpu_count;
use crate::sys::exit::{Ending, Exit};
use crate::sys::fork;
use crate::sys::process_stat::{Activity, ProcessStat};

/// How many workers there are where nobody has said: one for each core, and in a worker, whose siblings have the other
/// cores, one.
pub(crate) fn default_workers() -> usize {
    if fork::is_worker() { 1 } else { cpu_count() }
}

/// One worker process at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct WorkerInfo {
    /// Its PID.
    pub pid: u32,
    /// Its name, as it is called in [`CurrentProcess::name`](crate::CurrentProcess::name).
    pub name: String,
    /// What it is for.
    pub kind: WorkerKind,
    /// What it is doing.
    pub state: WorkerState,
    /// How long it has been there, or was.
    pub elapsed: Duration,
    /// How much processor time it has used.
    pub cpu: Duration,
    /// How many bytes of memory it has resident, with what it shares with the program; of one that has ended, the most
    /// that it had.
    pub memory: u64,
    /// How many items or calls it is done with; `None` for what has none.
    pub tasks: Option<u64>,
}

/// What a worker process is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerKind {
    /// A worker of [`Pool::map`](crate::Pool::map) and its family.
    Pool,
    /// A [`Process`](crate::Process).
    Process,
    /// A [`Process`](crate::Process) that nobody waits for.
    Daemon,
    /// A worker of a [`ProcessPoolExecutor`](crate::ProcessPoolExecutor) or of
    /// [`Pool::apply_async`](crate::Pool::apply_async).
    Standing,
    /// The process of a [`Manager`](crate::Manager).
    Manager,
}

/// What a worker process is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WorkerState {
    /// It has nothing to do.
    Idle,
    /// It computes.
    Running {
        /// The item that it is on, where it has items.
        item: Option<usize>,
    },
    /// It is on something, and waits: it sleeps, reads, or waits for a lock or for another process.
    Waiting {
        /// The item that it is on, where it has items.
        item: Option<usize>,
    },
    /// It has ended.
    Ended {
        /// Its exit code, or the negative number of the signal that killed it; `None` where that is not known.
        exit_code: Option<i32>,
        /// Whether this program has killed it: with its map, for its time limit, or with its handle.
        stopped: bool,
    },
}

impl WorkerState {
    /// Whether the process has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }
}

/// Where it is seen what a worker is on.
pub(crate) trait WorkView: fmt::Debug + Send + Sync {
    fn work(&self) -> Work;
}

/// What a worker is on, and how much it has done.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Work {
    pub(crate) is_on_something: bool,
    pub(crate) item: Option<usize>,
    pub(crate) done: u64,
}

/// A worker as it stands in the roll.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub(crate) pid: u32,
    pub(crate) name: String,
    pub(crate) kind: WorkerKind,
    /// When it was started, in nanoseconds of the monotonic clock.
    pub(crate) started: u64,
    pub(crate) view: Option<Arc<dyn WorkView>>,
}

impl Entry {
    fn info(&self, state: WorkerState, cpu: Duration, memory: u64, work: Option<Work>) -> WorkerInfo {
        WorkerInfo {
            pid: self.pid,
            name: self.name.clone(),
            kind: self.kind,
            state,
            elapsed: Duration::from_nanos(clock::now().saturating_sub(self.started)),
            cpu,
            memory,
            tasks: work.map(|work| work.done),
        }
    }

    fn work(&self) -> Option<Work> {
        self.view.as_ref().map(|view| view.work())
    }

    /// How it is now; `None` where it has just gone.
    pub(crate) fn look(&self) -> Option<WorkerInfo> {
        let stat = ProcessStat::of(self.pid)?;
        let work = self.work();
        let is_on_something = work.map_or(self.kind != WorkerKind::Manager, |work| work.is_on_something);
        let item = work.and_then(|work| work.item).filter(|_| is_on_something);
        let state = match stat.activity {
            Activity::Ended => WorkerState::Ended {
                exit_code: None,
                stopped: false,
            },
            // Who has a view and nothing on it is about to go to sleep, or to take something.
            _ if !is_on_something && work.is_some() => WorkerState::Idle,
            Activity::Waiting if !is_on_something => WorkerState::Idle,
            Activity::Waiting => WorkerState::Waiting { item },
            Activity::Running => WorkerState::Running { item },
        };
        Some(self.info(state, stat.cpu, stat.memory, work))
    }

    /// How it was in the end.
    pub(crate) fn ended(&self, ending: &Ending, stopped: bool) -> WorkerInfo {
        let exit_code = match ending.exit {
            Exit::Code(code) => Some(code),
            Exit::Signal(signal) => Some(-signal),
            Exit::Lost => None,
        };
        let state = WorkerState::Ended { exit_code, stopped };
        let (cpu, memory) = (ending.cpu.unwrap_or_default(), ending.peak_memory.unwrap_or_default());
        self.info(state, cpu, memory, self.work())
    }
}

//! Which worker processes there are, and what each is doing: [`workers`] for programs, `%workers` for notebooks.
//!
//! The family knows which processes this one has started, and keeps those for a while that have ended. What a worker is
//! on, it tells in the memory that it shares with its employer; the rest the operating system knows.

mod live;
mod table;

use std::collections::VecDeque;
use std::fmt;
use std::ops::Deref;
use std::time::Duration;

pub(crate) use live::{end_cell, rest, show, tick};

use crate::family::Family;
use crate::notebook;
use crate::sys::child::{Ending, Exit};
use crate::sys::clock;
use crate::sys::process_stat::{Activity, ProcessStat};

/// How many workers that have ended are kept.
const KEPT: usize = 256;

/// The worker processes of the calling process: those that there are, and those that ended last. From [`workers`].
///
/// It is a slice of [`WorkerInfo`]; as text, and as the last expression of a cell, it is a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workers {
    all: Vec<WorkerInfo>,
    /// How many more have ended.
    forgotten: usize,
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

/// The worker processes of the calling process: those that there are, and of those that have ended the workers of the last
/// map, and the latest others. Processes that workers have started themselves are not among them.
///
/// # Examples
///
/// ```
/// use parcell::{Pool, WorkerKind, WorkerState, workers};
///
/// Pool::new(2).for_each(|n: u32| assert!(n < 8), 0..8);
/// let workers = workers();
/// let of_map: Vec<_> = workers.iter().filter(|worker| worker.kind == WorkerKind::Pool).collect();
/// assert_eq!(of_map.len(), 2);
/// assert_eq!(of_map.iter().filter_map(|worker| worker.tasks).sum::<u64>(), 8);
/// assert!(of_map.iter().all(|worker| matches!(worker.state, WorkerState::Ended { exit_code: Some(0), .. })));
/// println!("{workers}");
/// ```
#[must_use]
pub fn workers() -> Workers {
    let (living, former, forgotten) = Family::lock().roll();
    let mut all: Vec<WorkerInfo> = living.iter().filter_map(Entry::look).collect();
    all.extend(former);
    Workers { all, forgotten }
}

/// Where it is seen what a worker is on.
pub(crate) trait Desk: fmt::Debug + Send + Sync {
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
    pub(crate) desk: Option<std::sync::Arc<dyn Desk>>,
}

/// The workers that ended last, of the cell in which the latest of them did.
#[derive(Debug, Default)]
pub(crate) struct Former {
    workers: VecDeque<WorkerInfo>,
    cell: Option<u64>,
    forgotten: usize,
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
        self.desk.as_ref().map(|desk| desk.work())
    }

    /// How it is now; `None` where it has just gone.
    fn look(&self) -> Option<WorkerInfo> {
        let stat = ProcessStat::of(self.pid)?;
        let work = self.work();
        let is_on_something = work.map_or(self.kind != WorkerKind::Manager, |work| work.is_on_something);
        let item = work.and_then(|work| work.item).filter(|_| is_on_something);
        let state = match stat.activity {
            Activity::Ended => WorkerState::Ended {
                exit_code: None,
                stopped: false,
            },
            // Who has a desk and nothing on it is about to go to sleep, or to take something.
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

impl Former {
    /// None.
    pub(crate) const NONE: Self = Self {
        workers: VecDeque::new(),
        cell: None,
        forgotten: 0,
    };

    pub(crate) fn add(&mut self, worker: WorkerInfo) {
        let cell = notebook::current_cell();
        if self.cell != cell {
            *self = Self::NONE;
            self.cell = cell;
        }
        if self.workers.len() == KEPT {
            self.workers.pop_front();
            self.forgotten += 1;
        }
        self.workers.push_back(worker);
    }

    /// A map begins, so those of another are no longer of the last one.
    pub(crate) fn forget_map(&mut self) {
        self.workers.retain(|worker| worker.kind != WorkerKind::Pool);
        self.forgotten = 0;
    }

    pub(crate) fn all(&self) -> (Vec<WorkerInfo>, usize) {
        (self.workers.iter().cloned().collect(), self.forgotten)
    }
}

impl Deref for Workers {
    type Target = [WorkerInfo];

    fn deref(&self) -> &[WorkerInfo] {
        &self.all
    }
}

impl IntoIterator for Workers {
    type Item = WorkerInfo;
    type IntoIter = std::vec::IntoIter<WorkerInfo>;

    fn into_iter(self) -> Self::IntoIter {
        self.all.into_iter()
    }
}

impl fmt::Display for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&table::text(self))
    }
}

impl Workers {
    /// Shows the table in a notebook.
    pub fn evcxr_display(&self) {
        crate::display::display(table::bundle(self));
    }

    /// How many have ended that are not in it.
    fn forgotten(&self) -> usize {
        self.forgotten
    }
}

impl WorkerState {
    /// Whether the process has ended.
    #[must_use]
    pub fn has_ended(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn worker(pid: u32, kind: WorkerKind) -> WorkerInfo {
        let entry = Entry {
            pid,
            name: "x".to_owned(),
            kind,
            started: 0,
            desk: None,
        };
        entry.ended(&Ending::LOST, false)
    }

    #[test]
    fn those_that_have_ended_are_kept_for_a_while_and_counted() {
        let mut former = Former::NONE;
        former.add(worker(1, WorkerKind::Process));
        for pid in 0..KEPT as u32 + 10 {
            former.add(worker(pid, WorkerKind::Pool));
        }
        let (kept, forgotten) = former.all();
        assert_eq!((kept.len(), forgotten, kept[0].pid), (KEPT, 11, 10));
        former.forget_map();
        assert_eq!(former.all(), (Vec::new(), 0));
        former.add(worker(1, WorkerKind::Process));
        former.forget_map();
        assert_eq!(former.all().0.len(), 1);
    }
}

//! Which worker processes there are, and what each is doing: [`workers`] for programs, `%workers` for notebooks.
//!
//! The family knows which processes this one has started, and keeps those for a while that have ended. What a worker is
//! on, it tells in the memory that it shares with its employer; the rest the operating system knows.

mod live;
mod table;

use std::fmt;
use std::ops::Deref;

pub(crate) use live::{end_cell, rest, show, tick};

use crate::spawn::{Entry, Family, WorkerInfo};

/// The worker processes of the calling process: those that there are, and those that ended last. From [`workers`].
///
/// It is a slice of [`WorkerInfo`]; as text, and as the last expression of a cell, it is a table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Workers {
    all: Vec<WorkerInfo>,
    /// How many more have ended.
    forgotten: usize,
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

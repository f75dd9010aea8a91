//! The workers that have ended, of which the latest are known for a while.

use std::collections::VecDeque;

use super::worker::{WorkerInfo, WorkerKind};
use crate::notebook;

/// How many are kept.
const KEPT: usize = 256;

/// The workers that ended last, of the cell in which the latest of them did.
#[derive(Debug, Default)]
pub(crate) struct Former {
    workers: VecDeque<WorkerInfo>,
    cell: Option<u64>,
    forgotten: usize,
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

#[cfg(test)]
mod tests {
    use super::super::worker::Entry;
    use super::*;
    use crate::sys::exit::Ending;

    fn worker(pid: u32, kind: WorkerKind) -> WorkerInfo {
        let entry = Entry {
            pid,
            name: "x".to_owned(),
            kind,
            started: 0,
            view: None,
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

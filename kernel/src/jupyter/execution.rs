//! The queue of cells: one runs, the others wait; who counts, and who is aborted when one fails.
//!
//! It decides and remembers; it sends nothing.

use super::message::Request;
use super::origins::{Origin, Origins};
use super::requests::ExecuteRequest;
use super::subshells::SubshellId;
use crate::session::{Cell, CellId, ExpectedCell};
use std::collections::VecDeque;

/// The cells of one kernel.
#[derive(Debug)]
pub(super) struct Executions {
    /// The execution count that the next cell gets.
    next_count: u32,
    next_cell: u64,
    waiting: VecDeque<Submission>,
    running: Option<Running>,
    origins: Origins,
}

/// A cell that a client asked for.
#[derive(Debug)]
pub(super) struct Submission {
    pub(super) request: Request,
    pub(super) execute: ExecuteRequest,
}

/// The cell that runs.
#[derive(Debug)]
pub(super) struct Running {
    cell: CellId,
    pub(super) execution_count: u32,
    pub(super) submission: Submission,
}

impl Executions {
    pub(super) fn new() -> Executions {
        Executions {
            next_count: 1,
            next_cell: 0,
            waiting: VecDeque::new(),
            running: None,
            origins: Origins::default(),
        }
    }

    /// Queues a cell.
    pub(super) fn push(&mut self, submission: Submission) {
        self.waiting.push_back(submission);
    }

    /// Takes the next cell from the queue, unless one is running.
    pub(super) fn start_next(&mut self) -> Option<(Cell, &Running)> {
        if self.running.is_some() {
            return None;
        }
        let submission = self.waiting.pop_front()?;
        let id = self.new_cell();
        let execution_count = self.next_count;
        if submission.execute.stores_history() {
            self.next_count += 1;
        }
        let origin = Origin {
            parent: submission.request.header.clone(),
            execution_count,
            silent: submission.execute.silent,
        };
        self.origins.insert(id, origin);
        let cell = Cell {
            id,
            execution_count,
            code: submission.execute.code.clone(),
            allow_stdin: submission.execute.allow_stdin,
        };
        Some((
            cell,
            self.running.insert(Running {
                cell: id,
                execution_count,
                submission,
            }),
        ))
    }

    /// The cell that is next, as it will be if it comes to that; None where none runs, for then it is not next but now.
    pub(super) fn expected(&self) -> Option<ExpectedCell> {
        self.running.as_ref()?;
        Some(ExpectedCell {
            code: self.waiting.front()?.execute.code.clone(),
            execution_count: self.next_count,
        })
    }

    /// Whether no cell runs or waits.
    pub(super) fn is_idle(&self) -> bool {
        self.running.is_none() && self.waiting.is_empty()
    }

    /// How many cells wait.
    pub(super) fn waiting(&self) -> usize {
        self.waiting.len()
    }

    /// The request of the running cell; None where `cell` is not the one that runs.
    pub(super) fn request(&self, cell: CellId) -> Option<&Request> {
        let running = self.running.as_ref().filter(|running| running.cell == cell)?;
        Some(&running.submission.request)
    }

    /// A name for something that is run as a cell because of another. What is printed under it later, by a thread that
    /// goes on, belongs to that other cell.
    pub(super) fn new_cell_for(&mut self, ended: &Running) -> CellId {
        let id = self.new_cell();
        self.origins.insert(
            id,
            Origin {
                parent: ended.submission.request.header.clone(),
                execution_count: ended.execution_count,
                silent: ended.submission.execute.silent,
            },
        );
        id
    }

    /// A name for what follows from a request that is no cell.
    pub(super) fn new_cell_of(&mut self, request: &Request) -> CellId {
        let id = self.new_cell();
        let origin = Origin {
            parent: request.header.clone(),
            execution_count: 0,
            silent: false,
        };
        self.origins.insert(id, origin);
        id
    }

    fn new_cell(&mut self) -> CellId {
        let id = CellId(self.next_cell);
        self.next_cell += 1;
        id
    }

    /// Ends the running cell; None where `cell` is not the one that runs.
    pub(super) fn finish(&mut self, cell: CellId) -> Option<Running> {
        self.running.take_if(|running| running.cell == cell)
    }

    /// Empties the queue and gives those that waited in it.
    pub(super) fn abort_waiting(&mut self) -> VecDeque<Submission> {
        std::mem::take(&mut self.waiting)
    }

    /// Takes those out of the queue that came from this shell.
    pub(super) fn abort_waiting_in(&mut self, subshell: Option<&SubshellId>) -> VecDeque<Submission> {
        let (aborted, waiting) = self
            .abort_waiting()
            .into_iter()
            .partition(|submission| submission.request.subshell.as_ref() == subshell);
        self.waiting = waiting;
        aborted
    }

    /// The request of the cell that runs, whichever it is.
    pub(super) fn running_request(&self) -> Option<&Request> {
        Some(&self.running.as_ref()?.submission.request)
    }

    /// Takes the running cell, whichever it is.
    pub(super) fn abandon_running(&mut self) -> Option<Running> {
        self.running.take()
    }

    /// Where a cell's output belongs, also when the cell has ended; None if that is too long ago.
    pub(super) fn origin(&mut self, cell: CellId) -> Option<&Origin> {
        self.origins.get(cell)
    }

    /// The execution count that the next cell gets.
    pub(super) fn next_count(&self) -> u32 {
        self.next_count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jupyter::connection::Channel;
    use crate::jupyter::message::ParentHeader;
    use serde_json::{Value, json};

    fn submission(content: Value) -> Submission {
        let request = Request {
            channel: Channel::Shell,
            identities: Vec::new(),
            header: ParentHeader(content.to_string().into()),
            msg_type: "execute_request".to_owned(),
            subshell: None,
            parent_id: None,
        };
        Submission {
            execute: serde_json::from_value(content).unwrap(),
            request,
        }
    }

    /// Starts and ends the next cell, and gives its execution count.
    fn run_next(executions: &mut Executions) -> u32 {
        let (cell, _) = executions.start_next().unwrap();
        executions.finish(cell.id).unwrap().execution_count
    }

    #[test]
    fn only_cells_that_enter_the_history_count() {
        let mut executions = Executions::new();
        let contents = [
            json!({"code": "a"}),
            json!({"code": "b", "silent": true}),
            json!({"code": "c", "store_history": false}),
            json!({"code": "d"}),
            json!({"code": "e"}),
        ];
        for content in contents {
            executions.push(submission(content));
        }
        let counts: Vec<u32> = (0..5).map(|_| run_next(&mut executions)).collect();
        assert_eq!(counts, [1, 2, 2, 2, 3]);
    }

    #[test]
    fn one_cell_runs_at_a_time_in_order() {
        let mut executions = Executions::new();
        executions.push(submission(json!({"code": "a"})));
        executions.push(submission(json!({"code": "b"})));
        let (first, _) = executions.start_next().unwrap();
        assert_eq!(first.code, "a");
        assert!(executions.start_next().is_none());
        assert!(executions.finish(CellId(77)).is_none());
        assert!(executions.finish(first.id).is_some());
        assert!(executions.finish(first.id).is_none());
        assert_eq!(executions.start_next().unwrap().0.code, "b");
    }

    #[test]
    fn the_next_cell_is_expected_with_the_number_that_it_will_have() {
        let mut executions = Executions::new();
        executions.push(submission(json!({"code": "a"})));
        assert_eq!(executions.expected(), None);
        let (first, _) = executions.start_next().unwrap();
        assert_eq!(executions.expected(), None);
        executions.push(submission(json!({"code": "b"})));
        executions.push(submission(json!({"code": "c"})));
        let expected = executions.expected().unwrap();
        executions.finish(first.id);
        let (second, _) = executions.start_next().unwrap();
        assert_eq!(
            (expected.code, expected.execution_count),
            (second.code, second.execution_count)
        );
    }

    #[test]
    fn output_after_the_end_still_finds_its_request() {
        let mut executions = Executions::new();
        executions.push(submission(json!({"code": "a"})));
        executions.push(submission(json!({"code": "b", "silent": true})));
        let first = executions.start_next().unwrap().0.id;
        executions.finish(first);
        let second = executions.start_next().unwrap().0.id;
        let origin = executions.origin(first).unwrap();
        assert_eq!(
            (origin.parent.0.as_ref(), origin.silent),
            (br#"{"code":"a"}"#.as_slice(), false)
        );
        assert!(executions.origin(second).unwrap().silent);
    }

    #[test]
    fn what_is_run_because_of_a_cell_has_its_origin() {
        let mut executions = Executions::new();
        executions.push(submission(json!({"code": "a"})));
        let first = executions.start_next().unwrap().0.id;
        let ended = executions.finish(first).unwrap();
        let expression = executions.new_cell_for(&ended);
        assert_ne!(expression, first);
        assert_eq!(
            executions.origin(expression).unwrap().parent.0.as_ref(),
            br#"{"code":"a"}"#
        );
    }

    #[test]
    fn cells_of_one_shell_are_aborted_without_those_of_others() {
        let mut executions = Executions::new();
        let subshell = SubshellId("s".to_owned());
        for (code, subshell) in [("a", None), ("b", Some(&subshell)), ("c", None), ("d", Some(&subshell))] {
            let mut submission = submission(json!({"code": code}));
            submission.request.subshell = subshell.cloned();
            executions.push(submission);
        }
        executions.start_next().unwrap();
        let mut abort = |subshell| -> Vec<String> {
            let aborted = executions.abort_waiting_in(subshell).into_iter();
            aborted.map(|submission| submission.execute.code).collect()
        };
        assert_eq!(abort(None), ["c"]);
        assert_eq!(abort(Some(&subshell)), ["b", "d"]);
    }

    #[test]
    fn aborting_empties_the_queue_and_spares_the_running_cell() {
        let mut executions = Executions::new();
        for code in ["a", "b", "c"] {
            executions.push(submission(json!({"code": code})));
        }
        let running = executions.start_next().unwrap().0.id;
        let aborted: Vec<String> = executions.abort_waiting().into_iter().map(|s| s.execute.code).collect();
        assert_eq!(aborted, ["b", "c"]);
        assert!(executions.finish(running).is_some());
        assert!(executions.start_next().is_none());
        assert_eq!(executions.next_count(), 2);
    }
}

//! Which tasks of a crew have no outcome, and what follows for them from the end of a worker. All of it is decided here,
//! and nothing done.

use std::collections::BTreeMap;
use std::sync::{Arc, Weak};

use super::task::{Outcome, Payload, Task};
use crate::error::TaskError;
use crate::sys::exit::{Ending, Exit};

/// How many workers in a row may end without having taken a task before tasks are given up.
const MAX_FRUITLESS: usize = 4;

/// The tasks of a crew that have no outcome.
#[derive(Debug, Default)]
pub(super) struct Docket {
    /// Nobody may want to know the outcome any more.
    open: BTreeMap<u64, Weak<Task>>,
    fruitless: usize,
}

/// A worker that has ended, all of whose results have been settled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Death {
    pub(super) pid: u32,
    pub(super) ending: Ending,
    /// The task that it was on, or was on last.
    pub(super) on: Option<u64>,
}

/// What is to be done about a death.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Others go on.
    GoOn,
    /// It died on this.
    Tell(Settled),
    /// Workers keep ending before they take a task: nothing that waits will ever be run.
    GiveUp,
}

/// A task that has an outcome now.
#[derive(Debug)]
pub(super) struct Settled {
    pub(super) task: Weak<Task>,
    pub(super) result: Result<Payload, TaskError>,
    pub(super) pid: Option<u32>,
}

impl Docket {
    pub(super) fn add(&mut self, task: &Arc<Task>) {
        self.open.insert(task.number, Arc::downgrade(task));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn is_open(&self, number: u64) -> bool {
        self.open.contains_key(&number)
    }

    /// How many there are; as many workers find work.
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }

    /// The tasks whose outcome somebody wants to know.
    pub(super) fn wanted(&self) -> Vec<Arc<Task>> {
        self.open.values().filter_map(Weak::upgrade).collect()
    }

    /// The task with this number has an outcome; `None` if it had one before.
    pub(super) fn settle(
        &mut self,
        number: u64,
        result: Result<Payload, TaskError>,
        pid: Option<u32>,
    ) -> Option<Settled> {
        let task = self.open.remove(&number)?;
        self.fruitless = 0;
        Some(Settled { task, result, pid })
    }

    /// All tasks that have no outcome have this one.
    pub(super) fn settle_all(&mut self, error: &TaskError) -> Vec<Settled> {
        let numbers: Vec<u64> = self.open.keys().copied().collect();
        numbers
            .into_iter()
            .filter_map(|number| self.settle(number, Err(error.clone()), None))
            .collect()
    }

    /// What follows from a death, when the first task that waits is number `first`.
    pub(super) fn judge(&mut self, death: Death, first: u64) -> Verdict {
        let Death { pid, ending, on } = death;
        // A task that still waits will be taken by another.
        let taken = on.filter(|number| *number < first);
        if let Some(number) = taken.filter(|number| self.is_open(*number)) {
            let error = TaskError::from_ending(pid, None, ending);
            return self
                .settle(number, Err(error), Some(pid))
                .map_or(Verdict::GoOn, Verdict::Tell);
        }
        // A worker that is to end leaves nothing that waits; an initializer can end it in the same way.
        let was_to_end = ending.exit == Exit::Code(0) && self.open.range(first..).next().is_none();
        if taken.is_none() && !was_to_end {
            self.fruitless += 1;
        }
        if self.fruitless <= MAX_FRUITLESS {
            return Verdict::GoOn;
        }
        self.fruitless = 0;
        Verdict::GiveUp
    }
}

impl Settled {
    /// Tells whoever has the task.
    pub(super) fn tell(self, order: u64) {
        if let Some(task) = self.task.upgrade() {
            task.settle(Outcome {
                result: self.result,
                order,
                pid: self.pid,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::CrashCause;

    const PID: u32 = 7;
    const KILLED: Exit = Exit::Signal(9);

    /// A docket of the tasks 0 to 5.
    fn docket() -> (Docket, Vec<Arc<Task>>) {
        let mut docket = Docket::default();
        let tasks: Vec<_> = (0..6).map(|number| Arc::new(Task::new(number, 0))).collect();
        tasks.iter().for_each(|task| docket.add(task));
        (docket, tasks)
    }

    fn death(exit: Exit, on: Option<u64>) -> Death {
        let ending = Ending { exit, ..Ending::LOST };
        Death { pid: PID, ending, on }
    }

    fn result() -> Result<Payload, TaskError> {
        Ok(Payload::new(vec![1, 2, 3].into(), 1))
    }

    fn cancelled() -> TaskError {
        TaskError::Cancelled { pid: None, item: None }
    }

    /// How many workers may die like this before tasks are given up.
    fn deaths_until_given_up(docket: &mut Docket, death: Death) -> usize {
        (0..)
            .find(|_| matches!(docket.judge(death, 1), Verdict::GiveUp))
            .unwrap()
    }

    #[test]
    fn the_task_that_a_worker_died_on_has_its_death_as_outcome() {
        let (mut docket, tasks) = docket();
        let Verdict::Tell(settled) = docket.judge(death(KILLED, Some(2)), 3) else {
            panic!("it was on a task");
        };
        settled.tell(11);
        let outcome = tasks[2].outcome().unwrap();
        assert_eq!((outcome.order, outcome.pid), (11, Some(PID)));
        let crashed = matches!(
            outcome.result,
            Err(TaskError::Crashed {
                pid: PID,
                item: None,
                cause: CrashCause::Signal(9),
                ..
            })
        );
        assert!(crashed, "{outcome:?}");
        assert_eq!(docket.len(), 5);
        assert!(!docket.is_open(2) && docket.is_open(3));
    }

    #[test]
    fn a_worker_that_exits_in_a_task_has_not_ended_on_its_own() {
        let (mut docket, _tasks) = docket();
        let verdict = docket.judge(death(Exit::Code(0), Some(0)), 1);
        assert!(matches!(verdict, Verdict::Tell(_)), "{verdict:?}");
    }

    #[test]
    fn a_task_that_still_waits_is_not_lost_with_the_worker_that_was_about_to_take_it() {
        let (mut docket, _tasks) = docket();
        let verdict = docket.judge(death(KILLED, Some(2)), 2);
        assert!(matches!(verdict, Verdict::GoOn), "{verdict:?}");
        assert_eq!(docket.len(), 6);
    }

    #[test]
    fn a_task_with_an_outcome_keeps_it_when_its_worker_dies() {
        let (mut docket, tasks) = docket();
        docket.settle(0, result(), Some(PID)).unwrap().tell(0);
        let verdict = docket.judge(death(KILLED, Some(0)), 1);
        assert!(matches!(verdict, Verdict::GoOn), "{verdict:?}");
        assert!(docket.settle(0, Err(cancelled()), None).is_none());
        let outcome = tasks[0].outcome().unwrap();
        assert_eq!(outcome.result.as_ref().unwrap().bytes(), [2, 3]);
    }

    #[test]
    fn workers_that_keep_ending_before_they_take_a_task_are_given_up() {
        let (mut docket, _tasks) = docket();
        assert_eq!(deaths_until_given_up(&mut docket, death(KILLED, None)), MAX_FRUITLESS);
        assert_eq!(docket.len(), 6, "they are settled when the log is empty");
        // Whatever comes then is tried as often.
        assert_eq!(
            deaths_until_given_up(&mut docket, death(Exit::Code(101), None)),
            MAX_FRUITLESS
        );
    }

    #[test]
    fn workers_that_exit_without_having_taken_a_task_are_given_up_where_one_waits() {
        let (mut docket, _tasks) = docket();
        let exit = death(Exit::Code(0), None);
        assert_eq!(deaths_until_given_up(&mut docket, exit), MAX_FRUITLESS);
        // All tasks are taken, and those who have none are told to end.
        for _ in 0..3 * MAX_FRUITLESS {
            let verdict = docket.judge(exit, 6);
            assert!(matches!(verdict, Verdict::GoOn), "{verdict:?}");
        }
    }

    #[test]
    fn workers_that_were_killed_with_their_tasks_do_not_count_as_such() {
        let (mut docket, _tasks) = docket();
        docket.settle(0, Err(cancelled()), None);
        for _ in 0..2 * MAX_FRUITLESS {
            let verdict = docket.judge(death(KILLED, Some(0)), 1);
            assert!(matches!(verdict, Verdict::GoOn), "{verdict:?}");
        }
    }

    #[test]
    fn any_outcome_makes_the_count_begin_anew() {
        let interludes: [fn(&mut Docket); 3] = [
            |docket| drop(docket.settle(3, result(), Some(PID))),
            |docket| drop(docket.settle(3, Err(cancelled()), None)),
            |docket| drop(docket.judge(death(KILLED, Some(0)), 1)),
        ];
        for interlude in interludes {
            let (mut docket, _tasks) = docket();
            for _ in 0..MAX_FRUITLESS {
                docket.judge(death(KILLED, None), 1);
            }
            interlude(&mut docket);
            assert_eq!(deaths_until_given_up(&mut docket, death(KILLED, None)), MAX_FRUITLESS);
        }
    }

    #[test]
    fn workers_that_have_run_as_many_tasks_as_they_may_are_replaced_for_ever() {
        let (mut docket, _tasks) = docket();
        docket.settle(0, result(), Some(PID));
        for _ in 0..3 * MAX_FRUITLESS {
            let verdict = docket.judge(death(Exit::Code(0), Some(0)), 1);
            assert!(matches!(verdict, Verdict::GoOn), "{verdict:?}");
        }
    }

    #[test]
    fn all_that_is_open_is_settled_in_the_order_in_which_it_came() {
        let (mut docket, tasks) = docket();
        docket.settle(1, result(), Some(PID)).unwrap().tell(0);
        for (order, settled) in (1..).zip(docket.settle_all(&cancelled())) {
            settled.tell(order);
        }
        assert!(docket.is_empty() && docket.settle_all(&cancelled()).is_empty());
        let orders: Vec<_> = tasks.iter().map(|task| task.outcome().unwrap().order).collect();
        assert_eq!(orders, [1, 0, 2, 3, 4, 5]);
        let others = tasks.iter().filter(|task| task.number != 1);
        for task in others {
            assert_eq!(task.outcome().unwrap().result.as_ref().unwrap_err(), &cancelled());
        }
    }

    #[test]
    fn a_task_that_nobody_wants_is_open_until_it_has_an_outcome() {
        let (mut docket, mut tasks) = docket();
        tasks.remove(4);
        assert_eq!((docket.len(), docket.wanted().len()), (6, 5));
        docket.settle(4, result(), Some(PID)).unwrap().tell(0);
        assert_eq!(docket.len(), 5);
    }
}

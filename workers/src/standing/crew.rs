//! One crew from its employer's side: start workers, hand out tasks, bury those that die.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use rustix::process::Signal;

use super::docket::{Death, Docket, Settled, Verdict};
use super::setup::{self, Setup, Started};
use super::shared::{ARRIVED, CREW, CrewMemory, MAX_WORKERS, task_log};
use super::task::{CANCELLED, Payload, Task};
use crate::error::TaskError;
use crate::handles::log::{Log, LogMessage};
use crate::job::function::Function;
use crate::spawn::{Family, Work, WorkView};
use crate::sys::exit::Ending;
use crate::sys::placed::Placed;
use crate::sys::region::RegionName;

/// What a crew is like.
#[derive(Clone, Debug)]
pub(crate) struct CrewSettings {
    pub(crate) workers: usize,
    pub(crate) initializer: Option<Function>,
    /// How many tasks a worker runs before another takes its place.
    pub(crate) max_tasks: Option<u64>,
    /// How many bytes a worker may use.
    pub(crate) memory_limit: Option<u64>,
}

/// What this process knows of a crew; the hub has it.
#[derive(Debug)]
pub(super) struct CrewState {
    settings: CrewSettings,
    memory: Placed<CrewMemory>,
    log: Log,
    members: BTreeMap<usize, Started>,
    docket: Docket,
}

/// One desk, for who wants to see what its worker is on.
#[derive(Debug)]
struct DeskView {
    memory: Placed<CrewMemory>,
    desk: usize,
}

impl WorkView for DeskView {
    fn work(&self) -> Work {
        let desk = &self.memory.desks[self.desk];
        let activity = desk.activity.load(Ordering::Relaxed);
        Work {
            is_on_something: activity & 1 == 1,
            item: None,
            done: activity >> 1,
        }
    }
}

impl CrewState {
    pub(super) fn new(settings: CrewSettings) -> io::Result<Self> {
        let memory = Placed::<CrewMemory>::create(CREW, 0)?;
        Ok(Self {
            log: task_log(&memory),
            settings,
            memory,
            members: BTreeMap::new(),
            docket: Docket::default(),
        })
    }

    /// Adds a task for the workers to take.
    pub(super) fn submit(&mut self, message: &LogMessage) -> io::Result<Arc<Task>> {
        let (number, offset) = self.memory.tasks.visit(|visit| {
            let number = visit.state.log.next;
            let offset = self.log.append(&mut visit.state.log, message)?;
            visit.ring(ARRIVED, 1);
            io::Result::Ok((number, offset))
        })?;
        let task = Arc::new(Task::new(number, offset));
        self.docket.add(&task);
        Ok(task)
    }

    /// Starts workers until there are as many as there is work for.
    ///
    /// # Errors
    ///
    /// Where none can be started, and there is none.
    pub(super) fn staff(&mut self, crew_id: u64, hub: RegionName) -> io::Result<()> {
        while self.members.len() < self.settings.workers.min(self.docket.len()) {
            match self.start(crew_id, hub) {
                Ok(()) => {}
                Err(error) if self.members.is_empty() => return Err(error),
                // Fewer will do.
                Err(_) => break,
            }
        }
        Ok(())
    }

    fn start(&mut self, crew_id: u64, hub: RegionName) -> io::Result<()> {
        let desk = (0..MAX_WORKERS).find(|desk| !self.members.contains_key(desk));
        let desk = desk.ok_or_else(|| io::Error::other("a crew cannot have more workers"))?;
        let place = &self.memory.desks[desk];
        place.task.store(0, Ordering::Relaxed);
        place.activity.store(0, Ordering::Relaxed);
        place.note.store(0, Ordering::Release);
        let setup = |lifeline| Setup {
            employer: setup::employer(),
            lifeline,
            crew: self.memory.region().name(),
            crew_id,
            hub,
            desk,
            initializer: self.settings.initializer.clone(),
            max_tasks: self.settings.max_tasks,
            memory_limit: self.settings.memory_limit,
        };
        let threads = (crate::sys::cpu::cpu_count() / self.settings.workers).max(1);
        let started = setup::start(setup, threads)?;
        let view = DeskView {
            memory: self.memory.clone(),
            desk,
        };
        Family::lock().add_standing(started.child.pid(), started.child.pidfd(), Arc::new(view));
        self.members.insert(desk, started);
        Ok(())
    }

    /// The task with this number has an outcome; `None` if it had one before.
    pub(super) fn settle(
        &mut self,
        number: u64,
        result: Result<Payload, TaskError>,
        pid: Option<u32>,
    ) -> Option<Settled> {
        self.docket.settle(number, result, pid)
    }

    /// The desks whose workers have ended and have not been buried.
    pub(super) fn dead(&mut self) -> Vec<usize> {
        self.members
            .iter_mut()
            .filter_map(|(desk, member)| member.child.try_wait().map(|_| *desk))
            .collect()
    }

    /// Takes the workers of these desks out of the crew, which were [`dead`](Self::dead) before their results were
    /// settled. What they died on is settled here. Whoever has ended since may have left a result, and has to wait.
    pub(super) fn bury(&mut self, desks: &[usize]) -> Vec<Settled> {
        let first = self.memory.tasks.visit(|visit| visit.state.log.first);
        let mut settled = Vec::new();
        for desk in desks {
            let Some(mut member) = self.members.remove(desk) else {
                continue;
            };
            let desk = &self.memory.desks[*desk];
            let note = desk.note.load(Ordering::Acquire);
            let ending = member.child.wait().with_note(note);
            let pid = member.child.pid();
            let on = desk.task.load(Ordering::Acquire).checked_sub(1);
            match self.docket.judge(Death { pid, ending, on }, first) {
                Verdict::GoOn => {}
                Verdict::Tell(one) => settled.push(one),
                Verdict::GiveUp => settled.append(&mut self.give_up(pid, ending)),
            }
        }
        settled
    }

    /// Workers keep ending before they take a task: nothing that waits will ever be run.
    fn give_up(&mut self, pid: u32, ending: Ending) -> Vec<Settled> {
        let error = match self.settings.initializer {
            Some(_) => TaskError::NotInitialized {
                pid,
                item: None,
                error: TaskError::cause_of(ending),
            },
            None => {
                let last = TaskError::from_ending(pid, None, ending);
                let error = format!("standing workers keep ending before they take a call: {last}");
                TaskError::system(Some(pid), None, error)
            }
        };
        self.abandon(&error)
    }

    /// Gives up all tasks.
    pub(super) fn abandon(&mut self, error: &TaskError) -> Vec<Settled> {
        self.memory.tasks.visit(|visit| {
            // Whatever waits is passed over.
            while let Ok(Some((_, surplus))) = self.log.take(&mut visit.state.log) {
                if let Some(surplus) = surplus {
                    visit.afterwards(|| surplus.give_back());
                }
            }
        });
        self.docket.settle_all(error)
    }

    /// Cancels a task that no worker has taken; whether it has.
    pub(super) fn cancel(&mut self, task: &Task) -> Option<Settled> {
        if !self.docket.is_open(task.number) {
            return None;
        }
        let cancelled = self.memory.tasks.visit(|visit| {
            task.number >= visit.state.log.first && self.log.overwrite(task.offset, &[CANCELLED]).is_ok()
        });
        let error = TaskError::Cancelled { pid: None, item: None };
        cancelled
            .then(|| self.docket.settle(task.number, Err(error), None))
            .flatten()
    }

    /// The worker that is on a task, as far as can be told now.
    fn worker_of(&self, number: u64) -> Option<&Started> {
        self.members
            .iter()
            .find(|(desk, _)| self.memory.desks[**desk].task.load(Ordering::Acquire) == number + 1)
            .map(|(_, member)| member)
    }

    /// Ends the worker that is on a task, which so is cancelled.
    pub(super) fn kill_worker_of(&mut self, task: &Task) -> Option<Settled> {
        let member = self.worker_of(task.number)?;
        let pid = member.child.pid();
        member.child.signal(Signal::KILL);
        let error = TaskError::Cancelled {
            pid: Some(pid),
            item: None,
        };
        self.docket.settle(task.number, Err(error), Some(pid))
    }

    pub(super) fn is_running(&self, task: &Task) -> bool {
        self.docket.is_open(task.number) && self.memory.tasks.visit(|visit| task.number < visit.state.log.first)
    }

    pub(super) fn has_open_tasks(&self) -> bool {
        !self.docket.is_empty()
    }

    pub(super) fn worker_pids(&self) -> Vec<u32> {
        self.members.values().map(|member| member.child.pid()).collect()
    }

    /// Cancels all tasks that wait.
    pub(super) fn cancel_all(&mut self) -> Vec<Settled> {
        self.docket
            .wanted()
            .iter()
            .filter_map(|task| self.cancel(task))
            .collect()
    }

    /// Ends the workers now. What they were on is cancelled.
    pub(super) fn kill_all(&mut self) -> Vec<Settled> {
        // All are signalled before the first is waited for, which dropping each one does.
        for member in self.members.values() {
            member.child.signal(Signal::KILL);
        }
        self.members.clear();
        self.docket.settle_all(&TaskError::Cancelled { pid: None, item: None })
    }

    /// Waits until the workers have ended, which [`close`](Self::close) has told them to.
    pub(super) fn wait_for_workers(&mut self) {
        for member in self.members.values_mut() {
            member.child.wait();
        }
    }

    /// Lets the workers end when they have done what waits.
    pub(super) fn close(&mut self) {
        self.memory.tasks.visit(|visit| {
            visit.state.closed = 1;
            visit.ring(ARRIVED, u32::MAX);
        });
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;
    use crate::spawn::Child;
    use crate::standing::task::WANTED;
    use crate::sys::lifeline::Lifelines;

    /// A crew whose workers are started by nobody.
    fn crew() -> CrewState {
        CrewState::new(CrewSettings {
            workers: 2,
            initializer: None,
            max_tasks: None,
            memory_limit: None,
        })
        .unwrap()
    }

    fn submit(crew: &mut CrewState, calls: usize) -> Vec<Arc<Task>> {
        (0..calls)
            .map(|_| crew.submit(&vec![WANTED, 5].into()).unwrap())
            .collect()
    }

    /// Takes a task as a worker does.
    fn take(crew: &CrewState) -> Option<Vec<u8>> {
        crew.memory
            .tasks
            .visit(|visit| crew.log.take(&mut visit.state.log))
            .unwrap()
            .map(|(message, _)| message.bytes)
    }

    /// Puts a process at a desk that has taken this task.
    fn seat(crew: &mut CrewState, desk: usize, task: u64, program: &mut Command) {
        crew.memory.desks[desk].task.store(task + 1, Ordering::Release);
        let (lifeline, tail) = Lifelines::lock().add().unwrap();
        let pid = program.spawn().unwrap().id().cast_signed();
        let child = Child::adopt(rustix::process::Pid::from_raw(pid).unwrap(), lifeline, false).unwrap();
        let started = Started { child, _lifeline: tail };
        crew.members.insert(desk, started);
    }

    fn is_cancelled(settled: &Settled, task: &Arc<Task>) -> bool {
        let error = TaskError::Cancelled { pid: None, item: None };
        settled.task.ptr_eq(&Arc::downgrade(task))
            && settled.pid.is_none()
            && settled.result.as_ref().is_err_and(|found| *found == error)
    }

    #[test]
    fn what_has_not_begun_can_be_cancelled_and_is_passed_over() {
        let mut crew = crew();
        let tasks = submit(&mut crew, 2);
        let settled = crew.cancel(&tasks[0]).unwrap();
        assert!(is_cancelled(&settled, &tasks[0]));
        assert!(crew.cancel(&tasks[0]).is_none(), "it has an outcome");
        assert_eq!(take(&crew).unwrap(), [CANCELLED, 5]);
        assert_eq!(take(&crew).unwrap(), [WANTED, 5]);
        assert!(!crew.is_running(&tasks[0]) && crew.is_running(&tasks[1]));
    }

    #[test]
    fn what_has_begun_can_be_cancelled_only_with_its_worker() {
        let mut crew = crew();
        let tasks = submit(&mut crew, 3);
        take(&crew).unwrap();
        assert!(crew.is_running(&tasks[0]) && !crew.is_running(&tasks[1]));
        assert!(crew.cancel(&tasks[0]).is_none());
        // No worker says that it is on it.
        assert!(crew.kill_worker_of(&tasks[0]).is_none());
        let settled = crew.cancel_all();
        assert!(
            settled
                .iter()
                .zip(&tasks[1..])
                .all(|(one, task)| is_cancelled(one, task))
        );
        assert_eq!(settled.len(), 2);
        assert!(crew.has_open_tasks() && crew.is_running(&tasks[0]));
    }

    #[test]
    fn the_end_of_all_workers_cancels_what_runs_as_well() {
        let mut crew = crew();
        let tasks = submit(&mut crew, 2);
        take(&crew).unwrap();
        let settled = crew.kill_all();
        assert!(settled.iter().zip(&tasks).all(|(one, task)| is_cancelled(one, task)));
        assert_eq!((settled.len(), crew.has_open_tasks()), (2, false));
    }

    #[test]
    fn tasks_that_were_given_up_are_taken_by_nobody() {
        let mut crew = crew();
        let _tasks = submit(&mut crew, 3);
        take(&crew).unwrap();
        let pid = 7;
        let ending = Ending::LOST;
        let settled = crew.give_up(pid, ending);
        assert_eq!(settled.len(), 3);
        let why = settled[2].result.as_ref().unwrap_err().to_string();
        assert!(
            why.contains("standing workers keep ending before they take a call"),
            "{why}"
        );
        assert_eq!(take(&crew), None);
        let later = &submit(&mut crew, 1)[0];
        assert_eq!((later.number, take(&crew)), (3, Some(vec![WANTED, 5])));
    }

    #[test]
    fn a_worker_that_ends_while_results_are_taken_in_is_not_buried_before_its_own_are() {
        let mut crew = crew();
        let tasks = submit(&mut crew, 2);
        assert!(take(&crew).is_some() && take(&crew).is_some());
        seat(&mut crew, 0, 0, &mut Command::new("true"));
        seat(&mut crew, 1, 1, Command::new("sleep").arg("60"));
        crew.members.get_mut(&0).unwrap().child.wait();
        let dead = crew.dead();
        assert_eq!(dead, [0]);
        let other = &mut crew.members.get_mut(&1).unwrap().child;
        other.signal(Signal::KILL);
        other.wait();
        let settled = crew.bury(&dead);
        assert!(matches!(&settled[..], [one] if one.task.ptr_eq(&Arc::downgrade(&tasks[0]))));
        let pid = Some(7);
        assert!(crew.settle(1, Ok(Payload::new(vec![1].into(), 0)), pid).is_some());
        let dead = crew.dead();
        assert_eq!(dead, [1]);
        assert!(crew.bury(&dead).is_empty() && crew.members.is_empty());
    }

    #[test]
    fn workers_are_told_to_end_after_what_waits() {
        let mut crew = crew();
        let _tasks = submit(&mut crew, 1);
        crew.close();
        assert_eq!(crew.memory.tasks.visit(|visit| visit.state.closed), 1);
        assert!(take(&crew).is_some());
        crew.wait_for_workers();
        assert!(crew.has_open_tasks() && crew.dead().is_empty());
    }
}

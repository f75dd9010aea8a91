//! One crew from its employer's side: start workers, hand out tasks, bury those that die.

use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Weak};

use rustix::process::Signal;

use super::setup::{self, Setup, Started};
use super::shared::{ARRIVED, CREW, CrewMemory, MAX_WORKERS, task_log};
use super::task::{CANCELLED, Outcome, Payload, Task};
use crate::error::TaskError;
use crate::handles::log::Log;
use crate::job::function::Function;
use crate::spawn::{Family, Work, WorkView};
use crate::sys::exit::{Ending, Exit};
use crate::sys::placed::Placed;
use crate::sys::region::RegionName;

/// How many workers in a row may end without having taken a task before tasks are given up.
const MAX_FRUITLESS: usize = 4;

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
    /// The tasks without an outcome. Nobody may want to know it any more.
    open: BTreeMap<u64, Weak<Task>>,
    fruitless: usize,
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

/// A task that has an outcome now.
pub(super) struct Settled {
    pub(super) task: Weak<Task>,
    pub(super) result: Result<Payload, TaskError>,
    pub(super) pid: Option<u32>,
}

impl CrewState {
    pub(super) fn new(settings: CrewSettings) -> io::Result<Self> {
        let memory = Placed::<CrewMemory>::create(CREW, 0)?;
        Ok(Self {
            log: task_log(&memory),
            settings,
            memory,
            members: BTreeMap::new(),
            open: BTreeMap::new(),
            fruitless: 0,
        })
    }

    /// Adds a task for the workers to take.
    pub(super) fn submit(&mut self, bytes: &[u8]) -> io::Result<Arc<Task>> {
        let (number, offset) = self.memory.tasks.visit(|visit| {
            let number = visit.state.log.next;
            let offset = self.log.append(&mut visit.state.log, bytes)?;
            visit.ring(ARRIVED, 1);
            io::Result::Ok((number, offset))
        })?;
        let task = Arc::new(Task::new(number, offset));
        self.open.insert(number, Arc::downgrade(&task));
        Ok(task)
    }

    /// Starts workers until there are as many as there is work for.
    ///
    /// # Errors
    ///
    /// Where none can be started, and there is none.
    pub(super) fn staff(&mut self, crew_id: u64, hub: RegionName) -> io::Result<()> {
        while self.members.len() < self.settings.workers.min(self.open.len()) {
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
        let task = self.open.remove(&number)?;
        self.fruitless = 0;
        Some(Settled { task, result, pid })
    }

    /// Whether a worker has ended that has not been buried.
    pub(super) fn has_dead(&mut self) -> bool {
        self.members
            .values_mut()
            .any(|member| member.child.try_wait().is_some())
    }

    /// Takes the workers that have ended out of the crew. All their results must have been settled. What they died on
    /// is settled here.
    pub(super) fn bury(&mut self) -> Vec<Settled> {
        let first = self.memory.tasks.visit(|visit| visit.state.log.first);
        let dead: Vec<_> = self
            .members
            .extract_if(.., |_, member| member.child.try_wait().is_some())
            .collect();
        let mut settled = Vec::new();
        for (desk, mut member) in dead {
            let note = self.memory.desks[desk].note.load(Ordering::Acquire);
            let ending = member.child.wait().with_note(note);
            let pid = member.child.pid();
            let on = self.memory.desks[desk].task.load(Ordering::Acquire);
            // A task that is still in the log will be taken by another.
            let on = on
                .checked_sub(1)
                .filter(|number| *number < first && self.open.contains_key(number));
            match on {
                Some(number) => {
                    settled.extend(self.settle(number, Err(TaskError::from_ending(pid, None, ending)), Some(pid)))
                }
                None if on_its_own(ending.exit) => {}
                None => self.fruitless += 1,
            }
            if self.fruitless > MAX_FRUITLESS {
                settled.append(&mut self.give_up(pid, ending));
            }
        }
        settled
    }

    /// Workers keep ending before they take a task: nothing that waits will ever be run.
    fn give_up(&mut self, pid: u32, ending: Ending) -> Vec<Settled> {
        self.fruitless = 0;
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
        self.settle_all(error)
    }

    /// All tasks that have no outcome have this one.
    fn settle_all(&mut self, error: &TaskError) -> Vec<Settled> {
        let numbers: Vec<u64> = self.open.keys().copied().collect();
        numbers
            .into_iter()
            .filter_map(|number| self.settle(number, Err(error.clone()), None))
            .collect()
    }

    /// Cancels a task that no worker has taken; whether it has.
    pub(super) fn cancel(&mut self, task: &Task) -> Option<Settled> {
        if !self.open.contains_key(&task.number) {
            return None;
        }
        let cancelled = self.memory.tasks.visit(|visit| {
            task.number >= visit.state.log.first && self.log.overwrite(task.offset, &[CANCELLED]).is_ok()
        });
        let error = TaskError::Cancelled { pid: None, item: None };
        cancelled.then(|| self.settle(task.number, Err(error), None)).flatten()
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
        self.settle(task.number, Err(error), Some(pid))
    }

    pub(super) fn is_running(&self, task: &Task) -> bool {
        self.open.contains_key(&task.number) && self.memory.tasks.visit(|visit| task.number < visit.state.log.first)
    }

    pub(super) fn has_open_tasks(&self) -> bool {
        !self.open.is_empty()
    }

    pub(super) fn worker_pids(&self) -> Vec<u32> {
        self.members.values().map(|member| member.child.pid()).collect()
    }

    /// Cancels all tasks that wait.
    pub(super) fn cancel_all(&mut self) -> Vec<Settled> {
        let tasks: Vec<_> = self.open.values().filter_map(Weak::upgrade).collect();
        tasks.iter().filter_map(|task| self.cancel(task)).collect()
    }

    /// Ends the workers now. What they were on is cancelled.
    pub(super) fn kill_all(&mut self) -> Vec<Settled> {
        // All are signalled before the first is waited for, which dropping each one does.
        for member in self.members.values() {
            member.child.signal(Signal::KILL);
        }
        self.members.clear();
        self.settle_all(&TaskError::Cancelled { pid: None, item: None })
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

/// Whether a worker has ended because it was to.
fn on_its_own(exit: Exit) -> bool {
    exit == Exit::Code(0)
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

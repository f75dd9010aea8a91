//! What a queue is in shared memory, for messages that are bytes: compiled once, not for every type of message.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use super::MAPPED;
use super::error::QueueError;
use crate::handles::log::{Log, LogMessage, LogState};
use crate::handles::membership::Membership;
use crate::handles::roster::Roster;
use crate::sys::bell::deadline_after;
use crate::sys::monitor::{Monitor, Occasion, Visit};
use crate::sys::placed::{Placed, place};
use crate::sys::region::{Kind, Region};
use crate::sys::threads;

/// The bells: there is a message, there is room, all tasks are done.
const MESSAGES: usize = 0;
const ROOM: usize = 1;
const DONE: usize = 2;
const BELLS: usize = 3;

/// What a process has done with a queue.
const HAS_PUT: u32 = 1;
const HAS_GOT: u32 = 2;

/// A queue, in shared memory.
#[repr(C)]
pub(super) struct Control {
    monitor: Monitor<QueueState, BELLS>,
    roster: Roster,
}

place!(Control { monitor, roster });

#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct QueueState {
    log: LogState,
    /// How many messages may wait; 0 for any number.
    capacity: u64,
    closed: u64,
    /// Tasks that were put and are not done; counted by every queue, waited for by joinable ones.
    unfinished: u64,
}

/// A handle to a queue.
#[derive(Debug)]
pub(super) struct QueueCore {
    control: Placed<Control>,
    log: Log,
    membership: Membership,
    /// Whether what is taken out is a task, for which `task_done` is owed.
    joinable: bool,
}

/// How long a call waits.
#[derive(Clone, Copy, Debug)]
pub(super) enum Patience {
    None,
    Until(Option<Instant>),
}

impl Patience {
    /// Waits for as long as it takes.
    pub(super) const ENDLESS: Self = Self::Until(None);

    pub(super) fn limited(limit: Duration) -> Self {
        Self::Until(deadline_after(limit))
    }

    /// Whether the caller does nothing else until it has what it waits for.
    pub(super) fn is_endless(self) -> bool {
        matches!(self, Self::Until(None))
    }

    pub(super) fn deadline(self) -> Option<Instant> {
        match self {
            Self::None => Some(Instant::now()),
            Self::Until(deadline) => deadline,
        }
    }

    /// The error when nothing came of it.
    pub(super) fn error(self, at_once: QueueError) -> QueueError {
        match self {
            Self::None => at_once,
            Self::Until(_) => QueueError::TimedOut,
        }
    }
}

impl QueueCore {
    /// A new queue.
    ///
    /// # Panics
    ///
    /// Where the system refuses memory or descriptors.
    #[track_caller]
    pub(super) fn create(kind: Kind, capacity: u64) -> Self {
        match Placed::create(kind, 0) {
            Ok(control) => {
                let queue = Self::open(control, kind);
                queue.control.monitor.visit(|visit| visit.state.capacity = capacity);
                queue
            }
            Err(error) => panic!("a queue cannot be made: {error}"),
        }
    }

    pub(super) fn open(control: Placed<Control>, kind: Kind) -> Self {
        Self {
            log: Log::new(control.region(), 0).mapping(MAPPED),
            membership: Membership::of(control.part(|control| &control.roster)),
            control,
            joinable: kind == super::joinable::KIND,
        }
    }

    pub(super) fn region(&self) -> &Arc<Region> {
        self.control.region()
    }

    pub(super) fn put(&self, message: &LogMessage, patience: Patience) -> Result<(), QueueError> {
        self.note_role(HAS_PUT);
        let attempt = |visit: &mut Visit<'_, QueueState, BELLS>| {
            if visit.state.closed != 0 {
                return Some(Err(QueueError::Closed));
            }
            if visit.state.capacity != 0 && visit.state.log.len() >= visit.state.capacity {
                return self
                    .lacks(HAS_GOT, visit.occasion, patience)
                    .then_some(Err(QueueError::Disconnected));
            }
            if let Err(error) = self.log.append(&mut visit.state.log, message) {
                return Some(Err(error.into()));
            }
            visit.state.unfinished += 1;
            visit.ring(MESSAGES, 1);
            Some(Ok(()))
        };
        let result = self.control.monitor.wait_until(ROOM, patience.deadline(), attempt);
        result.unwrap_or_else(|| Err(patience.error(QueueError::Full)))
    }

    pub(super) fn get(&self, patience: Patience) -> Result<LogMessage, QueueError> {
        self.note_role(HAS_GOT);
        let attempt = |visit: &mut Visit<'_, QueueState, BELLS>| {
            let taken = match self.log.take(&mut visit.state.log) {
                Ok(taken) => taken,
                Err(error) => return Some(Err(error.into())),
            };
            let Some((message, surplus)) = taken else {
                if visit.state.closed != 0 {
                    return Some(Err(QueueError::Closed));
                }
                return self
                    .lacks(HAS_PUT, visit.occasion, patience)
                    .then_some(Err(QueueError::Disconnected));
            };
            if let Some(surplus) = surplus {
                visit.afterwards(|| surplus.give_back());
            }
            if visit.state.capacity != 0 {
                visit.ring(ROOM, 1);
            }
            self.owe(visit.state.log.first);
            Some(Ok(message))
        };
        let result = self.control.monitor.wait_until(MESSAGES, patience.deadline(), attempt);
        result.unwrap_or_else(|| Err(patience.error(QueueError::Empty)))
    }

    pub(super) fn len(&self) -> usize {
        self.control.monitor.visit(|visit| visit.state.log.len() as usize)
    }

    pub(super) fn capacity(&self) -> Option<usize> {
        let capacity = self.control.monitor.visit(|visit| visit.state.capacity);
        (capacity != 0).then_some(capacity as usize)
    }

    pub(super) fn close(&self) {
        self.control.monitor.visit(|visit| {
            visit.state.closed = 1;
            visit.ring(MESSAGES, u32::MAX);
            visit.ring(ROOM, u32::MAX);
        });
    }

    pub(super) fn is_closed(&self) -> bool {
        self.control.monitor.visit(|visit| visit.state.closed != 0)
    }

    pub(super) fn task_done(&self) -> Result<(), QueueError> {
        self.control.monitor.visit(|visit| {
            if visit.state.unfinished == 0 {
                return Err(QueueError::TooManyTasksDone);
            }
            visit.state.unfinished -= 1;
            if visit.state.unfinished == 0 {
                visit.ring(DONE, u32::MAX);
            }
            if let Some(deeds) = self.membership.roster().own_deeds() {
                // What another process has taken may be done here; then that one owes it still.
                let _ = deeds
                    .owed
                    .fetch_update(Ordering::AcqRel, Ordering::Acquire, |owed| owed.checked_sub(1));
            }
            Ok(())
        })
    }

    pub(super) fn join(&self, patience: Patience) -> Result<(), QueueError> {
        let attempt = |visit: &mut Visit<'_, QueueState, BELLS>| {
            if visit.state.unfinished == 0 {
                return Some(Ok(()));
            }
            if visit.occasion != Occasion::Silence {
                return None;
            }
            self.write_off(visit).map(Err)
        };
        let result = self.control.monitor.wait_until(DONE, patience.deadline(), attempt);
        result.unwrap_or(Err(QueueError::TimedOut))
    }

    /// Gives up the tasks of one process that has ended without having done them.
    fn write_off(&self, visit: &mut Visit<'_, QueueState, BELLS>) -> Option<QueueError> {
        let (process, deeds) = self
            .membership
            .roster()
            .departed()
            .find(|(_, deeds)| deeds.owed.load(Ordering::Acquire) > 0)?;
        let owed = deeds.owed.swap(0, Ordering::AcqRel);
        // It may have been killed between noting the last one down and taking it out.
        let not_taken = u32::from(deeds.last.load(Ordering::Acquire) > visit.state.log.first);
        // Others may have done what it took; what nobody has taken is not lost.
        let taken = visit.state.unfinished.saturating_sub(visit.state.log.len());
        let tasks = owed
            .saturating_sub(not_taken)
            .min(u32::try_from(taken).unwrap_or(u32::MAX));
        if tasks == 0 {
            return None;
        }
        visit.state.unfinished -= u64::from(tasks);
        visit.ring(DONE, u32::MAX);
        Some(QueueError::TasksLost {
            pid: process.pid(),
            tasks,
        })
    }

    /// This process has taken out the message before the one with the number `first`, and owes `task_done` for it.
    fn owe(&self, first: u64) {
        if self.joinable
            && let Some(deeds) = self.membership.roster().own_deeds()
        {
            deeds.last.store(first, Ordering::Release);
            deeds.owed.fetch_add(1, Ordering::AcqRel);
        }
    }

    fn note_role(&self, role: u32) {
        if let Some(deeds) = self.membership.roster().own_deeds()
            && deeds.roles.load(Ordering::Relaxed) & role == 0
        {
            deeds.roles.fetch_or(role, Ordering::AcqRel);
        }
    }

    /// Whether nobody can be waited for: there is no other process with a handle that lives, and in this one nobody
    /// else, as far as can be told. Who has a limit may do the other part afterwards.
    fn lacks(&self, role: u32, occasion: Occasion, patience: Patience) -> bool {
        if occasion != Occasion::Silence {
            return false;
        }
        let roster = self.membership.roster();
        if !self.region().is_let_go(|| roster.has_others()) {
            return false;
        }
        let is_own = roster
            .own_deeds()
            .is_some_and(|deeds| deeds.roles.load(Ordering::Acquire) & role != 0);
        let was_others = !is_own && roster.had(role);
        was_others || patience.is_endless() && threads::count() == 1
    }
}

//! What a process knows of all its standing workers: their crews, and the memory where results arrive for it.
//!
//! One lock guards it. It is never held while something is waited for, and is taken before a fork, so that the child
//! can have workers of its own.

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, TryLockError};
use std::time::Instant;

use super::crew::{CrewSettings, CrewState};
use super::docket::Settled;
use super::shared::{ARRIVED, HUB, HubMemory, result_log};
use super::task::{self, Call, Payload, Reply, Task};
use crate::codec::CodecError;
use crate::error::TaskError;
use crate::handles::log::{Log, LogMessage};
use crate::job;
use crate::job::function::Function;
use crate::notebook;
use crate::ps;
use crate::sys::at_fork::{self, AtFork, Rank, Turn};
use crate::sys::bulk_vec::BulkVec;
use crate::sys::duty::{self, Duty};
use crate::sys::monitor::Occasion;
use crate::sys::placed::Placed;
use crate::sys::poisoned::EvenIfPoisoned;

static STATE: Mutex<Option<Hub>> = Mutex::new(None);
/// Never given twice, not even in a process that goes on in the place of another, whose handles there may still be.
static NEXT_CREW: AtomicU64 = AtomicU64::new(0);
/// How many threads wait for results.
static WAITING: AtomicUsize = AtomicUsize::new(0);

#[derive(Debug)]
struct Hub {
    /// The process that it belongs to.
    pid: u32,
    memory: Placed<HubMemory>,
    log: Log,
    crews: HashMap<u64, CrewState>,
    settled: u64,
}

/// A handle to a crew. Its workers end with the last one.
#[derive(Debug)]
pub(crate) struct Crew {
    id: u64,
    /// The process that made it.
    pid: u32,
}

/// While it lives, no other thread does anything with standing workers.
struct HubLock {
    hub: MutexGuard<'static, Option<Hub>>,
    _turn: Turn,
}

impl HubLock {
    fn acquire() -> Self {
        at_fork::register::<Self>();
        let turn = Turn::take(Self::RANK);
        Self {
            hub: STATE.lock().even_if_poisoned(),
            _turn: turn,
        }
    }

    /// Where no thread has it.
    fn try_acquire() -> Option<Self> {
        let hub = match STATE.try_lock() {
            Ok(hub) => hub,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return None,
        };
        Some(Self {
            hub,
            _turn: Turn::take(Self::RANK),
        })
    }

    /// This process's own; a forked process has the memory of its parent's, and leaves it alone.
    fn own(&mut self) -> Option<&mut Hub> {
        self.hub.as_mut().filter(|hub| hub.pid == std::process::id())
    }

    fn own_or_new(&mut self) -> io::Result<&mut Hub> {
        if self.own().is_none() {
            // The parent's workers are not this process's to wait for.
            std::mem::forget(self.hub.replace(Hub::new()?));
            duty::take_on(Duty::StandingWorkers, look_after_workers_by_the_way);
        }
        self.own().ok_or_else(|| io::Error::other("there is no hub"))
    }
}

impl AtFork for HubLock {
    const RANK: Rank = Rank::StandingWorkers;

    fn prepare() -> Self {
        Self::acquire()
    }
}

impl Hub {
    fn new() -> io::Result<Self> {
        let memory = Placed::<HubMemory>::create(HUB, 0)?;
        Ok(Self {
            pid: std::process::id(),
            log: result_log(&memory),
            memory,
            crews: HashMap::new(),
            settled: 0,
        })
    }

    /// Takes in all results that have come; whether any has.
    fn take_in(&mut self) -> io::Result<bool> {
        let mut any = false;
        loop {
            let taken = self.memory.results.visit(|visit| {
                let (message, surplus) = self.log.take(visit.state)?.unzip();
                if let Some(surplus) = surplus.flatten() {
                    visit.afterwards(|| surplus.give_back());
                }
                io::Result::Ok(message)
            })?;
            let Some(message) = taken else { return Ok(any) };
            any = true;
            self.hear(message);
        }
    }

    fn hear(&mut self, message: LogMessage) {
        // Nothing but a worker with damaged memory sends what is not understood, and its end will be noticed.
        let Some((reply, payload)) = Reply::split(&message.bytes) else {
            return;
        };
        let Some(crew) = self.crews.get_mut(&reply.crew) else {
            return;
        };
        let result = if reply.failed == 0 {
            let start = message.bytes.len() - payload.len();
            Ok(Payload::new(message, start))
        } else {
            Err(job::decode_error(payload, reply.pid, None))
        };
        let settled = crew.settle(reply.task, result, Some(reply.pid));
        self.tell(settled);
    }

    /// Replaces the workers that have ended.
    fn look_after_workers(&mut self) -> io::Result<()> {
        let mut dead: HashMap<u64, Vec<usize>> = HashMap::new();
        for (id, crew) in &mut self.crews {
            let desks = crew.dead();
            if !desks.is_empty() {
                dead.insert(*id, desks);
            }
        }
        if dead.is_empty() {
            return Ok(());
        }
        // What they sent before they ended comes first.
        self.take_in()?;
        let hub = self.memory.region().name();
        let mut all = Vec::new();
        for (id, crew) in &mut self.crews {
            if let Some(desks) = dead.get(id) {
                all.append(&mut crew.bury(desks));
            }
            if let Err(error) = crew.staff(*id, hub) {
                let error = format!("a standing worker cannot be started: {error}");
                all.append(&mut crew.abandon(&TaskError::system(None, None, error)));
            }
        }
        self.tell(all);
        Ok(())
    }

    fn tell(&mut self, settled: impl IntoIterator<Item = Settled>) {
        for one in settled {
            one.tell(self.settled);
            self.settled += 1;
        }
    }
}

impl Crew {
    /// A crew without workers; they are started when there is work.
    pub(crate) fn new(settings: CrewSettings) -> io::Result<Arc<Self>> {
        let mut lock = HubLock::acquire();
        let hub = lock.own_or_new()?;
        let id = NEXT_CREW.fetch_add(1, Ordering::Relaxed);
        hub.crews.insert(id, CrewState::new(settings)?);
        Ok(Arc::new(Self {
            id,
            pid: std::process::id(),
        }))
    }

    /// Whether it belongs to this process.
    pub(crate) fn is_own(&self) -> bool {
        self.pid == std::process::id()
    }

    /// Whether it belonged to the process in whose place this one goes on.
    pub(crate) fn is_lost(&self) -> bool {
        !self.is_own() && notebook::is_predecessor(self.pid)
    }

    /// Hands a call over, with the argument that `encode_argument` appends.
    ///
    /// # Errors
    ///
    /// [`TaskError::Codec`] where the argument cannot be encoded, [`TaskError::System`] where memory or a process is
    /// refused.
    pub(crate) fn submit(
        self: &Arc<Self>,
        function: Function,
        encode_argument: impl FnOnce(&mut Vec<u8>) -> Result<Option<BulkVec>, CodecError>,
    ) -> Result<Arc<Task>, TaskError> {
        let call = Call {
            function,
            cell: notebook::current_cell(),
        };
        let message =
            task::encode(&call, encode_argument).map_err(|error| TaskError::codec(std::process::id(), None, error))?;
        self.with_state(|state, hub| {
            let task = state.submit(&message)?;
            state.staff(self.id, hub)?;
            io::Result::Ok(task)
        })
        .unwrap_or_else(|| Err(io::Error::other("the crew's workers have been ended")))
        .map_err(|error| TaskError::system(None, None, format!("the call cannot be handed over: {error}")))
    }

    /// Cancels a task that waits; whether it is cancelled now.
    pub(crate) fn cancel(&self, task: &Task) -> bool {
        self.settle_with(|state| state.cancel(task).into_iter().collect())
    }

    /// Cancels a task that runs, by ending its worker; whether it is cancelled now.
    pub(crate) fn kill_worker_of(&self, task: &Task) -> bool {
        self.settle_with(|state| state.kill_worker_of(task).into_iter().collect())
    }

    /// Cancels all tasks that wait.
    pub(crate) fn cancel_all(&self) {
        self.settle_with(CrewState::cancel_all);
    }

    pub(crate) fn is_running(&self, task: &Task) -> bool {
        self.with_state(|state, _| state.is_running(task)).unwrap_or(false)
    }

    pub(crate) fn has_open_tasks(&self) -> bool {
        self.with_state(|state, _| state.has_open_tasks()).unwrap_or(false)
    }

    pub(crate) fn worker_pids(&self) -> Vec<u32> {
        self.with_state(|state, _| state.worker_pids()).unwrap_or_default()
    }

    /// Waits until no task of the crew is open, and then until its workers have ended.
    pub(crate) fn finish(&self) {
        if !self.is_own() {
            return;
        }
        wait_until(None, || !self.has_open_tasks());
        self.with_state(|state, _| state.close());
        let state = HubLock::acquire().own().and_then(|hub| hub.crews.remove(&self.id));
        if let Some(mut state) = state {
            state.wait_for_workers();
        }
    }

    /// Ends its workers now. What has no outcome is cancelled.
    pub(crate) fn kill(&self) {
        self.cancel_all();
        let state = HubLock::acquire().own().and_then(|hub| hub.crews.remove(&self.id));
        if let Some(mut state) = state {
            let settled = state.kill_all();
            if let Some(hub) = HubLock::acquire().own() {
                hub.tell(settled);
            }
        }
    }

    fn settle_with(&self, act: impl FnOnce(&mut CrewState) -> Vec<Settled>) -> bool {
        let mut lock = HubLock::acquire();
        let Some(hub) = lock.own() else { return false };
        let settled = hub.crews.get_mut(&self.id).map(act).unwrap_or_default();
        let any = !settled.is_empty();
        hub.tell(settled);
        any
    }

    fn with_state<R>(&self, act: impl FnOnce(&mut CrewState, crate::sys::region::RegionName) -> R) -> Option<R> {
        let mut lock = HubLock::acquire();
        let hub = lock.own()?;
        let name = hub.memory.region().name();
        hub.crews.get_mut(&self.id).map(|state| act(state, name))
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        if self.is_own() {
            self.kill();
        }
    }
}

/// Waits until `is_done`, which results that come may make so, or until `deadline`; whether it is.
pub(crate) fn wait_until(deadline: Option<Instant>, is_done: impl Fn() -> bool) -> bool {
    WAITING.fetch_add(1, Ordering::Relaxed);
    let mut occasion = Occasion::Arrival;
    let is_done = loop {
        if is_done() {
            break true;
        }
        let Some((memory, rings)) = take_in() else {
            break is_done();
        };
        if is_done() {
            break true;
        }
        if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
            break false;
        }
        occasion = match memory.results.sleep(ARRIVED, rings, deadline, occasion) {
            true => Occasion::Ring,
            false => Occasion::Silence,
        };
        if occasion == Occasion::Silence {
            look_after_workers();
        }
        ps::tick();
    };
    WAITING.fetch_sub(1, Ordering::Relaxed);
    is_done
}

/// Takes in what has come, so that questions that do not wait are answered as things are.
pub(crate) fn look() {
    if take_in().is_some() {
        look_after_workers();
    }
}

/// The memory where results arrive, and how often its bell had rung before it was looked at.
fn take_in() -> Option<(Placed<HubMemory>, u32)> {
    let mut lock = HubLock::acquire();
    let hub = lock.own()?;
    let mut rings = hub.memory.results.rings(ARRIVED);
    // What cannot be read is as if it had not come: its worker is noticed when it ends.
    if hub.take_in().unwrap_or(false) && WAITING.load(Ordering::Relaxed) > 1 {
        // They may wait for what was taken in here.
        hub.memory.results.visit(|visit| visit.ring(ARRIVED, u32::MAX));
        rings += 1;
    }
    Some((hub.memory.clone(), rings))
}

/// Replaces workers while this process waits for something else than their results, which their calls may bring about.
fn look_after_workers_by_the_way() {
    // Who has the lock looks after them, or it will be done in the next silence.
    if let Some(hub) = HubLock::try_acquire().as_mut().and_then(HubLock::own) {
        // As in `look_after_workers`.
        let _ = hub.look_after_workers();
    }
}

/// In a process that goes on in the place of another, whose workers have ended with it: closes what led to them.
pub(crate) fn let_go_of_predecessors() {
    let own = std::process::id();
    let former = HubLock::acquire().hub.take_if(|hub| hub.pid != own);
    // No lock is held any more: those of memory come before that of the hub.
    drop(former);
}

fn look_after_workers() {
    if let Some(hub) = HubLock::acquire().own() {
        // An error of the memory of results; the next look will meet it again.
        let _ = hub.look_after_workers();
    }
}

#[cfg(test)]
mod tests;

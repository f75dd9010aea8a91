//! The workers of one call: started, listened to, timed, and replaced when they die; none is left behind.

use std::ffi::CString;
use std::io;
use std::ops::{ControlFlow, Range};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::Signal;

use super::board::{Board, Slot, SlotView};
use super::history::{End, History, Life};
use super::ledger::Ledger;
use super::member::{Member, News};
use super::profile::Profiler;
use super::progress::Progress;
use super::progress_text::State;
use super::settings::{Profiling, Settings};
use super::tally::Times;
use super::trace::Span;
use super::watch::{Glimpse, Watch};
use super::worker::{self, Assignment};
use crate::error::TaskError;
use crate::family::Family;
use crate::inbox::Inbox;
use crate::job::Job;
use crate::notebook::Group;
use crate::seeds;
use crate::sys::abort::noting_lack_of_memory;
use crate::sys::child::{Ending, Exit};
use crate::sys::clock;
use crate::sys::conditions::{Conditions, Role};
use crate::sys::fork;
use crate::workers;

/// How long a result may wait in a worker that is on its next item.
const COLLECT: Duration = Duration::from_millis(50);
/// How many workers in a row may die without having begun an item before the call gives up.
const MAX_FRUITLESS: usize = 8;

/// Takes one item's encoded result, or its error. Called once an item; breaks to end the call.
pub(super) type Sink<'a> = dyn FnMut(usize, u32, Result<&[u8], TaskError>) -> ControlFlow<()> + 'a;

/// The workers of one call, and what they share.
pub(super) struct Crew {
    settings: Settings,
    /// How many of the user's items one of the engine's stands for.
    block: usize,
    environment: Vec<CString>,
    seed: u64,
    pub(super) board: Arc<Board>,
    pub(super) ledger: Ledger,
    members: Vec<Member>,
    watch: Watch,
    /// When to look for results that wait in workers.
    collect_at: Instant,
    /// Items of dead workers for which no other could be started.
    orphans: Vec<Range<usize>>,
    /// Workers that died one after the other without having done anything.
    fruitless: usize,
    pub(super) costs: Costs,
    /// Whether the items are all there, and not those of a stream.
    is_whole: bool,
    history: Option<History>,
    progress: Option<Progress>,
    /// Where the map is profiled.
    times: Option<Times>,
    /// The map as a notebook knows it that shows each item's lines together.
    group: Option<Group>,
}

/// What this process has spent on workers, and what they have done, for those of which both is known.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Costs {
    /// Nanoseconds to start a worker and to take in what it has left.
    pub(super) per_worker: u64,
    /// Nanoseconds a worker takes for an item.
    pub(super) per_item: u64,
}

impl Crew {
    /// No workers yet. `items` are handed out by the board.
    pub(super) fn new(settings: Settings, items: usize, block: usize) -> io::Result<Self> {
        let times = match settings.profiling {
            Profiling::Off => None,
            Profiling::RunningOnce | Profiling::RunningAgain => Some(Times::new(items)?),
        };
        Family::lock().begin_map();
        let group = settings.grouped.map(Group::new).transpose()?.flatten();
        let mut ledger = Ledger::new(items);
        if group.is_some() {
            ledger.keep_news();
        }
        Ok(Self {
            block,
            times,
            environment: settings.thread_counts(),
            seed: seeds::for_call(settings.seed),
            board: Arc::new(Board::new(settings.workers, items)?),
            ledger,
            members: Vec::new(),
            watch: Watch::new(),
            collect_at: Instant::now() + COLLECT,
            orphans: Vec::new(),
            fruitless: 0,
            costs: Costs::default(),
            is_whole: items > 0,
            history: Some(History::new(settings.workers)),
            progress: Progress::begin(settings.progress),
            group,
            settings,
        })
    }

    pub(super) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// A slot that no worker has.
    pub(super) fn free_slot(&self) -> Option<usize> {
        (0..self.settings.workers).find(|slot| self.members.iter().all(|member| member.slot != *slot))
    }

    /// Starts a worker that begins with `ranges`.
    pub(super) fn start(&mut self, slot: usize, ranges: Vec<Range<usize>>, job: &mut Job<'_>) -> io::Result<()> {
        let (started, began) = (Instant::now(), clock::now());
        let settings = &self.settings;
        let desk = self.board.slot(slot);
        desk.reset();
        let assignment = Assignment {
            slot,
            ranges: &ranges,
            settings,
            group: self.group.as_ref(),
            seed: self.seed,
            times: self.times.as_ref(),
        };
        let conditions = Conditions {
            role: Role::PoolWorker(slot + 1),
            memory_limit: settings.memory_limit,
            core: settings.pin_cores.then_some(slot),
            environment: &self.environment,
            allow_threads: settings.allow_threads,
            output_style: settings.output_style,
            group: self.group.as_ref(),
            ..Conditions::default()
        };
        let board = &self.board;
        let (child, pipe) = fork::spawn(&conditions, |pipe| {
            // It fails only when the parent has closed the pipe, and then nobody is there to be told.
            let _ = noting_lack_of_memory(desk.memory_note(), || worker::work(board, &assignment, job, pipe));
        })?;
        let view = SlotView {
            board: Arc::clone(&self.board),
            slot,
        };
        Family::lock().observe(child.pid(), Arc::new(view));
        self.members.push(Member {
            child,
            inbox: Inbox::new(pipe),
            slot,
            ranges,
            news: News::default(),
            is_late: false,
            glimpse: Glimpse::default(),
            started: began,
        });
        learn(&mut self.costs.per_worker, clock::nanos(started.elapsed()));
        Ok(())
    }

    /// Waits until workers have sent something or ended, or for `limit`, and takes in what there is. Breaks when the
    /// sink does, or when workers just keep dying.
    pub(super) fn turn(&mut self, job: &mut Job<'_>, sink: &mut Sink<'_>, limit: Option<Duration>) -> ControlFlow<()> {
        let progress = self
            .progress
            .as_ref()
            .map(|progress| Duration::from_nanos(progress.rest()));
        let now = Instant::now();
        let collect = Some(self.collect_at.saturating_duration_since(now));
        let waits = [
            limit,
            self.next_deadline(),
            self.watch.rest(now),
            progress,
            collect,
            workers::rest(),
        ];
        for (index, ended) in self.wait(waits.into_iter().flatten().min()) {
            if ended {
                self.bury(index, job, sink)?;
            } else {
                self.listen(index, sink)?;
            }
        }
        let now = Instant::now();
        if now >= self.collect_at {
            self.collect_at = now + COLLECT;
            self.collect(sink)?;
        }
        if let Some(group) = &self.group {
            group.items_done(&self.ledger.take_news());
        }
        self.end_late_ones();
        if self.watch.is_due(now) {
            for member in &mut self.members {
                let slot = self.board.slot(member.slot);
                self.watch.look(member.child.pid(), slot, &mut member.glimpse, now);
            }
        }
        self.show_progress();
        workers::tick();
        ControlFlow::Continue(())
    }

    /// Starts workers for the items that have no outcome and that no worker has: those that one had taken and not yet
    /// noted down when it was killed, or all, when none could be started. To be called when there are no workers.
    pub(super) fn start_over(&mut self, job: &mut Job<'_>) -> io::Result<()> {
        self.board.take(self.board.untaken());
        self.orphans.clear();
        let open = self.ledger.open();
        for (slot, ranges) in open
            .chunks(open.len().div_ceil(self.settings.workers).max(1))
            .enumerate()
        {
            match self.start(slot, ranges.to_vec(), job) {
                Err(error) if slot == 0 => return Err(error),
                // The next time, when the first has ended.
                Err(_) => self.orphans.extend_from_slice(ranges),
                Ok(()) => {}
            }
        }
        Ok(())
    }

    /// Items for which no worker could be started.
    pub(super) fn add_orphans(&mut self, items: Range<usize>) {
        self.orphans.push(items);
    }

    /// Starts a worker for the items whose own has died and could not be replaced, if there are any and a slot is free.
    pub(super) fn adopt_orphans(&mut self, job: &mut Job<'_>) {
        if self.orphans.is_empty() {
            return;
        }
        let ranges = self.ledger.open_within(&std::mem::take(&mut self.orphans));
        let Some(slot) = self.free_slot().filter(|_| !ranges.is_empty()) else {
            self.orphans = ranges;
            return;
        };
        if self.start(slot, ranges.clone(), job).is_err() {
            self.orphans = ranges;
        }
    }

    /// Fails all open items. `error` gets the index that the user knows.
    pub(super) fn fail_open(
        &mut self,
        pid: u32,
        error: impl Fn(usize) -> TaskError,
        sink: &mut Sink<'_>,
    ) -> ControlFlow<()> {
        self.orphans.clear();
        for item in self.ledger.open().into_iter().flatten() {
            self.ledger.fail(item);
            sink(item, pid, Err(error(item * self.block)))?;
        }
        ControlFlow::Continue(())
    }

    /// Fails all open items because no worker can be had.
    pub(super) fn fail_unstarted(&mut self, error: &io::Error, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let error = |item| TaskError::System {
            pid: None,
            item: Some(item),
            error: format!("a worker process cannot be started: {error}"),
        };
        self.fail_open(0, error, sink)
    }

    /// Ends all workers at once, and takes what they are done with. Failures that come with it are no news any more.
    pub(super) fn end_with(&mut self, sink: &mut Sink<'_>) {
        for member in &self.members {
            member.child.signal(Signal::KILL);
        }
        for member in &mut self.members {
            member.child.wait();
            member.inbox.drain();
            // The sink's wish to stop has been heard.
            let _ = member.take_records(&mut self.ledger, 0, sink);
            let _ = member.take_unsent(&self.board.slot(member.slot).leftovers(), &mut self.ledger, sink);
        }
        self.end();
    }

    /// Ends all workers at once.
    pub(super) fn end(&mut self) {
        // All are signalled before the first is waited for, which dropping each one does.
        for member in &self.members {
            member.child.signal(Signal::KILL);
        }
        for member in std::mem::take(&mut self.members) {
            let was_on = self.board.slot(member.slot).running();
            self.remember(&member, was_on.map(|item| (item, 0)), End::Stopped);
        }
    }

    /// Waits until workers have sent something or ended. Says which, the last first, and whether it has ended.
    fn wait(&self, limit: Option<Duration>) -> Vec<(usize, bool)> {
        let mut owners = Vec::new();
        let mut fds = Vec::new();
        for (index, member) in self.members.iter().enumerate() {
            owners.push((index, true));
            fds.push(PollFd::from_borrowed_fd(member.child.pidfd().as_fd(), PollFlags::IN));
            if let Some(pipe) = member.inbox.pollable() {
                owners.push((index, false));
                fds.push(PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN));
            }
        }
        // A limit too long for the type is as good as none. An interruption by a signal just means to look again, as
        // does the one possible error, lack of memory.
        let limit = limit.and_then(|limit| Timespec::try_from(limit).ok());
        let _ = poll(&mut fds, limit.as_ref());
        let ready = owners.into_iter().zip(&fds).filter(|(_, fd)| !fd.revents().is_empty());
        let mut ready: Vec<_> = ready.map(|(owner, _)| owner).collect();
        // An ended worker is taken out of the list, which moves only those after it.
        ready.sort_unstable_by(|a, b| b.cmp(a));
        ready.dedup_by_key(|(index, _)| *index);
        ready
    }

    /// Takes in what a worker has sent.
    fn listen(&mut self, index: usize, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let member = &mut self.members[index];
        member.inbox.receive();
        if self.settings.initializer.is_none() || self.board.slot(member.slot).is_initialized() {
            self.fruitless = 0;
        }
        member.take_records(&mut self.ledger, self.settings.retries, sink)
    }

    /// Takes in the results that wait in workers.
    fn collect(&mut self, sink: &mut Sink<'_>) -> ControlFlow<()> {
        for member in &mut self.members {
            if let Some(records) = self.board.slot(member.slot).unsent() {
                self.fruitless = 0;
                member.take_unsent(&records, &mut self.ledger, sink)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// Takes in all that an ended worker has left, and replaces it if it has left work.
    fn bury(&mut self, index: usize, job: &mut Job<'_>, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let began = Instant::now();
        let mut member = self.members.remove(index);
        let (left_before, retries) = (self.ledger.left(), self.settings.retries);
        let desk = self.board.slot(member.slot);
        let ending = member.child.wait().with_note(desk.memory_word());
        member.inbox.drain();
        member.take_records(&mut self.ledger, retries, sink)?;
        member.inbox.drop_partial();
        member.inbox.push(&desk.leftovers());
        member.take_records(&mut self.ledger, retries, sink)?;
        let died_on = desk.running().filter(|item| self.ledger.is_open(*item));
        if let Some(item) = died_on
            && !member.news.is_tried_again(item, &mut self.ledger, retries)
        {
            self.ledger.fail(item);
            let error = self.settings.error_of_death(&member, desk, ending);
            sink(item, member.child.pid(), Err(error))?;
        }
        let mut ranges = std::mem::take(&mut member.ranges);
        ranges.push(desk.not_begun());
        ranges.extend(member.news.to_retry.map(|item| item..item + 1));
        let ranges = self.ledger.open_within(&ranges);
        if let Some((items, nanos)) = desk.summary() {
            learn(&mut self.costs.per_item, nanos / items);
            self.costs.per_worker = self.costs.per_worker.max(clock::nanos(began.elapsed()));
        }
        let was_done = ending.exit == Exit::Code(0) && ranges.is_empty() && self.board.untaken() == 0;
        let was_fruitful = was_done || member.news.to_retry.is_some() || self.ledger.left() < left_before;
        let was_initialized = self.settings.initializer.is_none() || desk.is_initialized() || was_done;
        let end = match (died_on, member.news.to_retry) {
            (_, Some(_)) => End::Retried,
            (Some(_), None) => End::Died,
            (None, None) => End::Done,
        };
        self.remember(&member, died_on.map(|item| (item, 1)), end);
        self.fruitless = if was_fruitful && was_initialized {
            0
        } else {
            self.fruitless + 1
        };
        if self.fruitless > MAX_FRUITLESS {
            return self.give_up(&member, ending, sink);
        }
        if (!ranges.is_empty() || self.board.untaken() > 0) && self.start(member.slot, ranges.clone(), job).is_err() {
            // Others take the rest of the board, and these are not forgotten.
            self.orphans.extend(ranges);
        }
        ControlFlow::Continue(())
    }

    /// Fails all that is left, since workers just keep dying.
    fn give_up(&mut self, member: &Member, ending: Ending, sink: &mut Sink<'_>) -> ControlFlow<()> {
        self.end();
        self.fruitless = 0;
        let pid = member.child.pid();
        let is_initialized = self.settings.initializer.is_none() || self.board.slot(member.slot).is_initialized();
        let panic = member.news.initializer_panic.as_ref();
        let error = |item| match panic {
            Some(panic) => TaskError::NotInitialized {
                pid,
                item: Some(item),
                error: panic.clone(),
            },
            None if !is_initialized => uninitialized(pid, item, ending),
            None => TaskError::from_ending(pid, Some(item), ending),
        };
        self.fail_open(pid, error, sink)?;
        ControlFlow::Break(())
    }

    /// Notes down what an ended worker has done; `last` is what it was on, and how often that counts as failed.
    fn remember(&mut self, member: &Member, last: Option<(usize, u32)>, end: End) {
        let Some(history) = &mut self.history else {
            return;
        };
        let mut spans = self.board.slot(member.slot).trace().read();
        let mut tally = self.board.slot(member.slot).tally().read();
        let ended = clock::now();
        if let Some((first, failed)) = last {
            let began = spans.last().map_or(member.started, |span| span.ended);
            tally.add_lost(first, ended.saturating_sub(began), failed > 0);
            spans.push(Span {
                first,
                items: 1,
                failed,
                began,
                ended,
            });
        }
        for span in &mut spans {
            span.first *= self.block;
        }
        history.add(Life {
            slot: member.slot,
            pid: member.child.pid(),
            began: member.started,
            ended,
            spans,
            tally,
            end,
        });
    }

    fn show_progress(&mut self) {
        if let Some(mut progress) = self.progress.take() {
            progress.tick(|| self.state());
            self.progress = Some(progress);
        }
    }

    /// How far it is.
    fn state(&self) -> State {
        let on = |member: &Member| {
            let slot = self.board.slot(member.slot);
            slot.running().map(|_| (member.child.pid(), slot.inner()))
        };
        let began = self.history.as_ref().map_or(0, |history| history.began);
        State {
            done: self.done() * self.block,
            total: self.is_whole.then(|| self.ledger.added() * self.block),
            failed: self.ledger.failed(),
            retried: self.ledger.retried(),
            nanos: clock::now().saturating_sub(began),
            workers: self.settings.workers,
            on: self.members.iter().filter_map(on).collect(),
        }
    }

    /// How many items have an outcome.
    fn done(&self) -> usize {
        self.ledger.added() - self.ledger.left()
    }

    /// Ends the call. What a profile is made of is returned, where one is wanted, the first time.
    pub(super) fn close(&mut self) -> Option<Profiler> {
        self.end();
        if let Some(group) = &self.group {
            group.end();
        }
        let state = self.state();
        if let Some(mut progress) = self.progress.take() {
            progress.end(&state);
        }
        let mut history = self.history.take()?;
        history.total = self.ledger.added() * self.block;
        (history.done, history.failed, history.retried) = (state.done, state.failed, state.retried);
        let history = history.keep();
        Some(Profiler {
            times: self.times.take()?,
            history,
            settings: self.settings.clone(),
            block: self.block,
            seed: self.seed,
            is_whole: self.is_whole,
        })
    }

    /// When the first item that is being run will be late; at the earliest, if it begins just now.
    fn next_deadline(&self) -> Option<Duration> {
        let limit = clock::nanos(self.settings.timeout?);
        let now = clock::now();
        let left = |member: &Member| {
            let began = self.board.slot(member.slot).began().unwrap_or(now);
            began.saturating_add(limit).saturating_sub(now)
        };
        self.members.iter().map(left).min().map(Duration::from_nanos)
    }

    /// Kills the workers whose items take too long.
    fn end_late_ones(&mut self) {
        let Some(limit) = self.settings.timeout.map(clock::nanos) else {
            return;
        };
        for member in &mut self.members {
            let slot = self.board.slot(member.slot);
            if let Some(began) = slot.began()
                && clock::now().saturating_sub(began) >= limit
                && slot.condemn(began)
            {
                member.is_late = true;
                member.child.signal(Signal::KILL);
            }
        }
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        if let Some(profiler) = self.close() {
            profiler.show(None);
        }
    }
}

impl Settings {
    /// Why the item failed that a dead worker was on.
    fn error_of_death(&self, member: &Member, desk: &Slot, ending: Ending) -> TaskError {
        let (pid, item) = (member.child.pid(), desk.inner());
        match self.timeout {
            Some(limit) if member.is_late => TaskError::TimedOut {
                pid,
                item: Some(item),
                limit,
            },
            _ if self.initializer.is_some() && !desk.is_initialized() => uninitialized(pid, item, ending),
            _ => TaskError::from_ending(pid, Some(item), ending),
        }
    }
}

/// The error for an item whose worker died in the pool's initializer.
fn uninitialized(pid: u32, item: usize, ending: Ending) -> TaskError {
    TaskError::NotInitialized {
        pid,
        item: Some(item),
        error: TaskError::cause_of(ending),
    }
}

/// A moving average that begins with the first value.
fn learn(average: &mut u64, value: u64) {
    *average = if *average == 0 { value } else { average.midpoint(value) };
}

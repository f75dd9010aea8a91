//! The workers of one call: started, listened to, timed, and replaced when they die; none is left behind.

mod account;
mod death;
mod endings;
mod stream;
mod time_limit;

use std::ffi::CString;
use std::io;
use std::ops::{ControlFlow, Range};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::error::TaskError;
use crate::inbox::Inbox;
use crate::job::Job;
use crate::map::{Packing, Progress, Sink};
use crate::notebook::Group;
use crate::pool::engine::board::{Board, SlotView};
use crate::pool::engine::ledger::Ledger;
use crate::pool::engine::member::{Member, News};
use crate::pool::engine::watch::{Glimpse, Watch};
use crate::pool::engine::worker::{self, Assignment};
use crate::pool::report::{History, Times};
use crate::pool::settings::{Profiling, Settings};
use crate::ps;
use crate::seeds;
use crate::spawn::{Conditions, Family, Role, fork_worker};
use crate::sys::abort::noting_why;
use crate::sys::clock;
use crate::sys::poll;
use death::Deaths;
use time_limit::TimeLimit;

/// How long a result may wait in a worker that is on its next item.
const COLLECT: Duration = Duration::from_millis(50);

/// The workers of one call, and what they share.
pub(in crate::pool) struct Crew {
    settings: Settings,
    /// How many of the user's items one of the engine's stands for.
    block: usize,
    packing: Packing,
    environment: Vec<CString>,
    seed: u64,
    pub(in crate::pool::engine) board: Arc<Board>,
    pub(in crate::pool::engine) ledger: Ledger,
    members: Vec<Member>,
    watch: Watch,
    /// When to look for results that wait in workers.
    collect_at: Instant,
    /// Items of dead workers for which no other could be started.
    orphans: Vec<Range<usize>>,
    deaths: Deaths,
    pub(in crate::pool) costs: Costs,
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
pub(in crate::pool) struct Costs {
    /// Nanoseconds to start a worker and to take in what it has left.
    pub(in crate::pool) per_worker: u64,
    /// Nanoseconds a worker takes for an item.
    pub(in crate::pool) per_item: u64,
}

impl Crew {
    /// No workers yet. `items` are handed out by the board.
    pub(in crate::pool) fn new(settings: Settings, items: usize, block: usize, packing: Packing) -> io::Result<Self> {
        let times = match settings.profiling {
            Profiling::Off => None,
            Profiling::RunningOnce | Profiling::RunningAgain => Some(Times::new(items)?),
        };
        Family::lock().begin_map();
        let group = settings.map.grouped.map(Group::new).transpose()?.flatten();
        let mut ledger = Ledger::new(items);
        if group.is_some() {
            ledger.keep_news();
        }
        Ok(Self {
            block,
            packing,
            times,
            environment: settings.thread_counts(),
            seed: seeds::for_call(settings.seed),
            board: Arc::new(Board::new(settings.workers, items)?),
            ledger,
            members: Vec::new(),
            watch: Watch::new(),
            collect_at: Instant::now() + COLLECT,
            orphans: Vec::new(),
            deaths: Deaths::default(),
            costs: Costs::default(),
            is_whole: items > 0,
            history: Some(History::new(settings.workers)),
            progress: Progress::begin(settings.map.progress),
            group,
            settings,
        })
    }

    pub(in crate::pool::engine) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(in crate::pool) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Starts a worker that begins with `ranges`.
    pub(in crate::pool) fn start(
        &mut self,
        slot: usize,
        ranges: Vec<Range<usize>>,
        job: &mut Job<'_>,
    ) -> io::Result<()> {
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
            packing: self.packing,
        };
        let conditions = Conditions {
            role: Role::PoolWorker(slot + 1),
            memory_limit: settings.map.memory_limit,
            core: settings.pin_cores.then_some(slot),
            environment: &self.environment,
            allow_threads: settings.allow_threads,
            output_style: settings.map.output_style,
            group: self.group.as_ref(),
            ..Conditions::default()
        };
        let board = &self.board;
        let (child, pipe) = fork_worker(&conditions, |pipe| {
            // It fails only when the parent has closed the pipe, and then nobody is there to be told.
            let _ = noting_why(desk.abort_note(), || worker::work(board, &assignment, job, pipe));
        })?;
        let view = SlotView {
            board: Arc::clone(&self.board),
            slot,
        };
        Family::lock().observe(child.pid(), Arc::new(view));
        self.members.push(Member {
            child,
            inbox: Inbox::new(pipe).with_room(room_of_pipe(self.settings.workers)),
            slot,
            ranges,
            news: News::new(self.packing),
            is_late: false,
            glimpse: Glimpse::default(),
            started: began,
        });
        learn(&mut self.costs.per_worker, clock::nanos(started.elapsed()));
        Ok(())
    }

    /// Waits until workers have sent something or ended, or for `limit`, and takes in what there is. Breaks when the
    /// sink does, or when workers just keep dying.
    pub(in crate::pool) fn turn(
        &mut self,
        job: &mut Job<'_>,
        sink: &mut Sink<'_>,
        limit: Option<Duration>,
    ) -> ControlFlow<()> {
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
            ps::rest(),
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
        let clicks = self.show_progress();
        for pid in clicks.end {
            // It may have ended meanwhile.
            Family::lock().terminate(pid);
        }
        ps::tick();
        if clicks.stop {
            return self.stop(sink);
        }
        ControlFlow::Continue(())
    }

    /// Starts workers for the items that have no outcome and that no worker has: those that one had taken and not yet
    /// noted down when it was killed, or all, when none could be started. To be called when there are no workers.
    pub(in crate::pool) fn start_over(&mut self, job: &mut Job<'_>) -> io::Result<()> {
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

    /// Fails all open items. `error` gets the index that the user knows.
    pub(in crate::pool) fn fail_open(
        &mut self,
        pid: u32,
        error: impl Fn(usize) -> TaskError,
        sink: &mut Sink<'_>,
    ) -> ControlFlow<()> {
        self.orphans.clear();
        for item in self.ledger.open().into_iter().flatten() {
            self.ledger.fail(item);
            sink(item..item + 1, pid, Err(error(item * self.block)))?;
        }
        ControlFlow::Continue(())
    }

    /// Fails all open items because no worker can be had.
    pub(in crate::pool) fn fail_unstarted(&mut self, error: &io::Error, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let error = format!("a worker process cannot be started: {error}");
        let error = |item| TaskError::system(None, Some(item), error.as_str());
        self.fail_open(0, error, sink)
    }

    /// Waits until workers have sent something or ended. Says which, the last first, and whether it has ended.
    fn wait(&self, limit: Option<Duration>) -> Vec<(usize, bool)> {
        let mut owners = Vec::new();
        let mut fds = Vec::new();
        for (index, member) in self.members.iter().enumerate() {
            owners.push((index, true));
            fds.push(poll::readable(member.child.pidfd()));
            if let Some(pipe) = member.inbox.pollable() {
                owners.push((index, false));
                fds.push(poll::readable(pipe));
            }
        }
        // The one possible error, lack of memory, just means to look again, as an interruption by a signal does.
        let _ = poll::wait(&mut fds, limit);
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
            self.deaths.note_progress();
        }
        member.take_records(&mut self.ledger, self.settings.map.retries, sink)
    }

    /// Takes in the results that wait in workers.
    fn collect(&mut self, sink: &mut Sink<'_>) -> ControlFlow<()> {
        for member in &mut self.members {
            if let Some(records) = self.board.slot(member.slot).unsent() {
                self.deaths.note_progress();
                member.take_unsent(&records, &mut self.ledger, sink)?;
            }
        }
        ControlFlow::Continue(())
    }

    /// When the first item that is being run will be late; at the earliest, if it begins just now.
    fn next_deadline(&self) -> Option<Duration> {
        let limit = self.time_limit()?;
        let now = clock::now();
        let rest = |member: &Member| limit.rest(self.board.slot(member.slot).began(), now);
        self.members.iter().map(rest).min()
    }

    /// Kills the workers whose items take too long.
    fn end_late_ones(&mut self) {
        let Some(limit) = self.time_limit() else {
            return;
        };
        for member in &mut self.members {
            let slot = self.board.slot(member.slot);
            if let Some(began) = slot.began()
                && limit.is_over(began, clock::now())
                && slot.condemn(began)
            {
                member.is_late = true;
                member.child.signal(Signal::KILL);
            }
        }
    }

    fn time_limit(&self) -> Option<TimeLimit> {
        self.settings.map.timeout.map(TimeLimit::new)
    }
}

impl Drop for Crew {
    fn drop(&mut self) {
        if let Some(profiler) = self.close() {
            profiler.show(None);
        }
    }
}

/// How much a worker's pipe is to hold. All together stay far below what the operating system allows a user (64 MiB, see
/// pipe(7)): beyond it new pipes would hold a page.
fn room_of_pipe(workers: usize) -> usize {
    const ALL: usize = 4 << 20;
    (ALL / workers).clamp(64 << 10, 256 << 10)
}

/// A moving average that begins with the first value.
fn learn(average: &mut u64, value: u64) {
    *average = if *average == 0 { value } else { average.midpoint(value) };
}

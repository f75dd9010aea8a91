//! A worker's side of a map: take items, run them, hand their results over.

use std::fs::File;
use std::io::{self, Write};
use std::ops::{ControlFlow, Range};
use std::os::fd::OwnedFd;
use std::time::Instant;

use super::board::{BUFFER, Board, Slot};
use super::pace::{Look, Pace};
use crate::error::TaskError;
use crate::job::{self, Job, Stage};
use crate::map::Packing;
use crate::notebook::Group;
use crate::panics;
use crate::pool::report::{Span, Tallier, Times, Tracer};
use crate::pool::settings::Settings;
use crate::sys::clock;
use crate::{record, seeds};

/// Which items a worker begins with, and how it goes on.
#[derive(Debug)]
pub(super) struct Assignment<'a> {
    /// The worker's slot on the board.
    pub(super) slot: usize,
    /// Items that are its own, or that another worker left, ascending; after them it takes what nobody has taken.
    pub(super) ranges: &'a [Range<usize>],
    pub(super) settings: &'a Settings,
    /// Where each item's lines are shown together.
    pub(super) group: Option<&'a Group>,
    /// The seed of all items' seeds.
    pub(super) seed: u64,
    /// Where the map is profiled.
    pub(super) times: Option<&'a Times>,
    pub(super) packing: Packing,
}

/// Runs items until none is left, or this worker has had enough: the parent, which sees what is left, then starts
/// another. An error means that the parent has gone.
pub(super) fn work(board: &Board, assignment: &Assignment<'_>, job: &mut Job<'_>, pipe: OwnedFd) -> io::Result<()> {
    panics::record_panics_of_this_thread();
    seeds::enter(assignment.seed);
    let (slot, settings) = (board.slot(assignment.slot), assignment.settings);
    let mut worker = Worker {
        desk: SlotStage {
            slot,
            timed: settings.map.timeout.is_some(),
        },
        job,
        outbox: Outbox {
            slot,
            pipe: pipe.into(),
            waiting: Vec::with_capacity(BUFFER),
            is_packing: assignment.packing.is_some(),
            open: None,
        },
        pace: Pace::new(settings.map.chunk_size, settings.workers),
        tracer: Tracer::new(slot.trace()),
        tallier: assignment.times.map(|times| Tallier::new(slot.tally(), times)),
        settings,
        group: assignment.group,
        ran: 0,
        latest: 0,
        initialized: settings.initializer.is_none(),
    };
    let started = Instant::now();
    let done = worker.work_through(board, assignment.ranges);
    worker.trace_rest();
    slot.sum_up(worker.ran, clock::nanos(started.elapsed()));
    match done {
        ControlFlow::Break(Err(error)) => Err(error),
        _ => worker.outbox.send(),
    }
}

struct Worker<'a, 'job> {
    desk: SlotStage<'a>,
    job: &'a mut Job<'job>,
    outbox: Outbox<'a>,
    pace: Pace,
    tracer: Tracer<'a>,
    tallier: Option<Tallier<'a>>,
    settings: &'a Settings,
    group: Option<&'a Group>,
    /// How many items it has run.
    ran: usize,
    /// The one that it ran last.
    latest: usize,
    initialized: bool,
}

/// Breaks when the worker ends.
type UntilEnd = ControlFlow<io::Result<()>>;

impl Worker<'_, '_> {
    fn work_through(&mut self, board: &Board, ranges: &[Range<usize>]) -> UntilEnd {
        for range in ranges {
            self.run_chunk(range.clone())?;
        }
        loop {
            let wanted = self.pace.next_chunk(board.untaken());
            let chunk = board.take(wanted.min(self.capacity()));
            if chunk.is_empty() {
                return ControlFlow::Continue(());
            }
            self.run_chunk(chunk)?;
        }
    }

    /// How many items it may still run.
    fn capacity(&self) -> usize {
        self.settings.max_tasks.map_or(usize::MAX, |most| most - self.ran)
    }

    fn run_chunk(&mut self, chunk: Range<usize>) -> UntilEnd {
        self.desk.slot.begin_chunk(&chunk);
        for item in chunk {
            self.desk.slot.begin_item(item);
            // The inner item's beginning; a block begins each of its own as well.
            self.desk.begin(item);
            let start = self.outbox.begin(item);
            let failed = match self.initialize() {
                Ok(()) => self.run_item(item),
                Err(error) => {
                    job::encode_error(&error, &mut self.outbox.waiting);
                    true
                }
            };
            stop_on(self.outbox.finish(item, start, failed))?;
            self.desk.end();
            self.desk.slot.end_item(item);
            self.ran += 1;
            self.latest = item;
            // A failure may end the map, so it never waits for the next item; a profile has the time of each.
            if let Some(look) = self.pace.item_done(failed || self.tallier.is_some()) {
                self.trace(look, item, failed);
                if let Some(tallier) = &mut self.tallier {
                    tallier.add(item, look.ended.saturating_sub(look.began), failed);
                }
                if look.is_time_to_send || failed {
                    stop_on(self.outbox.send())?;
                    self.pace.sent();
                }
            }
            let retire = failed && (self.settings.map.retries > 0 || !self.initialized);
            if retire || self.capacity() == 0 {
                return ControlFlow::Break(Ok(()));
            }
        }
        ControlFlow::Continue(())
    }

    /// Whether it failed.
    fn run_item(&mut self, item: usize) -> bool {
        let Some(group) = self.group else {
            return job::run(item, &self.desk, self.job, &mut self.outbox.waiting);
        };
        group.begin_item(item);
        let failed = job::run(item, &self.desk, self.job, &mut self.outbox.waiting);
        group.end_item();
        failed
    }

    /// Notes down when the items up to `last` were run.
    fn trace(&mut self, look: Look, last: usize, failed: bool) {
        self.tracer.add(Span {
            // Where they are of several chunks, it is about the last one's.
            first: (last + 1).saturating_sub(look.items),
            items: u32::try_from(look.items).unwrap_or(u32::MAX),
            failed: u32::from(failed),
            began: look.began,
            ended: look.ended,
        });
    }

    fn trace_rest(&mut self) {
        if let Some(look) = self.pace.last_look() {
            self.trace(look, self.latest, false);
        }
    }

    /// Runs the pool's initializer, if it has not been run.
    fn initialize(&mut self) -> Result<(), TaskError> {
        if self.initialized {
            return Ok(());
        }
        if let Some(initializer) = &self.settings.initializer {
            panics::catch(|| (initializer.0)()).map_err(|panic| TaskError::NotInitialized {
                pid: std::process::id(),
                item: self.desk.item(),
                error: panic.description(),
            })?;
        }
        self.initialized = true;
        self.desk.slot.set_initialized();
        // The time it took is not the item's.
        self.desk.mark_time();
        self.pace.skip();
        Ok(())
    }
}

fn stop_on(result: io::Result<()>) -> UntilEnd {
    match result {
        Ok(()) => ControlFlow::Continue(()),
        Err(error) => ControlFlow::Break(Err(error)),
    }
}

/// Where the worker notes down what it is on.
struct SlotStage<'a> {
    slot: &'a Slot,
    /// Whether items have a time limit.
    timed: bool,
}

impl SlotStage<'_> {
    fn mark_time(&self) {
        if self.timed {
            self.slot.mark_time(clock::now());
        }
    }

    fn end(&self) {
        if self.timed {
            self.slot.mark_time(0);
        }
    }
}

impl Stage for SlotStage<'_> {
    fn begin(&self, item: usize) {
        // First of all, for a worker that was late with the item before must not seem to be on this one.
        self.mark_time();
        self.slot.begin_inner(item);
        seeds::begin_item(item);
    }

    fn item(&self) -> Option<usize> {
        Some(self.slot.inner())
    }
}

/// The records that wait to be sent: in this worker's memory, and a copy on the board for the parent to find if the
/// worker dies.
struct Outbox<'a> {
    slot: &'a Slot,
    pipe: File,
    waiting: Vec<u8>,
    /// Results of items that follow each other are one record.
    is_packing: bool,
    /// The last record, where the next item's result may be added to it.
    open: Option<OpenRecord>,
}

#[derive(Clone, Copy)]
struct OpenRecord {
    /// Where it begins, and its payload ends without what fills it up.
    start: usize,
    end: usize,
    /// The item whose result it has room for.
    next: usize,
}

impl Outbox<'_> {
    /// What is appended from here on is the payload of an item's record. Where that began.
    fn begin(&mut self, item: usize) -> usize {
        if let Some(open) = self.open.filter(|open| open.next == item) {
            self.waiting.truncate(open.end);
            return open.start;
        }
        self.close();
        let start = self.waiting.len();
        record::begin(item, &mut self.waiting);
        start
    }

    /// Completes the record that began at `start`, and sees to it that the parent will get it.
    fn finish(&mut self, item: usize, start: usize, failed: bool) -> io::Result<()> {
        let start = match self.open {
            Some(open) if failed && open.start == start => self.split_off(open, item),
            _ => start,
        };
        let end = self.waiting.len();
        record::finish(start, failed, &mut self.waiting);
        if self.waiting.len() > BUFFER {
            return self.send();
        }
        if failed || !self.is_packing {
            self.slot.commit(start, &self.waiting[start..]);
            return Ok(());
        }
        let written = self.open.map_or(start, |open| open.end);
        self.slot.commit_open(start, written, &self.waiting[..end]);
        self.open = Some(OpenRecord {
            start,
            end,
            next: item + 1,
        });
        Ok(())
    }

    /// Makes what follows the open record's payload, which is no result, a record of its own. Where that begins.
    fn split_off(&mut self, open: OpenRecord, item: usize) -> usize {
        let payload = self.waiting.split_off(open.end);
        record::finish(open.start, false, &mut self.waiting);
        self.close();
        let start = self.waiting.len();
        record::begin(item, &mut self.waiting);
        self.waiting.extend_from_slice(&payload);
        start
    }

    /// Nothing more is added to the last record.
    fn close(&mut self) {
        if let Some(open) = self.open.take() {
            self.slot.close(open.start, &self.waiting);
        }
    }

    fn send(&mut self) -> io::Result<()> {
        self.pipe.write_all(&self.waiting)?;
        self.slot.clear();
        self.open = None;
        self.waiting.clear();
        // One large result must not hold its memory for the rest of the map.
        self.waiting.shrink_to(BUFFER);
        Ok(())
    }
}

//! A worker's side of a map: take items, run them, hand their results over.

use std::fs::File;
use std::io::{self, Write};
use std::ops::Range;
use std::os::fd::OwnedFd;

use super::board::{BUFFER, Board, Slot};
use super::pace::Pace;
use crate::job::{self, Job};
use crate::{panics, record};

/// Which items a worker begins with, and how it goes on.
#[derive(Debug)]
pub(super) struct Assignment {
    /// The worker's slot on the board.
    pub(super) slot: usize,
    /// Items that are its own, or that another worker left, ascending; after them it takes what nobody has taken.
    pub(super) ranges: Vec<Range<usize>>,
    pub(super) chunk_size: Option<usize>,
    pub(super) workers: usize,
}

/// Runs items until none is left. An error means that the parent has gone.
pub(super) fn work(board: &Board, assignment: &Assignment, job: &mut Job<'_>, pipe: OwnedFd) -> io::Result<()> {
    panics::record_panics_of_this_thread();
    let slot = board.slot(assignment.slot);
    let pace = Pace::new(assignment.chunk_size, assignment.workers);
    let mut worker = Worker {
        slot,
        job,
        outbox: Outbox {
            slot,
            pipe: pipe.into(),
            waiting: Vec::with_capacity(BUFFER),
        },
        pace,
    };
    for range in &assignment.ranges {
        worker.run_chunk(range.clone())?;
    }
    loop {
        let chunk = board.take(worker.pace.next_chunk(board.untaken()));
        if chunk.is_empty() {
            return worker.outbox.send();
        }
        worker.run_chunk(chunk)?;
    }
}

struct Worker<'a, 'job> {
    slot: &'a Slot,
    job: &'a mut Job<'job>,
    outbox: Outbox<'a>,
    pace: Pace,
}

impl Worker<'_, '_> {
    fn run_chunk(&mut self, chunk: Range<usize>) -> io::Result<()> {
        self.slot.begin_chunk(&chunk);
        for item in chunk {
            self.slot.begin_item(item);
            let start = self.outbox.begin(item);
            let failed = job::run(item, Some(item), self.job, &mut self.outbox.waiting);
            self.outbox.finish(start, failed)?;
            self.slot.end_item(item);
            // A failure may end the map, so it never waits for the next item.
            if self.pace.item_done() || failed {
                self.outbox.send()?;
                self.pace.sent();
            }
        }
        Ok(())
    }
}

/// The records that wait to be sent: in this worker's memory, and a copy on the board for the parent to find if the
/// worker dies.
struct Outbox<'a> {
    slot: &'a Slot,
    pipe: File,
    waiting: Vec<u8>,
}

impl Outbox<'_> {
    fn begin(&mut self, item: usize) -> usize {
        let start = self.waiting.len();
        record::begin(item, &mut self.waiting);
        start
    }

    /// Completes the record that began at `start`, and sees to it that the parent will get it.
    fn finish(&mut self, start: usize, failed: bool) -> io::Result<()> {
        record::finish(start, failed, &mut self.waiting);
        if self.waiting.len() > BUFFER {
            return self.send();
        }
        self.slot.commit(start, &self.waiting[start..]);
        Ok(())
    }

    fn send(&mut self) -> io::Result<()> {
        self.pipe.write_all(&self.waiting)?;
        self.slot.clear();
        self.waiting.clear();
        // One large result must not hold its memory for the rest of the map.
        self.waiting.shrink_to(BUFFER);
        Ok(())
    }
}

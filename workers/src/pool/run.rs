//! A map from its caller's side: start the workers, take in their results, replace those that die, leave none behind.

use std::io;
use std::ops::{ControlFlow, Range};
use std::os::fd::AsFd;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::Signal;

use super::board::Board;
use super::ledger::Ledger;
use super::worker::{self, Assignment};
use crate::error::TaskError;
use crate::inbox::Inbox;
use crate::job::{self, Job};
use crate::record::Record;
use crate::sys::child::{Child, Exit};
use crate::sys::fork;

/// How many workers in a row may die without having begun an item before the map gives up.
const MAX_FRUITLESS: usize = 8;

/// How a map is run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Settings {
    pub(super) workers: usize,
    pub(super) chunk_size: Option<usize>,
}

/// Takes one item's encoded result, or its error. Called once an item; breaks to end the map.
pub(super) type Sink<'a> = dyn FnMut(usize, u32, Result<&[u8], TaskError>) -> ControlFlow<()> + 'a;

/// Runs `job` for the indices `0..items` in workers. When it returns or unwinds, no worker is left.
pub(super) fn run(settings: Settings, items: usize, job: &mut Job<'_>, sink: &mut Sink<'_>) {
    if items == 0 {
        return;
    }
    let chunks = items.div_ceil(settings.chunk_size.unwrap_or(1));
    let crew = settings.workers.min(chunks);
    let board = match Board::new(crew, items) {
        Ok(board) => board,
        Err(error) => return fail_all(&Ledger::new(items), &error, sink),
    };
    let settings = Settings {
        workers: crew,
        ..settings
    };
    let mut run = Run {
        settings,
        board,
        job,
        sink,
        crew: Vec::new(),
        ledger: Ledger::new(items),
        fruitless: 0,
    };
    // The map ends early by breaking; dropping `run` ends the workers.
    let _ = run.finish();
}

struct Run<'a, 'job, 'sink> {
    settings: Settings,
    board: Board,
    job: &'a mut Job<'job>,
    sink: &'a mut Sink<'sink>,
    crew: Vec<Member>,
    ledger: Ledger,
    /// Workers that died one after the other without having done anything.
    fruitless: usize,
}

/// One worker.
struct Member {
    child: Child,
    inbox: Inbox,
    slot: usize,
    ranges: Vec<Range<usize>>,
}

impl Run<'_, '_, '_> {
    fn finish(&mut self) -> ControlFlow<()> {
        for slot in 0..self.settings.workers {
            // Each is given its first items, so that every worker asked for has a part, however short the work: who
            // watches sees as many processes as there are. If no more processes are to be had, fewer will do.
            let first = self.board.take(self.settings.chunk_size.unwrap_or(1));
            if self.start(slot, vec![first]).is_err() {
                break;
            }
        }
        loop {
            while !self.crew.is_empty() {
                for (index, ended) in self.wait() {
                    if ended { self.bury(index)? } else { self.listen(index)? }
                }
            }
            if self.ledger.left() == 0 {
                return ControlFlow::Continue(());
            }
            self.start_over()?;
        }
    }

    /// Starts a worker that begins with `ranges`.
    fn start(&mut self, slot: usize, ranges: Vec<Range<usize>>) -> io::Result<()> {
        self.board.slot(slot).reset();
        let Settings { workers, chunk_size } = self.settings;
        let assignment = Assignment {
            slot,
            ranges,
            chunk_size,
            workers,
        };
        let (board, job) = (&self.board, &mut *self.job);
        let (child, pipe) = fork::spawn(None, |pipe| {
            // It fails only when the parent has closed the pipe, and then nobody is there to be told.
            let _ = worker::work(board, &assignment, job, pipe);
        })?;
        self.crew.push(Member {
            child,
            inbox: Inbox::new(pipe),
            slot,
            ranges: assignment.ranges,
        });
        Ok(())
    }

    /// Waits until workers have sent something or ended. Says which, the last first, and whether it has ended.
    fn wait(&self) -> Vec<(usize, bool)> {
        let mut owners = Vec::new();
        let mut fds = Vec::new();
        for (index, member) in self.crew.iter().enumerate() {
            owners.push((index, true));
            fds.push(PollFd::from_borrowed_fd(member.child.pidfd().as_fd(), PollFlags::IN));
            if let Some(pipe) = member.inbox.pollable() {
                owners.push((index, false));
                fds.push(PollFd::from_borrowed_fd(pipe.as_fd(), PollFlags::IN));
            }
        }
        // An interruption by a signal just means to look again, as does the one possible error, lack of memory.
        let _ = poll(&mut fds, None);
        let ready = owners.into_iter().zip(&fds).filter(|(_, fd)| !fd.revents().is_empty());
        let mut ready: Vec<_> = ready.map(|(owner, _)| owner).collect();
        // An ended worker is taken out of the list, which moves only those after it.
        ready.sort_unstable_by(|a, b| b.cmp(a));
        ready.dedup_by_key(|(index, _)| *index);
        ready
    }

    /// Takes in what a worker has sent.
    fn listen(&mut self, index: usize) -> ControlFlow<()> {
        let Self {
            crew,
            ledger,
            sink,
            fruitless,
            ..
        } = self;
        let Member { child, inbox, .. } = &mut crew[index];
        inbox.receive();
        *fruitless = 0;
        inbox.take_records(|record| settle(record, child.pid(), ledger, *sink))
    }

    /// Takes in all that an ended worker has left, and replaces it if it has left work.
    fn bury(&mut self, index: usize) -> ControlFlow<()> {
        let Member {
            mut child,
            mut inbox,
            slot,
            mut ranges,
        } = self.crew.remove(index);
        let left_before = self.ledger.left();
        let exit = child.wait();
        let desk = self.board.slot(slot);
        inbox.drain();
        inbox.take_records(|record| settle(record, child.pid(), &mut self.ledger, self.sink))?;
        inbox.drop_partial();
        inbox.push(&desk.leftovers());
        inbox.take_records(|record| settle(record, child.pid(), &mut self.ledger, self.sink))?;
        if let Some(item) = desk.running()
            && self.ledger.settle(item)
        {
            (self.sink)(
                item,
                child.pid(),
                Err(TaskError::from_exit(child.pid(), Some(item), exit)),
            )?;
        }
        ranges.push(desk.not_begun());
        let ranges = self.ledger.open_within(&ranges);
        let was_done = exit == Exit::Code(0) && ranges.is_empty() && self.board.untaken() == 0;
        let was_fruitful = was_done || self.ledger.left() < left_before;
        self.fruitless = if was_fruitful { 0 } else { self.fruitless + 1 };
        if self.fruitless > MAX_FRUITLESS {
            return self.give_up(child.pid(), exit);
        }
        if !ranges.is_empty() || self.board.untaken() > 0 {
            // If none can be started, others take the rest, or `start_over` does.
            let _ = self.start(slot, ranges);
        }
        ControlFlow::Continue(())
    }

    /// Nobody is left, but items are: those that a worker had taken and not yet noted down when it was killed, or all,
    /// when no worker could be started.
    fn start_over(&mut self) -> ControlFlow<()> {
        self.board.take(self.board.untaken());
        let open = self.ledger.open();
        for (slot, ranges) in open.chunks(open.len().div_ceil(self.settings.workers)).enumerate() {
            if let Err(error) = self.start(slot, ranges.to_vec())
                && slot == 0
            {
                fail_all(&self.ledger, &error, self.sink);
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    /// Fails all that is left, since workers just keep dying.
    fn give_up(&mut self, pid: u32, exit: Exit) -> ControlFlow<()> {
        for item in self.ledger.open().into_iter().flatten() {
            (self.sink)(item, pid, Err(TaskError::from_exit(pid, Some(item), exit)))?;
        }
        ControlFlow::Break(())
    }
}

impl Drop for Run<'_, '_, '_> {
    fn drop(&mut self) {
        // All are signalled before the first is waited for, which dropping each one does.
        for member in &self.crew {
            member.child.signal(Signal::KILL);
        }
    }
}

/// Passes one record on, unless it has been seen before: a worker killed while it sent leaves some twice.
fn settle(record: Record<'_>, pid: u32, ledger: &mut Ledger, sink: &mut Sink<'_>) -> ControlFlow<()> {
    // An index that is out of range comes from a worker with damaged memory: as if it had not been sent.
    let Ok(item) = usize::try_from(record.index) else {
        return ControlFlow::Continue(());
    };
    if !ledger.settle(item) {
        return ControlFlow::Continue(());
    }
    let outcome = if record.failed {
        Err(job::decode_error(record.payload, pid, Some(item)))
    } else {
        Ok(record.payload)
    };
    sink(item, pid, outcome)
}

/// Fails all open items because no worker can be had.
fn fail_all(ledger: &Ledger, error: &io::Error, sink: &mut Sink<'_>) {
    for item in ledger.open().into_iter().flatten() {
        let error = format!("a worker process cannot be started: {error}");
        if sink(
            item,
            0,
            Err(TaskError::System {
                pid: None,
                item: Some(item),
                error,
            }),
        )
        .is_break()
        {
            return;
        }
    }
}

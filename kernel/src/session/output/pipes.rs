//! The pipes that the session's processes print to, the socket on which workers are announced, and the processes that
//! nobody waits for.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Instant;

use super::listener::{Inputs, State};
use super::source::SourceId;
use super::unattended::Unattended;
use crate::process::channel::{Channel, ReceiveError};
use crate::process::messages::{Ending, WorkerEvent};

/// The most that is read before something else has its turn.
const TURN: usize = 1 << 20;
const READ: usize = 64 * 1024;

/// What can be read, with descriptors.
#[derive(Debug, Default)]
pub(super) struct Pipes {
    open: BTreeMap<SourceId, OwnedFd>,
    /// How many there have been.
    count: u64,
    /// Which has its turn first, where not all may have one.
    turn: SourceId,
    /// Where workers are announced.
    workers: Option<Channel>,
    /// Where the answers are awaited of questions that have not been put.
    askers: VecDeque<Channel>,
    /// The same of questions about comms.
    comm_askers: VecDeque<Channel>,
    unattended: Unattended,
}

impl Pipes {
    /// Reads from these from now on, and gives their names.
    pub(super) fn open(&mut self, pipes: impl IntoIterator<Item = OwnedFd>) -> Vec<SourceId> {
        pipes.into_iter().filter_map(|pipe| self.open_one(pipe)).collect()
    }

    fn open_one(&mut self, pipe: OwnedFd) -> Option<SourceId> {
        if let Err(error) = set_nonblocking(&pipe) {
            tracing::error!(%error, "cannot read what a process prints");
            return None;
        }
        let source = SourceId(self.count);
        self.count += 1;
        self.open.insert(source, pipe);
        Some(source)
    }

    pub(super) fn close(&mut self, source: SourceId) {
        self.open.remove(&source);
    }

    /// Hears news of workers from here from now on.
    pub(super) fn hear_workers_from(&mut self, channel: Channel) {
        self.workers = Some(channel);
    }

    /// Nobody is left of those that nobody waits for.
    pub(super) fn forget_unattended(&mut self) {
        self.unattended.clear();
    }

    /// Where the answer is awaited of the question that was asked first.
    pub(super) fn next_asker(&mut self) -> Option<Channel> {
        self.askers.pop_front()
    }

    /// The same of the question about comms that was asked first.
    pub(super) fn next_comm_asker(&mut self) -> Option<Channel> {
        self.comm_askers.pop_front()
    }

    /// The pipes, in the order of their turns.
    pub(super) fn in_turn(&self) -> Vec<SourceId> {
        let later = self.open.range(self.turn..);
        let earlier = self.open.range(..self.turn);
        later.chain(earlier).map(|(source, _)| *source).collect()
    }

    /// This was the last that had its turn.
    pub(super) fn stop_behind(&mut self, source: SourceId) {
        self.turn = SourceId(source.0 + 1);
    }

    /// What becomes ready to be read when there is something to do; pipes among it where they may be read.
    pub(super) fn descriptors(&self, with_pipes: bool) -> impl Iterator<Item = BorrowedFd<'_>> {
        let pipes = self.open.values().filter(move |_| with_pipes).map(AsFd::as_fd);
        let workers = self.workers.as_ref().map(AsFd::as_fd);
        workers.into_iter().chain(pipes).chain(self.unattended.descriptors())
    }

    /// When the ends of processes are to be looked at, if nothing ends before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.unattended.deadline()
    }

    /// Keeps what came with news of a worker, and gives the pipes among it; None where it is not complete.
    fn keep(&mut self, event: &mut WorkerEvent, descriptors: Vec<OwnedFd>) -> Option<Vec<SourceId>> {
        match event {
            WorkerEvent::WorkerStarted(worker) => {
                if worker.unattended {
                    self.unattended.watch(worker.pid);
                }
                Some(self.open(descriptors.into_iter().take(2)))
            }
            WorkerEvent::WorkerExited { pid, ending } => {
                *ending = self.unattended.waited_for(*pid, *ending);
                Some(Vec::new())
            }
            WorkerEvent::InputRequested { .. } | WorkerEvent::Asked { .. } => {
                let Some(asker) = descriptors.into_iter().next() else {
                    tracing::error!("a question came without the socket for its answer");
                    return None;
                };
                let is_about_comms = matches!(event, WorkerEvent::Asked { .. });
                let askers = if is_about_comms {
                    &mut self.comm_askers
                } else {
                    &mut self.askers
                };
                askers.push_back(Channel::from(asker));
                Some(Vec::new())
            }
            _ => Some(Vec::new()),
        }
    }
}

impl Inputs for Pipes {
    fn read(&mut self, source: SourceId, take: &mut dyn FnMut(&[u8], Instant)) -> State {
        let Some(pipe) = self.open.get(&source) else {
            return State::Ended;
        };
        let state = read(pipe, take).unwrap_or_else(|error| {
            tracing::error!(%error, "cannot read what a process prints");
            State::Ended
        });
        if state == State::Ended {
            self.open.remove(&source);
        }
        state
    }

    fn next_event(&mut self) -> Option<(WorkerEvent, Vec<SourceId>)> {
        loop {
            match self.workers.as_ref()?.try_receive::<WorkerEvent>() {
                Ok((mut event, descriptors)) => {
                    if let Some(sources) = self.keep(&mut event, descriptors) {
                        return Some((event, sources));
                    }
                }
                Err(ReceiveError::Empty) => return None,
                Err(ReceiveError::Closed) => self.workers = None,
                Err(error) => {
                    tracing::warn!(%error, "cannot understand news of a worker");
                    return None;
                }
            }
        }
    }

    fn ends(&mut self) -> Vec<(u32, Option<Ending>)> {
        let reports = self.unattended.reports(Instant::now());
        let well = self.unattended.ended_well();
        let reports = reports.into_iter().map(|ended| (ended.pid, Some(ended.ending)));
        reports.chain(well.into_iter().map(|pid| (pid, None))).collect()
    }

    fn now(&self) -> Instant {
        Instant::now()
    }
}

fn set_nonblocking(pipe: &OwnedFd) -> io::Result<()> {
    let flags = rustix::fs::fcntl_getfl(pipe)?;
    Ok(rustix::fs::fcntl_setfl(pipe, flags | rustix::fs::OFlags::NONBLOCK)?)
}

/// Reads what there is, up to a limit.
fn read(pipe: &OwnedFd, take: &mut dyn FnMut(&[u8], Instant)) -> io::Result<State> {
    let mut buffer = vec![0; READ];
    let mut left = TURN;
    while left > 0 {
        match rustix::io::read(pipe, &mut buffer[..]) {
            Ok(0) => return Ok(State::Ended),
            Ok(length) => {
                left = left.saturating_sub(length);
                take(&buffer[..length], Instant::now());
            }
            Err(rustix::io::Errno::AGAIN) => return Ok(State::Open),
            Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(State::Open)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipe(pipes: &mut Pipes) -> (SourceId, OwnedFd) {
        let (read, write) = rustix::pipe::pipe().unwrap();
        let [source] = pipes.open([read])[..] else {
            panic!("not opened")
        };
        (source, write)
    }

    fn read(pipes: &mut Pipes, source: SourceId) -> (Vec<u8>, State) {
        let mut all = Vec::new();
        let state = pipes.read(source, &mut |bytes, _| all.extend_from_slice(bytes));
        (all, state)
    }

    #[test]
    fn a_pipe_is_read_until_it_is_empty_and_forgotten_when_it_has_ended() {
        let mut pipes = Pipes::default();
        let (source, write) = pipe(&mut pipes);
        assert_eq!(read(&mut pipes, source), (Vec::new(), State::Open));
        rustix::io::write(&write, b"text").unwrap();
        assert_eq!(read(&mut pipes, source), (b"text".to_vec(), State::Open));
        rustix::io::write(&write, b"last").unwrap();
        drop(write);
        assert_eq!(read(&mut pipes, source), (b"last".to_vec(), State::Ended));
        assert_eq!(pipes.in_turn(), []);
        assert_eq!(read(&mut pipes, source), (Vec::new(), State::Ended));
    }

    #[test]
    fn pipes_take_turns() {
        let mut pipes = Pipes::default();
        let (sources, _writers): (Vec<SourceId>, Vec<OwnedFd>) = (0..3).map(|_| pipe(&mut pipes)).unzip();
        let [one, two, three] = sources[..] else {
            panic!("three were opened")
        };
        assert_eq!(pipes.in_turn(), [one, two, three]);
        pipes.stop_behind(one);
        assert_eq!(pipes.in_turn(), [two, three, one]);
        pipes.stop_behind(three);
        assert_eq!(pipes.in_turn(), [one, two, three]);
        pipes.close(two);
        assert_eq!(pipes.in_turn(), [one, three]);
    }
}

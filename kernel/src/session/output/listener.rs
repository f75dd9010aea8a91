//! In which order pipes are read and news is heard, so that what follows from something is said after it.
//!
//! Each process writes to pipes of its own, and news of workers comes through a socket; none of them says when something
//! was written. But all that a process wrote before it sent a piece of news is in its pipes when the news is heard, and
//! who prints something because of that news has printed it later. So pipes are read before news is told, and news is heard
//! before what the notebook process has printed is said.

use std::time::Instant;

use super::source::SourceId;
use super::transcript::Transcript;
use crate::process::messages::{Ending, WorkerEvent};

/// Where everything is read from.
pub(super) trait Inputs {
    /// Reads a pipe, for longer than it takes to empty one that is full.
    fn read(&mut self, source: SourceId, take: &mut dyn FnMut(&[u8], Instant)) -> State;

    /// The next news of a worker, if there is any now, and the pipes that came with it.
    fn next_event(&mut self) -> Option<(WorkerEvent, Vec<SourceId>)>;

    /// The processes that have ended without anybody who waits for them; how, where it is to be reported.
    fn ends(&mut self) -> Vec<(u32, Option<Ending>)>;

    fn now(&self) -> Instant;
}

/// Whether more may come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum State {
    Open,
    /// Nobody holds the other end.
    Ended,
}

/// What is read, and what is made of it.
#[derive(Debug)]
pub(super) struct Listener<I> {
    pub(super) inputs: I,
    pub(super) transcript: Transcript,
}

impl<I: Inputs> Listener<I> {
    /// Reads one pipe once.
    pub(super) fn read(&mut self, source: SourceId) {
        let transcript = &mut self.transcript;
        let state = self
            .inputs
            .read(source, &mut |bytes, now| transcript.take(source, bytes, now));
        if state == State::Ended {
            transcript.close(source, self.inputs.now());
        }
        if self.transcript.awaits_news() {
            self.hear_workers();
        }
    }

    /// Reads every pipe once.
    pub(super) fn read_all(&mut self) {
        for source in self.transcript.sources() {
            self.read(source);
        }
    }

    /// Hears what there is to be heard of workers.
    pub(super) fn hear_workers(&mut self) {
        self.transcript.begin_news();
        while let Some((event, sources)) = self.inputs.next_event() {
            self.hear(event, &sources);
        }
        self.transcript.end_news(self.inputs.now());
    }

    fn hear(&mut self, event: WorkerEvent, sources: &[SourceId]) {
        match event {
            WorkerEvent::WorkerStarted(worker) => {
                // What was printed before it was started is said before what it prints. News of its end may follow at
                // once, and has all of its own said.
                self.read_all_now();
                self.transcript.start_worker(&worker, sources, self.inputs.now());
            }
            WorkerEvent::WorkerExited { pid, ending } => self.end_worker(pid, ending),
            WorkerEvent::ItemsDone { group, items } => {
                self.read_group(&group);
                self.transcript.end_items(&group, &items, self.inputs.now());
            }
            WorkerEvent::GroupEnded { group } => {
                self.read_group(&group);
                self.transcript.end_group(&group, self.inputs.now());
            }
            WorkerEvent::Notice { text } => self.transcript.say(text.into_owned()),
            WorkerEvent::Asked { question } => {
                self.read_all_now();
                self.transcript.ask_about_comm(question, self.inputs.now());
            }
            WorkerEvent::InputRequested { prompt, password } => {
                self.read_all_now();
                self.transcript.ask(prompt.into_owned(), password, self.inputs.now());
            }
        }
    }

    /// Reads every pipe before a piece of news; what has been read already comes first.
    fn read_all_now(&mut self) {
        self.transcript.say_unsaid(self.inputs.now());
        self.read_all();
    }

    /// Reads the pipes of one map's workers. What the notebook process has printed since comes later.
    fn read_group(&mut self, key: &str) {
        for source in self.transcript.sources_of_group(key) {
            self.read(source);
        }
    }

    /// The worker has ended, and all that it wrote is there to be read. What its own children write later is read
    /// until they close the pipe.
    fn end_worker(&mut self, pid: u32, ending: Option<Ending>) {
        for source in self.transcript.sources_of(pid) {
            self.read(source);
            self.transcript.finish(source, self.inputs.now());
        }
        self.transcript.end_worker(pid);
        if let Some(ending) = ending {
            self.transcript.report_end(pid, ending);
        }
    }

    /// The notebook process has ended, and with it all that it had started. What they have said is in their pipes.
    pub(super) fn end_workers(&mut self) {
        self.read_all();
        self.transcript.end_workers();
    }

    /// Says all that has been written up to now, where all news has been heard.
    pub(super) fn drain(&mut self) {
        // Once is enough: a pipe that is always full must not keep a cell from ending.
        self.read_all();
        self.transcript.release(self.inputs.now());
        self.report_ends();
        self.transcript.release_prompt();
    }

    /// Says what has been held for long enough.
    pub(super) fn settle_due(&mut self) {
        self.transcript.settle_due(self.inputs.now());
        self.report_ends();
    }

    /// Reports the ends of processes that nobody waits for.
    fn report_ends(&mut self) {
        for (pid, ending) in self.inputs.ends() {
            self.end_worker(pid, ending);
        }
    }
}

#[cfg(test)]
mod tests;

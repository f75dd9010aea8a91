//! Processes are played: what they write lies in their pipes until it is read, and their news until it is heard.

mod cells;
mod interleavings;

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use super::super::outlet::Utterance;
use super::super::worker_prefix::Colours;
use super::*;
use crate::process::messages::{Group, GroupOrder, OutputStyle, Worker};
use crate::session::event::{CellId, Content};

const OUT: SourceId = SourceId(0);
const ERR: SourceId = SourceId(1);

/// What can be read and heard now.
#[derive(Debug)]
struct Played {
    pipes: BTreeMap<SourceId, Vec<u8>>,
    closed: Vec<SourceId>,
    events: VecDeque<(WorkerEvent, Vec<SourceId>)>,
    ends: Vec<(u32, Option<Ending>)>,
    now: Instant,
}

impl Inputs for Played {
    fn read(&mut self, source: SourceId, take: &mut dyn FnMut(&[u8], Instant)) -> State {
        let bytes = self.pipes.get_mut(&source).map(std::mem::take).unwrap_or_default();
        if !bytes.is_empty() {
            take(&bytes, self.now);
        }
        match self.closed.contains(&source) {
            true => State::Ended,
            false => State::Open,
        }
    }

    fn next_event(&mut self) -> Option<(WorkerEvent, Vec<SourceId>)> {
        self.events.pop_front()
    }

    fn ends(&mut self) -> Vec<(u32, Option<Ending>)> {
        std::mem::take(&mut self.ends)
    }

    fn now(&self) -> Instant {
        self.now
    }
}

/// A session with a notebook process that runs its first cell.
struct Session {
    listener: Listener<Played>,
    /// How many pipes there have been.
    pipes: u64,
}

impl Session {
    fn new() -> Session {
        let mut transcript = Transcript::new(Colours::new(false), Arc::default());
        let now = Instant::now();
        transcript.start_notebook(&[OUT, ERR], now);
        transcript.begin_cell(CellId(1));
        let inputs = Played {
            pipes: BTreeMap::new(),
            closed: Vec::new(),
            events: VecDeque::new(),
            ends: Vec::new(),
            now,
        };
        let listener = Listener { inputs, transcript };
        Session { listener, pipes: 2 }
    }

    fn print(&mut self, source: SourceId, text: &str) {
        let pipe = self.listener.inputs.pipes.entry(source).or_default();
        pipe.extend_from_slice(text.as_bytes());
    }

    fn close(&mut self, source: SourceId) {
        self.listener.inputs.closed.push(source);
    }

    fn send(&mut self, event: WorkerEvent) {
        self.listener.inputs.events.push_back((event, Vec::new()));
    }

    /// A worker starts: gives its streams.
    fn start(&mut self, pid: u32) -> [SourceId; 2] {
        self.start_as(worker(pid))
    }

    fn start_as(&mut self, worker: Worker) -> [SourceId; 2] {
        let sources = [SourceId(self.pipes), SourceId(self.pipes + 1)];
        self.pipes += 2;
        let event = WorkerEvent::WorkerStarted(worker);
        self.listener.inputs.events.push_back((event, sources.to_vec()));
        sources
    }

    fn exit(&mut self, pid: u32) {
        self.send(WorkerEvent::WorkerExited { pid, ending: None });
    }

    fn ask(&mut self, prompt: &str) {
        let (prompt, password) = (prompt.to_owned().into(), false);
        self.send(WorkerEvent::InputRequested { prompt, password });
    }

    /// What the thread that reads does when something can be read.
    fn turn(&mut self) {
        self.listener.hear_workers();
        self.listener.read_all();
        self.listener.settle_due();
    }

    fn drain(&mut self) {
        self.listener.hear_workers();
        self.listener.drain();
    }

    /// Everything that has been said since this was asked for, in all cells; a question between brackets.
    fn said(&mut self) -> String {
        self.said_in_cells().into_iter().map(|(_, text)| text).collect()
    }

    /// The same, with the cells that it belongs to.
    fn said_in_cells(&mut self) -> Vec<(u64, String)> {
        let mut said: Vec<(u64, String)> = Vec::new();
        for utterance in self.listener.transcript.take_said() {
            let (cell, text) = match utterance {
                Utterance::Output {
                    cell,
                    content: Content::Stream { text, .. },
                } => (cell.0, text),
                Utterance::Output { cell, .. } => (cell.0, "*".to_owned()),
                Utterance::OfComm { cell, .. } => (cell.0, "%".to_owned()),
                Utterance::Asked { cell, .. } => (cell.0, "<?>".to_owned()),
                Utterance::Question(prompt) => (0, format!("<{}>", prompt.text)),
            };
            match said.last_mut() {
                Some((last, before)) if *last == cell => before.push_str(&text),
                _ => said.push((cell, text)),
            }
        }
        said
    }
}

fn worker(pid: u32) -> Worker {
    Worker {
        pid,
        name: None,
        output: OutputStyle::Lines,
        group: None,
        unattended: false,
    }
}

fn grouped(pid: u32) -> Worker {
    let (key, order) = ("k".into(), GroupOrder::Items);
    Worker {
        group: Some(Group { key, order }),
        ..worker(pid)
    }
}

fn mark(item: usize) -> String {
    format!("\u{1e}parcell-item:k:{item}\n")
}

#[test]
fn a_workers_output_is_told_whether_it_is_read_before_its_announcement_or_later() {
    let mut session = Session::new();
    session.print(OUT, "before\n");
    let [out, err] = session.start(7);
    session.print(out, "early\n");
    session.turn();
    assert_eq!(session.said(), "before\n[pid 7] early\n");
    session.print(err, "late\n");
    session.turn();
    assert_eq!(session.said(), "[pid 7] late\n");
}

#[test]
fn what_follows_from_a_workers_end_is_said_after_all_that_it_printed() {
    let mut session = Session::new();
    let [out, _] = session.start(7);
    session.turn();
    session.print(out, "last\n");
    session.exit(7);
    session.print(OUT, "it has ended\n");
    // The news came after what was heard of workers.
    session.listener.read(OUT);
    assert_eq!(session.said(), "[pid 7] last\nit has ended\n");
}

#[test]
fn what_was_printed_before_a_worker_was_started_comes_before_what_it_prints() {
    let mut session = Session::new();
    session.print(OUT, "one\n");
    let [first, _] = session.start(7);
    session.print(first, "of the first\n");
    let [second, _] = session.start(8);
    session.print(second, "of the second\n");
    session.exit(8);
    session.print(OUT, "two\n");
    session.listener.read(OUT);
    // Of the notebook process nobody can say whether it printed this before the second was started.
    assert_eq!(
        session.said(),
        "one\ntwo\n[pid 7] of the first\n[pid 8] of the second\n"
    );
}

#[test]
fn an_exit_is_heard_before_the_output_has_been_read_to_its_end() {
    let mut session = Session::new();
    let [out, err] = session.start(7);
    session.print(err, "panicked\n");
    session.print(out, "whole\npart");
    session.exit(7);
    session.turn();
    // A line that was begun is ended before what the other stream has.
    assert_eq!(session.said(), "[pid 7] whole\n[pid 7] part\n[pid 7] panicked\n");
    // A child of the worker's holds the pipe open.
    session.print(out, "of its child\nagain ");
    session.turn();
    assert_eq!(session.said(), "[pid 7] of its child\n");
    session.close(out);
    session.turn();
    assert_eq!(session.said(), "[pid 7] again \n");
    assert!(!session.listener.transcript.sources().contains(&out));
}

#[test]
fn a_pipe_that_ends_before_the_exit_is_heard_gives_what_it_holds_once() {
    let mut session = Session::new();
    let [out, err] = session.start(7);
    session.print(out, "part");
    session.close(out);
    session.close(err);
    session.turn();
    assert_eq!(session.said(), "[pid 7] part\n");
    session.exit(7);
    session.turn();
    assert_eq!(session.said(), "");
}

#[test]
fn a_notice_comes_behind_the_last_line_of_ended_workers() {
    let mut session = Session::new();
    let [out, _] = session.start(7);
    session.print(out, "part");
    session.exit(7);
    session.send(WorkerEvent::Notice {
        text: "parcell: 1 of 1 failed\n".into(),
    });
    session.turn();
    assert_eq!(session.said(), "[pid 7] part\nparcell: 1 of 1 failed\n");
}

#[test]
fn items_that_are_done_are_said_with_all_that_was_printed_of_them() {
    let mut session = Session::new();
    let [one, _] = session.start_as(grouped(7));
    let [two, _] = session.start_as(grouped(8));
    session.print(two, &(mark(1) + "second\n"));
    session.turn();
    assert_eq!(session.said(), "");
    session.print(two, "its rest");
    session.print(one, &(mark(0) + "first\npart"));
    let done = |items: &[(usize, usize)]| WorkerEvent::ItemsDone {
        group: "k".into(),
        items: items.to_vec(),
    };
    session.send(done(&[(1, 2)]));
    session.listener.hear_workers();
    assert_eq!(session.said(), "[pid 7] first\n", "the first item is shown as it comes");
    session.send(done(&[(0, 1)]));
    session.print(OUT, "all are done\n");
    session.listener.read(OUT);
    assert_eq!(
        session.said(),
        "[pid 7] part\n[pid 8] second\n[pid 8] its rest\nall are done\n"
    );
}

#[test]
fn what_waits_for_its_turn_is_said_when_the_map_ends() {
    let mut session = Session::new();
    let [out, _] = session.start_as(grouped(7));
    session.print(out, &(mark(3) + "three\npart"));
    session.turn();
    assert_eq!(session.said(), "");
    let group = "k".into();
    session.send(WorkerEvent::GroupEnded { group });
    session.turn();
    assert_eq!(session.said(), "[pid 7] three\n[pid 7] part\n");
}

#[test]
fn a_question_comes_behind_all_that_was_printed_before_it() {
    let mut session = Session::new();
    let [out, _] = session.start(7);
    session.print(OUT, "a question:\n");
    session.print(out, "meanwhile\n");
    session.print(ERR, "EVCXR_BEG");
    session.ask("name? ");
    session.listener.read(OUT);
    assert_eq!(session.said(), "a question:\n[pid 7] meanwhile\nEVCXR_BEG<name? >");
}

#[test]
fn when_the_notebook_process_has_ended_all_that_workers_wrote_is_said() {
    let mut session = Session::new();
    let [out, _] = session.start(7);
    let [held, _] = session.start_as(grouped(8));
    session.turn();
    session.print(out, "last\n");
    session.print(held, &(mark(4) + "four\n"));
    session.listener.end_workers();
    assert_eq!(session.said(), "[pid 7] last\n[pid 8] four\n");
    // It is the same pipes that the checkpoint prints to, but not where another notebook process is started.
    assert_eq!(session.listener.transcript.forget_notebook(), [OUT, ERR]);
    session.print(OUT, "nobody's\n");
    session.turn();
    assert_eq!(session.said(), "");
}

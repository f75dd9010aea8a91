//! Whenever the thread that reads gets to read, what is said is the same.

use super::*;

/// What processes do, one after the other.
#[derive(Clone, Copy, Debug)]
enum Step {
    Print(SourceId, &'static str),
    Start(u32),
    StartGrouped(u32),
    Exit(u32),
    Done(usize, usize),
    Ask,
}

/// What the thread that reads does between two steps.
#[derive(Clone, Copy, Debug)]
enum Between {
    Nothing,
    Turn,
    /// It has heard of workers before, and comes to read.
    Read,
    Hear,
}

const BETWEEN: [Between; 4] = [Between::Nothing, Between::Turn, Between::Read, Between::Hear];

impl Session {
    fn play(&mut self, step: Step) {
        match step {
            Step::Print(source, text) => self.print(source, text),
            Step::Start(pid) => drop(self.start(pid)),
            Step::StartGrouped(pid) => drop(self.start_as(grouped(pid))),
            Step::Exit(pid) => self.exit(pid),
            Step::Done(start, end) => {
                let (group, items) = ("k".into(), vec![(start, end)]);
                self.send(WorkerEvent::ItemsDone { group, items });
            }
            Step::Ask => self.ask("?"),
        }
    }

    fn go_on(&mut self, between: Between) {
        match between {
            Between::Nothing => {}
            Between::Turn => self.turn(),
            Between::Read => self.listener.read_all(),
            Between::Hear => self.listener.hear_workers(),
        }
    }
}

/// What is said of these steps, with all that the thread that reads may do between them; `known` has been heard.
fn outcomes(known: &[Step], steps: &[Step]) -> Vec<String> {
    let schedules = BETWEEN.len().pow(u32::try_from(steps.len()).unwrap());
    let mut outcomes: Vec<String> = (0..schedules).map(|schedule| outcome(known, steps, schedule)).collect();
    outcomes.sort();
    outcomes.dedup();
    outcomes
}

fn outcome(known: &[Step], steps: &[Step], mut schedule: usize) -> String {
    let mut session = Session::new();
    known.iter().for_each(|step| session.play(*step));
    session.turn();
    for step in steps {
        session.play(*step);
        session.go_on(BETWEEN[schedule % BETWEEN.len()]);
        schedule /= BETWEEN.len();
    }
    session.drain();
    session.said()
}

const FIRST: SourceId = SourceId(2);
const SECOND: SourceId = SourceId(4);

#[test]
fn a_worker_that_is_known_has_one_outcome() {
    let steps = [
        Step::Print(FIRST, "a\n"),
        Step::Print(FIRST, "b"),
        Step::Exit(7),
        Step::Print(OUT, "done\n"),
        Step::Ask,
    ];
    assert_eq!(outcomes(&[Step::Start(7)], &steps), ["[pid 7] a\n[pid 7] b\ndone\n<?>"]);
}

#[test]
fn a_worker_that_starts_comes_after_what_was_printed_before() {
    let steps = [
        Step::Print(OUT, "go\n"),
        Step::Start(7),
        Step::Print(FIRST, "a\n"),
        Step::Exit(7),
        Step::Print(OUT, "done\n"),
    ];
    // A pipe does not say which part of what is in it was written before the worker started.
    let late = "go\ndone\n[pid 7] a\n";
    assert_eq!(outcomes(&[], &steps), ["go\n[pid 7] a\ndone\n", late]);
}

#[test]
fn a_map_in_the_order_of_items_has_one_outcome() {
    let steps = [
        Step::Print(FIRST, "\u{1e}parcell-item:k:1\none\n"),
        Step::Done(1, 2),
        Step::Print(FIRST, "\u{1e}parcell-item:k:0\nzero\n"),
        Step::Done(0, 1),
        Step::Exit(7),
        Step::Print(OUT, "done\n"),
    ];
    assert_eq!(
        outcomes(&[Step::StartGrouped(7)], &steps),
        ["[pid 7] zero\n[pid 7] one\ndone\n"]
    );
}

#[test]
fn two_workers_keep_their_lines_whole_and_in_order() {
    let steps = [
        Step::Print(FIRST, "a"),
        Step::Print(SECOND, "c\n"),
        Step::Print(FIRST, "b\n"),
        Step::Exit(7),
        Step::Exit(8),
        Step::Print(OUT, "done\n"),
    ];
    assert_eq!(
        outcomes(&[Step::Start(7), Step::Start(8)], &steps),
        ["[pid 7] ab\n[pid 8] c\ndone\n", "[pid 8] c\n[pid 7] ab\ndone\n"]
    );
}

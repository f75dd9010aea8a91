//! Runs against a session that follows a script.

use std::cell::RefCell;
use std::future::Future;

use serde_json::Value;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::timeout;

use super::super::screen::Code;
use super::super::screen::tests::{Shared, screen};
use super::*;
use crate::session::Stream;

/// Far more than any of these tests takes.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// Answers a cell by what its code says: `print TEXT`, `late TEXT` (under the cell before), `fail`, `end` (the
/// session), `stop` (as if by Ctrl-C), `stop-twice`, `hang` (until it is interrupted), `hang forever`; anything else
/// ends well.
struct Script {
    events: RefCell<Option<UnboundedSender<Event>>>,
    stops: UnboundedSender<Stop>,
    /// The cell that hangs.
    hanging: RefCell<Option<CellId>>,
    executed: RefCell<Vec<(u32, String)>>,
    expected: RefCell<Vec<(u32, String)>>,
}

impl Script {
    fn say(&self, event: Event) {
        if let Some(events) = &*self.events.borrow() {
            events.send(event).unwrap();
        }
    }

    fn print(&self, cell: CellId, text: &str) {
        let content = Content::Stream {
            stream: Stream::Stdout,
            text: format!("{text}\n"),
        };
        self.say(Event::Output { cell, content });
    }
}

impl Engine for Script {
    fn expect(&self, cell: ExpectedCell) {
        self.expected.borrow_mut().push((cell.execution_count, cell.code));
    }

    fn execute(&self, cell: Cell) {
        self.executed
            .borrow_mut()
            .push((cell.execution_count, cell.code.clone()));
        let (command, text) = cell.code.split_once(' ').unwrap_or((&cell.code, ""));
        let mut outcome = Outcome::Ok;
        match command {
            "print" => self.print(cell.id, text),
            "late" => self.print(CellId(cell.id.0 - 1), text),
            "fail" => outcome = Outcome::Error(error("Panicked", "boom")),
            "stop" => {
                *self.hanging.borrow_mut() = Some(cell.id);
                self.stops.send(Stop::Interrupt).unwrap();
                return;
            }
            "hang" => {
                *self.hanging.borrow_mut() = Some(cell.id).filter(|_| text.is_empty());
                return;
            }
            "stop-twice" => {
                self.stops.send(Stop::Interrupt).unwrap();
                self.stops.send(Stop::Interrupt).unwrap();
                return;
            }
            "end" => {
                *self.events.borrow_mut() = None;
                return;
            }
            _ => {}
        }
        self.say(Event::Finished { cell: cell.id, outcome });
    }

    fn interrupt(&self) {
        if let Some(cell) = self.hanging.borrow_mut().take() {
            self.say(Event::Finished {
                cell,
                outcome: Outcome::Error(error("Interrupted", "by request")),
            });
        }
    }
}

fn error(ename: &str, evalue: &str) -> CellError {
    CellError {
        ename: ename.into(),
        evalue: evalue.into(),
        traceback: vec![format!("{ename}: {evalue}")],
    }
}

/// What came of a run.
struct Run {
    ending: Ending,
    executed: Vec<(u32, String)>,
    expected: Vec<(u32, String)>,
    outputs: Vec<(usize, Value)>,
    out: Shared,
    err: Shared,
}

const NO_LIMITS: Limits = Limits {
    cell: None,
    errors: Errors::End,
};

async fn run(cells: &[CodeCell], limits: Limits) -> Run {
    let (events_sender, events) = unbounded_channel();
    let mut events = Events::from(events);
    let (stops_sender, mut stops) = unbounded_channel();
    let script = Script {
        events: RefCell::new(Some(events_sender)),
        stops: stops_sender,
        hanging: RefCell::default(),
        executed: RefCell::default(),
        expected: RefCell::default(),
    };
    let (screen, out, err) = screen(Code::FirstLine);
    let mut execution = Execution::new(&script, &mut events, &mut stops, screen, limits);
    let ending = within_time_limit(execution.run(cells)).await;
    let outputs = execution
        .into_outputs()
        .map(|(index, outputs)| (index, outputs.into_values().into()))
        .collect();
    Run {
        ending,
        executed: script.executed.take(),
        expected: script.expected.take(),
        outputs,
        out,
        err,
    }
}

async fn within_time_limit<T>(future: impl Future<Output = T>) -> T {
    timeout(TIME_LIMIT, future).await.expect("the run did not end")
}

fn cells(sources: &[&str]) -> Vec<CodeCell> {
    let cells = sources.iter().enumerate();
    cells
        .map(|(index, source)| CodeCell {
            index,
            source: (*source).to_owned(),
            may_fail: false,
            failure: None,
        })
        .collect()
}

fn complaint(run: &Run) -> String {
    run.ending.complaint().unwrap_or_default()
}

#[tokio::test]
async fn cells_run_in_order_and_empty_ones_are_left_out() {
    let run = run(&cells(&["print a", " \n", "print b"]), NO_LIMITS).await;
    assert_eq!(run.ending, Ending::Completed);
    assert_eq!(run.ending.status(), 0);
    assert_eq!(run.executed, [(1, "print a".to_owned()), (2, "print b".to_owned())]);
    assert_eq!(run.expected, run.executed[1..]);
    let indexes: Vec<_> = run.outputs.iter().map(|(index, _)| *index).collect();
    assert_eq!(indexes, [0, 2]);
    assert_eq!(run.out.text(), "In [1]: print a\na\nIn [2]: print b\nb\n");
}

#[tokio::test]
async fn a_failure_ends_the_run_and_names_the_cell() {
    let mut given = cells(&["print a", "", "fail", "print b"]);
    given[2].index = 7;
    let run = run(&given, NO_LIMITS).await;
    assert_eq!(complaint(&run), "cell 8 (In [2]) failed: Panicked: boom");
    assert_eq!(run.ending.status(), 1);
    assert_eq!(run.executed.len(), 2);
    assert_eq!(run.outputs[1].1[0]["output_type"], "error");
    assert_eq!(run.err.text(), "Panicked: boom\n");
}

#[tokio::test]
async fn errors_can_be_allowed() {
    let run = run(
        &cells(&["fail", "print b"]),
        Limits {
            errors: Errors::Allowed,
            ..NO_LIMITS
        },
    )
    .await;
    assert_eq!(run.ending, Ending::Completed);
    assert_eq!(run.executed.len(), 2);
    assert!(
        run.err.text().contains("cell 1 (In [1]) failed: Panicked: boom"),
        "{}",
        run.err.text()
    );
}

#[tokio::test]
async fn a_cell_that_may_fail_ends_nothing() {
    let mut given = cells(&["fail", "print b"]);
    given[0].may_fail = true;
    let run = run(&given, NO_LIMITS).await;
    assert_eq!(run.ending, Ending::Completed);
    assert_eq!(run.outputs[0].1[0]["output_type"], "error");
}

#[tokio::test]
async fn late_output_belongs_to_the_cell_that_caused_it() {
    let run = run(&cells(&["print a", "late b"]), NO_LIMITS).await;
    assert_eq!(run.outputs[0].1[0]["text"], serde_json::json!(["a\n", "b\n"]));
    assert_eq!(run.outputs[1].1, serde_json::json!([]));
}

#[tokio::test(start_paused = true)]
async fn a_cell_that_takes_too_long_is_interrupted_and_fails() {
    let mut given = cells(&["hang", "print b"]);
    given[0].may_fail = true;
    let run = run(
        &given,
        Limits {
            cell: Some(Duration::from_secs(5)),
            ..NO_LIMITS
        },
    )
    .await;
    assert_eq!(complaint(&run), "cell 1 (In [1]) failed: it took longer than 5s");
    assert_eq!(run.outputs[0].1[0]["ename"], "Interrupted");
    assert_eq!(run.executed.len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_cell_that_cannot_be_interrupted_ends_the_run() {
    let limits = Limits {
        cell: Some(Duration::from_secs(5)),
        errors: Errors::Allowed,
    };
    let run = run(&cells(&["hang forever", "print b"]), limits).await;
    assert_eq!(
        complaint(&run),
        "cell 1 (In [1]) failed: it took longer than 5s and could not be interrupted"
    );
}

#[tokio::test]
async fn ctrl_c_interrupts_the_cell_and_ends_the_run() {
    let mut given = cells(&["stop", "print b"]);
    given[0].may_fail = true;
    let run = run(
        &given,
        Limits {
            errors: Errors::Allowed,
            ..NO_LIMITS
        },
    )
    .await;
    assert_eq!(run.ending, Ending::Stopped(Stop::Interrupt));
    assert_eq!(run.ending.status(), 130);
    assert_eq!(run.outputs[0].1[0]["ename"], "Interrupted");
    assert_eq!(run.executed.len(), 1);
}

#[tokio::test]
async fn a_second_ctrl_c_does_not_wait() {
    let run = run(&cells(&["stop-twice", "print b"]), NO_LIMITS).await;
    assert_eq!(run.ending, Ending::Abandoned(Stop::Interrupt));
    assert_eq!(run.ending.status(), 130);
}

#[tokio::test]
async fn a_session_that_ends_is_an_error() {
    let run = run(&cells(&["end", "print b"]), NO_LIMITS).await;
    assert_eq!(complaint(&run), "the session ended while cell 1 (In [1]) was running");
    assert_eq!(run.ending.status(), 1);
}

#[test]
fn the_status_says_which_signal_ended_the_run() {
    assert_eq!(Ending::Stopped(Stop::Terminate).status(), 143);
}

use std::time::Duration;

use super::*;
use crate::session::event::Content;

const OUT: SourceId = SourceId(0);
const ERR: SourceId = SourceId(1);
/// Longer than anything is held that might be followed by more.
const LONG: Duration = Duration::from_secs(1);

struct Notebook {
    transcript: Transcript,
    now: Instant,
}

impl Notebook {
    /// A notebook process that runs a cell, of whose workers there is no news.
    fn new() -> Notebook {
        let now = Instant::now();
        let mut transcript = Transcript::new(Colours::new(false), Arc::default());
        transcript.start_notebook(&[OUT, ERR], now);
        transcript.begin_cell(CellId(1));
        transcript.begin_news();
        Notebook { transcript, now }
    }

    fn print(&mut self, source: SourceId, text: &str) {
        self.transcript.take(source, text.as_bytes(), self.now);
    }

    fn panic(&mut self, source: SourceId, thread: &str, message: &str) {
        let mime = "application/vnd.parcell.panic+json";
        let json = format!("{{\"thread\": {thread:?}, \"message\": {message:?}}}");
        self.print(
            source,
            &format!("EVCXR_BEGIN_CONTENT {mime}\n{json}\nEVCXR_END_CONTENT\n"),
        );
    }

    fn ask(&mut self, prompt: &str) {
        self.transcript.ask(prompt.to_owned(), false, self.now);
    }

    fn pass(&mut self, time: Duration) {
        self.now += time;
        self.transcript.settle_due(self.now);
    }

    /// The cell returns: what is told of its end.
    fn end_cell(&mut self, control_line: Option<&str>) -> Report {
        let line = control_line.map(|line| FromSupervisor::ControlLine(line.to_owned()));
        line.into_iter().for_each(|line| self.transcript.note(line));
        self.transcript.release(self.now);
        self.transcript.release_prompt();
        self.transcript.end_cell()
    }

    fn said(&mut self) -> String {
        let text = |utterance: Utterance| match utterance {
            Utterance::Output {
                content: Content::Stream { text, .. },
                ..
            } => text,
            Utterance::Output { .. } => "*".to_owned(),
            Utterance::OfComm { .. } => "%".to_owned(),
            Utterance::Asked { .. } => "<?>".to_owned(),
            Utterance::Question(prompt) => format!("<{}>", prompt.text),
        };
        self.transcript.take_said().into_iter().map(text).collect()
    }
}

/// As it is printed.
fn panicked(thread: &str, message: &str) -> String {
    format!("thread '{thread}' panicked at :0:0:\n{message}\n")
}

#[test]
fn the_panic_that_ends_the_cell_is_its_error_and_not_printed() {
    let mut notebook = Notebook::new();
    notebook.print(OUT, "before\n");
    notebook.panic(ERR, "main", "no");
    notebook.print(OUT, "unwinding\n");
    let report = notebook.end_cell(Some(super::super::PANICKED));
    assert_eq!(notebook.said(), "before\nunwinding\n");
    assert_eq!(report.panic.map(|panic| panic.message).as_deref(), Some("no"));
}

#[test]
fn a_panic_that_was_caught_is_printed_before_what_follows_it_on_stderr() {
    let mut notebook = Notebook::new();
    notebook.panic(ERR, "main", "caught");
    notebook.print(OUT, "goes on\n");
    assert_eq!(notebook.said(), "goes on\n");
    notebook.print(ERR, "after\n");
    assert_eq!(notebook.said(), panicked("main", "caught") + "after\n");
    let report = notebook.end_cell(None);
    assert_eq!(notebook.said(), "");
    assert_eq!(report.panic.map(|panic| panic.message).as_deref(), Some("caught"));
}

#[test]
fn of_several_panics_the_last_is_the_cells_error() {
    let mut notebook = Notebook::new();
    notebook.panic(ERR, "main", "caught");
    notebook.panic(ERR, "main", "not caught");
    let report = notebook.end_cell(Some(super::super::PANICKED));
    assert_eq!(notebook.said(), panicked("main", "caught"));
    assert_eq!(report.panic.map(|panic| panic.message).as_deref(), Some("not caught"));
}

#[test]
fn a_panic_is_printed_when_nothing_follows_it_and_at_once_in_another_thread() {
    let mut notebook = Notebook::new();
    notebook.panic(ERR, "main", "caught");
    assert!(notebook.transcript.deadline().unwrap() > notebook.now);
    notebook.pass(Duration::from_millis(1));
    assert_eq!(notebook.said(), "");
    notebook.pass(LONG);
    assert_eq!(notebook.said(), panicked("main", "caught"));
    assert_eq!(notebook.transcript.deadline(), None);
    notebook.panic(ERR, "other", "no");
    assert_eq!(notebook.said(), panicked("other", "no"));
}

#[test]
fn a_prompt_amid_output_belongs_to_the_question_that_follows() {
    let mut notebook = Notebook::new();
    notebook.print(OUT, "a\nEVCXR_INPUT_REQUEST:name? \n");
    assert_eq!(notebook.said(), "a\n");
    notebook.ask("");
    assert_eq!(notebook.said(), "<name? >");
    notebook.ask("");
    assert_eq!(notebook.said(), "<>");
}

#[test]
fn a_prompt_that_no_question_follows_is_printed() {
    let mut notebook = Notebook::new();
    notebook.print(OUT, "EVCXR_INPUT_REQUEST:one\nEVCXR_INPUT_REQUEST:two\n");
    assert_eq!(notebook.said(), "EVCXR_INPUT_REQUEST:one\n");
    // It has a prompt of its own.
    notebook.ask("three");
    assert_eq!(notebook.said(), "<three>");
    notebook.end_cell(None);
    assert_eq!(notebook.said(), "EVCXR_INPUT_REQUEST:two\n");
}

#[test]
fn what_is_held_is_said_after_a_moment_of_silence() {
    let mut notebook = Notebook::new();
    notebook.print(OUT, "EVCXR_INPUT_REQ");
    notebook.print(ERR, "EVCXR_BEGIN_CONTENT text/html\n<b>\nEVCXR_END_CONTENT\n");
    assert_eq!(notebook.said(), "");
    let due = notebook.transcript.deadline().unwrap();
    notebook.pass(due - notebook.now);
    assert_eq!(notebook.said(), "EVCXR_INPUT_REQ*");
    assert_eq!(notebook.transcript.deadline(), None);
}

#[test]
fn a_worker_that_pauses_in_a_line_shows_its_beginning() {
    let mut notebook = Notebook::new();
    let worker = Worker {
        pid: 7,
        name: Some("reader".into()),
        output: OutputStyle::Lines,
        group: None,
        unattended: false,
    };
    notebook
        .transcript
        .start_worker(&worker, &[SourceId(2), SourceId(3)], notebook.now);
    notebook.print(SourceId(2), "thinking... ");
    let due = notebook.transcript.deadline().unwrap();
    notebook.pass(due - notebook.now);
    assert_eq!(notebook.said(), "[reader 7] thinking... ");
    notebook.print(SourceId(2), "done\n");
    assert_eq!(notebook.said(), "done\n");
}

#[test]
fn what_the_notebook_prints_waits_for_news_of_workers() {
    let mut notebook = Notebook::new();
    notebook.transcript.end_news(notebook.now);
    notebook.print(OUT, "after a worker's end\n");
    assert!(notebook.transcript.awaits_news());
    assert_eq!(notebook.said(), "");
    notebook.transcript.begin_news();
    assert!(!notebook.transcript.awaits_news());
    notebook.transcript.end_news(notebook.now);
    assert_eq!(notebook.said(), "after a worker's end\n");
}

#[test]
fn what_happens_between_cells_is_told_at_once_and_what_ends_a_cell_reported() {
    let mut notebook = Notebook::new();
    let ended = |during_cell| FromSupervisor::Ended {
        pid: 5,
        ending: Ending::Killed { signal: libc::SIGKILL },
        during_cell,
        interrupted: false,
        restored: true,
        threads_lost: 0,
    };
    notebook.print(ERR, "last words\n");
    notebook.transcript.note(ended(true));
    let report = notebook.end_cell(None);
    assert_eq!(notebook.said(), "last words\n");
    assert_eq!((report.news.len(), report.stderr_tail.as_str()), (1, "last words\n"));
    notebook.transcript.note(ended(false));
    assert!(
        notebook
            .said()
            .starts_with("parcell: between cells the notebook process was killed")
    );
}

#[test]
fn what_is_printed_before_the_first_cell_is_nobodys() {
    let now = Instant::now();
    let mut transcript = Transcript::new(Colours::new(false), Arc::default());
    transcript.start_notebook(&[OUT, ERR], now);
    transcript.take(OUT, b"42\n", now);
    transcript.end_news(now);
    assert_eq!(transcript.take_said(), []);
}

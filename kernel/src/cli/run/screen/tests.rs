//! What is shown, on which stream, and in which lines.

use std::sync::{Arc, Mutex};

use parcell::contract::comms::{CommMessage, Payload};
use serde_json::json;

use super::*;

/// A writer whose contents a test can look at while a screen owns it.
#[derive(Clone, Default)]
pub(in crate::cli::run) struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    /// What has been written, without colours.
    pub(in crate::cli::run) fn text(&self) -> String {
        strip_str(&self.raw()).to_string()
    }

    fn raw(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// A screen, and what it writes to its two streams.
pub(in crate::cli::run) fn screen(code: Code) -> (Screen, Shared, Shared) {
    let (out, err) = (Shared::default(), Shared::default());
    (
        Screen::new(Box::new(out.clone()), Box::new(err.clone()), code),
        out,
        err,
    )
}

fn text(stream: Stream, text: &str) -> Content {
    Content::Stream {
        stream,
        text: text.to_owned(),
    }
}

fn result(text: &str) -> Content {
    let serde_json::Value::Object(data) = json!({"text/plain": text}) else {
        panic!("not an object")
    };
    Content::result(data)
}

/// What a display looks like, or an update of one.
fn display(text: &str, is_update: bool) -> Content {
    let Content::ExecuteResult { data, metadata } = result(text) else {
        panic!("not a result")
    };
    if is_update {
        let display_id = "a".to_owned();
        return Content::UpdateDisplayData {
            data,
            metadata,
            display_id,
        };
    }
    Content::display(data)
}

#[test]
fn a_log_has_the_first_line_of_each_cell() {
    let (mut screen, out, _) = screen(Code::FirstLine);
    screen.cell(1, "\nlet a = 1;\na + 1\n");
    screen.cell(2, "a");
    assert_eq!(out.text(), "In [1]: let a = 1; ...\nIn [2]: a\n");
}

#[test]
fn a_terminal_has_the_whole_code() {
    let (mut screen, out, _) = screen(Code::Whole);
    screen.cell(1, "let a = 1;\na + 1\n");
    assert_eq!(out.text(), "\nIn [1]: let a = 1;\n   ...: a + 1\n");
}

#[test]
fn text_goes_to_its_stream_as_it_is() {
    let (mut screen, out, err) = screen(Code::FirstLine);
    screen.output(1, &text(Stream::Stdout, "\u{1b}[32m[pid 1]\u{1b}[0m a\r"));
    screen.output(1, &text(Stream::Stderr, "oh\n"));
    assert_eq!(out.raw(), "\u{1b}[32m[pid 1]\u{1b}[0m a\r");
    assert_eq!(err.raw(), "oh\n");
}

#[test]
fn results_look_as_in_jupyter_console() {
    let (mut screen, out, _) = screen(Code::FirstLine);
    screen.output(3, &result("55"));
    screen.output(4, &result("[\n    1,\n]"));
    assert_eq!(out.text(), "Out[3]: 55\nOut[4]:\n[\n    1,\n]\n");
}

#[test]
fn displays_are_shown_and_updates_that_change_something() {
    let (mut screen, out, _) = screen(Code::FirstLine);
    screen.output(1, &display("1 of 2", false));
    screen.output(1, &display("1 of 2", true));
    screen.output(1, &Content::ClearOutput { wait: false });
    screen.output(1, &display("2 of 2", true));
    screen.output(1, &text(Stream::Stdout, "and "));
    screen.output(1, &display("2 of 2", true));
    assert_eq!(out.text(), "1 of 2\n2 of 2\nand \n2 of 2\n");
}

#[test]
fn of_what_is_transient_the_first_and_the_last_are_shown() {
    let (mut screen, out, _) = screen(Code::FirstLine);
    let transient = |text: &str, is_update| {
        let mut content = display(text, is_update);
        if let Content::DisplayData { metadata, .. } | Content::UpdateDisplayData { metadata, .. } = &mut content {
            metadata.insert("parcell".into(), json!({"transient": true}));
        }
        content
    };
    screen.output(1, &transient("1 of 3", false));
    screen.output(1, &transient("2 of 3", true));
    screen.output(1, &display("3 of 3", true));
    assert_eq!(out.text(), "1 of 3\n3 of 3\n");
}

#[test]
fn what_follows_an_open_line_begins_a_new_one() {
    let (mut screen, out, err) = screen(Code::FirstLine);
    screen.output(1, &text(Stream::Stdout, "no line break"));
    screen.output(1, &result("1"));
    screen.output(1, &text(Stream::Stderr, "nor here"));
    screen.cell(2, "2");
    assert_eq!(out.text(), "no line break\nOut[1]: 1\nIn [2]: 2\n");
    assert_eq!(err.text(), "nor here\n");
}

#[test]
fn a_change_of_colour_opens_no_line() {
    let (mut screen, out, _) = screen(Code::FirstLine);
    screen.output(1, &text(Stream::Stdout, "line\n\u{1b}[0m"));
    screen.output(1, &text(Stream::Stdout, "\u{1b}[0m"));
    screen.cell(2, "2");
    assert_eq!(out.text(), "line\nIn [2]: 2\n");
}

#[test]
fn a_failure_is_told_on_stderr() {
    let (mut screen, out, err) = screen(Code::FirstLine);
    let traceback = vec!["thread panicked".to_owned(), "  at cell 1, line 2".to_owned()];
    screen.error(&CellError {
        ename: "Panic".into(),
        evalue: "boom".into(),
        traceback,
    });
    screen.error(&CellError {
        ename: "Panic".into(),
        evalue: "boom".into(),
        traceback: vec![],
    });
    assert_eq!(out.text(), "");
    assert_eq!(err.text(), "thread panicked\n  at cell 1, line 2\nPanic: boom\n");
}

#[test]
fn a_terminal_that_goes_away_ends_nothing() {
    struct Closed;
    impl Write for Closed {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let err = Shared::default();
    let mut screen = Screen::new(Box::new(Closed), Box::new(err.clone()), Code::FirstLine);
    screen.cell(1, "1");
    screen.note("more");
    assert_eq!(err.text(), "");
}

#[test]
fn what_goes_to_a_widget_is_shown_when_the_cell_has_ended() {
    let (mut screen, out, err) = screen(Code::FirstLine);
    let outputs = json!([
        {"output_type": "stream", "name": "stdout", "text": "counted"},
        {"output_type": "execute_result", "data": {"text/plain": "10.0"}, "metadata": {}},
        {"output_type": "stream", "name": "stderr", "text": "warned\n"},
    ]);
    let message = CommMessage::CommMsg {
        comm_id: "a".to_owned(),
        payload: Payload::update(json!({"outputs": outputs}), json!([]), Vec::new()),
    };
    screen.output(1, &Content::Comm(message));
    assert_eq!(out.text(), "");
    screen.end();
    screen.end();
    assert_eq!(
        (out.text().as_str(), err.text().as_str()),
        ("counted\n10.0\n", "warned\n")
    );
}

//! What a cell led to. A test has to look at all of it.

use crate::client::Exchange;
use crate::message::Message;
use crate::text::without_colours;
use serde::Deserialize;
use serde_json::Value;

/// The output and the end of one cell. Each part is taken once; dropped with parts that were not taken, it panics.
#[derive(Debug)]
pub struct Execution {
    reply: Message,
    broadcasts: Vec<Message>,
    waiting: Vec<Message>,
    stdout: String,
    stderr: String,
    result: Option<Value>,
    displays: Vec<Value>,
    failure: Option<CellFailure>,
}

/// The error that a cell ended with.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq)]
pub struct CellFailure {
    /// What kind of error.
    pub ename: String,
    /// One line about it.
    pub evalue: String,
    /// The full account.
    pub traceback: Vec<String>,
}

impl CellFailure {
    /// The full account as a person sees it.
    pub fn text(&self) -> String {
        without_colours(&self.traceback.join("\n"))
    }

    /// Asserts that a person sees all of these parts.
    ///
    /// # Panics
    ///
    /// When one is missing.
    #[track_caller]
    pub fn assert_shows(&self, parts: &[&str]) {
        let text = self.text();
        for part in parts {
            assert!(text.contains(part), "{part:?} is not in:\n{text}");
        }
    }

    /// Asserts that a person sees none of these names, of what nobody has written.
    ///
    /// # Panics
    ///
    /// When one is there.
    #[track_caller]
    pub fn assert_hides(&self, generated: &[&str]) {
        let text = self.text();
        for name in generated {
            assert!(!text.contains(name), "{name:?} is in:\n{text}");
        }
    }
}

impl Execution {
    /// Sorts the messages of a cell, and checks what holds for every cell.
    pub(crate) fn new(exchange: Exchange) -> Execution {
        let Exchange { reply, broadcasts } = exchange;
        let (waiting, broadcasts) = without_waiting(broadcasts);
        let of_type = |msg_type: &'static str| {
            left_standing(&broadcasts)
                .iter()
                .filter(move |message| message.msg_type() == msg_type)
                .map(|message| &message.content)
        };
        let text = |stream: &str| {
            let texts = of_type("stream").filter(|content| content["name"] == stream);
            texts.filter_map(|content| content["text"].as_str()).collect()
        };
        let results: Vec<&Value> = of_type("execute_result").collect();
        assert!(results.len() <= 1, "more than one result: {results:?}");
        let failures: Vec<&Value> = of_type("error").collect();
        assert!(failures.len() <= 1, "more than one error: {failures:?}");
        let execution = Execution {
            stdout: text("stdout"),
            stderr: text("stderr"),
            result: results.first().map(|content| content["data"].clone()),
            displays: of_type("display_data").map(|content| content["data"].clone()).collect(),
            failure: failures.first().map(|&content| failure(content)),
            reply,
            broadcasts,
            waiting,
        };
        execution.check_counts();
        execution.check_failure();
        execution
    }

    /// The `execute_reply`.
    pub fn reply(&self) -> &Message {
        &self.reply
    }

    /// Its status: `ok`, `error` or `aborted`.
    pub fn status(&self) -> &str {
        self.reply.content["status"].as_str().unwrap_or_default()
    }

    /// The number of the cell.
    pub fn count(&self) -> Option<u64> {
        self.reply.content["execution_count"].as_u64()
    }

    /// The types of all broadcasts between busy and idle, in order.
    pub fn broadcast_types(&self) -> Vec<&str> {
        self.inner().iter().map(Message::msg_type).collect()
    }

    /// What told that the cell had to wait for crates or types, and took that away again. It depends on how fast the
    /// machine is, and so is left out of everything else.
    pub fn waiting(&self) -> &[Message] {
        &self.waiting
    }

    /// All broadcasts between busy and idle, in order.
    pub fn inner(&self) -> &[Message] {
        &self.broadcasts[1..self.broadcasts.len() - 1]
    }

    /// All displays and changes of displays, in order.
    pub fn shown(&self) -> Vec<Message> {
        let is_shown = |message: &&Message| matches!(message.msg_type(), "display_data" | "update_display_data");
        self.inner().iter().filter(is_shown).cloned().collect()
    }

    /// All that went to standard output.
    pub fn take_stdout(&mut self) -> String {
        std::mem::take(&mut self.stdout)
    }

    /// All that went to standard error.
    pub fn take_stderr(&mut self) -> String {
        std::mem::take(&mut self.stderr)
    }

    /// The cell's value, as a bundle of representations.
    pub fn take_result(&mut self) -> Option<Value> {
        self.result.take()
    }

    /// The plain text of the cell's value.
    pub fn take_text(&mut self) -> Option<String> {
        Some(self.result.take()?["text/plain"].as_str()?.to_owned())
    }

    /// What was displayed, as bundles of representations.
    pub fn take_displays(&mut self) -> Vec<Value> {
        std::mem::take(&mut self.displays)
    }

    /// The error that the cell ended with.
    pub fn take_failure(&mut self) -> Option<CellFailure> {
        self.failure.take()
    }

    /// For cells that only prepare: it ended well, and said nothing.
    ///
    /// # Panics
    ///
    /// When it did not.
    pub fn assert_quiet(self) {
        assert_eq!(self.status(), "ok", "{self:?}");
    }

    /// Input, result and reply of one cell carry one number.
    fn check_counts(&self) {
        for message in self.inner() {
            if let Some(count) = message.content.get("execution_count") {
                assert_eq!(Some(count), self.reply.content.get("execution_count"), "{message:?}");
            }
        }
    }

    /// An error that is broadcast is in the reply too.
    fn check_failure(&self) {
        if let Some(broadcast) = &self.failure {
            assert_eq!(self.status(), "error");
            assert_eq!(&failure(&self.reply.content), broadcast);
        }
    }

    fn untaken(&self) -> Vec<&'static str> {
        let parts = [
            ("stdout", self.stdout.is_empty()),
            ("stderr", self.stderr.is_empty()),
            ("a result", self.result.is_none()),
            ("displays", self.displays.is_empty()),
            ("an error", self.failure.is_none()),
        ];
        parts
            .into_iter()
            .filter(|(_, empty)| !empty)
            .map(|(name, _)| name)
            .collect()
    }
}

impl Drop for Execution {
    fn drop(&mut self) {
        let untaken = self.untaken();
        if !untaken.is_empty() && !std::thread::panicking() {
            panic!("the test did not look at {}: {self:?}", untaken.join(", "));
        }
    }
}

/// What tells that a cell had to wait, and the rest.
fn without_waiting(broadcasts: Vec<Message>) -> (Vec<Message>, Vec<Message>) {
    let mut is_told = false;
    broadcasts.into_iter().partition(|message| {
        let display = message.content["transient"]["display_id"].as_str();
        match display {
            Some(id) if id.starts_with("parcell-waiting-") => {
                is_told = true;
                true
            }
            _ => message.msg_type() == "clear_output" && std::mem::take(&mut is_told),
        }
    })
}

/// What came after the outputs were cleared, if they were: what a client shows.
fn left_standing(broadcasts: &[Message]) -> &[Message] {
    let is_clearing =
        |message: &Message| message.msg_type() == "clear_output" && message.content["wait"] == Value::Bool(false);
    let cleared = broadcasts.iter().rposition(is_clearing);
    &broadcasts[cleared.map_or(0, |index| index + 1)..]
}

fn failure(content: &Value) -> CellFailure {
    CellFailure::deserialize(content).unwrap_or_else(|error| panic!("not an error ({error}): {content}"))
}

//! A notebook: one kernel and its client, and several checks on them that do not depend on each other.

use crate::client::Client;
use crate::execution::{CellFailure, Execution};
use crate::kernel::Kernel;
use crate::message::Message;
use crate::sockets::Channel;
use crate::wait::{TEST_LIMIT, caught, within_limit};
use serde_json::json;
use std::time::Duration;

/// A running kernel and its only client.
pub struct Notebook {
    /// The kernel.
    pub kernel: Kernel,
    /// Its client.
    pub client: Client,
    /// The checks that did not hold.
    failed: Vec<String>,
}

/// A cell that has been started.
#[derive(Debug)]
pub struct Running {
    /// The ID of its request.
    pub id: String,
    broadcasts: Vec<Message>,
}

impl Running {
    /// All that has been printed to standard output so far.
    pub fn stdout(&self) -> String {
        let streams = self
            .broadcasts
            .iter()
            .filter(|message| message.content["name"] == "stdout");
        streams.filter_map(|message| message.content["text"].as_str()).collect()
    }
}

/// Runs a test on a notebook of its own, and makes sure that the kernel leaves nothing.
///
/// # Panics
///
/// When a check of the test did not hold, or the kernel left something.
pub fn with_notebook(test: impl AsyncFnOnce(&mut Notebook)) {
    with_notebook_for(TEST_LIMIT, test);
}

/// Runs a long test on a notebook of its own, and makes sure that the kernel leaves nothing.
///
/// # Panics
///
/// When it takes longer than `limit`, a check of the test did not hold, or the kernel left something.
pub fn with_notebook_for(limit: Duration, test: impl AsyncFnOnce(&mut Notebook)) {
    within_limit(limit, async {
        let mut notebook = Notebook::start().await;
        test(&mut notebook).await;
        notebook.end().await;
    });
}

impl Notebook {
    /// Starts a kernel and connects to it.
    ///
    /// # Panics
    ///
    /// When the kernel does not start.
    pub async fn start() -> Notebook {
        let kernel = Kernel::start();
        let client = Client::connect(&kernel).await;
        Notebook {
            kernel,
            client,
            failed: Vec::new(),
        }
    }

    /// One of several checks: that it does not hold is said at the end, and the others are made all the same. They
    /// must not use each other's cells.
    #[expect(clippy::print_stderr, reason = "it belongs to what a failed test says")]
    pub async fn check(&mut self, name: &str, check: impl AsyncFnOnce(&mut Notebook)) {
        // The client is in order wherever a check stops: it looks for messages by the request that they belong to.
        if caught(check(self)).await.is_err() {
            eprintln!("the check \"{name}\" does not hold (see above)\n");
            self.failed.push(name.to_owned());
        }
    }

    /// One of several checks, which is named after its function.
    pub async fn step<F: AsyncFnOnce(&mut Notebook)>(&mut self, step: F) {
        self.check(std::any::type_name::<F>(), step).await;
    }

    /// Runs a cell.
    pub async fn run(&mut self, code: &str) -> Execution {
        self.client.execute(code).await
    }

    /// Runs a cell that ends well.
    ///
    /// # Panics
    ///
    /// When it fails.
    pub async fn succeed(&mut self, code: &str) -> Execution {
        successful(self.run(code).await, code)
    }

    /// Runs a cell that only prepares. How far its crates are compiled it may say, and take away again.
    ///
    /// # Panics
    ///
    /// When it fails or leaves anything said.
    pub async fn prepare(&mut self, code: &str) {
        self.prepare_with_id(code).await;
    }

    /// The same; gives the request's ID, by which what is printed after the cell's end is found.
    ///
    /// # Panics
    ///
    /// When it fails or leaves anything said before its end.
    pub async fn prepare_with_id(&mut self, code: &str) -> String {
        let id = self.client.submit_cell(code).await;
        let cell = successful(self.client.execution(&id).await, code);
        assert_eq!(cell.broadcast_types(), ["execute_input"], "{code}");
        id
    }

    /// The value of a cell that says nothing else.
    ///
    /// # Panics
    ///
    /// When the cell fails or has no value.
    pub async fn value(&mut self, code: &str) -> String {
        let mut cell = self.succeed(code).await;
        cell.take_text().unwrap_or_else(|| panic!("no value: {code}"))
    }

    /// The error of a cell that fails. What it wrote to its streams is of no interest.
    ///
    /// # Panics
    ///
    /// When the cell does not fail.
    pub async fn failure(&mut self, code: &str) -> CellFailure {
        let mut cell = self.run(code).await;
        cell.take_stdout();
        cell.take_stderr();
        cell.take_failure()
            .unwrap_or_else(|| panic!("it does not fail: {code}"))
    }

    /// Runs a cell, and answers its questions with these lines, one after another; gives the prompts as well.
    pub async fn answering(&mut self, code: &str, answers: &[&str]) -> (Execution, Vec<String>) {
        let id = self.client.submit_asking(code).await;
        let mut prompts = Vec::new();
        for answer in answers {
            let question = self.client.question(&id).await;
            prompts.push(question.content["prompt"].as_str().unwrap_or_default().to_owned());
            self.client.answer(&question, answer).await;
        }
        (self.client.execution(&id).await, prompts)
    }

    /// Queues a cell and waits until it is its turn: busy and the input; gives what `finish` takes.
    pub async fn begin_cell(&mut self, code: &str) -> Running {
        let id = self.client.submit_cell(code).await;
        let broadcasts = vec![self.client.broadcast(&id).await, self.client.broadcast(&id).await];
        Running { id, broadcasts }
    }

    /// Starts a cell and waits until it has printed `text`; gives what `finish` takes.
    pub async fn start_cell(&mut self, code: &str, text: &str) -> Running {
        let id = self.client.submit_cell(code).await;
        let broadcasts = self.client.printed(&id, text).await;
        Running { id, broadcasts }
    }

    /// Waits until a cell that runs has printed `text` since what was waited for before.
    pub async fn await_output(&mut self, running: &mut Running, text: &str) {
        let broadcasts = self.client.printed(&running.id, text).await;
        running.broadcasts.extend(broadcasts);
    }

    /// Waits until a cell that runs shows `text` as something displayed.
    pub async fn await_display(&mut self, running: &mut Running, text: &str) {
        let broadcasts = self.client.displayed(&running.id, text).await;
        running.broadcasts.extend(broadcasts);
    }

    /// Waits for the end of a cell that runs.
    pub async fn finish(&mut self, running: Running) -> Execution {
        self.client.execution_after(&running.id, running.broadcasts).await
    }

    /// Asks the kernel to stop the running cell.
    ///
    /// # Panics
    ///
    /// When it does not say that it will.
    pub async fn interrupt(&mut self) {
        let exchange = self
            .client
            .request(Channel::Control, "interrupt_request", json!({}))
            .await;
        assert_eq!(exchange.reply.content, json!({"status": "ok"}));
    }

    /// Ends the kernel and makes sure that it leaves nothing.
    async fn end(self) {
        if !self.failed.is_empty() {
            self.client.abandon();
            panic!("these checks do not hold: {:#?}", self.failed);
        }
        self.client.shut_down(Channel::Control).await;
        assert!(self.kernel.ended().await.success());
    }
}

/// The cell, which has ended well.
fn successful(mut cell: Execution, code: &str) -> Execution {
    if let Some(failure) = cell.take_failure() {
        let CellFailure { ename, evalue, .. } = &failure;
        panic!("{code}\nfails with {ename}: {evalue}\n{}", failure.text());
    }
    assert_eq!(cell.status(), "ok", "{code}");
    cell
}

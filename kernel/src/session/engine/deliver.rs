//! Calling what a cell has left for something that a front end says: a transaction, as a cell is, between cells.

use std::fs;
use std::path::PathBuf;

use parcell::contract::comms::CommMessage;

use super::outcome::{self, Ended};
use super::{Cell, Engine, Outcome, bug};
use crate::evaluation;
use crate::session::comms::Delivery;
use crate::session::diagnostics;
use crate::session::endings::Subject;
use crate::session::event::{CellError, Event};

/// The file in the session's directory that has the message.
const FILE: &str = "delivery.json";
/// No cell has this number.
const NO_NUMBER: u32 = 0;

impl Engine<'_> {
    /// Hands the notebook process what waits for it longest, if it has not been put together with something earlier.
    pub(super) fn deliver_next(&mut self) {
        let Some(Delivery { cell: id, message }) = self.shared.comms.next_delivery() else {
            return;
        };
        let call = Cell {
            id,
            execution_count: NO_NUMBER,
            code: String::new(),
            allow_stdin: false,
        };
        self.shared.variables().begin();
        self.shared.enqueue_first(id);
        self.shared.say(Event::DeliveryStarted { cell: id });
        self.shared.pump.begin_cell(id);
        self.shared.begin(id);
        self.shared.questions.begin(&call);
        let outcome = match bug::guard(|| self.deliver(&call, &message)) {
            Ok(Ok(())) => Outcome::Ok,
            Ok(Err(error)) => Outcome::Error(error),
            Err(bug) => self.recover(&call, &bug),
        };
        self.shared.finish(id, outcome);
    }

    fn deliver(&mut self, call: &Cell, message: &CommMessage) -> Result<(), CellError> {
        let file = self.write(message).map_err(|error| {
            diagnostics::plain_error("KernelError", &format!("a message cannot be handed over: {error}"))
        })?;
        self.shared.comms.begin();
        let result = self.evaluator.deliver(&file);
        let undone = result.is_err();
        if let Err(evaluation::Error::Ended(_)) = &result {
            self.forget_names();
        }
        self.remember(call, false);
        let report = self.shared.pump.drain();
        let failure = match outcome::judge(result, &report, self.interrupted(call)) {
            Ended::Completed(()) => None,
            Ended::GaveUp => Some(outcome::given_up(report, &self.locations())),
            // Nothing is compiled for it.
            Ended::NotCompiled(_) => None,
            Ended::Failed(error) => Some(outcome::explain(&error, Subject::Call, &report, self.interrupted(call))),
        };
        // The failure belongs where the output went.
        let told = failure.map_or(Ok(()), |failure| self.shared.comms.pass_error(call.id, failure));
        self.shared.comms.end(call.id, undone);
        self.shared.comms.close_before(self.evaluator.processes(), call.id);
        told
    }

    fn write(&self, message: &CommMessage) -> std::io::Result<PathBuf> {
        let file = self.evaluator.directory().join(FILE);
        fs::write(&file, serde_json::to_vec(message)?)?;
        Ok(file)
    }
}

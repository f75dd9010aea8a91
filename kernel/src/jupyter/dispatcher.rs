//! What the kernel does about everything that it hears: what is answered to whom and in which order, which cells run and
//! which do not.
//!
//! It decides and remembers. It sends nothing, runs nothing and reads no clock: what each call gives is to be done, in
//! that order (`server`).

mod cells;
mod comms;

use super::action::{Action, Actions};
use super::budget::Budget;
use super::comm_updates::CommUpdates;
use super::connection::Channel;
use super::content::{self, Content};
use super::debugger::Debugger;
use super::execution::Executions;
use super::expressions::Evaluation;
use super::history::History;
use super::lifetime::Notice;
use super::message::{Received, Request};
use super::requests::{RequestError, ShutdownRequest};
use super::stdin::Asked;
use super::subshells::Subshells;
use super::{control, shell, stdin};
use crate::session::{CellId, Event};
use jupyter_protocol::{ReplyStatus, ShutdownReply};
use std::collections::HashMap;
use std::time::Instant;

/// Something that the kernel hears.
#[derive(Debug)]
pub(super) enum Input {
    Notice(Notice),
    Message(Received),
    Event(Event),
    /// What was looked up has been answered.
    LookedUp,
    /// The deadline has come.
    Elapsed,
}

/// Everything that messages and events change.
#[derive(Debug)]
pub(super) struct Dispatcher {
    pub(super) actions: Actions,
    pub(super) executions: Executions,
    /// What cells print goes out through this.
    budget: Budget,
    /// What is said on comms goes out through this.
    comm_updates: CommUpdates,
    /// What front ends have said on comms and is being heard.
    hearing: HashMap<CellId, Request>,
    /// The call of a function of the notebook's, while there is one.
    delivering: Option<CellId>,
    /// The question that the running cell waits with.
    pub(super) asked: Option<Asked>,
    /// What is to stand in the place of the running cell's code.
    next_input: Option<String>,
    /// What is left to do for a cell that has run, before it is answered.
    evaluation: Option<Evaluation>,
    pub(super) history: History,
    pub(super) subshells: Subshells,
    pub(super) debugger: Debugger,
    kernel_info: Content,
    is_ending: bool,
}

impl Dispatcher {
    /// One for a kernel that has heard nothing yet, and says this of itself.
    pub(super) fn new(budget: Budget, history: History, kernel_info: Content) -> Dispatcher {
        Dispatcher {
            actions: Actions::default(),
            executions: Executions::new(),
            budget,
            comm_updates: CommUpdates::default(),
            hearing: HashMap::new(),
            delivering: None,
            asked: None,
            next_input: None,
            evaluation: None,
            history,
            subshells: Subshells::default(),
            debugger: Debugger::default(),
            kernel_info,
            is_ending: false,
        }
    }

    /// Whether the kernel is to end. Nothing is heard then any more.
    pub(super) fn is_ending(&self) -> bool {
        self.is_ending
    }

    /// When `Input::Elapsed` is due, if nothing is heard before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        let deadlines = [self.budget.deadline(), self.comm_updates.deadline()];
        deadlines.into_iter().flatten().min()
    }

    /// What is to be done about `input`.
    pub(super) fn handle(&mut self, now: Instant, input: Input) -> Vec<Action> {
        match input {
            Input::Notice(notice) => self.on_notice(notice),
            Input::Message(received) => self.on_message(received),
            Input::Event(event) => self.on_event(now, event),
            Input::LookedUp => self.still_busy(),
            Input::Elapsed => {
                let pieces = self.budget.elapse(now);
                self.publish_pieces(pieces);
                let said = self.comm_updates.elapse(now);
                self.publish_comms(said);
            }
        }
        self.actions.take()
    }

    /// What is to be done before the kernel is gone: the cells that will not come to an end are answered.
    pub(super) fn close(&mut self) -> Vec<Action> {
        let evaluated = self.evaluation.take().map(|evaluation| evaluation.ended);
        if let Some(running) = evaluated.or_else(|| self.executions.abandon_running()) {
            let request = &running.submission.request;
            self.abort(request, running.execution_count);
            self.actions.idle(request);
        }
        self.abort_waiting();
        self.actions.take()
    }

    fn on_notice(&mut self, notice: Notice) {
        match notice {
            Notice::Interrupt => self.actions.push(Action::Interrupt),
            Notice::Terminate | Notice::ParentGone => {
                tracing::info!(?notice, "the kernel ends");
                self.is_ending = true;
            }
        }
    }

    fn on_message(&mut self, received: Received) {
        let Request { channel, msg_type, .. } = &received.request;
        tracing::debug!(%channel, msg_type, "received");
        match channel {
            Channel::Shell => shell::handle(self, received),
            Channel::Control => control::handle(self, received),
            Channel::Stdin => stdin::handle(self, received),
            Channel::IoPub | Channel::Heartbeat => {}
        }
    }

    /// Answers a request at once, busy before and idle after, also where it is refused.
    pub(super) fn answer(
        &mut self,
        request: &Request,
        answer: impl FnOnce(&mut Dispatcher) -> Result<(), RequestError>,
    ) {
        self.actions.busy(request);
        if let Err(error) = answer(self) {
            self.refuse(request, &error);
        }
        self.actions.idle(request);
        self.still_busy();
    }

    /// Says that a cell still runs, where one does: clients show the status that they heard last, whichever request it was
    /// for.
    fn still_busy(&mut self) {
        let evaluated = self
            .evaluation
            .as_ref()
            .map(|evaluation| &evaluation.ended.submission.request);
        if let Some(request) = evaluated.or_else(|| self.executions.running_request()) {
            self.actions.busy(request);
        }
    }

    fn refuse(&mut self, request: &Request, error: &RequestError) {
        tracing::warn!(%error, "refused");
        if error.is_of_cell() {
            let reply = content::refused_cell(self.executions.next_count(), error.as_output());
            self.actions.reply(request, reply);
        } else if let Some(refusal) = error.refusal(request) {
            self.actions.reply(request, Content::Refusal(refusal));
        }
    }

    pub(super) fn reply_kernel_info(&mut self, request: &Request) {
        self.actions.reply(request, self.kernel_info.clone());
    }

    /// Agrees to end: the client that asked gets the reply, and all others hear it.
    pub(super) fn shut_down(&mut self, request: &Request, asked: &ShutdownRequest) {
        let reply = Content::ShutdownReply(ShutdownReply {
            restart: asked.restart,
            status: ReplyStatus::Ok,
            error: None,
        });
        self.actions.busy(request);
        self.actions.reply(request, reply.clone());
        self.actions.publish(&request.header, reply);
        self.actions.idle(request);
        self.is_ending = true;
    }
}

#[cfg(test)]
mod tests;

//! The life of a cell: it waits, starts, prints, asks, has its expressions evaluated, and is answered; or is aborted.

use super::Dispatcher;
use crate::jupyter::action::Action;
use crate::jupyter::budget::Piece;
use crate::jupyter::content::{self, Content, ExecuteReply};
use crate::jupyter::execution::{Running, Submission};
use crate::jupyter::expressions::Evaluation;
use crate::jupyter::message::Request;
use crate::jupyter::stdin;
use crate::jupyter::subshells::SubshellId;
use crate::session::{self, Cell, CellId, Event, Outcome};
use serde_json::{Map, Value};
use std::collections::VecDeque;
use std::time::Instant;

/// The number that expressions are compiled under: no cell has it.
const EXPRESSION: u32 = 0;

impl Dispatcher {
    /// Queues a cell.
    pub(in crate::jupyter) fn submit(&mut self, submission: Submission) {
        self.executions.push(submission);
        self.start_next();
        if self.executions.waiting() == 1 {
            self.expect_next();
        }
    }

    /// Says which cell is next, where one runs.
    fn expect_next(&mut self) {
        if let Some(cell) = self.executions.expected() {
            self.actions.push(Action::Expect(cell));
        }
    }

    pub(super) fn on_event(&mut self, now: Instant, event: Event) {
        match event {
            Event::Output {
                cell,
                content: session::Content::Comm(message),
            } => self.say_on_comm(now, cell, message),
            Event::CommHeard { cell } => self.comm_heard(cell),
            Event::DeliveryStarted { cell } => self.delivery_started(cell),
            Event::Finished { cell, outcome } if self.delivering == Some(cell) => {
                self.delivery_finished(now, cell, &outcome);
            }
            Event::Output { cell, content } => match &mut self.evaluation {
                Some(evaluation) if evaluation.runs_as(cell) => evaluation.take(content),
                _ => self.broadcast(now, cell, content),
            },
            Event::InputRequest(question) => {
                // What was printed before it is read before it is answered.
                let pieces = self.budget.display(now);
                self.publish_pieces(pieces);
                stdin::ask(self, question);
            }
            Event::NextInput { cell, text } => {
                if self.executions.request(cell).is_some() {
                    self.next_input = Some(text);
                }
            }
            Event::Finished { cell, outcome } if self.is_evaluating(cell) => self.evaluated(outcome),
            Event::Finished { cell, outcome } => {
                let pieces = self.budget.finish(now);
                self.publish_pieces(pieces);
                self.flush_comms();
                match self.executions.finish(cell) {
                    Some(running) => self.evaluate(running, outcome),
                    None => tracing::error!(?cell, "a cell ended that was not running"),
                }
            }
        }
    }

    /// Starts the cell whose turn it is, unless one is running.
    fn start_next(&mut self) {
        if self.evaluation.is_some() {
            return;
        }
        let Some((cell, running)) = self.executions.start_next() else {
            return;
        };
        let Submission { request, execute } = &running.submission;
        self.actions.busy(request);
        if execute.stores_history() {
            self.history.push(cell.execution_count, cell.code.clone());
        }
        if !execute.silent {
            self.actions.publish(&request.header, content::execute_input(&cell));
        }
        self.actions.push(Action::Execute(cell));
        self.expect_next();
    }

    /// Broadcasts a piece of a cell's output under the request that the cell came from.
    fn broadcast(&mut self, now: Instant, cell: CellId, content: session::Content) {
        let origin = self.executions.origin(cell);
        if origin.is_some_and(|origin| origin.silent) {
            return;
        }
        let number = origin.map_or(0, |origin| origin.execution_count);
        if let session::Content::Stream { stream, text } = content {
            let piece = Piece {
                cell,
                number,
                stream,
                text,
            };
            let pieces = self.budget.stream(now, piece);
            return self.publish_pieces(pieces);
        }
        let before = self.budget.display(now);
        self.publish_pieces(before);
        self.publish_output(cell, content);
    }

    /// Broadcasts what the budget allows.
    pub(super) fn publish_pieces(&mut self, pieces: Vec<Piece>) {
        for Piece { cell, stream, text, .. } in pieces {
            self.publish_output(cell, session::Content::Stream { stream, text });
        }
    }

    fn publish_output(&mut self, cell: CellId, content: session::Content) {
        match self.executions.origin(cell) {
            Some(origin) => {
                if let session::Content::ExecuteResult { data, .. } = &content {
                    self.history.set_output(origin.execution_count, data);
                }
                let output = content::output(origin.execution_count, content);
                self.actions.publish(&origin.parent, output);
            }
            None => tracing::warn!(?cell, "output of a cell that was forgotten"),
        }
    }

    fn is_evaluating(&self, cell: CellId) -> bool {
        self.evaluation
            .as_ref()
            .is_some_and(|evaluation| evaluation.runs_as(cell))
    }

    fn evaluated(&mut self, outcome: Outcome) {
        if let Some(evaluation) = &mut self.evaluation {
            evaluation.finish(outcome);
        }
        self.evaluate_next();
    }

    /// Has the expressions of a cell evaluated, if it has run as it should; else says how it ended.
    fn evaluate(&mut self, ended: Running, outcome: Outcome) {
        if outcome != Outcome::Ok || ended.submission.execute.user_expressions.is_empty() {
            return self.conclude(&ended, outcome, Map::new());
        }
        self.evaluation = Some(Evaluation::new(ended));
        self.evaluate_next();
    }

    fn evaluate_next(&mut self) {
        let Some(mut evaluation) = self.evaluation.take() else {
            return;
        };
        let id = self.executions.new_cell_for(&evaluation.ended);
        if let Some(code) = evaluation.start_next(id) {
            self.evaluation = Some(evaluation);
            let execution_count = EXPRESSION;
            return self.actions.push(Action::Execute(Cell {
                id,
                execution_count,
                code,
                allow_stdin: false,
            }));
        }
        let (ended, results) = evaluation.into_results();
        self.conclude(&ended, Outcome::Ok, results);
    }

    /// Says how the running cell ended, and goes on to the next.
    fn conclude(&mut self, ended: &Running, outcome: Outcome, user_expressions: Map<String, Value>) {
        let Submission { request, execute } = &ended.submission;
        let failed = matches!(outcome, Outcome::Error(_));
        if let Outcome::Error(error) = &outcome
            && !execute.silent
        {
            self.actions.publish(&request.header, content::error(error));
        }
        let reply = content::execute_reply(ended.execution_count, user_expressions, self.next_input.take(), outcome);
        self.actions.reply(request, reply);
        self.actions.idle(request);
        self.asked = None;
        if failed && execute.stops_on_error() {
            self.abort_waiting_in(request.subshell.as_ref());
        }
        self.start_next();
    }

    /// Answers all cells that wait: they will not run.
    pub(super) fn abort_waiting(&mut self) {
        let waiting = self.executions.abort_waiting();
        self.abort_all(waiting);
    }

    /// The same for those of one shell.
    pub(in crate::jupyter) fn abort_waiting_in(&mut self, subshell: Option<&SubshellId>) {
        let waiting = self.executions.abort_waiting_in(subshell);
        self.abort_all(waiting);
    }

    fn abort_all(&mut self, waiting: VecDeque<Submission>) {
        for Submission { request, .. } in waiting {
            self.actions.busy(&request);
            self.abort(&request, self.executions.next_count());
            self.actions.idle(&request);
        }
    }

    pub(super) fn abort(&mut self, request: &Request, execution_count: u32) {
        let reply = ExecuteReply::Aborted { execution_count };
        self.actions.reply(request, Content::ExecuteReply(reply));
    }
}

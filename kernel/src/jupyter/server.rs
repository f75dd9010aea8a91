//! The dispatcher: it alone hears requests, the session and signals, and owns what they change.

use super::budget::{Budget, Piece};
use super::connection::{Channel, ConnectionError, ConnectionFile};
use super::content::{ClearOutput, Content, DisplayData, ExecuteReply, ExecuteResult, Transient};
use super::execution::{Executions, Running, Submission};
use super::expressions::Evaluation;
use super::history::History;
use super::lifetime::{Lifetime, Notice};
use super::message::Request;
use super::origins::Origin;
use super::outbox::{Busy, Outbox};
use super::requests::{RequestError, ShutdownRequest};
use super::sockets::{BindError, Sockets};
use super::stdin::Asked;
use super::{control, history, kernel_info, shell, stdin};
use crate::session::{
    self, Cell, CellError, CellId, Event, Events, InputRequestId, Outcome, Session, StartError, Stream,
};
use jupyter_protocol::{
    ErrorOutput, ExecuteInput, ExecutionCount, ReplyStatus, ShutdownReply, Status, Stdio, StreamContent,
};
use serde_json::{Map, Value};
use std::ops::ControlFlow;
use std::path::Path;
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};

/// The number that expressions are compiled under: no cell has it.
const EXPRESSION: u32 = 0;

/// Why a kernel could not serve, or stopped.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ServeError {
    #[error(transparent)]
    Connection { source: ConnectionError },
    #[error(transparent)]
    Bind { source: BindError },
    #[error("the session cannot start")]
    Session { source: StartError },
    #[error("signals cannot be received")]
    Signals { source: std::io::Error },
    #[error("the session ended on its own")]
    SessionEnded,
}

/// Everything that requests and events change.
#[derive(Debug)]
pub(super) struct Dispatcher {
    session: Session,
    outbox: Outbox,
    executions: Executions,
    /// What cells print goes out through this.
    budget: Budget,
    /// Keeps the kernel busy under the running cell's request.
    running: Option<Busy>,
    /// The question that the running cell waits with.
    pub(super) asked: Option<Asked>,
    /// What is left to do for a cell that has run, before it is answered.
    evaluation: Option<Evaluation>,
    history: History,
    kernel_info: Content,
    /// Answers that take their time.
    answers: JoinSet<()>,
}

/// Serves the kernel that a connection file describes until it is told to end, and leaves nothing behind.
///
/// # Errors
///
/// When the connection file cannot be used, a socket cannot be bound, or the session does not start or breaks down.
pub(crate) async fn serve(connection_file: &Path) -> Result<(), ServeError> {
    let connection = ConnectionFile::read(connection_file).map_err(|source| ServeError::Connection { source })?;
    let lifetime = Lifetime::watch().map_err(|source| ServeError::Signals { source })?;
    let (sockets, outbox, requests) = Sockets::bind(&connection)
        .await
        .map_err(|source| ServeError::Bind { source })?;
    outbox.announce(Content::Status(Status::starting()));
    let (session, events) = Session::start().map_err(|source| ServeError::Session { source })?;
    let (rust_version, history) = tokio::join!(kernel_info::rust_version(), history::open());
    let kernel_info = kernel_info::reply(&rust_version);

    let mut dispatcher = Dispatcher {
        budget: Budget::new(session.overflow()),
        session,
        outbox,
        executions: Executions::new(),
        running: None,
        asked: None,
        evaluation: None,
        history,
        kernel_info,
        answers: JoinSet::new(),
    };
    let result = dispatcher.run(requests, events, lifetime).await;
    let session = dispatcher.close();
    tokio::join!(session.shutdown(), sockets.close());
    result
}

impl Dispatcher {
    /// Runs until the kernel is to end.
    async fn run(
        &mut self,
        mut requests: mpsc::Receiver<Request>,
        mut events: Events,
        mut lifetime: Lifetime,
    ) -> Result<(), ServeError> {
        loop {
            let deadline = self.budget.deadline();
            // Requests go before events: when a cell fails, those that came before its end are in the queue, and are
            // aborted with it.
            let step = tokio::select! {
                biased;
                notice = lifetime.notice() => self.on_notice(notice),
                Some(request) = requests.recv() => self.on_request(request),
                event = events.recv() => match event {
                    Some(event) => self.on_event(event),
                    None => return Err(ServeError::SessionEnded),
                },
                () = sleep_until(deadline.map_or_else(Instant::now, Instant::from_std)), if deadline.is_some() => {
                    let pieces = self.budget.elapse(now());
                    self.publish_pieces(pieces);
                    ControlFlow::Continue(())
                }
                Some(answer) = self.answers.join_next() => {
                    if let Err(error) = answer {
                        tracing::error!(%error, "a request was left without an answer");
                    }
                    ControlFlow::Continue(())
                }
            };
            if step.is_break() {
                return Ok(());
            }
        }
    }

    fn on_notice(&mut self, notice: Notice) -> ControlFlow<()> {
        match notice {
            Notice::Interrupt => self.interrupt(),
            Notice::Terminate | Notice::ParentGone => {
                tracing::info!(?notice, "the kernel ends");
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }

    fn on_request(&mut self, request: Request) -> ControlFlow<()> {
        tracing::debug!(channel = %request.channel, msg_type = request.msg_type, "received");
        match request.channel {
            Channel::Shell => return shell::handle(self, request),
            Channel::Control => return control::handle(self, &request),
            Channel::Stdin => stdin::handle(self, &request),
            Channel::IoPub | Channel::Heartbeat => {}
        }
        ControlFlow::Continue(())
    }

    fn on_event(&mut self, event: Event) -> ControlFlow<()> {
        match event {
            Event::Output { cell, content } => match &mut self.evaluation {
                Some(evaluation) if evaluation.runs_as(cell) => evaluation.take(content),
                _ => self.broadcast(cell, content),
            },
            Event::InputRequest(question) => {
                // What was printed before it is read before it is answered.
                let pieces = self.budget.display(now());
                self.publish_pieces(pieces);
                stdin::ask(self, question);
            }
            Event::Finished { cell, outcome } if self.is_evaluating(cell) => self.evaluated(outcome),
            Event::Finished { cell, outcome } => {
                let pieces = self.budget.finish(now());
                self.publish_pieces(pieces);
                match self.executions.finish(cell) {
                    Some(running) => self.evaluate(running, outcome),
                    None => tracing::error!(?cell, "a cell ended that was not running"),
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Broadcasts a piece of a cell's output under the request that the cell came from.
    fn broadcast(&mut self, cell: CellId, content: session::Content) {
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
            let pieces = self.budget.stream(now(), piece);
            return self.publish_pieces(pieces);
        }
        let before = self.budget.display(now());
        self.publish_pieces(before);
        self.publish_output(cell, content);
    }

    /// Broadcasts what the budget allows.
    fn publish_pieces(&mut self, pieces: Vec<Piece>) {
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
                self.outbox.publish(&origin.parent, output(origin, content));
            }
            None => tracing::warn!(?cell, "output of a cell that was forgotten"),
        }
    }

    /// Queues a cell.
    pub(super) fn submit(&mut self, submission: Submission) {
        self.executions.push(submission);
        self.start_next();
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
        self.running = Some(self.outbox.busy(request));
        if execute.stores_history() {
            self.history.push(cell.execution_count, cell.code.clone());
        }
        if !execute.silent {
            let input = ExecuteInput {
                code: cell.code.clone(),
                execution_count: count(cell.execution_count),
            };
            self.outbox.publish(&request.header, Content::ExecuteInput(input));
        }
        self.session.execute(cell);
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
            return self.session.execute(Cell {
                id,
                execution_count,
                code,
                allow_stdin: false,
            });
        }
        let (ended, results) = evaluation.into_results();
        self.conclude(&ended, Outcome::Ok, results);
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

    /// Says how the running cell ended, and goes on to the next.
    fn conclude(&mut self, ended: &Running, outcome: Outcome, user_expressions: Map<String, Value>) {
        let Submission { request, execute } = &ended.submission;
        let failed = matches!(outcome, Outcome::Error(_));
        if let Outcome::Error(error) = &outcome
            && !execute.silent
        {
            self.outbox
                .publish(&request.header, Content::Error(error_output(error)));
        }
        self.outbox.reply(
            request,
            Content::ExecuteReply(execute_reply(ended.execution_count, user_expressions, outcome)),
        );
        self.running = None;
        self.asked = None;
        if failed && execute.stops_on_error() {
            self.abort_waiting();
        }
        self.start_next();
    }

    /// Answers all cells that wait: they will not run.
    fn abort_waiting(&mut self) {
        for Submission { request, .. } in self.executions.abort_waiting() {
            let _busy = self.outbox.busy(&request);
            self.abort(&request, self.executions.next_count());
        }
    }

    fn abort(&self, request: &Request, execution_count: u32) {
        self.outbox.reply(
            request,
            Content::ExecuteReply(ExecuteReply::Aborted { execution_count }),
        );
    }

    /// Answers a request at once, busy before and idle after, also where it is refused.
    pub(super) fn answer(
        &mut self,
        request: &Request,
        answer: impl FnOnce(&mut Dispatcher) -> Result<Option<Content>, RequestError>,
    ) {
        let _busy = self.outbox.busy(request);
        let answer = answer(self);
        respond(&self.outbox, request, answer);
    }

    /// Answers a request when its answer is there, busy until then. Nothing waits for it.
    pub(super) fn answer_later<A>(&mut self, request: Request, answer: fn(Session, Request) -> A)
    where
        A: Future<Output = Result<Content, RequestError>> + Send + 'static,
    {
        let outbox = self.outbox.clone();
        let busy = self.outbox.busy(&request);
        let answer = answer(self.session.clone(), request.clone());
        self.answers.spawn(async move {
            respond(&outbox, &request, answer.await.map(Some));
            drop(busy);
        });
    }

    /// Ends the input of a cell whose question does not reach its client.
    pub(super) fn watch_question(&mut self, question: InputRequestId, sent: oneshot::Receiver<()>) {
        let session = self.session.clone();
        self.answers.spawn(async move {
            if sent.await.is_err() {
                session.answer(question, None);
            }
        });
    }

    /// Agrees to end: the client that asked gets the reply, and all others hear it.
    pub(super) fn shut_down(&mut self, request: &Request) -> ControlFlow<()> {
        let _busy = self.outbox.busy(request);
        // Whatever else the request says, it wants the kernel gone.
        let restart = request.parse().is_ok_and(|ShutdownRequest { restart }| restart);
        let reply = ShutdownReply {
            restart,
            status: ReplyStatus::Ok,
            error: None,
        };
        self.outbox.reply(request, Content::ShutdownReply(reply.clone()));
        self.outbox.publish(&request.header, Content::ShutdownReply(reply));
        ControlFlow::Break(())
    }

    /// Stops the running cell.
    pub(super) fn interrupt(&self) {
        self.session.interrupt();
    }

    pub(super) fn kernel_info(&self) -> Content {
        self.kernel_info.clone()
    }

    pub(super) fn session(&self) -> &Session {
        &self.session
    }

    pub(super) fn executions(&self) -> &Executions {
        &self.executions
    }

    pub(super) fn history(&self) -> &History {
        &self.history
    }

    pub(super) fn outbox(&self) -> &Outbox {
        &self.outbox
    }

    /// Answers the cells that will not come to an end, and lets go of the sockets.
    fn close(mut self) -> Session {
        let evaluated = self.evaluation.take().map(|evaluation| evaluation.ended);
        if let Some(running) = evaluated.or_else(|| self.executions.abandon_running()) {
            self.abort(&running.submission.request, running.execution_count);
            self.running = None;
        }
        self.abort_waiting();
        self.session
    }
}

fn respond(outbox: &Outbox, request: &Request, answer: Result<Option<Content>, RequestError>) {
    match answer {
        Ok(Some(content)) => outbox.reply(request, content),
        Ok(None) => {}
        Err(error) => {
            tracing::warn!(%error, "refused");
            if let Some(refusal) = error.refusal(request) {
                outbox.reply(request, Content::Refusal(refusal));
            }
        }
    }
}

fn output(origin: &Origin, content: session::Content) -> Content {
    match content {
        session::Content::Stream { stream, text } => {
            let name = match stream {
                Stream::Stdout => Stdio::Stdout,
                Stream::Stderr => Stdio::Stderr,
            };
            Content::Stream(StreamContent { name, text })
        }
        session::Content::DisplayData {
            data,
            metadata,
            display_id,
        } => Content::DisplayData(DisplayData {
            data,
            metadata,
            transient: Transient { display_id },
        }),
        session::Content::UpdateDisplayData {
            data,
            metadata,
            display_id,
        } => Content::UpdateDisplayData(DisplayData {
            data,
            metadata,
            transient: Transient {
                display_id: Some(display_id),
            },
        }),
        session::Content::ExecuteResult { data, metadata } => Content::ExecuteResult(ExecuteResult {
            execution_count: origin.execution_count,
            data,
            metadata,
        }),
        session::Content::ClearOutput { wait } => Content::ClearOutput(ClearOutput { wait }),
    }
}

fn execute_reply(execution_count: u32, user_expressions: Map<String, Value>, outcome: Outcome) -> ExecuteReply {
    match outcome {
        Outcome::Ok => ExecuteReply::Ok {
            execution_count,
            payload: [],
            user_expressions,
        },
        Outcome::Error(CellError {
            ename,
            evalue,
            traceback,
        }) => ExecuteReply::Error {
            execution_count,
            ename,
            evalue,
            traceback,
        },
    }
}

fn now() -> std::time::Instant {
    std::time::Instant::now()
}

fn error_output(error: &CellError) -> ErrorOutput {
    let CellError {
        ename,
        evalue,
        traceback,
    } = error.clone();
    ErrorOutput {
        ename,
        evalue,
        traceback,
    }
}

fn count(execution_count: u32) -> ExecutionCount {
    ExecutionCount::new(usize::try_from(execution_count).unwrap_or(usize::MAX))
}

//! The kernel at work: it hears messages, the session and signals, and does what the dispatcher decides.

use super::action::Action;
use super::budget::Budget;
use super::connection::{ConnectionError, ConnectionFile};
use super::content::{self, Content};
use super::dispatcher::{Dispatcher, Input};
use super::lifetime::Lifetime;
use super::lookups::Lookups;
use super::message::Received;
use super::outbox::Outbox;
use super::sockets::{BindError, Sockets};
use super::{history, kernel_info};
use crate::session::{Events, Session, StartError};
use jupyter_protocol::Status;
use std::path::Path;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

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

/// What decides, and what its decisions are carried out with.
#[derive(Debug)]
struct Server {
    dispatcher: Dispatcher,
    session: Session,
    outbox: Outbox,
    lookups: Lookups,
}

/// Serves the kernel that a connection file describes until it is told to end, and leaves nothing behind.
///
/// # Errors
///
/// When the connection file cannot be used, a socket cannot be bound, or the session does not start or breaks down.
pub(crate) async fn serve(connection_file: &Path) -> Result<(), ServeError> {
    let connection = ConnectionFile::read(connection_file).map_err(|source| ServeError::Connection { source })?;
    let lifetime = Lifetime::watch().map_err(|source| ServeError::Signals { source })?;
    // Its directory has the sockets.
    let (session, events) = Session::start().map_err(|source| ServeError::Session { source })?;
    let (sockets, outbox, messages) = match Sockets::bind(&connection, session.directory()).await {
        Ok(bound) => bound,
        Err(source) => {
            session.shutdown().await;
            return Err(ServeError::Bind { source });
        }
    };
    outbox.announce(Content::Status(Status::starting()));
    let (rust_version, history) = tokio::join!(kernel_info::rust_version(), history::open());
    let kernel_info = kernel_info::reply(&rust_version);

    let mut server = Server {
        dispatcher: Dispatcher::new(Budget::new(session.overflow()), history, kernel_info),
        session,
        outbox,
        lookups: Lookups::default(),
    };
    let result = server.run(messages, events, lifetime).await;
    let session = server.close();
    tokio::join!(session.shutdown(), sockets.close());
    result
}

impl Server {
    /// Runs until the kernel is to end.
    async fn run(
        &mut self,
        mut messages: mpsc::Receiver<Received>,
        mut events: Events,
        mut lifetime: Lifetime,
    ) -> Result<(), ServeError> {
        while !self.dispatcher.is_ending() {
            let deadline = self.dispatcher.deadline();
            // Messages go before events: when a cell fails, those that came before its end are in the queue, and are
            // aborted with it.
            let input = tokio::select! {
                biased;
                notice = lifetime.notice() => Input::Notice(notice),
                Some(received) = messages.recv() => Input::Message(received),
                event = events.recv() => Input::Event(event.ok_or(ServeError::SessionEnded)?),
                () = sleep_until(deadline.map_or_else(Instant::now, Instant::from_std)), if deadline.is_some() => {
                    Input::Elapsed
                }
                Some(()) = self.lookups.join_next() => Input::LookedUp,
            };
            for action in self.dispatcher.handle(std::time::Instant::now(), input) {
                self.perform(action);
            }
        }
        Ok(())
    }

    /// Does what was decided.
    fn perform(&mut self, action: Action) {
        match action {
            Action::Publish { parent, content } => self.outbox.publish(&parent, content),
            Action::Reply { request, content } => self.outbox.reply(&request, content),
            Action::CheckCompleteness { request, code } => {
                let reply = content::is_complete_reply(self.session.is_complete(&code));
                self.outbox.reply(&request, reply);
            }
            Action::LookUp { request, lookup } => self.lookups.start(&self.session, &self.outbox, request, lookup),
            Action::Ask {
                request,
                question,
                input,
            } => {
                let sent = self.outbox.ask(&request, input);
                self.lookups.watch_question(&self.session, question, sent);
            }
            Action::Answer { question, answer } => {
                if !self.session.answer(question, answer.as_deref()) {
                    tracing::warn!("an answer is dropped: the cell that asked has ended");
                }
            }
            Action::HearComm { cell, message } => self.session.hear_comm(cell, message),
            Action::ListComms { request, target } => {
                let reply = content::comm_info_reply(self.session.comms(target.as_deref()));
                self.outbox.reply(&request, reply);
            }
            Action::Execute(cell) => self.session.execute(cell),
            Action::Expect(cell) => self.session.expect(cell),
            Action::Interrupt => self.session.interrupt(),
        }
    }

    /// Answers what will not come to an end, and lets go of the sockets.
    fn close(mut self) -> Session {
        for action in self.dispatcher.close() {
            self.perform(action);
        }
        self.session
    }
}

//! Answers that take their time: what the session has to be asked, and whether a question has reached its client.

use super::content::{self, Content};
use super::debugger::Inquiry;
use super::message::Request;
use super::outbox::Outbox;
use super::requests::CursorRequest;
use crate::session::{CellId, Detail, InputRequestId, Session};
use tokio::sync::oneshot;
use tokio::task::JoinSet;

/// What is looked up in a session.
#[derive(Debug)]
pub(super) enum Lookup {
    Completions(CursorRequest),
    Inspection(CursorRequest),
    /// What follows from it follows from this cell.
    Variables {
        inquiry: Inquiry,
        cell: CellId,
        may_look: bool,
    },
}

/// What is under way. Nothing of it is left when this goes.
#[derive(Debug, Default)]
pub(super) struct Lookups {
    tasks: JoinSet<()>,
}

impl Lookups {
    /// Answers a request when the answer is there, busy until then.
    pub(super) fn start(&mut self, session: &Session, outbox: &Outbox, request: Request, lookup: Lookup) {
        let busy = outbox.busy(&request);
        let (session, outbox) = (session.clone(), outbox.clone());
        self.tasks.spawn(async move {
            outbox.reply(&request, lookup.answer(&session).await);
            drop(busy);
        });
    }

    /// Ends the input of a cell whose question does not reach its client.
    pub(super) fn watch_question(&mut self, session: &Session, question: InputRequestId, sent: oneshot::Receiver<()>) {
        let session = session.clone();
        self.tasks.spawn(async move {
            if sent.await.is_err() {
                session.answer(question, None);
            }
        });
    }

    /// Waits until one has ended, and says where that was without an answer. None where there is none.
    pub(super) async fn join_next(&mut self) -> Option<()> {
        if let Err(error) = self.tasks.join_next().await? {
            tracing::error!(%error, "a request was left without an answer");
        }
        Some(())
    }
}

impl Lookup {
    async fn answer(self, session: &Session) -> Content {
        match self {
            Lookup::Completions(place) => content::complete_reply(session.complete(&place.code, place.cursor()).await),
            Lookup::Inspection(place) => {
                let detail = if place.detail_level > 0 {
                    Detail::Source
                } else {
                    Detail::Documentation
                };
                content::inspect_reply(session.inspect(&place.code, place.cursor(), detail).await)
            }
            Lookup::Variables {
                inquiry,
                cell,
                may_look,
            } => inquiry.answer(session, cell, may_look).await,
        }
    }
}

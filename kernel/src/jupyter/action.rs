//! What is to be done because of something that the kernel has heard.

use super::content::{Content, InputRequest};
use super::lookups::Lookup;
use super::message::{ParentHeader, Request};
use crate::session::{Cell, CellId, ExpectedCell, InputRequestId};
use jupyter_protocol::Status;
use parcell::contract::comms::CommMessage;

/// One thing to be done.
#[derive(Debug)]
pub(super) enum Action {
    /// Broadcast it under this header.
    Publish { parent: ParentHeader, content: Content },
    /// Answer the request.
    Reply { request: Request, content: Content },
    /// Answer the request with whether its code can be run as it stands.
    CheckCompleteness { request: Request, code: String },
    /// Answer the request when what it asks for has been found, busy until then. Nothing waits for it.
    LookUp { request: Request, lookup: Lookup },
    /// Put a question to the client that the request came from.
    Ask {
        request: Request,
        question: InputRequestId,
        input: InputRequest,
    },
    /// Give an answer to the cell that asked; None is the end of input.
    Answer {
        question: InputRequestId,
        answer: Option<String>,
    },
    /// Hand on what a front end says on a comm. What follows from it is said of this cell.
    HearComm { cell: CellId, message: CommMessage },
    /// Answer the request with which comms there are for this target, or at all.
    ListComms { request: Request, target: Option<String> },
    /// Run a cell.
    Execute(Cell),
    /// This cell is next, while one runs.
    Expect(ExpectedCell),
    /// Stop the cell that runs.
    Interrupt,
}

/// What is to be done, one after the other.
#[derive(Debug, Default)]
pub(super) struct Actions(Vec<Action>);

impl Actions {
    pub(super) fn push(&mut self, action: Action) {
        self.0.push(action);
    }

    pub(super) fn publish(&mut self, parent: &ParentHeader, content: Content) {
        let parent = parent.clone();
        self.push(Action::Publish { parent, content });
    }

    pub(super) fn reply(&mut self, request: &Request, content: Content) {
        let request = request.clone();
        self.push(Action::Reply { request, content });
    }

    pub(super) fn busy(&mut self, request: &Request) {
        self.publish(&request.header, Content::Status(Status::busy()));
    }

    pub(super) fn idle(&mut self, request: &Request) {
        self.publish(&request.header, Content::Status(Status::idle()));
    }

    /// Gives what has come together.
    pub(super) fn take(&mut self) -> Vec<Action> {
        std::mem::take(&mut self.0)
    }
}

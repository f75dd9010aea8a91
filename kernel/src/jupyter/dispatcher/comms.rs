//! Comms: what front ends say is handed on at once, also while a cell runs; what follows from it goes out under the
//! message that caused it.

use std::time::Instant;

use jupyter_protocol::Status;
use parcell::contract::comms::CommMessage;

use super::Dispatcher;
use crate::jupyter::action::Action;
use crate::jupyter::comm_updates::Said;
use crate::jupyter::content::{self, Content};
use crate::jupyter::message::Request;
use crate::session::{CellId, Outcome};

impl Dispatcher {
    /// A front end says something on a comm.
    pub(in crate::jupyter) fn hear_comm(&mut self, request: Request, message: CommMessage) {
        let cell = self.executions.new_cell_of(&request);
        self.actions.busy(&request);
        self.hearing.insert(cell, request);
        self.actions.push(Action::HearComm { cell, message });
    }

    /// What follows from it at once has been said.
    pub(super) fn comm_heard(&mut self, cell: CellId) {
        if let Some(request) = self.hearing.remove(&cell) {
            self.actions.idle(&request);
            self.still_busy();
        }
    }

    /// A function of the notebook's is called for it.
    pub(super) fn delivery_started(&mut self, cell: CellId) {
        self.delivering = Some(cell);
        if let Some(origin) = self.executions.origin(cell) {
            let parent = origin.parent.clone();
            self.actions.publish(&parent, Content::Status(Status::busy()));
        }
    }

    /// The function has returned.
    pub(super) fn delivery_finished(&mut self, now: Instant, cell: CellId, outcome: &Outcome) {
        self.delivering = None;
        let pieces = self.budget.finish(now);
        self.publish_pieces(pieces);
        self.flush_comms();
        let Some(origin) = self.executions.origin(cell) else {
            return;
        };
        let parent = origin.parent.clone();
        if let Outcome::Error(error) = outcome {
            self.actions.publish(&parent, content::error(error));
        }
        self.actions.publish(&parent, Content::Status(Status::idle()));
        self.still_busy();
    }

    /// Something is said on a comm by or because of a cell.
    pub(super) fn say_on_comm(&mut self, now: Instant, cell: CellId, message: CommMessage) {
        let said = self.comm_updates.take(now, cell, message);
        self.publish_comms(said);
    }

    /// Says what has been held: the cell has ended.
    pub(super) fn flush_comms(&mut self) {
        let said = self.comm_updates.flush();
        self.publish_comms(said);
    }

    pub(super) fn publish_comms(&mut self, said: Vec<Said>) {
        for (cell, message) in said {
            match self.executions.origin(cell) {
                Some(origin) => self.actions.publish(&origin.parent, content::comm(message)),
                None => tracing::warn!(?cell, "a message on a comm of a cell that was forgotten"),
            }
        }
    }
}

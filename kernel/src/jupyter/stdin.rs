//! Stdin: the channel on which the kernel asks and the client answers.
//!
//! No cell can ask for input yet, so an answer that comes belongs to nothing.

use super::connection::Channel;
use super::message::Request;
use super::router::{self, RouterTasks};
use super::wire::Wire;
use std::sync::Arc;
use tokio::sync::mpsc;
use zeromq::RouterSocket;

/// Starts the channel's tasks.
pub(super) fn spawn(socket: RouterSocket, wire: &Arc<Wire>, requests: mpsc::Sender<Request>) -> RouterTasks {
    let (_nothing_to_ask, tasks) = router::spawn(Channel::Stdin, socket, wire, requests);
    tasks
}

/// Takes what came in.
pub(super) fn handle(request: &Request) {
    tracing::warn!(msg_type = request.msg_type, "dropped: the kernel asked for no input");
}

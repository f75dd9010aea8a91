//! A ROUTER socket, as shell, control and stdin are: one task reads requests, another writes what is sent back.

use super::connection::Channel;
use super::message::{Message, Request};
use super::wire::Wire;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zeromq::{RouterRecvHalf, RouterSendHalf, RouterSocket, SocketRecv, SocketSend, ZmqMessage};

/// A handle for sending to the clients of one channel. Clones reach the same socket.
#[derive(Clone, Debug)]
pub(super) struct Replies {
    queue: mpsc::UnboundedSender<Addressed>,
}

/// The two tasks of a channel.
pub(super) struct RouterTasks {
    pub(super) reader: JoinHandle<()>,
    /// Ends, and gives the socket back, when the last handle is gone and all was sent.
    pub(super) writer: JoinHandle<RouterSendHalf>,
}

#[derive(Debug)]
struct Addressed {
    identities: Vec<Bytes>,
    message: Message,
}

impl Replies {
    /// Sends to the client that `identities` names.
    pub(super) fn send(&self, identities: Vec<Bytes>, message: Message) {
        if let Err(mpsc::error::SendError(lost)) = self.queue.send(Addressed { identities, message }) {
            tracing::error!(
                msg_type = lost.message.content.msg_type(),
                "nobody sends any more; a reply is lost"
            );
        }
    }
}

/// Starts reading requests from `socket` into `requests`, and gives the handle for what goes back.
pub(super) fn spawn(
    channel: Channel,
    socket: RouterSocket,
    wire: &Arc<Wire>,
    requests: mpsc::Sender<Request>,
) -> (Replies, RouterTasks) {
    let (sender, receiver) = socket.split();
    let (queue, outgoing) = mpsc::unbounded_channel();
    let reader = tokio::spawn(read_all(channel, receiver, Arc::clone(wire), requests));
    let writer = tokio::spawn(write_all(channel, sender, Arc::clone(wire), outgoing));
    (Replies { queue }, RouterTasks { reader, writer })
}

async fn read_all(channel: Channel, mut socket: RouterRecvHalf, wire: Arc<Wire>, requests: mpsc::Sender<Request>) {
    loop {
        let frames = match socket.recv().await {
            Ok(frames) => frames.into_vec(),
            Err(error) => return tracing::error!(%channel, %error, "nothing more can be received"),
        };
        match wire.decode(channel, frames) {
            Ok(request) => {
                if requests.send(request).await.is_err() {
                    return;
                }
            }
            Err(error) => tracing::warn!(%channel, error = &error as &dyn std::error::Error, "message dropped"),
        }
    }
}

async fn write_all(
    channel: Channel,
    mut socket: RouterSendHalf,
    wire: Arc<Wire>,
    mut outgoing: mpsc::UnboundedReceiver<Addressed>,
) -> RouterSendHalf {
    while let Some(Addressed { identities, message }) = outgoing.recv().await {
        let frames = match wire.encode(&message) {
            Ok(frames) => frames,
            Err(error) => {
                tracing::error!(%channel, error = &error as &dyn std::error::Error, "message lost");
                continue;
            }
        };
        let frames: VecDeque<Bytes> = identities.into_iter().chain(frames).collect();
        let Ok(frames) = ZmqMessage::try_from(frames) else {
            continue;
        };
        // A client that went away loses its reply; the others must not notice.
        if let Err(error) = socket.send(frames).await {
            tracing::warn!(%channel, %error, msg_type = message.content.msg_type(), "client not reached");
        }
    }
    socket
}

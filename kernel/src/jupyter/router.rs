//! A ROUTER socket, as shell, control and stdin are: one task reads requests, another writes what is sent back.

use super::connection::Channel;
use super::message::{Message, Received};
use super::wire::Wire;
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::{mpsc, oneshot};
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
    /// Told when the message has gone out; dropped where it has not.
    receipt: Option<oneshot::Sender<()>>,
}

impl Replies {
    /// Sends to the client that `identities` names.
    pub(super) fn send(&self, identities: Vec<Bytes>, message: Message) {
        self.enqueue(identities, message, None);
    }

    /// Sends to the client that `identities` names; gives what ends with an error where there is no such client.
    pub(super) fn send_with_receipt(&self, identities: Vec<Bytes>, message: Message) -> oneshot::Receiver<()> {
        let (receipt, sent) = oneshot::channel();
        self.enqueue(identities, message, Some(receipt));
        sent
    }

    fn enqueue(&self, identities: Vec<Bytes>, message: Message, receipt: Option<oneshot::Sender<()>>) {
        let addressed = Addressed {
            identities,
            message,
            receipt,
        };
        if let Err(mpsc::error::SendError(lost)) = self.queue.send(addressed) {
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
    requests: mpsc::Sender<Received>,
) -> (Replies, RouterTasks) {
    let (sender, receiver) = socket.split();
    let (queue, outgoing) = mpsc::unbounded_channel();
    let reader = tokio::spawn(read_all(channel, receiver, Arc::clone(wire), requests));
    let writer = tokio::spawn(write_all(channel, sender, Arc::clone(wire), outgoing));
    (Replies { queue }, RouterTasks { reader, writer })
}

async fn read_all(channel: Channel, mut socket: RouterRecvHalf, wire: Arc<Wire>, requests: mpsc::Sender<Received>) {
    loop {
        let frames = match socket.recv().await {
            Ok(frames) => frames.into_vec(),
            Err(error) => return tracing::error!(%channel, %error, "nothing more can be received"),
        };
        match wire.decode(channel, frames) {
            Ok(received) => {
                if requests.send(received).await.is_err() {
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
    while let Some(Addressed {
        identities,
        message,
        receipt,
    }) = outgoing.recv().await
    {
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
        match (socket.send(frames).await, receipt) {
            // Who wanted to know may have gone.
            (Ok(()), Some(receipt)) => drop(receipt.send(())),
            (Ok(()), None) => {}
            (Err(error), _) => {
                tracing::warn!(%channel, %error, msg_type = message.content.msg_type(), "client not reached");
            }
        }
    }
    socket
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jupyter::content::Content;
    use jupyter_protocol::Status;
    use std::time::Duration;
    use tokio::time::timeout;
    use zeromq::Socket;

    #[tokio::test]
    async fn who_sends_to_nobody_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let mut socket = RouterSocket::new();
        let endpoint = format!("ipc://{}", directory.path().join("socket").display());
        socket.bind(&endpoint).await.unwrap();
        let (requests, _received) = mpsc::channel(1);
        let (replies, tasks) = spawn(Channel::Stdin, socket, &Arc::new(Wire::new("")), requests);
        let message = Message::new(None, Content::Status(Status::busy()));
        let sent = replies.send_with_receipt(vec![Bytes::from_static(b"nobody")], message);
        let told = timeout(Duration::from_secs(30), sent).await.unwrap();
        assert!(told.is_err());
        tasks.reader.abort();
    }
}

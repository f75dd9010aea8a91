//! IOPub: everything the kernel broadcasts. One task owns the socket, so messages go out in the order they were given.

use super::message::Message;
use super::wire::Wire;
use bytes::Bytes;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use zeromq::{PubSocket, SocketSend, ZmqMessage};

/// A handle for broadcasting. Clones reach the same socket.
#[derive(Clone, Debug)]
pub(super) struct IoPub {
    messages: mpsc::UnboundedSender<Message>,
}

impl IoPub {
    /// Starts the task that publishes. It ends, and gives the socket back, when the last handle is gone.
    pub(super) fn spawn(socket: PubSocket, wire: Arc<Wire>) -> (IoPub, JoinHandle<PubSocket>) {
        let (messages, queue) = mpsc::unbounded_channel();
        (IoPub { messages }, tokio::spawn(publish_all(socket, wire, queue)))
    }

    /// Broadcasts a message. Never waits for a subscriber.
    pub(super) fn publish(&self, message: Message) {
        if let Err(mpsc::error::SendError(message)) = self.messages.send(message) {
            tracing::error!(
                msg_type = message.content.msg_type(),
                "nobody publishes any more; a message is lost"
            );
        }
    }
}

async fn publish_all(mut socket: PubSocket, wire: Arc<Wire>, mut queue: mpsc::UnboundedReceiver<Message>) -> PubSocket {
    while let Some(message) = queue.recv().await {
        if let Err(error) = publish(&mut socket, &wire, &message).await {
            tracing::error!(%error, "a message could not be published");
        }
    }
    socket
}

async fn publish(socket: &mut PubSocket, wire: &Wire, message: &Message) -> Result<(), PublishError> {
    let mut frames = ZmqMessage::from(Bytes::copy_from_slice(message.content.msg_type().as_bytes()));
    for frame in wire.encode(message)? {
        frames.push_back(frame);
    }
    Ok(socket.send(frames).await?)
}

#[derive(Debug, thiserror::Error)]
enum PublishError {
    #[error(transparent)]
    Encode(#[from] super::wire::EncodeError),
    #[error(transparent)]
    Socket(#[from] zeromq::ZmqError),
}

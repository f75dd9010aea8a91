//! One subscriber of IOPub: a queue of bounded size (`queue`), and a ZeroMQ socket that has no other peer.
//!
//! ZeroMQ's XPUB writes to its subscribers in turn and waits for each, so a socket for all of them would stop with the
//! first that does not read. The one here is the subscriber's alone: it connects, through a Unix socket that nobody else
//! can open, to two tasks which copy bytes between it and the subscriber's own connection.

mod queue;

pub(super) use queue::{Published, Queue};

use super::content::Content;
use super::listener::Stream;
use super::message::Message;
use super::relay::relay;
use super::wire::{EncodeError, Wire};
use bytes::Bytes;
use jupyter_protocol::{IoPubWelcome, Stdio, StreamContent};
use queue::{Entry, Lost};
use std::io;
use std::path::Path;
use tokio::net::UnixListener;
use zeromq::util::PeerIdentity;
use zeromq::{Socket, SocketEvent, SocketRecv, SocketSend, XPubSocket, ZmqError, ZmqMessage};

/// Why a subscriber is served no longer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ServeError {
    #[error("there is no way from the subscriber to a socket of its own")]
    Connect(#[from] io::Error),
    #[error(transparent)]
    Socket(#[from] ZmqError),
    #[error(transparent)]
    Encode(#[from] EncodeError),
}

/// A socket with one peer.
struct Peer {
    socket: XPubSocket,
    id: PeerIdentity,
}

impl Peer {
    async fn connect(path: &Path) -> Result<Peer, ZmqError> {
        let mut socket = XPubSocket::new();
        let mut events = socket.monitor();
        socket.connect(&format!("ipc://{}", path.display())).await?;
        while let Ok(event) = events.try_recv() {
            if let SocketEvent::Connected(_, id) = event {
                return Ok(Peer { socket, id });
            }
        }
        Err(ZmqError::Socket("it does not say to whom it has connected"))
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        // Else the connection would stay open: what waits for it to be readable is owned by what it wakes.
        self.socket.backend().peer_disconnected(&self.id);
    }
}

/// Sends what is queued for one subscriber, until the queue is closed and empty or the subscriber goes.
pub(super) async fn serve(client: impl Stream, queue: &Queue, wire: &Wire) -> Result<(), ServeError> {
    let directory = tempfile::Builder::new()
        .prefix("parcell-iopub-")
        .tempdir_in(crate::environment::temporary_directory())?;
    let path = directory.path().join("socket");
    let listener = UnixListener::bind(&path)?;
    let publishing = async {
        let mut peer = Peer::connect(&path).await?;
        publish(&mut peer.socket, queue, wire).await?;
        // What the socket has sent still has to reach the subscriber.
        drop(peer);
        std::future::pending::<Result<(), ServeError>>().await
    };
    let relaying = async {
        let (socket, _) = listener.accept().await?;
        drop((listener, directory));
        Ok(relay(client, socket).await?)
    };
    tokio::select! {
        result = publishing => result,
        result = relaying => result,
    }
}

/// Sends what is queued, and welcomes each subscription before anything is sent that is subject to it.
async fn publish(socket: &mut XPubSocket, queue: &Queue, wire: &Wire) -> Result<(), ServeError> {
    loop {
        tokio::select! {
            biased;
            subscription = socket.recv() => {
                if let Some(welcome) = welcome(&subscription?, wire)? {
                    socket.send(welcome.frames).await?;
                }
            }
            entry = queue.next() => match entry {
                Some(Entry::Message(message)) => socket.send(message.frames.clone()).await?,
                Some(Entry::Lost(lost)) => {
                    tracing::warn!(lost.messages, lost.bytes, "a subscriber did not read");
                    socket.send(Published::new(wire, notice(lost))?.frames).await?;
                }
                None => return Ok(()),
            }
        }
    }
}

/// The answer to a subscription. Its topic is what was subscribed to, so that the subscriber gets it.
fn welcome(subscription: &ZmqMessage, wire: &Wire) -> Result<Option<Published>, EncodeError> {
    let Some([1, topic @ ..]) = subscription.get(0).map(AsRef::as_ref) else {
        return Ok(None);
    };
    let welcome = IoPubWelcome::new(String::from_utf8_lossy(topic).into_owned());
    let message = Message::new(None, Content::IoPubWelcome(welcome));
    Published::under(Bytes::copy_from_slice(topic), wire, message).map(Some)
}

fn notice(lost: Lost) -> Message {
    let Lost {
        messages,
        bytes,
        parent,
    } = lost;
    let text =
        format!("parcell: {messages} messages ({bytes} bytes) are missing here: this client did not read them\n");
    let content = Content::Stream(StreamContent {
        name: Stdio::Stderr,
        text,
    });
    Message::new(parent, content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jupyter_protocol::Status;
    use std::sync::Arc;
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::UnixStream;

    fn published(content: Content) -> Arc<Published> {
        Arc::new(Published::new(&Wire::new(""), Message::new(None, content)).unwrap())
    }

    fn output(size: usize) -> Arc<Published> {
        published(Content::Stream(StreamContent::stdout(&"x".repeat(size))))
    }

    /// What a subscriber to everything says first, in ZeroMQ's protocol.
    const SUBSCRIBER: [&[u8]; 3] = [
        b"\xff\0\0\0\0\0\0\0\0\x7f\x03\0NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
          \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
        b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB",
        b"\0\x01\x01",
    ];

    /// Reads until `text` comes.
    async fn read_until(client: &mut UnixStream, text: &str) {
        let mut read = Vec::new();
        while !String::from_utf8_lossy(&read).contains(text) {
            assert!(client.read_buf(&mut read).await.unwrap() > 0, "it ends before {text}");
        }
    }

    #[tokio::test]
    async fn what_is_queued_arrives_before_the_end() {
        let test = async {
            let (mut client, connection) = UnixStream::pair().unwrap();
            let (queue, wire) = (Arc::new(Queue::default()), Wire::new(""));
            let serving = tokio::spawn({
                let queue = Arc::clone(&queue);
                async move { serve(connection, &queue, &wire).await }
            });
            for part in SUBSCRIBER {
                client.write_all(part).await.unwrap();
            }
            read_until(&mut client, "iopub_welcome").await;
            for _ in 0..3 {
                queue.push(&output(1_000_000));
            }
            queue.push(&published(Content::Status(Status::idle())));
            queue.close();
            read_until(&mut client, "idle").await;
            serving.await.unwrap().unwrap();
            client.read_to_end(&mut Vec::new()).await.unwrap();
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), test)
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_subscriber_that_goes_is_served_no_longer() {
        let test = async {
            let (mut client, connection) = UnixStream::pair().unwrap();
            let (queue, wire) = (Queue::default(), Wire::new(""));
            for part in SUBSCRIBER {
                client.write_all(part).await.unwrap();
            }
            for _ in 0..10 {
                queue.push(&output(1_000_000));
            }
            let serving = serve(connection, &queue, &wire);
            let going = async {
                read_until(&mut client, "iopub_welcome").await;
                drop(client);
            };
            // How the end is seen depends on what was under way.
            let (_, ()) = tokio::join!(serving, going);
        };
        tokio::time::timeout(std::time::Duration::from_secs(30), test)
            .await
            .unwrap();
    }

    #[test]
    fn only_subscriptions_are_welcomed() {
        let wire = Wire::new("");
        let welcomed = |frame: &'static [u8]| {
            welcome(&ZmqMessage::from(Bytes::from_static(frame)), &wire)
                .unwrap()
                .map(|welcome| welcome.frames.get(0).unwrap().clone())
        };
        assert_eq!(welcomed(b"\x01"), Some(Bytes::new()));
        assert_eq!(welcomed(b"\x01stream"), Some(Bytes::from_static(b"stream")));
        assert_eq!(welcomed(b"\x00stream"), None);
        assert_eq!(welcomed(b""), None);
    }
}

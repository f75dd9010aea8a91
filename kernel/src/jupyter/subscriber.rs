//! One subscriber of IOPub: a queue of bounded size, and a ZeroMQ socket that has no other peer.
//!
//! ZeroMQ's XPUB writes to its subscribers in turn and waits for each, so a socket for all of them would stop with the
//! first that does not read. The one here is the subscriber's alone: it connects, through a Unix socket that nobody else
//! can open, to two tasks which copy bytes between it and the subscriber's own connection.

use super::content::Content;
use super::message::{Message, ParentHeader};
use super::wire::{EncodeError, Wire};
use bytes::Bytes;
use jupyter_protocol::{IoPubWelcome, Stdio, StreamContent};
use std::collections::VecDeque;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt, BufReader, copy_buf, split};
use tokio::net::UnixListener;
use tokio::sync::Notify;
use zeromq::util::PeerIdentity;
use zeromq::{Socket, SocketEvent, SocketRecv, SocketSend, XPubSocket, ZmqError, ZmqMessage};

/// How much output waits for a subscriber that does not read, in bytes. Three messages of the largest results fit.
const OUTPUT_LIMIT: usize = 64 << 20;

/// What waits at most with what is not output: a client that hears busy, but not idle, shows a kernel that hangs.
const LIMIT: usize = OUTPUT_LIMIT + (8 << 20);

/// What a message takes besides its frames, in bytes, about.
const OVERHEAD: usize = 256;

/// How much is copied at a time.
const COPY: usize = 64 * 1024;

/// The connection of a subscriber.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// A message as all subscribers get it.
#[derive(Debug)]
pub(super) struct Published {
    frames: ZmqMessage,
    size: usize,
    is_output: bool,
    parent: Option<ParentHeader>,
}

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

/// What waits to be sent to one subscriber.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<State>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct State {
    entries: VecDeque<Entry>,
    size: usize,
    is_closed: bool,
}

#[derive(Debug)]
enum Entry {
    Message(Arc<Published>),
    Lost(Lost),
}

/// What was not queued between two messages that were.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Lost {
    messages: u64,
    bytes: usize,
    parent: Option<ParentHeader>,
}

impl Published {
    /// Signs and writes a message.
    pub(super) fn new(wire: &Wire, message: Message) -> Result<Published, EncodeError> {
        let topic = Bytes::copy_from_slice(message.content.msg_type().as_bytes());
        Published::under(topic, wire, message)
    }

    fn under(topic: Bytes, wire: &Wire, message: Message) -> Result<Published, EncodeError> {
        let mut size = OVERHEAD + topic.len();
        let mut frames = ZmqMessage::from(topic);
        for frame in wire.encode(&message)? {
            size += frame.len();
            frames.push_back(frame);
        }
        Ok(Published {
            frames,
            size,
            is_output: message.content.is_output(),
            parent: message.parent,
        })
    }
}

impl Queue {
    /// Queues a message, or counts it as lost where too much waits already.
    pub(super) fn push(&self, message: &Arc<Published>) {
        let mut state = self.state();
        let limit = if message.is_output { OUTPUT_LIMIT } else { LIMIT };
        // A message that is larger than the limit is sent when it is alone.
        if state.size > 0 && state.size + message.size > limit {
            state.lose(message);
        } else {
            state.size += message.size;
            state.entries.push_back(Entry::Message(Arc::clone(message)));
        }
        drop(state);
        self.changed.notify_one();
    }

    /// Nothing more will be queued, or sent.
    pub(super) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_one();
    }

    pub(super) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// The next entry; None when the queue is closed and empty.
    async fn next(&self) -> Option<Entry> {
        loop {
            {
                let mut state = self.state();
                if let Some(entry) = state.take() {
                    return Some(entry);
                }
                if state.is_closed {
                    return None;
                }
            }
            self.changed.notified().await;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn lose(&mut self, message: &Published) {
        match self.entries.back_mut() {
            Some(Entry::Lost(lost)) => {
                lost.messages += 1;
                lost.bytes += message.size;
            }
            _ => self.entries.push_back(Entry::Lost(Lost {
                messages: 1,
                bytes: message.size,
                parent: message.parent.clone(),
            })),
        }
    }

    fn take(&mut self) -> Option<Entry> {
        let entry = self.entries.pop_front()?;
        if let Entry::Message(message) = &entry {
            self.size -= message.size;
        }
        Some(entry)
    }
}

impl Lost {
    fn notice(&self) -> Message {
        let Lost { messages, bytes, .. } = self;
        let text =
            format!("parcell: {messages} messages ({bytes} bytes) are missing here: this client did not read them\n");
        let content = Content::Stream(StreamContent {
            name: Stdio::Stderr,
            text,
        });
        Message::new(self.parent.clone(), content)
    }
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
        .tempdir_in(crate::session::temporary_directory())?;
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

/// Copies in both directions, until one of them ends.
async fn relay(client: impl Stream, socket: impl Stream) -> io::Result<()> {
    let (from_client, mut to_client) = split(client);
    let (from_socket, mut to_socket) = split(socket);
    let outward = async {
        copy_buf(&mut BufReader::with_capacity(COPY, from_socket), &mut to_client).await?;
        to_client.shutdown().await
    };
    let mut from_client = BufReader::new(from_client);
    tokio::select! {
        result = outward => result,
        result = copy_buf(&mut from_client, &mut to_socket) => result.map(drop),
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
                    socket.send(Published::new(wire, lost.notice())?.frames).await?;
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

#[cfg(test)]
mod tests {
    use super::*;
    use jupyter_protocol::Status;
    use tokio::io::AsyncReadExt;
    use tokio::net::UnixStream;

    fn published(content: Content) -> Arc<Published> {
        let parent = Some(ParentHeader(Bytes::from_static(b"{}")));
        Arc::new(Published::new(&Wire::new(""), Message::new(parent, content)).unwrap())
    }

    fn output(size: usize) -> Arc<Published> {
        published(Content::Stream(StreamContent::stdout(&"x".repeat(size))))
    }

    fn taken(queue: &Queue) -> Vec<Entry> {
        std::iter::from_fn(|| queue.state().take()).collect()
    }

    #[test]
    fn what_does_not_fit_is_counted_where_it_is_missing() {
        let queue = Queue::default();
        let (large, small) = (output(OUTPUT_LIMIT / 2), output(1));
        for message in [&large, &large, &large, &small, &small] {
            queue.push(message);
        }
        let idle = published(Content::Status(Status::idle()));
        queue.push(&idle);
        let entries = taken(&queue);
        let [
            Entry::Message(_),
            Entry::Lost(lost),
            Entry::Message(first),
            Entry::Message(second),
            Entry::Message(last),
        ] = entries.as_slice()
        else {
            panic!("{} entries", entries.len());
        };
        assert_eq!((lost.messages, lost.bytes), (2, 2 * large.size));
        assert!(first.is_output && second.is_output && !last.is_output);
        assert_eq!(queue.state().size, 0);
    }

    #[test]
    fn what_waits_is_bounded_also_for_what_is_not_output() {
        let queue = Queue::default();
        let (large, idle) = (output(OUTPUT_LIMIT - 1000), published(Content::Status(Status::idle())));
        queue.push(&large);
        for _ in 0..100_000 {
            queue.push(&idle);
        }
        assert!((OUTPUT_LIMIT..=LIMIT).contains(&queue.state().size));
        assert!(matches!(taken(&queue).last(), Some(Entry::Lost(_))));
    }

    #[test]
    fn a_message_larger_than_the_limit_is_sent_when_it_is_alone() {
        let queue = Queue::default();
        queue.push(&output(OUTPUT_LIMIT + 1));
        assert!(matches!(taken(&queue).as_slice(), [Entry::Message(_)]));
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

//! A client's sockets: what comes in is collected by tasks, so that nothing is lost while a test waits for another
//! message.

use crate::message::Message;
use crate::wait::within;
use bytes::Bytes;
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::mpsc;
use zeromq::{DealerSendHalf, DealerSocket, Socket, SocketOptions, SocketRecv, SubSocket};

/// How long the kernel may be silent before a test fails. Some answers wait for a compilation.
pub(crate) const RECEIVE_LIMIT: Duration = Duration::from_secs(90);

/// One of the channels on which a client asks.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Channel {
    /// Cells and questions about code.
    Shell,
    /// What must not wait behind cells.
    Control,
    /// Answers to the kernel's questions.
    Stdin,
}

/// A socket on which a client asks.
pub(crate) struct Dealer {
    pub(crate) sender: DealerSendHalf,
    pub(crate) mailbox: Mailbox,
}

/// Messages from one socket, and those that were received while looking for others.
pub(crate) struct Mailbox {
    pub(crate) incoming: mpsc::UnboundedReceiver<Vec<Bytes>>,
    pub(crate) kept: VecDeque<Message>,
}

impl Dealer {
    pub(crate) async fn connect(endpoint: String, identity: String) -> Dealer {
        let mut options = SocketOptions::default();
        options.peer_identity(identity.parse().expect("a session is a valid identity"));
        let mut socket = DealerSocket::with_options(options);
        within(RECEIVE_LIMIT, "the kernel to listen", socket.connect(&endpoint))
            .await
            .expect("a connection");
        let (sender, receiver) = socket.split();
        Dealer {
            sender,
            mailbox: Mailbox::of(receiver),
        }
    }
}

impl Mailbox {
    fn of(mut socket: impl SocketRecv + Send + 'static) -> Mailbox {
        let (sender, incoming) = mpsc::unbounded_channel();
        tokio::spawn(async move {
            while let Ok(message) = socket.recv().await {
                if sender.send(message.into_vec()).is_err() {
                    return;
                }
            }
        });
        Mailbox {
            incoming,
            kept: VecDeque::new(),
        }
    }
}

/// Subscribes to all that is broadcast.
pub(crate) async fn subscribe(endpoint: &str) -> Mailbox {
    let mut socket = SubSocket::new();
    within(RECEIVE_LIMIT, "the kernel to listen", socket.connect(endpoint))
        .await
        .expect("a connection");
    socket.subscribe("").await.expect("a subscription");
    Mailbox::of(socket)
}

//! IOPub: everything the kernel broadcasts. One task accepts subscribers and hands each message to all of them, in the
//! order the messages were given.
//!
//! Each subscriber has a socket and a queue of its own (`subscriber`), so that one that stops reading delays nobody.

use super::listener::{ACCEPT_PAUSE, Listener, Stream};
use super::message::Message;
use super::subscriber::{self, Published, Queue};
use super::wire::Wire;
use std::sync::Arc;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};

/// A handle for broadcasting. Clones reach the same subscribers.
#[derive(Clone, Debug)]
pub(super) struct IoPub {
    messages: mpsc::UnboundedSender<Message>,
}

/// The task that publishes, and what it owns.
struct Publisher {
    listener: Listener,
    wire: Arc<Wire>,
    subscribers: Vec<Arc<Queue>>,
    connections: JoinSet<()>,
}

impl IoPub {
    /// Starts the task that publishes. When the last handle is gone, it ends as soon as all subscribers have been sent
    /// all messages.
    pub(super) fn spawn(listener: Listener, wire: Arc<Wire>) -> (IoPub, JoinHandle<()>) {
        let (messages, queue) = mpsc::unbounded_channel();
        let publisher = Publisher {
            listener,
            wire,
            subscribers: Vec::new(),
            connections: JoinSet::new(),
        };
        (IoPub { messages }, tokio::spawn(publisher.run(queue)))
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

impl Publisher {
    async fn run(mut self, mut messages: mpsc::UnboundedReceiver<Message>) {
        loop {
            tokio::select! {
                biased;
                accepted = self.listener.accept() => match accepted {
                    Ok(stream) => self.serve(stream),
                    Err(error) => {
                        tracing::error!(%error, "a subscriber is not served");
                        tokio::time::sleep(ACCEPT_PAUSE).await;
                    }
                },
                message = messages.recv() => match message {
                    Some(message) => self.publish(message),
                    None => break,
                },
                Some(ended) = self.connections.join_next() => if let Err(error) = ended {
                    tracing::error!(%error, "serving a subscriber failed");
                },
            }
        }
        for queue in &self.subscribers {
            queue.close();
        }
        while self.connections.join_next().await.is_some() {}
    }

    fn serve(&mut self, stream: Box<dyn Stream>) {
        let queue = Arc::new(Queue::default());
        self.subscribers.push(Arc::clone(&queue));
        let wire = Arc::clone(&self.wire);
        self.connections.spawn(async move {
            if let Err(error) = subscriber::serve(stream, &queue, &wire).await {
                tracing::debug!(error = &error as &dyn std::error::Error, "a subscriber has gone");
            }
            queue.close();
        });
    }

    fn publish(&mut self, message: Message) {
        self.subscribers.retain(|queue| !queue.is_closed());
        if self.subscribers.is_empty() {
            return;
        }
        match Published::new(&self.wire, message) {
            Ok(published) => {
                let published = Arc::new(published);
                for queue in &self.subscribers {
                    queue.push(&published);
                }
            }
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a message could not be published"
                );
            }
        }
    }
}

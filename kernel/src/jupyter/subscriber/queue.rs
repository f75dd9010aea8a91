//! What waits for one subscriber of IOPub: bounded in size, and what is lost is counted where it is missing.

use crate::jupyter::message::{Message, ParentHeader};
use crate::jupyter::wire::{EncodeError, Wire};
use bytes::Bytes;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use tokio::sync::Notify;
use zeromq::ZmqMessage;

/// How much output waits for a subscriber that does not read, in bytes. Three messages of the largest results fit.
const OUTPUT_LIMIT: usize = 64 << 20;

/// What waits at most with what is not output: a client that hears busy, but not idle, shows a kernel that hangs.
const LIMIT: usize = OUTPUT_LIMIT + (8 << 20);

/// What a message takes besides its frames, in bytes, about.
const OVERHEAD: usize = 256;

/// A message as all subscribers get it.
#[derive(Debug)]
pub(in crate::jupyter) struct Published {
    pub(super) frames: ZmqMessage,
    size: usize,
    is_output: bool,
    parent: Option<ParentHeader>,
}

/// What waits to be sent to one subscriber.
#[derive(Debug, Default)]
pub(in crate::jupyter) struct Queue {
    state: Mutex<QueueState>,
    changed: Notify,
}

#[derive(Debug, Default)]
struct QueueState {
    entries: VecDeque<Entry>,
    size: usize,
    is_closed: bool,
}

/// What is to be sent next.
#[derive(Debug)]
pub(super) enum Entry {
    Message(Arc<Published>),
    Lost(Lost),
}

/// What was not queued between two messages that were.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Lost {
    pub(super) messages: u64,
    pub(super) bytes: usize,
    pub(super) parent: Option<ParentHeader>,
}

impl Published {
    /// Signs and writes a message.
    pub(in crate::jupyter) fn new(wire: &Wire, message: Message) -> Result<Published, EncodeError> {
        let topic = Bytes::copy_from_slice(message.content.msg_type().as_bytes());
        Published::under(topic, wire, message)
    }

    pub(super) fn under(topic: Bytes, wire: &Wire, message: Message) -> Result<Published, EncodeError> {
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
    pub(in crate::jupyter) fn push(&self, message: &Arc<Published>) {
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
    pub(in crate::jupyter) fn close(&self) {
        self.state().is_closed = true;
        self.changed.notify_one();
    }

    pub(in crate::jupyter) fn is_closed(&self) -> bool {
        self.state().is_closed
    }

    /// The next entry; None when the queue is closed and empty.
    pub(super) async fn next(&self) -> Option<Entry> {
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

    fn state(&self) -> MutexGuard<'_, QueueState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl QueueState {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jupyter::content::Content;
    use jupyter_protocol::{Status, StreamContent};

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
}

//! What a session says, in order, and how much of it nobody has heard yet: processes that print faster than whoever shows
//! it can take wait, rather than fill the memory.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustix::event::{EventfdFlags, eventfd};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::sync::mpsc::error::TryRecvError;

use super::event::{Content, Event};

/// How much may wait to be heard before no more is read, in bytes.
const MOST: usize = 1 << 20;

/// What a session says.
#[derive(Debug)]
pub(crate) struct Events {
    received: UnboundedReceiver<Event>,
    backlog: Arc<Backlog>,
}

/// How much has been read from processes and not been heard.
#[derive(Debug)]
pub(super) struct Backlog {
    bytes: AtomicUsize,
    /// Wakes the thread that reads.
    wake: Arc<OwnedFd>,
}

impl Events {
    pub(super) fn new(received: UnboundedReceiver<Event>, backlog: Arc<Backlog>) -> Events {
        Events { received, backlog }
    }

    /// The next; None when the session has ended.
    pub(crate) async fn recv(&mut self) -> Option<Event> {
        let event = self.received.recv().await?;
        self.backlog.heard(&event);
        Some(event)
    }

    /// The next, if there is one now.
    pub(crate) fn try_recv(&mut self) -> Result<Event, TryRecvError> {
        let event = self.received.try_recv()?;
        self.backlog.heard(&event);
        Ok(event)
    }
}

#[cfg(test)]
impl From<UnboundedReceiver<Event>> for Events {
    fn from(received: UnboundedReceiver<Event>) -> Events {
        Events::new(received, Backlog::new().expect("an eventfd"))
    }
}

impl Backlog {
    pub(super) fn new() -> io::Result<Arc<Backlog>> {
        Ok(Arc::new(Backlog {
            bytes: AtomicUsize::new(0),
            wake: Arc::new(eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?),
        }))
    }

    /// What becomes ready to be read when there is room again, or somebody else writes to it.
    pub(super) fn wake(&self) -> Arc<OwnedFd> {
        Arc::clone(&self.wake)
    }

    /// This is about to be said.
    pub(super) fn add(&self, content: &Content) {
        self.bytes.fetch_add(content.weight(), Ordering::Relaxed);
    }

    /// Whether who prints has to wait.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) >= MOST
    }

    fn heard(&self, event: &Event) {
        let Event::Output { content, .. } = event else { return };
        let weight = content.weight();
        // What is no process's was not added; it is little.
        let subtract = |bytes: usize| Some(bytes.saturating_sub(weight));
        let before = self
            .bytes
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, subtract)
            .unwrap_or_else(|bytes| bytes);
        if before >= MOST && before.saturating_sub(weight) < MOST {
            // The counter is full only if it has been woken 2^64 times.
            let _ = rustix::io::write(&*self.wake, &1_u64.to_ne_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::event::{CellId, Stream};
    use tokio::sync::mpsc::unbounded_channel;

    fn text(length: usize) -> Content {
        Content::Stream {
            stream: Stream::Stdout,
            text: "x".repeat(length),
        }
    }

    #[test]
    fn who_prints_waits_until_enough_has_been_heard() {
        let (sender, received) = unbounded_channel();
        let backlog = Backlog::new().unwrap();
        let mut events = Events::new(received, Arc::clone(&backlog));
        for length in [MOST - 1, 1, 1] {
            assert!(!backlog.is_full() || length == 1);
            let content = text(length);
            backlog.add(&content);
            sender
                .send(Event::Output {
                    cell: CellId(1),
                    content,
                })
                .unwrap();
        }
        assert!(backlog.is_full());
        let mut woken = [0; 8];
        assert!(rustix::io::read(&*backlog.wake, &mut woken[..]).is_err());
        events.try_recv().unwrap();
        assert!(!backlog.is_full());
        assert!(rustix::io::read(&*backlog.wake, &mut woken[..]).is_ok());
        events.try_recv().unwrap();
        events.try_recv().unwrap();
        assert!(events.try_recv().is_err());
        assert_eq!(backlog.bytes.load(Ordering::Relaxed), 0);
    }
}

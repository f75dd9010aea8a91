//! What a session says, in order, and how much of it nobody has heard yet: processes that print faster than whoever shows
//! it can take wait, rather than fill the memory. What a cell puts out can be kept instead.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rustix::event::{EventfdFlags, eventfd};
use tokio::sync::mpsc::error::TryRecvError;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};

use super::event::{CellId, Content, Event};

/// How much may wait to be heard before no more is read, in bytes.
const MOST: usize = 1 << 20;

/// What a session says.
#[derive(Debug)]
pub(crate) struct Events {
    received: UnboundedReceiver<Event>,
    backlog: Arc<Backlog>,
}

/// Says things. Clones say them to the same listener.
#[derive(Clone, Debug)]
pub(super) struct EventSender {
    sender: UnboundedSender<Event>,
    capture: Arc<Mutex<Option<Capture>>>,
}

/// What a cell puts out, while nobody is to hear it.
#[derive(Debug)]
struct Capture {
    cell: CellId,
    contents: Vec<Content>,
}

/// What has become of something that was said.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Delivery {
    Said,
    /// It is kept, and will be heard by nobody.
    Captured,
}

impl From<UnboundedSender<Event>> for EventSender {
    fn from(sender: UnboundedSender<Event>) -> EventSender {
        EventSender {
            sender,
            capture: Arc::default(),
        }
    }
}

impl EventSender {
    pub(super) fn send(&self, event: Event) -> Delivery {
        match (event, &mut *self.capture()) {
            // What widgets are told is no output.
            (Event::Output { cell, content }, Some(capture))
                if capture.cell == cell && !matches!(content, Content::Comm(_)) =>
            {
                capture.contents.push(content);
                Delivery::Captured
            }
            (event, _) => {
                // The session is ending where nobody listens.
                let _ = self.sender.send(event);
                Delivery::Said
            }
        }
    }

    /// Keeps what this cell puts out from now on.
    pub(super) fn begin_capture(&self, cell: CellId) {
        let contents = Vec::new();
        *self.capture() = Some(Capture { cell, contents });
    }

    /// Gives what has been kept; what the cell puts out from now on is heard.
    pub(super) fn end_capture(&self) -> Vec<Content> {
        self.capture()
            .take()
            .map(|capture| capture.contents)
            .unwrap_or_default()
    }

    fn capture(&self) -> MutexGuard<'_, Option<Capture>> {
        self.capture.lock().unwrap_or_else(PoisonError::into_inner)
    }
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

    /// Something of this weight is about to be said.
    pub(super) fn add(&self, weight: usize) {
        self.bytes.fetch_add(weight, Ordering::Relaxed);
    }

    /// Whether who prints has to wait.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) >= MOST
    }

    fn heard(&self, event: &Event) {
        if let Event::Output { content, .. } = event {
            self.remove(content.weight());
        }
    }

    /// Something of this weight is not waited for any more.
    pub(super) fn remove(&self, weight: usize) {
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
    fn what_one_cell_puts_out_is_kept_while_it_is_captured() {
        let (sender, mut received) = unbounded_channel();
        let events = EventSender::from(sender);
        let say = |cell, length| {
            let content = text(length);
            events.send(Event::Output {
                cell: CellId(cell),
                content,
            })
        };
        assert_eq!(say(1, 1), Delivery::Said);
        events.begin_capture(CellId(1));
        assert_eq!(
            (say(1, 2), say(2, 3), say(1, 4)),
            (Delivery::Captured, Delivery::Said, Delivery::Captured)
        );
        assert_eq!(events.end_capture(), [text(2), text(4)]);
        assert_eq!(say(1, 5), Delivery::Said);
        assert_eq!(events.end_capture(), []);
        let said: Vec<usize> = std::iter::from_fn(|| match received.try_recv().ok()? {
            Event::Output { content, .. } => Some(content.weight()),
            other => panic!("{other:?}"),
        })
        .collect();
        assert_eq!(said, [1, 3, 5]);
    }

    #[test]
    fn who_prints_waits_until_enough_has_been_heard() {
        let (sender, received) = unbounded_channel();
        let backlog = Backlog::new().unwrap();
        let mut events = Events::new(received, Arc::clone(&backlog));
        for length in [MOST - 1, 1, 1] {
            assert!(!backlog.is_full() || length == 1);
            let content = text(length);
            backlog.add(content.weight());
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

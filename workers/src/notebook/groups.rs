//! Marks in what the workers of one map print, by which the kernel puts each item's lines together.
//!
//! A mark says which item a stream is about from there on. It is written straight to the worker's pipes, in one write
//! that nothing gets between, and carries a random word that only the map's workers and the kernel know, so that
//! nothing a user prints passes for one. Which items are done the parent tells, for only it knows which it tries again.

use std::borrow::Cow;
use std::cell::RefCell;
use std::io::{self, Write};
use std::ops::Range;
use std::os::fd::OwnedFd;

use rustix::rand::{GetRandomFlags, getrandom};

use super::give_up;
use super::host::Host;
use crate::contract::events::{self, GroupOrder, WorkerEvent};
use crate::contract::marks;

/// How many ranges of items one message names: far fewer than fit one.
const RANGES: usize = 1000;

thread_local! {
    /// The pipes that this thread's process prints to, where marks are written to them. Of the thread that forked, which is
    /// the one that goes on in the worker, so that no lock is needed that another thread may have held.
    static PIPES: RefCell<Option<[OwnedFd; 2]>> = const { RefCell::new(None) };
}

/// What the workers of one map share.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// The map's name and the word of its marks.
    key: String,
    order: GroupOrder,
}

impl Group {
    /// For a map that begins; none in a plain program, whose workers print where it does.
    pub(crate) fn new(order: GroupOrder) -> io::Result<Option<Self>> {
        if Host::find().is_none() {
            return Ok(None);
        }
        let mut bytes = [0; 16];
        rustix::io::retry_on_intr(|| getrandom(&mut bytes, GetRandomFlags::empty()))?;
        let key = format!("{:032x}", u128::from_le_bytes(bytes));
        Ok(Some(Self { key, order }))
    }

    /// As the kernel is told of it.
    pub(crate) fn announced(&self) -> events::Group<'_> {
        events::Group {
            key: Cow::Borrowed(&self.key),
            order: self.order,
        }
    }

    /// In a worker: what is printed from here on is the item's.
    pub(crate) fn begin_item(&self, item: usize) {
        flush();
        let mark = self.mark(item);
        PIPES.with_borrow(|pipes| {
            for pipe in pipes.iter().flatten() {
                // A kernel that no longer reads is about to end this process.
                let _ = rustix::io::retry_on_intr(|| rustix::io::write(pipe, mark.as_bytes()));
            }
        });
    }

    /// What stands in a stream before what is printed about the item.
    pub(crate) fn mark(&self, item: usize) -> String {
        marks::mark(&self.key, item)
    }

    /// In a worker, before the parent hears of the item: all that the item printed is in the pipes.
    pub(crate) fn end_item(&self) {
        flush();
    }

    /// In the parent: these items are done, in this order.
    pub(crate) fn items_done(&self, items: &[Range<usize>]) {
        for items in items.chunks(RANGES) {
            let items = items.iter().map(|range| (range.start, range.end)).collect();
            let group = Cow::Borrowed(self.key.as_str());
            tell(&WorkerEvent::ItemsDone { group, items });
        }
    }

    /// In the parent: the map has ended, and all its workers with it.
    pub(crate) fn end(&self) {
        let group = Cow::Borrowed(self.key.as_str());
        tell(&WorkerEvent::GroupEnded { group });
    }
}

/// In a worker that has just been forked: marks are written to these pipes, or to none.
pub(super) fn mark(pipes: Option<[OwnedFd; 2]>) {
    PIPES.set(pipes);
}

fn flush() {
    // The next `print!` reports a failure to the user.
    let _ = io::stdout().flush();
}

fn tell(event: &WorkerEvent<'_>) {
    if let Some(host) = Host::find()
        && let Err(error) = host.send(event, &[])
    {
        give_up(&error);
    }
}

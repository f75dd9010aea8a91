//! A queue, perhaps with a bound: takers wait for items, and putters for room.

use std::collections::VecDeque;

use super::waiters::Waiters;
use super::{Caller, Effects};
use crate::manager::message::{Payload, QueueOperation, Reply};

#[derive(Debug)]
pub(super) struct Queue {
    items: VecDeque<Payload>,
    bound: Option<u64>,
    /// They wait only while there are no items.
    takers: Waiters,
    /// They wait only while there is no room.
    putters: Waiters<Payload>,
}

impl Queue {
    pub(super) fn new(bound: Option<u64>) -> Self {
        Self {
            items: VecDeque::new(),
            bound,
            takers: Waiters::default(),
            putters: Waiters::default(),
        }
    }

    pub(super) fn call(&mut self, caller: Caller, operation: QueueOperation, effects: &mut Effects) -> Option<Reply> {
        match operation {
            QueueOperation::Len => Some(Reply::Count(self.items.len() as u64)),
            QueueOperation::Get => match self.items.pop_front() {
                Some(item) => {
                    self.fill(effects);
                    Some(Reply::Item(Some(item)))
                }
                None => {
                    self.takers.push(caller, ());
                    None
                }
            },
            QueueOperation::Put(item) => {
                if let Some((taker, ())) = self.takers.pop() {
                    effects.answer(taker, Reply::Item(Some(item)));
                } else if self.has_room() {
                    self.items.push_back(item);
                } else {
                    self.putters.push(caller, item);
                    return None;
                }
                Some(Reply::Done)
            }
        }
    }

    /// The item goes to the next taker, or waits for one before all others.
    pub(super) fn give_back(&mut self, item: Payload, effects: &mut Effects) {
        match self.takers.pop() {
            Some((taker, ())) => effects.answer(taker, Reply::Item(Some(item))),
            None => self.items.push_front(item),
        }
    }

    pub(super) fn waiting(&self) -> Vec<Caller> {
        self.takers.callers().chain(self.putters.callers()).collect()
    }

    pub(super) fn withdraw(&mut self, caller: Caller) {
        self.takers.withdraw(caller);
        self.putters.withdraw(caller);
    }

    fn has_room(&self) -> bool {
        self.bound.is_none_or(|bound| (self.items.len() as u64) < bound)
    }

    /// Takes in what waits for room.
    fn fill(&mut self, effects: &mut Effects) {
        while self.has_room()
            && let Some((putter, item)) = self.putters.pop()
        {
            self.items.push_back(item);
            effects.answer(putter, Reply::Done);
        }
    }
}

//! A queue, perhaps with a bound.

use std::collections::VecDeque;

use crate::manager::message::{Payload, QueueOperation, Reply};

#[derive(Debug)]
pub(super) struct Queue {
    items: VecDeque<Payload>,
    bound: Option<u64>,
}

impl Queue {
    pub(super) fn new(bound: Option<u64>) -> Self {
        Self {
            items: VecDeque::new(),
            bound,
        }
    }

    /// The answer; the error is an operation for which there is no item, or no room.
    pub(super) fn call(&mut self, operation: QueueOperation) -> Result<Reply, QueueOperation> {
        match operation {
            QueueOperation::Len => Ok(Reply::Count(self.items.len() as u64)),
            QueueOperation::Get => {
                let item = self.items.pop_front().ok_or(QueueOperation::Get)?;
                Ok(Reply::Item(Some(item)))
            }
            QueueOperation::Put(item) if self.has_room() => {
                self.items.push_back(item);
                Ok(Reply::Done)
            }
            QueueOperation::Put(item) => Err(QueueOperation::Put(item)),
        }
    }

    /// The item comes before all others.
    pub(super) fn give_back(&mut self, item: Payload) {
        self.items.push_front(item);
    }

    fn has_room(&self) -> bool {
        self.bound.is_none_or(|bound| (self.items.len() as u64) < bound)
    }
}

//! An event: set or not, and who waits for it.

use super::waiters::Waiters;
use super::{Caller, Effects};
use crate::manager::message::{EventOperation, Reply};

#[derive(Debug, Default)]
pub(super) struct Event {
    is_set: bool,
    waiting: Waiters,
}

impl Event {
    pub(super) fn call(&mut self, caller: Caller, operation: EventOperation, effects: &mut Effects) -> Option<Reply> {
        match operation {
            EventOperation::IsSet => return Some(Reply::Flag(self.is_set)),
            EventOperation::Clear => self.is_set = false,
            EventOperation::Set => {
                self.is_set = true;
                while let Some((waiting, ())) = self.waiting.pop() {
                    effects.answer(waiting, Reply::Done);
                }
            }
            EventOperation::Wait if self.is_set => {}
            EventOperation::Wait => {
                self.waiting.push(caller, ());
                return None;
            }
        }
        Some(Reply::Done)
    }

    pub(super) fn waiting(&self) -> Vec<Caller> {
        self.waiting.callers().collect()
    }

    pub(super) fn withdraw(&mut self, caller: Caller) {
        self.waiting.withdraw(caller);
    }
}

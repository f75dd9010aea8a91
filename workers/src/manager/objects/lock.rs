//! A lock: held by a connection, and released when that closes.

use super::waiters::Waiters;
use super::{Caller, Effects};
use crate::manager::message::{LockOperation, Refusal, Reply};

#[derive(Debug, Default)]
pub(super) struct Lock {
    holder: Option<Caller>,
    /// Whether the last holder has gone without releasing it, and nobody has been told yet.
    abandoned: bool,
    takers: Waiters,
}

impl Lock {
    pub(super) fn call(&mut self, caller: Caller, operation: LockOperation, effects: &mut Effects) -> Option<Reply> {
        match operation {
            LockOperation::Acquire if self.holder.is_none() => Some(self.grant(caller)),
            LockOperation::Acquire => {
                self.takers.push(caller, ());
                None
            }
            LockOperation::Release if self.holder == Some(caller) => {
                self.release(effects);
                Some(Reply::Done)
            }
            LockOperation::Release => Some(Reply::Refused(Refusal::NotHeld)),
        }
    }

    pub(super) fn waiting(&self) -> Vec<Caller> {
        self.takers.callers().collect()
    }

    pub(super) fn withdraw(&mut self, caller: Caller) {
        self.takers.withdraw(caller);
    }

    pub(super) fn abandon(&mut self, caller: Caller, effects: &mut Effects) {
        if self.holder == Some(caller) {
            self.abandoned = true;
            self.release(effects);
        }
    }

    fn grant(&mut self, caller: Caller) -> Reply {
        self.holder = Some(caller);
        Reply::Granted {
            abandoned: std::mem::take(&mut self.abandoned),
        }
    }

    fn release(&mut self, effects: &mut Effects) {
        self.holder = None;
        if let Some((taker, ())) = self.takers.pop() {
            let granted = self.grant(taker);
            effects.answer(taker, granted);
        }
    }
}

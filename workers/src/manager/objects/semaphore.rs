//! A semaphore: permits, held by connections, and released when those close. A lock is one with a single permit.

use std::collections::BTreeMap;

use super::Caller;
use crate::manager::message::{Refusal, Reply, SemaphoreOperation};

#[derive(Debug)]
pub(super) struct Semaphore {
    available: u64,
    /// How many permits each has; never zero.
    holders: BTreeMap<Caller, u64>,
    /// Whether a holder has gone without releasing its permits, and nobody has been told yet.
    abandoned: bool,
}

impl Semaphore {
    pub(super) fn new(permits: u64) -> Self {
        Self {
            available: permits,
            holders: BTreeMap::new(),
            abandoned: false,
        }
    }

    /// The answer; the error is an operation for which there is no permit.
    pub(super) fn call(&mut self, caller: Caller, operation: SemaphoreOperation) -> Result<Reply, SemaphoreOperation> {
        match operation {
            SemaphoreOperation::Available => Ok(Reply::Count(self.available)),
            SemaphoreOperation::Acquire if self.available == 0 => Err(operation),
            SemaphoreOperation::Acquire => Ok(self.grant(caller)),
            SemaphoreOperation::Release => Ok(self.release(caller)),
        }
    }

    pub(super) fn abandon(&mut self, caller: Caller) {
        if let Some(held) = self.holders.remove(&caller) {
            self.available += held;
            self.abandoned = true;
        }
    }

    fn grant(&mut self, caller: Caller) -> Reply {
        self.available -= 1;
        *self.holders.entry(caller).or_default() += 1;
        Reply::Granted {
            abandoned: std::mem::take(&mut self.abandoned),
        }
    }

    fn release(&mut self, caller: Caller) -> Reply {
        let Some(held) = self.holders.get_mut(&caller) else {
            return Reply::Refused(Refusal::NotHeld);
        };
        *held -= 1;
        if *held == 0 {
            self.holders.remove(&caller);
        }
        self.available += 1;
        Reply::Done
    }
}

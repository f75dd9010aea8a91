//! A semaphore: permits, held by connections, and released when those close.

use std::collections::BTreeMap;

use super::waiters::Waiters;
use super::{Caller, Effects};
use crate::manager::message::{Refusal, Reply, SemaphoreOperation};

#[derive(Debug)]
pub(super) struct Semaphore {
    available: u64,
    /// How many permits each has; never zero.
    holders: BTreeMap<Caller, u64>,
    takers: Waiters,
}

impl Semaphore {
    pub(super) fn new(permits: u64) -> Self {
        Self {
            available: permits,
            holders: BTreeMap::new(),
            takers: Waiters::default(),
        }
    }

    pub(super) fn call(
        &mut self,
        caller: Caller,
        operation: SemaphoreOperation,
        effects: &mut Effects,
    ) -> Option<Reply> {
        match operation {
            SemaphoreOperation::Available => Some(Reply::Count(self.available)),
            SemaphoreOperation::Acquire if self.available > 0 => {
                self.available -= 1;
                Some(self.grant(caller))
            }
            SemaphoreOperation::Acquire => {
                self.takers.push(caller, ());
                None
            }
            SemaphoreOperation::Release => Some(self.give_back(caller, effects)),
        }
    }

    pub(super) fn waiting(&self) -> Vec<Caller> {
        self.takers.callers().collect()
    }

    pub(super) fn withdraw(&mut self, caller: Caller) {
        self.takers.withdraw(caller);
    }

    pub(super) fn abandon(&mut self, caller: Caller, effects: &mut Effects) {
        for _ in 0..self.holders.remove(&caller).unwrap_or(0) {
            self.pass_on(effects);
        }
    }

    fn grant(&mut self, caller: Caller) -> Reply {
        *self.holders.entry(caller).or_default() += 1;
        Reply::Granted { abandoned: false }
    }

    fn give_back(&mut self, caller: Caller, effects: &mut Effects) -> Reply {
        let Some(held) = self.holders.get_mut(&caller) else {
            return Reply::Refused(Refusal::NotHeld);
        };
        *held -= 1;
        if *held == 0 {
            self.holders.remove(&caller);
        }
        self.pass_on(effects);
        Reply::Done
    }

    /// A permit goes to whoever waits, or becomes available.
    fn pass_on(&mut self, effects: &mut Effects) {
        match self.takers.pop() {
            Some((taker, ())) => {
                let granted = self.grant(taker);
                effects.answer(taker, granted);
            }
            None => self.available += 1,
        }
    }
}

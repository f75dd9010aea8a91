//! Who waits, first come, first served.

use std::collections::VecDeque;

use super::Caller;

/// Callers that wait, each perhaps with something that it has brought.
#[derive(Debug)]
pub(super) struct Waiters<T = ()>(VecDeque<(Caller, T)>);

impl<T> Default for Waiters<T> {
    fn default() -> Self {
        Self(VecDeque::new())
    }
}

impl<T> Waiters<T> {
    pub(super) fn push(&mut self, caller: Caller, item: T) {
        self.0.push_back((caller, item));
    }

    pub(super) fn pop(&mut self) -> Option<(Caller, T)> {
        self.0.pop_front()
    }

    pub(super) fn withdraw(&mut self, caller: Caller) {
        self.0.retain(|(waiting, _)| *waiting != caller);
    }

    pub(super) fn callers(&self) -> impl Iterator<Item = Caller> {
        self.0.iter().map(|(caller, _)| *caller)
    }
}

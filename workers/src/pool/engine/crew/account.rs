//! What is told of a call while it runs, and when it has ended: progress, history, profile.

use super::Crew;
use crate::map::{Clicks, MapState};
use crate::pool::engine::member::Member;
use crate::pool::report::Profiler;
use crate::sys::clock;

impl Crew {
    /// Shows how far the call is, and gives what whoever watches wants.
    pub(super) fn show_progress(&mut self) -> Clicks {
        let Some(mut progress) = self.progress.take() else {
            return Clicks::default();
        };
        let clicks = progress.tick(|| self.state());
        self.progress = Some(progress);
        clicks
    }

    /// How far it is.
    pub(super) fn state(&self) -> MapState {
        let on = |member: &Member| {
            let slot = self.board.slot(member.slot);
            slot.running().map(|_| (member.child.pid(), slot.inner()))
        };
        let began = self.history.as_ref().map_or(0, |history| history.began);
        MapState {
            done: self.done() * self.block,
            total: self.is_whole.then(|| self.ledger.added() * self.block),
            failed: self.ledger.failed(),
            retried: self.ledger.retried(),
            nanos: clock::now().saturating_sub(began),
            workers: self.settings.workers,
            on: self.members.iter().filter_map(on).collect(),
            pids: self.members.iter().map(|member| member.child.pid()).collect(),
        }
    }

    /// How many items have an outcome.
    fn done(&self) -> usize {
        self.ledger.added() - self.ledger.left()
    }

    /// Ends the call. What a profile is made of is returned, where one is wanted, the first time.
    pub(in crate::pool::engine) fn close(&mut self) -> Option<Profiler> {
        self.end();
        if let Some(group) = &self.group {
            group.end();
        }
        let state = self.state();
        if let Some(mut progress) = self.progress.take() {
            progress.end(&state);
        }
        let mut history = self.history.take()?;
        history.total = self.ledger.added() * self.block;
        (history.done, history.failed, history.retried) = (state.done, state.failed, state.retried);
        let history = history.keep();
        Some(Profiler {
            times: self.times.take()?,
            history,
            settings: self.settings.clone(),
            block: self.block,
            seed: self.seed,
            is_whole: self.is_whole,
        })
    }
}

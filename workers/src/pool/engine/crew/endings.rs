//! The ends of workers: what they leave behind, who takes it over, and what is told of them.

use std::ops::ControlFlow;
use std::time::Instant;

use rustix::process::Signal;

use super::death::{Death, Next};
use super::{Crew, learn};
use crate::error::TaskError;
use crate::job::Job;
use crate::map::Sink;
use crate::pool::engine::board::Slot;
use crate::pool::engine::member::Member;
use crate::pool::report::{End, Life, Span};
use crate::pool::settings::Settings;
use crate::sys::clock;
use crate::sys::exit::Ending;

/// Why the items fail that a stopped map is not done with.
const STOPPED: &str = "the map was stopped by its button";

impl Crew {
    /// Ends all workers at once, and takes what they are done with. Failures that come with it are no news any more.
    pub(in crate::pool::engine) fn end_with(&mut self, sink: &mut Sink<'_>) {
        for member in &self.members {
            member.child.signal(Signal::KILL);
        }
        for member in &mut self.members {
            member.child.wait();
            member.inbox.drain();
            // The sink's wish to stop has been heard.
            let _ = member.take_records(&mut self.ledger, 0, sink);
            let _ = member.take_unsent(&self.board.slot(member.slot).leftovers(), &mut self.ledger, sink);
        }
        self.end();
    }

    /// Ends all workers at once.
    pub(in crate::pool::engine) fn end(&mut self) {
        // All are signalled before the first is waited for, which dropping each one does.
        for member in &self.members {
            member.child.signal(Signal::KILL);
        }
        for member in std::mem::take(&mut self.members) {
            let was_on = self.board.slot(member.slot).running();
            self.remember(&member, was_on.map(|item| (item, 0)), End::Stopped);
        }
    }

    /// Whoever watches wants the map to stop: what workers are done with stays, and all that is left fails.
    pub(super) fn stop(&mut self, sink: &mut Sink<'_>) -> ControlFlow<()> {
        self.end_with(sink);
        let error = |item| TaskError::system(None, Some(item), STOPPED);
        self.fail_open(0, error, sink)?;
        ControlFlow::Break(())
    }

    /// Takes in all that an ended worker has left, and replaces it if it has left work.
    pub(super) fn bury(&mut self, index: usize, job: &mut Job<'_>, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let began = Instant::now();
        let mut member = self.members.remove(index);
        let (left_before, retries) = (self.ledger.left(), self.settings.map.retries);
        let desk = self.board.slot(member.slot);
        let ending = member.child.wait().with_note(desk.abort_word());
        member.inbox.drain();
        member.take_records(&mut self.ledger, retries, sink)?;
        member.inbox.drop_partial();
        member.inbox.push(&desk.leftovers());
        member.take_records(&mut self.ledger, retries, sink)?;
        let mut ranges = std::mem::take(&mut member.ranges);
        ranges.push(desk.not_begun());
        let death = Death {
            exit: ending.exit,
            is_initialized: self.settings.initializer.is_none() || desk.is_initialized(),
            has_settled: self.ledger.left() < left_before,
            running: desk.running(),
            ranges,
            is_more: self.board.untaken() > 0,
        };
        let verdict = self.deaths.judge(death, &mut member.news, &mut self.ledger, retries);
        if let Some(item) = verdict.failed {
            let error = self.settings.error_of_death(&member, desk, ending);
            sink(item..item + 1, member.child.pid(), Err(error))?;
        }
        if let Some((items, nanos)) = desk.summary() {
            learn(&mut self.costs.per_item, nanos / items);
            self.costs.per_worker = self.costs.per_worker.max(clock::nanos(began.elapsed()));
        }
        self.remember(&member, verdict.died_on.map(|item| (item, 1)), verdict.end);
        match verdict.next {
            Next::Nothing => {}
            Next::Replace(ranges) => {
                if self.start(member.slot, ranges.clone(), job).is_err() {
                    // Others take the rest of the board, and these are not forgotten.
                    self.orphans.extend(ranges);
                }
            }
            Next::GiveUp => return self.give_up(&member, ending, sink),
        }
        ControlFlow::Continue(())
    }

    /// Fails all that is left, since workers just keep dying.
    fn give_up(&mut self, member: &Member, ending: Ending, sink: &mut Sink<'_>) -> ControlFlow<()> {
        self.end();
        let pid = member.child.pid();
        let is_initialized = self.settings.initializer.is_none() || self.board.slot(member.slot).is_initialized();
        let panic = member.news.initializer_panic.as_ref();
        let error = |item| match panic {
            Some(panic) => TaskError::NotInitialized {
                pid,
                item: Some(item),
                error: panic.clone(),
            },
            None if !is_initialized => uninitialized(pid, item, ending),
            None => TaskError::from_ending(pid, Some(item), ending),
        };
        self.fail_open(pid, error, sink)?;
        ControlFlow::Break(())
    }

    /// Notes down what an ended worker has done; `last` is what it was on, and how often that counts as failed.
    fn remember(&mut self, member: &Member, last: Option<(usize, u32)>, end: End) {
        let Some(history) = &mut self.history else {
            return;
        };
        let mut spans = self.board.slot(member.slot).trace().read();
        let mut tally = self.board.slot(member.slot).tally().read();
        let ended = clock::now();
        if let Some((first, failed)) = last {
            let began = spans.last().map_or(member.started, |span| span.ended);
            tally.add_lost(first, ended.saturating_sub(began), failed > 0);
            spans.push(Span {
                first,
                items: 1,
                failed,
                began,
                ended,
            });
        }
        for span in &mut spans {
            span.first *= self.block;
        }
        history.add(Life {
            slot: member.slot,
            pid: member.child.pid(),
            began: member.started,
            ended,
            spans,
            tally,
            end,
        });
    }
}

impl Settings {
    /// Why the item failed that a dead worker was on.
    fn error_of_death(&self, member: &Member, desk: &Slot, ending: Ending) -> TaskError {
        let (pid, item) = (member.child.pid(), desk.inner());
        match self.map.timeout {
            Some(limit) if member.is_late => TaskError::TimedOut {
                pid,
                item: Some(item),
                limit,
            },
            _ if self.initializer.is_some() && !desk.is_initialized() => uninitialized(pid, item, ending),
            _ => TaskError::from_ending(pid, Some(item), ending),
        }
    }
}

/// The error for an item whose worker died in the pool's initializer.
fn uninitialized(pid: u32, item: usize, ending: Ending) -> TaskError {
    TaskError::NotInitialized {
        pid,
        item: Some(item),
        error: TaskError::cause_of(ending),
    }
}

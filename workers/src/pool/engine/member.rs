//! One worker as its pool sees it.

use std::ops::{ControlFlow, Range};

use super::ledger::Ledger;
use super::watch::Glimpse;
use crate::error::TaskError;
use crate::inbox::Inbox;
use crate::job;
use crate::map::Sink;
use crate::record::{self, Record};
use crate::spawn::Child;

/// One worker.
pub(super) struct Member {
    pub(super) child: Child,
    pub(super) inbox: Inbox,
    pub(super) slot: usize,
    /// The items it began with.
    pub(super) ranges: Vec<Range<usize>>,
    pub(super) news: News,
    /// Whether it was killed because its item took too long.
    pub(super) is_late: bool,
    pub(super) glimpse: Glimpse,
    /// When it was started, in nanoseconds of the monotonic clock.
    pub(super) started: u64,
}

/// What a worker's failures mean for what comes after it.
#[derive(Debug, Default)]
pub(super) struct News {
    /// The item with whose failure it ended, if that is tried again.
    pub(super) to_retry: Option<usize>,
    /// What the pool's initializer said when it panicked.
    pub(super) initializer_panic: Option<String>,
}

impl Member {
    /// Takes the records that have come.
    pub(super) fn take_records(&mut self, ledger: &mut Ledger, retries: usize, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let Self { child, inbox, news, .. } = self;
        inbox.take_records(|record| news.settle(record, child.pid(), ledger, retries, sink))
    }
}

impl Member {
    /// Takes the results that wait in the living worker, which is on a long item and will send them only after it.
    pub(super) fn take_unsent(&mut self, unsent: &[u8], ledger: &mut Ledger, sink: &mut Sink<'_>) -> ControlFlow<()> {
        let mut rest = unsent;
        while let Some((record, size)) = record::first(rest) {
            rest = &rest[size..];
            // Failures do not wait, and are on their way.
            if !record.failed {
                self.news.settle(record, self.child.pid(), ledger, 0, sink)?;
            }
        }
        ControlFlow::Continue(())
    }
}

impl News {
    /// Passes one record on, unless it has been seen before: a worker killed while it sent leaves some twice.
    fn settle(
        &mut self,
        record: Record<'_>,
        pid: u32,
        ledger: &mut Ledger,
        retries: usize,
        sink: &mut Sink<'_>,
    ) -> ControlFlow<()> {
        // An index that is out of range comes from a worker with damaged memory: as if it had not been sent.
        let Ok(item) = usize::try_from(record.index) else {
            return ControlFlow::Continue(());
        };
        if !record.failed {
            return if ledger.settle(item) {
                sink(item, pid, Ok(record.payload))
            } else {
                ControlFlow::Continue(())
            };
        }
        let error = job::decode_error(record.payload, pid, Some(item));
        if let TaskError::NotInitialized { error, .. } = &error {
            self.initializer_panic = Some(error.clone());
        }
        let is_final = matches!(error, TaskError::Codec { .. });
        if !is_final && self.is_tried_again(item, ledger, retries) || !ledger.fail(item) {
            return ControlFlow::Continue(());
        }
        sink(item, pid, Err(error))
    }

    /// The item has failed; whether it is tried again. A failure may be told twice, and counts once.
    pub(super) fn is_tried_again(&mut self, item: usize, ledger: &mut Ledger, retries: usize) -> bool {
        if self.to_retry == Some(item) {
            return true;
        }
        let again = ledger.may_try_again(item, retries);
        if again {
            self.to_retry = Some(item);
        }
        again
    }
}

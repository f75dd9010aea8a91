//! One worker as its pool sees it.

use std::num::NonZeroUsize;
use std::ops::{ControlFlow, Range};

use super::ledger::Ledger;
use super::watch::Glimpse;
use crate::error::TaskError;
use crate::inbox::Inbox;
use crate::job;
use crate::map::{Packing, Sink};
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
    packing: Packing,
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
    pub(super) fn new(packing: Packing) -> Self {
        Self {
            packing,
            ..Self::default()
        }
    }

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
            return match self.packing {
                Some(size) => settle_packed(item, size, record.payload, pid, ledger, sink),
                None if ledger.settle(item) => sink(item..item + 1, pid, Ok(record.payload)),
                None => ControlFlow::Continue(()),
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
        sink(item..item + 1, pid, Err(error))
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

/// Passes on the results of items that follow each other, but for those that have been seen before.
fn settle_packed(
    first: usize,
    size: NonZeroUsize,
    payload: &[u8],
    pid: u32,
    ledger: &mut Ledger,
    sink: &mut Sink<'_>,
) -> ControlFlow<()> {
    let items = first..first.saturating_add(payload.len() / size);
    let mut rest = items;
    while let Some(new) = ledger.settle_first_of(&rest) {
        let bytes = &payload[(new.start - first) * size.get()..(new.end - first) * size.get()];
        rest.start = new.end;
        sink(new, pid, Ok(bytes))?;
    }
    ControlFlow::Continue(())
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::*;
    use crate::fuzzing::{changed, for_all};
    use crate::sys::counted::frugally;

    const PID: u32 = 7;

    /// What a worker's records come to, in a call of four items.
    struct Call {
        news: News,
        ledger: Ledger,
        told: Vec<(usize, Result<Vec<u8>, TaskError>)>,
    }

    impl Call {
        fn new() -> Self {
            Self {
                news: News::default(),
                ledger: Ledger::new(4),
                told: Vec::new(),
            }
        }

        fn take(&mut self, index: u64, outcome: Result<&[u8], &TaskError>, retries: usize) {
            let mut payload = Vec::new();
            match outcome {
                Ok(bytes) => payload.extend_from_slice(bytes),
                Err(error) => job::encode_error(error, &mut payload),
            }
            let record = Record {
                index,
                failed: outcome.is_err(),
                payload: &payload,
            };
            let told = &mut self.told;
            let mut sink = |items: Range<usize>, pid, outcome: Result<&[u8], TaskError>| {
                assert_eq!(pid, PID);
                told.push((items.start, outcome.map(<[u8]>::to_vec)));
                ControlFlow::Continue(())
            };
            let flow = self.news.settle(record, PID, &mut self.ledger, retries, &mut sink);
            assert!(flow.is_continue());
        }
    }

    fn failure(item: usize) -> TaskError {
        TaskError::System {
            pid: Some(PID),
            item: Some(item),
            error: "it cannot be done".to_owned(),
        }
    }

    #[test]
    fn of_packed_results_those_are_told_that_are_new() {
        let mut call = Call::new();
        call.news = News::new(NonZeroUsize::new(2));
        call.take(1, Ok(b"bB"), 0);
        call.take(0, Ok(b"aAbBcCdD"), 0);
        // A worker with damaged memory may send what is beyond the end, and half a result.
        call.take(2, Ok(b"cCdDeEf"), 0);
        call.take(u64::MAX, Ok(b"xX"), 0);
        let told: Vec<(usize, Vec<u8>)> = call
            .told
            .into_iter()
            .map(|(item, bytes)| (item, bytes.unwrap()))
            .collect();
        assert_eq!(told, [(1, b"bB".to_vec()), (0, b"aA".to_vec()), (2, b"cCdD".to_vec())]);
        assert_eq!(call.ledger.left(), 0);
    }

    #[test]
    fn what_comes_twice_is_told_once() {
        let mut call = Call::new();
        for _ in 0..2 {
            call.take(1, Ok(b"one"), 0);
            call.take(2, Err(&failure(2)), 0);
        }
        call.take(2, Ok(b"two"), 0);
        assert_eq!(call.told, [(1, Ok(b"one".to_vec())), (2, Err(failure(2)))]);
        assert_eq!((call.ledger.left(), call.ledger.failed()), (2, 1));
    }

    #[test]
    fn a_failure_that_is_tried_again_is_not_told_until_it_is_the_last() {
        let mut call = Call::new();
        for _ in 0..2 {
            // The second time from what the dead worker has left.
            call.take(1, Err(&failure(1)), 1);
        }
        assert_eq!((call.news.to_retry, call.told.len()), (Some(1), 0));
        // The next worker has failed with it as well.
        call.news = News::default();
        call.take(1, Err(&failure(1)), 1);
        assert_eq!(
            (call.news.to_retry, &call.told[..]),
            (None, &[(1, Err(failure(1)))][..])
        );
        assert_eq!((call.ledger.retried(), call.ledger.failed()), (1, 1));
    }

    #[test]
    fn what_cannot_be_encoded_is_not_tried_again() {
        let mut call = Call::new();
        let error = TaskError::Codec {
            pid: PID,
            item: Some(3),
            error: "no such type".to_owned(),
        };
        call.take(3, Err(&error), 5);
        assert_eq!((call.news.to_retry, call.told), (None, vec![(3, Err(error))]));
    }

    #[test]
    fn what_the_initializer_said_is_remembered() {
        let mut call = Call::new();
        let error = TaskError::NotInitialized {
            pid: PID,
            item: Some(0),
            error: "no licence".to_owned(),
        };
        call.take(0, Err(&error), 1);
        assert_eq!(call.news.initializer_panic.as_deref(), Some("no licence"));
        assert_eq!((call.news.to_retry, call.told.len()), (Some(0), 0));
    }

    #[test]
    fn items_that_there_are_not_have_no_outcome() {
        let mut call = Call::new();
        for index in [4, u64::MAX] {
            call.take(index, Ok(b"damaged"), 1);
            call.take(index, Err(&failure(4)), 1);
        }
        assert_eq!((call.told.len(), call.news.to_retry, call.ledger.left()), (0, None, 4));
    }

    #[test]
    fn whatever_a_worker_sends_each_item_is_told_once_at_most() {
        const ITEMS: usize = 6;
        let record = (0..ITEMS + 1, vec(any::<u8>(), 0..20), any::<bool>());
        let records = vec(record, 0..6).prop_map(|records| {
            let mut bytes = Vec::new();
            for (item, payload, failed) in records {
                let start = bytes.len();
                record::begin(item, &mut bytes);
                match failed {
                    true => job::encode_error(&failure(item), &mut bytes),
                    false => bytes.extend_from_slice(&payload),
                }
                record::finish(start, failed, &mut bytes);
            }
            bytes
        });
        let packing = select(vec![None, NonZeroUsize::new(1), NonZeroUsize::new(4)]);
        for_all(
            1500,
            (changed(records), packing, 0..3usize),
            |(changed, packing, retries)| {
                let bytes = &changed.bytes[..];
                let mut told = [0; ITEMS];
                let mut sink = |items: Range<usize>, _, outcome: Result<&[u8], TaskError>| {
                    if let (Some(size), Ok(bytes)) = (packing, &outcome) {
                        assert_eq!(bytes.len(), items.len() * size.get());
                    } else {
                        assert_eq!(items.len(), 1);
                    }
                    items.for_each(|item| told[item] += 1);
                    ControlFlow::Continue(())
                };
                let (mut news, mut ledger) = (News::new(packing), Ledger::new(ITEMS));
                frugally(bytes.len(), || {
                    let mut rest = bytes;
                    while let Some((record, size)) = record::first(rest) {
                        rest = &rest[size..];
                        assert!(news.settle(record, PID, &mut ledger, retries, &mut sink).is_continue());
                    }
                });
                assert!(told.iter().all(|times| *times <= 1), "{told:?}");
                assert_eq!(ITEMS - ledger.left(), told.iter().sum::<usize>());
            },
        );
    }
}

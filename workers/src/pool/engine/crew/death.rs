//! What follows from the end of a worker: which item has failed or is tried again, what another one takes over, and
//! whether there is another one. All of it is decided here, and nothing done.

use std::ops::Range;

use crate::pool::engine::ledger::Ledger;
use crate::pool::engine::member::News;
use crate::pool::report::End;
use crate::sys::exit::Exit;

/// How many workers in a row may die without having begun an item before the call gives up.
const MAX_FRUITLESS: usize = 8;

/// The ends of a crew's workers.
#[derive(Debug, Default)]
pub(super) struct Deaths {
    /// Workers that died one after the other without having done anything.
    fruitless: usize,
}

/// A worker that has ended, and all of whose records have been taken in.
#[derive(Debug)]
pub(super) struct Death {
    pub(super) exit: Exit,
    /// Whether it has run the pool's initializer, if there is one.
    pub(super) is_initialized: bool,
    /// Whether an item has got its outcome by the records that were still to be taken in.
    pub(super) has_settled: bool,
    /// The item that it was on. It may have an outcome: the worker died before it had noted down to be done with it.
    pub(super) running: Option<usize>,
    /// What was its own to run: what it began with, and what of its chunk it had not begun.
    pub(super) ranges: Vec<Range<usize>>,
    /// Whether there are items that nobody has taken.
    pub(super) is_more: bool,
}

/// What is to be done.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// The item that it died on.
    pub(super) died_on: Option<usize>,
    /// The same, if it has failed with this, of which nobody has been told yet.
    pub(super) failed: Option<usize>,
    /// What history tells of it.
    pub(super) end: End,
    pub(super) next: Next,
}

#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing is left for another worker.
    Nothing,
    /// Another one takes its place, and begins with these.
    Replace(Vec<Range<usize>>),
    /// Workers just keep dying: all that is left fails.
    GiveUp,
}

impl Deaths {
    /// A worker has got as far as to its items: those that died before count no more.
    pub(super) fn note_progress(&mut self) {
        self.fruitless = 0;
    }

    /// What follows from a death. `news` is what the worker has told of its failures. The item that it died on is marked
    /// in `ledger`; an item may be tried again `retries` times.
    pub(super) fn judge(&mut self, death: Death, news: &mut News, ledger: &mut Ledger, retries: usize) -> Verdict {
        let died_on = death.running.filter(|item| ledger.is_open(*item));
        let failed = died_on.filter(|item| !news.is_tried_again(*item, ledger, retries) && ledger.fail(*item));
        let mut ranges = death.ranges;
        ranges.extend(news.to_retry.map(|item| item..item + 1));
        let ranges = ledger.open_within(&ranges);
        let was_done = death.exit == Exit::Code(0) && ranges.is_empty() && !death.is_more;
        let was_fruitful = was_done || news.to_retry.is_some() || death.has_settled || failed.is_some();
        let was_initialized = death.is_initialized || was_done;
        self.fruitless = if was_fruitful && was_initialized {
            0
        } else {
            self.fruitless + 1
        };
        let end = match (died_on, news.to_retry) {
            (_, Some(_)) => End::Retried,
            (Some(_), None) => End::Died,
            (None, None) => End::Done,
        };
        let next = if self.fruitless > MAX_FRUITLESS {
            self.fruitless = 0;
            Next::GiveUp
        } else if ranges.is_empty() && !death.is_more {
            Next::Nothing
        } else {
            Next::Replace(ranges)
        };
        Verdict {
            died_on,
            failed,
            end,
            next,
        }
    }
}

#[cfg(test)]
#[expect(clippy::single_range_in_vec_init, reason = "they are ranges of items")]
mod tests {
    use super::*;

    const KILLED: Exit = Exit::Signal(9);

    /// A call of ten items, of which this worker has taken two to five.
    struct Call {
        deaths: Deaths,
        ledger: Ledger,
        news: News,
        retries: usize,
    }

    impl Call {
        fn new(retries: usize) -> Self {
            Self {
                deaths: Deaths::default(),
                ledger: Ledger::new(10),
                news: News::default(),
                retries,
            }
        }

        fn judge(&mut self, death: Death) -> Verdict {
            self.deaths.judge(death, &mut self.news, &mut self.ledger, self.retries)
        }

        /// Another worker, which has told nothing yet.
        fn judge_next(&mut self, death: Death) -> Verdict {
            self.news = News::default();
            self.judge(death)
        }

        fn settle(&mut self, items: Range<usize>) {
            assert!(items.into_iter().all(|item| self.ledger.settle(item)));
        }
    }

    /// Killed while it was on item 3.
    fn on_an_item() -> Death {
        Death {
            exit: KILLED,
            is_initialized: true,
            has_settled: false,
            running: Some(3),
            ranges: vec![2..6, 4..6],
            is_more: false,
        }
    }

    /// Killed in the initializer, or before it came to its items.
    fn before_its_items(is_initialized: bool) -> Death {
        Death {
            is_initialized,
            running: None,
            ranges: vec![2..6, 0..0],
            ..on_an_item()
        }
    }

    fn died(failed: Option<usize>, end: End, next: Next) -> Verdict {
        Verdict {
            died_on: Some(3),
            failed,
            end,
            next,
        }
    }

    fn not_on_an_item(end: End, next: Next) -> Verdict {
        Verdict {
            died_on: None,
            failed: None,
            end,
            next,
        }
    }

    #[test]
    fn the_item_that_a_worker_died_on_fails_and_another_takes_over_the_rest() {
        let mut call = Call::new(0);
        call.settle(2..3);
        let next = Next::Replace(vec![4..6]);
        assert_eq!(call.judge(on_an_item()), died(Some(3), End::Died, next));
        assert_eq!(call.ledger.failed(), 1);
        assert!(!call.ledger.is_open(3));
    }

    #[test]
    fn the_item_is_tried_again_as_often_as_allowed() {
        let mut call = Call::new(2);
        call.settle(2..3);
        for _ in 0..2 {
            let next = Next::Replace(vec![3..6]);
            assert_eq!(call.judge_next(on_an_item()), died(None, End::Retried, next));
        }
        let next = Next::Replace(vec![4..6]);
        assert_eq!(call.judge_next(on_an_item()), died(Some(3), End::Died, next));
        assert_eq!((call.ledger.failed(), call.ledger.retried()), (1, 2));
    }

    #[test]
    fn a_failure_that_was_told_before_the_end_counts_once() {
        let mut call = Call::new(1);
        call.settle(2..3);
        assert!(call.news.is_tried_again(3, &mut call.ledger, 1));
        let next = Next::Replace(vec![3..6]);
        assert_eq!(call.judge(on_an_item()), died(None, End::Retried, next));
        assert_eq!(call.ledger.retried(), 1);
    }

    #[test]
    fn a_worker_that_ended_to_have_an_item_tried_again_leaves_it_to_the_next() {
        let mut call = Call::new(1);
        call.settle(2..6);
        assert!(call.news.is_tried_again(7, &mut call.ledger, 1));
        let death = Death {
            exit: Exit::Code(0),
            running: None,
            ..on_an_item()
        };
        let next = Next::Replace(vec![7..8]);
        assert_eq!(call.judge(death), not_on_an_item(End::Retried, next));
    }

    #[test]
    fn an_item_with_an_outcome_is_none_that_a_worker_died_on() {
        let mut call = Call::new(1);
        call.settle(2..4);
        let next = Next::Replace(vec![4..6]);
        assert_eq!(call.judge(on_an_item()), not_on_an_item(End::Done, next));
        assert_eq!((call.ledger.failed(), call.ledger.retried()), (0, 0));
    }

    #[test]
    fn what_damaged_memory_says_is_left_out() {
        let mut call = Call::new(1);
        let death = Death {
            running: Some(1 << 40),
            ranges: vec![8..1 << 40],
            ..on_an_item()
        };
        let next = Next::Replace(vec![8..10]);
        assert_eq!(call.judge(death), not_on_an_item(End::Done, next));
    }

    #[test]
    fn there_is_no_other_when_nothing_is_left() {
        let mut call = Call::new(0);
        call.settle(2..6);
        let done = |is_more| Death {
            exit: Exit::Code(0),
            running: None,
            is_more,
            ..on_an_item()
        };
        assert_eq!(call.judge(done(false)), not_on_an_item(End::Done, Next::Nothing));
        // It has run as many items as one worker may.
        let next = Next::Replace(Vec::new());
        assert_eq!(call.judge(done(true)), not_on_an_item(End::Done, next));
    }

    #[test]
    fn the_last_item_can_be_what_the_last_worker_dies_on() {
        let mut call = Call::new(0);
        call.settle(2..3);
        call.settle(4..6);
        assert_eq!(call.judge(on_an_item()), died(Some(3), End::Died, Next::Nothing));
    }

    #[test]
    fn workers_that_keep_dying_before_their_items_end_the_call() {
        for is_initialized in [true, false] {
            let mut call = Call::new(0);
            for _ in 0..MAX_FRUITLESS {
                let next = Next::Replace(vec![2..6]);
                let verdict = call.judge(before_its_items(is_initialized));
                assert_eq!(verdict, not_on_an_item(End::Done, next));
            }
            let verdict = call.judge(before_its_items(is_initialized));
            assert_eq!(verdict, not_on_an_item(End::Done, Next::GiveUp));
            assert_eq!(call.ledger.left(), 10, "they fail when all workers have been ended");
        }
    }

    #[test]
    fn what_any_worker_does_in_between_makes_the_count_begin_anew() {
        let interludes: [fn(&mut Call); 3] = [
            |call| call.deaths.note_progress(),
            |call| drop(call.judge(on_an_item())),
            |call| {
                let has_settled = true;
                let death = before_its_items(true);
                call.judge(Death { has_settled, ..death });
            },
        ];
        for interlude in interludes {
            let mut call = Call::new(0);
            (0..MAX_FRUITLESS).for_each(|_| drop(call.judge(before_its_items(false))));
            interlude(&mut call);
            for _ in 0..MAX_FRUITLESS {
                assert_ne!(call.judge(before_its_items(false)).next, Next::GiveUp);
            }
            assert_eq!(call.judge(before_its_items(false)).next, Next::GiveUp);
        }
    }

    #[test]
    fn items_that_fail_with_the_initializer_are_no_fruit() {
        let mut call = Call::new(0);
        let death = |item| Death {
            is_initialized: false,
            running: Some(item),
            ..on_an_item()
        };
        for item in 0..MAX_FRUITLESS {
            let verdict = call.judge(death(item));
            assert!(
                verdict.failed == Some(item) && verdict.next != Next::GiveUp,
                "{verdict:?}"
            );
        }
        assert_eq!(call.judge(death(9)).next, Next::GiveUp);
    }

    #[test]
    fn a_worker_that_finds_nothing_to_do_needs_no_initializer() {
        let mut call = Call::new(0);
        call.settle(2..6);
        for _ in 0..2 * MAX_FRUITLESS {
            let exit = Exit::Code(0);
            let death = before_its_items(false);
            assert_eq!(call.judge(Death { exit, ..death }).next, Next::Nothing);
        }
    }
}

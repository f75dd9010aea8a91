//! Waiting for several futures.

use std::borrow::Borrow;
use std::collections::VecDeque;
use std::marker::PhantomData;
use std::time::{Duration, Instant};

use super::future::Future;
use crate::standing::wait_until;
use crate::sys::bell::deadline_after;

/// The futures, or references to them, as they get an outcome: the first to be done comes first.
///
/// # Examples
///
/// ```
/// use parcell::{ProcessPoolExecutor, as_completed};
///
/// fn main() {
///     parcell::init();
///     let executor = ProcessPoolExecutor::with_workers(2);
///     let futures = ["a", "bb"].map(|text| executor.submit(|text: String| text.len(), text.to_owned()));
///     let total: usize = as_completed(futures).map(|future| future.result().unwrap()).sum();
///     assert_eq!(total, 3);
/// }
/// ```
pub fn as_completed<F, R>(futures: impl IntoIterator<Item = F>) -> AsCompleted<F, R>
where
    F: Borrow<Future<R>>,
{
    AsCompleted {
        pending: futures.into_iter().collect(),
        done: VecDeque::new(),
        result: PhantomData,
    }
}

/// Futures in the order in which they are done; from [`as_completed`].
#[derive(Debug)]
pub struct AsCompleted<F, R> {
    pending: Vec<F>,
    done: VecDeque<F>,
    result: PhantomData<fn() -> R>,
}

impl<F: Borrow<Future<R>>, R> AsCompleted<F, R> {
    /// The next one; waits for it no longer than `limit`: `None` when none is done then, and when there are no more.
    pub fn next_timeout(&mut self, limit: Duration) -> Option<F> {
        self.next_until(deadline_after(limit))
    }

    fn next_until(&mut self, deadline: Option<Instant>) -> Option<F> {
        if self.done.is_empty() && !self.pending.is_empty() {
            let pending = &self.pending;
            wait_until(deadline, || pending.iter().any(|future| is_over(future.borrow())));
            self.gather();
        }
        self.done.pop_front()
    }

    /// Takes all that are done now, in their order.
    fn gather(&mut self) {
        let mut done: Vec<_> = self
            .pending
            .extract_if(.., |future| is_over((*future).borrow()))
            .collect();
        done.sort_by_key(|future| future.borrow().order());
        self.done.extend(done);
    }
}

impl<F: Borrow<Future<R>>, R> Iterator for AsCompleted<F, R> {
    type Item = F;

    fn next(&mut self) -> Option<F> {
        self.next_until(None)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.pending.len() + self.done.len();
        (left, Some(left))
    }
}

impl<F: Borrow<Future<R>>, R> ExactSizeIterator for AsCompleted<F, R> {}

/// What [`wait`] waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitFor {
    /// One of the futures is done.
    FirstCompleted,
    /// One of the futures is done and has no result, or all are done.
    FirstFailed,
    /// All futures are done.
    AllCompleted,
}

/// Waits; which futures are done, and which are pending.
///
/// # Examples
///
/// ```
/// use parcell::{ProcessPoolExecutor, WaitFor};
///
/// fn main() {
///     parcell::init();
///     let executor = ProcessPoolExecutor::with_workers(2);
///     let futures = [1u32, 2].map(|n| executor.submit(|n: u32| n + 1, n));
///     let (done, pending) = parcell::wait(&futures, WaitFor::AllCompleted);
///     assert_eq!((done.len(), pending.len()), (2, 0));
/// }
/// ```
pub fn wait<R>(futures: &[Future<R>], wait_for: WaitFor) -> (Vec<&Future<R>>, Vec<&Future<R>>) {
    wait_until_deadline(futures, wait_for, None)
}

/// Waits, no longer than `limit`; which futures are done, and which are pending.
pub fn wait_timeout<R>(
    futures: &[Future<R>],
    wait_for: WaitFor,
    limit: Duration,
) -> (Vec<&Future<R>>, Vec<&Future<R>>) {
    wait_until_deadline(futures, wait_for, deadline_after(limit))
}

fn wait_until_deadline<R>(
    futures: &[Future<R>],
    wait_for: WaitFor,
    deadline: Option<Instant>,
) -> (Vec<&Future<R>>, Vec<&Future<R>>) {
    let all = || futures.iter().all(is_over);
    wait_until(deadline, || match wait_for {
        WaitFor::FirstCompleted => futures.is_empty() || futures.iter().any(is_over),
        WaitFor::FirstFailed => futures.iter().any(Future::has_failed) || all(),
        WaitFor::AllCompleted => all(),
    });
    futures.iter().partition(|future| is_over(future))
}

/// Whether it has an outcome, or none that this process could wait for.
fn is_over<R>(future: &Future<R>) -> bool {
    future.is_settled() || !future.belongs_here()
}

//! A function over many items in standing workers.

use std::collections::VecDeque;
use std::fmt;

use super::ProcessPoolExecutor;
use super::future::Future;
use crate::error::TaskError;
use crate::message::Message;

/// How many calls for each worker are handed over before the first result is asked for.
const AHEAD: usize = 4;

/// The results of a function for items, in their order; from
/// [`ProcessPoolExecutor::map`](crate::ProcessPoolExecutor::map).
///
/// Each is a `Result`: a failure costs its item. Dropping it cancels what no worker has begun.
pub struct ExecutorMap<F, I, R> {
    executor: ProcessPoolExecutor,
    f: F,
    items: I,
    handed_over: VecDeque<Future<R>>,
    next: usize,
}

impl<F, I, A, R> ExecutorMap<F, I, R>
where
    F: Fn(A) -> R + Copy + 'static,
    I: Iterator<Item = A>,
    A: Message,
    R: Message,
{
    pub(super) fn new(executor: ProcessPoolExecutor, f: F, items: I) -> Self {
        let mut map = Self {
            executor,
            f,
            items,
            handed_over: VecDeque::new(),
            next: 0,
        };
        map.hand_over();
        map
    }

    fn hand_over(&mut self) {
        while self.handed_over.len() < AHEAD * self.executor.workers() {
            let Some(item) = self.items.next() else { return };
            self.handed_over.push_back(self.executor.submit(self.f, item));
        }
    }
}

impl<F, I, A, R> Iterator for ExecutorMap<F, I, R>
where
    F: Fn(A) -> R + Copy + 'static,
    I: Iterator<Item = A>,
    A: Message,
    R: Message,
{
    type Item = Result<R, TaskError>;

    fn next(&mut self) -> Option<Self::Item> {
        self.hand_over();
        let future = self.handed_over.pop_front()?;
        let item = self.next;
        self.next += 1;
        Some(future.into_result().map_err(|error| error.with_item(item)))
    }
}

impl<F, I, R> Drop for ExecutorMap<F, I, R> {
    fn drop(&mut self) {
        for future in &self.handed_over {
            future.cancel();
        }
    }
}

impl<F, I, R> fmt::Debug for ExecutorMap<F, I, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ExecutorMap")
            .field("handed_over", &self.handed_over.len())
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

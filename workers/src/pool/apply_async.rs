//! Calls that a pool's standing workers run while the caller goes on.

use std::fmt;
use std::sync::OnceLock;
use std::time::Duration;

use super::Pool;
use crate::error::TaskError;
use crate::executor::{Future, ProcessPoolExecutor};
use crate::message::Message;

/// A pool's standing workers, which are there from the first call on.
#[derive(Debug, Default)]
pub(super) struct Standing(OnceLock<ProcessPoolExecutor>);

impl Pool {
    /// Hands the call `f(arg)` to a standing worker, and returns at once.
    ///
    /// Unlike the pool's other methods this one sends the argument to a process that is there already, so it needs
    /// serde's traits, and `f` may not capture anything; see [`ProcessPoolExecutor`], which does the work with as many
    /// workers as the pool has. They end with the last clone of the pool, when all calls are done. In a program, `main`
    /// must begin with [`parcell::init()`](crate::init).
    ///
    /// The pool's limits of memory and of tasks for each worker hold. Its time limit, its retries and its initializer are
    /// for forked workers.
    ///
    /// # Panics
    ///
    /// In a program whose `main` has not called [`init`](crate::init), where the pool has an initializer (it may capture
    /// variables, so it cannot be sent: give [one without captures](crate::ProcessPoolExecutorBuilder::initializer) to an
    /// executor), and if the operating system refuses memory.
    ///
    /// # Examples
    ///
    /// ```
    /// parcell::init();
    /// let pool = parcell::Pool::new(2);
    /// let result = pool.apply_async(|n: u32| n * 2, 5);
    /// assert_eq!(result.get(), Ok(10));
    /// ```
    #[track_caller]
    pub fn apply_async<F, A, R>(&self, f: F, arg: A) -> AsyncResult<R>
    where
        F: Fn(A) -> R + Copy + 'static,
        A: Message,
        R: Message,
    {
        AsyncResult {
            future: self.standing_workers().submit(f, arg),
        }
    }

    #[track_caller]
    fn standing_workers(&self) -> &ProcessPoolExecutor {
        if let Some(executor) = self.standing.0.get() {
            return executor;
        }
        assert!(
            self.settings.initializer.is_none(),
            "a pool's initializer may capture variables, so standing workers cannot run it: make a \
             `ProcessPoolExecutor` with an initializer that captures nothing"
        );
        let mut builder = ProcessPoolExecutor::builder().workers(self.workers());
        if let Some(items) = self.settings.max_tasks {
            builder = builder.max_tasks_per_worker(items as u64);
        }
        if let Some(bytes) = self.settings.map.memory_limit {
            builder = builder.memory_limit(bytes);
        }
        let made = builder.build();
        self.standing.0.get_or_init(|| made)
    }
}

/// What will come of a call; from [`Pool::apply_async`].
///
/// It can be cloned, and asked as often as one likes. Dropping it does not cancel the call.
pub struct AsyncResult<R> {
    future: Future<R>,
}

impl<R: Message> AsyncResult<R> {
    /// The result; waits for it.
    ///
    /// # Errors
    ///
    /// What became of the call instead, see [`TaskError`].
    pub fn get(&self) -> Result<R, TaskError> {
        self.future.result()
    }

    /// The result; waits for it no longer than `limit`: `None` if there is none then. The call goes on.
    pub fn get_timeout(&self, limit: Duration) -> Option<Result<R, TaskError>> {
        self.future.result_timeout(limit)
    }
}

impl<R> AsyncResult<R> {
    /// Whether the call is done, well or not.
    #[must_use]
    pub fn ready(&self) -> bool {
        self.future.done()
    }

    /// Whether the call is done and has a result.
    #[must_use]
    pub fn successful(&self) -> bool {
        self.ready() && !self.future.has_failed()
    }

    /// Waits until the call is done.
    pub fn wait(&self) {
        self.future.wait();
    }

    /// Waits until the call is done, no longer than `limit`; whether it is.
    pub fn wait_timeout(&self, limit: Duration) -> bool {
        self.future.wait_timeout(limit)
    }
}

impl<R> Clone for AsyncResult<R> {
    fn clone(&self) -> Self {
        Self {
            future: self.future.clone(),
        }
    }
}

/// The same call as a future, which can be cancelled and waited for among others.
impl<R> From<AsyncResult<R>> for Future<R> {
    fn from(result: AsyncResult<R>) -> Self {
        result.future
    }
}

impl<R> fmt::Debug for AsyncResult<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncResult").field("future", &self.future).finish()
    }
}

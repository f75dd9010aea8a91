//! What will come of a call.

use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;
use std::time::Duration;

use crate::codec::CodecError;
use crate::error::TaskError;
use crate::message::Message;
use crate::standing::{Crew, Outcome, Task, look, wait_until};
use crate::sys::bell::deadline_after;

/// The outcome of a call that was handed to a standing worker; from
/// [`ProcessPoolExecutor::submit`](crate::ProcessPoolExecutor::submit).
///
/// It can be cloned, and asked as often as one likes. Dropping it does not cancel the call.
pub struct Future<R> {
    call: Arc<Submitted>,
    result: PhantomData<fn() -> R>,
}

enum Submitted {
    /// There is a task.
    Task { crew: Arc<Crew>, task: Arc<Task> },
    /// It was not handed over.
    Refused(TaskError),
}

impl<R: Message> Future<R> {
    /// The result; waits for it.
    ///
    /// # Errors
    ///
    /// What became of the call instead, see [`TaskError`].
    pub fn result(&self) -> Result<R, TaskError> {
        self.wait_for(None)
            .unwrap_or_else(|| unreachable!("a wait without a limit ends with an outcome"))
    }

    /// The result, as [`result`](Self::result) has it, for who asks once: a large vector of numbers is then the one that has come
    /// from the worker, and no copy of it, where the future has no clones.
    ///
    /// # Errors
    ///
    /// What became of the call instead, see [`TaskError`].
    ///
    /// # Examples
    ///
    /// ```
    /// parcell::init();
    /// let executor = parcell::ProcessPoolExecutor::with_workers(1);
    /// let future = executor.submit(|length: usize| vec![0.5; length], 1_000_000);
    /// assert_eq!(future.into_result().map(|numbers| numbers.len()), Ok(1_000_000));
    /// ```
    pub fn into_result(self) -> Result<R, TaskError> {
        self.wait();
        match Arc::try_unwrap(self.call) {
            Ok(Submitted::Task { crew, task }) => match Arc::try_unwrap(task).map(Task::into_outcome) {
                Ok(Some(Outcome { result, pid, .. })) => {
                    result?.into_result().map_err(|error| not_decoded(pid, &error))
                }
                Ok(None) => Err(unreachable_from_here(&crew)),
                Err(task) => Self::submitted(crew, task).outcome(),
            },
            Ok(Submitted::Refused(error)) => Err(error),
            Err(call) => Self {
                call,
                result: PhantomData,
            }
            .outcome(),
        }
    }

    /// The result; waits for it no longer than `limit`: `None` if there is none then. The call goes on.
    pub fn result_timeout(&self, limit: Duration) -> Option<Result<R, TaskError>> {
        self.wait_for(Some(limit))
    }

    fn wait_for(&self, limit: Option<Duration>) -> Option<Result<R, TaskError>> {
        let deadline = limit.and_then(deadline_after);
        let is_done = wait_until(deadline, || self.is_settled());
        if !is_done && limit.is_some() && self.belongs_here() {
            return None;
        }
        Some(self.outcome())
    }

    /// What came of it.
    fn outcome(&self) -> Result<R, TaskError> {
        let task = match &*self.call {
            Submitted::Refused(error) => return Err(error.clone()),
            Submitted::Task { task, crew } => match task.outcome() {
                Some(outcome) => outcome,
                None => return Err(unreachable_from_here(crew)),
            },
        };
        let payload = task.result.as_ref().map_err(Clone::clone)?;
        payload.result().map_err(|error| not_decoded(task.pid, &error))
    }
}

fn not_decoded(pid: Option<u32>, error: &CodecError) -> TaskError {
    TaskError::codec(pid.unwrap_or_default(), None, error)
}

/// Why there is no outcome to wait for.
fn unreachable_from_here(crew: &Crew) -> TaskError {
    let error = if crew.is_lost() {
        "it ended with the notebook process that had handed it over, when a later cell crashed or was interrupted"
    } else {
        "a call's outcome is known only in the process that handed it over"
    };
    TaskError::system(None, None, error)
}

impl<R> Future<R> {
    pub(super) fn submitted(crew: Arc<Crew>, task: Arc<Task>) -> Self {
        Self::of(Submitted::Task { crew, task })
    }

    pub(super) fn failed(error: TaskError) -> Self {
        Self::of(Submitted::Refused(error))
    }

    fn of(call: Submitted) -> Self {
        Self {
            call: Arc::new(call),
            result: PhantomData,
        }
    }

    /// Whether there is an outcome: a result, an error, or that it was cancelled.
    #[must_use]
    pub fn done(&self) -> bool {
        if !self.is_settled() {
            look();
        }
        self.is_settled() || !self.belongs_here()
    }

    /// Whether a worker is on it.
    #[must_use]
    pub fn running(&self) -> bool {
        !self.done()
            && match &*self.call {
                Submitted::Task { crew, task } => crew.is_running(task),
                Submitted::Refused(_) => false,
            }
    }

    /// Whether it was cancelled.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        self.done()
            && match &*self.call {
                Submitted::Task { task, .. } => task
                    .outcome()
                    .is_some_and(|outcome| matches!(outcome.result, Err(TaskError::Cancelled { .. }))),
                Submitted::Refused(_) => false,
            }
    }

    /// Cancels the call, unless a worker has begun it; whether it is cancelled.
    pub fn cancel(&self) -> bool {
        match &*self.call {
            Submitted::Task { crew, task } => crew.cancel(task) || self.cancelled(),
            Submitted::Refused(_) => false,
        }
    }

    /// Cancels the call even if a worker is on it, which is ended and replaced; whether it is cancelled.
    pub fn kill(&self) -> bool {
        match &*self.call {
            Submitted::Task { crew, task } => {
                !self.done() && (crew.cancel(task) || crew.kill_worker_of(task)) || self.cancelled()
            }
            Submitted::Refused(_) => false,
        }
    }

    /// Waits until there is an outcome.
    pub fn wait(&self) {
        wait_until(None, || self.is_settled());
    }

    /// Waits until there is an outcome, no longer than `limit`; whether there is.
    pub fn wait_timeout(&self, limit: Duration) -> bool {
        wait_until(deadline_after(limit), || self.is_settled()) || !self.belongs_here()
    }

    /// The PID of the worker that ran it, when that is known.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        match &*self.call {
            Submitted::Task { task, .. } => task.outcome()?.pid,
            Submitted::Refused(_) => None,
        }
    }

    /// Whether its outcome is known, or nothing can be waited for.
    pub(super) fn is_settled(&self) -> bool {
        match &*self.call {
            Submitted::Task { task, .. } => task.outcome().is_some(),
            Submitted::Refused(_) => true,
        }
    }

    /// Whether this process can wait for it.
    pub(super) fn belongs_here(&self) -> bool {
        match &*self.call {
            Submitted::Task { crew, .. } => crew.is_own(),
            Submitted::Refused(_) => true,
        }
    }

    /// How many calls were settled before this one.
    pub(super) fn order(&self) -> u64 {
        match &*self.call {
            Submitted::Task { task, .. } => task.outcome().map_or(0, |outcome: &Outcome| outcome.order),
            Submitted::Refused(_) => 0,
        }
    }

    /// Whether it has an outcome that is not a result.
    pub(crate) fn has_failed(&self) -> bool {
        match &*self.call {
            Submitted::Task { task, .. } => task.outcome().is_some_and(|outcome| outcome.result.is_err()),
            Submitted::Refused(_) => true,
        }
    }
}

impl<R> Clone for Future<R> {
    fn clone(&self) -> Self {
        Self {
            call: Arc::clone(&self.call),
            result: PhantomData,
        }
    }
}

impl<R> fmt::Debug for Future<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = if self.cancelled() {
            "cancelled"
        } else if self.done() {
            "done"
        } else if self.running() {
            "running"
        } else {
            "pending"
        };
        f.debug_struct("Future").field("state", &state).finish_non_exhaustive()
    }
}

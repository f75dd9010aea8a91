//! `Barrier`: all wait until all are there.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::meeting::{Arrival, Meeting, SEATS};

use crate::handles::handle::{self, sent_by_name};
use crate::sys::bell::deadline_after;
use crate::sys::monitor::{Monitor, Occasion};
use crate::sys::placed::Placed;
use crate::sys::region::Kind;

const KIND: Kind = Kind::named(b"barrier");
/// Rung when it has ended for those who wait, and when a seat is empty again.
const BELL: usize = 0;

/// A place where a number of parties, threads of any processes, wait until all have come.
///
/// A clone is another handle to the same barrier. It can be used again at once: the next round has begun when the last
/// party has come. Like Python's `multiprocessing.Barrier`, it breaks when a time limit passes while somebody waits, and
/// by [`abort`](Self::abort), and stays broken until it is [reset](Self::reset). It differs in that it also breaks when a
/// process dies while it waits; in Python the others would wait for ever. A process that dies before it comes is not
/// known: for that there are time limits.
///
/// # Examples
///
/// ```
/// use parcell::{Barrier, Process};
///
/// let barrier = Barrier::new(3);
/// let processes: Vec<_> = (0..3)
///     .map(|_| Process::spawn(|| barrier.wait().is_ok_and(|result| result.is_leader())))
///     .collect();
/// let leaders = processes.iter().filter(|process| process.join() == Ok(true)).count();
/// assert_eq!(leaders, 1);
/// ```
#[derive(Clone, Debug)]
pub struct Barrier {
    placed: Placed<Monitor<Meeting>>,
}

sent_by_name!(Barrier, KIND, "the barrier");

/// Why a [`Barrier`] is broken, or why a wait there ended without all having come.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum BarrierError {
    /// A time limit passed, the caller's or that of another party.
    #[error("the barrier is broken: not all had come when a time limit passed")]
    TimedOut,
    /// A process died while it waited.
    #[error("the barrier is broken: process {pid} died while it waited there")]
    Died {
        /// The process.
        pid: u32,
    },
    /// Somebody called [`Barrier::abort`].
    #[error("the barrier is broken: it was aborted")]
    Aborted,
    /// Somebody called [`Barrier::reset`] while the caller waited. The barrier itself is whole again.
    #[error("the barrier was reset while this process waited there")]
    Reset,
}

/// That all parties have come to a [`Barrier`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BarrierWaitResult {
    index: usize,
}

impl BarrierWaitResult {
    /// Whether the caller is the one of the parties that should do what one of them has to do.
    #[must_use]
    pub fn is_leader(&self) -> bool {
        self.index == 0
    }

    /// How many of the parties had come before: a number less than that of the parties, another one for each.
    #[must_use]
    pub fn index(&self) -> usize {
        self.index
    }
}

impl Barrier {
    /// A new barrier for this many parties.
    ///
    /// # Panics
    ///
    /// If `parties` is 0 or more than 512, or if the system refuses the memory.
    #[must_use]
    #[track_caller]
    pub fn new(parties: usize) -> Self {
        assert!(
            (1..=SEATS).contains(&parties),
            "a barrier has between 1 and {SEATS} parties, not {parties}"
        );
        let placed: Placed<Monitor<Meeting>> = handle::create(KIND, 0, "a barrier");
        placed.visit(|visit| *visit.state = Meeting::of(parties as u32));
        Self { placed }
    }

    /// Waits until all parties have come.
    ///
    /// # Errors
    ///
    /// If the barrier is broken, breaks, or is reset meanwhile.
    pub fn wait(&self) -> Result<BarrierWaitResult, BarrierError> {
        self.wait_until(None)
    }

    /// Like [`wait`](Self::wait), but no longer than `limit`; then the barrier breaks, for all who wait.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// use parcell::{Barrier, BarrierError};
    ///
    /// let barrier = Barrier::new(2);
    /// assert_eq!(barrier.wait_timeout(Duration::from_millis(1)), Err(BarrierError::TimedOut));
    /// assert!(barrier.is_broken());
    /// barrier.reset();
    /// assert!(!barrier.is_broken());
    /// ```
    ///
    /// # Errors
    ///
    /// As [`wait`](Self::wait), and [`BarrierError::TimedOut`].
    pub fn wait_timeout(&self, limit: Duration) -> Result<BarrierWaitResult, BarrierError> {
        self.wait_until(deadline_after(limit))
    }

    /// Breaks the barrier: all who wait, and all who come, get [`BarrierError::Aborted`].
    pub fn abort(&self) {
        self.change(Meeting::abort);
    }

    /// Makes the barrier as new, broken or not; those who wait get [`BarrierError::Reset`].
    pub fn reset(&self) {
        self.change(Meeting::reset);
    }

    /// The number of parties that have to come.
    #[must_use]
    pub fn parties(&self) -> usize {
        self.placed.visit(|visit| visit.state.parties())
    }

    /// How many of them wait.
    #[must_use]
    pub fn n_waiting(&self) -> usize {
        self.placed.visit(|visit| visit.state.waiting())
    }

    /// Whether the barrier is broken.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.placed.visit(|visit| visit.state.is_broken())
    }

    fn wait_until(&self, deadline: Option<Instant>) -> Result<BarrierWaitResult, BarrierError> {
        match self.arrive(deadline) {
            Some(Arrival::Waits { seat, index }) => {
                self.sit(seat, deadline)?;
                Ok(BarrierWaitResult { index })
            }
            Some(Arrival::Complete { index }) => Ok(BarrierWaitResult { index }),
            Some(Arrival::Broken(error)) => Err(error),
            None => {
                self.change(Meeting::time_out);
                Err(BarrierError::TimedOut)
            }
        }
    }

    /// Comes, when there is a seat.
    fn arrive(&self, deadline: Option<Instant>) -> Option<Arrival> {
        self.placed.wait_until(BELL, deadline, |visit| {
            let arrival = visit.state.arrive()?;
            if !matches!(arrival, Arrival::Waits { .. }) {
                visit.ring(BELL, u32::MAX);
            }
            Some(arrival)
        })
    }

    /// Waits until it has ended for the one on this seat.
    fn sit(&self, seat: usize, deadline: Option<Instant>) -> Result<(), BarrierError> {
        let result = self.placed.wait_until(BELL, deadline, |visit| {
            match visit.occasion {
                // The barrier is then broken, and that it has ended is found on the seat.
                Occasion::Silence => {
                    let _ = visit.state.look_for_dead();
                }
                Occasion::Limit => visit.state.time_out(),
                Occasion::Arrival | Occasion::Ring => {}
            }
            let was_full = visit.state.is_full();
            let result = visit.state.leave(seat)?;
            if result.is_err() || was_full {
                visit.ring(BELL, u32::MAX);
            }
            Some(result)
        });
        result.unwrap_or_else(|| unreachable!("when the limit passes, it ends for all who wait"))
    }

    fn change(&self, change: impl FnOnce(&mut Meeting)) {
        self.placed.visit(|visit| {
            change(visit.state);
            visit.ring(BELL, u32::MAX);
        });
    }
}

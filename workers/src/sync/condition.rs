//! `Condition`: a lock, and waiting for what others change while they hold it.

use std::fmt;
use std::time::{Duration, Instant};

use super::waiters::Waiters;
use crate::handles::handle::{self, sent_by_name};
use crate::sys::bell::{LONGEST_SLEEP, deadline_after};
use crate::sys::mutex::{Held, WithMutex};
use crate::sys::placed::Placed;
use crate::sys::region::Kind;

const KIND: Kind = Kind::named(b"conditio");

/// A lock that processes share, whose holder can wait until another process that has held it notifies it.
///
/// To wait and to notify, one must hold the lock, so these are methods of the [guard](ConditionGuard). A clone is
/// another handle to the same condition. It differs from Python's `multiprocessing.Condition`:
///
/// - A process may be killed while it waits, while it is being woken, or while it holds the lock: nobody else hangs, and
///   no notification is lost. [`notify`](ConditionGuard::notify) wakes as many as it says of those that live, the ones
///   that have waited for longest. If one of them dies before it has let go of the lock, another one that waited at the
///   same time is woken in its place, within a fifth of a second.
/// - Nobody is woken without having been notified. (Where more than 4096 threads wait, those beyond that number look for
///   themselves fifty times a second, as if they were notified.)
/// - The lock is a [`Lock`](crate::Lock), not an [`RLock`](crate::RLock): a function that waits while its caller holds
///   the lock as well would be a surprise for the caller.
///
/// # Examples
///
/// ```
/// use parcell::{Condition, Process, Value};
///
/// let condition = Condition::new();
/// let stock = Value::new(0u32);
/// let consumer = Process::spawn(|| {
///     let mut guard = condition.lock();
///     guard.wait_while(|| stock.get() < 3);
///     stock.get()
/// });
/// for _ in 0..3 {
///     let guard = condition.lock();
///     *stock.lock() += 1;
///     guard.notify_one();
/// }
/// assert_eq!(consumer.join(), Ok(3));
/// ```
#[derive(Clone, Debug)]
pub struct Condition {
    placed: Placed<State>,
}

type State = WithMutex<Waiters>;

sent_by_name!(Condition, KIND, "the condition");

impl Condition {
    /// A new condition, whose lock nobody holds.
    ///
    /// # Panics
    ///
    /// If the system refuses the memory for it.
    #[must_use]
    #[track_caller]
    pub fn new() -> Self {
        Self {
            placed: handle::create(KIND, 0, "a condition"),
        }
    }

    /// Waits until nobody holds the lock, and takes it.
    ///
    /// # Panics
    ///
    /// If the calling thread holds it already.
    #[track_caller]
    pub fn lock(&self) -> ConditionGuard<'_> {
        let held = self.placed.mutex.lock();
        ConditionGuard {
            abandoned: held.is_abandoned(),
            place: None,
            held: Some(held),
            state: &self.placed,
            _kept: self.placed.clone(),
        }
    }
}

impl Default for Condition {
    fn default() -> Self {
        Self::new()
    }
}

/// The calling thread holds the lock of a [`Condition`], until this is dropped.
///
/// A process that is forked meanwhile does not hold it: its copy of the guard means nothing, and its methods panic.
#[must_use = "the lock is free again as soon as the guard is dropped"]
pub struct ConditionGuard<'a> {
    /// Where the caller was notified, until it has made use of that.
    place: Option<usize>,
    /// `None` only inside of a wait.
    held: Option<Held<'a>>,
    abandoned: bool,
    state: &'a State,
    /// Dropped last. A guard that is forgotten keeps the mutex where the system looks for it when the thread ends.
    _kept: Placed<State>,
}

impl ConditionGuard<'_> {
    /// Lets go of the lock, waits to be notified, and takes the lock again.
    ///
    /// What was waited for may have been undone by others meanwhile; [`wait_while`](Self::wait_while) looks.
    #[track_caller]
    pub fn wait(&mut self) {
        self.wait_until(None);
    }

    /// Like [`wait`](Self::wait), but waits to be notified no longer than `limit`: whether it was.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let condition = parcell::Condition::new();
    /// assert!(!condition.lock().wait_timeout(Duration::from_millis(1)));
    /// ```
    #[track_caller]
    pub fn wait_timeout(&mut self, limit: Duration) -> bool {
        self.wait_until(deadline_after(limit))
    }

    /// Waits while `predicate` holds; not at all if it does not. It is asked with the lock held, now and after each
    /// notification.
    ///
    /// Python's `wait_for` waits until its predicate holds, the other way round.
    #[track_caller]
    pub fn wait_while(&mut self, mut predicate: impl FnMut() -> bool) {
        while predicate() {
            self.wait();
        }
    }

    /// Like [`wait_while`](Self::wait_while), but no longer than `limit`: whether the predicate no longer holds.
    #[track_caller]
    pub fn wait_while_timeout(&mut self, limit: Duration, mut predicate: impl FnMut() -> bool) -> bool {
        let deadline = deadline_after(limit);
        while predicate() {
            if !self.wait_until(deadline) {
                return !predicate();
            }
        }
        true
    }

    /// Notifies one waiter, if there is one.
    #[track_caller]
    pub fn notify_one(&self) {
        self.notify(1);
    }

    /// Notifies `count` waiters, or all if there are fewer: those that have waited for longest. They go on, one after the
    /// other, when the lock is let go of.
    #[track_caller]
    pub fn notify(&self, count: usize) {
        self.state.value.notify(self.held(), count);
    }

    /// Notifies all waiters.
    #[track_caller]
    pub fn notify_all(&self) {
        self.notify(usize::MAX);
    }

    /// Whether, when this guard took the lock, at first or after a wait, the last holder had died while it held it: what
    /// the lock guards may be half changed.
    #[must_use]
    pub fn abandoned(&self) -> bool {
        self.abandoned
    }

    /// Whether the caller was notified before `deadline`.
    #[track_caller]
    fn wait_until(&mut self, deadline: Option<Instant>) -> bool {
        let waiters = &self.state.value;
        self.forget_notice();
        let Some(place) = waiters.arrive(self.held()) else {
            return self.wait_uncounted(deadline);
        };
        loop {
            self.held = None;
            waiters.sleep(place, deadline);
            self.relock();
            self.place = waiters.take_notice(self.held(), place);
            if self.place.is_some() {
                return true;
            }
            if deadline.is_some_and(|deadline| Instant::now() >= deadline) {
                waiters.leave(self.held(), place);
                return false;
            }
        }
    }

    /// For one who finds no place.
    fn wait_uncounted(&mut self, deadline: Option<Instant>) -> bool {
        let left = deadline.map(|deadline| deadline.saturating_duration_since(Instant::now()));
        self.held = None;
        std::thread::sleep(left.map_or(LONGEST_SLEEP, |left| left.min(LONGEST_SLEEP)));
        self.relock();
        left.is_none_or(|left| left > LONGEST_SLEEP)
    }

    fn relock(&mut self) {
        let held = self.state.mutex.lock();
        self.abandoned |= held.is_abandoned();
        self.held = Some(held);
    }

    fn forget_notice(&mut self) {
        if let Some(place) = self.place.take() {
            self.state.value.leave(self.held(), place);
        }
    }

    #[track_caller]
    fn held(&self) -> &Held<'_> {
        let held = self.held.as_ref().expect("the lock is held outside of a wait");
        held.assert_ours();
        held
    }
}

impl Drop for ConditionGuard<'_> {
    fn drop(&mut self) {
        if self.held.as_ref().is_some_and(Held::is_ours) {
            self.forget_notice();
        }
    }
}

impl fmt::Debug for ConditionGuard<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConditionGuard")
            .field("abandoned", &self.abandoned)
            .finish_non_exhaustive()
    }
}

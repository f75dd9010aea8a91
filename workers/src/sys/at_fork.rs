//! The locks that a thread has to hold while it forks, and the order in which threads take them.
//!
//! A fork copies one thread. In the child a lock that another one held stays locked for ever, and what it guards may be
//! half changed. So every such lock is registered here by its owner, as handlers are with POSIX's `pthread_atfork`: who
//! forks takes all of them first, and in a worker each lets go of what is the parent's alone. Owners are on any floor of
//! the library; this module knows nothing of them but their ranks.

use std::any::Any;
use std::cell::Cell;
use std::ops::{Deref, DerefMut};
use std::sync::{Mutex, MutexGuard, OnceLock};

use super::poisoned::EvenIfPoisoned;

/// The locks in the order in which a thread takes those that it holds at once. Taking them in any other could make two
/// threads wait for each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Whoever has the standing workers takes all others after it.
    StandingWorkers,
    /// A thread that prints a panic takes the streams' locks after this one.
    Panics,
    /// The streams come before the lifelines: a caller may hold a stream's lock already, and must not wait for a thread
    /// that has the lifelines and waits for the stream.
    StandardStreams,
    /// A membership that is dropped takes its own lock before that of the regions.
    Memberships,
    Regions,
    Lifelines,
    Family,
    ManagerConnections,
    CommHandlers,
    /// Which locks there are.
    Registry,
}

const LOCKS: usize = Rank::Registry as usize;

/// A lock that is held: while the value lives, no other thread has it.
pub(crate) trait AtFork: Any + Sized {
    const RANK: Rank;

    /// Takes the lock, in a process that is about to fork.
    fn prepare() -> Self;

    /// In the worker: lets go of what is the parent's.
    fn enter_worker(&mut self) {}
}

/// From here on forks take this lock. To be called before it is locked.
pub(crate) fn register<L: AtFork>() {
    let handler = &HANDLERS[L::RANK as usize];
    if handler.get().is_none() {
        // A fork that has not taken the lock is over before anybody else can.
        let _registry = registry();
        handler.get_or_init(|| || Box::new(L::prepare()));
    }
}

/// Takes the mutex behind the lock `L` in its turn, registering it the first time.
pub(crate) fn lock<L: AtFork, T>(mutex: &'static Mutex<T>) -> Guard<T> {
    register::<L>();
    let turn = Turn::take(L::RANK);
    Guard {
        value: mutex.lock().even_if_poisoned(),
        _turn: turn,
    }
}

/// What a lock guards, held in its turn.
#[derive(Debug)]
pub(crate) struct Guard<T: 'static> {
    value: MutexGuard<'static, T>,
    _turn: Turn,
}

impl<T> Deref for Guard<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for Guard<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

/// All locks that are registered, held for a fork.
pub(crate) struct Locks {
    held: [Option<Box<dyn Held>>; LOCKS],
    _registry: MutexGuard<'static, ()>,
    _turn: Turn,
}

impl Locks {
    /// Takes them, in their order.
    pub(crate) fn acquire() -> Self {
        loop {
            let held = HANDLERS
                .each_ref()
                .map(|handler| handler.get().map(|prepare| prepare()));
            let turn = Turn::take(Rank::Registry);
            let registry = registry();
            let are_all = HANDLERS
                .iter()
                .zip(&held)
                .all(|(handler, held)| handler.get().is_some() == held.is_some());
            if are_all {
                return Self {
                    held,
                    _registry: registry,
                    _turn: turn,
                };
            }
            // One was registered meanwhile, and comes before others that are held.
        }
    }

    /// The lock of this type.
    ///
    /// # Panics
    ///
    /// If it was not registered when they were taken.
    pub(crate) fn get<L: AtFork>(&mut self) -> &mut L {
        let held = self.held[L::RANK as usize].as_deref_mut();
        let lock = held.and_then(|held| (held as &mut dyn Any).downcast_mut());
        lock.unwrap_or_else(|| panic!("the lock {:?} is not registered", L::RANK))
    }

    /// In the worker: lets go of what is the parent's, and of the locks.
    pub(crate) fn enter_worker(mut self) {
        for held in self.held.iter_mut().flatten() {
            held.enter_worker();
        }
    }
}

/// That a thread takes a lock in its turn. In a build with debug assertions a thread that takes one out of its order
/// panics, whether or not another thread would have been in its way.
#[derive(Debug)]
pub(crate) struct Turn(Rank);

impl Turn {
    /// To be kept for as long as the lock is.
    ///
    /// # Panics
    ///
    /// With debug assertions, if the thread has this lock or a later one.
    pub(crate) fn take(rank: Rank) -> Self {
        let held = HELD.get();
        debug_assert!(held >> rank as u16 == 0, "{rank:?} is locked after {held:#b}");
        HELD.set(held | 1 << rank as u16);
        Self(rank)
    }

    /// Whether the calling thread holds this lock.
    pub(crate) fn is_taken(rank: Rank) -> bool {
        HELD.get() & 1 << rank as u16 != 0
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        HELD.set(HELD.get() & !(1 << self.0 as u16));
    }
}

thread_local! {
    /// A bit for each rank of which this thread holds the lock.
    static HELD: Cell<u16> = const { Cell::new(0) };
}

/// Takes a lock.
type Prepare = fn() -> Box<dyn Held>;

static HANDLERS: [OnceLock<Prepare>; LOCKS] = [const { OnceLock::new() }; LOCKS];

/// Held by whoever adds a lock or forks. Nothing else is waited for meanwhile.
static REGISTRY: Mutex<()> = Mutex::new(());

fn registry() -> MutexGuard<'static, ()> {
    REGISTRY.lock().even_if_poisoned()
}

trait Held: Any {
    fn enter_worker(&mut self);
}

impl<L: AtFork> Held for L {
    fn enter_worker(&mut self) {
        AtFork::enter_worker(self);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;
    use crate::sys::lifeline::Lifelines;

    #[test]
    fn locks_are_taken_in_their_order() {
        let first = Turn::take(Rank::StandingWorkers);
        let second = Turn::take(Rank::Family);
        drop(first);
        let third = Turn::take(Rank::ManagerConnections);
        drop((second, third));
        drop(Turn::take(Rank::StandingWorkers));
    }

    #[test]
    #[should_panic(expected = "Regions is locked after")]
    fn a_lock_out_of_its_order_is_a_panic() {
        let _family = Turn::take(Rank::Family);
        let _regions = Turn::take(Rank::Regions);
    }

    #[test]
    #[should_panic(expected = "Family is locked after")]
    fn a_lock_that_the_thread_has_is_a_panic() {
        let _family = Turn::take(Rank::Family);
        let _again = Turn::take(Rank::Family);
    }

    #[test]
    fn nobody_else_gets_a_lock_that_is_held_for_a_fork() {
        register::<Lifelines>();
        let mut locks = Locks::acquire();
        let (lifeline, _tail) = locks.get::<Lifelines>().add().unwrap();
        let (sender, receiver) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            Lifelines::lock().remove(lifeline);
            sender.send(()).unwrap();
        });
        receiver.recv_timeout(Duration::from_millis(50)).unwrap_err();
        drop(locks);
        receiver.recv().unwrap();
        thread.join().unwrap();
    }

    #[test]
    #[should_panic(expected = "is not registered")]
    fn a_lock_that_nobody_has_registered_is_not_there() {
        struct Unregistered;
        impl AtFork for Unregistered {
            const RANK: Rank = Rank::ManagerConnections;
            fn prepare() -> Self {
                Self
            }
        }
        Locks::acquire().get::<Unregistered>();
    }
}

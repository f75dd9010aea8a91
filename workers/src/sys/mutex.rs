//! A lock in shared memory that outlives its holders: POSIX's robust mutex.
//!
//! Linux keeps, for each thread, a list of the robust mutexes that it holds, and releases them when the thread ends,
//! whatever ended it and at whichever instruction. The next holder is told.

use std::cell::UnsafeCell;
use std::marker::PhantomData;
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::time::{Duration, Instant};

use super::bell::deadline_after;
use super::fork;
use super::placed::{Place, place};

/// How long one wait lasts at most. A waiter that is woken and killed before it has the mutex takes the wake with it, and
/// the others must look by themselves. And the clock that the wait goes by can be set; the limit does not go by it.
const SLICE: Duration = Duration::from_millis(100);

/// A process-shared robust mutex. It lives in shared memory and is never moved.
#[repr(C)]
pub(crate) struct RobustMutex(UnsafeCell<libc::pthread_mutex_t>);

// SAFETY: a mutex is made to be used by several threads, and this one by several processes.
unsafe impl Sync for RobustMutex {}

// SAFETY: a robust mutex is made for the use by several processes; it holds no address of itself that matters to others
// than its holder, which does not move.
unsafe impl Place for RobustMutex {
    unsafe fn init(place: *mut Self) {
        // SAFETY: the place is the caller's promise.
        unsafe { Self::init(place, Relock::Panics) };
    }
}

/// A mutex that its holder may lock again.
#[repr(transparent)]
pub(crate) struct RecursiveMutex(RobustMutex);

// SAFETY: as above.
unsafe impl Place for RecursiveMutex {
    unsafe fn init(place: *mut Self) {
        // SAFETY: the place is the caller's promise, and consists of the mutex alone.
        unsafe { RobustMutex::init(place.cast(), Relock::Counts) };
    }
}

impl Deref for RecursiveMutex {
    type Target = RobustMutex;

    fn deref(&self) -> &RobustMutex {
        &self.0
    }
}

/// A mutex, and what is changed while it is held.
#[repr(C)]
#[derive(Debug)]
pub(crate) struct WithMutex<T> {
    pub(crate) mutex: RobustMutex,
    pub(crate) value: T,
}

place!(WithMutex<T: Place> { mutex, value });

/// Whether the thread that holds a mutex may lock it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Relock {
    /// It may; it must unlock as often.
    Counts,
    /// It panics.
    Panics,
}

/// The calling thread holds the mutex. Dropping it lets go; it stays in its thread.
#[must_use]
#[derive(Debug)]
pub(crate) struct Held<'a> {
    mutex: &'a RobustMutex,
    abandoned: bool,
    /// That of the process that has locked it.
    generation: u32,
    not_send: PhantomData<*const ()>,
}

impl RobustMutex {
    /// Makes a mutex at `place`.
    ///
    /// # Safety
    ///
    /// `place` is valid for writes, aligned, and nobody uses it meanwhile.
    pub(crate) unsafe fn init(place: *mut Self, relock: Relock) {
        let kind = match relock {
            Relock::Counts => libc::PTHREAD_MUTEX_RECURSIVE,
            Relock::Panics => libc::PTHREAD_MUTEX_ERRORCHECK,
        };
        let mut attributes = MaybeUninit::uninit();
        // SAFETY: the attributes are initialized before they are used, and the mutex's place is the caller's promise.
        let results = unsafe {
            let made = libc::pthread_mutexattr_init(attributes.as_mut_ptr());
            let shared = libc::pthread_mutexattr_setpshared(attributes.as_mut_ptr(), libc::PTHREAD_PROCESS_SHARED);
            let robust = libc::pthread_mutexattr_setrobust(attributes.as_mut_ptr(), libc::PTHREAD_MUTEX_ROBUST);
            let typed = libc::pthread_mutexattr_settype(attributes.as_mut_ptr(), kind);
            let mutex = libc::pthread_mutex_init(place.cast(), attributes.as_ptr());
            [made, shared, robust, typed, mutex]
        };
        assert_eq!(results, [0; 5], "Linux has robust mutexes");
    }

    /// Locks it, waiting if need be.
    ///
    /// # Panics
    ///
    /// If the calling thread holds it already, and it is not one that counts.
    #[track_caller]
    pub(crate) fn lock(&self) -> Held<'_> {
        self.lock_until(None)
            .unwrap_or_else(|| unreachable!("a wait without a limit ends with the lock"))
    }

    /// Locks it, waiting if need be for `limit`; `None` when that has passed.
    ///
    /// # Panics
    ///
    /// If the calling thread holds it already, and it is not one that counts.
    #[track_caller]
    pub(crate) fn lock_timeout(&self, limit: Duration) -> Option<Held<'_>> {
        self.lock_until(deadline_after(limit))
    }

    #[track_caller]
    fn lock_until(&self, deadline: Option<Instant>) -> Option<Held<'_>> {
        loop {
            let left = deadline.map_or(SLICE, |deadline| deadline.saturating_duration_since(Instant::now()));
            let until = in_real_time(left.min(SLICE));
            // SAFETY: `init` has made the mutex.
            match unsafe { libc::pthread_mutex_timedlock(self.0.get(), &raw const until) } {
                libc::ETIMEDOUT if left > Duration::ZERO => {}
                result => return self.held(result),
            }
        }
    }

    /// Locks it if nobody holds it.
    #[track_caller]
    pub(crate) fn try_lock(&self) -> Option<Held<'_>> {
        // SAFETY: `init` has made the mutex.
        match unsafe { libc::pthread_mutex_trylock(self.0.get()) } {
            // The calling thread holds it.
            libc::EDEADLK => None,
            result => self.held(result),
        }
    }

    #[track_caller]
    fn held(&self, result: libc::c_int) -> Option<Held<'_>> {
        let abandoned = match result {
            0 => false,
            libc::EOWNERDEAD => {
                // SAFETY: the calling thread holds the mutex, whose last holder has died.
                let result = unsafe { libc::pthread_mutex_consistent(self.0.get()) };
                debug_assert_eq!(result, 0);
                true
            }
            libc::ETIMEDOUT | libc::EBUSY => return None,
            libc::EDEADLK => panic!("this thread holds the lock already, and would wait for itself"),
            libc::EAGAIN => panic!("the lock is held too many times over"),
            error => panic!("the lock is damaged: {}", std::io::Error::from_raw_os_error(error)),
        };
        Some(Held {
            mutex: self,
            abandoned,
            generation: fork::generation(),
            not_send: PhantomData,
        })
    }
}

impl Held<'_> {
    /// Whether the last holder died while it held the mutex.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned
    }

    /// Whether this process has locked it. One that was forked meanwhile has a copy of this, and not the lock.
    pub(crate) fn is_ours(&self) -> bool {
        self.generation == fork::generation()
    }

    /// # Panics
    ///
    /// In a process that was forked while its parent held the mutex.
    #[track_caller]
    pub(crate) fn assert_ours(&self) {
        assert!(
            self.is_ours(),
            "the lock is held by the process that this one was forked from: lock it here"
        );
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if !self.is_ours() {
            return;
        }
        // SAFETY: the calling thread has locked it, and this guard, which cannot leave the thread, stands for that.
        let result = unsafe { libc::pthread_mutex_unlock(self.mutex.0.get()) };
        // A process forked by other code than this library has a copy of the guard as well, and not the lock.
        debug_assert!(matches!(result, 0 | libc::EPERM), "{result}");
    }
}

impl std::fmt::Debug for RobustMutex {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("RobustMutex")
    }
}

/// The time after `left` on the clock that `pthread_mutex_timedlock` goes by.
fn in_real_time(left: Duration) -> libc::timespec {
    let now = rustix::time::clock_gettime(rustix::time::ClockId::Realtime);
    let nanos = now.tv_nsec + i64::from(left.subsec_nanos());
    libc::timespec {
        tv_sec: now.tv_sec + left.as_secs().cast_signed() + nanos / 1_000_000_000,
        tv_nsec: nanos % 1_000_000_000,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mutex(relock: Relock) -> Box<RobustMutex> {
        let mut place = Box::new(MaybeUninit::<RobustMutex>::zeroed());
        // SAFETY: the place is ours; the box is not moved out of, and the mutex needs no drop.
        unsafe {
            RobustMutex::init(place.as_mut_ptr(), relock);
            Box::from_raw(Box::into_raw(place).cast())
        }
    }

    #[test]
    fn one_thread_at_a_time() {
        let mutex = mutex(Relock::Panics);
        let held = mutex.lock();
        assert!(!held.is_abandoned());
        assert!(mutex.try_lock().is_none());
        std::thread::scope(|scope| {
            let other =
                scope.spawn(|| mutex.try_lock().is_none() && mutex.lock_timeout(Duration::from_millis(5)).is_none());
            assert!(other.join().unwrap());
        });
        drop(held);
        assert!(mutex.try_lock().is_some());
    }

    #[test]
    fn a_holder_that_ends_is_told_of() {
        let mutex = mutex(Relock::Panics);
        std::thread::scope(|scope| {
            scope.spawn(|| std::mem::forget(mutex.lock()));
        });
        assert!(mutex.lock().is_abandoned());
        assert!(!mutex.lock().is_abandoned());
    }

    #[test]
    fn a_counting_mutex_is_let_go_as_often_as_it_was_taken() {
        let mutex = mutex(Relock::Counts);
        let twice = (mutex.lock(), mutex.lock());
        let is_free = || std::thread::scope(|scope| scope.spawn(|| mutex.try_lock().is_some()).join().unwrap());
        assert!(!is_free());
        drop(twice.0);
        assert!(!is_free());
        drop(twice.1);
        assert!(is_free());
    }

    #[test]
    #[should_panic(expected = "this thread holds the lock already")]
    fn a_thread_does_not_wait_for_itself() {
        let mutex = mutex(Relock::Panics);
        let _held = mutex.lock();
        let _again = mutex.lock();
    }
}

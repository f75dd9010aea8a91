//! Plain data in regions, behind a lock.

use std::io;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rustix::io::Errno;

use super::mutex::{Held, RobustMutex};
use super::placed::{Placed, place};
use super::region::{HEADER, Kind, Region};

/// What is in front of the elements, which begin [`HEADER`] bytes behind the region's beginning.
#[repr(C, align(128))]
pub(crate) struct Head {
    mutex: RobustMutex,
    /// Whether a holder has died, and nobody has been told who can be.
    abandoned: AtomicU32,
}

const _: () = assert!(size_of::<Head>() == HEADER && align_of::<Head>() <= HEADER);

place!(Head { mutex, abandoned });

/// Elements behind a lock, which fill a region; a handle to them.
pub(crate) struct Guarded<T> {
    head: Placed<Head>,
    elements: PhantomData<fn() -> T>,
}

/// The elements while the calling thread holds their lock.
#[must_use]
pub(crate) struct Elements<'a, T> {
    held: Held<'a>,
    abandoned: bool,
    elements: NonNull<[T]>,
    /// Dropped last. A guard that is forgotten keeps the mutex where the system looks for it when the thread ends.
    _region: Arc<Region>,
}

impl<T: bytemuck::Pod> Guarded<T> {
    /// `len` elements whose bytes are zero.
    pub(crate) fn create(kind: Kind, len: usize) -> io::Result<Self> {
        let bytes = size_of::<T>().checked_mul(len).ok_or(Errno::NOMEM)?;
        Self::behind(Placed::create(kind, bytes)?)
    }

    /// The elements behind the head.
    pub(crate) fn behind(head: Placed<Head>) -> io::Result<Self> {
        const { assert!(size_of::<T>() > 0, "an element in shared memory has at least one byte") };
        const {
            assert!(
                align_of::<T>() <= HEADER,
                "an element in shared memory is aligned to at most 128 bytes"
            )
        };
        if !(head.region().len() - HEADER).is_multiple_of(size_of::<T>()) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "its elements are of another type",
            ));
        }
        Ok(Self {
            head,
            elements: PhantomData,
        })
    }

    /// Waits for the lock.
    #[track_caller]
    pub(crate) fn lock(&self) -> Elements<'_, T> {
        self.elements(self.head.mutex.lock())
    }

    /// Waits for the lock, no longer than for `limit`.
    #[track_caller]
    pub(crate) fn lock_timeout(&self, limit: Duration) -> Option<Elements<'_, T>> {
        self.head.mutex.lock_timeout(limit).map(|held| self.elements(held))
    }

    #[track_caller]
    pub(crate) fn try_lock(&self) -> Option<Elements<'_, T>> {
        self.head.mutex.try_lock().map(|held| self.elements(held))
    }

    fn elements<'a>(&'a self, held: Held<'a>) -> Elements<'a, T> {
        // Whoever has it from here on and dies leaves the mutex abandoned again.
        let abandoned = held.is_abandoned() | (self.head.abandoned.swap(0, Ordering::Relaxed) != 0);
        // SAFETY: the region goes on behind the head.
        let start = unsafe { self.head.region().start().add(HEADER) };
        Elements {
            held,
            abandoned,
            elements: NonNull::slice_from_raw_parts(start.cast(), self.len()),
            _region: Arc::clone(self.head.region()),
        }
    }

    pub(crate) fn len(&self) -> usize {
        (self.head.region().len() - HEADER) / size_of::<T>()
    }
}

impl<T> Guarded<T> {
    pub(crate) fn region(&self) -> &Arc<Region> {
        self.head.region()
    }

    /// For a caller that has looked at the elements and not told its own caller whether they were abandoned: leaves that
    /// to the next holder.
    pub(crate) fn pass_on(&self, elements: Elements<'_, T>) {
        if elements.abandoned {
            self.head.abandoned.store(1, Ordering::Relaxed);
        }
    }
}

impl<T> Elements<'_, T> {
    /// Whether the last holder died while it held the lock.
    pub(crate) fn is_abandoned(&self) -> bool {
        self.abandoned
    }
}

impl<T> Deref for Elements<'_, T> {
    type Target = [T];

    #[track_caller]
    fn deref(&self) -> &[T] {
        self.held.assert_ours();
        // SAFETY: the region has these elements, aligned, of which all bytes are valid. The calling thread holds the
        // lock, so nobody writes them.
        unsafe { self.elements.as_ref() }
    }
}

impl<T> DerefMut for Elements<'_, T> {
    #[track_caller]
    fn deref_mut(&mut self) -> &mut [T] {
        self.held.assert_ours();
        // SAFETY: as above, and nobody else reads them.
        unsafe { self.elements.as_mut() }
    }
}

impl<T> Clone for Guarded<T> {
    fn clone(&self) -> Self {
        Self {
            head: self.head.clone(),
            elements: PhantomData,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: Kind = Kind::named(b"test");

    #[test]
    fn what_one_holder_writes_the_next_reads() {
        let guarded = Guarded::<u16>::create(TEST, 3).unwrap();
        assert_eq!(guarded.len(), 3);
        let mut elements = guarded.lock();
        assert!(guarded.try_lock().is_none());
        elements.copy_from_slice(&[1, 2, 3]);
        drop(elements);
        assert_eq!(*guarded.clone().try_lock().unwrap(), [1, 2, 3]);
    }

    #[test]
    fn that_a_holder_died_is_told_once_to_somebody_who_can_be_told() {
        let guarded = Guarded::<u16>::create(TEST, 1).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| std::mem::forget(guarded.lock()));
        });
        for _ in 0..2 {
            let elements = guarded.lock();
            assert!(elements.is_abandoned());
            guarded.pass_on(elements);
        }
        assert!(guarded.lock().is_abandoned());
        assert!(!guarded.lock().is_abandoned());
    }

    #[test]
    fn a_guard_that_is_forgotten_keeps_the_memory() {
        std::thread::spawn(|| {
            let guarded = Guarded::<u16>::create(TEST, 1).unwrap();
            std::mem::forget(guarded.lock());
            drop(guarded);
            // It is linked with the one that was forgotten.
            let other = Guarded::<u16>::create(TEST, 1).unwrap();
            drop(other.lock());
        })
        .join()
        .unwrap();
    }
}

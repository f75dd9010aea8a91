//! Memory that a process shares with the workers it forks.
//!
//! The mapping is anonymous: nothing can survive the processes that hold it. It holds atomics only, so every access is
//! safe whatever the other side does, and a worker that is killed between two stores leaves both of them readable.

use std::ops::Deref;
use std::ptr::NonNull;

use rustix::mm::{MapFlags, ProtFlags, mmap_anonymous, munmap};

use super::placed::Place;

/// A slice in memory that this process shares with those it forks; zero at first.
#[derive(Debug)]
pub(crate) struct SharedSlice<T: Place> {
    start: NonNull<T>,
    len: usize,
}

// SAFETY: the mapping belongs to the slice and to no thread; what is in it may be used by several threads at once, as it
// may by several processes.
unsafe impl<T: Place + Sync> Send for SharedSlice<T> {}
// SAFETY: as above.
unsafe impl<T: Place + Sync> Sync for SharedSlice<T> {}

impl<T: Place> SharedSlice<T> {
    /// `len` zeroed elements.
    pub(crate) fn new(len: usize) -> rustix::io::Result<Self> {
        let bytes = Self::bytes(len).ok_or(rustix::io::Errno::NOMEM)?;
        // SAFETY: the kernel chooses the address, so no existing mapping is touched.
        let start = unsafe {
            mmap_anonymous(
                std::ptr::null_mut(),
                bytes,
                ProtFlags::READ | ProtFlags::WRITE,
                MapFlags::SHARED | MapFlags::NORESERVE,
            )?
        };
        const {
            assert!(
                T::BEGINS_ZEROED,
                "a new mapping is zero, and nothing else is made of it"
            )
        };
        // A mapping begins at a page, which satisfies every alignment up to a page.
        const { assert!(align_of::<T>() <= 4096) };
        let start = NonNull::new(start.cast()).ok_or(rustix::io::Errno::NOMEM)?;
        Ok(Self { start, len })
    }

    /// The size of the mapping for `len` elements; a mapping cannot be empty.
    fn bytes(len: usize) -> Option<usize> {
        len.max(1).checked_mul(size_of::<T>())
    }
}

impl<T: Place> Deref for SharedSlice<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `new` mapped `len` elements, readable and writable until `drop`; all bytes zero, or what was stored
        // by atomic operations since, is a valid `T` by the contract of `Place`, which also makes sharing sound.
        unsafe { std::slice::from_raw_parts(self.start.as_ptr(), self.len) }
    }
}

impl<T: Place> Drop for SharedSlice<T> {
    fn drop(&mut self) {
        let bytes = Self::bytes(self.len).expect("the same product fitted when the memory was mapped");
        // SAFETY: exactly the mapping that `new` made; no borrow of it outlives `self`.
        let unmapped = unsafe { munmap(self.start.as_ptr().cast(), bytes) };
        debug_assert!(unmapped.is_ok(), "{unmapped:?}");
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[test]
    fn begins_zeroed_and_keeps_what_is_stored() {
        let slice = SharedSlice::<AtomicU64>::new(1000).unwrap();
        assert!(slice.iter().all(|word| word.load(Ordering::Relaxed) == 0));
        slice[999].store(7, Ordering::Relaxed);
        assert_eq!(slice[999].load(Ordering::Relaxed), 7);
    }

    #[test]
    fn too_much_is_an_error() {
        assert!(SharedSlice::<AtomicU64>::new(usize::MAX).is_err());
    }
}

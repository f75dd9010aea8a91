//! Plain data in regions, with no lock.
//!
//! Within a process Rust's borrow rules hold: a slice that can be written is lent only where it is reached by no other
//! handle of the process. Other processes may write at the same time. The data is plain, so whatever is then read is a
//! valid value of its type, though perhaps not one that anybody has written.

use std::io;
use std::marker::PhantomData;
use std::sync::Arc;

use rustix::io::Errno;

use super::region::{HEADER, Kind, Region};

/// A region that is filled with elements; a handle to it.
pub(crate) struct Plain<T> {
    region: Arc<Region>,
    elements: PhantomData<fn() -> T>,
}

impl<T: bytemuck::Pod> Plain<T> {
    /// `len` elements whose bytes are zero, in a region of their own.
    pub(crate) fn create(kind: Kind, len: usize) -> io::Result<Self> {
        let bytes = size_of::<T>().checked_mul(len).ok_or(Errno::NOMEM)?;
        Self::in_region(Region::create(kind, bytes)?)
    }

    /// The elements that fill the region.
    pub(crate) fn in_region(region: Arc<Region>) -> io::Result<Self> {
        const { assert!(size_of::<T>() > 0, "an element in shared memory has at least one byte") };
        const {
            assert!(
                align_of::<T>() <= HEADER,
                "an element in shared memory is aligned to at most 128 bytes"
            )
        };
        if !region.len().is_multiple_of(size_of::<T>()) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "its elements are of another type",
            ));
        }
        Ok(Self {
            region,
            elements: PhantomData,
        })
    }

    pub(crate) fn len(&self) -> usize {
        self.region.len() / size_of::<T>()
    }

    pub(crate) fn as_slice(&self) -> &[T] {
        // SAFETY: the mapping has this many elements, aligned, of which all bytes are valid; it lives as long as the
        // region. In this process nobody has a slice to write to: that would borrow the only handle.
        unsafe { std::slice::from_raw_parts(self.region.start().as_ptr().cast(), self.len()) }
    }

    /// `None` where this is not the only handle in this process.
    pub(crate) fn as_mut_slice(&mut self) -> Option<&mut [T]> {
        let len = self.len();
        // SAFETY: as above. This is the only handle to this mapping, and it cannot be cloned while it is borrowed.
        self.region
            .set_apart()
            .then(|| unsafe { std::slice::from_raw_parts_mut(self.region.start().as_ptr().cast(), len) })
    }
}

impl<T> Plain<T> {
    pub(crate) fn region(&self) -> &Arc<Region> {
        &self.region
    }
}

impl<T> Clone for Plain<T> {
    fn clone(&self) -> Self {
        Self {
            region: Arc::clone(&self.region),
            elements: PhantomData,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEST: Kind = Kind::named(b"test");

    #[test]
    fn elements_begin_as_zero_and_keep_what_is_written() {
        let mut plain = Plain::<u32>::create(TEST, 3).unwrap();
        assert_eq!(plain.as_slice(), [0, 0, 0]);
        plain.as_mut_slice().unwrap()[1] = 7;
        assert_eq!(plain.as_slice(), [0, 7, 0]);
        assert!(Plain::<u32>::create(TEST, 0).unwrap().as_slice().is_empty());
    }

    #[test]
    fn only_the_only_handle_writes() {
        let mut plain = Plain::<u32>::create(TEST, 3).unwrap();
        let other = plain.clone();
        assert!(plain.as_mut_slice().is_none());
        drop(other);
        assert!(plain.as_mut_slice().is_some());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert!(Plain::<u64>::create(TEST, usize::MAX / 2).is_err());
        let region = Region::create(TEST, 10).unwrap();
        assert!(Plain::<u64>::in_region(region).is_err());
    }
}

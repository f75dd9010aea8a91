//! `SharedArray`: values without a lock.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{SharedData, deserialize_plain, only_slice};
use crate::handles::handle;
use crate::sys::plain::Plain;
use crate::sys::region::Kind;

const KIND: Kind = Kind::named(b"elements");
const WHAT: &str = "the shared array";

/// Values in memory that processes share, with no lock: for processes that work on different elements at the same time.
/// Python's `RawArray`.
///
/// Within a process Rust's rules hold: who has a slice to write to has the only one. A clone is another handle to the
/// same elements, and while there is one in the process, [`as_mut_slice`](Self::as_mut_slice) panics. A forked process
/// has a copy of each handle of its parent; if that is one, it may have a slice of its own to write to.
///
/// Between processes nobody keeps order. What one writes, others see, soon and in any order; to be sure, wait for the
/// process, or for an [`Event`](crate::Event) or a [`Barrier`](crate::Barrier). Two processes that write the same elements
/// at the same time, or one that reads what another writes, are for the caller to avoid: what is read then can be the
/// old value, the new one, or one made of bytes of both. Where that cannot be avoided, take an [`Array`](crate::Array).
///
/// # Examples
///
/// ```
/// use parcell::{Process, SharedArray};
///
/// let mut squares = SharedArray::<u64>::new(1000);
/// let process = Process::spawn(|| {
///     for (n, square) in squares.as_mut_slice().iter_mut().enumerate() {
///         *square = (n * n) as u64;
///     }
/// });
/// assert_eq!(process.join(), Ok(()));
/// assert_eq!(squares.as_slice()[999], 998_001);
/// ```
pub struct SharedArray<T> {
    plain: Plain<T>,
}

// Bounds on the functions, where the compiler explains what is missing.
impl<T> SharedArray<T> {
    /// `len` elements in shared memory, all zero. Memory is taken up only by what is written.
    ///
    /// # Panics
    ///
    /// If the system refuses the memory.
    #[must_use]
    #[track_caller]
    pub fn new(len: usize) -> Self
    where
        T: SharedData,
    {
        Self {
            plain: handle::created(Plain::create(KIND, len), "a shared array"),
        }
    }

    /// A copy of the elements, in shared memory.
    ///
    /// # Panics
    ///
    /// If the system refuses the memory.
    #[must_use]
    #[track_caller]
    pub fn from_slice(elements: &[T]) -> Self
    where
        T: SharedData,
    {
        let mut new = Self::new(elements.len());
        new.as_mut_slice().copy_from_slice(elements);
        new
    }
}

impl<T: SharedData> SharedArray<T> {
    /// The elements, to read.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        self.plain.as_slice()
    }

    /// The elements, to read and write.
    ///
    /// # Panics
    ///
    /// If this process has another handle to them: a clone, one that was sent here, or one that was sent from here and
    /// has not arrived yet.
    #[must_use]
    #[track_caller]
    pub fn as_mut_slice(&mut self) -> &mut [T] {
        only_slice(&mut self.plain, WHAT)
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.plain.len()
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Of the chunks of `chunk_len` elements that the array consists of (the last one may be shorter), the one with this
    /// index, to read and write.
    ///
    /// # Panics
    ///
    /// If there is no such chunk, or as [`as_mut_slice`](Self::as_mut_slice).
    #[track_caller]
    pub(crate) fn chunk_mut(&mut self, index: usize, chunk_len: usize) -> &mut [T] {
        let chunk = self.as_mut_slice().chunks_mut(chunk_len).nth(index);
        chunk.expect("the caller knows how many chunks there are")
    }
}

impl<T> Clone for SharedArray<T> {
    fn clone(&self) -> Self {
        Self {
            plain: self.plain.clone(),
        }
    }
}

impl<T: SharedData + fmt::Debug> fmt::Debug for SharedArray<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_slice().fmt(f)
    }
}

impl<T> Serialize for SharedArray<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        handle::serialize(self.plain.region(), serializer)
    }
}

impl<'de, T: SharedData> Deserialize<'de> for SharedArray<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let plain = deserialize_plain(KIND, WHAT, deserializer)?;
        Ok(Self { plain })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_are_disjoint_and_make_up_the_whole() {
        let mut array = SharedArray::<u8>::new(7);
        for index in 0..3 {
            array.chunk_mut(index, 3).fill(index as u8 + 1);
        }
        assert_eq!(array.as_slice(), [1, 1, 1, 2, 2, 2, 3]);
    }

    #[test]
    #[should_panic(expected = "the caller knows how many chunks there are")]
    fn there_are_no_more_chunks_than_that() {
        SharedArray::<u8>::new(6).chunk_mut(2, 3);
    }
}

//! Changing shared memory in place: each worker has chunks of it.

use std::cell::RefCell;

use super::Pool;
use crate::shared::{SharedArray, SharedData};

impl Pool {
    /// Calls `f` for each chunk of `chunk_len` elements (the last one may be shorter), with its index, for what it does to
    /// the elements. They are in memory that workers share with the caller, so nothing is copied or sent.
    ///
    /// # Panics
    ///
    /// If `chunk_len` is 0; as [`map`](Self::map) does, with the chunk's index as the item's; and as
    /// [`SharedArray::as_mut_slice`] does. What was changed before a failure stays changed, also in a chunk that is then
    /// [tried again](crate::PoolBuilder::retries).
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::{Pool, SharedArray};
    ///
    /// let mut numbers = SharedArray::from_slice(&[1.0, 2.0, 3.0, 4.0, 5.0]);
    /// Pool::new(2).for_each_chunk_mut(&mut numbers, 2, |index, chunk| {
    ///     chunk.iter_mut().for_each(|number| *number += 10.0 * index as f64);
    /// });
    /// assert_eq!(numbers.as_slice(), [1.0, 2.0, 13.0, 14.0, 25.0]);
    /// ```
    #[track_caller]
    pub fn for_each_chunk_mut<T, F>(&self, array: &mut SharedArray<T>, chunk_len: usize, f: F)
    where
        T: SharedData,
        F: Fn(usize, &mut [T]),
    {
        assert_ne!(chunk_len, 0, "a chunk has at least one element");
        // Another handle is the caller's mistake, and better told here than by each worker.
        let chunks = array.as_mut_slice().len().div_ceil(chunk_len);
        // Each worker has its own copy of the handle, and alone the chunks that it is given.
        let array = RefCell::new(array);
        // A second run would change the elements again.
        self.running_once().for_each(
            |index| f(index, array.borrow_mut().chunk_mut(index, chunk_len)),
            0..chunks,
        );
    }
}

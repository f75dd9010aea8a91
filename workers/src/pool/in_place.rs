//! Results where they are wanted: in shared memory that workers change, and in a slice of the caller's.

use std::cell::RefCell;

use super::Pool;
use super::work::{call_each, packing, panic_at_failure};
use crate::map::{Destination, OnFailure, ResultOrder, Terms};
use crate::message::Message;
use crate::shared::{SharedArray, SharedData};
use crate::sys::slots::Slots;

impl Pool {
    /// The function's results for all items, written to `results` in the items' order: for those who call it again and again,
    /// and want no new vector each time.
    ///
    /// # Panics
    ///
    /// If there are not as many results as items; and as [`map`](Self::map) does, when some of them may have been written.
    ///
    /// # Examples
    ///
    /// ```
    /// let mut squares = [0; 4];
    /// parcell::Pool::new(2).map_into(|n: u32| n * n, 1..=4, &mut squares);
    /// assert_eq!(squares, [1, 4, 9, 16]);
    /// ```
    #[track_caller]
    pub fn map_into<T, R, F, I>(&self, f: F, items: I, results: &mut [R])
    where
        F: Fn(T) -> R,
        I: IntoIterator<Item = T>,
        R: Message,
    {
        let items = Slots::full(items);
        let (count, room) = (items.len(), results.len());
        assert!(
            count == room,
            "each item needs a place for its result: there are {count} items and {room} places"
        );
        let mut account = Terms::of_items(OnFailure::Stop, ResultOrder::Items, packing::<R>()).account();
        let mut values = Destination::new(results);
        call_each::<T, R>(self, |item| Ok(f(item)), items, &mut values, &mut *account);
        panic_at_failure(&mut *account);
    }

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

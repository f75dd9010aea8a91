//! Changing memory in place that processes share: each worker has chunks of it.

use super::Pool;

/// Elements in memory that a forked process shares with its parent.
pub(crate) trait InPlace {
    /// One element.
    type Element;

    /// The number of elements.
    fn len(&self) -> usize;

    /// Of the chunks of `chunk_len` elements (the last one may be shorter), the one with this index.
    fn chunk_mut(&mut self, index: usize, chunk_len: usize) -> &mut [Self::Element];
}

impl Pool {
    /// Calls `f` for each chunk of the elements, with its index.
    #[track_caller]
    pub(crate) fn for_each_chunk_in_place<A, F>(&self, elements: &mut A, chunk_len: usize, f: F)
    where
        A: InPlace,
        F: Fn(usize, &mut [A::Element]),
    {
        assert_ne!(chunk_len, 0, "a chunk has at least one element");
        let chunks = elements.len().div_ceil(chunk_len);
        // A worker has its own copy of the handle, and is the only one with the chunks it is given.
        let elements = std::cell::RefCell::new(elements);
        self.for_each(|index| f(index, elements.borrow_mut().chunk_mut(index, chunk_len)), 0..chunks);
    }
}

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
    #[cfg_attr(not(test), expect(dead_code, reason = "it is for shared arrays"))]
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
        self.for_each(
            |index| f(index, elements.borrow_mut().chunk_mut(index, chunk_len)),
            0..chunks,
        );
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;
    use crate::sys::shared::SharedSlice;

    /// Atomics need no `mut`, but have the same form.
    struct Counters(SharedSlice<AtomicU64>, Vec<u64>);

    impl InPlace for Counters {
        type Element = u64;

        fn len(&self) -> usize {
            self.0.len()
        }

        fn chunk_mut(&mut self, index: usize, chunk_len: usize) -> &mut [u64] {
            let chunk = self.0.chunks(chunk_len).nth(index).unwrap();
            chunk
                .iter()
                .for_each(|counter| drop(counter.fetch_add(index as u64 + 1, Ordering::Relaxed)));
            &mut self.1[index * chunk_len..][..chunk.len()]
        }
    }

    #[test]
    fn each_chunk_is_changed_once() {
        let mut counters = Counters(SharedSlice::new(10).unwrap(), vec![0; 10]);
        let lengths = |index: usize, chunk: &mut [u64]| assert_eq!(chunk.len(), if index == 3 { 1 } else { 3 });
        Pool::new(2).for_each_chunk_in_place(&mut counters, 3, lengths);
        let seen: Vec<u64> = counters
            .0
            .iter()
            .map(|counter| counter.load(Ordering::Relaxed))
            .collect();
        assert_eq!(seen, [1, 1, 1, 2, 2, 2, 3, 3, 3, 4]);
    }

    #[test]
    #[should_panic(expected = "item 1 (pid ")]
    fn a_failure_names_the_chunk() {
        let mut counters = Counters(SharedSlice::new(10).unwrap(), vec![0; 10]);
        Pool::new(2).for_each_chunk_in_place(&mut counters, 3, |index, _: &mut [u64]| assert_ne!(index, 1));
    }
}

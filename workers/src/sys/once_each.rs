//! A list of which each element is taken once, in any order.

use std::mem::ManuallyDrop;

const BITS: usize = u64::BITS as usize;

/// The elements that are left. That one has been taken is noted down apart from it, so that a worker that takes elements
/// out of its copy of the list copies no memory of theirs.
pub(crate) struct OnceEach<T> {
    elements: Vec<ManuallyDrop<T>>,
    taken: Vec<u64>,
}

impl<T> OnceEach<T> {
    pub(crate) fn new(elements: impl IntoIterator<Item = T>) -> Self {
        let elements: Vec<ManuallyDrop<T>> = elements.into_iter().map(ManuallyDrop::new).collect();
        Self {
            taken: vec![0; elements.len().div_ceil(BITS)],
            elements,
        }
    }

    /// How many there are, or were.
    pub(crate) fn len(&self) -> usize {
        self.elements.len()
    }

    /// Takes one; None where it has been taken, or was never there.
    pub(crate) fn take(&mut self, index: usize) -> Option<T> {
        let element = self.elements.get_mut(index)?;
        let (word, bit) = (self.taken.get_mut(index / BITS)?, 1 << (index % BITS));
        if *word & bit != 0 {
            return None;
        }
        *word |= bit;
        // SAFETY: nobody has taken it, and nobody will: that is noted down.
        Some(unsafe { ManuallyDrop::take(element) })
    }
}

impl<T> Drop for OnceEach<T> {
    fn drop(&mut self) {
        if std::mem::needs_drop::<T>() {
            (0..self.len()).for_each(|index| drop(self.take(index)));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn each_is_taken_once() {
        let mut list = OnceEach::new(0..200);
        assert_eq!(list.len(), 200);
        for index in (0..200).rev() {
            assert_eq!((list.take(index), list.take(index)), (Some(index), None));
        }
        assert_eq!(list.take(200), None);
    }

    #[test]
    fn what_is_not_taken_is_dropped() {
        let count = Rc::new(());
        let mut list = OnceEach::new((0..100).map(|_| Rc::clone(&count)));
        let taken = list.take(64);
        drop(list);
        assert_eq!(Rc::strong_count(&count), 2);
        drop(taken);
        assert_eq!(Rc::strong_count(&count), 1);
    }
}

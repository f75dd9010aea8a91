//! A list of which each element is taken once, in any order.

use std::mem::ManuallyDrop;

const BITS: usize = u64::BITS as usize;

/// The elements that are left. That one has been taken is noted down apart from it, so that a worker that takes elements
/// out of its copy of the list copies no memory of theirs.
pub(crate) struct OnceEach<T> {
    elements: Vec<ManuallyDrop<T>>,
    taken: Taken,
}

/// Which have been taken; not generic, since what is generic is compiled with every cell that has a map.
struct Taken(Vec<u64>);

impl Taken {
    fn new(count: usize) -> Self {
        Self(vec![0; count.div_ceil(BITS)])
    }

    /// Notes down that one is taken; false where it was before, or there is none.
    fn take(&mut self, index: usize) -> bool {
        let Some(word) = self.0.get_mut(index / BITS) else {
            return false;
        };
        let bit = 1 << (index % BITS);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }
}

impl<T> OnceEach<T> {
    pub(crate) fn new(elements: impl IntoIterator<Item = T>) -> Self {
        let elements: Vec<ManuallyDrop<T>> = elements.into_iter().map(ManuallyDrop::new).collect();
        Self {
            taken: Taken::new(elements.len()),
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
        // SAFETY: nobody has taken it, and nobody will: that is noted down.
        self.taken.take(index).then(|| unsafe { ManuallyDrop::take(element) })
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

//! A list of places for values, each of which is given or taken by itself, in any order.

use std::alloc::{Layout, alloc_zeroed, handle_alloc_error};
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::ptr::NonNull;

use super::bits::Bits;
use super::vec_parts::VecParts;

/// Places for values of one type. Which of them hold one is noted down apart from them, so that a worker that takes values out
/// of its copy of a list copies no memory of theirs.
///
/// It owns what is in them, and is only a type around [`Places`]: what is generic is compiled with every cell that has a map.
pub(crate) struct Slots<T> {
    places: Places,
    owned: PhantomData<T>,
}

impl<T> Slots<T> {
    /// So many places without values. Their memory is not touched before it is written to.
    pub(crate) fn empty(count: usize) -> Self {
        Self::of(Places::empty(Layout::new::<T>(), dropping::<T>(), count))
    }

    /// A place for each value.
    pub(crate) fn full(values: impl IntoIterator<Item = T>) -> Self {
        let memory = VecParts::of(values.into_iter().collect::<Vec<T>>());
        Self::of(Places::full(Layout::new::<T>(), dropping::<T>(), memory))
    }

    fn of(places: Places) -> Self {
        Self {
            places,
            owned: PhantomData,
        }
    }

    /// How many places there are.
    pub(crate) fn len(&self) -> usize {
        self.places.holds.count
    }

    /// Takes the value of a place; None where it holds none, or there is no such place.
    pub(crate) fn take(&mut self, index: usize) -> Option<T> {
        let place = self.places.take(index)?;
        // SAFETY: the place is one for a `T` and held a value. It is noted down that it does no longer.
        Some(unsafe { place.cast::<T>().read() })
    }

    /// Gives a place a value, in the stead of one that it may hold.
    ///
    /// # Panics
    ///
    /// If there is no such place.
    pub(crate) fn set(&mut self, index: usize, value: T) {
        let place = self.places.give(index);
        // SAFETY: the place is one for a `T`, of which nobody knows but this list, and holds none.
        unsafe { place.cast::<T>().write(value) };
    }

    /// Gives the places from `at` on the values that these bytes are. What is beyond the end, and half a value, is left out.
    pub(crate) fn set_bytes(&mut self, _: Bits<T>, at: usize, bytes: &[u8]) {
        // SAFETY: any bytes are values of this type.
        unsafe { self.places.give_bytes(at, bytes) };
    }

    /// The values; None where a place holds none.
    pub(crate) fn into_vec(mut self) -> Option<Vec<T>> {
        let memory = self.places.release()?;
        // SAFETY: it is the memory of a vector, or was allocated as one for so many elements of the type; each is valid.
        // Nobody else has it any more.
        Some(unsafe { memory.into_vec() })
    }

    /// The values of these places, one behind the other; None where a place holds none, or is asked for twice.
    pub(crate) fn into_vec_of(self, order: &[usize]) -> Option<Vec<T>> {
        Self::of(self.places.in_order(order)?).into_vec()
    }
}

/// What makes an end of values of this type, where that takes something.
fn dropping<T>() -> Option<unsafe fn(NonNull<u8>)> {
    unsafe fn drop_one<T>(place: NonNull<u8>) {
        // SAFETY: that is what the caller promises.
        unsafe { place.cast::<T>().drop_in_place() };
    }
    std::mem::needs_drop::<T>().then_some(drop_one::<T>)
}

/// Places for values of a type that is not known.
struct Places {
    memory: VecParts,
    element: Layout,
    /// The pointer is to a place that holds a value, and does not afterwards.
    dropping: Option<unsafe fn(NonNull<u8>)>,
    /// Which places hold a value; there are no more of them than there is capacity.
    holds: Marks,
}

impl Places {
    fn empty(element: Layout, dropping: Option<unsafe fn(NonNull<u8>)>, count: usize) -> Self {
        let memory = VecParts {
            start: allocate(element, count),
            length: count,
            capacity: count,
        };
        Self {
            memory,
            element,
            dropping,
            holds: Marks::none(count),
        }
    }

    fn full(element: Layout, dropping: Option<unsafe fn(NonNull<u8>)>, memory: VecParts) -> Self {
        Self {
            holds: Marks::all(memory.length),
            memory,
            element,
            dropping,
        }
    }

    /// Where a value lies that is not held any more; None where there was none.
    // Small, and what each item of a map begins with.
    #[inline]
    fn take(&mut self, index: usize) -> Option<NonNull<u8>> {
        self.holds.remove(index).then(|| self.place(index))
    }

    /// Where a value is to be written that is held from now on.
    fn give(&mut self, index: usize) -> NonNull<u8> {
        let count = self.holds.count;
        assert!(index < count, "there is no place {index} among {count}");
        self.drop_value(index);
        self.holds.add(index);
        self.place(index)
    }

    /// # Safety
    ///
    /// Any bytes are values of the type.
    unsafe fn give_bytes(&mut self, at: usize, bytes: &[u8]) {
        let size = self.element.size();
        let room = self.holds.count.saturating_sub(at);
        let count = bytes.len().checked_div(size).unwrap_or(room).min(room);
        if count == 0 {
            return;
        }
        // SAFETY: there are so many places from there on, and so many bytes. They are no part of what is borrowed here.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), self.place(at).as_ptr(), count * size) };
        self.holds.add_all(at, count);
    }

    /// Hands the memory over, if all places hold a value; there are no places then.
    fn release(&mut self) -> Option<VecParts> {
        if !self.holds.are_all() {
            return None;
        }
        self.holds = Marks::none(0);
        Some(std::mem::replace(&mut self.memory, VecParts::of(Vec::<u8>::new())))
    }

    /// Other places, with the values of these.
    fn in_order(mut self, order: &[usize]) -> Option<Self> {
        let mut others = Self::empty(self.element, self.dropping, order.len());
        for (index, &from) in order.iter().enumerate() {
            let from = self.take(from)?;
            // SAFETY: both are places for one element, in memory of different lists. Who held the value does not any more.
            unsafe { std::ptr::copy_nonoverlapping(from.as_ptr(), others.give(index).as_ptr(), self.element.size()) };
        }
        Some(others)
    }

    fn drop_value(&mut self, index: usize) {
        if let Some(dropping) = self.dropping
            && let Some(place) = self.take(index)
        {
            // SAFETY: a value is there, and it is noted down that it is no longer held.
            unsafe { dropping(place) };
        }
    }

    /// The place of an element that there is.
    #[inline]
    fn place(&self, index: usize) -> NonNull<u8> {
        // SAFETY: it is within the memory, or at its beginning where elements have no size.
        unsafe { self.memory.start.add(index * self.element.size()) }
    }
}

impl Drop for Places {
    fn drop(&mut self) {
        if self.dropping.is_some() {
            (0..self.holds.count).for_each(|index| self.drop_value(index));
        }
        // SAFETY: it is the memory of a vector of such elements, or was allocated as one, and is not used after this.
        unsafe { self.memory.free(self.element) };
    }
}

/// Memory of zeros for so many elements.
fn allocate(element: Layout, count: usize) -> NonNull<u8> {
    let Some(layout) = layout(element, count) else {
        // Aligned, as a vector without memory has it.
        return NonNull::without_provenance(NonZeroUsize::new(element.align()).unwrap_or(NonZeroUsize::MIN));
    };
    // SAFETY: the layout has a size.
    let start = unsafe { alloc_zeroed(layout) };
    NonNull::new(start).unwrap_or_else(|| handle_alloc_error(layout))
}

/// That of so many elements; None where they take no memory.
fn layout(element: Layout, count: usize) -> Option<Layout> {
    let size = element.size().checked_mul(count).expect(FITS);
    let layout = Layout::from_size_align(size, element.align()).expect(FITS);
    (size > 0).then_some(layout)
}

const FITS: &str = "no list has more elements than there are addresses";

const BITS: usize = u64::BITS as usize;

/// Which of so many are marked.
struct Marks {
    /// A bit for each that is not as all were at first. So nothing is written before the first of them changes: memory that is not
    /// touched before a fork need not be copied after it.
    changed: Vec<u64>,
    all_at_first: bool,
    count: usize,
}

impl Marks {
    fn none(count: usize) -> Self {
        Self::at_first(false, count)
    }

    fn all(count: usize) -> Self {
        Self::at_first(true, count)
    }

    fn at_first(all_at_first: bool, count: usize) -> Self {
        Self {
            changed: vec![0; count.div_ceil(BITS)],
            all_at_first,
            count,
        }
    }

    fn are_all(&self) -> bool {
        let changed: usize = self.changed.iter().map(|word| word.count_ones() as usize).sum();
        changed == if self.all_at_first { 0 } else { self.count }
    }

    fn add(&mut self, index: usize) {
        self.add_all(index, 1);
    }

    /// Marks so many from the first one on.
    fn add_all(&mut self, first: usize, count: usize) {
        let mut next = first;
        while next < first + count {
            let within = next % BITS;
            let marked = (BITS - within).min(first + count - next);
            let bits = (u64::MAX >> (BITS - marked)) << within;
            let word = &mut self.changed[next / BITS];
            *word = if self.all_at_first { *word & !bits } else { *word | bits };
            next += marked;
        }
    }

    /// Whether it was marked, which it is no longer.
    #[inline]
    fn remove(&mut self, index: usize) -> bool {
        let Some(word) = self.changed.get_mut(index / BITS).filter(|_| index < self.count) else {
            return false;
        };
        let bit = 1 << (index % BITS);
        let was_marked = (*word & bit != 0) != self.all_at_first;
        if was_marked {
            *word ^= bit;
        }
        was_marked
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn each_is_taken_once() {
        let mut list = Slots::full(0..200);
        assert_eq!(list.len(), 200);
        for index in (0..200).rev() {
            assert_eq!((list.take(index), list.take(index)), (Some(index), None));
        }
        assert_eq!(list.take(200), None);
        assert_eq!(list.take(201), None);
    }

    #[test]
    fn what_is_given_is_there_in_any_order() {
        for count in [0, 1, 63, 64, 65, 200] {
            let mut list = Slots::empty(count);
            for index in (0..count).rev() {
                list.set(index, index.to_string());
            }
            let expected: Vec<_> = (0..count).map(|index| index.to_string()).collect();
            assert_eq!(list.into_vec(), Some(expected));
        }
    }

    #[test]
    fn a_list_with_a_hole_is_no_vector() {
        let mut list = Slots::full(["a".to_owned(), "b".to_owned()]);
        list.take(1);
        assert_eq!(list.into_vec(), None);
        assert_eq!(Slots::<u8>::empty(3).into_vec(), None);
    }

    #[test]
    fn another_order_takes_each_once() {
        let letters = || Slots::full(["a", "b", "c"].map(str::to_owned));
        let expected = ["c", "a", "b"].map(str::to_owned);
        assert_eq!(letters().into_vec_of(&[2, 0, 1]).unwrap(), expected);
        assert_eq!(letters().into_vec_of(&[1]).unwrap(), ["b"]);
        assert_eq!(letters().into_vec_of(&[1, 1]), None);
        assert_eq!(letters().into_vec_of(&[3]), None);
    }

    #[test]
    fn bytes_are_values_where_there_is_room() {
        let mut list = Slots::<u16>::empty(3);
        let bits = Bits::of().unwrap();
        list.set_bytes(bits, 1, &[1, 1, 2, 2, 3, 3]);
        list.set_bytes(bits, 7, &[9, 9]);
        list.set_bytes(bits, 0, &[9]);
        assert_eq!(list.take(0), None);
        list.set_bytes(bits, 0, &[0, 1, 9]);
        assert_eq!(list.into_vec(), Some(vec![u16::from_ne_bytes([0, 1]), 0x0101, 0x0202]));
    }

    #[test]
    fn marks_of_many_are_those_of_each() {
        for (first, count) in [
            (0, 0),
            (0, 1),
            (0, 64),
            (0, 65),
            (3, 61),
            (3, 62),
            (63, 2),
            (60, 200),
            (256, 1),
        ] {
            for new in [Marks::none, Marks::all] {
                let (mut at_once, mut each) = (new(300), new(300));
                (0..300).for_each(|index| assert_eq!(at_once.remove(index), each.remove(index)));
                at_once.add_all(first, count);
                (first..first + count).for_each(|index| each.add(index));
                assert_eq!(at_once.changed, each.changed, "{count} from {first}");
                let marked: Vec<_> = (0..301).filter(|index| at_once.remove(*index)).collect();
                assert_eq!(marked, (first..first + count).collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn values_without_a_size_are_counted() {
        let mut list = Slots::full([(); 3]);
        assert_eq!((list.take(1), list.take(1)), (Some(()), None));
        list.set(1, ());
        assert_eq!(list.into_vec(), Some(vec![(); 3]));
    }

    #[test]
    fn each_value_is_dropped_once() {
        let counted = Rc::new(());
        let alive = || Rc::strong_count(&counted) - 1;
        let mut list = Slots::full((0..100).map(|_| Rc::clone(&counted)));
        let taken = list.take(64);
        list.set(3, Rc::clone(&counted));
        assert_eq!(alive(), 100);
        drop(list);
        assert_eq!(alive(), 1);
        drop(taken);
        let mut list = Slots::empty(100);
        list.set(7, Rc::clone(&counted));
        list.set(7, Rc::clone(&counted));
        assert_eq!(alive(), 1);
        assert_eq!(list.into_vec_of(&[7, 8]), None);
        assert_eq!(alive(), 0);
        let list = Slots::full([Rc::clone(&counted), Rc::clone(&counted)]);
        drop(list.into_vec_of(&[1]));
        assert_eq!(alive(), 0);
    }

    #[test]
    #[should_panic(expected = "there is no place 3 among 3")]
    fn there_is_no_place_beyond_the_end() {
        Slots::empty(3).set(3, 'x');
    }
}

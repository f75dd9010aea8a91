//! Values that are nothing but bits, written and read as they lie in memory, for code that does not know that its types
//! are those: it is found out by comparing type identities, as in [`bulk`].

use std::any::TypeId;
use std::marker::PhantomData;
use std::num::NonZeroUsize;
use std::slice;

use super::bulk::{self, Number};

/// That `T` is a number, or an array of numbers: all its bytes are initialized, and any bytes are one.
pub(crate) struct Bits<T>(PhantomData<fn() -> T>);

impl<T> Clone for Bits<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Bits<T> {}

impl<T> Bits<T> {
    /// None where it is not.
    pub(crate) fn of() -> Option<Self> {
        is_of_bits(typeid::of::<slice::Iter<'_, T>>()).then_some(Self(PhantomData))
    }

    /// How many bytes a value has.
    pub(crate) fn size(self) -> NonZeroUsize {
        // There are no arrays without elements among them.
        NonZeroUsize::new(size_of::<T>()).unwrap_or(NonZeroUsize::MIN)
    }

    /// Appends the bytes of a value.
    pub(crate) fn append(self, value: &T, bytes: &mut Vec<u8>) {
        if bytes.capacity() - bytes.len() < size_of::<T>() {
            make_room(bytes, size_of::<T>());
        }
        let end = bytes.len();
        // SAFETY: there is room for the memory of one value, all of whose bytes are initialized. The vector's own memory is
        // not what is borrowed.
        unsafe {
            let place = bytes.as_mut_ptr().add(end);
            std::ptr::copy_nonoverlapping(std::ptr::from_ref(value).cast(), place, size_of::<T>());
            bytes.set_len(end + size_of::<T>());
        }
    }

    /// The value that these bytes are; None where they are fewer or more.
    pub(crate) fn read(self, bytes: &[u8]) -> Option<T> {
        // SAFETY: there are as many bytes as a value has, and any are one.
        (bytes.len() == size_of::<T>()).then(|| unsafe { bytes.as_ptr().cast::<T>().read_unaligned() })
    }

    /// Writes the bytes of whole values over those from `at` on. What is beyond the end, and half a value, is left out.
    pub(crate) fn write(self, values: &mut [T], at: usize, bytes: &[u8]) {
        let room = values.get_mut(at..).unwrap_or_default();
        let length = whole(bytes, size_of_val(room), size_of::<T>());
        // SAFETY: there is room for as many bytes, which are whole values, and any bytes are values. What is borrowed to be
        // changed is not what is read.
        unsafe { std::ptr::copy_nonoverlapping(bytes.as_ptr(), room.as_mut_ptr().cast(), length) };
    }
}

// What follows is not generic, since what is generic is compiled with every cell that has a map.

/// Whether the elements that an iterator of a slice goes over are nothing but bits, by the identity of its type.
fn is_of_bits(iter: TypeId) -> bool {
    // Not every byte is a `bool`, and not every number a `char`.
    bulk::shape_of_iter(iter).is_some_and(|shape| !matches!(shape.number, Number::Bool | Number::Char))
}

#[cold]
fn make_room(bytes: &mut Vec<u8>, size: usize) {
    bytes.reserve(size);
}

/// How many of the bytes are whole values for which there is room.
fn whole(bytes: &[u8], room: usize, size: usize) -> usize {
    let most = bytes.len().min(room);
    most - most % size.max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_arrays_of_them_are_bits() {
        assert_eq!(Bits::<u64>::of().unwrap().size().get(), 8);
        assert_eq!(Bits::<[f32; 3]>::of().unwrap().size().get(), 12);
        assert!(Bits::<bool>::of().is_none() && Bits::<char>::of().is_none());
        assert!(Bits::<(u8, u8)>::of().is_none() && Bits::<&u8>::of().is_none());
        assert!(Bits::<()>::of().is_none() && Bits::<[u8; 0]>::of().is_none());
    }

    #[test]
    fn what_is_written_is_read() {
        let bits = Bits::<[i16; 2]>::of().unwrap();
        let mut bytes = vec![9];
        bits.append(&[-1, 700], &mut bytes);
        assert_eq!(bits.read(&bytes[1..]), Some([-1, 700]));
        assert_eq!(bits.read(&bytes), None);
        let mut values = [[0; 2]; 3];
        assert_eq!(values, [[0, 0]; 3]);
        bits.write(&mut values, 1, &bytes[1..]);
        assert_eq!(values, [[0, 0], [-1, 700], [0, 0]]);
    }

    #[test]
    fn nothing_is_written_beyond_the_end() {
        let bits = Bits::<u16>::of().unwrap();
        let mut values = [0; 2];
        bits.write(&mut values, 1, &[1, 1, 1, 1, 1]);
        bits.write(&mut values, 7, &[1, 1]);
        assert_eq!(values, [0, 0x0101]);
    }
}

//! Vectors of numbers whose type only their shape tells: so they go from one process to another as they lie in memory, without
//! being copied into messages and out of them.

use std::alloc::{Layout, alloc};
use std::any::TypeId;
use std::fmt;
use std::io;
use std::mem::{ManuallyDrop, MaybeUninit};
use std::ptr::{self, NonNull};
use std::slice;
use std::sync::LazyLock;

use bytemuck::AnyBitPattern;

use super::bulk::{Number, Shape};
use super::huge_pages;
use super::vec_parts::VecParts;

/// A `Vec` or a boxed slice of numbers, any bytes of which are numbers.
pub(crate) struct BulkVec {
    kind: &'static Kind,
    memory: VecParts,
}

// SAFETY: these are numbers, which belong to no thread, and change only where they are borrowed for that.
unsafe impl Send for BulkVec {}
// SAFETY: as above.
unsafe impl Sync for BulkVec {}

impl BulkVec {
    /// The value, if it is one with so many bytes at least.
    pub(crate) fn of<T>(value: T, least: usize) -> Result<Self, T> {
        let Some((kind, form)) = kind_of::<T>() else {
            return Err(value);
        };
        let mut value = ManuallyDrop::new(value);
        // SAFETY: the value is of the type that the functions are for, and is not used again once it has been taken.
        unsafe {
            let place = NonNull::from(&mut *value).cast();
            if (form.length)(place) * kind.element.size() < least {
                return Err(ManuallyDrop::into_inner(value));
            }
            let memory = (form.take)(place);
            Ok(Self { kind, memory })
        }
    }

    /// The value that it is; itself where it is another.
    pub(crate) fn into<T>(self) -> Result<T, Self> {
        let form = match kind_of::<T>() {
            Some((kind, form)) if ptr::eq(kind, self.kind) => form,
            _ => return Err(self),
        };
        let mut value = MaybeUninit::<T>::uninit();
        // SAFETY: `T` is the type that the function is for, which makes one. The memory is such a vector's, and nobody
        // else's any more.
        unsafe {
            (form.put)(self.release(), NonNull::from(&mut value).cast());
            Ok(value.assume_init())
        }
    }

    /// One of so many bytes, which `read` reads: the beginning of what it is given, each time, of which it returns what it has
    /// read; where it was interrupted, again. An error where that is nothing, and where there is no such vector.
    pub(crate) fn read(
        shape: Shape,
        bytes: usize,
        mut read: impl for<'a> FnMut(usize, &'a mut [MaybeUninit<u8>]) -> io::Result<&'a mut [u8]>,
    ) -> io::Result<Self> {
        let kind = KINDS.iter().find(|kind| is_of(kind, shape));
        let kind = kind.filter(|kind| bytes > 0 && bytes.is_multiple_of(kind.element.size()));
        let mut vec = Self::with_room(kind.ok_or(io::ErrorKind::InvalidData)?, bytes)?;
        // SAFETY: the memory has room for as many bytes, and is nobody else's.
        let room = unsafe { slice::from_raw_parts_mut(vec.memory.start.as_ptr().cast::<MaybeUninit<u8>>(), bytes) };
        huge_pages::prefer(room);
        let mut done = 0;
        while done < bytes {
            let rest = &mut room[done..];
            let start = rest.as_ptr().cast();
            let now = match read(done, rest) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            if now.is_empty() {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            assert!(ptr::eq(now.as_ptr(), start), "it has been read somewhere else");
            done += now.len();
        }
        vec.memory.length = bytes / kind.map_or(1, |kind| kind.element.size());
        Ok(vec)
    }

    fn with_room(kind: &'static Kind, bytes: usize) -> io::Result<Self> {
        let layout = Layout::from_size_align(bytes, kind.element.align()).map_err(|_| io::ErrorKind::OutOfMemory)?;
        // SAFETY: it has a size.
        let start = NonNull::new(unsafe { alloc(layout) }).ok_or(io::ErrorKind::OutOfMemory)?;
        let memory = VecParts {
            start,
            length: 0,
            capacity: bytes / kind.element.size(),
        };
        Ok(Self { kind, memory })
    }

    pub(crate) fn shape(&self) -> Shape {
        Shape {
            number: self.kind.number,
            outer: 0,
            inner: 0,
        }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        // SAFETY: so many elements are there, of which all bytes are initialized.
        unsafe {
            slice::from_raw_parts(
                self.memory.start.as_ptr(),
                self.memory.length * self.kind.element.size(),
            )
        }
    }

    fn release(self) -> VecParts {
        let this = ManuallyDrop::new(self);
        VecParts { ..this.memory }
    }
}

impl Drop for BulkVec {
    fn drop(&mut self) {
        // SAFETY: it is the memory of such a vector, or was allocated as one, and is not used after this.
        unsafe { self.memory.free(self.kind.element) };
    }
}

impl fmt::Debug for BulkVec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (number, length) = (self.kind.number, self.memory.length);
        write!(f, "{length} of {number:?}")
    }
}

/// What elements there are, and what is to be known of them.
struct Kind {
    number: Number,
    element: Layout,
    vec: Form,
    boxed: Form,
}

/// A type of values with such elements.
///
/// # Safety
///
/// The pointers are to a value of this type, or to the place for one; after `take` there is none any more. What is put there is
/// memory that a vector of the same elements has had.
struct Form {
    type_: TypeId,
    length: unsafe fn(NonNull<()>) -> usize,
    take: unsafe fn(NonNull<()>) -> VecParts,
    put: unsafe fn(VecParts, NonNull<()>),
}

static KINDS: LazyLock<[Kind; 14]> = LazyLock::new(|| {
    [
        Kind::of::<u8>(Number::U8),
        Kind::of::<u16>(Number::U16),
        Kind::of::<u32>(Number::U32),
        Kind::of::<u64>(Number::U64),
        Kind::of::<u128>(Number::U128),
        Kind::of::<usize>(Number::Usize),
        Kind::of::<i8>(Number::I8),
        Kind::of::<i16>(Number::I16),
        Kind::of::<i32>(Number::I32),
        Kind::of::<i64>(Number::I64),
        Kind::of::<i128>(Number::I128),
        Kind::of::<isize>(Number::Isize),
        Kind::of::<f32>(Number::F32),
        Kind::of::<f64>(Number::F64),
    ]
});

fn is_of(kind: &Kind, shape: Shape) -> bool {
    shape.outer == 0 && shape.number == kind.number
}

/// Which one it is, by the identity of the type, in which there is no lifetime.
fn kind_of<T>() -> Option<(&'static Kind, &'static Form)> {
    let is_large_enough = size_of::<T>() == size_of::<Vec<u8>>() || size_of::<T>() == size_of::<Box<[u8]>>();
    if is_large_enough { find(typeid::of::<T>()) } else { None }
}

// Not generic, since what is generic is compiled with every cell that has a call.
fn find(type_: TypeId) -> Option<(&'static Kind, &'static Form)> {
    KINDS.iter().find_map(|kind| {
        let form = [&kind.vec, &kind.boxed].into_iter().find(|form| form.type_ == type_)?;
        Some((kind, form))
    })
}

impl Kind {
    fn of<E: AnyBitPattern>(number: Number) -> Self {
        Self {
            number,
            element: Layout::new::<E>(),
            vec: Form {
                type_: TypeId::of::<Vec<E>>(),
                length: |place| {
                    // SAFETY: it is to such a value.
                    unsafe { place.cast::<Vec<E>>().as_ref().len() }
                },
                take: |place| {
                    // SAFETY: it is to such a value, which is not used again.
                    VecParts::of(unsafe { place.cast::<Vec<E>>().read() })
                },
                put: |memory, place| {
                    // SAFETY: it is to a place for one, and it is the memory of one.
                    unsafe { place.cast::<Vec<E>>().write(memory.into_vec()) }
                },
            },
            boxed: Form {
                type_: TypeId::of::<Box<[E]>>(),
                length: |place| {
                    // SAFETY: it is to such a value.
                    unsafe { place.cast::<Box<[E]>>().as_ref().len() }
                },
                take: |place| {
                    // SAFETY: it is to such a value, which is not used again.
                    VecParts::of(unsafe { place.cast::<Box<[E]>>().read() }.into_vec())
                },
                put: |memory, place| {
                    // SAFETY: it is to a place for one, and it is the memory of a vector of the same elements.
                    unsafe {
                        place
                            .cast::<Box<[E]>>()
                            .write(memory.into_vec::<E>().into_boxed_slice())
                    }
                },
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const F64: Shape = Shape {
        number: Number::F64,
        outer: 0,
        inner: 0,
    };

    fn read(shape: Shape, bytes: &[u8], at_once: usize) -> io::Result<BulkVec> {
        BulkVec::read(shape, bytes.len(), |done, room| {
            let now = at_once.min(room.len());
            Ok(room[..now].write_copy_of_slice(&bytes[done..done + now]))
        })
    }

    #[test]
    fn vectors_and_boxed_slices_become_themselves_again() {
        let mut numbers = Vec::with_capacity(10);
        numbers.extend([1.5, 2.5]);
        let start = numbers.as_ptr();
        let vec = BulkVec::of(numbers, 16).unwrap();
        assert_eq!((vec.shape(), vec.bytes().len()), (F64, 16));
        let numbers: Vec<f64> = vec.into().unwrap();
        assert_eq!((numbers.as_ptr(), numbers.capacity()), (start, 10));
        assert_eq!(numbers, [1.5, 2.5]);
        let boxed: Box<[f64]> = BulkVec::of(numbers, 0).unwrap().into().unwrap();
        assert_eq!(*boxed, [1.5, 2.5]);
        let numbers: Vec<f64> = BulkVec::of(boxed, 0).unwrap().into().unwrap();
        assert_eq!(numbers, [1.5, 2.5]);
        let none = BulkVec::of(Vec::<u8>::new(), 0).unwrap();
        assert!(none.into::<Vec<u8>>().unwrap().is_empty());
    }

    #[test]
    fn what_is_short_or_something_else_comes_back() {
        assert_eq!(BulkVec::of(vec![1u8, 2], 3).unwrap_err(), [1, 2]);
        assert_eq!(BulkVec::of(vec![true], 0).unwrap_err(), [true]);
        assert_eq!(BulkVec::of(vec!['a'], 0).unwrap_err(), ['a']);
        assert_eq!(BulkVec::of("text".to_owned(), 0).unwrap_err(), "text");
        assert_eq!(BulkVec::of(7, 0).unwrap_err(), 7);
        let vec = BulkVec::of(vec![1u64], 0).unwrap();
        let vec = vec.into::<Vec<i64>>().unwrap_err();
        let vec = vec.into::<String>().unwrap_err();
        assert_eq!(vec.into::<Vec<u64>>().unwrap(), [1]);
    }

    #[test]
    fn what_is_read_in_pieces_is_whole() {
        let numbers = [1.0, -0.0, f64::MAX];
        let bytes: &[u8] = bytemuck::cast_slice(&numbers);
        for at_once in [1, 7, 24] {
            let vec = read(F64, bytes, at_once).unwrap();
            assert_eq!(vec.bytes(), bytes);
            assert_eq!(vec.into::<Vec<f64>>().unwrap(), numbers);
        }
    }

    #[test]
    fn what_cannot_be_is_an_error() {
        let bytes = [0; 24];
        assert!(read(F64, &bytes[..23], 8).is_err(), "half a number");
        assert!(read(F64, &[], 8).is_err(), "nothing");
        assert!(read(F64, &bytes, 0).is_err(), "nothing more comes");
        let bools = Shape {
            number: Number::Bool,
            ..F64
        };
        assert!(read(bools, &bytes, 8).is_err());
        assert!(read(Shape { outer: 3, ..F64 }, &bytes, 8).is_err());
    }
}

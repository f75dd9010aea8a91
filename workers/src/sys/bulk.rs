//! Slices of numbers as bytes, and vectors of numbers made from bytes, for code that does not know that its types are
//! those: it is found out by comparing type identities.

use std::any::TypeId;
use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::mem::{ManuallyDrop, MaybeUninit};
use std::slice;
use std::sync::LazyLock;

use bytemuck::{CheckedBitPattern, NoUninit};

use super::huge_pages;

/// The primitive types that are written as they lie in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(crate) enum Number {
    U8,
    U16,
    U32,
    U64,
    U128,
    Usize,
    I8,
    I16,
    I32,
    I64,
    I128,
    Isize,
    F32,
    F64,
    Bool,
    Char,
}

impl Number {
    const ALL: [Self; 16] = [
        Self::U8,
        Self::U16,
        Self::U32,
        Self::U64,
        Self::U128,
        Self::Usize,
        Self::I8,
        Self::I16,
        Self::I32,
        Self::I64,
        Self::I128,
        Self::Isize,
        Self::F32,
        Self::F64,
        Self::Bool,
        Self::Char,
    ];

    /// The size of one, in bytes.
    pub(crate) fn size(self) -> usize {
        match self {
            Self::U8 | Self::I8 | Self::Bool => 1,
            Self::U16 | Self::I16 => 2,
            Self::U32 | Self::I32 | Self::F32 | Self::Char => 4,
            Self::U64 | Self::I64 | Self::F64 => 8,
            Self::Usize | Self::Isize => size_of::<usize>(),
            Self::U128 | Self::I128 => 16,
        }
    }
}

/// What the elements of a slice are: numbers, arrays of them, or arrays of arrays of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Shape {
    pub(crate) number: Number,
    /// The length of the arrays that are elements; 0 where numbers are.
    pub(crate) outer: u8,
    /// The length of the arrays in these; 0 where these hold numbers.
    pub(crate) inner: u8,
}

impl Shape {
    /// The size of an element, in bytes; never 0.
    pub(crate) fn size(self) -> usize {
        self.number.size() * usize::from(self.outer.max(1)) * usize::from(self.inner.max(1))
    }

    pub(crate) fn to_bytes(self) -> [u8; 3] {
        [self.number as u8, self.outer, self.inner]
    }

    pub(crate) fn from_bytes([number, outer, inner]: [u8; 3]) -> Option<Self> {
        let number = *Number::ALL.get(usize::from(number))?;
        (outer > 0 || inner == 0).then_some(Self { number, outer, inner })
    }
}

/// The memory that `iter` goes over, if it is the iterator of a slice of numbers, or of arrays of them.
pub(crate) fn view<I>(iter: &I) -> Option<(Shape, &[u8])> {
    if size_of::<I>() != size_of::<slice::Iter<'_, u8>>() {
        return None;
    }
    let element = element_of_iter(typeid::of::<I>())?;
    // SAFETY: the identities are equal, so `I` is the iterator that the function is for: its only lifetime, which
    // identities do not tell apart, is that of the slice. The slice lives longer than the borrow of the iterator.
    Some((element.shape, unsafe {
        &*(element.view)(std::ptr::from_ref(iter).cast())
    }))
}

/// What the elements are that an iterator of a slice goes over, by the identity of its type, if they are numbers, or arrays of
/// them.
pub(crate) fn shape_of_iter(iter: TypeId) -> Option<Shape> {
    Some(element_of_iter(iter)?.shape)
}

/// Makes a `T` from the memory of a slice, if it is a `Vec` or a boxed slice of such elements. `Err` where the bytes
/// hold something that the elements cannot be, or half an element.
pub(crate) fn collect<T>(shape: Shape, bytes: &[u8]) -> Option<Result<T, InvalidElements>> {
    let make = maker_of(typeid::of::<T>(), shape)?;
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: the identities are equal, and no lifetime is in the type, so `T` is the type that the function makes. It
    // has made one if it says so.
    Some(unsafe { make(bytes, value.as_mut_ptr().cast()).map(|()| value.assume_init()) })
}

/// Bytes that are not a whole number of valid elements.
#[derive(Debug, PartialEq)]
pub(crate) struct InvalidElements;

/// ElementTypes whose slices can be viewed, and whose vectors be made.
struct Element {
    shape: Shape,
    iter: TypeId,
    vec: TypeId,
    boxed: TypeId,
    /// # Safety
    ///
    /// The pointer is to an iterator of the type `iter`; the result is valid while its slice is.
    view: unsafe fn(*const ()) -> *const [u8],
    make_vec: Make,
    make_boxed: Make,
}

/// Makes a value at the pointer if it is a success.
///
/// # Safety
///
/// The pointer is valid for writing a value of the type that is made.
type Make = unsafe fn(&[u8], *mut ()) -> Result<(), InvalidElements>;

impl Element {
    fn of<E: NoUninit + CheckedBitPattern + 'static>(number: Number, outer: u8, inner: u8) -> Self {
        Self {
            shape: Shape { number, outer, inner },
            iter: TypeId::of::<slice::Iter<'static, E>>(),
            vec: TypeId::of::<Vec<E>>(),
            boxed: TypeId::of::<Box<[E]>>(),
            view: view_elements::<E>,
            make_vec: make_vec::<E>,
            make_boxed: make_boxed::<E>,
        }
    }
}

unsafe fn view_elements<E: NoUninit>(iter: *const ()) -> *const [u8] {
    // SAFETY: that is what the caller promises.
    let iter = unsafe { &*iter.cast::<slice::Iter<'_, E>>() };
    bytemuck::cast_slice::<E, u8>(iter.as_slice())
}

unsafe fn make_vec<E: CheckedBitPattern + 'static>(bytes: &[u8], place: *mut ()) -> Result<(), InvalidElements> {
    let vec = vec_of::<E>(bytes)?;
    // SAFETY: that is what the caller promises.
    unsafe { place.cast::<Vec<E>>().write(vec) };
    Ok(())
}

unsafe fn make_boxed<E: CheckedBitPattern + 'static>(bytes: &[u8], place: *mut ()) -> Result<(), InvalidElements> {
    let boxed = vec_of::<E>(bytes)?.into_boxed_slice();
    // SAFETY: that is what the caller promises.
    unsafe { place.cast::<Box<[E]>>().write(boxed) };
    Ok(())
}

fn vec_of<E: CheckedBitPattern + 'static>(bytes: &[u8]) -> Result<Vec<E>, InvalidElements> {
    let count = bytes.len() / size_of::<E>();
    if count * size_of::<E>() != bytes.len() {
        return Err(InvalidElements);
    }
    let mut vec = Vec::<E::Bits>::with_capacity(count);
    huge_pages::prefer(vec.spare_capacity_mut());
    // SAFETY: the new vector has room for as many bytes as are copied, which are whole elements. Whatever bytes they
    // are, they are valid `Bits`.
    unsafe {
        std::ptr::copy_nonoverlapping(bytes.as_ptr(), vec.as_mut_ptr().cast(), bytes.len());
        vec.set_len(count);
    }
    // Most elements can be any bits; looking at each of them would take its time without optimization.
    if TypeId::of::<E>() != TypeId::of::<E::Bits>() && !vec.chunks(CHECKED_AT_ONCE).all(are_valid::<E>) {
        return Err(InvalidElements);
    }
    let mut vec = ManuallyDrop::new(vec);
    // SAFETY: the parts are those of a vector that is not used again. `Bits` has the layout of `E`, and each element is
    // valid: it is one of `E` itself, or has been looked at.
    Ok(unsafe { Vec::from_raw_parts(vec.as_mut_ptr().cast(), vec.len(), vec.capacity()) })
}

/// How many elements are looked at before one that is not valid ends the search.
const CHECKED_AT_ONCE: usize = 4096;

/// Looks at all of them, whatever the first one is: several at once then.
fn are_valid<E: CheckedBitPattern>(bits: &[E::Bits]) -> bool {
    bits.iter()
        .fold(true, |valid, bits| valid & E::is_valid_bit_pattern(bits))
}

// Looking up is compiled once, and not with each type.

fn element_of_iter(iter: TypeId) -> Option<&'static Element> {
    ELEMENTS.by_iter.get(&iter)
}

/// What makes a value of the type with this identity from elements of this shape.
fn maker_of(wanted: TypeId, shape: Shape) -> Option<Make> {
    let element = ELEMENTS.by_shape.get(&shape)?;
    match () {
        () if wanted == element.vec => Some(element.make_vec),
        () if wanted == element.boxed => Some(element.make_boxed),
        () => None,
    }
}

static ELEMENTS: LazyLock<ElementTypes> = LazyLock::new(ElementTypes::new);

struct ElementTypes {
    by_iter: HashMap<TypeId, Element, BuildHasherDefault<IdentityHasher>>,
    by_shape: HashMap<Shape, Element>,
}

impl ElementTypes {
    fn new() -> Self {
        Self {
            by_iter: all().into_iter().map(|element| (element.iter, element)).collect(),
            by_shape: all().into_iter().map(|element| (element.shape, element)).collect(),
        }
    }
}

fn all() -> Vec<Element> {
    macro_rules! elements {
        ($($type:ty: $number:ident),*) => {
            vec![$(Element::of::<$type>(Number::$number, 0, 0)),*]
        };
    }
    let mut all = elements!(
        u8: U8, u16: U16, u32: U32, u64: U64, u128: U128, usize: Usize, i8: I8, i16: I16, i32: I32, i64: I64, i128: I128,
        isize: Isize, f32: F32, f64: F64, bool: Bool, char: Char
    );
    macro_rules! arrays {
        ($($type:ty: $number:ident),*) => {
            $(all.extend(arrays_of::<$type>(Number::$number));)*
        };
    }
    arrays!(
        u8: U8, u16: U16, u32: U32, u64: U64, usize: Usize, i8: I8, i16: I16, i32: I32, i64: I64, isize: Isize,
        f32: F32, f64: F64
    );
    all
}

/// Arrays of up to 32 numbers, the longest that serde knows, and the small matrices of geometry.
fn arrays_of<P: bytemuck::Pod>(number: Number) -> Vec<Element> {
    macro_rules! arrays {
        ($($outer:literal)*) => { [$(Element::of::<[P; $outer]>(number, $outer, 0)),*] };
    }
    macro_rules! matrices {
        ($(($outer:literal, $inner:literal))*) => { [$(Element::of::<[[P; $inner]; $outer]>(number, $outer, $inner)),*] };
    }
    let mut all = Vec::new();
    all.extend(arrays!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32));
    all.extend(matrices!((2, 2)(2, 3)(2, 4)(3, 2)(3, 3)(3, 4)(4, 2)(4, 3)(4, 4)));
    all
}

/// For keys that are hashes already.
#[derive(Default)]
struct IdentityHasher(u64);

impl Hasher for IdentityHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(number: Number, outer: u8, inner: u8) -> Shape {
        Shape { number, outer, inner }
    }

    #[test]
    fn shapes_are_bytes_and_back() {
        for element in all() {
            let shape = element.shape;
            assert_eq!(Shape::from_bytes(shape.to_bytes()), Some(shape));
        }
        assert_eq!(Shape::from_bytes([Number::ALL.len() as u8, 0, 0]), None);
        assert_eq!(Shape::from_bytes([0, 0, 1]), None);
        assert_eq!(all().len(), ELEMENTS.by_iter.len());
        assert_eq!(all().len(), ELEMENTS.by_shape.len());
    }

    #[test]
    fn slices_are_viewed_where_they_lie() {
        let numbers = [1u16, 2, 3];
        let mut iter = numbers.iter();
        iter.next();
        let (seen, bytes) = view(&iter).unwrap();
        assert_eq!(seen, shape(Number::U16, 0, 0));
        assert_eq!(bytes, bytemuck::cast_slice::<u16, u8>(&numbers[1..]));
        assert_eq!(bytes.as_ptr(), std::ptr::from_ref(&numbers[1]).cast());
        let matrices = [[[0u8; 2]; 3]];
        assert_eq!(view(&matrices.iter()).unwrap().0, shape(Number::U8, 3, 2));
    }

    #[test]
    fn nothing_else_is_viewed() {
        assert!(view(&[(1u8, 2u8)].iter()).is_none());
        assert!(view(&["a"].iter()).is_none());
        assert!(view(&[1u8].iter().skip(1)).is_none());
        assert!(view(&(0u64..5)).is_none());
        assert!(view(&[[0u8; 33]].iter()).is_none());
        assert!(view(&[1u8].iter_mut()).is_none());
    }

    #[test]
    fn vectors_are_made_of_what_was_viewed() {
        let points = [[1.5f64, 2.5, 3.5], [f64::NAN, -0.0, 0.0]];
        let iter = points.iter();
        let (shape, bytes) = view(&iter).unwrap();
        // At an odd address, as in a message.
        let odd = [&[0], bytes].concat();
        let made: Vec<[f64; 3]> = collect(shape, &odd[1..]).unwrap().unwrap();
        assert_eq!(bytemuck::cast_slice::<_, u8>(&made), bytes);
        let boxed: Box<[[f64; 3]]> = collect(shape, bytes).unwrap().unwrap();
        assert_eq!(boxed.len(), 2);
        assert!(collect::<Vec<(f64, f64, f64)>>(shape, bytes).is_none());
        assert!(collect::<Vec<f64>>(shape, bytes).is_none());
        assert_eq!(collect::<Vec<[f64; 3]>>(shape, &bytes[1..]), Some(Err(InvalidElements)));
        assert_eq!(collect::<Vec<[f64; 3]>>(shape, &[]), Some(Ok(vec![])));
    }

    #[test]
    fn invalid_elements_are_refused() {
        let bools = shape(Number::Bool, 0, 0);
        assert_eq!(collect(bools, &[0, 1]), Some(Ok(vec![false, true])));
        assert_eq!(collect::<Vec<bool>>(bools, &[0, 2]), Some(Err(InvalidElements)));
        let chars = shape(Number::Char, 0, 0);
        assert_eq!(collect(chars, &u32::from('ß').to_ne_bytes()), Some(Ok(vec!['ß'])));
        assert_eq!(
            collect::<Vec<char>>(chars, &0xd800u32.to_ne_bytes()),
            Some(Err(InvalidElements))
        );
    }
}

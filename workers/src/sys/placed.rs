//! Typed values in regions.

use std::io;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64};

use super::region::{HEADER, Kind, Region, RegionName};

/// A type that may live in shared memory.
///
/// # Safety
///
/// Several processes may use a value at once through shared references; it needs no drop, and its address means nothing
/// to it. Where it says that it begins zeroed, bytes that are all zero are a valid value.
pub(crate) unsafe trait Place {
    /// Whether bytes that are all zero are a new value already: `init` has nothing to do.
    const BEGINS_ZEROED: bool = false;

    /// Makes a value at `place`, whose bytes are all zero.
    ///
    /// # Safety
    ///
    /// `place` is valid for writes, aligned, zeroed, and nobody uses it meanwhile.
    unsafe fn init(place: *mut Self);
}

// SAFETY: an atomic integer is used through shared references by several processes as by several threads; zero is valid.
unsafe impl Place for AtomicU32 {
    const BEGINS_ZEROED: bool = true;

    unsafe fn init(_place: *mut Self) {}
}

// SAFETY: as above.
unsafe impl Place for AtomicU64 {
    const BEGINS_ZEROED: bool = true;

    unsafe fn init(_place: *mut Self) {}
}

// SAFETY: an array is its elements, each of which may live in shared memory.
unsafe impl<T: Place, const N: usize> Place for [T; N] {
    const BEGINS_ZEROED: bool = T::BEGINS_ZEROED;

    unsafe fn init(place: *mut Self) {
        if Self::BEGINS_ZEROED {
            return;
        }
        for index in 0..N {
            // SAFETY: the place is the caller's promise, and so are its elements.
            unsafe { T::init(&raw mut (*place)[index]) };
        }
    }
}

/// Says of a struct that it may live in shared memory, because each of its fields may. All of them are named: the compiler
/// refuses a list from which one is missing, a field of a type that is not a [`Place`], a packed struct and a union.
///
/// What a type promises beyond its fields, as a cell's reader and writer do, is not covered: such a type says itself why.
macro_rules! place {
    ($type:ident $(<$parameter:ident: Place>)? { $($field:ident),+ $(,)? }) => {
        // SAFETY: a struct is used through shared references by using its fields so, and each of them is a `Place`, as
        // `init` makes certain. It needs no drop, which is asserted there, and has no address that its fields have not.
        unsafe impl$(<$parameter: $crate::sys::placed::Place>)? $crate::sys::placed::Place for $type$(<$parameter>)? {
            const BEGINS_ZEROED: bool =
                true $(&& $crate::sys::placed::begins_zeroed(|whole: &Self| &whole.$field))+;

            unsafe fn init(place: *mut Self) {
                const { assert!(!std::mem::needs_drop::<Self>(), "what is in shared memory is never dropped") };
                // The pattern has all fields, and none that a reference cannot be made to.
                let _ = |Self { $($field),+ }: &Self| {
                    let _ = ($($field,)+);
                };
                $(
                    // SAFETY: the place is the caller's promise, and so are its parts, which do not overlap.
                    unsafe { $crate::sys::placed::Place::init(&raw mut (*place).$field) };
                )+
            }
        }
    };
}

pub(crate) use place;

/// Whether what `field` selects begins as zero.
pub(crate) const fn begins_zeroed<T, F: Place>(_field: fn(&T) -> &F) -> bool {
    F::BEGINS_ZEROED
}

/// A value at the beginning of a region, or in a value that is; a handle to it.
pub(crate) struct Placed<T> {
    region: Arc<Region>,
    offset: usize,
    value: PhantomData<fn() -> T>,
}

impl<T: Place> Placed<T> {
    /// Makes a value in a region of its own, followed by `extra` zeroed bytes.
    pub(crate) fn create(kind: Kind, extra: usize) -> io::Result<Self> {
        const { assert!(align_of::<T>() <= HEADER) };
        let len = size_of::<T>().checked_add(extra).ok_or(rustix::io::Errno::NOMEM)?;
        let region = Region::create(kind, len)?;
        // SAFETY: a new region is zeroed, aligned for everything that is aligned to its header, large enough, and known
        // to nobody else.
        unsafe { T::init(region.start().as_ptr().cast()) };
        Ok(Self::at_start(region))
    }

    /// Opens a value that its maker keeps open meanwhile.
    pub(crate) fn open(name: RegionName, kind: Kind) -> io::Result<Self> {
        Self::in_region(Region::open_as(name, kind)?)
    }

    fn in_region(region: Arc<Region>) -> io::Result<Self> {
        if region.len() < size_of::<T>() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is too small"));
        }
        Ok(Self::at_start(region))
    }

    fn at_start(region: Arc<Region>) -> Self {
        Self {
            region,
            offset: 0,
            value: PhantomData,
        }
    }
}

impl<T> Placed<T> {
    /// A handle to a part of the value.
    pub(crate) fn part<U: Place>(&self, part: impl FnOnce(&T) -> &U) -> Placed<U> {
        let within = std::ptr::from_ref(part(self))
            .addr()
            .wrapping_sub(std::ptr::from_ref(&**self).addr());
        // Whatever else the closure may have returned, it is not in this region.
        assert!(
            within <= size_of::<T>().saturating_sub(size_of::<U>()),
            "a part is inside the whole"
        );
        Placed {
            region: Arc::clone(&self.region),
            offset: self.offset + within,
            value: PhantomData,
        }
    }

    /// The region that the value is in.
    pub(crate) fn region(&self) -> &Arc<Region> {
        &self.region
    }
}

impl<T> Deref for Placed<T> {
    type Target = T;

    fn deref(&self) -> &T {
        // SAFETY: `create` made a value there, and `receive` found a region of its kind; `part` stays inside. What
        // others do to it at the same time is what `Place` answers for. The mapping lives as long as the region.
        unsafe { self.region.start().add(self.offset).cast().as_ref() }
    }
}

impl<T> Clone for Placed<T> {
    fn clone(&self) -> Self {
        Self {
            region: Arc::clone(&self.region),
            offset: self.offset,
            value: PhantomData,
        }
    }
}

impl<T> std::fmt::Debug for Placed<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.region.fmt(f)
    }
}

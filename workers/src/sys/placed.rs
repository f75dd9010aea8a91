//! Typed values in regions.

use std::io;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use super::region::{HEADER, Kind, Region, RegionName};

/// A type that may live in shared memory.
///
/// # Safety
///
/// Several processes may use a value at once through shared references; it needs no drop, and its address means nothing
/// to it.
pub(crate) unsafe trait Place {
    /// Makes a value at `place`, whose bytes are all zero.
    ///
    /// # Safety
    ///
    /// `place` is valid for writes, aligned, zeroed, and nobody uses it meanwhile.
    unsafe fn init(place: *mut Self);
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

//! Vectors taken apart, for code that does not know of what they are.

use std::alloc::{Layout, dealloc};
use std::mem::ManuallyDrop;
use std::ptr::NonNull;

/// The memory of a vector, which belongs to whoever has this. Its elements are not dropped with it. Lengths are in elements.
pub(super) struct VecParts {
    pub(super) start: NonNull<u8>,
    pub(super) length: usize,
    pub(super) capacity: usize,
}

impl VecParts {
    pub(super) fn of<E>(vec: Vec<E>) -> Self {
        let mut vec = ManuallyDrop::new(vec);
        Self {
            length: vec.len(),
            capacity: vec.capacity(),
            start: NonNull::from(vec.as_mut_slice()).cast(),
        }
    }

    /// # Safety
    ///
    /// It is the memory of such a vector, or was allocated as one, with as many valid elements; nobody else has it.
    pub(super) unsafe fn into_vec<E>(self) -> Vec<E> {
        // SAFETY: that is what the caller promises.
        unsafe { Vec::from_raw_parts(self.start.cast().as_ptr(), self.length, self.capacity) }
    }

    /// Frees the memory of elements of this layout.
    ///
    /// # Safety
    ///
    /// It is the memory of a vector of such elements, or was allocated as one; nobody uses it any more.
    pub(super) unsafe fn free(&mut self, element: Layout) {
        let size = element.size() * self.capacity;
        if let Ok(layout) = Layout::from_size_align(size, element.align())
            && size > 0
        {
            // SAFETY: that is how a vector of so many elements is allocated.
            unsafe { dealloc(self.start.as_ptr(), layout) };
        }
        (self.length, self.capacity) = (0, 0);
    }
}

//! Large pages for large pieces of memory: new memory is made page by page, which takes longer than copying into it.

use std::mem::MaybeUninit;

use rustix::mm::{Advice, madvise};

/// From which size on it is worth a system call.
const WORTHWHILE: usize = 4 << 20;
const PAGE: usize = 4096;

/// Asks for large pages in memory that is about to be written for the first time.
pub(crate) fn prefer<T>(memory: &mut [MaybeUninit<T>]) {
    let size = size_of_val(memory);
    if size < WORTHWHILE {
        return;
    }
    let start = memory.as_mut_ptr().cast::<u8>();
    let skipped = start.align_offset(PAGE).min(size);
    let whole = (size - skipped) / PAGE * PAGE;
    // SAFETY: these are whole pages within memory that is borrowed for writing; the advice changes nothing that is in
    // them. Where the system has no large pages to give it goes on with small ones.
    let _ = unsafe { madvise(start.add(skipped).cast(), whole, Advice::LinuxHugepage) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_of_any_size_and_place_may_be_asked_for() {
        let mut memory = Vec::<u8>::with_capacity(9 << 20);
        memory.extend(std::iter::repeat_n(7, 1000));
        prefer(memory.spare_capacity_mut());
        memory.resize(9 << 20, 8);
        assert_eq!(
            (memory[0], memory[999], memory[1000], memory[(9 << 20) - 1]),
            (7, 7, 8, 8)
        );
        prefer::<u8>(&mut []);
    }
}

//! How much memory code asks for, whether it touches it or not: for tests of what must not believe a length that it
//! reads.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;

/// What there may be for each byte of an input: the most that a byte stands for is an element of a large type.
const FOR_A_BYTE: usize = 1024;
/// What there may be besides: buffers, and what is made once.
const FOR_ANY: usize = 512 * 1024;

thread_local! {
    /// What this thread has asked for, without what it has given back.
    static HELD: Cell<isize> = const { Cell::new(0) };
    /// The most that was since it was last looked at.
    static MOST: Cell<isize> = const { Cell::new(0) };
}

/// Does something with an input of so many bytes.
///
/// # Panics
///
/// If it asks for more memory at a time than such an input can be worth.
#[track_caller]
pub(crate) fn frugally<R>(bytes: usize, act: impl FnOnce() -> R) -> R {
    let (result, most) = counting(act);
    let allowed = FOR_ANY + FOR_A_BYTE * bytes;
    assert!(
        most <= allowed,
        "{most} bytes of memory were asked for, for an input of {bytes}"
    );
    result
}

/// Does something; and how much memory it has had at a time, at most.
fn counting<R>(act: impl FnOnce() -> R) -> (R, usize) {
    let before = HELD.get();
    MOST.set(before);
    let result = act();
    (result, (MOST.get() - before).cast_unsigned())
}

/// The system's allocator, which the calling thread's requests are noted down from.
struct Counted;

#[global_allocator]
static COUNTED: Counted = Counted;

fn note(asked: usize, given_back: usize) {
    let held = HELD.get() + asked.cast_signed() - given_back.cast_signed();
    HELD.set(held);
    MOST.set(MOST.get().max(held));
}

// SAFETY: it is the system's allocator; what is noted down beside it needs no memory.
unsafe impl GlobalAlloc for Counted {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: that is what the caller promises.
        unsafe { System.alloc(layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        note(layout.size(), 0);
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, start: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        note(size, layout.size());
        // SAFETY: as above.
        unsafe { System.realloc(start, layout, size) }
    }

    unsafe fn dealloc(&self, start: *mut u8, layout: Layout) {
        note(0, layout.size());
        // SAFETY: as above.
        unsafe { System.dealloc(start, layout) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_there_at_a_time_is_counted_once() {
        let kept = vec![0u8; 5000];
        let (_, most) = counting(|| {
            drop(vec![0u8; 3000]);
            let mut grown = vec![1u8; 1000];
            grown.reserve_exact(3500);
            drop(kept);
        });
        assert!((4500..5000).contains(&most), "{most}");
    }

    #[test]
    #[should_panic(expected = "bytes of memory were asked for, for an input of 3")]
    fn memory_that_nobody_touches_counts() {
        frugally(3, || drop(Vec::<u8>::with_capacity(1 << 30)));
    }
}

//! How much is left of the calling thread's stack.

use std::cell::Cell;
use std::mem::MaybeUninit;
use std::ops::Range;

thread_local! {
    /// The thread's stack, once somebody has asked; empty if nobody knows.
    static STACK: Cell<Option<(usize, usize)>> = const { Cell::new(None) };
}

/// Whether the stack has `bytes` left, or at least a quarter of it if it is a small one. True where nobody knows: on a
/// stack that some library has made for itself.
pub(crate) fn has_left(bytes: usize) -> bool {
    let stack = range();
    let here = 0u8;
    let here = std::ptr::from_ref(&here).addr();
    !stack.contains(&here) || here - stack.start >= bytes.min(stack.len() / 4)
}

fn range() -> Range<usize> {
    let (start, end) = STACK.get().unwrap_or_else(|| {
        let Range { start, end } = ask().unwrap_or(0..0);
        STACK.set(Some((start, end)));
        (start, end)
    });
    start..end
}

fn ask() -> Option<Range<usize>> {
    let mut attributes = MaybeUninit::<libc::pthread_attr_t>::uninit();
    // SAFETY: the attributes are initialized by the call if it is a success. A thread can always ask for its own.
    if unsafe { libc::pthread_getattr_np(libc::pthread_self(), attributes.as_mut_ptr()) } != 0 {
        return None;
    }
    let (mut start, mut size) = (std::ptr::null_mut(), 0);
    // SAFETY: the attributes are initialized, and used for the last time when they are destroyed.
    let status = unsafe {
        let status = libc::pthread_attr_getstack(attributes.as_ptr(), &raw mut start, &raw mut size);
        libc::pthread_attr_destroy(attributes.as_mut_ptr());
        status
    };
    let start = start.addr();
    (status == 0).then(|| start..start.saturating_add(size))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_stack_has_most_of_itself_left() {
        let thread = std::thread::Builder::new().stack_size(1 << 20);
        let asked = thread.spawn(|| (has_left(1 << 17), range().len()));
        let (has_left, size) = asked.unwrap().join().unwrap();
        assert!(has_left);
        assert!(size >= 1 << 20);
    }

    #[test]
    fn a_stack_that_is_used_up_has_nothing_left() {
        /// Calls itself until `bytes` are not left any more; how many times.
        fn descend(bytes: usize, depth: usize) -> usize {
            let frame = std::hint::black_box([0u8; 1024]);
            let depth = if has_left(bytes) {
                descend(bytes, depth + 1)
            } else {
                depth
            };
            depth + usize::from(frame[0])
        }
        let thread = std::thread::Builder::new().stack_size(1 << 20);
        let depth = thread.spawn(|| descend(1 << 18, 0)).unwrap().join().unwrap();
        assert!((10..1024).contains(&depth), "{depth}");
    }
}

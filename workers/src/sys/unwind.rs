//! Where the calling thread is: the places in loaded libraries that its calls will return to.

use std::ffi::{CStr, c_int, c_void};

use crate::contract::reports::CodePlace;

/// The most that is looked at. Whoever recurses deeper than that sees the innermost calls.
const LIMIT: usize = 256;

/// The calls of this thread, innermost first.
pub(crate) fn calls() -> Vec<CodePlace> {
    let mut addresses: Vec<usize> = Vec::with_capacity(LIMIT);
    // SAFETY: `note` gets this vector as its argument and nothing else uses it meanwhile. Unwinding only reads.
    unsafe { _Unwind_Backtrace(note, (&raw mut addresses).cast()) };
    addresses.into_iter().filter_map(locate).collect()
}

/// Whether the calling thread is in the function that begins at `start`, or in one that it has called. It does not
/// allocate.
pub(super) fn is_inside(start: usize) -> bool {
    let mut search = Search { start, found: false };
    // SAFETY: `compare` gets this search as its argument and nothing else uses it meanwhile. Unwinding only reads.
    unsafe { _Unwind_Backtrace(compare, (&raw mut search).cast()) };
    search.found
}

struct Search {
    start: usize,
    found: bool,
}

extern "C" fn compare(context: *mut UnwindContext, search: *mut c_void) -> c_int {
    // SAFETY: this is the search that `is_inside` passes on, which outlives the walk.
    let search = unsafe { &mut *search.cast::<Search>() };
    // SAFETY: the unwinder passes a context that is valid during this call.
    search.found = unsafe { _Unwind_GetRegionStart(context) } == search.start;
    c_int::from(search.found) * STOP
}

/// What the unwinder calls for each call; anything but 0 ends it.
extern "C" fn note(context: *mut UnwindContext, addresses: *mut c_void) -> c_int {
    // SAFETY: this is the vector that `calls` passes on, which outlives the walk.
    let addresses = unsafe { &mut *addresses.cast::<Vec<usize>>() };
    let mut is_exact: c_int = 0;
    // SAFETY: the unwinder passes a context that is valid during this call.
    let address = unsafe { _Unwind_GetIPInfo(context, &raw mut is_exact) };
    // A return address is behind its call, which may be the end of a line or of a function.
    addresses.push(if is_exact == 0 {
        address.wrapping_sub(1)
    } else {
        address
    });
    c_int::from(addresses.len() >= LIMIT) * STOP
}

fn locate(address: usize) -> Option<CodePlace> {
    let mut info = libc::Dl_info {
        dli_fname: std::ptr::null(),
        dli_fbase: std::ptr::null_mut(),
        dli_sname: std::ptr::null(),
        dli_saddr: std::ptr::null_mut(),
    };
    // SAFETY: any address may be asked about, and the result is written to a valid place.
    if unsafe { libc::dladdr(address as *const c_void, &raw mut info) } == 0 || info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the loader gives the name of a loaded library as a C string.
    let module = unsafe { CStr::from_ptr(info.dli_fname) };
    Some(CodePlace {
        module: module.to_str().ok()?.to_owned(),
        offset: address.checked_sub(info.dli_fbase.addr())? as u64,
    })
}

/// `_URC_END_OF_STACK`: the walk is over.
const STOP: c_int = 5;

/// The unwinder's own.
#[repr(C)]
struct UnwindContext {
    _private: [u8; 0],
}

// The unwinder that the standard library uses, so that it is there wherever a panic is.
#[cfg_attr(target_env = "gnu", link(name = "gcc_s"))]
unsafe extern "C" {
    fn _Unwind_Backtrace(each: extern "C" fn(*mut UnwindContext, *mut c_void) -> c_int, argument: *mut c_void)
    -> c_int;
    fn _Unwind_GetRegionStart(context: *mut UnwindContext) -> usize;
    fn _Unwind_GetIPInfo(context: *mut UnwindContext, is_exact: *mut c_int) -> usize;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[inline(never)]
    fn nested(depth: usize) -> Vec<CodePlace> {
        let calls = if depth == 0 { calls() } else { nested(depth - 1) };
        std::hint::black_box(calls)
    }

    #[inline(never)]
    fn within(start: usize) -> bool {
        std::hint::black_box(is_inside(start))
    }

    #[test]
    fn it_is_known_which_functions_a_thread_is_in() {
        assert!(within(within as *const () as usize));
        assert!(!within(nested as *const () as usize));
    }

    #[test]
    fn every_call_is_seen_up_to_a_limit() {
        let few = nested(3);
        assert!(nested(10).len() > few.len());
        assert!(few.iter().all(|place| !place.module.is_empty() && place.offset > 0));
        assert!(nested(10_000).len() <= LIMIT);
    }
}

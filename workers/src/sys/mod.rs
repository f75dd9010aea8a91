//! What the library asks of the operating system. The modules with `unsafe` code are here, each behind a safe interface.

// Miri cannot run the tests of most of these modules: it has no fork, no memory that processes share, no robust
// mutexes, and rustix's system calls are machine code. `bulk` alone asks nothing of the operating system. Valgrind runs
// them, one test binary of this crate as it is: `valgrind --error-exitcode=1 --leak-check=no BINARY sys:: codec::`. It
// hides the kernel's vDSO, in which rustix looks for the clock; built with `RUSTFLAGS="--cfg rustix_use_libc"` rustix
// asks libc instead.

pub(crate) mod abort;
pub(crate) mod allocator;
pub(crate) mod at_fork;
pub(crate) mod bell;
pub(crate) mod bits;
pub(crate) mod bulk;
pub(crate) mod bulk_vec;
pub(crate) mod clock;
pub(crate) mod code;
#[cfg(test)]
pub(crate) mod counted;
pub(crate) mod cpu;
pub(crate) mod descriptors;
pub(crate) mod disposition;
pub(crate) mod duty;
pub(crate) mod environment;
pub(crate) mod exit;
pub(crate) mod fork;
pub(crate) mod guarded;
pub(crate) mod huge_pages;
pub(crate) mod identity;
pub(crate) mod inherited;
pub(crate) mod lifeline;
pub(crate) mod limits;
pub(crate) mod monitor;
pub(crate) mod mutex;
pub(crate) mod oom;
mod passage;
pub(crate) mod placed;
pub(crate) mod plain;
pub(crate) mod poisoned;
pub(crate) mod poll;
pub(crate) mod process_stat;
pub(crate) mod region;
mod region_name;
pub(crate) mod shared;
pub(crate) mod slots;
pub(crate) mod stack;
pub(crate) mod threads;
pub(crate) mod unwind;
pub(crate) mod usage;
mod vec_parts;
pub(crate) mod wait;
pub(crate) mod window;

//! What the allocator does with large pieces of memory.

/// How much freed memory stays with the process, in bytes.
const KEPT: libc::c_int = 256 << 20;

/// Large pieces that are freed stay with this process, for the next ones: a worker gets arguments of one size again and
/// again, and new memory costs more than what is copied into it.
pub(crate) fn keep_freed_memory() {
    #[cfg(target_env = "gnu")]
    // SAFETY: the call sets parameters of the allocator, which takes any values.
    unsafe {
        // A refusal leaves things as they are.
        libc::mallopt(libc::M_MMAP_THRESHOLD, KEPT);
        libc::mallopt(libc::M_TRIM_THRESHOLD, KEPT);
    }
}

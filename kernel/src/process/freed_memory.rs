//! Memory that this process has freed and still has.

/// Gives it back to the operating system, as far as it is whole pages.
pub(crate) fn give_back() {
    #[cfg(target_env = "gnu")]
    // SAFETY: any thread may call it at any time.
    unsafe {
        libc::malloc_trim(0);
    }
}

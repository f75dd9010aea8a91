//! Setting environment variables, where that is safe.

use std::ffi::OsStr;
use std::io;

/// Sets a variable of this process.
///
/// # Errors
///
/// Where other threads run, which might be reading the environment; where the name or the value cannot be a variable's.
pub(crate) fn set(name: &str, value: &OsStr) -> io::Result<()> {
    if name.is_empty() || name.contains(['=', '\0']) || value.as_encoded_bytes().contains(&0) {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a name without `=`, and no zero bytes, are needed",
        ));
    }
    let threads = std::fs::read_dir("/proc/self/task")?.count();
    if threads > 1 {
        return Err(io::Error::other(format!(
            "{} other threads run, and might be reading the environment: set it before they start",
            threads - 1
        )));
    }
    // SAFETY: this is the only thread, so that nothing else reads or writes the environment meanwhile, and only this
    // thread could start another.
    unsafe { std::env::set_var(name, value) };
    Ok(())
}

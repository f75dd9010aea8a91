//! Setting environment variables, where that is safe.

use std::ffi::OsStr;
use std::io;

use super::threads;

/// The variables that say how many threads a library's pool has.
const THREAD_VARIABLES: [&str; 7] = [
    "RAYON_NUM_THREADS",
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "POLARS_MAX_THREADS",
];

/// The variables that keep the thread pools of libraries at `threads` each, without those that the user has set.
pub(crate) fn thread_limits(threads: usize) -> impl Iterator<Item = (&'static str, String)> {
    let unset = |name: &&str| std::env::var_os(name).is_none();
    THREAD_VARIABLES
        .into_iter()
        .filter(unset)
        .map(move |name| (name, threads.to_string()))
}

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
    refuse_beside_threads()?;
    // SAFETY: this is the only thread, so that nothing else reads or writes the environment meanwhile, and only this
    // thread could start another.
    unsafe { std::env::set_var(name, value) };
    Ok(())
}

/// Removes a variable of this process.
///
/// # Errors
///
/// Where other threads run, which might be reading the environment.
pub(crate) fn remove(name: &str) -> io::Result<()> {
    refuse_beside_threads()?;
    // SAFETY: as in `set`.
    unsafe { std::env::remove_var(name) };
    Ok(())
}

fn refuse_beside_threads() -> io::Result<()> {
    let others = threads::count() - 1;
    if others > 0 {
        return Err(io::Error::other(format!(
            "{others} other threads run, and might be reading the environment: set it before they start"
        )));
    }
    Ok(())
}

//! Setting environment variables, where that is safe.

use std::ffi::{CString, OsStr, c_char};
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

/// Adds variables, as `NAME=value`, to those of this process, a worker that has just been forked. None of them may be
/// there already.
///
/// The list of variables is replaced as a whole. Setting each would take a lock that a thread of the parent may have
/// held at the moment of the fork, and that would stay locked here for ever.
pub(crate) fn extend_in_worker(variables: &[CString]) {
    if variables.is_empty() {
        return;
    }
    let mut list: Vec<*mut c_char> = Vec::new();
    // SAFETY: a forked worker has one thread, so nobody else reads or writes the list, which ends with a null pointer;
    // the strings are leaked, as is the list, since the environment lives as long as the process.
    unsafe {
        let mut old = environ;
        while !old.is_null() && !(*old).is_null() {
            list.push(*old);
            old = old.add(1);
        }
        list.extend(variables.iter().map(|variable| variable.clone().into_raw()));
        list.push(std::ptr::null_mut());
        environ = list.leak().as_mut_ptr();
    }
}

unsafe extern "C" {
    /// The list of variables, as POSIX has it.
    static mut environ: *mut *mut c_char;
}

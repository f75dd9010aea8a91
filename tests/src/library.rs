//! The library that cells are linked with: compiled once before the first kernel of a test starts, in a cache of the
//! tests' own, so that no cell waits for it or tells of it.

use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Once;

/// Where the kernel keeps the compiled library.
pub(crate) const CACHE_VARIABLE: &str = "PARCELL_CACHE_DIR";

/// The cache: the one that is asked for, or one beside the tests' executable.
pub(crate) fn cache() -> PathBuf {
    if let Some(path) = std::env::var_os(CACHE_VARIABLE) {
        return PathBuf::from(path);
    }
    let test = std::env::current_exe().expect("a test has a path");
    test.with_file_name("parcell-library")
}

/// Compiles the library where that has not been done.
///
/// # Panics
///
/// When it does not compile.
pub(crate) fn prepare(kernel: &std::path::Path) {
    static PREPARED: Once = Once::new();
    PREPARED.call_once(|| {
        let prefix = tempfile::tempdir().expect("a temporary directory");
        let output = Command::new(kernel)
            .args(["install", "--prefix"])
            .arg(prefix.path())
            .env(CACHE_VARIABLE, cache())
            .stdin(Stdio::null())
            .output()
            .expect("the kernel's binary starts");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "the library cannot be prepared: {errors}");
    });
}

//! Where things are written: the cache with the compiled library, and the directory for temporary files.

use std::io;
use std::path::{Path, PathBuf};

use rustix::fs::{Access, StatVfs, StatVfsMountFlags, access, statvfs};

use super::finding::Finding;
use crate::environment::{has_room_for_sockets, temporary_directory};
use crate::library::{self, CacheState, PrepareError};
use crate::toolchain::{self, LIMIT_VARIABLE};
use crate::units::size::{self, gibibytes};
use crate::user_directories::CACHE_VARIABLE;

/// What the compiled library and a session with some crates take.
const ROOM: u64 = 1 << 30;

const LIBRARY: &str = "library for cells";
const CRATES: &str = "compiled crates";
const TEMPORARY: &str = "temporary files";

pub(super) fn examine() -> Vec<Finding> {
    let library = match library::state() {
        Ok(state) => library(&state),
        // It is said of the compiler that it is missing.
        Err(PrepareError::Tools(_)) => None,
        Err(error) => Some(Finding::missing(LIBRARY, error.to_string(), "export HOME=DIR")),
    };
    library
        .into_iter()
        .chain(compiled_crates())
        .chain([temporary_files(&temporary_directory())])
        .collect()
}

fn library(state: &CacheState) -> Option<Finding> {
    let cache = state.cache.display();
    if state.is_compiled {
        return Some(Finding::good(LIBRARY, format!("compiled, in {cache}")));
    }
    Some(match problem(&state.cache) {
        Some(problem) => Finding::missing(
            LIBRARY,
            format!("{cache} {problem}"),
            format!("export {}=DIR", CACHE_VARIABLE),
        ),
        None => Finding::warning(
            LIBRARY,
            "not compiled for this compiler yet: the first notebook waits for that, about a minute",
            "parcell install",
        ),
    })
}

/// What is kept of crates. None where the cache is not known, which is said elsewhere.
fn compiled_crates() -> Option<Finding> {
    let cache = library::cache_directory().ok()?;
    Some(match (toolchain::limit(), toolchain::usage(&cache)) {
        (Err(error), _) => Finding::warning(
            CRATES,
            format!("{LIMIT_VARIABLE}: {error}"),
            format!("unset {LIMIT_VARIABLE}"),
        ),
        (_, Err(error)) => Finding::warning(CRATES, format!("cannot be looked at: {error}"), "parcell cache clear"),
        (Ok(limit), Ok(usage)) => Finding::good(
            CRATES,
            format!("{} of at most {} kept", size::text(usage.bytes), size::text(limit)),
        ),
    })
}

fn temporary_files(directory: &Path) -> Finding {
    let shown = directory.display();
    let problem = match problem(directory) {
        None if !has_room_for_sockets() => Some("is too long a path for sockets in it".to_owned()),
        problem => problem,
    };
    match (problem, room(directory)) {
        (Some(problem), _) => Finding::missing(TEMPORARY, format!("{shown} {problem}"), "export TMPDIR=DIR"),
        (None, Some(room)) if room < ROOM => Finding::warning(
            TEMPORARY,
            format!(
                "{} left in {shown} is little for notebooks with many crates",
                gibibytes(room)
            ),
            "export TMPDIR=DIR",
        ),
        (None, Some(room)) => Finding::good(TEMPORARY, format!("{} left in {shown}", gibibytes(room))),
        (None, None) => Finding::good(TEMPORARY, shown.to_string()),
    }
}

/// Why a directory, which need not exist yet, cannot hold programs that are made now.
fn problem(directory: &Path) -> Option<String> {
    let existing = existing(directory);
    if !existing.is_dir() {
        return Some("is no directory".to_owned());
    }
    if let Err(error) = access(&existing, Access::WRITE_OK | Access::EXEC_OK) {
        return Some(format!("cannot be written to: {}", io::Error::from(error)));
    }
    let forbids_programs = |file_system: StatVfs| file_system.f_flag.contains(StatVfsMountFlags::NOEXEC);
    if statvfs(&existing).is_ok_and(forbids_programs) {
        return Some("is mounted noexec, so that no code can be loaded from it".to_owned());
    }
    None
}

/// The directory, or the one around it that is there.
fn existing(directory: &Path) -> PathBuf {
    let found = directory.ancestors().find(|directory| directory.exists());
    found.unwrap_or(Path::new(".")).to_path_buf()
}

/// How much an ordinary user can still write, in bytes.
fn room(directory: &Path) -> Option<u64> {
    let file_system = statvfs(existing(directory)).ok()?;
    file_system.f_bavail.checked_mul(file_system.f_frsize)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directory_that_is_not_there_is_judged_by_the_one_around_it() {
        let directory = tempfile::tempdir().unwrap();
        assert_eq!(problem(&directory.path().join("a/b")), None);
        let file = directory.path().join("file");
        std::fs::write(&file, "").unwrap();
        assert_eq!(problem(&file), Some("is no directory".to_owned()));
        assert!(room(&directory.path().join("a")).is_some());
    }
}

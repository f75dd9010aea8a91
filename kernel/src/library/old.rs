//! Libraries of compilers and versions that nobody uses any more.

use std::fs::{self, File};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime};

use fs4::fs_std::FileExt;

use super::{COMPLETE, lock_of};

/// How long a library stays that no session has used.
const KEPT: Duration = Duration::from_secs(60 * 24 * 60 * 60);

/// Notes that a library is used now.
pub(super) fn mark_used(directory: &Path) {
    let marked = File::open(directory.join(COMPLETE)).and_then(|file| file.set_modified(SystemTime::now()));
    if let Err(error) = marked {
        // A cache that cannot be written to serves as well; somebody else looks after it.
        tracing::debug!(%error, path = %directory.display(), "cannot note that the library is used");
    }
}

/// Removes what has not been used for long.
pub(super) fn remove(cache: &Path) {
    if let Err(error) = remove_unused_since(cache, SystemTime::now() - KEPT) {
        tracing::warn!(%error, path = %cache.display(), "cannot remove old libraries");
    }
}

fn remove_unused_since(cache: &Path, time: SystemTime) -> io::Result<()> {
    for entry in fs::read_dir(cache)? {
        let directory = entry?.path();
        let Ok(used) = fs::metadata(directory.join(COMPLETE)).and_then(|file| file.modified()) else {
            continue;
        };
        let lock = File::create(lock_of(&directory))?;
        if used < time && matches!(FileExt::try_lock_exclusive(&lock), Ok(true)) {
            fs::remove_dir_all(&directory)?;
            fs::remove_file(lock_of(&directory))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_has_not_been_used_is_removed() {
        let cache = tempfile::tempdir().unwrap();
        let [old, new, unfinished] = ["old", "new", "unfinished"].map(|name| cache.path().join(name));
        for directory in [&old, &new, &unfinished] {
            fs::create_dir(directory).unwrap();
        }
        let long_ago = SystemTime::now() - 2 * KEPT;
        for directory in [&old, &new] {
            File::create(directory.join(COMPLETE))
                .unwrap()
                .set_modified(long_ago)
                .unwrap();
        }
        mark_used(&new);
        remove_unused_since(cache.path(), SystemTime::now() - KEPT).unwrap();
        assert!(!old.exists() && !lock_of(&old).exists());
        assert!(new.exists() && unfinished.exists());
    }
}

//! The directory that holds everything a session has on disk: its sockets, and the package that cells are compiled in.
//!
//! It is removed when the session ends; by the supervisor when the kernel was killed; and by the next session when
//! everything was killed at once.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

use fs4::fs_std::FileExt;

/// Names the session's directory, to every process of the session.
pub(crate) const VARIABLE: &str = "PARCELL_SESSION";

const PREFIX: &str = "parcell-";
/// Locked for as long as the session lives.
const LOCK: &str = "lock";

/// A session's directory; removed on drop.
#[derive(Debug)]
pub(crate) struct SessionDirectory {
    path: PathBuf,
    _lock: File,
}

/// A path in `parent` that no other session has.
pub(crate) fn choose(parent: &Path) -> PathBuf {
    parent.join(format!("{PREFIX}{}", uuid::Uuid::new_v4().simple()))
}

/// That of the session that this process belongs to; None where it belongs to none.
pub(crate) fn of_this_process() -> Option<PathBuf> {
    std::env::var_os(VARIABLE).map(PathBuf::from)
}

impl SessionDirectory {
    /// Creates the directory at `path`, and clears away those of sessions that were killed.
    pub(crate) fn create(path: PathBuf) -> io::Result<SessionDirectory> {
        if let Some(parent) = path.parent() {
            remove_abandoned(parent);
        }
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        let lock = locked(&path)?;
        Ok(SessionDirectory { path, _lock: lock })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SessionDirectory {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "cannot remove the session's directory");
        }
    }
}

/// Removes a session's directory, the lock last: where this is killed halfway, the next session takes it up. Another
/// session may have found it abandoned at the same time, and have been faster.
pub(crate) fn remove(directory: &Path) -> io::Result<()> {
    match try_remove(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

fn try_remove(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_name() == LOCK {
            continue;
        }
        let removed = match entry.file_type() {
            Ok(kind) if kind.is_dir() => fs::remove_dir_all(entry.path()),
            _ => fs::remove_file(entry.path()),
        };
        match removed {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            // It is gone.
            _ => {}
        }
    }
    fs::remove_dir_all(directory)
}

/// A new lock, held. It has its name only then: until somebody holds it, other sessions take the directory for abandoned.
fn locked(directory: &Path) -> io::Result<File> {
    let unnamed = directory.join(LOCK).with_extension("new");
    let lock = File::create(&unnamed)?;
    lock.lock_exclusive()?;
    fs::rename(unnamed, directory.join(LOCK))?;
    Ok(lock)
}

/// Removes the directories of sessions of this user that nobody holds the lock of.
fn remove_abandoned(parent: &Path) {
    let user = rustix::process::getuid().as_raw();
    for entry in fs::read_dir(parent).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_ours = entry.file_name().to_str().is_some_and(|name| name.starts_with(PREFIX))
            && entry
                .metadata()
                .is_ok_and(|metadata| metadata.is_dir() && metadata.uid() == user);
        if is_ours
            && let Ok(lock) = File::open(path.join(LOCK))
            && let Ok(true) = FileExt::try_lock_exclusive(&lock)
            && let Err(error) = remove(&path)
        {
            tracing::warn!(%error, path = %path.display(), "cannot remove the directory of a session that was killed");
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn the_lock_goes_last() {
        let parent = tempfile::tempdir().unwrap();
        let directory = parent.path().join("parcell-x");
        fs::create_dir(&directory).unwrap();
        let _lock = locked(&directory).unwrap();
        // What cannot be removed stops it, as being killed does.
        let stuck = directory.join("stuck");
        fs::create_dir(&stuck).unwrap();
        fs::write(stuck.join("file"), "").unwrap();
        fs::set_permissions(&stuck, fs::Permissions::from_mode(0o500)).unwrap();
        if remove(&directory).is_err() {
            assert!(directory.join(LOCK).exists());
            fs::set_permissions(&stuck, fs::Permissions::from_mode(0o700)).unwrap();
            remove(&directory).unwrap();
        }
        // A superuser can remove everything.
        assert!(!directory.exists());
    }

    #[test]
    fn what_another_session_has_removed_is_removed() {
        let parent = tempfile::tempdir().unwrap();
        remove(&parent.path().join("parcell-gone")).unwrap();
    }

    #[test]
    fn only_directories_that_nobody_locks_are_abandoned() {
        let parent = tempfile::tempdir().unwrap();
        let [live, dead, strange] =
            ["parcell-live", "parcell-dead", "parcell-strange"].map(|name| parent.path().join(name));
        for path in [&live, &dead, &strange] {
            fs::create_dir(path).unwrap();
        }
        let _lock = locked(&live).unwrap();
        File::create(dead.join(LOCK)).unwrap();
        fs::create_dir_all(dead.join("package/src")).unwrap();
        remove_abandoned(parent.path());
        assert!(live.exists() && strange.exists() && !dead.exists());
    }
}

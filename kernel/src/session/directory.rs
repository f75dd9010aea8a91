//! The directory that holds everything a session has on disk: its socket, its tools, and what evcxr compiles.
//!
//! It is removed when the session ends; by the supervisor when the kernel was killed; and by the next session when
//! everything was killed at once.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::os::unix::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use fs4::fs_std::FileExt;

use crate::process::messages::{KERNEL_SOCKET, SESSION_VARIABLE};
use crate::toolchain::{self, Tools};
use crate::{data_directory, library};

const PREFIX: &str = "parcell-";
/// Where evcxr compiles, in the directory.
const EVCXR: &str = "evcxr";
/// Locked for as long as the session lives.
const LOCK: &str = "lock";
/// Read by evcxr: where it compiles.
const EVCXR_DIRECTORY_VARIABLE: &str = "EVCXR_TMPDIR";

/// Where evcxr, rust-analyzer and compilers put their temporary files, in the directory.
const TEMPORARY: &str = "tmp";
/// What tools mean by the place for temporary files.
const TEMPORARY_VARIABLE: &str = "TMPDIR";

/// What cargo passes to rustc, unless evcxr says so itself.
const FLAGS_VARIABLE: &str = "RUSTFLAGS";
/// Hides from rust-analyzer what it need not know of the library (see this package's build script).
const FOR_RUST_ANALYZER: &str = "--cfg rust_analyzer";

/// What `prepare_environment` has changed, as it was before.
static ORIGINAL: OnceLock<Vec<(&str, Option<OsString>)>> = OnceLock::new();

/// Those of them that processes of a session must find as they were; the rest tells them which session it is.
const USERS_OWN: [&str; 3] = [TEMPORARY_VARIABLE, "PATH", FLAGS_VARIABLE];

/// A session's directory; removed on drop.
#[derive(Debug)]
pub(crate) struct Directory {
    path: PathBuf,
    tools: Tools,
    _lock: File,
}

/// Chooses where this process's session will be, and tells evcxr, which learns it from the environment only.
///
/// # Safety
/// This process must have one thread.
pub(crate) unsafe fn prepare_environment() {
    let path = absolute(std::env::temp_dir()).join(format!("{PREFIX}{}", uuid::Uuid::new_v4().simple()));
    let mut variables = toolchain::environment(&path);
    // They mean the directory that this process was started in, and it may move to another.
    for name in [library::CACHE_VARIABLE, data_directory::VARIABLE] {
        if let Some(directory) = std::env::var_os(name) {
            variables.push((name, absolute(directory.into()).into_os_string()));
        }
    }
    // A process that is killed leaves its temporary files, so they go with the directory.
    variables.push((TEMPORARY_VARIABLE, path.join(TEMPORARY).into_os_string()));
    let mut flags = std::env::var_os(FLAGS_VARIABLE).unwrap_or_default();
    flags.push(" ");
    flags.push(FOR_RUST_ANALYZER);
    variables.push((FLAGS_VARIABLE, flags));
    if std::env::var_os(EVCXR_DIRECTORY_VARIABLE).is_none() {
        variables.push((EVCXR_DIRECTORY_VARIABLE, path.join(EVCXR).into_os_string()));
    }
    variables.push((SESSION_VARIABLE, path.into_os_string()));
    ORIGINAL.get_or_init(|| {
        let names = variables.iter().map(|(name, _)| *name);
        names.map(|name| (name, std::env::var_os(name))).collect()
    });
    for (name, value) in variables {
        // SAFETY: the caller says that no other thread could read the environment meanwhile.
        unsafe { std::env::set_var(name, value) };
    }
}

fn absolute(path: PathBuf) -> PathBuf {
    // It fails for an empty path, and where this directory is gone.
    std::path::absolute(&path).unwrap_or(path)
}

/// The user's directory for temporary files; this process's own goes with the session.
pub(crate) fn temporary_directory() -> PathBuf {
    let mut original = ORIGINAL.get().into_iter().flatten();
    match original.find(|(name, _)| *name == TEMPORARY_VARIABLE) {
        Some((_, Some(directory))) => PathBuf::from(directory),
        Some((_, None)) => PathBuf::from("/tmp"),
        None => std::env::temp_dir(),
    }
}

/// Whether the session's directory leaves room in the path of a socket for the sockets' names.
pub(crate) fn has_room_for_sockets() -> bool {
    let session = std::env::var_os(SESSION_VARIABLE)
        .map(PathBuf::from)
        .unwrap_or_default();
    let names = [KERNEL_SOCKET, toolchain::progress::SOCKET];
    names
        .iter()
        .all(|name| SocketAddr::from_pathname(session.join(name)).is_ok())
}

/// Gives a process that runs users' code the environment as the user set it.
pub(crate) fn restore_environment(command: &mut Command) {
    restore(command, |name| USERS_OWN.contains(&name));
}

/// Gives a process that has no part in this process's session the environment that this process was started with.
pub(crate) fn forget_session(command: &mut Command) {
    restore(command, |_| true);
}

fn restore(command: &mut Command, is_wanted: impl Fn(&str) -> bool) {
    for (name, value) in ORIGINAL.get().into_iter().flatten().filter(|(name, _)| is_wanted(name)) {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

impl Directory {
    /// Creates the directory that `prepare_environment` chose, and clears away those of sessions that were killed.
    pub(crate) fn create() -> io::Result<Directory> {
        let path = std::env::var_os(SESSION_VARIABLE)
            .map(PathBuf::from)
            .ok_or_else(|| io::Error::other("this process was not prepared for a session"))?;
        if let Some(parent) = path.parent() {
            remove_abandoned(parent);
        }
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        let lock = locked(&path)?;
        fs::create_dir(path.join(TEMPORARY))?;
        let tools = Tools::create(&path)?;
        toolchain::stand_alone(&path, EVCXR)?;
        Ok(Directory {
            path,
            tools,
            _lock: lock,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Where evcxr compiles.
    pub(crate) fn evcxr(&self) -> PathBuf {
        std::env::var_os(EVCXR_DIRECTORY_VARIABLE).map_or_else(|| self.path.join(EVCXR), PathBuf::from)
    }

    /// What evcxr must find only while it starts.
    pub(crate) fn tools(&self) -> &Tools {
        &self.tools
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        if let Err(error) = remove_directory(&self.path) {
            tracing::warn!(%error, path = %self.path.display(), "cannot remove the session's directory");
        }
    }
}

/// Removes a session's directory, the lock last: where this is killed halfway, the next session takes it up.
pub(crate) fn remove_directory(directory: &Path) -> io::Result<()> {
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
            && let Err(error) = remove_directory(&path)
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
        if remove_directory(&directory).is_err() {
            assert!(directory.join(LOCK).exists());
            fs::set_permissions(&stuck, fs::Permissions::from_mode(0o700)).unwrap();
            remove_directory(&directory).unwrap();
        }
        // A superuser can remove everything.
        assert!(!directory.exists());
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
        fs::create_dir_all(dead.join("evcxr/src")).unwrap();
        remove_abandoned(parent.path());
        assert!(live.exists() && strange.exists() && !dead.exists());
    }
}

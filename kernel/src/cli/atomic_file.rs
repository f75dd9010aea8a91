//! Files that appear whole or not at all.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

/// The mode of a new file, of which the process's umask takes its share.
const DEFAULT_MODE: u32 = 0o666;

/// Writes `contents` to `path` by way of a temporary file in the same directory, so that nobody ever sees a part.
///
/// A file that is replaced keeps its permissions. A symbolic link stays one: what it points at is replaced.
pub(super) fn write(path: &Path, contents: &[u8]) -> io::Result<()> {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    let replaced = fs::metadata(&path).ok();
    let permissions = Permissions::from_mode(DEFAULT_MODE);
    let mut file = tempfile::Builder::new()
        .prefix(".parcell-")
        .permissions(permissions)
        .tempfile_in(directory(&path))?;
    file.write_all(contents)?;
    if let Some(replaced) = replaced {
        file.as_file().set_permissions(replaced.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(&path)?;
    Ok(())
}

/// Whether a file could be written at `path`, found out without leaving a trace.
pub(super) fn check_writable(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    tempfile::tempfile_in(directory(&path)).map(drop)
}

fn directory(path: &Path) -> PathBuf {
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent.to_path_buf(),
        _ => PathBuf::from("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_is_readable_as_the_umask_says() {
        let directory = tempfile::tempdir().unwrap();
        let (ours, plain) = (directory.path().join("ours"), directory.path().join("plain"));
        write(&ours, b"text").unwrap();
        fs::write(&plain, b"text").unwrap();
        assert_eq!(fs::read(&ours).unwrap(), b"text");
        assert_eq!(mode(&ours), mode(&plain));
    }

    #[test]
    fn a_replaced_file_keeps_its_permissions_and_its_links() {
        let directory = tempfile::tempdir().unwrap();
        let (file, link) = (directory.path().join("file"), directory.path().join("link"));
        fs::write(&file, b"old").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&file, &link).unwrap();
        write(&link, b"new").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"new");
        assert!(link.is_symlink());
        assert_eq!(mode(&file), 0o640);
        assert_eq!(
            fs::read_dir(directory.path()).unwrap().count(),
            2,
            "a temporary file stayed"
        );
    }

    #[test]
    fn what_cannot_be_written_is_known_before() {
        let directory = tempfile::tempdir().unwrap();
        assert!(check_writable(&directory.path().join("new.ipynb")).is_ok());
        assert_eq!(
            check_writable(directory.path()).unwrap_err().kind(),
            io::ErrorKind::IsADirectory
        );
        let missing = directory.path().join("missing").join("new.ipynb");
        assert_eq!(check_writable(&missing).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(
            fs::read_dir(directory.path()).unwrap().count(),
            0,
            "the check left something behind"
        );
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }
}

//! Which units a session uses: a file that is locked for as long as the session lives.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use fs4::fs_std::FileExt;

/// What one session uses; given back on drop.
#[derive(Debug)]
pub(super) struct Lease {
    path: PathBuf,
    /// Made when something is used.
    file: Option<File>,
    units: BTreeSet<String>,
}

impl Lease {
    /// `directory` is that of all leases.
    pub(super) fn new(directory: PathBuf) -> Lease {
        Lease {
            path: directory.join(uuid::Uuid::new_v4().simple().to_string()),
            file: None,
            units: BTreeSet::new(),
        }
    }

    /// These are used too, from now on.
    pub(super) fn extend(&mut self, units: &[String]) -> io::Result<()> {
        let new: Vec<_> = units.iter().filter(|unit| !self.units.contains(*unit)).collect();
        if new.is_empty() {
            return Ok(());
        }
        let file = match &mut self.file {
            Some(file) => file,
            none => none.insert(create(&self.path)?),
        };
        let lines: String = new.iter().map(|unit| format!("{unit}\n")).collect();
        file.write_all(lines.as_bytes())?;
        self.units.extend(units.iter().cloned());
        Ok(())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        if self.file.is_some()
            && let Err(error) = fs::remove_file(&self.path)
        {
            tracing::debug!(%error, path = %self.path.display(), "cannot say that crates are not used any more");
        }
    }
}

fn create(path: &Path) -> io::Result<File> {
    if let Some(directory) = path.parent() {
        fs::create_dir_all(directory)?;
    }
    let file = File::create_new(path)?;
    FileExt::lock_exclusive(&file)?;
    Ok(file)
}

/// What sessions that run use. Forgets those that have been killed. The caller keeps sessions from taking up more.
pub(super) fn in_use(directory: &Path) -> io::Result<BTreeSet<String>> {
    let mut units = BTreeSet::new();
    for path in super::entries(directory)? {
        let file = match File::open(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            file => file?,
        };
        if FileExt::try_lock_exclusive(&file)? {
            fs::remove_file(&path)?;
        } else {
            units.extend(fs::read_to_string(&path)?.lines().map(str::to_owned));
        }
    }
    Ok(units)
}

//! The crates that have been compiled on this machine: cargo's directory of intermediate results, which all sessions
//! share, and what is known of it.
//!
//! ```text
//! STORE/building     locked while crates are compiled
//! STORE/using        locked, by several, while a session takes up what there is; by one while something is removed
//! STORE/build/       cargo's: what a unit (one crate with these features, for these crates) was compiled to
//! STORE/units/       of each unit: what it consists of, and when it was last used
//! STORE/calls/       by all that it depends on: how a cell is compiled
//! STORE/sessions/    of each session that runs: the units that it uses
//! ```
//!
//! cargo knows which units it can use again. What it does not notice is that a file is damaged, and it removes none.

mod calls;
mod eviction;
mod lease;
mod unit;

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use fs4::fs_std::FileExt;
use sha2::{Digest, Sha256};

use super::artifacts::Artifact;
use super::package::BuildSettings;
pub(super) use calls::{Call, CallKey, How};
pub(crate) use eviction::{CrateUse, LIMIT_VARIABLE, StoreUse, clear, forget_versions, limit, usage};
use lease::Lease;
use unit::Unit;
pub(super) use unit::unit_in;

/// In the cache, the directory of all stores: one for each compiler, and for each environment of compilers.
const STORES: &str = "crates";
/// Changes when what is in a store changes.
const LAYOUT: &str = "1";

/// One of them, as one session uses it.
#[derive(Debug)]
pub(super) struct Store {
    directory: PathBuf,
    lease: Lease,
}

/// While it lives nobody else compiles crates in the store.
#[derive(Debug)]
pub(super) struct Building {
    lock: File,
}

impl Building {
    /// To be inherited by whoever compiles: where this process is killed, that goes on for a while, and nobody else may
    /// begin before it has ended.
    pub(super) fn lock(&self) -> io::Result<File> {
        self.lock.try_clone()
    }
}

impl Store {
    /// The store in the user's cache; it need not exist. `alone` sets it apart from others for the same compiler.
    pub(super) fn shared(cache: &Path, settings: &BuildSettings, alone: Option<&CallKey>) -> Store {
        let mut hash = Sha256::new();
        let mut add = |part: &str| {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        };
        add(LAYOUT);
        add(&settings.tools.version);
        for (name, value) in &settings.environment {
            add(name);
            add(value);
        }
        if let Some(key) = alone {
            add(key.text());
        }
        Store::new(cache.join(STORES).join(hex(&hash.finalize())))
    }

    /// A store that nobody else uses.
    pub(super) fn private(directory: PathBuf) -> Store {
        Store::new(directory)
    }

    fn new(directory: PathBuf) -> Store {
        let lease = Lease::new(directory.join("sessions"));
        Store { directory, lease }
    }

    pub(super) fn directory(&self) -> &Path {
        &self.directory
    }

    /// Where cargo puts what it compiles.
    pub(super) fn build(&self) -> PathBuf {
        self.directory.join("build")
    }

    /// How a cell is compiled, if that is known and all that it needs is there, which then stays.
    pub(super) fn recall(&mut self, key: &CallKey) -> Option<Call> {
        let _stays = self.keep_from_removal();
        let call = calls::read(&self.directory, key)?;
        if !call.units.iter().all(|unit| Unit::is_sound(&self.directory, unit)) {
            return None;
        }
        self.use_units(&call.units);
        calls::mark_used(&self.directory, key);
        Some(call)
    }

    /// The versions that were chosen when this was compiled, even if it is not there any more.
    pub(super) fn known_versions(&self, key: &CallKey) -> Option<String> {
        Some(calls::read(&self.directory, key)?.lock)
    }

    /// Waits until nobody else compiles.
    pub(super) fn begin(&self, waits: &mut dyn FnMut()) -> io::Result<Building> {
        fs::create_dir_all(self.build())?;
        let lock = lock_file(&self.directory, "building")?;
        if !FileExt::try_lock_exclusive(&lock)? {
            waits();
            lock.lock_exclusive()?;
        }
        Ok(Building { lock })
    }

    /// Removes what is damaged, so that it is compiled again.
    pub(super) fn remove_damaged(&self, _building: &Building) -> io::Result<()> {
        let damaged = Unit::all(&self.directory)?
            .into_iter()
            .filter(|unit| !Unit::is_sound(&self.directory, unit))
            .collect::<BTreeSet<_>>();
        if !damaged.is_empty() {
            tracing::warn!(?damaged, "compiled crates have been damaged, and are compiled again");
            let _alone = self.remove_from_use()?;
            unit::remove(&self.directory, &damaged)?;
        }
        Ok(())
    }

    /// Takes note of what cargo has compiled, or found compiled. The units that are made of it, which now stay.
    pub(super) fn note(&mut self, _building: &Building, artifacts: &[Artifact]) -> io::Result<Vec<String>> {
        Unit::note(&self.directory, artifacts)?;
        let mut units: Vec<String> = artifacts.iter().map(|artifact| artifact.unit.clone()).collect();
        units.sort_unstable();
        units.dedup();
        self.use_units(&units);
        Ok(units)
    }

    /// Remembers how a cell is compiled.
    pub(super) fn keep(&self, _building: &Building, keys: &[&CallKey], call: &Call) -> io::Result<()> {
        keys.iter().try_for_each(|key| calls::write(&self.directory, key, call))
    }

    /// Removes what is more than may be kept, of this store and others.
    pub(super) fn evict(&self, _building: &Building, cache: &Path) -> io::Result<()> {
        let limit = limit().map_err(|error| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("{}: {error}", eviction::LIMIT_VARIABLE),
            )
        })?;
        let freed = eviction::evict(cache, limit, Some(&self.directory))?;
        if freed > 0 {
            tracing::info!(freed, limit, "compiled crates have been removed");
        }
        Ok(())
    }

    /// Has cargo compile a package anew that has no hash in the names of its files, or removes it.
    pub(super) fn forget_package(&self, _building: &Building, name: &str) -> io::Result<()> {
        unit::remove_package(&self.directory, name)
    }

    fn use_units(&mut self, units: &[String]) {
        for unit in units {
            Unit::mark_used(&self.directory, unit);
        }
        if let Err(error) = self.lease.extend(units) {
            // Where nothing can be written, nothing can be removed.
            tracing::debug!(%error, store = %self.directory.display(), "cannot say which crates are used");
        }
    }

    /// Nothing is removed while this lives. Where nothing can be locked, nothing can be removed either.
    fn keep_from_removal(&self) -> Option<File> {
        let lock = lock_file(&self.directory, "using").ok()?;
        FileExt::lock_shared(&lock).ok()?;
        Some(lock)
    }

    fn remove_from_use(&self) -> io::Result<File> {
        let lock = lock_file(&self.directory, "using")?;
        FileExt::lock_exclusive(&lock)?;
        Ok(lock)
    }
}

/// Opened without being emptied; for reading at least.
fn lock_file(directory: &Path, name: &str) -> io::Result<File> {
    let path = directory.join(name);
    let mut options = File::options();
    match options.read(true).write(true).create(true).truncate(false).open(&path) {
        Err(error) if is_unwritable(&error) && name == "using" => File::open(&path).map_err(|_| error),
        opened => opened,
    }
}

/// Whether it is the place that does not let it be written to.
pub(super) fn is_unwritable(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
    )
}

/// The first 16 digits.
fn hex(hash: &[u8]) -> String {
    hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect()
}

/// What is in a directory, in the order of names; nothing where there is none.
fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths: Vec<PathBuf> = match fs::read_dir(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        entries => entries?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?,
    };
    paths.sort_unstable();
    Ok(paths)
}

/// Removes a file, or a directory with all that is in it, if it is there.
fn remove_path(path: &Path) -> io::Result<()> {
    let removed = if path.is_dir() {
        fs::remove_dir_all(path)
    } else {
        fs::remove_file(path)
    };
    match removed {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes a file in one step: whoever reads it meanwhile has all of the old or all of the new.
fn write_whole(path: &Path, contents: &[u8]) -> io::Result<()> {
    let directory = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    fs::create_dir_all(directory)?;
    let mut file = tempfile::NamedTempFile::new_in(directory)?;
    io::Write::write_all(&mut file, contents)?;
    file.persist(path)?;
    Ok(())
}

/// Notes that the file, and what it stands for, is used now.
fn mark_used(path: &Path) {
    let marked = File::open(path).and_then(|file| file.set_modified(std::time::SystemTime::now()));
    if let Err(error) = marked {
        tracing::debug!(%error, path = %path.display(), "cannot note that it is used");
    }
}

#[cfg(test)]
mod tests;

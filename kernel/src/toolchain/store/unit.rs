//! What cargo has compiled, unit by unit: which files belong to one, and whether they are as the compiler has left them.
//!
//! cargo has the unit's hash in the names of its files. What is compiled in the notebook's own package has none, and is no
//! unit here.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{entries, remove_path};
use crate::toolchain::artifacts::Artifact;

/// The files that cargo goes by, beside what is compiled.
const FINGERPRINTS: &str = ".fingerprint";
/// Below a directory of one machine's, where the files of units are.
const PLACES: [&str; 3] = [FINGERPRINTS, "build", "deps"];
/// How many digits a unit's hash has.
const DIGITS: usize = 16;

/// One unit, as it is written down.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Unit {
    pub(super) package: String,
    pub(super) version: String,
    files: Vec<Recorded>,
}

/// A file as the compiler has left it.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
struct Recorded {
    /// In cargo's directory.
    path: PathBuf,
    length: u64,
    modified: (i64, i64),
}

impl Unit {
    /// Writes down what these are made of.
    pub(super) fn note(store: &Path, artifacts: &[Artifact]) -> io::Result<()> {
        let build = store.join("build");
        let places = places(&build)?;
        for artifact in artifacts {
            let mut files = Vec::new();
            for entry in places.get(&artifact.unit).into_iter().flatten() {
                record(&build, entry, &mut files)?;
            }
            let unit = Unit {
                package: artifact.package.clone(),
                version: artifact.version.clone(),
                files,
            };
            if read(store, &artifact.unit).as_ref() != Some(&unit) {
                super::write_whole(&file(store, &artifact.unit), &serde_json::to_vec(&unit)?)?;
            }
        }
        Ok(())
    }

    /// Those that are written down.
    pub(super) fn all(store: &Path) -> io::Result<Vec<String>> {
        let mut units = Vec::new();
        for path in entries(&directory(store))? {
            let name = path.file_name().and_then(|name| name.to_str());
            units.extend(name.and_then(|name| name.strip_suffix(".json")).map(str::to_owned));
        }
        Ok(units)
    }

    /// Whether it is written down, and all its files are as they were then.
    pub(super) fn is_sound(store: &Path, unit: &str) -> bool {
        let build = store.join("build");
        read(store, unit).is_some_and(|unit| {
            let is_as_it_was = |file: &Recorded| {
                fs::symlink_metadata(build.join(&file.path))
                    .is_ok_and(|now| now.len() == file.length && (now.mtime(), now.mtime_nsec()) == file.modified)
            };
            unit.files.iter().all(is_as_it_was)
        })
    }

    pub(super) fn mark_used(store: &Path, unit: &str) {
        super::mark_used(&file(store, unit));
    }

    pub(super) fn read(store: &Path, unit: &str) -> Option<Unit> {
        read(store, unit)
    }

    /// How many bytes it has.
    pub(super) fn bytes(&self) -> u64 {
        self.files.iter().map(|file| file.length).sum()
    }

    pub(super) fn last_used(store: &Path, unit: &str) -> io::Result<SystemTime> {
        fs::metadata(file(store, unit))?.modified()
    }
}

/// Removes units: what cargo goes by first, so that it never takes for whole what is not.
pub(super) fn remove(store: &Path, units: &BTreeSet<String>) -> io::Result<()> {
    let places = places(&store.join("build"))?;
    for unit in units {
        // PLACES begins with what cargo goes by.
        for path in places.get(unit).into_iter().flatten() {
            remove_path(path)?;
        }
        remove_path(&file(store, unit))?;
    }
    Ok(())
}

/// Removes what belongs to a package that has no hash in the names of its files.
pub(super) fn remove_package(store: &Path, name: &str) -> io::Result<()> {
    for machine in machines(&store.join("build"))? {
        for place in PLACES {
            for entry in entries(&machine.join(place))? {
                let file = entry.file_name().and_then(|name| name.to_str()).unwrap_or_default();
                let is_of_package = file.strip_prefix(name).is_some_and(|rest| rest.starts_with(['-', '.']))
                    || file.strip_prefix("lib").and_then(|file| file.strip_prefix(name)) == Some(".so");
                if is_of_package {
                    remove_path(&entry)?;
                }
            }
        }
    }
    Ok(())
}

/// The files and directories of each unit, those that cargo goes by first.
fn places(build: &Path) -> io::Result<BTreeMap<String, Vec<PathBuf>>> {
    let mut places: BTreeMap<String, Vec<PathBuf>> = BTreeMap::new();
    for machine in machines(build)? {
        for place in PLACES {
            for entry in entries(&machine.join(place))? {
                if let Some(unit) = entry.file_name().and_then(|name| unit_in(name.to_str()?)) {
                    places.entry(unit.to_owned()).or_default().push(entry);
                }
            }
        }
    }
    Ok(places)
}

/// For which machines something has been compiled: for the one that compiles, and for the one that cells run on.
fn machines(build: &Path) -> io::Result<Vec<PathBuf>> {
    let mut machines = vec![build.join("debug")];
    let directories = entries(build)?.into_iter().filter(|entry| entry.is_dir());
    machines.extend(directories.map(|entry| entry.join("debug")));
    Ok(machines)
}

/// The hash of the unit that a file belongs to.
pub(in crate::toolchain) fn unit_in(name: &str) -> Option<&str> {
    let (_, hash) = name.rsplit_once('-')?;
    let hash = hash.split('.').next()?;
    let is_hash = hash.len() == DIGITS && hash.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hash.then_some(hash)
}

/// Adds a file, or all files below a directory; not those that cargo goes by, which it may write at any time.
fn record(build: &Path, path: &Path, files: &mut Vec<Recorded>) -> io::Result<()> {
    if path.parent().is_some_and(|parent| parent.ends_with(FINGERPRINTS)) {
        return Ok(());
    }
    let metadata = fs::symlink_metadata(path)?;
    if metadata.is_dir() {
        for entry in entries(path)? {
            record(build, &entry, files)?;
        }
        return Ok(());
    }
    files.push(Recorded {
        path: path.strip_prefix(build).map_err(io::Error::other)?.to_owned(),
        length: metadata.len(),
        modified: (metadata.mtime(), metadata.mtime_nsec()),
    });
    Ok(())
}

fn read(store: &Path, unit: &str) -> Option<Unit> {
    serde_json::from_slice(&fs::read(file(store, unit)).ok()?).ok()
}

fn directory(store: &Path) -> PathBuf {
    store.join("units")
}

fn file(store: &Path, unit: &str) -> PathBuf {
    directory(store).join(unit).with_extension("json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_units_hash_is_in_the_names_of_its_files() {
        for name in [
            "libserde_core-a697304a5c349c5e.rmeta",
            "proc-macro2-a697304a5c349c5e",
            "build_script_build-a697304a5c349c5e.build_script_build.0123456789abcdef-cgu.0.rcgu.o",
        ] {
            let expected = if name.contains("cgu") {
                None
            } else {
                Some("a697304a5c349c5e")
            };
            assert_eq!(unit_in(name), expected, "{name}");
        }
        for name in ["libparcell.so", "parcell.d", "a-0123", "a-0123456789abcdeg.d"] {
            assert_eq!(unit_in(name), None, "{name}");
        }
    }
}

//! The seed: a package for cells with the library compiled and no cell in it.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::{PrepareError, Prepared};

/// Removes what belongs to the cell that cargo compiled on the way.
pub(super) fn harvest(seed: &Path) -> Result<(), PrepareError> {
    let remove = |path: &Path| -> io::Result<()> {
        if path.is_dir() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        }
    };
    walk(seed, &mut |path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let of_a_cell = name.starts_with("ctx-")
            || name.starts_with("libctx")
            || name.starts_with("libcode_")
            || name.starts_with("code_")
            || name == "incremental"
            || name == ".cargo-lock"
            || (name == "src" && path.parent() == Some(seed));
        if of_a_cell {
            remove(path)?;
            return Ok(Step::Over);
        }
        Ok(Step::Into)
    })
    .map_err(PrepareError::io("clean", seed))
}

/// Copies the seed to `directory`, where a session is about to start.
pub(crate) fn plant(prepared: &Prepared, directory: &Path) -> Result<(), PrepareError> {
    let seed = prepared.seed();
    let result = walk(&seed, &mut |path| {
        let target = directory.join(path.strip_prefix(&seed).map_err(io::Error::other)?);
        if path.is_dir() {
            fs::create_dir_all(&target)?;
        } else if !(may_be_linked(path) && fs::hard_link(path, &target).is_ok()) {
            copy(path, &target)?;
        }
        Ok(Step::Into)
    });
    fs::create_dir_all(directory)
        .and(result)
        .map_err(PrepareError::io("copy the library to", directory))
}

/// Compiled files are replaced, never written to; cargo's own records are.
fn may_be_linked(path: &Path) -> bool {
    path.parent()
        .and_then(Path::file_name)
        .is_some_and(|directory| directory == "deps")
}

/// A copy with the same time of modification: cargo compares them to know what is fresh.
fn copy(from: &Path, to: &Path) -> io::Result<()> {
    if let Some(parent) = to.parent() {
        fs::create_dir_all(parent)?;
    }
    fs::copy(from, to)?;
    let modified = fs::metadata(from)?.modified()?;
    File::options().write(true).open(to)?.set_modified(modified)
}

enum Step {
    Into,
    Over,
}

/// Shows `visit` everything below `directory`, outer before inner.
fn walk(directory: &Path, visit: &mut dyn FnMut(&Path) -> io::Result<Step>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if let Step::Into = visit(&path)?
            && path.is_dir()
        {
            walk(&path, visit)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_planted_seed_has_the_library_and_no_cell() {
        let cache = tempfile::tempdir().unwrap();
        let prepared = Prepared {
            directory: cache.path().to_owned(),
        };
        let deps = prepared.seed().join("target/debug/deps");
        fs::create_dir_all(&deps).unwrap();
        fs::create_dir_all(prepared.seed().join("src")).unwrap();
        for name in ["libparcell-1.so", "libctx-2.so", "libcode_1.so", "ctx-2.d"] {
            fs::write(deps.join(name), name).unwrap();
        }
        fs::write(prepared.seed().join("Cargo.lock"), "lock").unwrap();
        harvest(&prepared.seed()).unwrap();
        let session = tempfile::tempdir().unwrap();
        let planted = session.path().join("package");
        plant(&prepared, &planted).unwrap();
        let names: Vec<_> = fs::read_dir(planted.join("target/debug/deps"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        assert_eq!(names, ["libparcell-1.so"]);
        assert_eq!(fs::read_to_string(planted.join("Cargo.lock")).unwrap(), "lock");
        assert!(!planted.join("src").exists());
        // What is written in place must not reach the seed.
        fs::write(planted.join("Cargo.lock"), "changed").unwrap();
        assert_eq!(fs::read_to_string(prepared.seed().join("Cargo.lock")).unwrap(), "lock");
    }
}

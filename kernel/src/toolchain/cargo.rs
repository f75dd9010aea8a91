//! Our cargo: the real one, which does not change Cargo.lock while evcxr tries out a dependency, and which is not needed
//! where only a cell has changed since it ran (see `compilation`).
//!
//! To validate a dependency evcxr asks cargo about a dummy package that has that dependency only. Left alone, cargo
//! would forget the versions of everything else, choose the newest at the next build, and compile the library, and
//! with it every type that it defines, anew.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::{Command, ExitCode};
use std::{fs, io};

use super::compilation::{self, RecordFile};
use super::{CARGO_VARIABLE, become_command, report, rustc};

/// The package that evcxr makes up.
const DUMMY: &str = "evcxr_dummy_validate_dep";
const LOCK: &str = "Cargo.lock";

pub(super) fn main(arguments: &[OsString]) -> ExitCode {
    let mut cargo = Command::new(std::env::var_os(CARGO_VARIABLE).unwrap_or_else(|| "cargo".into()));
    cargo.args(arguments);
    let asked_for = |command: &str| arguments.iter().any(|argument| argument == OsStr::new(command));
    let result = if asked_for("metadata") && is_validating() {
        run_without_changing_the_lock(&mut cargo)
    } else if asked_for("build") {
        build(&mut cargo, arguments)
    } else {
        Ok(become_command(&mut cargo))
    };
    result.unwrap_or_else(|error| {
        report(&format!("cannot run cargo: {error}"));
        ExitCode::FAILURE
    })
}

/// Whether evcxr is trying out a dependency.
fn is_validating() -> bool {
    fs::read_to_string("Cargo.toml").is_ok_and(|manifest| manifest.contains(DUMMY))
}

/// Compiles a cell: with rustc alone where it is known how, else with cargo.
fn build(cargo: &mut Command, arguments: &[OsString]) -> io::Result<ExitCode> {
    let directory = std::env::current_dir()?;
    let place = RecordFile::of(&directory, arguments);
    if let Some(compilation) = place.as_ref().and_then(|place| place.recorded(&directory)) {
        return rustc::compile_again(&compilation);
    }
    forget_last_cell(Path::new("target"))?;
    compilation::forget(&directory)?;
    if let Some(place) = &place {
        place.record(cargo);
    }
    Ok(become_command(cargo))
}

/// Makes cargo compile the cell whatever it thinks of the times of files: cells can follow each other faster than a
/// file system's clock moves, and to be given the last cell's code in the place of this one's is the worst that can
/// happen.
fn forget_last_cell(target: &Path) -> io::Result<()> {
    let triples = match fs::read_dir(target) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        triples => triples?,
    };
    for triple in triples {
        let Ok(fingerprints) = fs::read_dir(triple?.path().join("debug/.fingerprint")) else {
            continue;
        };
        for fingerprint in fingerprints {
            let fingerprint = fingerprint?;
            if fingerprint
                .file_name()
                .to_str()
                .is_some_and(|name| name.starts_with("ctx-"))
            {
                fs::remove_dir_all(fingerprint.path())?;
            }
        }
    }
    Ok(())
}

fn run_without_changing_the_lock(cargo: &mut Command) -> io::Result<ExitCode> {
    let lock = match fs::read(LOCK) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        result => Some(result?),
    };
    let status = cargo.status()?;
    if let Some(lock) = lock {
        fs::write(LOCK, lock)?;
    }
    Ok(ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_cell_is_forgotten() {
        let target = tempfile::tempdir().unwrap();
        let fingerprints = target.path().join("x86_64-unknown-linux-gnu/debug/.fingerprint");
        for package in ["ctx-0123", "parcell-4567"] {
            fs::create_dir_all(fingerprints.join(package)).unwrap();
        }
        forget_last_cell(target.path()).unwrap();
        assert!(!fingerprints.join("ctx-0123").exists() && fingerprints.join("parcell-4567").exists());
        forget_last_cell(&target.path().join("none")).unwrap();
    }
}

//! How cargo has rustc compile a cell, remembered so that the next cell is compiled without cargo.
//!
//! Between two cells only the source changes, unless a dependency is added: what cargo would work out again, for longer
//! than rustc takes, is known. Our cargo has the wrapper record rustc's arguments and what cargo puts into its
//! environment, under a key of all that they depend on, and runs rustc itself when the same key comes again.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::CARGO_VARIABLE;
use super::dependencies::externs;

/// The file that the wrapper is to write, where there is to be one.
const RECORD_VARIABLE: &str = "PARCELL_RECORD";
/// The directory of records, in evcxr's directory.
const RECORDS: &str = ".parcell";
/// The one dependency that never changes although it is given by its path.
const LIBRARY: &str = "parcell";
/// What evcxr passes on to cargo in the environment.
const SETTINGS: [&str; 3] = ["RUSTC", "RUSTFLAGS", CARGO_VARIABLE];

/// A call of rustc for a cell.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Compilation {
    /// evcxr's directory at the time; paths in the rest begin with it.
    directory: String,
    pub(super) rustc: String,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
}

/// Where the call for a package as it is now is recorded; None if cargo has to look at other files to know whether the
/// call stays the same.
#[derive(Debug)]
pub(super) struct RecordFile {
    file: PathBuf,
}

impl RecordFile {
    /// `directory` is the package's; `arguments` are cargo's.
    pub(super) fn of(directory: &Path, arguments: &[OsString]) -> Option<RecordFile> {
        let manifest = fs::read_to_string(directory.join("Cargo.toml")).ok()?;
        if depends_on_changing_files(&manifest) {
            return None;
        }
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        };
        add(manifest.as_bytes());
        add(&fs::read(directory.join(".cargo/config.toml")).unwrap_or_default());
        for argument in arguments {
            add(argument.as_encoded_bytes());
        }
        for variable in SETTINGS {
            add(std::env::var_os(variable).unwrap_or_default().as_encoded_bytes());
        }
        let key: String = hash
            .finalize()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Some(RecordFile {
            file: directory.join(RECORDS).join(key).with_extension("json"),
        })
    }

    /// The recorded call, for a package that may have been moved to `directory` since. None where what it uses is gone.
    pub(super) fn recorded(&self, directory: &Path) -> Option<Compilation> {
        read(&self.file)?
            .moved_to(directory.to_str()?)
            .filter(Compilation::has_its_crates)
    }

    /// Has the wrapper record the call that `cargo` is about to make.
    pub(super) fn record(&self, cargo: &mut Command) {
        cargo.env(RECORD_VARIABLE, &self.file);
    }
}

/// Forgets the calls that another call of cargo may make wrong: those that use what it builds.
pub(super) fn forget(directory: &Path) -> io::Result<()> {
    let records = match fs::read_dir(directory.join(RECORDS)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        records => records?,
    };
    for record in records {
        let file = record?.path();
        if read(&file).is_none_or(|compilation| compilation.uses_crates()) {
            fs::remove_file(file)?;
        }
    }
    Ok(())
}

/// In the wrapper: records this call if that is wanted.
pub(super) fn record(rustc: &OsStr, arguments: &[OsString]) -> io::Result<()> {
    let Some(file) = std::env::var_os(RECORD_VARIABLE).map(PathBuf::from) else {
        return Ok(());
    };
    let directory = std::env::current_dir()?;
    let Some(compilation) = Compilation::of_this_process(&directory, rustc, arguments) else {
        return Ok(());
    };
    if let Some(records) = file.parent() {
        fs::create_dir_all(records)?;
    }
    fs::write(file, serde_json::to_vec(&compilation)?)
}

impl Compilation {
    /// None where something is not UTF-8.
    fn of_this_process(directory: &Path, rustc: &OsStr, arguments: &[OsString]) -> Option<Compilation> {
        let text = |text: &OsStr| text.to_str().map(str::to_owned);
        let environment = std::env::vars_os()
            .filter(|(name, _)| name.to_str().is_some_and(is_set_by_cargo))
            .map(|(name, value)| Some((text(&name)?, text(&value)?)));
        Some(Compilation {
            directory: text(directory.as_os_str())?,
            rustc: text(rustc)?,
            arguments: arguments.iter().map(|argument| text(argument)).collect::<Option<_>>()?,
            environment: environment.collect::<Option<_>>()?,
        })
    }

    fn moved_to(self, directory: &str) -> Option<Compilation> {
        if self.directory == directory {
            return Some(self);
        }
        let moved = |text: String| text.replace(&self.directory, directory);
        Some(Compilation {
            rustc: self.rustc,
            arguments: self.arguments.into_iter().map(moved).collect(),
            environment: self
                .environment
                .into_iter()
                .map(|(name, value)| (name, moved(value)))
                .collect(),
            directory: directory.to_owned(),
        })
    }

    fn uses_crates(&self) -> bool {
        self.crates().next().is_some()
    }

    fn has_its_crates(&self) -> bool {
        self.crates().all(Path::exists)
    }

    /// The files of the crates that the cell names.
    fn crates(&self) -> impl Iterator<Item = &Path> {
        externs(&self.arguments).map(|(_, path)| path)
    }
}

fn read(file: &Path) -> Option<Compilation> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

/// Whether some dependency's sources are files that may be edited: cargo has to look at them each time.
fn depends_on_changing_files(manifest: &str) -> bool {
    let Ok(manifest) = manifest.parse::<toml::Table>() else {
        return true;
    };
    let Some(dependencies) = manifest.get("dependencies").and_then(toml::Value::as_table) else {
        return false;
    };
    dependencies
        .iter()
        .any(|(name, dependency)| name != LIBRARY && dependency.get("path").is_some())
}

/// The jobserver's descriptors are not among them: they are gone with the cargo that opened them.
fn is_set_by_cargo(name: &str) -> bool {
    (name.starts_with("CARGO") && name != "CARGO_MAKEFLAGS") || name == "LD_LIBRARY_PATH"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compilation(directory: &str, arguments: &[&str]) -> Compilation {
        Compilation {
            directory: directory.to_owned(),
            rustc: "/bin/rustc".to_owned(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            environment: vec![("CARGO_MANIFEST_DIR".to_owned(), directory.to_owned())],
        }
    }

    fn write(place: &RecordFile, compilation: &Compilation) {
        fs::create_dir_all(place.file.parent().unwrap()).unwrap();
        fs::write(&place.file, serde_json::to_vec(compilation).unwrap()).unwrap();
    }

    #[test]
    fn a_call_is_found_under_the_same_manifest_only_and_moves_with_its_directory() {
        let package = tempfile::tempdir().unwrap();
        let arguments = ["build".into()];
        let place = |manifest: &str| {
            fs::write(package.path().join("Cargo.toml"), manifest).unwrap();
            RecordFile::of(package.path(), &arguments)
        };
        let here = package.path().to_str().unwrap();
        let recorded = place("[dependencies]\n").unwrap();
        write(&recorded, &compilation("/old", &["--out-dir", "/old/target"]));
        assert_eq!(
            place("[dependencies]\n").unwrap().recorded(package.path()),
            Some(compilation(here, &["--out-dir", &format!("{here}/target")]))
        );
        let other = place("[dependencies]\nrand = \"0.9\"\n").unwrap();
        assert_eq!(other.recorded(package.path()), None);
    }

    #[test]
    fn a_call_whose_crates_are_gone_is_not_made_again() {
        let package = tempfile::tempdir().unwrap();
        fs::write(package.path().join("Cargo.toml"), "[dependencies]\n").unwrap();
        let here = package.path().to_str().unwrap();
        let place = RecordFile::of(package.path(), &[]).unwrap();
        let library = format!("{here}/libserde.rlib");
        write(&place, &compilation(here, &["--extern", &format!("serde={library}")]));
        assert_eq!(place.recorded(package.path()), None);
        fs::write(library, "").unwrap();
        assert!(place.recorded(package.path()).is_some());
    }

    #[test]
    fn packages_that_may_be_edited_are_cargos_business() {
        assert!(!depends_on_changing_files(
            "[dependencies]\nparcell = { path = \"/x\" }\nrand = \"1\"\n"
        ));
        assert!(depends_on_changing_files("[dependencies]\nmine = { path = \"/x\" }\n"));
        assert!(depends_on_changing_files("not TOML"));
    }

    #[test]
    fn only_calls_that_use_no_crate_outlive_another_build() {
        let package = tempfile::tempdir().unwrap();
        let place = |key: &str| RecordFile {
            file: package.path().join(RECORDS).join(key),
        };
        write(&place("alone"), &compilation("/x", &["src/lib.rs"]));
        write(
            &place("with"),
            &compilation("/x", &["src/lib.rs", "--extern", "serde=/x"]),
        );
        forget(package.path()).unwrap();
        assert!(place("alone").file.exists() && !place("with").file.exists());
        forget(&package.path().join("none")).unwrap();
    }
}

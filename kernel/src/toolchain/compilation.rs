//! How cargo has the compiler compile a cell, remembered so that the next cell is compiled without cargo.
//!
//! The wrapper, which cargo runs in the place of the compiler, records the compiler's arguments and what cargo puts into
//! its environment, under a key of all that they depend on.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{fs, io};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::dependencies::externs;
use super::{BuildSettings, Manifest};

/// The file that the wrapper is to write.
const RECORD_VARIABLE: &str = "PARCELL_RECORD";
/// The directory of records, in the package.
const RECORDS: &str = ".parcell";

/// A call of the compiler for a cell.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Compilation {
    /// The package's directory at the time; paths in the rest begin with it.
    directory: String,
    pub(super) rustc: String,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
}

/// Where the call for a package as it is now is recorded.
#[derive(Debug)]
pub(super) struct Record {
    file: PathBuf,
}

impl Record {
    /// `directory` is the package's.
    pub(super) fn of(directory: &Path, manifest: &Manifest, settings: &BuildSettings) -> Record {
        let mut hash = Sha256::new();
        let mut add = |part: &[u8]| {
            hash.update(part.len().to_le_bytes());
            hash.update(part);
        };
        add(manifest.text().as_bytes());
        add(settings.tools.rustc.as_os_str().as_encoded_bytes());
        add(settings.tools.version.as_bytes());
        for (name, value) in &settings.environment {
            add(name.as_bytes());
            add(value.as_bytes());
        }
        let key: String = hash
            .finalize()
            .iter()
            .take(8)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        Record {
            file: directory.join(RECORDS).join(key).with_extension("json"),
        }
    }

    /// The recorded call, for a package that may have been moved to `directory` since. None where what it uses is gone.
    pub(super) fn read(&self, directory: &Path) -> Option<Compilation> {
        read(&self.file)?
            .moved_to(directory.to_str()?)
            .filter(Compilation::has_its_crates)
    }

    /// Has the wrapper record the call that cargo is about to make.
    pub(super) fn have_written(&self, cargo: &mut Command) {
        cargo.env(RECORD_VARIABLE, &self.file);
    }

    /// Forgets the calls that another call of cargo may make wrong: those that use what it builds.
    pub(super) fn forget_those_with_crates(directory: &Path) -> io::Result<()> {
        let records = match fs::read_dir(directory.join(RECORDS)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            records => records?,
        };
        for record in records {
            let file = record?.path();
            if read(&file).is_none_or(|compilation| compilation.crates().next().is_some()) {
                fs::remove_file(file)?;
            }
        }
        Ok(())
    }

    pub(super) fn write(&self, compilation: &Compilation) -> io::Result<()> {
        if let Some(records) = self.file.parent() {
            fs::create_dir_all(records)?;
        }
        fs::write(&self.file, serde_json::to_vec(compilation)?)
    }
}

/// In the wrapper: records this call if that is wanted.
pub(super) fn record(rustc: &OsStr, arguments: &[OsString]) -> io::Result<()> {
    let Some(file) = std::env::var_os(RECORD_VARIABLE).map(PathBuf::from) else {
        return Ok(());
    };
    let directory = std::env::current_dir()?;
    match Compilation::of_this_process(&directory, rustc, arguments) {
        Some(compilation) => Record { file }.write(&compilation),
        None => Err(io::Error::other("the compiler is called with what is not UTF-8")),
    }
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

    fn has_its_crates(&self) -> bool {
        self.crates().all(|(_, path)| path.exists())
    }

    /// The crates that the cell names, with their files.
    pub(super) fn crates(&self) -> impl Iterator<Item = (&str, &Path)> {
        externs(&self.arguments)
    }

    /// Where cargo has the compiler put what it makes.
    pub(super) fn output_directory(&self) -> Option<PathBuf> {
        let position = self.arguments.iter().position(|argument| argument == "--out-dir")?;
        self.arguments.get(position + 1).map(PathBuf::from)
    }

    #[cfg(test)]
    pub(super) fn for_tests(directory: &Path, rustc: &Path) -> Compilation {
        let arguments = [
            "--crate-name",
            super::CELL_CRATE,
            "--edition=2024",
            "src/lib.rs",
            "--crate-type",
            "cdylib",
        ];
        let more = ["--error-format=json", "--out-dir"];
        let output = directory.join("target");
        Compilation {
            directory: directory.to_str().unwrap().to_owned(),
            rustc: rustc.to_str().unwrap().to_owned(),
            arguments: arguments
                .iter()
                .chain(&more)
                .copied()
                .chain(output.to_str())
                .map(str::to_owned)
                .collect(),
            environment: Vec::new(),
        }
    }
}

fn read(file: &Path) -> Option<Compilation> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
}

/// The jobserver's descriptors are not among them: they are gone with the cargo that opened them.
fn is_set_by_cargo(name: &str) -> bool {
    (name.starts_with("CARGO") && name != "CARGO_MAKEFLAGS") || name == "LD_LIBRARY_PATH"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::toolchain::Tools;

    fn settings() -> BuildSettings {
        BuildSettings {
            tools: Tools {
                cargo: "/bin/cargo".into(),
                rustc: "/bin/rustc".into(),
                version: "rustc 1".to_owned(),
                host: "machine".to_owned(),
            },
            offline: false,
            environment: BTreeMap::new(),
        }
    }

    fn manifest(dependencies: &[(&str, &str)]) -> Manifest {
        let dependencies = dependencies
            .iter()
            .map(|(name, text)| (name.to_string(), text.to_string()));
        Manifest {
            dependencies: dependencies.collect(),
            ..Manifest::default()
        }
    }

    fn compilation(directory: &str, arguments: &[&str]) -> Compilation {
        Compilation {
            directory: directory.to_owned(),
            rustc: "/bin/rustc".to_owned(),
            arguments: arguments.iter().map(|&argument| argument.to_owned()).collect(),
            environment: vec![("CARGO_MANIFEST_DIR".to_owned(), directory.to_owned())],
        }
    }

    #[test]
    fn a_call_is_found_under_the_same_manifest_only_and_moves_with_its_directory() {
        let package = tempfile::tempdir().unwrap();
        let here = package.path().to_str().unwrap();
        let record = Record::of(package.path(), &manifest(&[]), &settings());
        record
            .write(&compilation("/old", &["--out-dir", "/old/target"]))
            .unwrap();
        let found = record.read(package.path()).unwrap();
        assert_eq!(found, compilation(here, &["--out-dir", &format!("{here}/target")]));
        assert_eq!(found.output_directory(), Some(package.path().join("target")));
        let other = Record::of(package.path(), &manifest(&[("rand", "\"0.9\"")]), &settings());
        assert_eq!(other.read(package.path()), None);
        let mut settings = settings();
        settings.environment.insert("A".to_owned(), "1".to_owned());
        let other = Record::of(package.path(), &manifest(&[]), &settings);
        assert_eq!(other.read(package.path()), None);
    }

    #[test]
    fn a_call_whose_crates_are_gone_is_not_made_again() {
        let package = tempfile::tempdir().unwrap();
        let here = package.path().to_str().unwrap();
        let record = Record::of(package.path(), &manifest(&[]), &settings());
        let library = format!("{here}/libserde.rlib");
        record
            .write(&compilation(here, &["--extern", &format!("serde={library}")]))
            .unwrap();
        assert_eq!(record.read(package.path()), None);
        fs::write(library, "").unwrap();
        assert!(record.read(package.path()).is_some());
    }

    #[test]
    fn only_calls_that_use_no_crate_outlive_another_build() {
        let package = tempfile::tempdir().unwrap();
        Record::forget_those_with_crates(&package.path().join("none")).unwrap();
        let record = |key: &str| Record {
            file: package.path().join(RECORDS).join(key),
        };
        record("alone").write(&compilation("/x", &["src/lib.rs"])).unwrap();
        let with_crate = compilation("/x", &["src/lib.rs", "--extern", "serde=/x"]);
        record("with").write(&with_crate).unwrap();
        Record::forget_those_with_crates(package.path()).unwrap();
        assert!(record("alone").file.exists() && !record("with").file.exists());
    }
}

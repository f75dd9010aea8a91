//! How cargo has the compiler compile a cell, remembered so that the next cell is compiled without cargo.
//!
//! The wrapper, which cargo runs in the place of the compiler, records the compiler's arguments and what cargo puts into
//! its environment.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

use super::dependencies::externs;
use super::manifest::LIBRARY;

/// The file that the wrapper is to write.
pub(super) const RECORD_VARIABLE: &str = "PARCELL_RECORD";

/// A call of the compiler for a cell.
#[derive(Debug, Deserialize, PartialEq, Serialize)]
pub(super) struct Compilation {
    /// The package's directory at the time; paths in the rest begin with it.
    directory: String,
    pub(super) rustc: String,
    pub(super) arguments: Vec<String>,
    pub(super) environment: Vec<(String, String)>,
}

/// In the wrapper: records this call if that is wanted.
pub(super) fn record(rustc: &OsStr, arguments: &[OsString]) -> io::Result<()> {
    let Some(file) = std::env::var_os(RECORD_VARIABLE).map(PathBuf::from) else {
        return Ok(());
    };
    let directory = std::env::current_dir()?;
    match Compilation::of_this_process(&directory, rustc, arguments) {
        Some(compilation) => fs::write(file, serde_json::to_vec(&compilation)?),
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

    /// The same call for a package in another directory.
    pub(super) fn moved_to(self, directory: &Path) -> io::Result<Compilation> {
        let directory = directory
            .to_str()
            .ok_or_else(|| io::Error::other("the path of the package is not UTF-8"))?;
        if self.directory == directory {
            return Ok(self);
        }
        let moved = |text: String| text.replace(&self.directory, directory);
        Ok(Compilation {
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

    /// The same call with this library, whose crates are in these directories too.
    pub(super) fn linked_with(mut self, library: &Path, crates: &[PathBuf]) -> Compilation {
        let named = |argument: &str| argument.strip_prefix(LIBRARY).is_some_and(|rest| rest.starts_with('='));
        if let Some(position) = self.arguments.iter().position(|argument| named(argument)) {
            self.arguments.drain(position.saturating_sub(1)..=position);
        }
        let own = self.directories_of_crates();
        let mut add = |option: &str, value: String| self.arguments.extend([option.to_owned(), value]);
        add("--extern", format!("{LIBRARY}={}", library.display()));
        for directory in crates.iter().filter(|directory| !own.contains(directory)) {
            add("-L", format!("dependency={}", directory.display()));
        }
        self
    }

    /// The same call with these crates too.
    pub(super) fn with_crates(mut self, crates: impl IntoIterator<Item = (String, PathBuf)>) -> Compilation {
        for (name, file) in crates {
            self.arguments
                .extend(["--extern".to_owned(), format!("{name}={}", file.display())]);
        }
        self
    }

    /// The machine that it is compiled for.
    pub(super) fn target(&self) -> Option<&str> {
        let option = self.arguments.iter().position(|argument| argument == "--target")?;
        self.arguments.get(option + 1).map(String::as_str)
    }

    /// Whether the crates that the cell names are there.
    pub(super) fn has_its_crates(&self) -> bool {
        self.crates().all(|(_, path)| path.exists())
    }

    /// The crates that the cell names, with their files.
    pub(super) fn crates(&self) -> impl Iterator<Item = (&str, &Path)> {
        externs(&self.arguments)
    }

    /// Where the crates are that it needs without naming them.
    pub(super) fn directories_of_crates(&self) -> Vec<PathBuf> {
        let directories = self
            .arguments
            .iter()
            .filter_map(|argument| argument.strip_prefix("dependency="));
        directories.map(PathBuf::from).collect()
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
            "--target",
        ];
        let tools = super::Tools::in_use().unwrap();
        let more = [tools.host.as_str(), "--error-format=json", "--out-dir"];
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

/// What the wrapper has recorded.
pub(super) fn read(file: &Path) -> Option<Compilation> {
    serde_json::from_slice(&fs::read(file).ok()?).ok()
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

    #[test]
    fn a_call_moves_with_its_package() {
        let old = compilation("/old", &["--out-dir", "/old/target"]);
        let new = compilation("/new", &["--out-dir", "/new/target"]);
        assert_eq!(old.moved_to(Path::new("/new")).unwrap(), new);
    }

    #[test]
    fn a_call_is_linked_with_one_library() {
        let arguments = [
            "--extern",
            "parcell=/b/libparcell.so",
            "--extern",
            "serde=/b/libserde.rlib",
        ];
        let call = compilation("/x", &arguments).linked_with(Path::new("/l.so"), &["/d".into()]);
        assert_eq!(
            call.arguments,
            [
                "--extern",
                "serde=/b/libserde.rlib",
                "--extern",
                "parcell=/l.so",
                "-L",
                "dependency=/d"
            ]
        );
        assert_eq!(call.directories_of_crates(), ["/d"].map(PathBuf::from));
    }

    #[test]
    fn a_call_knows_whether_its_crates_are_there() {
        let package = tempfile::tempdir().unwrap();
        let library = package.path().join("libserde.rlib");
        let call = compilation("/x", &["--extern", &format!("serde={}", library.display())]);
        assert!(!call.has_its_crates());
        fs::write(library, "").unwrap();
        assert!(call.has_its_crates());
    }
}

//! Which builds of crates the notebook's types are compiled with, and when one of them is replaced by another.
//!
//! A type of the notebook may hold one of a crate. When that crate is built anew, because a `:dep` has changed its
//! features or its files have been edited, the type may have another layout by the same name, and a variable of it
//! must not be read any more: all types of the notebook get another identity. A crate that is only added changes none.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

use serde::{Deserialize, Serialize};

/// The file in the session's directory that tells what the notebook's variables were compiled with.
const FILE: &str = "dependencies.json";
/// The same for the cell that is being compiled, in the place of which it comes when the cell has been run.
const NEXT_FILE: &str = "dependencies.next.json";

/// The crates that cells are linked with.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub(super) struct Dependencies {
    /// How often one has been replaced.
    replaced: u32,
    builds: BTreeMap<String, Build>,
}

/// What a compiled crate is known by. Its path tells version, features, and those of all that it depends on; the rest
/// changes when it is compiled again.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
struct Build {
    path: PathBuf,
    length: u64,
    modified: (i64, i64),
}

impl Dependencies {
    /// In the wrapper: those of a call of rustc, which `keep` then makes the notebook's.
    pub(super) fn of_call(session: &Path, arguments: &[OsString]) -> io::Result<Dependencies> {
        let builds = externs(arguments)
            .map(|(name, path)| Ok((name.to_owned(), Build::of(path)?)))
            .collect::<io::Result<_>>()?;
        let next = Dependencies::read(session)?.after(builds);
        fs::write(session.join(NEXT_FILE), serde_json::to_vec(&next)?)?;
        Ok(next)
    }

    fn read(session: &Path) -> io::Result<Dependencies> {
        match fs::read(session.join(FILE)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Dependencies::default()),
            text => Ok(serde_json::from_slice(&text?)?),
        }
    }

    /// What the crate of a cell is to be compiled with.
    pub(super) fn metadata(&self) -> String {
        format!("dependencies-{}", self.replaced)
    }

    /// One that is not used any more is remembered: it may come back as another.
    fn after(mut self, builds: BTreeMap<String, Build>) -> Dependencies {
        let is_replaced = |(name, build): (&String, &Build)| self.builds.get(name).is_some_and(|known| known != build);
        if builds.iter().any(is_replaced) {
            self.replaced += 1;
        }
        self.builds.extend(builds);
        self
    }
}

impl Build {
    fn of(path: &Path) -> io::Result<Build> {
        let file = fs::metadata(path)?;
        Ok(Build {
            path: path.to_owned(),
            length: file.len(),
            modified: (file.mtime(), file.mtime_nsec()),
        })
    }
}

/// Forgets what a cell was compiled with that was not run.
pub(crate) fn forget_next(session: &Path) -> io::Result<()> {
    match fs::remove_file(session.join(NEXT_FILE)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Makes what the last cell was compiled with that of the notebook's variables.
pub(crate) fn keep(session: &Path) -> io::Result<()> {
    match fs::rename(session.join(NEXT_FILE), session.join(FILE)) {
        // A cell of commands is not compiled.
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The crates that a call of rustc names, with their files.
pub(super) fn externs<S: AsRef<std::ffi::OsStr>>(arguments: &[S]) -> impl Iterator<Item = (&str, &Path)> {
    arguments
        .windows(2)
        .filter(|pair| pair[0].as_ref() == "--extern")
        .filter_map(|pair| pair[1].as_ref().to_str()?.split_once('='))
        .map(|(name, path)| (name, Path::new(path)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A session, and a crate's file in it.
    struct Session {
        directory: tempfile::TempDir,
    }

    impl Session {
        fn new() -> Session {
            Session {
                directory: tempfile::tempdir().unwrap(),
            }
        }

        fn path(&self) -> &Path {
            self.directory.path()
        }

        fn file(&self, name: &str, contents: &str) -> String {
            let path = self.path().join(name);
            fs::write(&path, contents).unwrap();
            path.to_str().unwrap().to_owned()
        }

        fn metadata(&self, crates: &[(&str, &str)]) -> String {
            let arguments = crates
                .iter()
                .flat_map(|(name, path)| ["--extern".into(), format!("{name}={path}").into()]);
            let arguments: Vec<OsString> = arguments.collect();
            Dependencies::of_call(self.path(), &arguments).unwrap().metadata()
        }

        /// The same for a cell that is run.
        fn run(&self, crates: &[(&str, &str)]) -> String {
            let metadata = self.metadata(crates);
            keep(self.path()).unwrap();
            metadata
        }
    }

    #[test]
    fn what_is_added_changes_nothing() {
        let session = Session::new();
        let (a, b) = (session.file("liba-1.rlib", "a"), session.file("libb-1.rlib", "b"));
        let first = session.run(&[("a", &a)]);
        assert_eq!(session.run(&[("a", &a), ("b", &b)]), first);
        assert_eq!(session.run(&[("b", &b)]), first);
    }

    #[test]
    fn what_is_built_anew_changes_all() {
        let session = Session::new();
        let a = session.file("liba-1.rlib", "a");
        let first = session.run(&[("a", &a)]);
        let other = session.file("liba-2.rlib", "a");
        let second = session.run(&[("a", &other)]);
        assert_ne!(second, first);
        session.file("liba-2.rlib", "longer");
        let third = session.run(&[("a", &other)]);
        assert_ne!(third, second);
        session.run(&[]);
        assert_ne!(session.run(&[("a", &a)]), third);
    }

    #[test]
    fn what_was_not_run_counts_for_nothing() {
        let session = Session::new();
        let (a, other) = (session.file("liba-1.rlib", "a"), session.file("liba-2.rlib", "a"));
        let first = session.run(&[("a", &a)]);
        assert_ne!(session.metadata(&[("a", &other)]), first);
        assert_eq!(session.metadata(&[("a", &a)]), first);
        session.metadata(&[("a", &other)]);
        forget_next(session.path()).unwrap();
        keep(session.path()).unwrap();
        assert_eq!(session.run(&[("a", &a)]), first);
    }
}

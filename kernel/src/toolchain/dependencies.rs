//! Which builds of crates the notebook's types are compiled with, and when one of them is replaced by another.
//!
//! A type of the notebook may hold one of a crate. When that crate is built anew, because a `:dep` has changed its
//! features or its files have been edited, the type may have another layout by the same name, and a variable of it
//! must not be read any more: all types of the notebook get another identity. A crate that is only added changes none.

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::{fs, io};

/// The crates that cells are linked with.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Dependencies {
    /// How often one has been replaced.
    replaced: u32,
    builds: BTreeMap<String, Build>,
}

/// What a compiled crate is known by. Its path tells version, features, and those of all that it depends on; the rest
/// changes when it is compiled again.
#[derive(Clone, Debug, PartialEq)]
struct Build {
    path: PathBuf,
    length: u64,
    modified: (i64, i64),
}

impl Dependencies {
    /// What the crate of a cell is to be compiled with.
    pub(super) fn metadata(&self) -> String {
        format!("dependencies-{}", self.replaced)
    }

    /// When cells are linked with these. A crate that is not used any more is remembered: it may come back as another.
    pub(super) fn after<'a>(&self, crates: impl Iterator<Item = (&'a str, &'a Path)>) -> io::Result<Dependencies> {
        let mut next = self.clone();
        let mut is_replaced = false;
        for (name, path) in crates {
            let build = Build::of(path)?;
            is_replaced |= self.builds.get(name).is_some_and(|known| *known != build);
            next.builds.insert(name.to_owned(), build);
        }
        next.replaced += u32::from(is_replaced);
        Ok(next)
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

    /// A directory of crates.
    struct Crates {
        directory: tempfile::TempDir,
    }

    impl Crates {
        fn file(&self, name: &str, contents: &str) -> PathBuf {
            let path = self.directory.path().join(name);
            fs::write(&path, contents).unwrap();
            path
        }
    }

    fn after(before: &Dependencies, crates: &[(&str, &Path)]) -> Dependencies {
        before.after(crates.iter().copied()).unwrap()
    }

    #[test]
    fn what_is_added_changes_nothing() {
        let crates = Crates {
            directory: tempfile::tempdir().unwrap(),
        };
        let (a, b) = (crates.file("liba-1.rlib", "a"), crates.file("libb-1.rlib", "b"));
        let first = after(&Dependencies::default(), &[("a", &a)]);
        let second = after(&first, &[("a", &a), ("b", &b)]);
        assert_eq!(second.metadata(), first.metadata());
        assert_eq!(after(&second, &[("b", &b)]).metadata(), first.metadata());
    }

    #[test]
    fn what_is_built_anew_changes_all() {
        let crates = Crates {
            directory: tempfile::tempdir().unwrap(),
        };
        let a = crates.file("liba-1.rlib", "a");
        let first = after(&Dependencies::default(), &[("a", &a)]);
        let other = crates.file("liba-2.rlib", "a");
        let second = after(&first, &[("a", &other)]);
        assert_ne!(second.metadata(), first.metadata());
        crates.file("liba-2.rlib", "longer");
        let third = after(&second, &[("a", &other)]);
        assert_ne!(third.metadata(), second.metadata());
        let without = after(&third, &[]);
        assert_ne!(after(&without, &[("a", &a)]).metadata(), third.metadata());
    }
}

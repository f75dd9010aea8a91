//! How cells are linked: with the linker that comes with the compiler, called by the compiler itself.
//!
//! As a rule the compiler has the C compiler link, which calls one program, which calls another, which calls that same
//! linker: for a library as small as a cell's this is most of the time. What the C compiler knows beyond it is where the
//! system's libraries are, which it is asked once. What else it would add are the objects that see to a library that is
//! unloaded (`crtbeginS.o` and `crtendS.o`), and cells stay loaded.
//!
//! Where somebody has said how to link, where the toolchain has no linker, and where it has failed once, it is as it was.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::compilation::Compilation;

/// Options with which somebody says how to link.
const LINKING_OPTIONS: [&str; 6] = [
    "linker=",
    "linker-flavor=",
    "linker-features=",
    "link-arg=",
    "link-args=",
    "link-self-contained=",
];

/// How the cells of one notebook are linked.
#[derive(Debug, Default)]
pub(super) struct Linker {
    arguments: OnceLock<Vec<String>>,
    has_failed: AtomicBool,
}

impl Linker {
    /// What the compiler is told for it; nothing where the C compiler is to link.
    pub(super) fn arguments(&self, compilation: &Compilation) -> &[String] {
        if self.has_failed.load(Ordering::Relaxed) {
            return &[];
        }
        self.arguments.get_or_init(|| direct(compilation).unwrap_or_default())
    }

    #[cfg(test)]
    pub(super) fn with_arguments(arguments: &[&str]) -> Linker {
        let arguments: Vec<String> = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Linker {
            arguments: OnceLock::from(arguments),
            ..Linker::default()
        }
    }

    /// The C compiler has linked what this has not: it is the one to link from now on.
    pub(super) fn has_failed(&self) {
        self.has_failed.store(true, Ordering::Relaxed);
    }
}

fn direct(compilation: &Compilation) -> Option<Vec<String>> {
    let says_how = |argument: &String| {
        let option = argument.strip_prefix("-C").unwrap_or(argument).trim_start();
        LINKING_OPTIONS.iter().any(|start| option.starts_with(start))
    };
    if compilation.arguments.iter().any(says_how) {
        return None;
    }
    let linker = linker_of(Path::new(&compilation.rustc), compilation.target()?)?;
    let mut arguments = vec![
        format!("-Clinker={}", linker.to_str()?),
        "-Clinker-flavor=ld.lld".to_owned(),
    ];
    for directory in directories_of_libraries()? {
        arguments.push(format!("-Lnative={}", directory.to_str()?));
    }
    Some(arguments)
}

/// The linker that a toolchain has for a machine with the GNU system's libraries.
fn linker_of(rustc: &Path, target: &str) -> Option<PathBuf> {
    if !target.ends_with("-linux-gnu") {
        return None;
    }
    let toolchain = rustc.parent()?.parent()?;
    let linker = toolchain.join("lib/rustlib").join(target).join("bin/rust-lld");
    linker.is_file().then_some(linker)
}

/// Where the C compiler looks for libraries.
fn directories_of_libraries() -> Option<Vec<PathBuf>> {
    let printed = Command::new("cc").arg("-print-search-dirs").output().ok()?;
    let printed = String::from_utf8(printed.stdout).ok()?;
    let directories = listed_directories(&printed)?;
    (!directories.is_empty()).then_some(directories)
}

/// Those that there are, each once.
fn listed_directories(printed: &str) -> Option<Vec<PathBuf>> {
    let listed = printed.lines().find_map(|line| line.strip_prefix("libraries: ="))?;
    let mut directories = Vec::new();
    for directory in std::env::split_paths(listed) {
        if let Ok(directory) = directory.canonicalize()
            && !directories.contains(&directory)
        {
            directories.push(directory);
        }
    }
    Some(directories)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toolchain::Tools;

    fn compilation(more: &[&str]) -> Compilation {
        let rustc = Tools::in_use().unwrap().rustc;
        let mut compilation = Compilation::for_tests(Path::new("/x"), &rustc);
        compilation
            .arguments
            .extend(more.iter().map(|&argument| argument.to_owned()));
        compilation
    }

    #[test]
    fn who_says_how_to_link_is_heard() {
        for said in ["-Clinker=clang", "link-arg=-fuse-ld=mold", "-C link-args=-s"] {
            assert_eq!(
                Linker::default().arguments(&compilation(&["-C", said])),
                [""; 0],
                "{said}"
            );
        }
    }

    #[test]
    fn what_has_failed_is_not_tried_again() {
        let compilation = compilation(&[]);
        let linker = Linker::default();
        let has_linker = linker_of(Path::new(&compilation.rustc), compilation.target().unwrap()).is_some();
        assert_eq!(!linker.arguments(&compilation).is_empty(), has_linker);
        linker.has_failed();
        assert_eq!(linker.arguments(&compilation), [""; 0]);
    }

    #[test]
    fn directories_are_listed_once_where_they_are() {
        let printed = "install: /usr/lib/\nprograms: =/a\nlibraries: =/usr/../usr/:/no/such/directory:/usr:/\n";
        assert_eq!(listed_directories(printed), Some(vec!["/usr".into(), "/".into()]));
        assert_eq!(listed_directories("clang says something else"), None);
    }
}

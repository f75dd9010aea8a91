//! The source of items: the notebook's own, and the standard library's where rust-src is installed.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::knowledge::Knowledge;
use crate::cell;

/// How rust-analyzer calls the crate that cells are compiled as.
const NOTEBOOK: &str = "ctx";

/// Why there is no source to be shown.
#[derive(Debug, thiserror::Error)]
pub(super) enum Missing {
    #[error("The standard library's source is not installed: `rustup component add rust-src` gets it.")]
    NotInstalled,
    #[error("The source of `{name}` was not found in {file}: a macro generates it, or it is defined elsewhere.")]
    Elsewhere { name: String, file: String },
    #[error("The source of `{name}` is in the crate `{package}`: https://docs.rs/{package}")]
    OtherCrate { name: String, package: String },
    #[error("The source of `{name}` is in no cell that has completed.")]
    NotInNotebook { name: String },
    #[error("{file} cannot be read: {source}")]
    Unreadable { file: String, source: std::io::Error },
}

/// The source of what is called `name` in `home`, a module or a type.
pub(super) fn find(home: &str, name: &str, knowledge: &Knowledge) -> Result<String, Missing> {
    let segments: Vec<&str> = home.split("::").collect();
    let (package, modules) = (segments[0], &segments[1..]);
    match package {
        NOTEBOOK => in_notebook(modules.last().copied(), name, knowledge),
        "std" | "core" | "alloc" => in_library(package, modules, name),
        _ => Err(Missing::OtherCrate {
            name: name.to_owned(),
            package: package.to_owned(),
        }),
    }
}

fn in_notebook(owner: Option<&str>, name: &str, knowledge: &Knowledge) -> Result<String, Missing> {
    let item = knowledge.item(owner.unwrap_or(name));
    item.and_then(|item| cell::find_item(&item.source(), owner, name))
        .ok_or_else(|| Missing::NotInNotebook { name: name.to_owned() })
}

fn in_library(package: &str, modules: &[&str], name: &str) -> Result<String, Missing> {
    let library = library().ok_or(Missing::NotInstalled)?;
    let (file, rest) = file_of(&library.join(package).join("src"), modules);
    let text = std::fs::read_to_string(&file).map_err(|source| Missing::Unreadable {
        file: file.display().to_string(),
        source,
    })?;
    cell::find_item(&text, rest.last().copied(), name).ok_or_else(|| Missing::Elsewhere {
        name: name.to_owned(),
        file: file.display().to_string(),
    })
}

/// The standard library's macro of this name: its source and its documentation.
pub(super) fn library_macro(name: &str) -> Option<(String, String)> {
    let library = library()?;
    ["std", "alloc", "core"].iter().find_map(|package| {
        let directory = library.join(package).join("src");
        let (file, _) = file_of(&directory, &["macros"]);
        let text = std::fs::read_to_string(file).ok()?;
        let documentation = cell::macro_documentation(&text, name)?;
        Some((cell::find_item(&text, None, name)?, documentation))
    })
}

/// The file of the innermost module that has one, and what of the path is inside it.
fn file_of<'a>(root: &Path, modules: &'a [&'a str]) -> (PathBuf, &'a [&'a str]) {
    let mut directory = root.to_owned();
    let mut file = root.join("lib.rs");
    for (index, module) in modules.iter().enumerate() {
        let beside = directory.join(format!("{module}.rs"));
        directory.push(module);
        let inside = directory.join("mod.rs");
        file = match (beside.is_file(), inside.is_file()) {
            (true, _) => beside,
            (_, true) => inside,
            _ => return (file, &modules[index..]),
        };
    }
    (file, &[])
}

/// The directory of the standard library's packages.
fn library() -> Option<&'static Path> {
    static LIBRARY: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = LIBRARY.get_or_init(|| {
        let output = Command::new("rustc").args(["--print", "sysroot"]).output();
        let sysroot = match output {
            Ok(output) => String::from_utf8(output.stdout).ok()?,
            Err(error) => {
                tracing::warn!(%error, "rustc does not say where its library is");
                return None;
            }
        };
        let library = Path::new(sysroot.trim()).join("lib/rustlib/src/rust/library");
        library.is_dir().then_some(library)
    });
    found.as_deref()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modules_are_files_or_directories_and_the_rest_is_inside() {
        let root = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(root.path().join("vec")).unwrap();
        for file in ["lib.rs", "vec/mod.rs", "vec/drain.rs"] {
            std::fs::write(root.path().join(file), "").unwrap();
        }
        let found = |modules: &[&str]| {
            let (file, rest) = file_of(root.path(), modules);
            (
                file.strip_prefix(root.path()).unwrap().display().to_string(),
                rest.len(),
            )
        };
        assert_eq!(found(&[]), ("lib.rs".to_owned(), 0));
        assert_eq!(found(&["vec", "Vec"]), ("vec/mod.rs".to_owned(), 1));
        assert_eq!(found(&["vec", "drain"]), ("vec/drain.rs".to_owned(), 0));
    }

    #[test]
    fn the_notebooks_methods_are_found_in_its_cells() {
        let mut knowledge = Knowledge::default();
        knowledge.learn(1, "struct P;\nimpl P { fn f(&self) -> u8 { 1 } }");
        assert_eq!(find("ctx::P", "f", &knowledge).unwrap(), "fn f(&self) -> u8 { 1 }");
        assert!(
            find("ctx", "g", &knowledge)
                .unwrap_err()
                .to_string()
                .contains("no cell")
        );
        assert!(
            find("rand::rng", "g", &knowledge)
                .unwrap_err()
                .to_string()
                .contains("docs.rs/rand")
        );
    }
}

//! The library's sources, which this executable carries with it.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use include_dir::{Dir, include_dir};
use sha2::{Digest, Sha256};

use super::PrepareError;
use crate::cell;
use crate::toolchain::Tools;

static SOURCES: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/../workers/src");
const MANIFEST: &str = include_str!(concat!(env!("OUT_DIR"), "/parcell.Cargo.toml"));
/// Changes when what is done with the sources changes.
const LAYOUT: &str = "9";
/// The versions that this executable was built and tested with.
pub(super) const LOCK: &str = include_str!("../../../Cargo.lock");

/// Names the library as this compiler compiles it: another compiler or another library has another key.
pub(super) fn key(tools: &Tools) -> String {
    let mut hash = Sha256::new();
    hash.update(tools.rustc.as_os_str().as_encoded_bytes());
    hash.update(&tools.version);
    hash.update(env!("CARGO_PKG_VERSION"));
    hash.update(LAYOUT);
    hash.update(MANIFEST);
    hash.update(LOCK);
    for file in all_files(&SOURCES) {
        hash.update(file.path().as_os_str().as_encoded_bytes());
        hash.update(file.contents());
    }
    hash.finalize()
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Whether the library has something of this name that is not known in every cell: its prelude leaves out what other
/// crates have too.
pub(crate) fn exports(name: &str) -> bool {
    static EXPORTS: OnceLock<BTreeSet<String>> = OnceLock::new();
    let text = |file: &str| {
        SOURCES
            .get_file(file)
            .and_then(include_dir::File::contents_utf8)
            .unwrap_or_default()
    };
    let exports = EXPORTS.get_or_init(|| cell::imported(text("lib.rs")));
    exports.contains(name)
}

/// Writes the library as a package of its own.
pub(super) fn write(directory: &Path) -> Result<(), PrepareError> {
    let source = directory.join("src");
    fs::create_dir_all(&source).map_err(PrepareError::io("create", &source))?;
    SOURCES.extract(&source).map_err(PrepareError::io("write", &source))?;
    let manifest = directory.join("Cargo.toml");
    fs::write(&manifest, MANIFEST).map_err(PrepareError::io("write", &manifest))
}

/// The same for programs, of which each has its own.
pub(crate) fn write_for_programs(directory: &Path) -> Result<(), PrepareError> {
    write(directory)?;
    let manifest = directory.join("Cargo.toml");
    fs::write(&manifest, manifest_for_programs()).map_err(PrepareError::io("write", &manifest))
}

/// Programs are linked as they always are, and may be in any workspace.
fn manifest_for_programs() -> String {
    let mut manifest: toml::Table = MANIFEST.parse().unwrap_or_default();
    manifest.remove("lib");
    manifest.remove("workspace");
    manifest.to_string()
}

fn all_files<'a>(directory: &'a Dir<'a>) -> Vec<&'a include_dir::File<'a>> {
    let mut files: Vec<_> = directory.files().collect();
    for inner in directory.dirs() {
        files.extend(all_files(inner));
    }
    files.sort_by_key(|file| file.path());
    files
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_library_has_is_known() {
        assert!(exports("Array") && exports("as_completed"));
        assert!(!exports("HashMap"));
    }

    #[test]
    fn the_manifest_stands_on_its_own() {
        assert!(!MANIFEST.contains("workspace = true"), "{MANIFEST}");
        let manifest: toml::Table = MANIFEST.parse().unwrap();
        assert_eq!(manifest["package"]["name"].as_str(), Some("parcell"));
        assert!(manifest["dependencies"]["serde"]["version"].is_str());
        let hidden = &manifest["target"]["cfg(not(rust_analyzer))"]["dependencies"];
        assert!(hidden["rustix"]["features"].is_array());
        let for_programs: toml::Table = manifest_for_programs().parse().unwrap();
        assert_eq!(for_programs["package"], manifest["package"]);
        assert!(for_programs.get("lib").is_none() && for_programs.get("workspace").is_none());
    }
}

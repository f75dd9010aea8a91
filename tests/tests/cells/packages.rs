//! Packages of the user's own, which notebooks depend on by their path.

use std::path::Path;

/// Writes a package of one file; gives the command that adds it to a notebook.
pub(crate) fn write_package(directory: &Path, name: &str, source: &str) -> String {
    std::fs::create_dir_all(directory.join("src")).unwrap();
    let manifest = format!("[package]\nname = {name:?}\nversion = \"0.1.0\"\nedition = \"2024\"\n[workspace]\n");
    std::fs::write(directory.join("Cargo.toml"), manifest).unwrap();
    std::fs::write(directory.join("src/lib.rs"), source).unwrap();
    format!(":dep {name} = {{ path = {directory:?} }}\n")
}

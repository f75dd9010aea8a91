//! The package that a notebook becomes: a manifest, the versions of crates, the program, and the library beside it.

use std::path::{Path, PathBuf};
use std::{fs, io};

use toml::{Table, Value};

use super::super::RunError;
use crate::library;
use crate::session::Exported;
use crate::toolchain::{EDITION, display_source};

/// The crate of the library, which is not one that a registry has.
const LIBRARY: &str = "parcell";
/// What cells need by another name than people give it.
const OF_CELLS: &str = "serde_core";
const MANIFEST: &str = "Cargo.toml";
/// Under this name in the manifest's metadata is what says that nobody has written it by hand.
const MARK: &str = "exported";

/// A package that is to be written.
#[derive(Debug)]
pub(super) struct Package<'a> {
    /// Where.
    pub(super) directory: &'a Path,
    /// What the notebook is called.
    pub(super) notebook: &'a str,
    pub(super) exported: &'a Exported,
    pub(super) source: &'a str,
}

/// Whether a package may be written there: where nothing is, or what was exported.
pub(super) fn check_free(directory: &Path) -> Result<(), RunError> {
    let is_empty = match fs::read_dir(directory) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => true,
        Err(source) => return Err(write_error(directory)(source)),
    };
    if is_empty || is_exported(directory) {
        return Ok(());
    }
    Err(RunError::Occupied {
        path: directory.to_owned(),
    })
}

impl Package<'_> {
    pub(super) fn write(&self) -> Result<(), RunError> {
        let source = self.directory.join("src");
        fs::create_dir_all(&source).map_err(write_error(&source))?;
        let library = self.directory.join(LIBRARY);
        if library.exists() {
            fs::remove_dir_all(&library).map_err(write_error(&library))?;
        }
        library::write_for_programs(&library).map_err(|source| RunError::Prepare {
            source: Box::new(source),
        })?;
        write(&self.directory.join(MANIFEST), &self.manifest())?;
        if let Some(lock) = &self.exported.lock {
            // What is in it for the notebook's own package, cargo takes out.
            write(&self.directory.join("Cargo.lock"), lock)?;
        }
        for display in &self.exported.displays {
            let shows = display_source(display).unwrap_or_default();
            write(&source.join(display).with_extension("rs"), shows)?;
        }
        write(&source.join("main.rs"), self.source)
    }

    fn manifest(&self) -> String {
        let mut dependencies = String::new();
        for (name, dependency) in &self.exported.dependencies {
            if name == OF_CELLS {
                continue;
            }
            // What cargo has taken is TOML.
            let parsed = format!("dependency = {dependency}").parse::<Table>();
            let dependency = parsed.ok().and_then(|mut parsed| parsed.remove("dependency"));
            if let Some(dependency) = dependency {
                dependencies.push_str(&format!("{name} = {}\n", as_of_program(name, dependency)));
            }
        }
        let level = match self.exported.opt_level.parse::<u8>() {
            Ok(level) => level.to_string(),
            Err(_) => format!("{:?}", self.exported.opt_level),
        };
        format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"{EDITION}\"\n\n\
             [package.metadata.{LIBRARY}]\n{MARK} = true\n\n[dependencies]\n{dependencies}\n\
             # As cells are compiled.\n[profile.dev]\nopt-level = {level}\n\n[workspace]\n",
            name = package_name(self.notebook),
        )
    }
}

/// What a program depends on, where a notebook does on this.
fn as_of_program(name: &str, dependency: Value) -> Value {
    match (name, dependency) {
        (LIBRARY, _) => Table::from_iter([("path".to_owned(), LIBRARY.into())]).into(),
        // What derive macros generate refers to it by its name.
        ("serde", dependency) => {
            let mut table = match dependency {
                Value::Table(table) => table,
                version => Table::from_iter([("version".to_owned(), version)]),
            };
            let features = table.entry("features").or_insert_with(|| Value::Array(Vec::new()));
            if let Value::Array(features) = features
                && !features.iter().any(|feature| feature.as_str() == Some("derive"))
            {
                features.push("derive".into());
            }
            table.into()
        }
        (_, dependency) => dependency,
    }
}

fn is_exported(directory: &Path) -> bool {
    let manifest = fs::read_to_string(directory.join(MANIFEST)).unwrap_or_default();
    let manifest = manifest.parse::<Table>().unwrap_or_default();
    let metadata = manifest.get("package").and_then(|package| package.get("metadata"));
    let mark = metadata.and_then(|metadata| metadata.get(LIBRARY)?.get(MARK));
    mark == Some(&Value::Boolean(true))
}

/// What cargo takes for the name of a package.
fn package_name(notebook: &str) -> String {
    let name: String = notebook
        .chars()
        .map(|character| {
            if character.is_ascii_alphanumeric() {
                character.to_ascii_lowercase()
            } else {
                '-'
            }
        })
        .collect();
    let name = name.trim_matches('-');
    let begins_well = name.starts_with(|character: char| character.is_ascii_alphabetic());
    match (begins_well, name) {
        // The program depends on it.
        (true, LIBRARY) => format!("{LIBRARY}-notebook"),
        (true, name) => name.to_owned(),
        (false, name) => format!("notebook-{name}").trim_end_matches('-').to_owned(),
    }
}

fn write(path: &Path, text: &str) -> Result<(), RunError> {
    fs::write(path, text).map_err(write_error(path))
}

fn write_error(path: &Path) -> impl FnOnce(io::Error) -> RunError {
    let path: PathBuf = path.to_owned();
    move |source| RunError::Write { path, source }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn any_notebook_has_a_name_that_cargo_takes() {
        for (notebook, name) in [
            ("pool", "pool"),
            ("First steps (2)", "first-steps--2"),
            ("1. Zahlen", "notebook-1--zahlen"),
            ("größe", "gr--e"),
            ("世界", "notebook"),
            ("parcell", "parcell-notebook"),
        ] {
            assert_eq!(package_name(notebook), name);
        }
    }

    #[test]
    fn the_manifest_has_what_the_notebook_depends_on() {
        let exported = Exported {
            dependencies: BTreeMap::from(
                [
                    ("parcell", "{ path = \"/somewhere\", optional = true }"),
                    ("serde", "\"1\""),
                    ("serde_core", "\"1\""),
                    ("rand", "\"=0.10.3\""),
                    ("ndarray", "{ version = \"0.17\", features = [\"rayon\"] }"),
                ]
                .map(|(name, dependency)| (name.to_owned(), dependency.to_owned())),
            ),
            opt_level: "2".to_owned(),
            lock: None,
            displays: Vec::new(),
        };
        let package = Package {
            directory: Path::new("x"),
            notebook: "numbers",
            exported: &exported,
            source: "",
        };
        let manifest: Table = package.manifest().parse().unwrap();
        let dependencies = manifest["dependencies"].as_table().unwrap();
        assert_eq!(
            dependencies.keys().collect::<Vec<_>>(),
            ["ndarray", "parcell", "rand", "serde"]
        );
        assert_eq!(dependencies["parcell"]["path"].as_str(), Some("parcell"));
        assert_eq!(dependencies["serde"]["features"][0].as_str(), Some("derive"));
        assert_eq!(dependencies["rand"].as_str(), Some("=0.10.3"));
        assert_eq!(manifest["profile"]["dev"]["opt-level"].as_integer(), Some(2));
    }
}

//! The manifest of the package that cells are compiled in.

use std::collections::BTreeMap;

/// The one dependency that never changes although it is given by its path.
pub(super) const LIBRARY: &str = "parcell";

/// What a notebook depends on, and how its crates are compiled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Manifest {
    /// What stands to the right of each crate's name in Cargo.toml.
    pub(crate) dependencies: BTreeMap<String, String>,
    pub(crate) opt_level: String,
}

impl Default for Manifest {
    fn default() -> Manifest {
        Manifest {
            dependencies: BTreeMap::new(),
            opt_level: "2".to_owned(),
        }
    }
}

impl Manifest {
    /// What every notebook depends on: the library, whose package is in `library`, and serde, to which what derive
    /// macros generate refers by its name.
    pub(crate) fn with_library(library: &std::path::Path) -> Manifest {
        let dependencies = [
            (LIBRARY, format!("{{ path = {library:?} }}")),
            ("serde", "{ version = \"1\", features = [\"derive\"] }".to_owned()),
        ];
        Manifest {
            dependencies: dependencies
                .map(|(name, dependency)| (name.to_owned(), dependency))
                .into(),
            ..Manifest::default()
        }
    }

    /// Whether a crate of this name, as Rust writes it, is among the dependencies.
    pub(crate) fn has_crate(&self, name: &str) -> bool {
        self.dependencies
            .keys()
            .any(|dependency| dependency.replace('-', "_") == name)
    }

    /// As Cargo.toml.
    pub(super) fn text(&self) -> String {
        let dependencies = self
            .dependencies
            .iter()
            .map(|(name, dependency)| format!("{name} = {dependency}\n"));
        format!(
            "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"2024\"\n\n\
             [lib]\ncrate-type = [\"cdylib\"]\npath = \"src/lib.rs\"\n\n\
             [profile.dev]\nopt-level = {level}\ndebug = false\nstrip = \"debuginfo\"\nrpath = true\nlto = false\n\
             debug-assertions = true\noverflow-checks = true\ncodegen-units = 16\npanic = \"unwind\"\n\
             incremental = false\n\n[dependencies]\n{dependencies}",
            name = super::CELL_CRATE,
            level = self.opt_level,
            dependencies = dependencies.collect::<String>(),
        )
    }

    /// Whether some dependency's sources are files that may be edited: cargo has to look at them each time.
    pub(crate) fn depends_on_changing_files(&self) -> bool {
        let has_path = |dependency: &String| {
            let parsed = format!("dependency = {dependency}").parse::<toml::Table>();
            parsed.map_or(true, |table| table["dependency"].get("path").is_some())
        };
        let mut dependencies = self.dependencies.iter();
        dependencies.any(|(name, dependency)| name != LIBRARY && has_path(dependency))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(dependencies: &[(&str, &str)]) -> Manifest {
        let mut manifest = Manifest::with_library("/x".as_ref());
        let dependencies = dependencies
            .iter()
            .map(|(name, text)| (name.to_string(), text.to_string()));
        manifest.dependencies.extend(dependencies);
        manifest
    }

    #[test]
    fn it_is_a_manifest() {
        let text = manifest(&[("rand", "\"0.9\"")]).text();
        let table: toml::Table = text.parse().unwrap();
        assert_eq!(table["dependencies"]["rand"].as_str(), Some("0.9"));
        assert_eq!(table["dependencies"]["parcell"]["path"].as_str(), Some("/x"));
        assert_eq!(table["profile"]["dev"]["opt-level"].as_integer(), Some(2));
    }

    #[test]
    fn packages_that_may_be_edited_are_known() {
        assert!(!manifest(&[("rand", "\"1\"")]).depends_on_changing_files());
        assert!(manifest(&[("mine", "{ path = \"/y\" }")]).depends_on_changing_files());
        assert!(manifest(&[("odd", "not TOML")]).depends_on_changing_files());
    }

    #[test]
    fn crates_are_known_as_rust_writes_them() {
        let manifest = manifest(&[("rand-distr", "\"1\"")]);
        assert!(manifest.has_crate("rand_distr") && manifest.has_crate("parcell") && !manifest.has_crate("rand"));
    }
}

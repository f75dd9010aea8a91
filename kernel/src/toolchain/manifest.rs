//! The manifest of the package that cells are compiled in.

use std::collections::BTreeMap;

/// The one dependency that never changes although it is given by its path. It is an optional one: cargo compiles it only
/// where that is asked for, and rust-analyzer reads it.
pub(super) const LIBRARY: &str = "parcell";
/// The feature with which the package depends on the library.
pub(crate) const LIBRARY_FEATURE: &str = "library";
/// The crate whose traits the library asks for: it must be the same one for the library and for cells.
pub(super) const OF_TRAITS: &str = "serde_core";
/// A crate that the library shows as its own, and a notebook may name too.
pub(super) const REEXPORTED: &str = "bytemuck";

/// What cells need of crates that a notebook may name itself. The crate of the traits has all features that crates ask
/// for, so that it is the same whatever a notebook depends on.
const NEEDED_FEATURES: [(&str, &[&str]); 2] = [("serde", &["derive"]), (OF_TRAITS, &["alloc", "rc"])];

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
            (LIBRARY, format!("{{ path = {library:?}, optional = true }}")),
            ("serde", "\"1\"".to_owned()),
            (OF_TRAITS, "\"1\"".to_owned()),
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
            .map(|(name, dependency)| format!("{name} = {}\n", with_needed_features(name, dependency)));
        let features = match self.dependencies.contains_key(LIBRARY) {
            true => format!("[features]\n{LIBRARY_FEATURE} = [\"dep:{LIBRARY}\"]\n\n"),
            false => String::new(),
        };
        format!(
            "[package]\nname = \"{name}\"\nversion = \"1.0.0\"\nedition = \"{edition}\"\n\n\
             [lib]\ncrate-type = [\"cdylib\"]\npath = \"src/lib.rs\"\n\n\
             [profile.dev]\nopt-level = {level}\ndebug = false\nstrip = \"debuginfo\"\nrpath = true\nlto = false\n\
             debug-assertions = true\noverflow-checks = true\ncodegen-units = 16\npanic = \"unwind\"\n\
             incremental = false\n\n{shared}{features}[dependencies]\n{dependencies}\n\
             # Whatever is in the directories above.\n[workspace]\n",
            name = super::CELL_CRATE,
            edition = super::EDITION,
            level = self.opt_level,
            shared = self.profiles_of_shared_crates(),
            dependencies = dependencies.collect::<String>(),
        )
    }

    /// What cells and the library have in common is compiled as it was for the library, however the rest is optimized.
    fn profiles_of_shared_crates(&self) -> String {
        let level = Manifest::default().opt_level;
        let named = [OF_TRAITS, REEXPORTED].into_iter().filter(|name| self.has_crate(name));
        named
            .map(|name| format!("[profile.dev.package.{name}]\nopt-level = {level}\n\n"))
            .collect()
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

/// A dependency of the user's, with the features that cells need whatever the user asks for.
fn with_needed_features(name: &str, dependency: &str) -> String {
    let Some((_, needed)) = NEEDED_FEATURES.iter().find(|(needy, _)| *needy == name) else {
        return dependency.to_owned();
    };
    let Ok(parsed) = format!("dependency = {dependency}").parse::<toml::Table>() else {
        return dependency.to_owned();
    };
    let mut table = match &parsed["dependency"] {
        toml::Value::Table(table) => table.clone(),
        version => toml::Table::from_iter([("version".to_owned(), version.clone())]),
    };
    let features = table
        .entry("features")
        .or_insert_with(|| toml::Value::Array(Vec::new()));
    if let toml::Value::Array(features) = features {
        let missing: Vec<_> = needed.iter().map(|feature| toml::Value::from(*feature)).collect();
        features.extend(
            missing
                .into_iter()
                .filter(|feature| !features.contains(feature))
                .collect::<Vec<_>>(),
        );
    }
    toml::Value::Table(table).to_string()
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
    fn crates_that_the_library_has_too_are_optimized_as_for_it() {
        let mut manifest = manifest(&[("bytemuck", "\"1\"")]);
        manifest.opt_level = "0".to_owned();
        let table: toml::Table = manifest.text().parse().unwrap();
        let profile = &table["profile"]["dev"];
        assert_eq!(profile["opt-level"].as_integer(), Some(0));
        for name in ["serde_core", "bytemuck"] {
            assert_eq!(profile["package"][name]["opt-level"].as_integer(), Some(2), "{name}");
        }
        manifest.dependencies.remove("bytemuck");
        let table: toml::Table = manifest.text().parse().unwrap();
        assert_eq!(
            table["profile"]["dev"]["package"].as_table().unwrap().len(),
            1,
            "cargo would warn"
        );
    }

    #[test]
    fn what_cells_need_of_a_crate_is_there_whatever_the_user_asks_for() {
        let features = |dependency: &str| {
            let text = manifest(&[("serde", dependency)]).text();
            let table: toml::Table = text.parse().unwrap();
            table["dependencies"]["serde"]["features"].to_string()
        };
        assert_eq!(features("\"1\""), "[\"derive\"]");
        assert_eq!(
            features("{ version = \"1\", features = [\"rc\"] }"),
            "[\"rc\", \"derive\"]"
        );
        assert_eq!(features("{ version = \"1\", features = [\"derive\"] }"), "[\"derive\"]");
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

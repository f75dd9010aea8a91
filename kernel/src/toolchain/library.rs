//! The library that cells are linked with, compiled ahead, and whether crates of a notebook's go with it.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Manifest;
use super::artifacts::Artifact;
use super::manifest::{OF_TRAITS, REEXPORTED};

/// The library, compiled.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Library {
    pub(crate) file: PathBuf,
    /// Of the compiler that it is for.
    pub(super) version: String,
    /// Where the crates are that it depends on.
    pub(super) crates: Vec<PathBuf>,
    /// The units of a store that it depends on.
    pub(super) units: Vec<String>,
    /// Those crates that cells and it may have in common, by their names.
    pub(super) shared: BTreeMap<String, SharedCrate>,
}

/// A crate that the library and cells must have in common.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub(super) struct SharedCrate {
    pub(super) unit: String,
    pub(super) version: String,
    pub(super) features: Vec<String>,
}

impl Library {
    /// Why it cannot be used with these crates, if so.
    pub(super) fn differs(&self, manifest: &Manifest, artifacts: &[Artifact]) -> Option<String> {
        let found = shared_crates(artifacts);
        for (name, of_library) in &self.shared {
            // Of one that no cell names nothing is to be seen.
            let is_seen = name == OF_TRAITS || manifest.has_crate(name);
            let Some(of_notebook) = found.get(name).filter(|found| is_seen && found.unit != of_library.unit) else {
                continue;
            };
            let new = of_notebook.features.iter();
            let new: Vec<&str> = new
                .filter(|feature| !of_library.features.contains(feature))
                .map(String::as_str)
                .collect();
            let why = if of_notebook.version != of_library.version {
                format!(
                    "a crate needs {name} {}, and not {}",
                    of_notebook.version, of_library.version
                )
            } else if !new.is_empty() {
                format!("a crate needs {name} with {}", new.join(", "))
            } else {
                format!("{name} is compiled in another way than for it")
            };
            return Some(format!(
                "{why}: parcell's own library is compiled again for this notebook"
            ));
        }
        None
    }
}

/// The crates that cells and the library may have in common.
pub(super) fn shared_crates(artifacts: &[Artifact]) -> BTreeMap<String, SharedCrate> {
    let is_shared = |artifact: &&Artifact| artifact.is_library && [OF_TRAITS, REEXPORTED].contains(&&*artifact.package);
    let shared = artifacts.iter().filter(is_shared).map(|artifact| {
        let shared = SharedCrate {
            unit: artifact.unit.clone(),
            version: artifact.version.clone(),
            features: artifact.features.clone(),
        };
        (artifact.package.clone(), shared)
    });
    shared.collect()
}

//! Compiling the library as a session's package does that has no crate of the user's yet, so that every file is where and
//! what it will be there.

use std::collections::BTreeMap;
use std::fs;

use super::{PrepareError, Prepared, SEED, sources};
use crate::environment;
use crate::toolchain::{BuildError, BuildSettings, Manifest, Package, Tools, stand_alone};

/// Compiles the library.
pub(super) fn run(prepared: &Prepared, tools: Tools, progress: &mut dyn FnMut(&str)) -> Result<(), PrepareError> {
    let seed = prepared.seed();
    fs::create_dir_all(&seed).map_err(PrepareError::io("create", &seed))?;
    stand_alone(&prepared.directory, SEED).map_err(PrepareError::io("write to", &prepared.directory))?;
    let lock = seed.join("Cargo.lock");
    fs::write(&lock, sources::LOCK).map_err(PrepareError::io("write", &lock))?;
    let settings = BuildSettings {
        tools,
        offline: false,
        environment: BTreeMap::new(),
    };
    let mut package = Package::new(&seed).with_temporary_directory(environment::temporary_directory());
    let manifest = Manifest::with_library(&prepared.sources());
    let mut said = String::new();
    let built = package.prepare(
        &manifest,
        &settings,
        &mut |line| match line.trim().strip_prefix("Compiling ") {
            Some(package) => progress(&format!("compiling {package}")),
            None => said.extend([line, "\n"]),
        },
    );
    built.map_err(|error| PrepareError::Compile {
        output: match error {
            BuildError::Said(_) => said,
            error => error.text(),
        },
    })
}

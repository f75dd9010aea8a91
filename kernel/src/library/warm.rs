//! Compiling crates ahead of the notebooks that will depend on them.

use std::collections::BTreeMap;
use std::io;

use super::{PrepareError, Prepared, build};
use crate::environment;
use crate::toolchain::{BuildError, BuildSettings, CratesProgress, Manifest, Package, Tools, ToolsError, stand_alone};

/// Why crates have not been compiled.
#[derive(Debug, thiserror::Error)]
pub(crate) enum WarmError {
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Tools(#[from] ToolsError),
    #[error("there is no directory to compile in")]
    Directory(#[from] io::Error),
    #[error("{crates} cannot be compiled:\n{said}")]
    Compile { crates: String, said: String },
}

/// Compiles each of the crates, and all of them together: with others a crate may have more features, and is another one.
/// `crates` are their names and what stands to the right of them in Cargo.toml.
pub(crate) fn warm(
    prepared: &Prepared,
    crates: &BTreeMap<String, String>,
    hear: &mut dyn FnMut(&str),
) -> Result<(), WarmError> {
    let each = crates.iter().map(|one| vec![one]);
    let all = (crates.len() > 1).then(|| crates.iter().collect());
    for set in each.chain(all) {
        let names: Vec<&str> = set.iter().map(|(name, _)| name.as_str()).collect();
        let mut manifest = Manifest::with_library(&prepared.sources());
        let dependencies = set
            .iter()
            .map(|(name, dependency)| ((*name).clone(), (*dependency).clone()));
        manifest.dependencies.extend(dependencies);
        compile(prepared, &manifest, hear).map_err(|error| match error {
            CompileError::Warm(error) => error,
            CompileError::Build(error) => WarmError::Compile {
                crates: names.join(", "),
                said: error.text().trim_end().to_owned(),
            },
        })?;
    }
    Ok(())
}

#[derive(Debug, thiserror::Error)]
enum CompileError {
    #[error(transparent)]
    Warm(#[from] WarmError),
    #[error(transparent)]
    Build(#[from] BuildError),
}

/// As a notebook does that begins with these dependencies.
fn compile(prepared: &Prepared, manifest: &Manifest, hear: &mut dyn FnMut(&str)) -> Result<(), CompileError> {
    const PACKAGE: &str = "package";
    let directory = tempfile::tempdir_in(environment::temporary_directory()).map_err(WarmError::from)?;
    stand_alone(directory.path(), PACKAGE).map_err(WarmError::from)?;
    let path = directory.path().join(PACKAGE);
    build::plant(prepared, &path).map_err(WarmError::from)?;
    let settings = BuildSettings {
        tools: Tools::in_use().map_err(WarmError::from)?,
        offline: false,
        environment: BTreeMap::new(),
    };
    let mut package = Package::new(&path, prepared.cache(), prepared.library())
        .with_temporary_directory(environment::temporary_directory());
    package.prepare(manifest, &settings, &mut |progress| match progress {
        CratesProgress::Said(line) => {
            if let Some(package) = line
                .trim()
                .strip_prefix("Compiling ")
                .filter(|package| !package.starts_with("ctx "))
            {
                hear(&format!("compiling {package}"));
            }
        }
        CratesProgress::Waiting => hear("waiting for somebody else who compiles crates"),
        CratesProgress::Note(note) => hear(note),
        CratesProgress::Compiling { .. } | CratesProgress::Ended => {}
    })?;
    Ok(())
}

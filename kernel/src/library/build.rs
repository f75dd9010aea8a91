//! Compiling the library as a notebook has it that depends on nothing more, and the crates of such a notebook.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use super::{PrepareError, Prepared, SEED, sources};
use crate::environment;
use crate::toolchain::{BuildError, BuildSettings, CratesProgress, Library, Manifest, Package, Tools, stand_alone};

/// What cargo has to say, and what the user is told of it.
struct Telling<'a> {
    progress: &'a mut dyn FnMut(&str),
    said: String,
}

/// Compiles the library.
pub(super) fn run(prepared: &Prepared, tools: Tools, progress: &mut dyn FnMut(&str)) -> Result<Library, PrepareError> {
    let seed = prepared.seed();
    fs::create_dir_all(&seed).map_err(PrepareError::io("create", &seed))?;
    stand_alone(&prepared.directory, SEED).map_err(PrepareError::io("write to", &prepared.directory))?;
    let lock = seed.join("Cargo.lock");
    fs::write(&lock, sources::LOCK).map_err(PrepareError::io("write", &lock))?;
    let settings = settings(tools);
    let manifest = Manifest::with_library(&prepared.sources());
    let mut telling = Telling {
        progress,
        said: String::new(),
    };
    let mut package = package(prepared, None)?;
    let library = package.compile_library(&manifest, &settings, &prepared.library_file(), &mut |progress| {
        telling.hear(progress)
    });
    let library = library.map_err(|error| telling.failure(error))?;
    let mut package = self::package(prepared, Some(library.clone()))?;
    let built = package.prepare(&manifest, &settings, &mut |progress| telling.hear(progress));
    built.map_err(|error| telling.failure(error))?;
    Ok(library)
}

/// Whether the crates are there of a notebook that depends on nothing more.
pub(super) fn has_crates(prepared: &Prepared, library: &Library, tools: Tools) -> bool {
    let manifest = Manifest::with_library(&prepared.sources());
    package(prepared, Some(library.clone())).is_ok_and(|mut package| package.is_compiled(&manifest, &settings(tools)))
}

fn package(prepared: &Prepared, library: Option<Library>) -> Result<Package, PrepareError> {
    let cache = prepared.cache();
    let package = Package::new(&prepared.seed(), cache, library);
    Ok(package.with_temporary_directory(environment::temporary_directory()))
}

fn settings(tools: Tools) -> BuildSettings {
    BuildSettings {
        tools,
        offline: false,
        environment: BTreeMap::new(),
    }
}

impl Telling<'_> {
    fn hear(&mut self, progress: &CratesProgress) {
        let CratesProgress::Said(line) = progress else { return };
        match line.trim().strip_prefix("Compiling ") {
            Some(package) => (self.progress)(&format!("compiling {package}")),
            None => self.said.extend([line.as_str(), "\n"]),
        }
    }

    fn failure(&mut self, error: BuildError) -> PrepareError {
        PrepareError::Compile {
            output: match error {
                BuildError::Said(said) if self.said.is_empty() => said,
                BuildError::Said(_) => std::mem::take(&mut self.said),
                error => error.text(),
            },
        }
    }
}

/// Makes a session's package begin as the library's: with the same versions of crates.
pub(crate) fn plant(prepared: &Prepared, package: &Path) -> Result<(), PrepareError> {
    let lock = package.join("Cargo.lock");
    let copied: io::Result<()> = fs::create_dir_all(package)
        .and_then(|()| fs::copy(prepared.seed().join("Cargo.lock"), &lock))
        .map(drop);
    copied.map_err(PrepareError::io("write", &lock))
}

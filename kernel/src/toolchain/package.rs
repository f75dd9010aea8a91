//! The package that cells are compiled in: its crates are compiled by cargo, in a store that all sessions share, and each
//! cell by the compiler alone.
//!
//! Between two cells only the source changes, unless a dependency is added. What cargo would work out again, for longer
//! than the compiler takes, is known from the last time, in this session or another (see `store`).
//!
//! The library is none of the crates that cargo compiles here. It has been compiled before, and stays as it is whatever a
//! notebook depends on, with all variables that are of its types. Only where the crate whose traits it asks for is
//! another one in the notebook, it is compiled again with the notebook's crates.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::ExitStatus;
use std::sync::Arc;

use parcell::CrashCause;
use serde_json::Value;

use super::artifacts::{self, Artifact};
use super::cargo::{self, Build, Cargo, CratesProgress, Hear};
use super::cell_compiler::{SOURCES, SourcePlace};
use super::compilation::{self, Compilation};
use super::dependencies::Dependencies;
use super::displays::{self, compile_displays};
use super::library::{Library, shared_crates};
use super::linker::Linker;
use super::manifest::LIBRARY;
use super::store::{self, Building, Call, CallKey, How, Store};
use super::{CELL_CRATE, CellCompiler, Manifest, Tools};

/// A package, and what is known about its crates.
#[derive(Debug)]
pub(crate) struct Package {
    directory: PathBuf,
    /// The user's cache.
    cache: PathBuf,
    /// What cells are linked with, unless it has to be compiled again.
    library: Option<Library>,
    /// Those in use, also for builds before the last one: what cells of a session were linked with stays.
    stores: Vec<Store>,
    /// What cells are compiled as now, and what they were compiled as for other manifests of the session.
    prepared: Option<Prepared>,
    earlier: Vec<Prepared>,
    dependencies: Dependencies,
    /// Where compilers put temporary files, unless it is where this process does.
    temporary: Option<PathBuf>,
    cells_are_run: bool,
}

#[derive(Clone, Debug)]
struct Prepared {
    manifest: Manifest,
    settings: BuildSettings,
    compilation: Arc<Compilation>,
    linker: Arc<Linker>,
    lock: String,
}

/// What decides how a package's crates are compiled, beside the manifest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct BuildSettings {
    pub(crate) tools: Tools,
    /// cargo does without the network.
    pub(crate) offline: bool,
    /// What the user has put into the environment of compilers.
    pub(crate) environment: BTreeMap<String, String>,
}

/// Why something does not compile.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    /// What the compiler says, as JSON, message by message.
    #[error("the code does not compile")]
    Messages(Vec<Value>),
    /// What cargo says, or whatever else is no message of the compiler's.
    #[error("{0}")]
    Said(String),
    /// It ended without saying anything, or in the middle of it.
    #[error("{program} {}: {}", CrashCause::Signal(*.signal), why_killed(*.signal))]
    Killed { program: &'static str, signal: i32 },
    #[error("cannot compile: {0}")]
    Io(#[from] io::Error),
}

/// What is behind it that a program was killed, and what to do.
fn why_killed(signal: i32) -> &'static str {
    match signal {
        libc::SIGKILL => "if nobody sent it, the system had run out of memory",
        libc::SIGXFSZ => "a file would have become larger than the limit for files allows (`ulimit -f`)",
        _ => "the code may be nested too deeply, or have met a bug in it: write it in smaller parts",
    }
}

impl BuildError {
    /// Of a program that ended like this; `None` where it was not killed.
    pub(super) fn killed(program: &'static str, status: ExitStatus) -> Option<BuildError> {
        let signal = status.signal()?;
        Some(BuildError::Killed { program, signal })
    }

    /// Whether it was the linker that failed.
    pub(super) fn is_of_linking(&self) -> bool {
        let BuildError::Messages(messages) = self else {
            return false;
        };
        let texts = messages.iter().filter_map(|message| message["message"].as_str());
        // "linking with … failed", "linker … not found", "could not exec the linker …".
        texts
            .into_iter()
            .any(|text| text.contains("linking with ") || text.contains("linker "))
    }

    /// All that is said, as the compiler and cargo show it.
    pub(crate) fn text(&self) -> String {
        match self {
            BuildError::Messages(messages) => {
                let texts = messages.iter().filter_map(|message| message["rendered"].as_str());
                texts.collect::<Vec<_>>().join("\n")
            }
            error => error.to_string(),
        }
    }
}

/// What has to be looked at before cells are compiled.
#[derive(Clone, Copy, Debug)]
struct Effort {
    /// Nothing that is remembered can have changed: no package may have been edited.
    is_sure: bool,
    /// The same has been compiled before, in this session: what it needs has been downloaded, and is whole.
    is_again: bool,
}

/// How cells come by the library.
#[derive(Clone, Copy, Debug)]
enum Linking<'a> {
    /// It has been compiled.
    With(&'a Library),
    /// It is compiled with the crates.
    Anew,
}

impl Package {
    /// The package in `directory`, which need not exist yet, whose crates are kept in `cache`. `library` is what cells are
    /// linked with.
    pub(crate) fn new(directory: &Path, cache: &Path, library: Option<Library>) -> Package {
        Package {
            directory: directory.to_owned(),
            cache: cache.to_owned(),
            library,
            stores: Vec::new(),
            prepared: None,
            earlier: Vec::new(),
            dependencies: Dependencies::default(),
            temporary: None,
            cells_are_run: true,
        }
    }

    /// The same, with cells that are compiled to find out what is wrong with them, and never run.
    pub(crate) fn for_checking(mut self) -> Package {
        self.cells_are_run = false;
        self
    }

    /// The same, with compilers putting temporary files there.
    pub(crate) fn with_temporary_directory(mut self, directory: PathBuf) -> Package {
        self.temporary = Some(directory);
        self
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The file that the last cell was compiled from.
    pub(crate) fn source_file(&self) -> PathBuf {
        SourcePlace::Current.file(&self.directory)
    }

    /// Writes the manifest, for whoever reads the package meanwhile.
    pub(crate) fn write_manifest(&self, manifest: &Manifest) -> io::Result<()> {
        write_manifest(&self.directory, manifest)
    }

    /// Compiles the crates that are not compiled yet, and hears about it.
    pub(crate) fn prepare(
        &mut self,
        manifest: &Manifest,
        settings: &BuildSettings,
        hear: Hear<'_>,
    ) -> Result<(), BuildError> {
        self.write_manifest(manifest)?;
        let is_same = |prepared: &Prepared| prepared.manifest == *manifest && prepared.settings == *settings;
        let is_sure = !manifest.depends_on_changing_files();
        if is_sure && self.prepared.as_ref().is_some_and(is_same) {
            return Ok(());
        }
        self.earlier.extend(self.prepared.take());
        let known = self.earlier.iter().position(is_same);
        let is_again = known.is_some();
        let known = known.map(|position| self.earlier.swap_remove(position));
        let prepared = match known.filter(|known| is_sure && known.compilation.has_its_crates()) {
            Some(known) => {
                self.write_lock(&known.lock)?;
                known
            }
            None => {
                let effort = Effort { is_sure, is_again };
                self.compile_crates(manifest, settings, effort, hear)?
            }
        };
        self.prepared = Some(prepared);
        Ok(())
    }

    /// Whether everything is compiled, with the library as it is.
    pub(crate) fn is_compiled(&mut self, manifest: &Manifest, settings: &BuildSettings) -> bool {
        let Some(library) = &self.library else { return false };
        let key = CallKey::of(manifest, &self.lock(), settings, Some(&library.file));
        let mut store = Store::shared(&self.cache, settings, None);
        let is_compiled = store.recall(&key).is_some();
        self.stores.push(store);
        is_compiled
    }

    fn compile_crates(
        &mut self,
        manifest: &Manifest,
        settings: &BuildSettings,
        effort: Effort,
        hear: Hear<'_>,
    ) -> Result<Prepared, BuildError> {
        let mut library = self.library.clone();
        let other = library.take_if(|library| library.version != settings.tools.version);
        let mut why = other.map(|_| format!("parcell's own library is compiled for {}", settings.tools.name()));
        let linkings = library.iter().map(Linking::With).chain([Linking::Anew]);
        for linking in linkings {
            if let (Linking::Anew, Some(why)) = (linking, why.take()) {
                hear(&CratesProgress::Note(why));
            }
            let call = self.call(manifest, settings, linking, effort, hear)?;
            self.write_lock(&call.lock)?;
            match call.how {
                How::Compiled(compilation) => {
                    return Ok(Prepared {
                        manifest: manifest.clone(),
                        settings: settings.clone(),
                        compilation: Arc::new(compilation.moved_to(&self.directory)?),
                        linker: Arc::default(),
                        lock: call.lock,
                    });
                }
                How::LibraryDiffers(reason) => why = Some(reason),
            }
        }
        Err(BuildError::Said(
            "the library that was compiled with the notebook's crates is for others".to_owned(),
        ))
    }

    /// How cells are compiled, remembered or found out.
    fn call(
        &mut self,
        manifest: &Manifest,
        settings: &BuildSettings,
        linking: Linking<'_>,
        effort: Effort,
        hear: Hear<'_>,
    ) -> Result<Call, BuildError> {
        let library = match linking {
            Linking::With(library) => Some(library.file.as_path()),
            Linking::Anew => None,
        };
        let key = CallKey::of(manifest, &self.lock(), settings, library);
        // A library that is compiled with the crates has files that others of its kind would have too.
        let alone = matches!(linking, Linking::Anew).then_some(&key);
        let mut store = self.store(Store::shared(&self.cache, settings, alone));
        let recalled = effort.is_sure.then(|| store.recall(&key)).flatten();
        let called = match recalled {
            Some(call) => Ok(call),
            None => {
                if let Some(lock) = store.known_versions(&key) {
                    self.write_lock(&lock)?;
                }
                // While this waits for a network, others can compile.
                let cargo = self.cargo(settings);
                let is_reached = effort.is_again || cargo.fetch(hear)?;
                let building = match begin(&store, hear) {
                    Err(error) if store::is_unwritable(&error) => {
                        store = self.store(Store::private(self.directory.join("crates")));
                        begin(&store, hear)?
                    }
                    begun => begun?,
                };
                // Whoever had to wait may find it done.
                match effort.is_sure.then(|| store.recall(&key)).flatten() {
                    Some(call) => Ok(call),
                    None => {
                        if !effort.is_again {
                            store.remove_damaged(&building)?;
                        }
                        let mut built = self.build((manifest, &key), settings, linking, (&mut store, &building), hear);
                        if effort.is_again && matches!(built, Err(BuildError::Said(_))) {
                            // A package that is edited may depend on more now.
                            self.cargo(settings).fetch(hear)?;
                            built = self.build((manifest, &key), settings, linking, (&mut store, &building), hear);
                        }
                        built.map_err(|error| match error {
                            BuildError::Said(said) if !is_reached => BuildError::Said(cargo::unreachable(&said)),
                            error => error,
                        })
                    }
                }
            }
        };
        self.stores.push(store);
        called
    }

    /// The store as it is used already, if it is.
    fn store(&mut self, store: Store) -> Store {
        let used = self
            .stores
            .iter()
            .position(|used| used.directory() == store.directory());
        used.map_or(store, |position| self.stores.swap_remove(position))
    }

    /// Has cargo compile what is not compiled yet, and say how it would compile a cell; remembers that.
    fn build(
        &self,
        (manifest, key): (&Manifest, &CallKey),
        settings: &BuildSettings,
        linking: Linking<'_>,
        (store, building): (&mut Store, &Building),
        hear: Hear<'_>,
    ) -> Result<Call, BuildError> {
        let (library, file) = match linking {
            Linking::With(library) => (Some(library), library.file.clone()),
            Linking::Anew => (None, library_file(store)),
        };
        if library.is_none() && !file.exists() {
            store.forget_package(building, LIBRARY)?;
        }
        let anew = library.is_none().then_some(file.as_path());
        let (artifacts, compilation) = self.run_cargo(settings, store, building, anew, hear)?;
        let how = match library.and_then(|library| library.differs(manifest, &artifacts)) {
            Some(reason) => How::LibraryDiffers(reason),
            None => {
                let crates = library.map_or(&[][..], |library| &library.crates);
                How::Compiled(compile_displays(compilation.linked_with(&file, crates)))
            }
        };
        let mut call = Call {
            lock: self.lock(),
            units: library.map(|library| library.units.clone()).unwrap_or_default(),
            how,
        };
        let kept = store.note(building, &artifacts).and_then(|units| {
            call.units.extend(units);
            let after = CallKey::of(
                manifest,
                &call.lock,
                settings,
                library.map(|library| library.file.as_path()),
            );
            store.keep(building, &[key, &after], &call)?;
            match artifacts.iter().all(|artifact| artifact.is_fresh) {
                true => Ok(()),
                false => store.evict(building, &self.cache),
            }
        });
        if let Err(error) = kept {
            // They can be used, and will be compiled again.
            hear(&CratesProgress::Note(format!(
                "the crates that have been compiled cannot be kept: {error}"
            )));
        }
        Ok(call)
    }

    /// Compiles the library itself, for the manifest of a notebook that depends on nothing more, to this file.
    pub(crate) fn compile_library(
        &mut self,
        manifest: &Manifest,
        settings: &BuildSettings,
        file: &Path,
        hear: Hear<'_>,
    ) -> Result<Library, BuildError> {
        self.write_manifest(manifest)?;
        self.cargo(settings).fetch(hear)?;
        let mut store = self.store(Store::shared(&self.cache, settings, None));
        let building = begin(&store, hear)?;
        store.forget_package(&building, LIBRARY)?;
        let (artifacts, compilation) = self.run_cargo(settings, &store, &building, Some(file), hear)?;
        let units = store.note(&building, &artifacts)?;
        // It has been put where it belongs.
        store.forget_package(&building, LIBRARY)?;
        let library = Library {
            file: file.to_owned(),
            version: settings.tools.version.clone(),
            crates: compilation.directories_of_crates(),
            units,
            shared: shared_crates(&artifacts),
        };
        self.stores.push(store);
        Ok(library)
    }

    fn run_cargo(
        &self,
        settings: &BuildSettings,
        store: &Store,
        building: &Building,
        library: Option<&Path>,
        hear: Hear<'_>,
    ) -> Result<(Vec<Artifact>, Compilation), BuildError> {
        // The cell that cargo compiles on the way, to say how; it compiles nothing that it takes for compiled.
        fs::write(self.source_file(), "")?;
        store.forget_package(building, CELL_CRATE)?;
        let record = self.directory.join("call.json");
        let printed = self.cargo(settings).build(
            &Build {
                place: &store.build(),
                record: &record,
                library,
                lock: building.lock()?,
            },
            hear,
        )?;
        store.forget_package(building, CELL_CRATE)?;
        let compilation = compilation::read(&record).ok_or_else(|| {
            BuildError::Said("cargo has compiled the notebook's crates, but not said how cells are".to_owned())
        })?;
        Ok((artifacts::parse(&printed, &settings.tools.host), compilation))
    }

    fn cargo<'a>(&'a self, settings: &'a BuildSettings) -> Cargo<'a> {
        Cargo {
            directory: &self.directory,
            settings,
            temporary: self.temporary.as_deref(),
        }
    }

    /// Cargo.lock as it is now.
    fn lock(&self) -> String {
        fs::read_to_string(self.lock_file()).unwrap_or_default()
    }

    fn write_lock(&self, lock: &str) -> io::Result<()> {
        write_if_changed(&self.lock_file(), lock)
    }

    fn lock_file(&self) -> PathBuf {
        self.directory.join("Cargo.lock")
    }

    /// What compiles cells, as the package is prepared now.
    pub(crate) fn compiler(&self) -> Result<CellCompiler, BuildError> {
        let Some(prepared) = &self.prepared else {
            return Err(BuildError::Said(
                "the notebook's crates have not been compiled".to_owned(),
            ));
        };
        Ok(CellCompiler {
            directory: self.directory.clone(),
            compilation: Arc::clone(&prepared.compilation),
            linker: Arc::clone(&prepared.linker),
            crates: self.dependencies.metadata(),
            cells_are_run: self.cells_are_run,
        })
    }

    /// Takes note of the crates that cells are linked with now; whether one that they were linked with is another now.
    pub(crate) fn note_crates(&mut self) -> io::Result<bool> {
        let Some(prepared) = &self.prepared else {
            return Ok(false);
        };
        // Of those that show values no variable is.
        let crates = prepared.compilation.crates();
        let crates = crates.filter(|(name, _)| !name.starts_with(displays::PREFIX));
        let next = self.dependencies.after(crates)?;
        let is_replaced = next.metadata() != self.dependencies.metadata();
        self.dependencies = next;
        Ok(is_replaced)
    }

    /// The crates that cells are known to be linked with, to be put back where a cell is not run.
    pub(crate) fn crates(&self) -> &Dependencies {
        &self.dependencies
    }

    pub(crate) fn restore_crates(&mut self, crates: Dependencies) {
        self.dependencies = crates;
    }
}

/// Where a store has the library that is compiled with its crates.
fn library_file(store: &Store) -> PathBuf {
    let name = store.directory().file_name().unwrap_or_default().to_string_lossy();
    store
        .directory()
        .join("library")
        .join(format!("lib{LIBRARY}-{name}.so"))
}

fn begin(store: &Store, hear: Hear<'_>) -> io::Result<Building> {
    store.begin(&mut || hear(&CratesProgress::Waiting))
}

/// Writes the manifest of the package in `directory`, which others read meanwhile.
pub(crate) fn write_manifest(directory: &Path, manifest: &Manifest) -> io::Result<()> {
    fs::create_dir_all(directory.join(SOURCES))?;
    let source = SourcePlace::Current.file(directory);
    if !source.exists() {
        fs::write(source, "")?;
    }
    write_if_changed(&directory.join("Cargo.toml"), &manifest.text())
}

/// cargo and rust-analyzer read a file again that has been written.
fn write_if_changed(file: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(file).is_ok_and(|there| there == text) {
        return Ok(());
    }
    fs::write(file, text)
}

#[cfg(test)]
mod tests;

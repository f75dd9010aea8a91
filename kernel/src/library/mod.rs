//! The library that cells are linked with, compiled ahead so that no session waits for it.
//!
//! A directory of the user's cache holds, for each compiler and each version of the library, its sources, what they are
//! compiled to, and a `seed`: the package of a notebook that depends on nothing more. The crates that all this needs are
//! where those of notebooks are.

mod build;
mod old;
mod sources;
mod warm;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use fs4::fs_std::FileExt;
use sha2::{Digest, Sha256};

use crate::toolchain::{Library, Tools, ToolsError};
use crate::user_directories::{self, CACHE_VARIABLE};
pub(crate) use build::plant;
pub(crate) use sources::{exports, write_for_programs};
pub(crate) use warm::{WarmError, warm};

/// The package of a notebook that depends on nothing more.
const SEED: &str = "seed";
/// Written last, with what there is to know about the library: without it the rest is not to be trusted.
const COMPLETE: &str = "complete";

/// Why the library cannot be had.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PrepareError {
    #[error("no directory for caches is known: set {CACHE_VARIABLE} or HOME")]
    NoCacheDirectory,
    #[error(transparent)]
    Tools(#[from] ToolsError),
    #[error("cannot {action} {}", path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("the library does not compile here:\n{output}")]
    Compile { output: String },
}

impl PrepareError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> PrepareError {
        move |source| PrepareError::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }
}

/// The library compiled for one compiler.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    directory: PathBuf,
}

impl Prepared {
    fn seed(&self) -> PathBuf {
        self.directory.join(SEED)
    }

    /// The user's cache, which it is in.
    pub(crate) fn cache(&self) -> &Path {
        self.directory.parent().unwrap_or(&self.directory)
    }

    /// What cells are linked with; None before it is compiled.
    pub(crate) fn library(&self) -> Option<Library> {
        serde_json::from_slice(&fs::read(self.directory.join(COMPLETE)).ok()?).ok()
    }

    /// Where the library is.
    fn library_file(&self) -> PathBuf {
        let key = self.directory.file_name().unwrap_or_default().display();
        self.directory.join(format!("libparcell-{key}.so"))
    }

    /// Whether it is compiled, with all that it needs.
    fn is_complete(&self, tools: &Tools) -> bool {
        let library = self.library().filter(|library| library.file.exists());
        library.is_some_and(|library| build::has_crates(self, &library, tools.clone()))
    }

    /// The library's package.
    pub(crate) fn sources(&self) -> PathBuf {
        self.directory.join("parcell")
    }

    /// A data directory for Jupyter that is this executable's own and goes when the library does. It need not exist.
    pub(crate) fn jupyter_directory(&self, executable: &Path) -> PathBuf {
        let hash = Sha256::digest(executable.as_os_str().as_encoded_bytes());
        let name: String = hash.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        self.directory.join("jupyter").join(name)
    }
}

/// Where compiled libraries are kept, and whether the one for this compiler is there.
#[derive(Debug)]
pub(crate) struct CacheState {
    pub(crate) cache: PathBuf,
    pub(crate) is_compiled: bool,
}

/// Finds out without compiling anything.
pub(crate) fn state() -> Result<CacheState, PrepareError> {
    let cache = cache_directory()?;
    let tools = Tools::in_use()?;
    let directory = cache.join(sources::key(&tools));
    Ok(CacheState {
        cache,
        is_compiled: Prepared { directory }.is_complete(&tools),
    })
}

/// Makes sure that the library is compiled. `progress` hears what is being done, if anything need be.
///
/// Any number of processes may do it at once; one works, the others wait for it.
pub(crate) fn prepare(progress: &mut dyn FnMut(&str)) -> Result<Prepared, PrepareError> {
    let cache = create_cache_directory()?;
    let tools = Tools::in_use()?;
    let prepared = Prepared {
        directory: cache.join(sources::key(&tools)),
    };
    if prepared.is_complete(&tools) {
        old::mark_used(&prepared.directory);
        return Ok(prepared);
    }
    let lock_path = lock_of(&prepared.directory);
    let lock = File::create(&lock_path).map_err(PrepareError::io("create", &lock_path))?;
    if !matches!(FileExt::try_lock_exclusive(&lock), Ok(true)) {
        progress("waiting for another process that compiles the library");
        lock.lock_exclusive().map_err(PrepareError::io("lock", &lock_path))?;
    }
    if !prepared.is_complete(&tools) {
        progress("compiling the library for this compiler, once");
        // Whoever compiles inherits the lock: where this process is killed, its compiler goes on for a while, and
        // nobody may begin anew in the same place before that has ended.
        rustix::io::fcntl_setfd(&lock, rustix::io::FdFlags::empty())
            .map_err(|error| PrepareError::io("keep", &lock_path)(error.into()))?;
        compile(&prepared, tools, progress)?;
        old::remove(&cache);
    }
    Ok(prepared)
}

fn compile(prepared: &Prepared, tools: Tools, progress: &mut dyn FnMut(&str)) -> Result<(), PrepareError> {
    let directory = &prepared.directory;
    match fs::remove_dir_all(directory) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(PrepareError::Io {
                action: "remove",
                path: directory.clone(),
                source: error,
            });
        }
        _ => {}
    }
    sources::write(&prepared.sources())?;
    let library = build::run(prepared, tools, progress)?;
    let complete = directory.join(COMPLETE);
    let written = serde_json::to_vec(&library).map_err(io::Error::other);
    written
        .and_then(|library| fs::write(&complete, library))
        .map_err(PrepareError::io("create", &complete))
}

/// The file that is locked while the library is compiled.
fn lock_of(directory: &Path) -> PathBuf {
    directory.with_extension("lock")
}

fn create_cache_directory() -> Result<PathBuf, PrepareError> {
    let directory = cache_directory()?;
    fs::create_dir_all(&directory).map_err(PrepareError::io("create", &directory))?;
    cache_directory()
}

/// By one name, where it exists: cargo knows a compiled library by the path of its sources, and compiles it anew where
/// it meets it by another.
pub(crate) fn cache_directory() -> Result<PathBuf, PrepareError> {
    let directory = user_directories::cache_directory().ok_or(PrepareError::NoCacheDirectory)?;
    Ok(fs::canonicalize(&directory).unwrap_or(directory))
}

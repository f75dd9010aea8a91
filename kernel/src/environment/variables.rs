//! The environment variables that compilers and the session's processes find; users' code gets back its own.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use super::session_files::TEMPORARY;
use crate::session_directory;
use crate::user_directories::{CACHE_VARIABLE, DATA_VARIABLE};

/// What tools mean by the place for temporary files.
const TEMPORARY_VARIABLE: &str = "TMPDIR";

/// What cargo passes to rustc, unless it is told otherwise.
const FLAGS_VARIABLE: &str = "RUSTFLAGS";
/// Hides from rust-analyzer what it need not know of the library (see this package's build script).
const FOR_RUST_ANALYZER: &str = "--cfg rust_analyzer";

/// What `prepare` has changed, as it was before.
static ORIGINAL: OnceLock<Vec<(&str, Option<OsString>)>> = OnceLock::new();

/// Those of them that processes of a session must find as they were; the rest tells them which session it is.
const USERS_OWN: [&str; 2] = [TEMPORARY_VARIABLE, FLAGS_VARIABLE];

/// Chooses where this process's session will be, and tells the processes that it starts.
///
/// # Safety
/// This process must have one thread.
pub(crate) unsafe fn prepare() {
    let path = session_directory::choose(&absolute(std::env::temp_dir()));
    let mut variables: Vec<(&str, OsString)> = Vec::new();
    // They mean the directory that this process was started in, and it may move to another.
    for name in [CACHE_VARIABLE, DATA_VARIABLE] {
        if let Some(directory) = std::env::var_os(name) {
            variables.push((name, absolute(directory.into()).into_os_string()));
        }
    }
    // A process that is killed leaves its temporary files, so they go with the directory.
    variables.push((TEMPORARY_VARIABLE, path.join(TEMPORARY).into_os_string()));
    let mut flags = std::env::var_os(FLAGS_VARIABLE).unwrap_or_default();
    flags.push(" ");
    flags.push(FOR_RUST_ANALYZER);
    variables.push((FLAGS_VARIABLE, flags));
    variables.push((session_directory::VARIABLE, path.into_os_string()));
    ORIGINAL.get_or_init(|| {
        let names = variables.iter().map(|(name, _)| *name);
        names.map(|name| (name, std::env::var_os(name))).collect()
    });
    for (name, value) in variables {
        // SAFETY: the caller says that no other thread could read the environment meanwhile.
        unsafe { std::env::set_var(name, value) };
    }
}

fn absolute(path: PathBuf) -> PathBuf {
    // It fails for an empty path, and where this directory is gone.
    std::path::absolute(&path).unwrap_or(path)
}

/// The user's directory for temporary files; this process's own goes with the session.
pub(crate) fn temporary_directory() -> PathBuf {
    let mut original = ORIGINAL.get().into_iter().flatten();
    match original.find(|(name, _)| *name == TEMPORARY_VARIABLE) {
        Some((_, Some(directory))) => PathBuf::from(directory),
        Some((_, None)) => PathBuf::from("/tmp"),
        None => std::env::temp_dir(),
    }
}

/// Gives a process that runs users' code the environment as the user set it.
pub(crate) fn restore(command: &mut Command) {
    put_back(command, |name| USERS_OWN.contains(&name));
}

/// Gives a process that has no part in this process's session the environment that this process was started with.
pub(crate) fn forget_session(command: &mut Command) {
    put_back(command, |_| true);
}

fn put_back(command: &mut Command, is_wanted: impl Fn(&str) -> bool) {
    for (name, value) in ORIGINAL.get().into_iter().flatten().filter(|(name, _)| is_wanted(name)) {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
}

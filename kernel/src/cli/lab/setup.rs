//! A JupyterLab for parcell alone, in a virtual environment of Python's in parcell's data directory.
//!
//! An environment cannot be moved, so it is made in its place, and a file that is written last says that it is whole.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus, Stdio};

use fs4::fs_std::FileExt;

use super::super::jupyterlab::python;
use super::super::kernelspec::Surroundings;
use super::super::packages::{self, Package};
use super::super::say;
use crate::environment::forget_session;
use crate::user_directories::data_directory;

/// The environment's name in the data directory.
const ENVIRONMENT: &str = "jupyterlab";
/// What is installed: JupyterLab, and what cells' widgets need in it.
const PACKAGES: [&str; 3] = ["jupyterlab", "ipywidgets", "anywidget"];
/// Written last, in the environment.
const COMPLETE: &str = "complete";

/// Why JupyterLab could not be set up.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum SetupError {
    #[error("no directory for data is known: set PARCELL_DATA_DIR or HOME")]
    NoDataDirectory,
    #[error("JupyterLab needs Python, and there is no python3; first run: {remedy}")]
    NoPython { remedy: String },
    #[error("{} cannot make virtual environments; first run: {remedy}", .python.display())]
    NoVenv { python: PathBuf, remedy: String },
    #[error("cannot run {}", .program.display())]
    Run { program: PathBuf, source: io::Error },
    #[error("JupyterLab could not be installed in {}: `{command}` failed, {status}", .directory.display())]
    Failed {
        directory: PathBuf,
        command: String,
        status: ExitStatus,
    },
    #[error("cannot {action} {}", .path.display())]
    Io {
        action: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl SetupError {
    fn io(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> SetupError {
        move |source| SetupError::Io {
            action,
            path: path.to_owned(),
            source,
        }
    }
}

/// The environment that was set up, if it is whole.
pub(in super::super) fn own_environment() -> Option<PathBuf> {
    let environment = data_directory()?.join(ENVIRONMENT);
    environment.join(COMPLETE).is_file().then_some(environment)
}

/// Makes the environment anew. What Python says of its progress goes to the terminal.
pub(super) fn set_up(surroundings: &Surroundings) -> Result<(), SetupError> {
    let path = surroundings.path.as_deref();
    let remedy = || packages::command(Package::Python, path);
    let python = python(path).ok_or_else(|| SetupError::NoPython { remedy: remedy() })?;
    check_venv(&python, remedy)?;
    let data = data_directory().ok_or(SetupError::NoDataDirectory)?;
    fs::create_dir_all(&data).map_err(SetupError::io("create", &data))?;
    let environment = data.join(ENVIRONMENT);
    let lock = locked(&environment)?;
    if lock.was_waited_for && own_environment().is_some() {
        return Ok(());
    }
    install(&python, &environment)
}

/// Debian's Python has `venv` but, without a package of its own, not what `venv` calls.
fn check_venv(python: &Path, remedy: impl FnOnce() -> String) -> Result<(), SetupError> {
    let status = command(python)
        .args(["-c", "import ensurepip, venv"])
        .stderr(Stdio::null())
        .status()
        .map_err(|source| SetupError::Run {
            program: python.to_owned(),
            source,
        })?;
    if status.success() {
        return Ok(());
    }
    Err(SetupError::NoVenv {
        python: python.to_owned(),
        remedy: remedy(),
    })
}

/// Held while the environment is made.
struct Lock {
    _file: File,
    was_waited_for: bool,
}

/// Waits until no other process sets the environment up. Programs started meanwhile inherit the lock: where this process
/// is killed, they go on for a while, and nobody may begin anew in the same place before that has ended.
fn locked(environment: &Path) -> Result<Lock, SetupError> {
    let path = environment.with_extension("lock");
    let file = File::create(&path).map_err(SetupError::io("create", &path))?;
    let was_waited_for = !matches!(FileExt::try_lock_exclusive(&file), Ok(true));
    if was_waited_for {
        say::news("waiting for another process that sets up JupyterLab");
        file.lock_exclusive().map_err(SetupError::io("lock", &path))?;
    }
    rustix::io::fcntl_setfd(&file, rustix::io::FdFlags::empty())
        .map_err(|error| SetupError::io("keep", &path)(error.into()))?;
    Ok(Lock {
        _file: file,
        was_waited_for,
    })
}

fn install(python: &Path, environment: &Path) -> Result<(), SetupError> {
    let complete = environment.join(COMPLETE);
    match fs::remove_file(&complete) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            return Err(SetupError::io("remove", &complete)(source));
        }
        _ => {}
    }
    say::news(format_args!("Setting up JupyterLab in {}", environment.display()));
    let mut venv = command(python);
    venv.args(["-m", "venv", "--clear"]).arg(environment);
    run(venv, environment)?;
    let mut pip = command(&environment.join("bin/python"));
    pip.args(["-m", "pip", "install", "--disable-pip-version-check"]);
    pip.args(PACKAGES);
    run(pip, environment)?;
    File::create(&complete).map_err(SetupError::io("create", &complete))?;
    Ok(())
}

fn run(mut command: Command, environment: &Path) -> Result<(), SetupError> {
    let status = command.status().map_err(|source| SetupError::Run {
        program: PathBuf::from(command.get_program()),
        source,
    })?;
    if status.success() {
        return Ok(());
    }
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    Err(SetupError::Failed {
        directory: environment.to_owned(),
        command: words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" "),
        status,
    })
}

fn command(program: &Path) -> Command {
    let mut command = Command::new(program);
    command.stdin(Stdio::null());
    forget_session(&mut command);
    command
}

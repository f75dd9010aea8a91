//! `parcell lab`: JupyterLab on a directory, with this kernel in it.
//!
//! This process becomes JupyterLab, so that signals, the terminal and the exit status are JupyterLab's own. Where no
//! kernel that Jupyter would find starts this executable, it is told of one in the cache, beside the compiled library:
//! nothing is written into Jupyter's directories.

mod setup;

use std::convert::Infallible;
use std::env;
use std::ffi::OsString;
use std::io;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::jupyterlab::{self, Broken, JupyterLab};
use super::kernelspec::{self, KernelspecError, PATH_VARIABLE, Surroundings};
use super::say;
use crate::identity::NAME;
use crate::library::{self, PrepareError, Prepared};
use setup::SetupError;

pub(super) use setup::own_environment;

#[derive(Args, Debug)]
pub(super) struct LabArgs {
    /// The directory to show, or a notebook to open
    #[arg(value_name = "DIR", default_value = ".")]
    place: PathBuf,
    /// Where there is no JupyterLab, install one for parcell alone first
    #[arg(long)]
    setup: bool,
    /// What JupyterLab is started with, as --no-browser
    #[arg(last = true, value_name = "ARGUMENT")]
    arguments: Vec<OsString>,
}

/// Why JupyterLab was not started.
#[derive(Debug, thiserror::Error)]
pub(super) enum LabError {
    #[error("cannot open {}", .path.display())]
    NoPlace { path: PathBuf, source: io::Error },
    #[error("{} is neither a directory nor a notebook (.ipynb)", .path.display())]
    NotANotebook { path: PathBuf },
    #[error("{}", advice(.broken))]
    NoJupyterLab { broken: Vec<Broken> },
    #[error(transparent)]
    Setup(#[from] SetupError),
    #[error("cannot find out where this executable is")]
    Executable { source: io::Error },
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    #[error(transparent)]
    Kernelspec(#[from] KernelspecError),
    #[error("Jupyter cannot be told of the kernel in {}", .directory.display())]
    Unnameable {
        directory: PathBuf,
        source: env::JoinPathsError,
    },
    #[error("cannot start {lab}")]
    Start { lab: JupyterLab, source: io::Error },
}

/// Becomes JupyterLab; returns only where that is not to be.
pub(super) fn start(args: &LabArgs) -> Result<Infallible, LabError> {
    let place = checked_place(&args.place)?;
    let surroundings = Surroundings::of_this_process();
    let lab = find(&surroundings, args.setup)?;
    let prepared = library::prepare(&mut |progress| say::news(progress))?;
    let mut command = lab.command();
    command.arg(place).args(&args.arguments);
    if let Some(path) = path_to_kernel(&surroundings, &lab, &prepared)? {
        command.env(PATH_VARIABLE, path);
    }
    say::news(format_args!("Starting {lab}"));
    Err(LabError::Start {
        source: command.exec(),
        lab,
    })
}

/// The place as JupyterLab takes it: absolute, so that it cannot be mistaken for an option.
fn checked_place(path: &Path) -> Result<PathBuf, LabError> {
    let no_place = |source| LabError::NoPlace {
        path: path.to_owned(),
        source,
    };
    let metadata = std::fs::metadata(path).map_err(no_place)?;
    if !metadata.is_dir() && path.extension().is_none_or(|extension| extension != "ipynb") {
        return Err(LabError::NotANotebook { path: path.to_owned() });
    }
    std::path::absolute(path).map_err(no_place)
}

/// The JupyterLab to start, which is set up first where there is none and `may_set_up` says so.
fn find(surroundings: &Surroundings, may_set_up: bool) -> Result<JupyterLab, LabError> {
    let find = || jupyterlab::find(surroundings, own_environment().as_deref());
    match find() {
        Err(_) if may_set_up => {
            setup::set_up(surroundings)?;
            find().map_err(|broken| LabError::NoJupyterLab { broken })
        }
        found => found.map_err(|broken| LabError::NoJupyterLab { broken }),
    }
}

/// What JUPYTER_PATH must be for Jupyter to start this executable; None where it will as things are.
fn path_to_kernel(
    surroundings: &Surroundings,
    lab: &JupyterLab,
    prepared: &Prepared,
) -> Result<Option<OsString>, LabError> {
    let executable = env::current_exe().map_err(|source| LabError::Executable { source })?;
    let path = surroundings.path.as_deref();
    let directories = surroundings.search_path(lab.prefix().as_slice());
    let mut kernels = directories
        .iter()
        .flat_map(|data| kernelspec::installed(data, path))
        .filter(|kernel| kernel.name == NAME)
        .peekable();
    if kernels.peek().is_some() && kernels.all(|kernel| kernel.starts(&executable)) {
        return Ok(None);
    }
    let data = prepared.jupyter_directory(&executable);
    kernelspec::write(&kernelspec::directory(&data, NAME)?, &executable)?;
    let others = surroundings.jupyter_path.iter().flat_map(env::split_paths);
    let joined = env::join_paths(std::iter::once(data.clone()).chain(others));
    joined.map(Some).map_err(|source| LabError::Unnameable {
        directory: data,
        source,
    })
}

/// What to do where there is no JupyterLab.
fn advice(broken: &[Broken]) -> String {
    let mut text = "JupyterLab was not found".to_owned();
    for broken in broken {
        text.push_str(&format!("\n  {broken}"));
    }
    text.push_str("\nOne for parcell alone is installed by: parcell lab --setup");
    text.push_str("\nOne for all your notebooks by:         python3 -m pip install jupyterlab");
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_directory_or_a_notebook() {
        let directory = tempfile::tempdir().unwrap();
        let [notebook, text, missing] = ["a.ipynb", "a.txt", "b.ipynb"].map(|name| directory.path().join(name));
        std::fs::write(&notebook, "").unwrap();
        std::fs::write(&text, "").unwrap();
        assert_eq!(checked_place(directory.path()).unwrap(), directory.path());
        assert_eq!(checked_place(&notebook).unwrap(), notebook);
        assert!(matches!(checked_place(&text), Err(LabError::NotANotebook { .. })));
        assert!(matches!(checked_place(&missing), Err(LabError::NoPlace { .. })));
        assert!(checked_place(Path::new(".")).unwrap().is_absolute());
    }
}

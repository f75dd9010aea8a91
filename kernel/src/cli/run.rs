//! `parcell run`: executes a notebook with no Jupyter.
//!
//! The notebook is read and judged first (`notebook`), then its code cells are run one after another (`execute`). Their
//! output goes to the terminal as it appears (`screen`) and into the executed notebook (`outputs`), which is written
//! however the run ends. `check` is the same without running anything,
//! `export` makes a program of the cells, `format` lays them out.

mod check;
mod execute;
mod export;
mod format;
mod highlight;
mod notebook;
mod screen;
mod stop;
mod trial;

use std::error::Error;
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use tokio::sync::mpsc;

use super::{atomic_file, say};
use crate::session::{Events, Session, StartError};
use crate::units;
use execute::{Ending, Errors, Execution, Limits};
use notebook::{Notebook, ReadError};
use screen::Screen;
use stop::Stop;

pub(super) use check::{CheckArgs, check};
pub(super) use export::{ExportArgs, export};
pub(super) use format::{FormatArgs, format};
pub(super) use trial::{TrialError, try_cells};

#[derive(Args, Debug)]
pub(super) struct RunArgs {
    /// The notebook to run, in the directory where it lies
    pub(super) notebook: PathBuf,
    /// Where to write the executed notebook [default: NOTEBOOK with the extension .out.ipynb]
    #[arg(short, long, value_name = "OUT")]
    pub(super) output: Option<PathBuf>,
    /// The longest that a cell may take, as 90, 10s, 2m or 1h30m
    #[arg(long, value_name = "TIME", value_parser = units::duration::parse)]
    pub(super) timeout: Option<Duration>,
    /// Go on after a cell that failed, and exit with status 0
    #[arg(long)]
    pub(super) allow_errors: bool,
}

/// Why a notebook could not be run, or what came of it not be written.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("cannot work in {}, where the notebook is", .path.display())]
    Directory { path: PathBuf, source: io::Error },
    #[error("cannot write {}", .path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("{} is there already, and no notebook was exported to it: -o names another directory", .path.display())]
    Occupied { path: PathBuf },
    #[error("the executed notebook cannot be written as JSON")]
    Encode { source: serde_json::Error },
    #[error("cannot listen for Ctrl-C")]
    Signals { source: io::Error },
    #[error("the library that every cell uses could not be compiled")]
    Prepare { source: Box<dyn Error> },
    #[error("the notebook's processes could not be started")]
    Start(#[from] StartError),
}

/// Runs the notebook, writes what came of it, and returns the status to exit with.
pub(super) async fn run(args: &RunArgs) -> Result<ExitCode, RunError> {
    let mut notebook = Notebook::read(&args.notebook)?;
    let output = args.output.clone().unwrap_or_else(|| default_output(&args.notebook));
    let write_error = |source| RunError::Write {
        path: output.clone(),
        source,
    };
    let absolute_output = std::path::absolute(&output).map_err(write_error)?;
    // Nobody should wait for a long run to learn that its result has nowhere to go.
    atomic_file::check_writable(&absolute_output).map_err(write_error)?;
    enter_directory_of(&args.notebook)?;
    prepare_library()?;

    let mut stops = stop::listen().map_err(|source| RunError::Signals { source })?;
    let (session, mut events) = Session::start()?;
    let limits = Limits {
        cell: args.timeout,
        errors: match args.allow_errors {
            true => Errors::Allowed,
            false => Errors::End,
        },
    };
    let ending = execute(&mut notebook, &session, &mut events, &mut stops, limits).await;
    let executed = notebook.into_json().map_err(|source| RunError::Encode { source })?;
    atomic_file::write(&absolute_output, &executed).map_err(write_error)?;
    end_session(session, &ending, &mut stops).await;

    say::news(format_args!("Wrote {}", output.display()));
    if let Some(reason) = ending.complaint() {
        say::news(format_args!("error: {reason}"));
    }
    Ok(ExitCode::from(ending.status()))
}

/// `NAME.ipynb` becomes `NAME.out.ipynb` beside it.
fn default_output(notebook: &Path) -> PathBuf {
    let name = match notebook.extension() {
        Some(extension) if extension == "ipynb" => notebook.file_stem(),
        _ => notebook.file_name(),
    };
    let mut name = name.unwrap_or(OsStr::new("notebook")).to_owned();
    name.push(".out.ipynb");
    notebook.with_file_name(name)
}

/// The notebooks and where they are, to be asked while the working directory is still the one that they are relative to.
fn located(notebooks: &[PathBuf]) -> Vec<(&Path, Result<PathBuf, RunError>)> {
    let located = notebooks.iter().map(|path| {
        let absolute = std::path::absolute(path).map_err(|source| RunError::Directory {
            path: path.clone(),
            source,
        });
        (path.as_path(), absolute)
    });
    located.collect()
}

/// What cells name by a relative path is beside the notebook, as it is where Jupyter runs them. A notebook that comes
/// through a pipe is nowhere.
fn enter_directory_of(notebook: &Path) -> Result<(), RunError> {
    let directory = match notebook.parent() {
        Some(parent) if !parent.as_os_str().is_empty() && notebook.is_file() => parent,
        _ => return Ok(()),
    };
    std::env::set_current_dir(directory).map_err(|source| RunError::Directory {
        path: directory.to_owned(),
        source,
    })
}

/// Compiles what every session needs where that has not been done, so that the first cell's time limit does not pay
/// for it and whoever waits sees why.
fn prepare_library() -> Result<(), RunError> {
    crate::library::prepare(&mut |progress| say::news(progress))
        .map(drop)
        .map_err(|error| RunError::Prepare {
            source: Box::new(error),
        })
}

async fn execute(
    notebook: &mut Notebook,
    session: &Session,
    events: &mut Events,
    stops: &mut mpsc::UnboundedReceiver<Stop>,
    limits: Limits,
) -> Ending {
    let cells = notebook.code_cells();
    notebook.clear_outputs();
    notebook.set_kernel();
    let mut execution = Execution::new(session, events, stops, Screen::terminal(), limits);
    let ending = execution.run(&cells).await;
    for (index, outputs) in execution.into_outputs() {
        notebook.record(index, outputs.execution_count(), outputs.into_values());
    }
    notebook.set_widgets(session.widgets());
    ending
}

/// Ends the session in order, unless somebody has already asked twice for an end, or asks now.
async fn end_session(session: Session, ending: &Ending, stops: &mut mpsc::UnboundedReceiver<Stop>) {
    if matches!(ending, Ending::Abandoned(_)) {
        return;
    }
    tokio::select! {
        () = session.shutdown() => {}
        _ = stops.recv() => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_result_lies_beside_the_notebook() {
        assert_eq!(
            default_output(Path::new("lessons/pool.ipynb")),
            PathBuf::from("lessons/pool.out.ipynb")
        );
        assert_eq!(default_output(Path::new("pool")), PathBuf::from("pool.out.ipynb"));
        assert_eq!(default_output(Path::new("a.b.ipynb")), PathBuf::from("a.b.out.ipynb"));
        assert_eq!(default_output(Path::new("a.json")), PathBuf::from("a.json.out.ipynb"));
    }
}

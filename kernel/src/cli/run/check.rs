//! `parcell check`: says which cells of notebooks do not compile, and runs none of them.

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anstream::AutoStream;
use clap::Args;
use tokio::sync::mpsc;

use super::execute::{Ending, Errors, Execution, Limits};
use super::notebook::Notebook;
use super::screen::{Code, Screen};
use super::stop::{self, Stop};
use super::{RunError, say};
use crate::cli::with_causes;
use crate::session::Session;

#[derive(Args, Debug)]
pub(in super::super) struct CheckArgs {
    /// The notebooks to check, each in the directory where it lies
    #[arg(required = true)]
    notebooks: Vec<PathBuf>,
}

/// The status to exit with where something does not compile.
const FAILED: u8 = 1;

enum Verdict {
    Compiles,
    DoesNotCompile,
    /// It was not checked to its end.
    Ended(Ending),
}

/// Checks the notebooks, one after the other, and returns the status to exit with: 1 where a cell does not compile, or a
/// notebook cannot be read.
pub(in super::super) async fn check(args: &CheckArgs) -> Result<ExitCode, RunError> {
    let notebooks = super::located(&args.notebooks);
    super::prepare_library()?;
    let mut stops = stop::listen().map_err(|source| RunError::Signals { source })?;
    let mut status = 0;
    for (path, absolute) in notebooks {
        let checked = match absolute {
            Ok(absolute) => check_notebook(path, &absolute, &mut stops).await,
            Err(error) => Err(error),
        };
        match checked {
            Ok(Verdict::Compiles) => {}
            Ok(Verdict::DoesNotCompile) => status = FAILED,
            Ok(Verdict::Ended(ending)) => {
                say::news(format_args!("error: {}", ending.complaint().unwrap_or_default()));
                return Ok(ExitCode::from(ending.status()));
            }
            Err(error) => {
                say::news(format_args!("error: {}", with_causes(&error)));
                status = FAILED;
            }
        }
    }
    Ok(ExitCode::from(status))
}

async fn check_notebook(
    name: &Path,
    path: &Path,
    stops: &mut mpsc::UnboundedReceiver<Stop>,
) -> Result<Verdict, RunError> {
    let notebook = Notebook::read(path)?;
    super::enter_directory_of(path)?;
    let (session, mut events) = Session::start_checking()?;
    let limits = Limits {
        cell: None,
        errors: Errors::Wanted,
    };
    let screen = Screen::new(
        Box::new(io::sink()),
        Box::new(AutoStream::auto(io::stderr())),
        Code::OfFailures,
    );
    let cells = notebook.code_cells();
    let mut execution = Execution::new(&session, &mut events, stops, screen, limits);
    let ending = execution.run(&cells).await;
    let failures = execution.failures();
    super::end_session(session, &ending, stops).await;
    if ending != Ending::Completed {
        return Ok(Verdict::Ended(ending));
    }
    say::answer(summary(name, cells.len(), failures));
    Ok(match failures {
        0 => Verdict::Compiles,
        _ => Verdict::DoesNotCompile,
    })
}

fn summary(name: &Path, cells: usize, failures: usize) -> String {
    let name = name.display();
    match (cells, failures) {
        (1, 0) => format!("{name}: its code cell compiles"),
        (_, 0) => format!("{name}: all {cells} code cells compile"),
        (_, 1) => format!("{name}: 1 of {cells} code cells does not compile"),
        _ => format!("{name}: {failures} of {cells} code cells do not compile"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts_in_words() {
        let said = |cells, failures| summary(Path::new("a.ipynb"), cells, failures);
        assert_eq!(said(1, 0), "a.ipynb: its code cell compiles");
        assert_eq!(said(3, 0), "a.ipynb: all 3 code cells compile");
        assert_eq!(said(3, 1), "a.ipynb: 1 of 3 code cells does not compile");
        assert_eq!(said(3, 2), "a.ipynb: 2 of 3 code cells do not compile");
    }
}

//! `parcell export`: writes a notebook as a cargo package, without running it.
//!
//! The cells are checked one after the other, which tells what `%%pool` and the like stand for. Which of them failed is
//! known from the notebook's outputs.

mod package;
mod program;

use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use tokio::sync::mpsc::UnboundedReceiver;

use super::notebook::{CodeCell, Notebook};
use super::stop::{self, Stop};
use super::{RunError, say};
use crate::session::{Cell, CellError, CellId, Event, Events, Outcome, ProgramPart, Session};
use crate::toolchain::rustfmt;
use package::Package;
use program::{CellState, ProgramCell};

#[derive(Args, Debug)]
pub(in super::super) struct ExportArgs {
    /// The notebook to export
    notebook: PathBuf,
    /// The directory of the package [default: NOTEBOOK without its extension]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Checks a notebook's cells, as far as that goes.
struct Checking<'a> {
    session: &'a Session,
    events: &'a mut Events,
    stops: &'a mut UnboundedReceiver<Stop>,
    next: u64,
}

/// Writes the package, and returns the status to exit with.
pub(in super::super) async fn export(args: &ExportArgs) -> Result<ExitCode, RunError> {
    let notebook = Notebook::read(&args.notebook)?;
    let output = args.output.clone().unwrap_or_else(|| default_output(&args.notebook));
    let write_error = |source| RunError::Write {
        path: output.clone(),
        source,
    };
    let directory = std::path::absolute(&output).map_err(write_error)?;
    package::check_free(&output)?;
    super::enter_directory_of(&args.notebook)?;
    super::prepare_library()?;
    let mut stops = stop::listen().map_err(|source| RunError::Signals { source })?;
    let (session, mut events) = Session::start_checking()?;
    let mut checking = Checking {
        session: &session,
        events: &mut events,
        stops: &mut stops,
        next: 0,
    };
    let cells = match checking.cells(&notebook).await {
        Ok(cells) => cells,
        Err(stop) => {
            session.shutdown().await;
            return Ok(ExitCode::from(stop.status()));
        }
    };
    let exported = session.exported(checking.new_cell()).await;
    session.shutdown().await;
    let file = args.notebook.file_name().unwrap_or_default().display().to_string();
    let source = program::program(&file, &cells, &exported.displays);
    let source = match rustfmt(&source) {
        Ok(source) => source,
        Err(error) => {
            say::news(format_args!("warning: the program is not laid out: {error}"));
            source
        }
    };
    let name = directory.file_name().unwrap_or_default().display().to_string();
    let package = Package {
        directory: &directory,
        notebook: &name,
        exported: &exported,
        source: &source,
    };
    package.write()?;
    tell(&output, &cells);
    Ok(ExitCode::SUCCESS)
}

fn default_output(notebook: &Path) -> PathBuf {
    match notebook.extension() {
        Some(extension) if extension == "ipynb" => notebook.with_extension(""),
        _ => notebook.with_extension("program"),
    }
}

/// Says where it is, what is missing, and what to do next.
fn tell(output: &Path, cells: &[ProgramCell]) {
    for cell in cells {
        let Some(why) = cell.state.complaint() else { continue };
        let first = why.lines().next().unwrap_or_default();
        say::news(format_args!("note: cell {} is a comment: it {first}", cell.position));
    }
    say::news(format_args!(
        "Wrote {}: cargo run --manifest-path {}",
        output.display(),
        output.join("Cargo.toml").display()
    ));
}

impl Checking<'_> {
    /// The notebook's cells, unless somebody wants to stop.
    async fn cells(&mut self, notebook: &Notebook) -> Result<Vec<ProgramCell>, Stop> {
        let mut headings: VecDeque<(usize, String)> = notebook.headings().collect();
        let mut cells = Vec::new();
        for cell in notebook.code_cells() {
            let mut before = Vec::new();
            while let Some((_, heading)) = headings.pop_front_if(|(index, _)| *index < cell.index) {
                before.push(heading);
            }
            let checked = self.check(&cell).await?;
            cells.push(ProgramCell {
                headings: before,
                ..checked
            });
        }
        Ok(cells)
    }

    async fn check(&mut self, cell: &CodeCell) -> Result<ProgramCell, Stop> {
        let outcome = self.outcome(cell).await?;
        let asking = self.new_cell();
        let parts: Vec<ProgramPart> = self.session.take_exported(asking).await;
        let state = match (outcome, &cell.failure) {
            (Outcome::Error(error), _) => CellState::Broken(text(&error)),
            (Outcome::Ok, Some(failure)) => CellState::Failed(failure.clone()),
            (Outcome::Ok, None) => program::of_notebook(&cell.source).map_or(CellState::Works, CellState::OfNotebook),
        };
        Ok(ProgramCell {
            position: cell.index + 1,
            headings: Vec::new(),
            source: cell.source.clone(),
            parts,
            state,
        })
    }

    async fn outcome(&mut self, cell: &CodeCell) -> Result<Outcome, Stop> {
        let id = self.new_cell();
        self.session.execute(Cell {
            id,
            execution_count: u32::try_from(cell.index + 1).unwrap_or(u32::MAX),
            code: cell.source.clone(),
            allow_stdin: false,
        });
        loop {
            tokio::select! {
                event = self.events.recv() => match event {
                    Some(Event::Finished { cell, outcome }) if cell == id => return Ok(outcome),
                    Some(_) => {}
                    None => return Ok(Outcome::Error(CellError {
                        ename: "KernelError".to_owned(),
                        evalue: "the session has ended".to_owned(),
                        traceback: Vec::new(),
                    })),
                },
                Some(stop) = self.stops.recv() => {
                    self.session.interrupt();
                    return Err(stop);
                }
            }
        }
    }

    fn new_cell(&mut self) -> CellId {
        self.next += 1;
        CellId(self.next)
    }
}

/// An error in a line.
fn text(error: &CellError) -> String {
    let first = error.evalue.lines().next().unwrap_or_default();
    // It has been said that it is one.
    let said = first.strip_prefix("error").and_then(|rest| rest.split_once(": "));
    said.map_or(first, |(_, said)| said).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_lies_beside_the_notebook() {
        assert_eq!(default_output(Path::new("a/pool.ipynb")), PathBuf::from("a/pool"));
        assert_eq!(default_output(Path::new("notes")), PathBuf::from("notes.program"));
    }
}

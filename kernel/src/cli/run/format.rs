//! `parcell fmt`: lays out the code of notebooks as rustfmt does.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;

use super::notebook::Notebook;
use super::{RunError, say};
use crate::cell;
use crate::cli::{atomic_file, with_causes};
use crate::toolchain::{RustfmtError, rustfmt};

#[derive(Args, Debug)]
pub(in super::super) struct FormatArgs {
    /// The notebooks to format, each as the rustfmt.toml says that is found from where it lies
    #[arg(required = true)]
    notebooks: Vec<PathBuf>,
    /// Change nothing, and exit with status 1 where something would be
    #[arg(long)]
    check: bool,
}

/// What came of a notebook.
#[derive(Debug, Default)]
struct Formatted {
    code_cells: usize,
    changed: Vec<String>,
    /// Cells that rustfmt refuses, and why.
    refused: Vec<(String, RustfmtError)>,
}

/// Formats the notebooks, one after the other, and returns the status to exit with.
pub(in super::super) fn format(args: &FormatArgs) -> ExitCode {
    let mut is_well = true;
    for (path, absolute) in super::located(&args.notebooks) {
        match absolute.and_then(|absolute| format_notebook(&absolute, args.check)) {
            Ok(formatted) => {
                is_well &= formatted.refused.is_empty() && (!args.check || formatted.changed.is_empty());
                tell(path, &formatted, args.check);
            }
            Err(error) => {
                say::news(format_args!("error: {}", with_causes(&error)));
                is_well = false;
            }
        }
    }
    if is_well { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn format_notebook(path: &Path, only_checks: bool) -> Result<Formatted, RunError> {
    let mut notebook = Notebook::read(path)?;
    super::enter_directory_of(path)?;
    let mut formatted = Formatted::default();
    for code_cell in notebook.code_cells() {
        formatted.code_cells += 1;
        let name = format!("cell {}", code_cell.index + 1);
        match cell::formatted(&code_cell.source, rustfmt) {
            Ok(Some(text)) if text != code_cell.source => {
                notebook.set_source(code_cell.index, &text);
                formatted.changed.push(name);
            }
            Ok(_) => {}
            Err(error) => formatted.refused.push((name, error)),
        }
    }
    if !formatted.changed.is_empty() && !only_checks {
        let text = notebook.into_json().map_err(|source| RunError::Encode { source })?;
        atomic_file::write(path, &text).map_err(|source| RunError::Write {
            path: path.to_owned(),
            source,
        })?;
    }
    Ok(formatted)
}

fn tell(path: &Path, formatted: &Formatted, only_checks: bool) {
    let path = path.display();
    for (name, error) in &formatted.refused {
        say::news(format_args!("{path}: {name}: {}", with_causes(error)));
    }
    let Formatted {
        code_cells, changed, ..
    } = formatted;
    say::answer(match (changed.len(), only_checks) {
        (0, _) => format!("{path}: nothing to format in {code_cells} code cells"),
        (count, false) => format!("{path}: formatted {count} of {code_cells} code cells"),
        (_, true) => format!("{path}: not formatted: {}", changed.join(", ")),
    });
}

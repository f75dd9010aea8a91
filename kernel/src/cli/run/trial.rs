//! Cells that are run to see whether they can be: nobody sees them, only their results count.

use std::io;
use std::time::Duration;

use serde_json::Value;

use super::execute::{Ending, Errors, Execution, Limits};
use super::notebook::CodeCell;
use super::screen::{Code, Screen};
use super::stop;
use crate::session::{Session, StartError};

/// Why there are no results.
#[derive(Debug, thiserror::Error)]
pub(in super::super) enum TrialError {
    #[error("cannot listen for Ctrl-C")]
    Signals { source: io::Error },
    #[error("the notebook's processes could not be started")]
    Start(#[from] StartError),
    #[error("{reason}")]
    Ended { reason: String },
}

/// Runs the cells in a session of their own; gives the text of each one's result.
pub(in super::super) async fn try_cells(cells: &[&str], limit: Duration) -> Result<Vec<String>, TrialError> {
    let mut stops = stop::listen().map_err(|source| TrialError::Signals { source })?;
    let (session, mut events) = Session::start()?;
    let cells: Vec<_> = cells.iter().enumerate().map(code_cell).collect();
    let limits = Limits {
        cell: Some(limit),
        errors: Errors::End,
    };
    let screen = Screen::new(Box::new(io::sink()), Box::new(io::sink()), Code::FirstLine);
    let mut execution = Execution::new(&session, &mut events, &mut stops, screen, limits);
    let ending = execution.run(&cells).await;
    let results = execution
        .into_outputs()
        .map(|(_, outputs)| result(&outputs.into_values()))
        .collect();
    super::end_session(session, &ending, &mut stops).await;
    match ending {
        Ending::Completed => Ok(results),
        ending => Err(TrialError::Ended {
            reason: ending.complaint().unwrap_or_default(),
        }),
    }
}

fn code_cell((index, source): (usize, &&str)) -> CodeCell {
    CodeCell {
        index,
        source: (*source).to_owned(),
        may_fail: false,
        failure: None,
    }
}

/// The text of a cell's result, nothing where it has none.
fn result(outputs: &[Value]) -> String {
    let results = outputs
        .iter()
        .filter(|output| output["output_type"] == "execute_result");
    results
        .filter_map(|output| output["data"]["text/plain"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

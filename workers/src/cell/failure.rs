//! A cell that fails without a panic message: the notebook gets a description, and the cell's code is left.

use std::panic::Location;

use serde::Serialize;

use crate::error::TaskError;
use crate::protocol;

/// The type of the block that describes the failure.
const MIME: &str = "application/vnd.parcell.error+json";
/// How many failures are listed; the rest is counted.
const LISTED: usize = 20;

/// The payload with which a failed cell unwinds. Its failure has been reported.
#[derive(Clone, Copy, Debug)]
pub struct CellFailed;

#[derive(Debug, Serialize)]
struct Report {
    ename: &'static str,
    evalue: String,
    traceback: Vec<String>,
}

/// Reports `errors`, of which there is at least one, and unwinds out of the cell.
pub(super) fn fail(errors: &[TaskError]) -> ! {
    protocol::write_stderr(MIME, &report(errors));
    // Unlike `panic!` this runs no panic hook, which would report the failure again.
    std::panic::resume_unwind(Box::new(CellFailed));
}

/// Reports an error of the line at `place`, and unwinds out of the cell.
pub(super) fn fail_with(ename: &'static str, evalue: &str, place: &Location<'_>) -> ! {
    let traceback = vec![evalue.to_owned(), format!("  = at {place}")];
    protocol::write_stderr(
        MIME,
        &Report {
            ename,
            evalue: evalue.to_owned(),
            traceback,
        },
    );
    std::panic::resume_unwind(Box::new(CellFailed));
}

/// Reports an error that ends the cell without unwinding.
pub(super) fn report_error(ename: &'static str, evalue: &str) {
    let traceback = vec![evalue.to_owned()];
    protocol::write_stderr(
        MIME,
        &Report {
            ename,
            evalue: evalue.to_owned(),
            traceback,
        },
    );
}

fn report(errors: &[TaskError]) -> Report {
    let ename = errors.first().map_or("Failed", TaskError::kind);
    let evalue = errors.first().map(ToString::to_string).unwrap_or_default();
    let mut traceback: Vec<String> = errors.iter().take(LISTED).map(ToString::to_string).collect();
    if errors.len() > 1 {
        traceback.insert(0, format!("{} processes failed:", errors.len()));
    }
    if errors.len() > LISTED {
        traceback.push(format!("and {} more", errors.len() - LISTED));
    }
    if let Some(TaskError::Panicked {
        backtrace: Some(backtrace),
        ..
    }) = errors.first()
    {
        traceback.extend(backtrace.lines().map(str::to_owned));
    }
    Report {
        ename,
        evalue,
        traceback,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed(pid: u32) -> TaskError {
        TaskError::Failed {
            pid,
            item: None,
            error: "no".into(),
        }
    }

    #[test]
    fn one_failure_is_one_line() {
        let report = report(&[failed(7)]);
        assert_eq!(
            (report.ename, report.evalue.as_str()),
            ("Failed", "process 7 failed: no")
        );
        assert_eq!(report.traceback, ["process 7 failed: no"]);
    }

    #[test]
    fn several_are_counted_and_listed() {
        let errors: Vec<_> = (1..=25).map(failed).collect();
        let report = report(&errors);
        assert_eq!(report.traceback.len(), 22);
        assert_eq!(report.traceback[0], "25 processes failed:");
        assert_eq!(report.traceback[21], "and 5 more");
    }
}

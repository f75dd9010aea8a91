//! A cell that fails without a panic message: the notebook gets a description, and the cell's code is left.

use std::error::Error;
use std::panic::Location;

use super::causes;
use super::type_name::short_type_name;
use crate::contract::mime;
use crate::contract::reports::FailureReport;
use crate::error::TaskError;
use crate::map::Account;
use crate::notebook;
use crate::protocol;

/// The most causes of one error: a chain that has no end must not take the notebook with it.
const CAUSES: usize = 50;

/// The payload with which a failed cell unwinds. Its failure has been reported.
#[derive(Clone, Copy, Debug)]
pub struct CellFailed;

/// An error with which `?` left a cell.
#[derive(Debug)]
pub(super) struct EarlyReturn {
    type_name: &'static str,
    text: String,
    causes: Vec<String>,
    place: &'static Location<'static>,
}

impl EarlyReturn {
    /// The error with everything that it says has caused it.
    pub(super) fn of(type_name: &'static str, error: &dyn Error, place: &'static Location<'static>) -> Self {
        let mut text = error.to_string();
        let mut report = Self::without_cause(type_name, text.clone(), place);
        let mut source = error.source();
        while let Some(cause) = source.filter(|_| report.causes.len() < CAUSES) {
            let next = cause.to_string();
            // An error that only passes on another's text has nothing to add.
            if next != text {
                report.causes.push(next.clone());
            }
            text = next;
            source = cause.source();
        }
        report
    }

    pub(super) fn without_cause(type_name: &'static str, text: String, place: &'static Location<'static>) -> Self {
        Self {
            type_name,
            text,
            causes: Vec::new(),
            place,
        }
    }
}

/// Reports `errors`, of which there is at least one, and unwinds out of the cell.
pub(super) fn fail(errors: &[TaskError]) -> ! {
    if !notebook::is_notebook() {
        panic!("{}", report(errors).traceback.join("\n"));
    }
    protocol::write_stderr(mime::FAILURE, &report(errors));
    // Unlike `panic!` this runs no panic hook, which would report the failure again.
    std::panic::resume_unwind(Box::new(CellFailed));
}

/// The same where an item of a map has failed.
pub(super) fn fail_of(account: &mut dyn Account) {
    if let Some(error) = account.take_first_failure() {
        fail(&[error]);
    }
}

/// Says, without failing the cell, which of its map's items have failed and why.
pub(super) fn tell<R>(results: &[Result<R, TaskError>]) {
    let errors: Vec<&TaskError> = results.iter().filter_map(|result| result.as_ref().err()).collect();
    let Some(first) = errors.first() else { return };
    let mut text = format!("{} of {} items failed:\n", errors.len(), results.len());
    for line in causes::summary(errors.iter().copied()) {
        text.push_str(&format!("  {line}\n"));
    }
    if let Some(calls) = backtrace(first) {
        text.push_str(&format!("backtrace of the first:\n{calls}\n"));
    }
    notebook::notify(&text);
}

/// Reports an error of the line at `place`, and unwinds out of the cell.
pub(super) fn fail_with(ename: &'static str, evalue: &str, place: &Location<'_>) -> ! {
    if !notebook::is_notebook() {
        panic!("{evalue}");
    }
    let traceback = vec![evalue.to_owned(), format!("  = at {place}")];
    protocol::write_stderr(
        mime::FAILURE,
        &FailureReport {
            ename: ename.to_owned(),
            evalue: evalue.to_owned(),
            traceback,
            backtrace: None,
            left_at: None,
        },
    );
    std::panic::resume_unwind(Box::new(CellFailed));
}

/// Reports an error that leaves the cell without unwinding.
pub(super) fn report_early_return(error: &EarlyReturn) {
    protocol::write_stderr(
        mime::FAILURE,
        &FailureReport {
            ename: short_type_name(error.type_name),
            evalue: error.text.clone(),
            traceback: error.causes.iter().map(|cause| format!("caused by: {cause}")).collect(),
            backtrace: None,
            left_at: Some(error.place.to_string()),
        },
    );
}

fn report(errors: &[TaskError]) -> FailureReport {
    let ename = errors.first().map_or("Failed", TaskError::kind);
    let evalue = errors.first().map(ToString::to_string).unwrap_or_default();
    let traceback = match errors {
        [] | [_] => vec![evalue.clone()],
        _ => {
            let causes = causes::summary(errors).into_iter().map(|line| format!("  {line}"));
            std::iter::once(format!("{} processes failed:", errors.len()))
                .chain(causes)
                .collect()
        }
    };
    FailureReport {
        ename: ename.to_owned(),
        evalue,
        traceback,
        backtrace: errors.first().and_then(backtrace).map(str::to_owned),
        left_at: None,
    }
}

fn backtrace(error: &TaskError) -> Option<&str> {
    match error {
        TaskError::Panicked { backtrace, .. } => backtrace.as_deref(),
        _ => None,
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
            (report.ename.as_str(), report.evalue.as_str()),
            ("Failed", "process 7 failed: no")
        );
        assert_eq!(report.traceback, ["process 7 failed: no"]);
    }

    #[test]
    fn several_are_counted_and_listed() {
        let errors: Vec<_> = (1..=25).map(failed).collect();
        let report = report(&errors);
        assert_eq!(
            report.traceback,
            [
                "25 processes failed:",
                "  process 1 failed: no",
                "    and 24 more: processes 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, ..."
            ]
        );
    }

    #[derive(Debug, thiserror::Error)]
    #[error("{text}")]
    struct Link {
        text: &'static str,
        source: Option<Box<Link>>,
    }

    #[test]
    fn causes_are_listed_once_each() {
        let chain = ["outer", "outer", "middle", "root"].into_iter().rev();
        let error = chain
            .fold(None, |source, text| Some(Box::new(Link { text, source })))
            .unwrap();
        let report = EarlyReturn::of("x::Link", &*error, Location::caller());
        assert_eq!(report.text, "outer");
        assert_eq!(report.causes, ["middle", "root"]);
    }
}

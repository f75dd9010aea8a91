//! How a cell ended, from what the evaluator returned and from what the processes said.

use parcell::contract::control::USER_ERROR_OCCURRED;

use crate::evaluation::{Diagnostic, Error};
use crate::process::messages::FromSupervisor;
use crate::session::diagnostics;
use crate::session::endings::{self, End, Subject};
use crate::session::event::CellError;
use crate::session::locations::Locations;
use crate::session::output::{PANICKED, Report};

/// How a cell ended, `T` being what the evaluator returned.
#[derive(Debug)]
pub(super) enum Ended<T> {
    Completed(T),
    /// Its code panicked, or was left early.
    GaveUp,
    /// It has errors.
    NotCompiled(Vec<Diagnostic>),
    /// It was given up, or not taken.
    Failed(Error),
}

/// What happened to a cell.
pub(super) fn judge<T>(result: Result<T, Error>, report: &Report, is_interrupted: bool) -> Ended<T> {
    match result {
        Ok(_) if report.has_control_line(PANICKED) || report.has_control_line(USER_ERROR_OCCURRED) => Ended::GaveUp,
        Ok(outputs) => Ended::Completed(outputs),
        // A compiler that was killed has errors, too.
        Err(Error::Diagnostics(errors)) if !is_interrupted => Ended::NotCompiled(errors),
        Err(error) => Ended::Failed(error),
    }
}

/// The error of a cell whose code gave up: with a failure that the library reported, or with a panic.
pub(super) fn given_up(report: Report, locations: &Locations) -> CellError {
    match (report.error, report.panic) {
        (Some(error), _) => error,
        (None, Some(panic)) => diagnostics::panic_error(&panic, locations),
        (None, None) => diagnostics::plain_error("Panic", "the cell panicked"),
    }
}

/// The error of a cell that was given up.
pub(super) fn explain(error: &Error, subject: Subject, report: &Report, is_interrupted: bool) -> CellError {
    for news in &report.news {
        match news {
            FromSupervisor::Ended {
                interrupted: true,
                restored,
                threads_lost,
                ..
            } => return endings::interrupted(subject, *restored, *threads_lost),
            FromSupervisor::Refused => return interrupted(subject),
            FromSupervisor::Ended {
                ending,
                during_cell: true,
                restored,
                threads_lost,
                ..
            } => {
                let end = End {
                    ending: *ending,
                    printed: &report.stderr_tail,
                    panic: report.panic.as_ref().map(|panic| panic.message.as_str()),
                    restored: *restored,
                    threads_lost: *threads_lost,
                };
                return endings::during_cell(subject, &end);
            }
            FromSupervisor::NotLoaded { reason } => {
                return diagnostics::plain_error("LoadError", &format!("the compiled cell cannot be loaded: {reason}"));
            }
            _ => {}
        }
    }
    match error {
        _ if is_interrupted => interrupted(subject),
        Error::Ended(_) => diagnostics::plain_error("KernelError", &error.to_string()),
        Error::VariablesLost(_) => diagnostics::plain_error("VariablesLost", &error.to_string()),
        error => diagnostics::plain_error("Error", &error.to_string()),
    }
}

/// The error of what was interrupted before it ran.
pub(super) fn interrupted(subject: Subject) -> CellError {
    endings::interrupted(subject, true, 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::process::messages::Ending;
    use crate::session::output::Panic;

    fn report(news: Vec<FromSupervisor>) -> Report {
        Report {
            news,
            ..Report::default()
        }
    }

    fn said(line: &str) -> Report {
        report(vec![FromSupervisor::ControlLine(line.to_owned())])
    }

    fn ended(during_cell: bool, interrupted: bool, restored: bool) -> FromSupervisor {
        FromSupervisor::Ended {
            pid: 7,
            ending: Ending::Killed { signal: libc::SIGSEGV },
            during_cell,
            interrupted,
            restored,
            threads_lost: 0,
        }
    }

    fn lost() -> Error {
        Error::Ended("the supervisor is gone".to_owned())
    }

    /// The kind of the error of a cell that was given up.
    fn ename(news: Vec<FromSupervisor>, is_interrupted: bool) -> String {
        explain(&lost(), Subject::Cell, &report(news), is_interrupted).ename
    }

    #[test]
    fn what_is_taken_for_completed_may_have_given_up() {
        assert!(matches!(judge(Ok(1), &Report::default(), false), Ended::Completed(1)));
        assert!(matches!(
            judge(Ok(1), &said("anything else"), true),
            Ended::Completed(1)
        ));
        for line in [PANICKED, USER_ERROR_OCCURRED] {
            assert!(matches!(judge(Ok(1), &said(line), false), Ended::GaveUp));
        }
    }

    #[test]
    fn errors_of_a_compiler_that_was_interrupted_are_none() {
        let errors = || Err::<(), Error>(Error::Diagnostics(Vec::new()));
        let report = Report::default();
        assert!(matches!(judge(errors(), &report, false), Ended::NotCompiled(_)));
        let Ended::Failed(error) = judge(errors(), &report, true) else {
            panic!("it was interrupted")
        };
        assert_eq!(explain(&error, Subject::Cell, &report, true).ename, "Interrupted");
        assert!(matches!(
            judge(Err::<(), Error>(lost()), &report, false),
            Ended::Failed(_)
        ));
    }

    #[test]
    fn a_failure_that_was_reported_comes_before_a_panic() {
        let locations = Locations::default();
        let panic = r#"{"thread": "main", "message": "no"}"#;
        let panicked = || Report {
            panic: Panic::parse(panic),
            ..Report::default()
        };
        assert_eq!(given_up(Report::default(), &locations).evalue, "the cell panicked");
        assert!(given_up(panicked(), &locations).evalue.contains("no"));
        let failed = Report {
            error: Some(diagnostics::plain_error("WorkerError", "a worker failed")),
            ..panicked()
        };
        assert_eq!(given_up(failed, &locations).ename, "WorkerError");
    }

    #[test]
    fn the_end_of_the_notebook_process_explains_the_cell_that_it_ran() {
        assert_eq!(ename(vec![ended(true, false, true)], false), "Crashed");
        assert_eq!(ename(vec![ended(true, true, true)], true), "Interrupted");
        // It had died before the cell was run, and nothing of it was left to go on from.
        assert_eq!(ename(vec![ended(false, false, false)], false), "KernelError");
        let reason = "no such symbol".to_owned();
        assert_eq!(ename(vec![FromSupervisor::NotLoaded { reason }], false), "LoadError");
        assert_eq!(ename(vec![FromSupervisor::Refused], false), "Interrupted");
    }

    #[test]
    fn an_interrupt_is_told_with_what_it_costs() {
        let error = explain(&lost(), Subject::Cell, &report(vec![ended(true, true, false)]), true);
        assert!(error.evalue.contains("all variables are lost"), "{}", error.evalue);
        // The cell crashed by itself before the interrupt came to the supervisor.
        assert_eq!(ename(vec![ended(true, false, true)], true), "Crashed");
        assert_eq!(ename(Vec::new(), true), "Interrupted");
    }

    #[test]
    fn the_evaluators_errors_are_named() {
        let told = |error: &Error| {
            let CellError { ename, evalue, .. } = explain(error, Subject::Cell, &Report::default(), false);
            (ename, evalue)
        };
        let expected = ("KernelError", "all variables are lost: the supervisor is gone");
        let (ename, evalue) = told(&lost());
        assert_eq!((ename.as_str(), evalue.as_str()), expected);
        let lost = Error::VariablesLost(vec!["a".to_owned()]);
        assert_eq!(told(&lost).0, "VariablesLost");
        let message = Error::Build("no such crate".to_owned());
        assert_eq!(told(&message), ("Error".to_owned(), "no such crate".to_owned()));
    }
}

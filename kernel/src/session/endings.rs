//! How the end of the notebook process is told.

use crate::process::messages::Ending;
use crate::session::event::CellError;

/// The error of a cell that ended the notebook process.
pub(super) fn during_cell(ending: Ending, printed: &str, restored: bool) -> CellError {
    let cause = cause(ending, printed);
    let variables = if restored {
        "all variables are as they were before this cell"
    } else {
        "all variables are lost: there was no checkpoint to go on from"
    };
    CellError {
        ename: name(ending, printed).to_owned(),
        evalue: cause.clone(),
        traceback: vec![format!("\x1b[1;31mThe cell {cause}\x1b[0m"), format!("  = {variables}")],
    }
}

/// The error of an interrupted cell whose variables nothing has kept.
pub(super) fn interrupted_without_checkpoint() -> CellError {
    let evalue = "the cell was interrupted; all variables are lost, since there was no checkpoint to go on from";
    CellError {
        ename: "Interrupted".to_owned(),
        evalue: evalue.to_owned(),
        traceback: vec![
            "\x1b[1;31mInterrupted\x1b[0m".to_owned(),
            "  = all variables are lost: there was no checkpoint to go on from".to_owned(),
        ],
    }
}

/// What is printed where it happened while no cell ran.
pub(super) fn between_cells(ending: Ending, restored: bool) -> String {
    let variables = if restored {
        "the variables are as the last cell left them; threads that cells had started are gone"
    } else {
        "all variables are lost"
    };
    format!(
        "parcell: between cells the notebook process {}: {variables}\n",
        cause(ending, "")
    )
}

fn name(ending: Ending, printed: &str) -> &'static str {
    match ending {
        Ending::Exited { .. } => "Exited",
        Ending::Killed { .. } if overflowed(printed) => "StackOverflow",
        Ending::Killed { .. } => "Crashed",
    }
}

fn cause(ending: Ending, printed: &str) -> String {
    match ending {
        Ending::Exited { code } => format!("ended the process with exit code {code}"),
        Ending::Killed { .. } if overflowed(printed) => {
            "overflowed its stack: recurse less deeply, put large values in a Box, or run it in a thread with a larger stack"
                .to_owned()
        }
        Ending::Killed { signal } => match parcell::signal_name(signal) {
            Some((name, meaning)) => format!("was killed by {name} ({meaning})"),
            None => format!("was killed by signal {signal}"),
        },
    }
}

/// Rust prints this before it aborts.
fn overflowed(printed: &str) -> bool {
    printed.contains("has overflowed its stack")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_end_is_named_as_what_it_is() {
        let error = during_cell(Ending::Exited { code: 3 }, "", true);
        assert_eq!(
            (error.ename.as_str(), error.evalue.as_str()),
            ("Exited", "ended the process with exit code 3")
        );
        let error = during_cell(Ending::Killed { signal: libc::SIGSEGV }, "", true);
        assert_eq!(error.ename, "Crashed");
        assert!(error.evalue.contains("SIGSEGV"), "{}", error.evalue);
        let printed = "\nthread 'main' (7) has overflowed its stack\n";
        assert_eq!(
            during_cell(Ending::Killed { signal: libc::SIGABRT }, printed, true).ename,
            "StackOverflow"
        );
        assert!(during_cell(Ending::Exited { code: 0 }, "", false).traceback[1].contains("lost"));
    }
}

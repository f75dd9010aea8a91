//! How the end of the notebook process is told, and what a cell's end leaves of what was there.

use parcell::CrashCause;

use super::diagnostics;
use crate::process::messages::Ending;
use crate::session::event::CellError;

/// What has ended.
#[derive(Clone, Copy, Debug)]
pub(super) enum Subject {
    /// A cell, or its first part.
    Cell,
    /// A part of a cell, which begins at this line; the parts before it have completed.
    Part { line: usize },
    /// A function that is called because of something that a front end has said.
    Call,
}

/// What is known of the end of the notebook process.
#[derive(Clone, Copy, Debug)]
pub(super) struct End<'a> {
    pub(super) ending: Ending,
    /// The end of what it printed to stderr.
    pub(super) printed: &'a str,
    /// The message of its last panic.
    pub(super) panic: Option<&'a str>,
    /// Whether a checkpoint went on in its place.
    pub(super) restored: bool,
    /// How many threads of earlier cells the checkpoint lacks.
    pub(super) threads_lost: usize,
}

impl Subject {
    /// The part of a cell that begins at this position.
    pub(super) fn part_at(code: &str, position: usize) -> Subject {
        let line = code[..position].matches('\n').count() + 1;
        Subject::Part { line }
    }

    /// Its error, which also says what is left of what came before it.
    pub(super) fn complete(self, mut error: CellError) -> CellError {
        if let Subject::Part { line } = self {
            let left = format!("  = what stands before line {line} had been completed, and stays");
            error.traceback.push(left);
        }
        error
    }

    /// What ends as a whole.
    fn noun(self) -> &'static str {
        match self {
            Subject::Cell | Subject::Part { .. } => "cell",
            Subject::Call => "call",
        }
    }

    /// What it is called, in a sentence of its own or (`named`) in one that has named it.
    fn name(self, named: bool) -> String {
        match self {
            Subject::Cell | Subject::Call if named => "it".to_owned(),
            Subject::Cell => "this cell".to_owned(),
            Subject::Call => "this call".to_owned(),
            Subject::Part { line } => format!("line {line}"),
        }
    }
}

/// The error of a cell that ended the notebook process.
pub(super) fn during_cell(subject: Subject, end: &End<'_>) -> CellError {
    let (ename, cause, help) = explanation(end);
    let mut traceback = vec![diagnostics::wrong(&format!("The {} {cause}", subject.noun()))];
    traceback.extend(help.map(|help| format!("  = help: {help}")));
    traceback.extend(what_is_left(subject, end.restored, end.threads_lost));
    CellError {
        ename: ename.to_owned(),
        evalue: match help {
            Some(help) => format!("{cause}: {help}"),
            None => cause,
        },
        traceback,
    }
}

/// The error of a cell that was interrupted.
pub(super) fn interrupted(subject: Subject, restored: bool, threads_lost: usize) -> CellError {
    let left = what_is_left(subject, restored, threads_lost);
    let mut traceback = vec![diagnostics::wrong("Interrupted")];
    traceback.extend(left);
    let variables = if restored {
        format!("all variables are as they were before {}", subject.name(true))
    } else {
        "all variables are lost".to_owned()
    };
    CellError {
        ename: "Interrupted".to_owned(),
        evalue: format!("the {} was interrupted; {variables}", subject.noun()),
        traceback,
    }
}

/// What is printed where it happened while no cell ran.
pub(super) fn between_cells(end: &End<'_>) -> String {
    let (_, cause, _) = explanation(end);
    let variables = if end.restored {
        "the variables are as the last cell left them"
    } else {
        "all variables are lost"
    };
    let threads = threads(end.threads_lost).map_or_else(String::new, |threads| format!("; {threads}"));
    format!("parcell: between cells the notebook process {cause}: {variables}{threads}\n")
}

/// How a process ended that nobody waited for.
pub(super) fn of_process(ending: Ending) -> String {
    match ending {
        Ending::Exited { code } => format!("ended with exit code {code}"),
        Ending::Killed { signal } => CrashCause::Signal(signal).to_string(),
    }
}

/// What there is of variables and threads after the end.
fn what_is_left(subject: Subject, restored: bool, threads_lost: usize) -> Vec<String> {
    let variables = if restored {
        format!("all variables are as they were before {}", subject.name(false))
    } else {
        "all variables are lost: there was no checkpoint to go on from".to_owned()
    };
    let lost = threads(threads_lost).filter(|_| restored);
    let mut lines = vec![format!("  = {variables}")];
    lines.extend(lost.map(|threads| format!("  = {threads}")));
    lines
}

fn threads(lost: usize) -> Option<String> {
    match lost {
        0 => None,
        1 => Some("1 thread that an earlier cell had started is gone".to_owned()),
        _ => Some(format!("{lost} threads that earlier cells had started are gone")),
    }
}

/// The error's name, what the cell did, and what can be done about it.
fn explanation(end: &End<'_>) -> (&'static str, String, Option<&'static str>) {
    let signal = match end.ending {
        Ending::Exited { code } => return ("Exited", format!("ended the process with exit code {code}"), None),
        Ending::Killed { signal } => signal,
    };
    if end.printed.contains(OVERFLOWED) {
        let help = "recurse less deeply, put large values in a Box, or run it in a thread with a larger stack \
                    (std::thread::Builder::stack_size)";
        return ("StackOverflow", "overflowed its stack".to_owned(), Some(help));
    }
    if let Some(bytes) = failed_allocation(end.printed).filter(|_| signal == libc::SIGABRT) {
        let cause = format!("ran out of memory: an allocation of {bytes} bytes failed");
        return ("OutOfMemory", cause, None);
    }
    let mut cause = CrashCause::Signal(signal).to_string();
    if let Some(reason) = end
        .panic
        .and_then(abort_after_panic)
        .filter(|_| signal == libc::SIGABRT)
    {
        cause = format!("{cause}: {reason}");
    }
    let help = match signal {
        libc::SIGKILL => Some("if nobody sent it, the system had run out of memory"),
        libc::SIGSEGV => Some("unsafe code went wrong, or a thread overflowed its stack"),
        _ => None,
    };
    ("Crashed", cause, help)
}

/// Rust prints this before it aborts.
const OVERFLOWED: &str = "has overflowed its stack";

/// How many bytes could not be had, as Rust prints it before it aborts.
fn failed_allocation(printed: &str) -> Option<&str> {
    let (_, after) = printed.rsplit_once("memory allocation of ")?;
    let (bytes, _) = after.split_once(" bytes failed")?;
    bytes.parse::<u128>().is_ok().then_some(bytes)
}

/// Why a panic ended the process.
fn abort_after_panic(message: &str) -> Option<&'static str> {
    match message {
        "panic in a destructor during cleanup" => Some("a destructor panicked while the cell was panicking"),
        "panic in a function that cannot unwind" => {
            Some("a panic came to a function that cannot unwind, such as an `extern \"C\"` one")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn end(ending: Ending) -> End<'static> {
        End {
            ending,
            printed: "",
            panic: None,
            restored: true,
            threads_lost: 0,
        }
    }

    fn killed(signal: i32) -> End<'static> {
        end(Ending::Killed { signal })
    }

    #[test]
    fn each_end_is_named_as_what_it_is() {
        let error = during_cell(Subject::Cell, &end(Ending::Exited { code: 3 }));
        assert_eq!(
            (error.ename.as_str(), error.evalue.as_str()),
            ("Exited", "ended the process with exit code 3")
        );
        let error = during_cell(Subject::Cell, &killed(libc::SIGSEGV));
        assert_eq!(error.ename, "Crashed");
        assert!(error.evalue.contains("SIGSEGV"), "{}", error.evalue);
        let printed = "\nthread 'main' (7) has overflowed its stack\n";
        let error = during_cell(
            Subject::Cell,
            &End {
                printed,
                ..killed(libc::SIGABRT)
            },
        );
        assert_eq!(error.ename, "StackOverflow");
        let printed = "memory allocation of 1152921504606846976 bytes failed\n";
        let error = during_cell(
            Subject::Cell,
            &End {
                printed,
                ..killed(libc::SIGABRT)
            },
        );
        assert_eq!(error.ename, "OutOfMemory");
        assert!(error.evalue.contains("1152921504606846976 bytes"), "{}", error.evalue);
        let panic = Some("panic in a destructor during cleanup");
        let error = during_cell(
            Subject::Cell,
            &End {
                panic,
                ..killed(libc::SIGABRT)
            },
        );
        assert!(error.evalue.contains("a destructor panicked"), "{}", error.evalue);
    }

    #[test]
    fn what_is_lost_is_said() {
        let lost = End {
            restored: false,
            ..killed(libc::SIGABRT)
        };
        assert!(
            during_cell(Subject::Cell, &lost)
                .traceback
                .join("\n")
                .contains("all variables are lost")
        );
        assert!(
            interrupted(Subject::Cell, false, 3)
                .evalue
                .contains("all variables are lost")
        );
        let threads = End {
            threads_lost: 2,
            ..killed(libc::SIGABRT)
        };
        assert!(
            during_cell(Subject::Cell, &threads)
                .traceback
                .join("\n")
                .contains("2 threads")
        );
        assert!(between_cells(&threads).contains("2 threads"));
        assert!(
            interrupted(Subject::Cell, true, 1)
                .traceback
                .join("\n")
                .contains("1 thread that")
        );
    }

    #[test]
    fn a_part_is_told_from_the_cell_and_what_was_printed_stays() {
        let part = Subject::part_at("let a = 1;\n%who\nb", 16);
        let error = part.complete(interrupted(part, true, 0));
        assert_eq!(
            error.evalue,
            "the cell was interrupted; all variables are as they were before line 3"
        );
        assert_eq!(
            error.traceback[1..],
            [
                "  = all variables are as they were before line 3",
                "  = what stands before line 3 had been completed, and stays"
            ]
        );
        let own = CellError {
            ename: "Panic".to_owned(),
            evalue: "not before this cell".to_owned(),
            traceback: Vec::new(),
        };
        assert_eq!(part.complete(own.clone()).evalue, own.evalue);
        let error = Subject::Cell.complete(interrupted(Subject::Cell, true, 0));
        assert_eq!(
            error.traceback[1..],
            ["  = all variables are as they were before this cell"]
        );
    }
}

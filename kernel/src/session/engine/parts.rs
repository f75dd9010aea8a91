//! The parts of a cell, which are done one after the other.

use super::outcome::interrupted;
use crate::cell::Part;
use crate::session::endings::Subject;
use crate::session::event::{Cell, Outcome};

/// Each part is a transaction of its own, and the first that fails is the last. `run_part` is told what the part is called
/// where its end is told.
pub(super) fn run(
    cell: &Cell,
    parts: &[Part],
    mut run_part: impl FnMut(&Part, Subject) -> Outcome,
    is_interrupted: impl Fn() -> bool,
) -> Outcome {
    for (index, part) in parts.iter().enumerate() {
        let subject = subject_of(cell, parts, index);
        match run_part(part, subject) {
            Outcome::Ok if index + 1 < parts.len() && is_interrupted() => {
                let next = subject_of(cell, parts, index + 1);
                return Outcome::Error(next.complete(interrupted(next)));
            }
            Outcome::Ok => {}
            Outcome::Error(error) => return Outcome::Error(subject.complete(error)),
        }
    }
    Outcome::Ok
}

/// What the part of this index is called where its end is told.
fn subject_of(cell: &Cell, parts: &[Part], index: usize) -> Subject {
    if index == 0 {
        return Subject::Cell;
    }
    let range = parts[index].range.clone();
    let code = &cell.code[range.clone()];
    Subject::part_at(&cell.code, range.start + (code.len() - code.trim_start().len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cell::Step;
    use crate::session::event::CellId;

    const CODE: &str = "let a = 1;\n%who\n\nlet b = 2;";

    fn cell() -> Cell {
        Cell {
            id: CellId(1),
            execution_count: 1,
            code: CODE.to_owned(),
            allow_stdin: false,
        }
    }

    fn parts() -> Vec<Part> {
        let part = |range| Part { range, step: Step::Who };
        vec![part(0..11), part(11..16), part(16..CODE.len())]
    }

    /// Runs the parts, of which one fails, and gives how many were run.
    fn run_with(failing: Option<usize>, interrupted_after: Option<usize>) -> (usize, Outcome) {
        let run_parts = std::cell::Cell::new(0);
        let run_part = |_: &Part, subject| {
            let index = run_parts.replace(run_parts.get() + 1);
            match failing == Some(index) {
                true => Outcome::Error(interrupted(subject)),
                false => Outcome::Ok,
            }
        };
        let is_interrupted = || interrupted_after.is_some_and(|count| run_parts.get() >= count);
        let outcome = run(&cell(), &parts(), run_part, is_interrupted);
        (run_parts.get(), outcome)
    }

    #[test]
    fn all_parts_are_run_where_none_fails() {
        assert_eq!(run_with(None, None), (3, Outcome::Ok));
    }

    #[test]
    fn the_first_that_fails_is_the_last() {
        assert_eq!(run_with(Some(0), None), (1, Outcome::Error(interrupted(Subject::Cell))));
        let (count, Outcome::Error(error)) = run_with(Some(2), None) else {
            panic!("it has failed")
        };
        assert_eq!(count, 3);
        assert_eq!(
            error.traceback[1..],
            [
                "  = all variables are as they were before line 4",
                "  = what stands before line 4 had been completed, and stays"
            ]
        );
    }

    #[test]
    fn an_interrupt_between_parts_keeps_those_that_are_done() {
        let (count, Outcome::Error(error)) = run_with(None, Some(1)) else {
            panic!("it was interrupted")
        };
        assert_eq!((count, error.ename.as_str()), (1, "Interrupted"));
        assert!(
            error
                .traceback
                .last()
                .unwrap()
                .contains("before line 2 had been completed")
        );
        // When the last is done, so is the cell.
        assert_eq!(run_with(None, Some(3)), (3, Outcome::Ok));
    }
}

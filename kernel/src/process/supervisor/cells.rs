//! What is done about whatever the supervisor hears: of cells that the kernel wants run, of their ends, of interrupts. All of
//! it is decided here, and nothing done.

use parcell::contract::control::ControlMessage;

use crate::process::messages::{Ending, FromNotebook, FromSupervisor, ToNotebook, parse_line};

/// Which cell it is, and how far it has come.
#[derive(Debug, Default)]
pub(super) struct Cells {
    /// None until the first cell: nobody interrupts what is run before.
    cell: Option<u64>,
    interrupted: Option<u64>,
    /// Whether the notebook process has been told to run something, and has not ended it.
    running: bool,
}

/// What is to be done.
#[derive(Debug, PartialEq)]
pub(super) enum Action {
    /// The transaction begins.
    Begin,
    /// Nothing runs any more.
    End,
    /// The notebook process and its workers are to be killed, unless the transaction has been decided.
    Cancel,
    Run(ToNotebook),
    Answer(Answer),
    Tell(FromSupervisor),
    /// This process goes on where the notebook process dies, and the one that would have is to go.
    Keep {
        pid: u32,
        threads: usize,
    },
    /// There is nothing to go on from.
    Drop,
}

/// What the evaluator is answered.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Answer {
    /// A line of its generated code's.
    Line(String),
    Completed,
    /// The cell is to be given up, with all state as it was before it.
    RollBack,
}

/// How the notebook process ended, and what goes on in its place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Death {
    pub(super) pid: u32,
    pub(super) ending: Ending,
    /// How many threads the checkpoint lacks that has taken over; None where none has.
    pub(super) successor: Option<usize>,
}

/// What the evaluator sent is not understood.
#[derive(Debug, thiserror::Error)]
#[error("the evaluator sent what is not understood: {0}")]
pub(super) struct NotACommand(String);

impl Cells {
    /// What is asked for from now on belongs to this cell.
    pub(super) fn begin(&mut self, cell: u64) {
        self.cell = Some(cell);
    }

    /// The evaluator has sent a line.
    pub(super) fn command(&mut self, line: &str) -> Result<Vec<Action>, NotACommand> {
        let Some(run) = parse_line(line, self.cell.unwrap_or_default()) else {
            return Err(NotACommand(line.to_owned()));
        };
        if self.is_interrupted() {
            return Ok(vec![
                Action::Tell(FromSupervisor::Refused),
                Action::Answer(Answer::RollBack),
            ]);
        }
        self.running = true;
        Ok(vec![Action::Begin, Action::Run(run)])
    }

    /// The kernel wants this cell to end.
    pub(super) fn interrupt(&mut self, cell: u64) -> Vec<Action> {
        if self.cell != Some(cell) {
            return Vec::new();
        }
        self.interrupted = Some(cell);
        self.running.then_some(Action::Cancel).into_iter().collect()
    }

    /// The notebook process says this, or a cell that it runs.
    pub(super) fn hear(&mut self, said: FromNotebook) -> Vec<Action> {
        match said {
            FromNotebook::OfCell(ControlMessage::ControlLine(line)) => vec![
                Action::Answer(Answer::Line(line.clone().into_owned())),
                Action::Tell(FromSupervisor::ControlLine(line.into_owned())),
            ],
            FromNotebook::Checkpoint { pid, threads } => vec![Action::Keep { pid, threads }],
            FromNotebook::NoCheckpoint { reason } => {
                vec![Action::Drop, Action::Tell(FromSupervisor::NoCheckpoint { reason })]
            }
            FromNotebook::CheckpointsOff => vec![Action::Drop],
            FromNotebook::Completed => vec![self.end(), Action::Answer(Answer::Completed)],
            FromNotebook::NotLoaded { reason } => vec![
                self.end(),
                Action::Tell(FromSupervisor::NotLoaded { reason }),
                Action::Answer(Answer::RollBack),
            ],
            // Said by a process that is the notebook process already.
            FromNotebook::TookOver { .. } => Vec::new(),
        }
    }

    /// The notebook process has died: where the checkpoint goes on in its place, the evaluator gives up the cell.
    pub(super) fn die(&mut self, death: Death) -> Vec<Action> {
        let during_cell = self.running;
        let restored = death.successor.is_some();
        let ended = FromSupervisor::Ended {
            pid: death.pid,
            ending: death.ending,
            during_cell,
            interrupted: during_cell && self.is_interrupted(),
            restored,
            threads_lost: death.successor.unwrap_or(0),
        };
        let mut actions = vec![Action::Tell(ended), self.end()];
        if during_cell && restored {
            actions.push(Action::Answer(Answer::RollBack));
        }
        actions
    }

    fn end(&mut self) -> Action {
        self.running = false;
        Action::End
    }

    /// Whether the cell that the evaluator is at has been interrupted.
    fn is_interrupted(&self) -> bool {
        self.cell.is_some() && self.interrupted == self.cell
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUN: &str = "RUN parcell_cell_3 /code.so";
    const KILLED: Ending = Ending::Killed { signal: 9 };

    fn cells() -> Cells {
        let mut cells = Cells::default();
        cells.begin(5);
        cells
    }

    fn running() -> Cells {
        let mut cells = cells();
        cells.command(RUN).unwrap();
        cells
    }

    fn refused() -> Vec<Action> {
        vec![Action::Tell(FromSupervisor::Refused), Action::Answer(Answer::RollBack)]
    }

    fn run(cell: u64) -> Vec<Action> {
        let run = ToNotebook::Run {
            library: "/code.so".into(),
            function: "parcell_cell_3".to_owned(),
            cell,
        };
        vec![Action::Begin, Action::Run(run)]
    }

    fn death(successor: Option<usize>) -> Death {
        Death {
            pid: 7,
            ending: KILLED,
            successor,
        }
    }

    fn ended(during_cell: bool, interrupted: bool, successor: Option<usize>) -> Action {
        Action::Tell(FromSupervisor::Ended {
            pid: 7,
            ending: KILLED,
            during_cell,
            interrupted,
            restored: successor.is_some(),
            threads_lost: successor.unwrap_or(0),
        })
    }

    #[test]
    fn a_cell_runs_and_completes() {
        let mut cells = cells();
        assert_eq!(cells.command(RUN).unwrap(), run(5));
        let line = || "a line of generated code".to_owned();
        let passed_on = [
            Action::Answer(Answer::Line(line())),
            Action::Tell(FromSupervisor::ControlLine(line())),
        ];
        let said = FromNotebook::OfCell(ControlMessage::ControlLine(line().into()));
        assert_eq!(cells.hear(said), passed_on);
        let completed = [Action::End, Action::Answer(Answer::Completed)];
        assert_eq!(cells.hear(FromNotebook::Completed), completed);
        assert_eq!(cells.die(death(Some(0))), [ended(false, false, Some(0)), Action::End]);
    }

    #[test]
    fn a_cell_that_cannot_be_loaded_is_rolled_back() {
        let mut cells = running();
        let reason = || "no such file".to_owned();
        let expected = [
            Action::End,
            Action::Tell(FromSupervisor::NotLoaded { reason: reason() }),
            Action::Answer(Answer::RollBack),
        ];
        assert_eq!(cells.hear(FromNotebook::NotLoaded { reason: reason() }), expected);
        assert_eq!(cells.interrupt(5), []);
    }

    #[test]
    fn what_the_evaluator_does_not_say_is_refused() {
        for line in ["", "RUN", "RUN a", "LOAD_AND_RUN a b"] {
            let error = cells().command(line).unwrap_err();
            assert_eq!(
                error.to_string(),
                format!("the evaluator sent what is not understood: {line}")
            );
        }
    }

    #[test]
    fn the_death_of_the_notebook_process_rolls_its_cell_back() {
        let rolled_back = [
            ended(true, false, Some(2)),
            Action::End,
            Action::Answer(Answer::RollBack),
        ];
        let mut cells = running();
        assert_eq!(cells.die(death(Some(2))), rolled_back);
        assert_eq!(cells.die(death(Some(0))), [ended(false, false, Some(0)), Action::End]);
        // Nothing is as it was before the cell, and the evaluator has to start anew.
        assert_eq!(running().die(death(None)), [ended(true, false, None), Action::End]);
    }

    #[test]
    fn an_interrupt_before_the_cell_runs_refuses_it() {
        let mut cells = cells();
        assert_eq!(cells.interrupt(5), []);
        assert_eq!(cells.command(RUN).unwrap(), refused());
        assert_eq!(cells.command(RUN).unwrap(), refused(), "it may be tried again");
        cells.begin(6);
        assert_eq!(cells.command(RUN).unwrap(), run(6));
    }

    #[test]
    fn an_interrupt_while_the_cell_runs_cancels_it() {
        let mut cells = running();
        assert_eq!(cells.interrupt(5), [Action::Cancel]);
        let rolled_back = [
            ended(true, true, Some(0)),
            Action::End,
            Action::Answer(Answer::RollBack),
        ];
        assert_eq!(cells.die(death(Some(0))), rolled_back);
        assert_eq!(cells.command(RUN).unwrap(), refused());
    }

    #[test]
    fn an_interrupt_that_comes_too_late_changes_nothing_for_what_has_completed() {
        let mut cells = running();
        cells.hear(FromNotebook::Completed);
        assert_eq!(cells.interrupt(5), []);
        assert_eq!(cells.die(death(Some(0))), [ended(false, false, Some(0)), Action::End]);
        // The cell may have another part, which does not run.
        assert_eq!(cells.command(RUN).unwrap(), refused());
    }

    #[test]
    fn an_interrupt_of_another_cell_is_none() {
        let mut cells = running();
        assert_eq!(cells.interrupt(4), []);
        assert_eq!(cells.interrupt(6), []);
        assert_eq!(cells.die(death(Some(0)))[0], ended(true, false, Some(0)));
        let mut first = Cells::default();
        assert_eq!(first.interrupt(0), []);
        assert_eq!(first.command(RUN).unwrap(), run(0), "no cell's");
    }

    #[test]
    fn of_checkpoints_there_is_the_last() {
        let mut cells = cells();
        let (pid, threads) = (9, 1);
        let kept = cells.hear(FromNotebook::Checkpoint { pid, threads });
        assert_eq!(kept, [Action::Keep { pid, threads }]);
        assert_eq!(cells.hear(FromNotebook::CheckpointsOff), [Action::Drop]);
        let reason = || "no memory".to_owned();
        let told = Action::Tell(FromSupervisor::NoCheckpoint { reason: reason() });
        assert_eq!(
            cells.hear(FromNotebook::NoCheckpoint { reason: reason() }),
            [Action::Drop, told]
        );
        assert_eq!(cells.hear(FromNotebook::TookOver { pid }), []);
    }
}

//! Drives a session through the cells of a notebook, one at a time.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use tokio::sync::mpsc::UnboundedReceiver;
use tokio::time::{Instant, sleep_until};

use super::notebook::CodeCell;
use super::screen::Screen;
use super::stop::Stop;
use crate::session::{Cell, CellError, CellId, Content, Event, Events, ExpectedCell, Outcome, Outputs, Session};

/// How long a cell may take to end once it has been interrupted. Interrupts work by killing processes, so that one
/// that takes longer will not end at all.
const INTERRUPT_GRACE: Duration = Duration::from_secs(10);

/// What runs cells. There is one, `Session`; tests put a script in its place.
pub(super) trait Engine {
    /// Queues a cell. Its output and its end are said as events.
    fn execute(&self, cell: Cell);
    /// Says what is executed after the cell that runs.
    fn expect(&self, cell: ExpectedCell);
    /// Stops the cell that is running.
    fn interrupt(&self);
}

impl Engine for Session {
    fn execute(&self, cell: Cell) {
        Session::execute(self, cell);
    }

    fn expect(&self, cell: ExpectedCell) {
        Session::expect(self, cell);
    }

    fn interrupt(&self) {
        Session::interrupt(self);
    }
}

/// What a run puts up with.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// The longest that a cell may take.
    pub(super) cell: Option<Duration>,
    pub(super) errors: Errors,
}

/// What comes of a cell that failed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Errors {
    /// The run ends.
    End,
    /// It goes on, and says so.
    Allowed,
    /// They are what is looked for.
    Wanted,
}

/// How a run ended.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) enum Ending {
    /// Every cell was run.
    Completed,
    /// A cell failed and the rest was not run.
    Failed { cell: CellName, reason: String },
    /// The session ended while a cell was running.
    SessionLost { cell: CellName },
    /// Somebody asked for the end; the running cell was interrupted.
    Stopped(Stop),
    /// Somebody asked again and did not want to wait for the running cell.
    Abandoned(Stop),
}

/// A cell as people find it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct CellName {
    /// Which of the notebook's cells, from 1.
    position: usize,
    execution_count: u32,
}

/// One pass through a notebook.
pub(super) struct Execution<'a, E> {
    engine: &'a E,
    events: &'a mut Events,
    stops: &'a mut UnboundedReceiver<Stop>,
    screen: Screen,
    limits: Limits,
    /// The first request to stop, once there was one.
    stop: Option<Stop>,
    outputs: BTreeMap<CellId, Outputs>,
    /// How many cells have failed that should not.
    failures: usize,
}

/// How one cell ended.
enum CellEnd {
    Finished(Outcome),
    TimedOut(CellError),
    /// It did not end although it was interrupted for having taken too long.
    Unstoppable,
    Abandoned(Stop),
    SessionLost,
}

impl<'a, E: Engine> Execution<'a, E> {
    pub(super) fn new(
        engine: &'a E,
        events: &'a mut Events,
        stops: &'a mut UnboundedReceiver<Stop>,
        screen: Screen,
        limits: Limits,
    ) -> Execution<'a, E> {
        Execution {
            engine,
            events,
            stops,
            screen,
            limits,
            stop: None,
            outputs: BTreeMap::new(),
            failures: 0,
        }
    }

    /// Runs the cells, leaving out those with nothing in them.
    pub(super) async fn run(&mut self, cells: &[CodeCell]) -> Ending {
        let cells = cells.iter().filter(|cell| !cell.source.trim().is_empty());
        let mut cells = cells.zip(1..).peekable();
        while let Some((cell, execution_count)) = cells.next() {
            if let Some(stop) = self.stop.or_else(|| self.stops.try_recv().ok()) {
                return Ending::Stopped(stop);
            }
            let name = CellName {
                position: cell.index + 1,
                execution_count,
            };
            let next = cells.peek().map(|(cell, execution_count)| ExpectedCell {
                code: cell.source.clone(),
                execution_count: *execution_count,
            });
            if let Err(ending) = self.run_cell(cell, name, next).await {
                return ending;
            }
        }
        match self.stop {
            Some(stop) => Ending::Stopped(stop),
            None => Ending::Completed,
        }
    }

    /// How many cells have failed that should not.
    pub(super) fn failures(&self) -> usize {
        self.failures
    }

    /// What the cells put out that were run, by their place in the notebook. Includes what came after the last cell
    /// had ended, so far.
    pub(super) fn into_outputs(mut self) -> impl Iterator<Item = (usize, Outputs)> {
        while let Ok(event) = self.events.try_recv() {
            self.late(event);
        }
        self.outputs.into_iter().map(|(id, outputs)| (index(id), outputs))
    }

    /// Runs one cell; an error is how the run ends with it.
    async fn run_cell(&mut self, cell: &CodeCell, name: CellName, next: Option<ExpectedCell>) -> Result<(), Ending> {
        let CellName { execution_count, .. } = name;
        let id = id(cell.index);
        self.outputs.insert(id, Outputs::new(execution_count));
        self.screen.cell(execution_count, &cell.source);
        self.engine.execute(Cell {
            id,
            execution_count,
            code: cell.source.clone(),
            // Whoever watches a run does not sit at it.
            allow_stdin: false,
        });
        if let Some(next) = next {
            self.engine.expect(next);
        }
        let end = self.wait(id).await;
        self.screen.end();
        match end {
            CellEnd::Finished(Outcome::Ok) => Ok(()),
            CellEnd::Finished(Outcome::Error(error)) => {
                let reason = format!("{}: {}", error.ename, error.evalue);
                if !(cell.may_fail && self.limits.errors == Errors::Wanted) {
                    self.fail(id, error);
                }
                self.judge(name, reason, cell.may_fail)
            }
            CellEnd::TimedOut(error) => {
                self.fail(id, error);
                self.judge(name, self.overrun(), false)
            }
            CellEnd::Unstoppable => {
                let reason = format!("{} and could not be interrupted", self.overrun());
                Err(Ending::Failed { cell: name, reason })
            }
            CellEnd::Abandoned(stop) => Err(Ending::Abandoned(stop)),
            CellEnd::SessionLost => Err(Ending::SessionLost { cell: name }),
        }
    }

    /// Passes on what the cell puts out until it has ended.
    async fn wait(&mut self, current: CellId) -> CellEnd {
        let mut deadline = self.limits.cell.and_then(|limit| Instant::now().checked_add(limit));
        let mut timed_out = false;
        loop {
            tokio::select! {
                Some(stop) = self.stops.recv() => {
                    if let Some(first) = self.stop {
                        return CellEnd::Abandoned(first);
                    }
                    self.stop = Some(stop);
                    self.engine.interrupt();
                }
                event = self.events.recv() => match event {
                    None => return CellEnd::SessionLost,
                    Some(Event::Finished { cell, outcome }) if cell == current => return match outcome {
                        Outcome::Error(error) if timed_out => CellEnd::TimedOut(error),
                        outcome => CellEnd::Finished(outcome),
                    },
                    Some(event) => self.late(event),
                },
                () = expired(deadline) => {
                    if timed_out {
                        return CellEnd::Unstoppable;
                    }
                    timed_out = true;
                    deadline = Some(Instant::now() + INTERRUPT_GRACE);
                    self.engine.interrupt();
                }
            }
        }
    }

    /// Takes what any cell says but the end of the one that runs: cells go on putting things out after their end.
    fn late(&mut self, event: Event) {
        match event {
            Event::Output { cell, content } => self.output(cell, content),
            Event::InputRequest(question) => tracing::warn!(?question, "nobody answers questions in a run"),
            // Nobody is there to say anything on a comm.
            Event::CommHeard { .. } | Event::DeliveryStarted { .. } => {}
            Event::NextInput { cell, .. } => tracing::info!(?cell, "a run changes no cell"),
            Event::Finished { cell, .. } => tracing::warn!(?cell, "a cell ended that was not running"),
        }
    }

    fn output(&mut self, cell: CellId, content: Content) {
        let Some(outputs) = self.outputs.get_mut(&cell) else {
            tracing::warn!(?cell, "output of a cell that was not run");
            return;
        };
        self.screen.output(outputs.execution_count(), &content);
        match content {
            Content::UpdateDisplayData {
                data,
                metadata,
                display_id,
            } => {
                // It may be another cell that has shown it.
                for outputs in self.outputs.values_mut() {
                    outputs.update(&display_id, &data, &metadata);
                }
            }
            content => outputs.push(content),
        }
    }

    fn fail(&mut self, cell: CellId, error: CellError) {
        self.screen.error(&error);
        if let Some(outputs) = self.outputs.get_mut(&cell) {
            outputs.push_error(error);
        }
    }

    /// Whether the run goes on after a cell that failed.
    fn judge(&mut self, cell: CellName, reason: String, may_fail: bool) -> Result<(), Ending> {
        if let Some(stop) = self.stop {
            return Err(Ending::Stopped(stop));
        }
        if may_fail {
            return Ok(());
        }
        self.failures += 1;
        let ending = Ending::Failed { cell, reason };
        match (self.limits.errors, ending.complaint()) {
            (Errors::End, _) => return Err(ending),
            (Errors::Allowed, Some(complaint)) => self
                .screen
                .note(&format!("{complaint} (going on, as --allow-errors says)")),
            (Errors::Allowed, None) | (Errors::Wanted, _) => {}
        }
        Ok(())
    }

    fn overrun(&self) -> String {
        format!("it took longer than {:?}", self.limits.cell.unwrap_or_default())
    }
}

impl Ending {
    /// The status to exit with.
    pub(super) fn status(&self) -> u8 {
        match self {
            Ending::Completed => 0,
            Ending::Failed { .. } | Ending::SessionLost { .. } => 1,
            Ending::Stopped(stop) | Ending::Abandoned(stop) => stop.status(),
        }
    }

    /// What to tell whoever started the run, if there is something to tell.
    pub(super) fn complaint(&self) -> Option<String> {
        match self {
            Ending::Completed => None,
            Ending::Failed { cell, reason } => Some(format!("{cell} failed: {reason}")),
            Ending::SessionLost { cell } => Some(format!("the session ended while {cell} was running")),
            Ending::Stopped(_) | Ending::Abandoned(_) => Some("stopped before the end of the notebook".to_owned()),
        }
    }
}

impl fmt::Display for CellName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cell {} (In [{}])", self.position, self.execution_count)
    }
}

/// Ends when `deadline` is over, never if there is none.
async fn expired(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}

/// A cell goes by its place in the notebook.
fn id(index: usize) -> CellId {
    CellId(index as u64)
}

fn index(id: CellId) -> usize {
    id.0 as usize
}

#[cfg(test)]
mod tests;

//! A session runs cells one after another and says what they print, show and how they end.
//!
//! It knows nothing of Jupyter or of notebook files; `jupyter` and `cli::run` stand on it.

mod backtrace;
mod captured;
mod comms;
mod completion;
mod crates;
mod diagnostics;
mod documentation;
mod endings;
mod engine;
mod event;
mod events;
mod gone;
mod input;
mod inspection;
mod knowledge;
mod last_map;
mod left_out;
mod locations;
mod magics;
mod output;
mod outputs;
mod overflow;
mod queries;
mod question;
mod shared;
mod sources;
mod variables;

pub(crate) use comms::{OUTPUTS, is_widget_update, merged_updates};
pub(crate) use completion::{Completion, Completions};
pub(crate) use diagnostics::with_causes;
pub(crate) use engine::{Exported, ProgramPart};
pub(crate) use event::{
    Cell, CellError, CellId, Content, Event, ExpectedCell, InputRequest, InputRequestId, Metadata, MimeBundle, Outcome,
    Stream, is_transient,
};
pub(crate) use events::Events;
pub(crate) use inspection::Detail;
pub(crate) use left_out::LeftOut;
pub(crate) use outputs::{Outputs, lines};
pub(crate) use overflow::Overflow;
pub(crate) use variables::{NO_VALUE, NotSeen, PlaceId, Variable, first_parts};

pub(crate) use crate::cell::Completeness;

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, mpsc as threads};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use parcell::contract::comms::CommMessage;
use rustix::process::{Signal, getpid, kill_process};
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::timeout;

use crate::cell::{self, Cursor};
use crate::environment::SessionFiles;
use crate::evaluation::Look;
use crate::process::descendants;
use crate::session_directory;
use comms::Comms;
use completion::CompletionContext;
use engine::look::Looking;
use engine::{Engine, Purpose, Request};
use events::{Backlog, EventSender};
use input::Questions;
use locations::Locations;
use output::{Hearers, Pump};
use question::{START, TURN, question};
use shared::Shared;

/// rust-analyzer's parser recurses deeply.
const ENGINE_STACK: usize = 64 << 20;
/// How long the processes have to end by themselves. Jupyter sends SIGTERM after 2.5 seconds.
const SHUTDOWN: Duration = Duration::from_millis(1800);
/// How long the directory of a session that does not end is tried to be removed.
const REMOVAL: Duration = Duration::from_millis(300);

/// A handle to a running session. Clones address the same one.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    shared: Arc<Shared>,
    engine: Arc<EngineThread>,
}

/// Why a session could not start.
#[derive(Debug, thiserror::Error)]
#[error("cannot start a session")]
pub(crate) struct StartError(#[from] io::Error);

impl Session {
    /// The same as [`start`](Self::start), for cells that are compiled and not run.
    pub(crate) fn start_checking() -> Result<(Session, Events), StartError> {
        Session::start_for(Purpose::Check)
    }

    /// Starts the processes behind a session. Returns at once; the first cell waits until they are ready, and if they
    /// cannot be had every cell fails with the reason.
    ///
    /// The session ends, and everything it started with it, when the last handle is dropped or `shutdown` is called.
    pub(crate) fn start() -> Result<(Session, Events), StartError> {
        Session::start_for(Purpose::Run)
    }

    fn start_for(purpose: Purpose) -> Result<(Session, Events), StartError> {
        let files = SessionFiles::create()?;
        let (sender, received) = mpsc::unbounded_channel();
        let events = EventSender::from(sender);
        let backlog = Backlog::new()?;
        let locations = Arc::new(Mutex::new(Locations::default()));
        let questions = Arc::new(Questions::new(events.clone()));
        let comms = Arc::new(Comms::new(events.clone(), Arc::clone(&locations)));
        let pump = Pump::start(
            files.directory(),
            Hearers {
                events: events.clone(),
                backlog: Arc::clone(&backlog),
                locations: Arc::clone(&locations),
                questions: Arc::clone(&questions),
                comms: Arc::clone(&comms),
            },
        )?;
        let shared = Arc::new(Shared::new(pump, locations, questions, comms, events));
        let directory = files.directory().to_owned();
        let (requests, queue) = threads::channel();
        let (ended, end) = threads::channel();
        let for_engine = Arc::clone(&shared);
        let thread = std::thread::Builder::new()
            .name("engine".to_owned())
            .stack_size(ENGINE_STACK)
            .spawn(move || {
                engine::run(&for_engine, purpose, &files, &queue);
                // Nobody waits where the session was ended by force. What crates were compiled to takes a while to
                // remove, which is no reason to.
                let _ = ended.send(());
                drop(files);
            })?;
        let engine = EngineThread {
            shared: Arc::clone(&shared),
            requests,
            directory,
            state: Mutex::new(Some(Running { thread, end })),
        };
        Ok((
            Session {
                shared,
                engine: Arc::new(engine),
            },
            Events::new(received, backlog),
        ))
    }

    /// What it has on disk, in a directory that only its user may enter.
    pub(crate) fn directory(&self) -> &Path {
        &self.engine.directory
    }

    /// Where what is not shown of cells' output can be kept.
    pub(crate) fn overflow(&self) -> Overflow {
        Overflow::new(&self.engine.directory)
    }

    /// Queues a cell. Its output and its end are said on the session's channel of events.
    pub(crate) fn execute(&self, cell: Cell) {
        self.shared.enqueue(cell.id);
        let id = cell.id;
        if self.engine.requests.send(Request::Execute(cell)).is_err() {
            let error = diagnostics::plain_error("KernelError", "the session has ended");
            self.shared.finish(id, Outcome::Error(error));
        }
    }

    /// Says what is probably executed after the cell that runs, so that it can be compiled meanwhile.
    pub(crate) fn expect(&self, cell: ExpectedCell) {
        // Whoever executes it then is told that the session has ended.
        let _ = self.engine.requests.send(Request::Expect(cell));
    }

    /// Stops the cell that is running, if one is: it ends with an `Interrupted` error.
    pub(crate) fn interrupt(&self) {
        self.shared.interrupt();
    }

    /// Answers a question of the cell that runs; None is the end of input. False where it waits for no answer (any
    /// more).
    pub(crate) fn answer(&self, question: InputRequestId, answer: Option<&str>) -> bool {
        self.shared.questions.answer(question, answer)
    }

    /// A front end says something on a comm. What follows from it is said as of `cell`, which names this message: at once,
    /// and then that it has been heard; and where a function of the notebook's is called, as of a cell.
    pub(crate) fn hear_comm(&self, cell: CellId, message: CommMessage) {
        let delivers = self.shared.comms.hear(cell, message);
        self.shared.say(Event::CommHeard { cell });
        if delivers {
            // Where the session has ended nobody is to be called.
            let _ = self.engine.requests.send(Request::Deliver);
        }
    }

    /// The comms for this target, or all, each with its target.
    pub(crate) fn comms(&self, target: Option<&str>) -> BTreeMap<String, String> {
        self.shared.comms.list(target)
    }

    /// The widgets that there are, as a notebook's metadata keeps them; None where there are none.
    pub(crate) fn widgets(&self) -> Option<Value> {
        self.shared.comms.saved_widgets()
    }

    /// Whether `code` is complete. Answers at once, also while a cell runs.
    pub(crate) fn is_complete(&self, code: &str) -> Completeness {
        // It is told so when it is run.
        if cell::too_deep(code).is_some() {
            return Completeness::Complete;
        }
        cell::is_complete(code)
    }

    /// What could stand at `cursor` (a Unicode code point offset) in `code`. Where rust-analyzer is busy with a cell, the
    /// answer is what is known without it.
    pub(crate) async fn complete(&self, code: &str, cursor: usize) -> Completions {
        if cell::too_deep(code).is_some() {
            return Completions::default();
        }
        let knowledge = self.shared.knowledge();
        let context = CompletionContext::new(code, cursor, &knowledge);
        let Cursor::Rust(excerpt) = &context.cursor else {
            // It may read directories, which blocks a thread.
            let answer = tokio::task::spawn_blocking(move || context.answer(&knowledge));
            return answer.await.unwrap_or_else(|error| {
                tracing::error!(%error, "completing panicked");
                Completions::default()
            });
        };
        let (asked, known) = (excerpt.clone(), Arc::clone(&knowledge));
        let found = self.ask(move |look| completion::ask(look, &asked, &known)).await;
        let found = found.unwrap_or_else(|| completion::from_knowledge(excerpt, &knowledge));
        context.answer_with(found, excerpt)
    }

    /// Markdown and plain text for what is at `cursor` (a Unicode code point offset), or None. Where rust-analyzer is busy
    /// with a cell, the answer is what is known without it.
    pub(crate) async fn inspect(&self, code: &str, cursor: usize, detail: Detail) -> Option<MimeBundle> {
        if cell::too_deep(code).is_some() {
            return None;
        }
        let knowledge = self.shared.knowledge();
        let cursor = cell::cursor(code, completion::byte_position(code, cursor), &*knowledge);
        let Cursor::Rust(excerpt) = cursor else {
            return inspection::known_word(code, &cursor).map(|parts| inspection::bundle(&parts));
        };
        let known = Arc::clone(&knowledge);
        let asked = excerpt.clone();
        let found = self.ask(move |look| inspection::ask(look, &known, (asked.map.text(), asked.position), detail));
        let found = found
            .await
            .unwrap_or_else(|| inspection::from_knowledge(&knowledge, (excerpt.map.text(), excerpt.position), detail));
        found.map(|parts| inspection::bundle(&parts))
    }

    /// The notebook's variables. Where nobody `may_look` now, and while a cell runs, with the values that they had when
    /// somebody last did. What happens because of it happens as `cell`.
    pub(crate) async fn variables(&self, cell: CellId, may_look: bool) -> Vec<Variable> {
        if may_look && !self.shared.variables().is_current() {
            // Whoever is too late takes what is known.
            let _ = self.look(cell, |engine, cell| engine.look_at_all(cell)).await;
        }
        let knowledge = self.shared.knowledge();
        self.shared.variables().all(knowledge.variables())
    }

    /// The fields or elements of something, or some of them, and how many there are in all.
    ///
    /// # Errors
    ///
    /// When a cell runs, when it is not there any more, or when looking at it fails.
    pub(crate) async fn parts(
        &self,
        cell: CellId,
        place: PlaceId,
        range: Range<usize>,
    ) -> Result<(Vec<Variable>, usize), NotSeen> {
        let place = self.shared.variables().place(place).ok_or(NotSeen::NoPlace)?;
        let (asked, first) = (place.clone(), range.start);
        let parts = self.look(cell, move |engine, cell| engine.look_at_parts(cell, &asked, range));
        let parts = parts.await.unwrap_or(Err(NotSeen::Busy))?;
        Ok((self.shared.variables().parts(&place, first, &parts), parts.total))
    }

    /// What a variable shows.
    ///
    /// # Errors
    ///
    /// When a cell runs, when there is no such variable, or when it cannot be shown.
    pub(crate) async fn show_variable(&self, cell: CellId, name: String) -> Result<(MimeBundle, Metadata), NotSeen> {
        let shown = self.look(cell, move |engine, cell| engine.show_variable(cell, &name));
        shown.await.unwrap_or(Err(NotSeen::Busy))
    }

    /// What the cells that have been checked since this was asked last are as parts of a program.
    pub(crate) async fn take_exported(&self, cell: CellId) -> Vec<ProgramPart> {
        let taken = self.look(cell, |engine, _| engine.take_exported()).await;
        taken.unwrap_or_default()
    }

    /// What a program of all cells depends on.
    pub(crate) async fn exported(&self, cell: CellId) -> Exported {
        self.look(cell, |engine, _| engine.exported()).await.unwrap_or_default()
    }

    /// Has the engine look at variables between cells; None where it does not come to that.
    async fn look<T: Send + 'static>(
        &self,
        cell: CellId,
        look: impl FnOnce(&mut Engine<'_>, CellId) -> T + Send + 'static,
    ) -> Option<T> {
        if self.shared.is_busy() || !self.shared.has_started() {
            return None;
        }
        let (question, answer) = question();
        let looking = Looking::new(cell, move |engine, cell| question.answer(|| look(engine, cell)));
        self.engine.requests.send(Request::Look(looking)).ok()?;
        answer.get(TURN).await
    }

    /// Ends the session and waits until its processes and files are gone.
    pub(crate) async fn shutdown(self) {
        let engine = Arc::clone(&self.engine);
        // Waiting blocks a thread.
        if tokio::task::spawn_blocking(move || engine.end()).await.is_err() {
            tracing::error!("ending the session panicked");
        }
    }

    /// What is found by looking at the notebook; None where that takes too long, and after the session has ended.
    async fn ask<T: Send + 'static>(&self, find: impl FnOnce(&mut Look<'_>) -> T + Send + 'static) -> Option<T> {
        let is_busy = self.shared.is_busy();
        if is_busy && !self.shared.has_started() {
            return None;
        }
        let insight = timeout(START, self.shared.insight()).await.ok()??;
        let (question, answer) = question();
        insight.ask(move |look| question.answer(|| find(look))).ok()?;
        answer.get(if is_busy { TURN } else { START }).await
    }
}

/// The engine's thread; ends it, and what it has started, on drop.
#[derive(Debug)]
struct EngineThread {
    shared: Arc<Shared>,
    requests: threads::Sender<Request>,
    directory: PathBuf,
    state: Mutex<Option<Running>>,
}

#[derive(Debug)]
struct Running {
    thread: JoinHandle<()>,
    /// Says that the processes have ended; the thread then removes the session's directory.
    end: threads::Receiver<()>,
}

impl EngineThread {
    fn end(&self) {
        let state = self
            .state
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .take();
        let Some(running) = state else { return };
        let _ = self.requests.send(Request::Shutdown);
        self.shared.interrupt();
        match running.end.recv_timeout(SHUTDOWN) {
            Err(threads::RecvTimeoutError::Timeout) => {
                tracing::warn!("the session does not end: its processes are killed");
                end_by_force(&self.directory);
            }
            _ => {
                if running.thread.join().is_err() {
                    tracing::error!("the engine panicked");
                    end_by_force(&self.directory);
                }
            }
        }
    }
}

impl Drop for EngineThread {
    fn drop(&mut self) {
        self.end();
    }
}

/// Kills everything that this process has started, and removes its files.
fn end_by_force(directory: &std::path::Path) {
    loop {
        let left = descendants::of(getpid());
        if left.is_empty() {
            break;
        }
        for pid in left {
            let _ = kill_process(pid, Signal::KILL);
        }
        while matches!(rustix::process::wait(rustix::process::WaitOptions::NOHANG), Ok(Some(_))) {}
        std::thread::sleep(Duration::from_millis(5));
    }
    let limit = Instant::now() + REMOVAL;
    while let Err(error) = session_directory::remove(directory) {
        match error.kind() {
            io::ErrorKind::NotFound => return,
            // The engine's thread cannot be killed, and may be writing.
            io::ErrorKind::DirectoryNotEmpty if Instant::now() < limit => {}
            _ => return tracing::warn!(%error, "cannot remove the session's directory"),
        }
    }
}

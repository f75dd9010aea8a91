//! The thread that owns evcxr: it compiles cells, has them run, and says how they ended.

use std::io;
use std::process::Command;
use std::sync::{Arc, Mutex, mpsc};

use evcxr::{CommandContext, Error, EvalContext};
use tokio::sync::oneshot;

use super::diagnostics::{self, Compiled};
use super::directory::{Directory, original_path};
use super::endings::End;
use super::event::{Cell, CellError, Content, Event, MimeBundle, Outcome, Stream};
use super::locations::Locations;
use super::output::{PANICKED, Report};
use super::shared::Shared;
use super::{Completion, Completions, endings, prelude};
use crate::cell::{self, Rewritten, Types, Variables};
use crate::library::{self, Prepared};
use crate::process::SUPERVISOR;
use crate::process::messages::FromSupervisor;
use crate::toolchain::{CELL_NUMBER_FILE, EPOCH_FILE};

/// What evcxr's generated code says when `?` left a cell.
const LEFT_EARLY: &str = "EVCXR_ERROR_OCCURRED";

/// What the thread is asked to do.
#[derive(Debug)]
pub(super) enum Request {
    Execute(Cell),
    Complete {
        code: String,
        cursor: usize,
        reply: oneshot::Sender<Completions>,
    },
    Inspect {
        code: String,
        cursor: usize,
        reply: oneshot::Sender<Option<MimeBundle>>,
    },
    Shutdown,
}

/// Runs until shutdown.
pub(super) fn run(shared: &Arc<Shared>, directory: Directory, requests: &mpsc::Receiver<Request>) {
    let locations = Arc::clone(&shared.locations);
    match Engine::start(shared, directory, locations) {
        Ok(mut engine) => {
            engine.serve(requests);
            engine.end();
        }
        Err(error) => refuse_all(shared, requests, &error),
    }
}

/// Every cell fails with the reason why none can be run.
fn refuse_all(shared: &Shared, requests: &mpsc::Receiver<Request>, error: &StartError) {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    tracing::error!(error = text, "the session cannot start");
    while let Ok(request) = requests.recv() {
        match request {
            Request::Execute(cell) => {
                shared.finish(cell.id, Outcome::Error(diagnostics::plain_error("StartError", &text)))
            }
            Request::Shutdown => return,
            // Dropping the reply answers.
            Request::Complete { .. } | Request::Inspect { .. } => {}
        }
    }
}

/// Why no cell can be run.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("the library that cells use cannot be had")]
    Library(#[from] library::PrepareError),
    #[error("cannot start")]
    Io(#[from] io::Error),
    #[error("the Rust engine does not start: {0}")]
    Evcxr(#[from] Error),
}

struct Engine<'a> {
    // Dropped first: it waits for the supervisor, which still uses the directory.
    context: CommandContext,
    shared: &'a Arc<Shared>,
    locations: Arc<Mutex<Locations>>,
    library: Prepared,
    directory: Directory,
    types: Types,
    epoch: u32,
}

impl<'a> Engine<'a> {
    fn start(
        shared: &'a Arc<Shared>,
        directory: Directory,
        locations: Arc<Mutex<Locations>>,
    ) -> Result<Engine<'a>, StartError> {
        let library = library::prepare(&mut |progress| {
            if let Some(cell) = shared.first_queued() {
                let content = Content::Stream {
                    stream: Stream::Stderr,
                    text: format!("parcell: {progress}\n"),
                };
                shared.say(Event::Output { cell, content });
            }
            tracing::info!(progress, "preparing the library");
        })?;
        library::plant(&library, &directory.evcxr())?;
        let mut supervisor = Command::new(std::env::current_exe()?);
        supervisor.arg(SUPERVISOR);
        if let Some(path) = original_path() {
            supervisor.env("PATH", path);
        }
        tracing::debug!("the library is in place");
        let (context, outputs) = EvalContext::with_subprocess_command(supervisor)?;
        tracing::debug!("evcxr has started");
        directory.hide_tools()?;
        std::thread::Builder::new()
            .name("supervisor-stderr".to_owned())
            .spawn(move || {
                for line in outputs.stderr {
                    tracing::error!(line, "the supervisor says");
                }
            })?;
        let context = prelude::load(context, &library.sources())?;
        tracing::debug!("the prelude is in scope");
        Ok(Engine {
            context,
            shared,
            locations,
            library,
            directory,
            types: Types::default(),
            epoch: 0,
        })
    }

    fn serve(&mut self, requests: &mpsc::Receiver<Request>) {
        while let Ok(request) = requests.recv() {
            match request {
                Request::Execute(cell) => self.execute(&cell),
                // Who asked may have gone; then nobody misses the answer.
                Request::Complete { code, cursor, reply } => drop(reply.send(self.complete(&code, cursor))),
                Request::Inspect { code, cursor, reply } => drop(reply.send(self.inspect(&code, cursor))),
                Request::Shutdown => return,
            }
        }
    }

    /// Ends the processes and waits for them.
    fn end(self) {
        self.shared.pump.end_processes();
        let supervisor = self.context.process_handle();
        let ended = supervisor
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
            .wait();
        if let Err(error) = ended {
            tracing::error!(%error, "cannot wait for the supervisor");
        }
        // rust-analyzer's memory takes long to free, and the operating system does it in no time.
        std::mem::forget(self.context);
    }

    fn execute(&mut self, cell: &Cell) {
        self.shared.pump.begin_cell(cell.id);
        self.shared.begin(cell.id);
        if self.interrupted(cell) {
            return self.shared.finish(cell.id, Outcome::Error(interrupted()));
        }
        let outcome = match cell::rewrite(&cell.code, &KnownVariables(&self.context)) {
            Err(error) => Outcome::Error(diagnostics::magic_error(&error, cell.execution_count, &cell.code)),
            Ok(rewritten) => self.run(cell, &rewritten),
        };
        self.shared.finish(cell.id, outcome);
    }

    fn run(&mut self, cell: &Cell, rewritten: &Rewritten) -> Outcome {
        let types = self.types.after(rewritten.map.text());
        if let Err(error) = self.tell_compiler(cell, &types) {
            let text = format!("the compiler cannot be told about the cell: {error}");
            return Outcome::Error(diagnostics::plain_error("KernelError", &text));
        }
        let compiled = self.directory.evcxr().join("src/lib.rs");
        self.locations()
            .begin(cell.execution_count, &cell.code, rewritten.map.clone(), compiled);
        let result = self.context.execute(rewritten.map.text());
        let report = self.shared.pump.drain();
        let outcome = self.outcome(cell, rewritten, result, report);
        if outcome == Outcome::Ok {
            self.types = types;
        }
        self.locations().end(cell.execution_count);
        if rewritten.map.text().lines().any(|line| line.trim() == ":clear") {
            self.restore_prelude();
        }
        outcome
    }

    /// Tells the compiler's wrapper which cell is being compiled, and gives its types another identity where variables
    /// of the old ones exist (see `cell::Types`).
    fn tell_compiler(&mut self, cell: &Cell, types: &Types) -> io::Result<()> {
        let variables = self.context.variables_and_types().map(|(_, type_)| type_.to_owned());
        if self.types.endangers(types, variables) {
            self.epoch += 1;
        }
        let directory = self.directory.path();
        std::fs::write(directory.join(EPOCH_FILE), self.epoch.to_string())?;
        std::fs::write(directory.join(CELL_NUMBER_FILE), cell.execution_count.to_string())
    }

    fn outcome(
        &self,
        cell: &Cell,
        rewritten: &Rewritten,
        result: Result<evcxr::EvalOutputs, Error>,
        report: Report,
    ) -> Outcome {
        let error = match result {
            Ok(_) if report.has_control_line(PANICKED) => self.failure(report),
            Ok(_) if report.has_control_line(LEFT_EARLY) => self.failure(report),
            Ok(outputs) => {
                self.show(cell, outputs);
                return Outcome::Ok;
            }
            Err(Error::CompilationErrors(errors)) if !self.interrupted(cell) => {
                let locations = self.locations();
                let compiled = Compiled {
                    cell: cell.execution_count,
                    source: &cell.code,
                    map: &rewritten.map,
                    locations: &locations,
                };
                diagnostics::compile_error(&errors, &compiled)
            }
            Err(error) => self.explain(cell, &error, &report),
        };
        Outcome::Error(error)
    }

    /// The error of a cell whose code gave up: with a failure that the library reported, or with a panic.
    fn failure(&self, report: Report) -> CellError {
        match (report.error, report.panic) {
            (Some(error), _) => error,
            (None, Some(panic)) => diagnostics::panic_error(&panic, &self.locations()),
            (None, None) => diagnostics::plain_error("Panic", "the cell panicked"),
        }
    }

    /// The error of a cell that evcxr gave up.
    fn explain(&self, cell: &Cell, error: &Error, report: &Report) -> CellError {
        for news in &report.news {
            match news {
                FromSupervisor::Ended {
                    interrupted: true,
                    restored,
                    threads_lost,
                    ..
                } => return endings::interrupted(*restored, *threads_lost),
                FromSupervisor::Refused => return interrupted(),
                FromSupervisor::Ended {
                    ending,
                    during_cell: true,
                    restored,
                    threads_lost,
                    ..
                } => {
                    return endings::during_cell(&End {
                        ending: *ending,
                        printed: &report.stderr_tail,
                        panic: report.panic.as_ref().map(|panic| panic.message.as_str()),
                        restored: *restored,
                        threads_lost: *threads_lost,
                    });
                }
                FromSupervisor::NotLoaded { reason } => {
                    return diagnostics::plain_error(
                        "LoadError",
                        &format!("the compiled cell cannot be loaded: {reason}"),
                    );
                }
                _ => {}
            }
        }
        match error {
            _ if self.interrupted(cell) => interrupted(),
            Error::SubprocessTerminated(reason) => {
                diagnostics::plain_error("KernelError", &format!("all variables are lost: {}", reason.trim_end()))
            }
            Error::TypeRedefinedVariablesLost(_) => diagnostics::plain_error("VariablesLost", &error.to_string()),
            error => diagnostics::plain_error("Error", &error.to_string()),
        }
    }

    fn interrupted(&self, cell: &Cell) -> bool {
        self.shared.is_interrupted(cell.id)
    }

    /// What evcxr's commands (`:vars` and the like) say.
    fn show(&self, cell: &Cell, outputs: evcxr::EvalOutputs) {
        let data: MimeBundle = outputs
            .content_by_mime_type
            .into_iter()
            .map(|(mime, content)| (mime, content.into()))
            .collect();
        if !data.is_empty() {
            self.shared.say(Event::Output {
                cell: cell.id,
                content: Content::ExecuteResult { data },
            });
        }
    }

    fn restore_prelude(&mut self) {
        if let Err(error) = prelude::reload(&mut self.context, &self.library.sources()) {
            tracing::error!(%error, "the library is not in scope");
        }
    }

    fn complete(&mut self, code: &str, cursor: usize) -> Completions {
        let position = code
            .char_indices()
            .nth(cursor)
            .map_or(code.len(), |(position, _)| position);
        let code = cell::without_magic(code);
        match self.context.completions(&code, position) {
            Ok(found) => {
                let characters = |position: usize| code.get(..position).map_or(cursor, |before| before.chars().count());
                let matches = found.completions.into_iter().map(|completion| Completion {
                    text: completion.code,
                    kind: completion.kind.to_owned(),
                });
                Completions {
                    matches: matches.collect(),
                    start: characters(found.start_offset),
                    end: characters(found.end_offset),
                }
            }
            Err(error) => {
                tracing::debug!(%error, "no completions");
                Completions {
                    matches: Vec::new(),
                    start: cursor,
                    end: cursor,
                }
            }
        }
    }

    fn inspect(&mut self, code: &str, cursor: usize) -> Option<MimeBundle> {
        let path = path_at(code, cursor)?;
        let outputs = self.context.execute(&format!(":doc {path}")).ok()?;
        let data: MimeBundle = outputs
            .content_by_mime_type
            .into_iter()
            .map(|(mime, content)| (mime, content.into()))
            .collect();
        let found = data.values().any(|text| {
            text.as_str()
                .is_some_and(|text| !text.contains("No documentation found"))
        });
        found.then_some(data)
    }

    fn locations(&self) -> std::sync::MutexGuard<'_, Locations> {
        self.locations.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

/// The error of a cell that was interrupted before it ran.
fn interrupted() -> CellError {
    endings::interrupted(true, 0)
}

/// The name or path that the cursor (in characters) is on or behind.
fn path_at(code: &str, cursor: usize) -> Option<String> {
    let characters: Vec<char> = code.chars().collect();
    let cursor = cursor.min(characters.len());
    let belongs = |character: &char| character.is_alphanumeric() || matches!(character, '_' | ':' | '.');
    let before = characters[..cursor]
        .iter()
        .rev()
        .take_while(|character| belongs(character))
        .count();
    let after = characters[cursor..]
        .iter()
        .take_while(|character| character.is_alphanumeric() || **character == '_')
        .count();
    let path: String = characters[cursor - before..cursor + after].iter().collect();
    let path = path.trim_matches([':', '.']);
    (!path.is_empty()).then(|| path.to_owned())
}

struct KnownVariables<'a>(&'a CommandContext);

impl Variables for KnownVariables<'_> {
    fn type_of(&self, name: &str) -> Option<String> {
        self.0
            .variables_and_types()
            .find(|(variable, _)| *variable == name)
            .map(|(_, type_)| type_.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_under_the_cursor_is_found() {
        assert_eq!(path_at("let é = std::mem::swap(a)", 14).as_deref(), Some("std::mem"));
        assert_eq!(path_at("foo.bar()", 7).as_deref(), Some("foo.bar"));
        assert_eq!(path_at("a + b", 2), None);
    }
}

//! The thread that owns the evaluator: it has cells compiled and run, and says how they ended.

mod bug;
mod deliver;
mod export;
mod file;
mod known_names;
pub(super) mod look;
mod magics;
mod outcome;
mod parts;
mod progress;
mod start;
mod upcoming;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, mpsc};

use parcell::LastMap;
use parcell::contract::control::{FILE, VARIABLE_CHANGED_TYPE};

use super::diagnostics::{self, Compiled};
use super::endings::Subject;
use super::event::{Cell, CellError, Content, Event, ExpectedCell, Outcome, Stream};
use super::gone::Gone;
use super::knowledge::Knowledge;
use super::locations::Locations;
use super::output::Report;
use super::shared::Shared;
use super::{last_map, magics as shown, queries};
use crate::cell::{self, Part, Query, Rewritten, SourceMap, Step, Types};
use crate::environment::SessionFiles;
use crate::evaluation::{self, Error, Evaluated, Evaluator, Phases, Waiting};
use crate::toolchain::Identities;
pub(crate) use export::{Exported, ProgramPart};
use known_names::KnownNames;
use look::Looking;
use outcome::Ended;
use progress::ProgressShown;
use start::StartError;
use upcoming::{Prospect, Requests};

/// What the thread is asked to do.
#[derive(Debug)]
pub(super) enum Request {
    Execute(Cell),
    /// It is next when the cell has ended that runs.
    Expect(ExpectedCell),
    /// A front end has said something that the notebook has a function for.
    Deliver,
    /// Somebody wants to look at variables.
    Look(Looking),
    Shutdown,
}

/// What is done with cells.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Purpose {
    Run,
    /// They are compiled, and taken for having run.
    Check,
}

/// Runs until shutdown.
pub(super) fn run(shared: &Arc<Shared>, purpose: Purpose, files: &SessionFiles, requests: &mpsc::Receiver<Request>) {
    match Engine::start(shared, purpose, files, requests) {
        Ok(mut engine) => {
            shared.started(engine.evaluator.insight());
            engine.serve();
            engine.end();
        }
        Err(error) => start::refuse_all(shared, requests, &error),
    }
}

pub(super) struct Engine<'a> {
    purpose: Purpose,
    evaluator: Evaluator,
    requests: Requests<'a>,
    shared: &'a Arc<Shared>,
    locations: Arc<Mutex<Locations>>,
    types: Types,
    /// The names that cells have imported.
    imported: BTreeSet<String>,
    /// What the types that exist were compiled with.
    identities: Identities,
    /// The variables that were there before.
    gone: Gone,
    /// The code of the cells that have been run, by their numbers.
    inputs: BTreeMap<u32, String>,
    /// The file that the notebook process has named last.
    named_file: Option<PathBuf>,
    /// The files that are being run, each by the one before.
    files: Vec<PathBuf>,
    /// Types of which no variable can be looked at.
    unseen_types: BTreeSet<String>,
    /// What the latest cells are as parts of a program, where they are not run.
    exported: Vec<ProgramPart>,
}

impl<'a> Engine<'a> {
    fn start(
        shared: &'a Arc<Shared>,
        purpose: Purpose,
        files: &SessionFiles,
        requests: &'a mpsc::Receiver<Request>,
    ) -> Result<Engine<'a>, StartError> {
        let evaluator = start::start(shared, purpose, files)?;
        Ok(Engine {
            purpose,
            evaluator,
            requests: Requests::new(requests),
            shared,
            locations: Arc::clone(&shared.locations),
            types: Types::default(),
            imported: BTreeSet::new(),
            identities: Identities::default(),
            gone: Gone::default(),
            inputs: BTreeMap::new(),
            named_file: None,
            files: Vec::new(),
            unseen_types: BTreeSet::new(),
            exported: Vec::new(),
        })
    }

    fn serve(&mut self) {
        while let Some(request) = self.requests.next() {
            match request {
                Request::Execute(cell) => self.execute(&cell),
                // What has not been looked at while a cell ran comes too late.
                Request::Expect(_) => {}
                Request::Deliver => self.deliver_next(),
                Request::Look(looking) => self.let_look(looking),
                Request::Shutdown => return,
            }
        }
    }

    /// Ends the processes and waits for them.
    fn end(mut self) {
        self.shared.pump.end_processes();
        self.shared.end_compilers(|| !self.evaluator.try_end());
        if let Err(error) = self.evaluator.wait_for_end() {
            tracing::error!(%error, "cannot wait for the supervisor");
        }
    }

    fn execute(&mut self, cell: &Cell) {
        self.shared.variables().begin();
        self.shared.pump.begin_cell(cell.id);
        self.shared.begin(cell.id);
        self.shared.questions.begin(cell);
        if self.interrupted(cell) {
            return self
                .shared
                .finish(cell.id, Outcome::Error(outcome::interrupted(Subject::Cell)));
        }
        let outcome = match bug::guard(|| self.run_code(cell)) {
            Ok(outcome) => outcome,
            Err(bug) => self.recover(cell, &bug),
        };
        if cell.execution_count > 0 {
            self.inputs.insert(cell.execution_count, cell.code.clone());
        }
        self.shared.finish(cell.id, outcome);
    }

    fn run_code(&mut self, cell: &Cell) -> Outcome {
        if let Some(place) = cell::too_deep(&cell.code) {
            return Outcome::Error(diagnostics::too_deep(place, cell.execution_count, &cell.code));
        }
        let known = KnownNames {
            names: self.evaluator.names(),
            imported: &self.imported,
            knowledge: &self.shared.knowledge(),
        };
        if self.purpose == Purpose::Check {
            self.exported.extend(export::parts(cell, &known));
        }
        let query = cell::query(&cell.code, &known);
        match cell::rewrite(&cell.code, &known) {
            _ if let Some(query) = query => self.explain_name(cell, &query),
            _ if let Some(unbalanced) = cell::unbalanced(&cell.code) => {
                Outcome::Error(diagnostics::unbalanced(&unbalanced, cell.execution_count, &cell.code))
            }
            Err(error) => Outcome::Error(diagnostics::magic_error(&error, cell.execution_count, &cell.code)),
            Ok(parts) => self.run_parts(cell, &parts),
        }
    }

    fn run_parts(&mut self, cell: &Cell, parts: &[Part]) -> Outcome {
        let mut compiled = SourceMap::default();
        let shared = self.shared;
        let run_part = |part: &Part, subject| match &part.step {
            Step::Run(code) => {
                let is_last = parts.last().is_some_and(|last| std::ptr::eq(last, part));
                self.run(cell, subject, code, is_last, &mut compiled)
            }
            step => self.answer(cell, step),
        };
        parts::run(cell, parts, run_part, || shared.is_interrupted(cell.id))
    }

    fn reset(&mut self, cell: &Cell) -> Outcome {
        let result = self.evaluator.reset();
        self.forget_names();
        self.shared.pump.drain();
        self.shared.comms.close_before(self.evaluator.processes(), cell.id);
        match result {
            Ok(()) if self.interrupted(cell) => {
                let text = "everything had been forgotten when the cell was interrupted";
                Outcome::Error(diagnostics::plain_error("Interrupted", text))
            }
            Ok(()) => Outcome::Ok,
            Err(error) => Outcome::Error(diagnostics::plain_error("Error", &error.to_string())),
        }
    }

    fn forget_names(&mut self) {
        self.imported.clear();
        self.gone.clear();
    }

    /// Runs code. `compiled` is what the parts of the cell before it were compiled from, and takes this part too. When the
    /// last one runs, the next cell is compiled.
    fn run(
        &mut self,
        cell: &Cell,
        subject: Subject,
        rewritten: &Rewritten,
        is_last: bool,
        compiled: &mut SourceMap,
    ) -> Outcome {
        let text = rewritten.map.text();
        let types = self.types.after(text);
        let variables = self.evaluator.names().variables().map(|(_, type_)| type_.to_owned());
        let identities = self.types.identities_for(&types, variables, &self.identities);
        compiled.append(&rewritten.map);
        let file = self.evaluator.source_file();
        self.locations()
            .begin(cell.execution_count, &cell.code, compiled.clone(), file);
        let before = self.names_of_variables();
        let say = |content| self.shared.say(Event::Output { cell: cell.id, content });
        let progress = ProgressShown::below(cell.id, matches!(subject, Subject::Cell), &say);
        let request = evaluation::Request {
            code: text,
            cell: cell.execution_count,
            identities: &identities,
            waiting: Waiting {
                is_given_up: &|| self.shared.is_interrupted(cell.id),
                hear: &|heard| progress.hear(heard),
            },
        };
        self.shared.comms.begin();
        let (requests, imported) = (&mut self.requests, &self.imported);
        let result = self.evaluator.execute(request, &mut |names| {
            let next = requests.expected_cell().filter(|_| is_last)?;
            let mut knowledge = Knowledge::clone(&self.shared.knowledge());
            knowledge.learn(cell.execution_count, &cell.code);
            let prospect = Prospect {
                imported: imported.iter().cloned().chain(cell::imported(text)).collect(),
                knowledge,
                types: &types,
                identities: &identities,
            };
            prospect.code_of(next, names)
        });
        self.remember(cell, result.is_ok());
        if result.is_ok() {
            // Also after a panic the cell's items are defined. What did not come to run has defined nothing.
            self.types = types;
            if self.identities != identities {
                // They may be able to do something else now.
                self.unseen_types.clear();
                self.identities = identities;
            }
        }
        let report = self.shared.pump.drain();
        let undone = result.is_err();
        self.shared.comms.end(cell.id, undone);
        self.shared.comms.close_before(self.evaluator.processes(), cell.id);
        for name in report
            .control_lines()
            .filter_map(|line| line.strip_prefix(VARIABLE_CHANGED_TYPE))
        {
            self.gone.note_retyped(cell.execution_count, name);
        }
        let named = report.control_lines().filter_map(|line| line.strip_prefix(FILE));
        self.named_file = named.last().map(PathBuf::from);
        if result.is_ok() {
            let after = self.names_of_variables();
            self.gone.update(cell.execution_count, &before, &after);
        }
        let has_failed = result.is_err();
        let outcome = self.outcome(cell, subject, rewritten, result, report);
        if has_failed {
            self.gone.note_failed(cell.execution_count, &cell.code);
        }
        if outcome == Outcome::Ok {
            self.imported.extend(cell::imported(text));
        }
        self.locations().end(cell.execution_count);
        if text.lines().any(|line| line.trim() == ":clear") {
            self.forget_names();
        }
        outcome
    }

    fn names_of_variables(&self) -> BTreeSet<String> {
        let variables = self.evaluator.names().variables();
        variables.map(|(name, _)| name.to_owned()).collect()
    }

    fn outcome(
        &self,
        cell: &Cell,
        subject: Subject,
        rewritten: &Rewritten,
        result: Result<Evaluated, Error>,
        report: Report,
    ) -> Outcome {
        let results = report.results.clone();
        let mut error = match outcome::judge(result, &report, self.interrupted(cell)) {
            Ended::Completed(evaluated) => {
                if rewritten.tells_compile_time {
                    self.tell_compile_time(cell, evaluated.phases);
                }
                if evaluated.tells_timing {
                    self.tell_phases(cell, evaluated.phases);
                }
                self.show(cell, &evaluated);
                return Outcome::Ok;
            }
            Ended::GaveUp => outcome::given_up(report, &self.locations()),
            Ended::NotCompiled(errors) => {
                let locations = self.locations();
                let compiled = Compiled {
                    cell: cell.execution_count,
                    source: &cell.code,
                    map: &rewritten.map,
                    locations: &locations,
                    gone: &self.gone,
                };
                diagnostics::compile_error(&errors, &compiled)
            }
            Ended::Failed(Error::NotKept { name, reason }) => {
                diagnostics::not_kept(&name, &reason, cell.execution_count, &cell.code, &rewritten.map)
            }
            Ended::Failed(error) => outcome::explain(&error, subject, &report, self.interrupted(cell)),
        };
        error
            .traceback
            .extend(results.and_then(|file| last_map::what_is_kept(&LastMap::read(file)?, cell.id)));
        Outcome::Error(error)
    }

    fn interrupted(&self, cell: &Cell) -> bool {
        self.shared.is_interrupted(cell.id)
    }

    /// What commands (`:vars` and the like) show.
    fn show(&self, cell: &Cell, evaluated: &Evaluated) {
        let data = shown::of_commands(&evaluated.shown);
        if !data.is_empty() {
            self.say(cell, Content::result(data));
        }
    }

    /// The library has said how long running took.
    fn tell_compile_time(&self, cell: &Cell, phases: Phases) {
        let compiling = parcell::cell::duration_text(phases.crates + phases.types + phases.compiling);
        self.print(cell, format!("Compile time: {compiling}\n"));
    }

    /// What `:timing` asks for.
    fn tell_phases(&self, cell: &Cell, phases: Phases) {
        let parts = [
            ("crates", phases.crates),
            ("types", phases.types),
            ("compiling", phases.compiling),
            ("running", phases.running),
        ];
        let parts = parts.map(|(name, duration)| format!("{name} {}", parcell::cell::duration_text(duration)));
        self.print(cell, format!("Timing: {}\n", parts.join(", ")));
    }

    fn print(&self, cell: &Cell, text: String) {
        let stream = Stream::Stdout;
        self.say(cell, Content::Stream { stream, text });
    }

    fn say(&self, cell: &Cell, content: Content) {
        self.shared.say(Event::Output { cell: cell.id, content });
    }

    /// Answers a cell that asks for help.
    fn explain_name(&mut self, cell: &Cell, query: &Query) -> Outcome {
        let (knowledge, code, asked) = (self.shared.knowledge(), cell.code.clone(), query.clone());
        let answer = self
            .evaluator
            .look(move |look| queries::answer(look, &knowledge, &code, &asked));
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => return Outcome::Error(diagnostics::plain_error("Error", &error.to_string())),
        };
        match answer {
            Ok(data) => {
                self.say(cell, Content::display(data));
                Outcome::Ok
            }
            Err(error) => Outcome::Error(CellError {
                ename: "NotFound".to_owned(),
                ..diagnostics::magic_error(&error, cell.execution_count, &cell.code)
            }),
        }
    }

    /// Takes note of what there is after a cell, for questions that come while the next one runs.
    fn remember(&self, cell: &Cell, completed: bool) {
        let variables = self.names_and_types().into_iter().collect();
        self.shared.change_knowledge(|knowledge| {
            if completed {
                knowledge.learn(cell.execution_count, &cell.code);
            }
            knowledge.set_variables(variables);
        });
    }

    fn locations(&self) -> std::sync::MutexGuard<'_, Locations> {
        self.locations.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

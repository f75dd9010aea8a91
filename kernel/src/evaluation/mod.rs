//! Evaluating code: what it defines is known to later code, variables are kept, and what does not compile or is rolled
//! back changes nothing.
//!
//! A piece of code is taken apart (`statements`), added to what the notebook has (`namespace`), and made into a source
//! (`draft`) whose function takes the variables that the code mentions from the library's store and puts them back with
//! the new ones. The types of new variables are known from the syntax (`literals`) or from rust-analyzer. What the
//! compiler says is brought back to the code (`diagnostic`); some of it is heeded instead, and the source compiled again
//! (`mending`).

mod body;
mod commands;
mod diagnostic;
mod draft;
mod early_return;
mod imports;
mod literals;
mod mending;
mod namespace;
mod runner;
mod source;
mod statements;

use std::collections::BTreeMap;
use std::io;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use parcell::contract::reports::CELL_LIBRARY;

pub(crate) use diagnostic::{Diagnostic, Label};
pub(crate) use draft::{CELL_FUNCTION, STORE};

use crate::analysis::{AnalysisError, Analyzer, Completion, VariableType};
use crate::toolchain::{BuildError, BuildSettings, CellSource, Identities, Manifest, Package, Tools};
use diagnostic::Compiled;
use draft::{ANALYSED_FUNCTION, Draft, Form, Purpose};
use early_return::ErrorFormat;
use mending::Mended;
use namespace::{Imports, Namespace};
use runner::{RunError, Runner};
use statements::Statements;

/// How often a source is mended, at most: that there is no end to it would be a mistake of ours.
const MOST_MENDINGS: usize = 16;

/// What every cell has in scope.
const PRELUDE: &str = "use parcell::prelude::*;";

/// A notebook's state, and all that is needed to change it.
#[derive(Debug)]
pub(crate) struct Evaluator {
    /// As the last cell left it.
    state: State,
    /// What there is at the beginning.
    manifest: Manifest,
    package: Package,
    analyzer: Analyzer,
    runner: Runner,
    /// How many libraries have been compiled.
    libraries: u32,
    /// What the types of variables were compiled with when all of them were last known to fit.
    checked: Identities,
    last_errors: Vec<Diagnostic>,
    tells_timing: bool,
}

/// What is undone with a cell.
#[derive(Clone, Debug)]
struct State {
    namespace: Namespace,
    build: BuildSettings,
    error_format: ErrorFormat,
}

/// Code that is to be evaluated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) code: &'a str,
    /// The number by which people know the cell.
    pub(crate) cell: u32,
    /// What its types are compiled with.
    pub(crate) identities: &'a Identities,
}

/// What there is to show, by MIME type.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Shown {
    pub(crate) data: BTreeMap<String, String>,
}

/// What came of evaluating.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evaluated {
    /// What commands show.
    pub(crate) shown: Shown,
    pub(crate) phases: Phases,
    /// Whether the user wants to be told how long each phase took.
    pub(crate) tells_timing: bool,
}

/// How long evaluating took, phase by phase.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub(crate) struct Phases {
    /// Compiling crates.
    pub(crate) crates: Duration,
    /// Inferring the types of new variables.
    pub(crate) types: Duration,
    /// Compiling the cell.
    pub(crate) compiling: Duration,
    pub(crate) running: Duration,
}

/// Why code was not evaluated. Nothing has changed then.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Error {
    #[error("the code does not compile")]
    Diagnostics(Vec<Diagnostic>),
    /// A variable cannot stay for later cells.
    #[error("the variable `{name}` cannot be kept")]
    NotKept { name: String, reason: NotKept },
    #[error("a redefinition of a type has lost the variables {}", .0.join(", "))]
    VariablesLost(Vec<String>),
    /// It was stopped while it ran, or has crashed: who runs cells says more.
    #[error("the cell was rolled back")]
    RolledBack,
    /// The process that has the variables is gone, and a new one without any has been started.
    #[error("all variables are lost: {0}")]
    Ended(String),
    #[error("{0}")]
    Build(String),
    #[error(transparent)]
    Analysis(#[from] AnalysisError),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Why a variable cannot stay.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum NotKept {
    /// The type of a closure has no name.
    Closure,
    UnknownType,
    /// Code outside of where it is defined may not name this type.
    PrivateType(String),
}

impl Error {
    fn of_command(message: String, range: Range<usize>) -> Error {
        Error::Diagnostics(vec![Diagnostic::about(message, range)])
    }
}

impl From<BuildError> for Error {
    fn from(error: BuildError) -> Error {
        match error {
            BuildError::Messages(messages) => Error::Build(rendered(&messages)),
            BuildError::Said(text) => Error::Build(text),
            BuildError::Io(error) => Error::Io(error),
        }
    }
}

impl Shown {
    fn of<const COUNT: usize>(data: [(&str, String); COUNT]) -> Shown {
        Shown {
            data: data.map(|(mime, text)| (mime.to_owned(), text)).into(),
        }
    }

    fn append(&mut self, other: Shown) {
        for (mime, text) in other.data {
            self.data.entry(mime).or_default().push_str(&text);
        }
    }
}

impl State {
    fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        let variables = self.namespace.variables.iter();
        variables.map(|(name, variable)| (name.as_str(), variable.type_.as_str()))
    }
}

impl Evaluator {
    /// `directory` is the package that cells are compiled in, with the library's files; `library` is the library's
    /// package. `supervisor` has cells run.
    pub(crate) fn start(
        directory: &Path,
        library: &Path,
        supervisor: Command,
        tools: Tools,
    ) -> Result<Evaluator, Error> {
        let manifest = Manifest::with_library(library);
        let package = Package::new(directory);
        package.write_manifest(&manifest)?;
        let analyzer = Analyzer::start(directory)?;
        analyzer.warm_up();
        let build = BuildSettings {
            tools,
            offline: false,
            environment: BTreeMap::new(),
        };
        Ok(Evaluator {
            state: State {
                namespace: initial(&manifest),
                build,
                error_format: ErrorFormat::default(),
            },
            manifest,
            package,
            analyzer,
            runner: Runner::start(supervisor)?,
            libraries: 0,
            checked: Identities::default(),
            last_errors: Vec::new(),
            tells_timing: false,
        })
    }

    /// Whether nothing writes into the package any more. Asked again and again, since only compilers that are killed
    /// meanwhile end at once.
    pub(crate) fn try_end(&self) -> bool {
        self.analyzer.try_end()
    }

    /// Waits until the process that has cells run has ended.
    pub(crate) fn wait_for_end(&mut self) -> io::Result<()> {
        self.runner.wait()
    }

    pub(crate) fn variables(&self) -> impl Iterator<Item = (&str, &str)> {
        self.state.variables()
    }

    /// The names of items and imports.
    pub(crate) fn item_names(&self) -> impl Iterator<Item = &str> {
        self.state.namespace.item_names()
    }

    /// The file that cells are compiled from.
    pub(crate) fn source_file(&self) -> PathBuf {
        self.package.source_file()
    }

    /// Forgets all variables, items and imports; the crates stay.
    pub(crate) fn reset(&mut self) -> Result<(), Error> {
        self.state.namespace = initial(&self.state.namespace.manifest);
        self.runner.restart()?;
        Ok(())
    }

    /// Evaluates code.
    pub(crate) fn execute(&mut self, request: Request<'_>) -> Result<Evaluated, Error> {
        let result = self.evaluate(request);
        match &result {
            Err(Error::Diagnostics(errors)) => self.last_errors.clone_from(errors),
            Err(Error::Ended(_)) => {
                self.forget_variables();
                self.runner.restart()?;
            }
            _ => {}
        }
        result
    }

    fn evaluate(&mut self, request: Request<'_>) -> Result<Evaluated, Error> {
        let parsed = Statements::parse(request.code);
        let mut state = self.state.clone();
        let mut evaluated = Evaluated::default();
        for command in &parsed.commands {
            evaluated.shown.append(self.command(command, &mut state)?);
        }
        evaluated.tells_timing = self.tells_timing;
        let draft = Draft::new(
            state.namespace.clone(),
            &parsed.statements,
            Imports::TakenApart,
            state.error_format,
        );
        if draft.body.is_empty() && !draft.namespace.defines_more_than(&self.state.namespace) {
            state.namespace = draft.namespace;
            self.commit(state);
            return Ok(evaluated);
        }
        let crates = self.package.crates().clone();
        let mut evaluation = Evaluation {
            evaluator: self,
            request,
            parsed: &parsed,
            phases: &mut evaluated.phases,
        };
        match evaluation.run(draft, &state) {
            Ok(namespace) => {
                state.namespace = namespace;
                self.commit(state);
                Ok(evaluated)
            }
            Err(error) => {
                self.package.restore_crates(crates);
                Err(error)
            }
        }
    }

    fn commit(&mut self, mut state: State) {
        state.namespace.commit();
        self.state = state;
    }

    /// `:clear`: as it was at the beginning.
    fn clear(&mut self, state: &mut State) -> Result<(), Error> {
        self.state.namespace = initial(&self.manifest);
        state.namespace = self.state.namespace.clone();
        self.runner.restart()?;
        Ok(())
    }

    /// `:restart`: without variables.
    fn restart(&mut self, state: &mut State) -> Result<Shown, Error> {
        self.forget_variables();
        for variables in [&mut state.namespace.variables, &mut state.namespace.earlier] {
            variables.clear();
        }
        self.runner.restart()?;
        let text = "the notebook's process has been started anew\n".to_owned();
        Ok(Shown::of([("text/plain", text)]))
    }

    fn forget_variables(&mut self) {
        self.state.namespace.variables.clear();
        self.state.namespace.earlier.clear();
    }

    /// What could stand at this place of code.
    pub(crate) fn completions(&mut self, code: &str, position: usize) -> Result<Vec<Completion>, Error> {
        let source = self.draft_to_look_at(code)?.analysed(Purpose::Completion);
        let Some(offset) = source.place_of(position) else {
            return Ok(Vec::new());
        };
        let mut found = self.analyzer.completions(source.into_text(), offset)?;
        found.retain(|found| !found.text.starts_with("parcell_analysis"));
        Ok(found)
    }

    /// The documentation, in Markdown, of what code ends with; None where nothing is known.
    pub(crate) fn hover(&mut self, code: &str) -> Option<String> {
        let found = self.try_hover(code);
        found.unwrap_or_else(|error| {
            tracing::debug!(%error, code, "nothing is known");
            None
        })
    }

    fn try_hover(&mut self, code: &str) -> Result<Option<String>, Error> {
        let (code, position) = if code == "let" {
            // Alone it is none.
            ("let _ = 1;".to_owned(), 0)
        } else {
            // A method is found where it is called only.
            let name = code.strip_suffix('(').map_or(code.len(), str::len);
            let end = if name < code.len() { ");" } else { ";" };
            (format!("{code}{end}"), name)
        };
        let source = self.draft_to_look_at(&code)?.analysed(Purpose::Completion);
        let Some(offset) = source.place_of(position) else {
            return Ok(None);
        };
        Ok(self.analyzer.hover(source.into_text(), offset)?)
    }

    /// Code that is not run. Its commands count as far as they add crates.
    fn draft_to_look_at(&mut self, code: &str) -> Result<Draft, Error> {
        let parsed = Statements::parse(code);
        let mut state = self.state.clone();
        for command in parsed.commands.iter().filter(|command| command.name == ":dep") {
            self.command(command, &mut state)?;
        }
        self.package.write_manifest(&state.namespace.manifest)?;
        Ok(Draft::new(
            state.namespace,
            &parsed.statements,
            Imports::AsWritten,
            state.error_format,
        ))
    }
}

fn initial(manifest: &Manifest) -> Namespace {
    let mut namespace = Namespace::new(manifest.clone());
    namespace.import(PRELUDE);
    namespace
}

/// The compiler's messages as it shows them.
fn rendered(messages: &[serde_json::Value]) -> String {
    let texts = messages.iter().filter_map(|message| message["rendered"].as_str());
    texts.collect::<Vec<_>>().join("\n")
}

/// One piece of code on its way from a draft to having run.
struct Evaluation<'a> {
    evaluator: &'a mut Evaluator,
    request: Request<'a>,
    parsed: &'a Statements,
    phases: &'a mut Phases,
}

impl Evaluation<'_> {
    /// Gives what there is when it has run.
    fn run(&mut self, mut draft: Draft, state: &State) -> Result<Namespace, Error> {
        if draft.is_async {
            mending::make_async(&mut draft);
        }
        let crates_replaced = self.prepare(&draft, state)?;
        self.settle_types(&mut draft)?;
        let checks_all = crates_replaced || self.evaluator.checked != *self.request.identities;
        let mut all_lost = Vec::new();
        for _ in 0..MOST_MENDINGS {
            let library = match self.compile(&draft, checks_all) {
                Ok(library) => library,
                Err(failure) => match mending::mend(&mut draft, &failure)? {
                    Mended::Crates => {
                        self.prepare(&draft, state)?;
                        continue;
                    }
                    Mended::Source => continue,
                    Mended::Nothing => return Err(Error::Diagnostics(self.explain(&draft, failure))),
                },
            };
            let ran = self.run_library(&library)?;
            if !ran.lost.is_empty() {
                draft.namespace.lose_variables(&ran.lost);
                self.evaluator.state.namespace.lose_variables(&ran.lost);
                all_lost.extend(ran.lost);
                continue;
            }
            if checks_all {
                self.evaluator.checked = self.request.identities.clone();
            }
            if ran.gave_up {
                draft.namespace.lose_new_variables();
            }
            return Ok(draft.namespace);
        }
        Err(Error::VariablesLost(all_lost))
    }

    /// Has the crates compiled; whether one that variables may be of is another now.
    fn prepare(&mut self, draft: &Draft, state: &State) -> Result<bool, Error> {
        let start = Instant::now();
        let manifest = &draft.namespace.manifest;
        let package = &mut self.evaluator.package;
        let prepared = package.prepare(manifest, &state.build, &mut |line| tracing::debug!(line, "cargo says"));
        self.phases.crates += start.elapsed();
        prepared.map_err(|error| self.about_crates(error, draft))?;
        Ok(self.evaluator.package.note_crates()?)
    }

    /// An error of cargo's, on the line of the crate that it is about.
    fn about_crates(&self, error: BuildError, draft: &Draft) -> Error {
        let before = &self.evaluator.state.namespace.manifest.dependencies;
        let text = match error {
            BuildError::Said(text) => mending::what_cargo_means(&text),
            BuildError::Messages(messages) => rendered(&messages),
            BuildError::Io(error) => return Error::Io(error),
        };
        let added = self.parsed.commands.iter().filter(|command| command.name == ":dep");
        let added: Vec<_> = added
            .filter_map(|command| {
                let name = command.argument.split('=').next()?.trim();
                let is_new = draft.namespace.manifest.dependencies.get(name) != before.get(name);
                is_new.then_some((name, command))
            })
            .collect();
        let named = added.iter().find(|(name, _)| text.contains(&format!("`{name}")));
        match named.or(added.first()) {
            Some((_, command)) => Error::of_command(text, command.argument_range.clone()),
            None => Error::Diagnostics(vec![Diagnostic::general(text)]),
        }
    }

    /// Finds out what the types of new variables are.
    fn settle_types(&mut self, draft: &mut Draft) -> Result<(), Error> {
        let locals = draft.body.locals.clone();
        if draft.body.has_known_types() {
            for local in &locals {
                if let Some(type_) = &local.type_ {
                    draft
                        .namespace
                        .define_variable(&local.name, type_.clone(), local.is_mutable, Some(local));
                }
            }
            return Ok(());
        }
        let start = Instant::now();
        let source = draft.analysed(Purpose::Types).into_text();
        let variables = self.evaluator.analyzer.variables(source, ANALYSED_FUNCTION);
        self.phases.types += start.elapsed();
        for (name, variable) in variables? {
            let local = locals.iter().rfind(|local| local.name == name);
            let reason = match variable.type_ {
                VariableType::Named(type_) => {
                    let namespace = &mut draft.namespace;
                    namespace.define_variable(&name, type_, variable.is_mutable, local);
                    continue;
                }
                VariableType::Closure => NotKept::Closure,
                VariableType::Unknown => NotKept::UnknownType,
            };
            // What is not known may be so because of a mistake.
            let mistakes = self.check(draft);
            return Err(match mistakes {
                mistakes if mistakes.is_empty() => Error::NotKept { name, reason },
                mistakes => Error::Diagnostics(mistakes),
            });
        }
        Ok(())
    }

    fn compile(&mut self, draft: &Draft, checks_all: bool) -> Result<PathBuf, Failure> {
        let start = Instant::now();
        self.evaluator.libraries += 1;
        let form = Form {
            catches_panics: true,
            checks_all,
            number: self.evaluator.libraries,
        };
        let name = format!("{CELL_LIBRARY}{}", form.number);
        let compiled = self.with_source(&draft.compiled(form), |package, source| package.compile(source, &name));
        self.phases.compiling += start.elapsed();
        compiled
    }

    /// What the compiler says of the same without what generated code makes of its messages.
    fn explain(&mut self, draft: &Draft, failure: Failure) -> Vec<Diagnostic> {
        let form = Form {
            catches_panics: false,
            checks_all: false,
            number: self.evaluator.libraries,
        };
        let plain = self.with_source(&draft.compiled(form), |package, source| package.check(source));
        let failure = match plain {
            Err(plain) if !plain.diagnostics.is_empty() => plain,
            _ => failure,
        };
        mending::for_people(failure.diagnostics, &draft.namespace)
    }

    /// What is wrong with the cell's code where its variables are left out of account.
    fn check(&mut self, draft: &Draft) -> Vec<Diagnostic> {
        let source = draft.analysed(Purpose::Check);
        match self.with_source(&source, |package, source| package.check(source)) {
            Ok(()) => Vec::new(),
            Err(failure) => mending::for_people(failure.diagnostics, &draft.namespace),
        }
    }

    fn with_source<T>(
        &mut self,
        source: &source::Source,
        compile: impl FnOnce(&mut Package, CellSource<'_>) -> Result<T, BuildError>,
    ) -> Result<T, Failure> {
        let revised = self.request.identities.apply(source.text());
        let cell = CellSource {
            text: &revised.text,
            cell: self.request.cell,
            identities: self.request.identities,
        };
        let compiled = Compiled {
            source,
            revised: &revised,
        };
        compile(&mut self.evaluator.package, cell).map_err(|error| match error {
            BuildError::Messages(messages) => Failure {
                diagnostics: messages
                    .iter()
                    .filter_map(|json| Diagnostic::read(json, compiled))
                    .collect(),
                text: messages.iter().map(|json| format!("{json}\n")).collect(),
            },
            error => Failure {
                diagnostics: vec![Diagnostic::general(error.to_string())],
                text: String::new(),
            },
        })
    }

    fn run_library(&mut self, library: &Path) -> Result<runner::Ran, Error> {
        let start = Instant::now();
        let function = format!("{CELL_FUNCTION}{}", self.evaluator.libraries);
        let ran = self.evaluator.runner.run(library, &function);
        self.phases.running += start.elapsed();
        ran.map_err(|error| match error {
            RunError::RolledBack => Error::RolledBack,
            RunError::Ended(said) => Error::Ended(said),
        })
    }
}

/// What the compiler says of a source that it does not take.
#[derive(Debug)]
struct Failure {
    diagnostics: Vec<Diagnostic>,
    /// All of it.
    text: String,
}

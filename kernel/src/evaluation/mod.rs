//! Evaluating code: what it defines is known to later code, variables are kept, and what does not compile or is rolled
//! back changes nothing.
//!
//! A piece of code is taken apart (`statements`), added to what the notebook has (`namespace`), and made into a source
//! (`draft`) whose function takes the variables that the code mentions from the library's store and puts them back with
//! the new ones. The types of new variables are known from the syntax (`literals`) or from rust-analyzer. What the
//! compiler says is brought back to the code (`diagnostic`); some of it is heeded instead, and the source compiled again
//! (`mending`).

mod ahead;
mod body;
mod boxed;
mod commands;
mod compiling;
mod diagnostic;
mod draft;
mod early_return;
mod execution;
mod imports;
mod insight;
mod literals;
mod macros;
mod mending;
mod namespace;
mod runner;
mod source;
mod statements;
mod viewers;
mod waiting;

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::PoisonError;
use std::time::{Duration, Instant};
use std::{fs, io};

pub(crate) use ahead::Next;
pub(crate) use commands::{Refusal, parse_dependency};
pub(crate) use diagnostic::{Diagnostic, Label};
pub(crate) use draft::{CELL_FUNCTION, STORE};
pub(crate) use insight::{Insight, Look};
pub(crate) use viewers::viewers;
pub(crate) use waiting::{Progress, Waiting};

use parcell::contract::inspection::{Inspection, Look as LookAtVariables, Seen};

pub(crate) use crate::analysis::Completion;
use crate::analysis::{AnalysisError, Analyzer, ObjectKind, TraitObject};
use crate::toolchain::{BuildError, BuildSettings, Identities, LIBRARY_FEATURE, Manifest, Package, SourcePlace, Tools};
use ahead::{Ahead, Ready};
use compiling::Compiling;
use draft::Draft;
use early_return::ErrorFormat;
use execution::Evaluation;
use namespace::{Imports, Namespace};
use runner::{RunError, Runner};
use statements::Statements;

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
    insight: Insight,
    runner: Runner,
    /// How many libraries have been compiled.
    libraries: u32,
    /// What the types of variables were compiled with when all of them were last known to fit.
    checked: Identities,
    /// The next cell, while it is compiled or where it has been.
    ahead: Option<Ahead>,
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
#[derive(Clone, Copy)]
pub(crate) struct Request<'a> {
    pub(crate) code: &'a str,
    /// The number by which people know the cell.
    pub(crate) cell: u32,
    /// What its types are compiled with.
    pub(crate) identities: &'a Identities,
    pub(crate) waiting: Waiting<'a>,
}

/// What a command shows.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Shown {
    Text(String),
    Markdown(String),
    Table {
        heads: [&'static str; 2],
        rows: Vec<[String; 2]>,
    },
}

/// What came of evaluating.
#[derive(Clone, Debug, Default)]
pub(crate) struct Evaluated {
    /// What commands show.
    pub(crate) shown: Vec<Shown>,
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
    /// Of a closure not even a signature is known.
    Closure,
    /// It borrows what is not its own, which has this name if it has one.
    Borrows {
        type_: String,
        /// Of what is kept in a box.
        kind: Option<ObjectKind>,
        what: Option<String>,
    },
    /// Its type has no name, and this cannot stand for it; why, in the compiler's words.
    NoObject {
        object: TraitObject,
        why: String,
    },
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
            BuildError::Io(error) => Error::Io(error),
            error => Error::Build(error.text()),
        }
    }
}

/// The names of a notebook, as it is or as it will be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Names<'a>(&'a Namespace);

impl<'a> Names<'a> {
    /// Variables and their types.
    pub(crate) fn variables(self) -> impl Iterator<Item = (&'a str, &'a str)> {
        let variables = self.0.variables.iter();
        variables.map(|(name, variable)| (name.as_str(), variable.type_.as_str()))
    }

    /// The type of a variable.
    pub(crate) fn type_of(self, name: &str) -> Option<&'a str> {
        Some(self.0.variables.get(name)?.type_.as_str())
    }

    /// Whether an item or an import has this name.
    pub(crate) fn has_item(self, name: &str) -> bool {
        self.0.has_item(name)
    }
}

/// Gives what is to be evaluated next, for a notebook with these names.
pub(crate) type Upcoming<'a> = &'a mut dyn FnMut(Names<'_>) -> Option<Next>;

impl Evaluator {
    /// `package` is what cells are compiled in; `library` is the library's package. `supervisor` has cells run.
    pub(crate) fn start(
        package: Package,
        library: &Path,
        supervisor: Command,
        tools: Tools,
    ) -> Result<Evaluator, Error> {
        let manifest = Manifest::with_library(library);
        package.write_manifest(&manifest)?;
        let analyzer = Analyzer::start(package.directory(), &[LIBRARY_FEATURE], PRELUDE)?;
        analyzer.warm_up();
        let build = BuildSettings {
            tools,
            offline: false,
            environment: BTreeMap::new(),
        };
        let state = State {
            namespace: initial(&manifest),
            build,
            error_format: ErrorFormat::default(),
        };
        Ok(Evaluator {
            insight: Insight::new(analyzer.clone(), package.directory().to_owned(), &state),
            state,
            manifest,
            package,
            analyzer,
            runner: Runner::start(supervisor)?,
            libraries: 0,
            checked: Identities::default(),
            ahead: None,
            last_errors: Vec::new(),
            tells_timing: false,
        })
    }

    /// Whether nothing writes into the package any more. Asked again and again, since only compilers that are killed
    /// meanwhile end at once.
    pub(crate) fn try_end(&self) -> bool {
        self.analyzer.try_end() && self.ahead.as_ref().is_none_or(Ahead::is_finished)
    }

    /// Waits until the process that has cells run has ended.
    pub(crate) fn wait_for_end(&mut self) -> io::Result<()> {
        self.runner.wait()
    }

    /// How many processes have run cells, one after another.
    pub(crate) fn processes(&self) -> u64 {
        self.runner.processes()
    }

    /// The names that there are now.
    pub(crate) fn names(&self) -> Names<'_> {
        Names(&self.state.namespace)
    }

    /// The notebook for whoever writes cells, as it is and as it will be.
    pub(crate) fn insight(&self) -> Insight {
        self.insight.clone()
    }

    /// Looks at the notebook, and waits for what is seen.
    pub(crate) fn look<T: Send + 'static>(
        &self,
        look: impl FnOnce(&mut Look<'_>) -> T + Send + 'static,
    ) -> Result<T, AnalysisError> {
        self.insight.look_now(look)
    }

    /// What the notebook depends on.
    pub(crate) fn manifest(&self) -> &Manifest {
        &self.state.namespace.manifest
    }

    /// The crates of ours that show values of the notebook's crates.
    pub(crate) fn displays(&self) -> Vec<String> {
        let compiler = self.package.compiler();
        // Before anything has been compiled there are none.
        compiler.map_or_else(
            |_| Vec::new(),
            |compiler| compiler.displays().map(str::to_owned).collect(),
        )
    }

    /// Where the notebook's files are that go with the session.
    pub(crate) fn directory(&self) -> &Path {
        self.package.directory()
    }

    /// The file that cells are compiled from.
    pub(crate) fn source_file(&self) -> PathBuf {
        self.package.source_file()
    }

    /// Forgets all variables, items and imports; the crates stay.
    pub(crate) fn reset(&mut self) -> Result<(), Error> {
        self.state.namespace = initial(&self.state.namespace.manifest);
        self.show();
        self.runner.restart()?;
        Ok(())
    }

    /// Has whoever writes cells see the notebook as it is now.
    fn show(&self) {
        self.insight.show(self.state.namespace.clone(), self.state.error_format);
    }

    /// Evaluates code. When it runs, `upcoming` is asked what is next, which is compiled meanwhile.
    pub(crate) fn execute(&mut self, request: Request<'_>, upcoming: Upcoming<'_>) -> Result<Evaluated, Error> {
        let evaluating = self.insight.evaluating();
        let _evaluating = evaluating.lock().unwrap_or_else(PoisonError::into_inner);
        let result = self.evaluate(request, upcoming);
        if matches!(result, Err(Error::Ended(_))) {
            self.forget_variables();
        }
        self.show();
        match &result {
            Err(Error::Diagnostics(errors)) => self.last_errors.clone_from(errors),
            Err(Error::Ended(_)) => self.runner.restart()?,
            _ => {}
        }
        result
    }

    /// Has the function called that a cell has left for the message in this file. What it defines is nothing.
    pub(crate) fn deliver(&mut self, message: &Path) -> Result<(), Error> {
        let delivered = self.runner.deliver(message).map(drop);
        self.done_by_notebook(delivered)
    }

    /// Has variables looked at.
    pub(crate) fn inspect(&mut self, variables: Vec<String>, look: LookAtVariables) -> Result<Vec<Seen>, Error> {
        let [request, answer] = ["inspection.json", "inspected.json"].map(|name| self.package.directory().join(name));
        let inspection = Inspection {
            variables,
            look,
            answer: answer.clone(),
        };
        fs::write(&request, serde_json::to_vec(&inspection).map_err(io::Error::from)?)?;
        // What is there is of an earlier look.
        fs::write(&answer, "")?;
        let inspected = self.runner.inspect(&request);
        self.done_by_notebook(inspected)?;
        let seen = fs::read(answer)?;
        let seen = serde_json::Deserializer::from_slice(&seen).into_iter();
        Ok(seen.collect::<Result<_, _>>().map_err(io::Error::from)?)
    }

    fn done_by_notebook(&mut self, done: Result<(), RunError>) -> Result<(), Error> {
        match done {
            Ok(()) => Ok(()),
            Err(RunError::RolledBack) => Err(Error::RolledBack),
            Err(RunError::Ended(said)) => {
                self.forget_variables();
                self.show();
                self.runner.restart()?;
                Err(Error::Ended(said))
            }
        }
    }

    fn evaluate(&mut self, request: Request<'_>, upcoming: Upcoming<'_>) -> Result<Evaluated, Error> {
        let start = Instant::now();
        let ready = self.ahead.take().and_then(|ahead| ahead.wait(request.waiting));
        let parsed = Statements::parse(request.code);
        let mut state = self.state.clone();
        let mut evaluated = Evaluated::default();
        for command in &parsed.commands {
            evaluated.shown.extend(self.command(command, &mut state)?);
        }
        evaluated.tells_timing = self.tells_timing;
        let is_ready = |ready: &Ready| {
            parsed.commands.is_empty()
                && self.checked == *request.identities
                && ready.fits(request, &self.state.namespace, self.state.error_format)
        };
        let ready = ready.filter(is_ready);
        let draft = match &ready {
            Some(ready) => ready.draft.clone(),
            None => Draft::new(
                state.namespace.clone(),
                &parsed,
                Imports::TakenApart,
                state.error_format,
            ),
        };
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
            state: &state,
            upcoming,
            phases: &mut evaluated.phases,
        };
        let result = match ready {
            Some(ready) => {
                evaluation.phases.compiling += start.elapsed();
                evaluation.run_ready(ready)
            }
            None => evaluation.run(draft),
        };
        match result {
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

    fn compiling<'a>(&'a self, request: Request<'a>) -> Result<Compiling<'a>, Error> {
        Ok(Compiling {
            compiler: self.package.compiler()?,
            analyzer: &self.analyzer,
            identities: request.identities,
            cell: request.cell,
            place: SourcePlace::Current,
            waiting: request.waiting,
        })
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
    fn restart(&mut self, state: &mut State) -> Result<Option<Shown>, Error> {
        self.forget_variables();
        for variables in [&mut state.namespace.variables, &mut state.namespace.earlier] {
            variables.clear();
        }
        self.runner.restart()?;
        Ok(Some(Shown::Text(
            "the notebook's process has been started anew".to_owned(),
        )))
    }

    fn forget_variables(&mut self) {
        self.state.namespace.variables.clear();
        self.state.namespace.earlier.clear();
    }
}

fn initial(manifest: &Manifest) -> Namespace {
    let mut namespace = Namespace::new(manifest.clone());
    namespace.import(PRELUDE);
    namespace
}

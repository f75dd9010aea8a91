//! One piece of code on its way from a draft to having run: its crates, what it is compiled to, and the next cell meanwhile.

use std::time::Instant;

use super::ahead::{self, Ahead, Ready};
use super::compiling::{NoProduct, Product};
use super::diagnostic::Diagnostic;
use super::draft::{CELL_FUNCTION, Draft};
use super::mending;
use super::namespace::Namespace;
use super::runner::RunError;
use super::statements::Statements;
use super::{Error, Evaluator, Names, Phases, Progress, Request, State, Upcoming};
use crate::toolchain::{BuildError, SourcePlace};

/// How often a cell is compiled again because variables are lost, at most.
const MOST_LOSSES: usize = 4;

/// One piece of code on its way from a draft to having run.
pub(super) struct Evaluation<'a> {
    pub(super) evaluator: &'a mut Evaluator,
    pub(super) request: Request<'a>,
    pub(super) parsed: &'a Statements,
    /// As it will be, but for what the code defines.
    pub(super) state: &'a State,
    pub(super) upcoming: Upcoming<'a>,
    pub(super) phases: &'a mut Phases,
}

/// What to do after a library has been run.
enum Then {
    Done(Namespace),
    /// Variables are lost, and the draft is without them.
    Again(Vec<String>),
}

impl Evaluation<'_> {
    /// Gives what there is when it has run.
    pub(super) fn run(&mut self, mut draft: Draft) -> Result<Namespace, Error> {
        if draft.is_async {
            mending::make_async(&mut draft);
        }
        let mut checks_all = self.prepare(&draft)? || self.evaluator.checked != *self.request.identities;
        let compiling = self.evaluator.compiling(self.request)?;
        compiling.settle_macros(&mut draft, self.phases)?;
        compiling.settle_types(&mut draft, self.phases)?;
        let mut all_lost = Vec::new();
        while all_lost.len() <= MOST_LOSSES {
            self.evaluator.libraries += 1;
            let number = self.evaluator.libraries;
            let compiling = self.evaluator.compiling(self.request)?;
            let product = match compiling.compile(&mut draft, checks_all, number, self.phases) {
                Ok(product) => product,
                Err(NoProduct::NeedsCrates) => {
                    checks_all |= self.prepare(&draft)?;
                    continue;
                }
                Err(NoProduct::Failed(error)) => return Err(error),
            };
            // Where variables may be lost, the next cell will find another notebook than is expected.
            match self.run_product(&mut draft, &product, !checks_all)? {
                Then::Done(namespace) => {
                    if checks_all {
                        self.evaluator.checked = self.request.identities.clone();
                    }
                    return Ok(namespace);
                }
                Then::Again(lost) => all_lost.push(lost),
            }
        }
        Err(Error::VariablesLost(all_lost.concat()))
    }

    /// The same for what has been compiled ahead.
    pub(super) fn run_ready(&mut self, mut ready: Ready) -> Result<Namespace, Error> {
        ready.compiler.keep_source(SourcePlace::Ahead)?;
        match self.run_product(&mut ready.draft, &ready.product, true)? {
            Then::Done(namespace) => Ok(namespace),
            Then::Again(_) => self.run(ready.draft),
        }
    }

    /// Has the crates compiled; whether one that variables may be of is another now.
    fn prepare(&mut self, draft: &Draft) -> Result<bool, Error> {
        let start = Instant::now();
        let manifest = &draft.namespace.manifest;
        let package = &mut self.evaluator.package;
        let hear = self.request.waiting.hear;
        let at_work = self.evaluator.analyzer.give_way();
        let prepared = package.prepare(manifest, &self.state.build, &mut |progress| {
            hear(&Progress::Crates(progress))
        });
        drop(at_work);
        self.phases.crates += start.elapsed();
        prepared.map_err(|error| self.about_crates(error, draft))?;
        if *manifest != self.evaluator.state.namespace.manifest {
            // It reads the new crates while the cell is compiled and runs.
            self.evaluator.analyzer.warm_up();
        }
        Ok(self.evaluator.package.note_crates()?)
    }

    /// An error of cargo's, on the line of the crate that it is about.
    fn about_crates(&self, error: BuildError, draft: &Draft) -> Error {
        let before = &self.evaluator.state.namespace.manifest.dependencies;
        let text = match error {
            BuildError::Said(text) => mending::what_cargo_means(&text),
            BuildError::Io(error) => return Error::Io(error),
            error => error.text(),
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

    fn run_product(&mut self, draft: &mut Draft, product: &Product, looks_ahead: bool) -> Result<Then, Error> {
        let Product::Library { file, number } = product else {
            return Ok(Then::Done(draft.namespace.clone()));
        };
        let mut base = draft.namespace.clone();
        base.commit();
        self.evaluator.insight.show(base.clone(), self.state.error_format);
        if looks_ahead {
            self.compile_ahead(base);
        }
        let start = Instant::now();
        let ran = self.evaluator.runner.run(file, &format!("{CELL_FUNCTION}{number}"));
        self.phases.running += start.elapsed();
        let ran = ran.map_err(|error| match error {
            RunError::RolledBack => Error::RolledBack,
            RunError::Ended(said) => Error::Ended(said),
        })?;
        if !ran.lost.is_empty() {
            // What was compiled for the notebook as it was expected to be is of no use.
            let waiting = self.request.waiting;
            self.evaluator.ahead.take().map(|ahead| ahead.wait(waiting));
            draft.namespace.lose_variables(&ran.lost);
            self.evaluator.state.namespace.lose_variables(&ran.lost);
            return Ok(Then::Again(ran.lost));
        }
        if ran.gave_up {
            draft.namespace.lose_new_variables();
        }
        Ok(Then::Done(draft.namespace.clone()))
    }

    /// Begins to compile the next cell, for `base`, the notebook as it will be when this one has completed.
    fn compile_ahead(&mut self, base: Namespace) {
        // cargo has to look at their files each time.
        if base.manifest.depends_on_changing_files() {
            return;
        }
        let Some(next) = (self.upcoming)(Names(&base)) else {
            return;
        };
        let Ok(compiler) = self.evaluator.package.compiler() else {
            return;
        };
        self.evaluator.libraries += 1;
        let tools = ahead::Tools {
            compiler,
            analyzer: self.evaluator.analyzer.clone(),
            error_format: self.state.error_format,
            number: self.evaluator.libraries,
        };
        match Ahead::start(next, base, tools) {
            Ok(ahead) => self.evaluator.ahead = Some(ahead),
            Err(error) => tracing::warn!(%error, "cannot compile ahead"),
        }
    }
}

//! From a draft to what can be run: types, the compiler, and what its messages mend.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::Instant;

use parcell::contract::reports::CELL_LIBRARY;

use super::boxed::Boxed;
use super::diagnostic::{Compiled, Diagnostic};
use super::draft::{ANALYSED_FUNCTION, Draft, Form, Purpose};
use super::mending::{self, Mended};
use super::source::{Code, Source};
use super::{Error, NotKept, Phases, Waiting};
use crate::analysis::{Analyzer, Variable, VariableType};
use crate::toolchain::{BuildError, CellCompiler, CellSource, Identities, SourcePlace};

/// How often a source is mended, at most: that there is no end to it would be a mistake of ours.
const MOST_MENDINGS: usize = 16;

/// All that is needed to compile one cell.
pub(super) struct Compiling<'a> {
    pub(super) compiler: CellCompiler,
    pub(super) analyzer: &'a Analyzer,
    pub(super) identities: &'a Identities,
    /// The number by which people know the cell.
    pub(super) cell: u32,
    pub(super) place: SourcePlace,
    pub(super) waiting: Waiting<'a>,
}

/// What the compiler says of a source that it does not take.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) diagnostics: Vec<Diagnostic>,
    /// All of it.
    pub(super) text: String,
}

/// What a cell has been compiled to.
#[derive(Clone, Debug)]
pub(super) enum Product {
    Library {
        file: PathBuf,
        /// By which its function is known.
        number: u32,
    },
    /// It is right, and there is nothing to run.
    Definitions,
}

/// Why there is no product.
#[derive(Debug)]
pub(super) enum NoProduct {
    /// The draft needs a crate that has not been compiled.
    NeedsCrates,
    Failed(Error),
}

impl Compiling<'_> {
    /// Makes items of the calls of macros that make nothing but items.
    pub(super) fn settle_macros(&self, draft: &mut Draft, phases: &mut Phases) -> Result<(), Error> {
        let calls = draft.body.macro_calls();
        let asked: Vec<&Code> = calls
            .iter()
            .filter(|(_, call)| call.statics.is_none())
            .map(|(_, call)| &call.code)
            .collect();
        let mut made = Vec::new();
        if !asked.is_empty() {
            let start = Instant::now();
            let source = draft.expanded(&asked).into_text();
            let goes_on = |waited| self.waiting.for_types(waited);
            let answer = self.analyzer.items_of_macros(source, ANALYSED_FUNCTION, &goes_on);
            self.waiting.types_are_known();
            made = answer?;
            phases.types += start.elapsed();
        }
        let mut made = made.into_iter();
        let mut taken = BTreeSet::new();
        for (index, call) in calls {
            let names = match call.statics {
                Some(names) => Some(names),
                None => made.next().flatten(),
            };
            if let Some(names) = names {
                taken.insert(index);
                draft.namespace.add_made(names, call.code);
            }
        }
        draft.body.take_out(&taken);
        Ok(())
    }

    /// Finds out what the types of new variables are.
    pub(super) fn settle_types(&self, draft: &mut Draft, phases: &mut Phases) -> Result<(), Error> {
        let locals = draft.body.locals.clone();
        if draft.body.has_known_types() {
            for local in &locals {
                if let Some(type_) = &local.type_ {
                    let namespace = &mut draft.namespace;
                    namespace.define_variable(&local.name, type_.clone(), local.is_mutable, Some(local));
                }
            }
            return Ok(());
        }
        if !draft.is_sound {
            let mistakes = self.check(draft);
            if !mistakes.is_empty() {
                return Err(Error::Diagnostics(mistakes));
            }
        }
        let start = Instant::now();
        let mut variables = self.inferred(draft)?;
        if !draft.has_all_items
            && variables
                .values()
                .any(|variable| variable.type_ == VariableType::Unknown)
        {
            draft.has_all_items = true;
            variables = self.inferred(draft)?;
        }
        phases.types += start.elapsed();
        for (name, variable) in variables {
            let local = locals.iter().rfind(|local| local.name == name);
            let reason = match variable.type_ {
                VariableType::Named(type_) => {
                    let namespace = &mut draft.namespace;
                    namespace.define_variable(&name, type_, variable.is_mutable, local);
                    continue;
                }
                VariableType::Unnamed(object) => {
                    let boxed = Boxed::new(object);
                    let namespace = &mut draft.namespace;
                    namespace.define_variable(&name, boxed.type_(), variable.is_mutable, local);
                    namespace.store_boxed(&name, boxed);
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

    fn inferred(&self, draft: &Draft) -> Result<BTreeMap<String, Variable>, Error> {
        let source = draft.analysed(Purpose::Types).into_text();
        let goes_on = |waited| self.waiting.for_types(waited);
        let variables = self.analyzer.variables(source, ANALYSED_FUNCTION, &goes_on);
        self.waiting.types_are_known();
        Ok(variables?)
    }

    /// Compiles a draft, mended as far as the compiler's messages say how. `checks_all` is as in `Form`.
    pub(super) fn compile(
        &self,
        draft: &mut Draft,
        checks_all: bool,
        number: u32,
        phases: &mut Phases,
    ) -> Result<Product, NoProduct> {
        draft.displays = self.compiler.displays().map(str::to_owned).collect();
        let form = Form {
            catches_panics: true,
            checks_all,
            // What is only defined need not be loaded to be right, unless variables are to be checked.
            number: (checks_all || !draft.only_defines()).then_some(number),
        };
        let name = format!("{CELL_LIBRARY}{number}");
        let make = |source: CellSource<'_>| match form.number {
            Some(number) => {
                let file = self.compiler.compile(source, &name)?;
                Ok(Product::Library { file, number })
            }
            None => self
                .compiler
                .compile_definitions(source, &name)
                .map(|()| Product::Definitions),
        };
        let _at_work = self.analyzer.give_way();
        for _ in 0..MOST_MENDINGS {
            let start = Instant::now();
            let compiled = self.with_source(&draft.compiled(form), make);
            phases.compiling += start.elapsed();
            let failure = match compiled {
                Ok(product) => return Ok(product),
                Err(failure) => failure,
            };
            match mending::mend(draft, &failure).map_err(NoProduct::Failed)? {
                Mended::Source => {}
                Mended::Crates => return Err(NoProduct::NeedsCrates),
                Mended::Nothing => match self.explain(draft, form, failure) {
                    // It was something that it did not have.
                    None => draft.has_all_items = true,
                    Some(explained) => return Err(NoProduct::Failed(Error::Diagnostics(explained))),
                },
            }
        }
        let endless = "the code was changed again and again, and did not compile: please report this".to_owned();
        Err(NoProduct::Failed(Error::Build(endless)))
    }

    /// What the compiler says of the same without what generated code makes of its messages, and with all items. None where
    /// it says nothing about that. Where it came to say nothing at all, as when it was killed, it is not asked again.
    fn explain(&self, draft: &Draft, form: Form, failure: Failure) -> Option<Vec<Diagnostic>> {
        if failure.text.is_empty() {
            return Some(failure.diagnostics);
        }
        let form = Form {
            catches_panics: false,
            ..form
        };
        let plain = self.with_source(&draft.compiled(form), |source| self.compiler.check(source));
        let failure = match plain {
            Ok(()) if !draft.has_all_items => return None,
            Err(plain) if !plain.diagnostics.is_empty() => plain,
            _ => failure,
        };
        Some(mending::for_people(failure.diagnostics, &draft.namespace))
    }

    /// What is wrong with the cell's code where its variables are left out of account.
    fn check(&self, draft: &Draft) -> Vec<Diagnostic> {
        let source = draft.analysed(Purpose::Check);
        match self.with_source(&source, |source| self.compiler.check(source)) {
            Ok(()) => Vec::new(),
            Err(failure) => mending::for_people(failure.diagnostics, &draft.namespace),
        }
    }

    fn with_source<T>(
        &self,
        source: &Source,
        compile: impl FnOnce(CellSource<'_>) -> Result<T, BuildError>,
    ) -> Result<T, Failure> {
        let revised = self.identities.apply(source.text());
        let cell = CellSource {
            text: &revised.text,
            cell: self.cell,
            identities: self.identities,
            place: self.place,
        };
        let compiled = Compiled {
            source,
            revised: &revised,
        };
        compile(cell).map_err(|error| match error {
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
}

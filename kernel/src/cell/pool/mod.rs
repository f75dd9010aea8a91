//! `%%pool`: the cell's function or closure, applied to every item.

mod settings;

use super::Variables;
use super::application::Application;
use super::body::{Body, NodeKind};
use super::callable::{Callable, Returned};
use super::items::{self, Items};
use super::magic::{MagicLine, leave_out};
use super::magic_error::MagicError;
use super::magics::{self, MagicHelp};
use super::options::{self, Options};
use super::results::Results;
use super::selection::Selected;
use super::source_map::SourceMap;
use super::target::Target;
use super::words::{Word, Words};

pub(super) fn rewrite(cell: &str, line: &MagicLine, variables: &dyn Variables) -> Result<SourceMap, MagicError> {
    let mut words = Words::new(cell, line.arguments.clone());
    let magic = magics::known("%%pool");
    let options = Options::read(&mut words, magic)?;
    options::refuse_behind(&words, magic)?;
    let engine = settings::code(&options, variables.dialect())?;
    let items = items::split(cell, words.rest().range);
    let target = check(&items, line, magic)?;
    let keep_going = options.has("--keep-going");
    refuse_parts_of_failures(target, &items, keep_going)?;
    let mut body = Body::parse(cell, line.body.clone());
    body.note_shadowed(cell, variables);
    let application = Application::new(cell, line.name.clone(), items.expression.clone(), variables);
    let mut call = Call {
        cell,
        line,
        application: if options.has("--cluster") {
            application.sending_items()
        } else {
            application
        },
        engine,
        keep_going,
        target,
        items,
        map: leave_out(cell, line),
    };
    match body.selected(cell, options.get("--fn"), variables)? {
        Some(selected @ Selected::Closure(_)) => call.map_closure(&selected)?,
        Some(selected @ Selected::Function(_)) => call.map_function(&body, &selected)?,
        None => {
            let usage = magic.usage();
            let help = format!("define a function below the magic, or end the cell with a closure: {usage}");
            return Err(MagicError::new(
                line.name.clone(),
                "there is no function in this cell",
                "maps nothing",
                help,
            ));
        }
    }
    Ok(call.map)
}

fn check(items: &Items<'_>, line: &MagicLine, magic: &MagicHelp) -> Result<Option<Target>, MagicError> {
    if items.expression.text.is_empty() {
        let usage = magic.usage();
        let help = format!("name what to map over, for example `%%pool -n 4 0..10`: {usage}");
        return Err(MagicError::new(
            line.name.clone(),
            "there are no items to map over",
            "ITEMS is missing",
            help,
        ));
    }
    if let Some(listed) = items.listed() {
        return Err(several(&items.expression, &listed));
    }
    items.read_target()
}

/// Who comes from Python's `Pool(4)` gives the number of workers first.
fn several(expression: &Word<'_>, listed: &[String]) -> MagicError {
    let help = match listed {
        [workers, items] if workers.parse::<usize>().is_ok() => {
            format!("the number of workers is an option: `%%pool -n {workers} {items}`")
        }
        _ => format!("map over an array of them: `[{}]`", listed.join(", ")),
    };
    let message = "the items are one expression, and here are several";
    MagicError::new(expression.range.clone(), message, "cannot be iterated over", help)
}

/// Results that may be failures have no parts.
fn refuse_parts_of_failures(target: Option<Target>, items: &Items<'_>, keep_going: bool) -> Result<(), MagicError> {
    match (target, &items.target) {
        (Some(Target::Parts { .. }), Some(word)) if keep_going => Err(MagicError::new(
            word.range.clone(),
            "with `--keep-going` each result is a `Result`, which has no parts",
            "takes results apart",
            "write `-> NAME`, and take those that are `Ok` apart below or in the next cell",
        )),
        _ => Ok(()),
    }
}

/// The call that takes the magic's place.
struct Call<'a> {
    cell: &'a str,
    line: &'a MagicLine,
    /// What runs the items.
    engine: settings::Engine,
    keep_going: bool,
    target: Option<Target>,
    items: Items<'a>,
    application: Application<'a>,
    map: SourceMap,
}

impl<'a> Call<'a> {
    fn map_closure(&mut self, selected: &Selected) -> Result<(), MagicError> {
        let written_at = selected.callable().name.start;
        self.map.copy(self.cell, self.line.body.start..written_at);
        self.apply(selected, false)
    }

    fn map_function(&mut self, body: &Body, selected: &Selected) -> Result<(), MagicError> {
        self.map.copy(self.cell, self.line.body.clone());
        // An expression at the end is a statement here, for which `--fn` leaves it.
        let ends_with_value = matches!(
            body.nodes.last().map(|node| &node.kind),
            Some(NodeKind::Value | NodeKind::Closure(_))
        );
        self.generate(if ends_with_value { "\n;" } else { "\n" });
        let shows_nothing = selected.callable().result == Returned::Undeclared && !self.keep_going;
        self.apply(selected, shows_nothing)
    }

    fn apply(&mut self, selected: &Selected, shows_nothing: bool) -> Result<(), MagicError> {
        let callable = selected.callable();
        let results = self.results(callable, shows_nothing)?;
        results.open(self.cell, &mut self.map, &self.line.name);
        let method = match (&callable.result, self.keep_going) {
            (Returned::Result { .. }, false) => "try_map",
            (Returned::Result { .. }, true) => "try_map_results",
            (_, true) => "map_results",
            (_, false) => "map",
        };
        self.application.apply(&mut self.map, selected, |map| {
            map.generate(&format!("{}.", self.engine.code), self.line.name.clone());
            // What is wrong with the results is wrong with the function.
            map.generate(method, callable.name.clone());
            map.generate("(", self.line.name.clone());
        })?;
        if self.engine.returns_errors && method == "try_map" {
            self.generate("?");
        }
        results.close(&mut self.map, &self.line.name);
        Ok(())
    }

    fn results(&self, callable: &Callable, shows_nothing: bool) -> Result<Results<'a>, MagicError> {
        let Some((written, target)) = self.items.target.clone().zip(self.target) else {
            return Ok(if shows_nothing {
                Results::Dropped
            } else {
                Results::Shown("show_results")
            });
        };
        let type_ = match target {
            Target::Name { has_type: true } => None,
            Target::Name { has_type: false } => self.results_type(callable),
            Target::Parts { .. } => target.type_of_parts(&written, Some(callable))?,
        };
        Ok(Results::Named {
            written,
            target,
            type_: type_.map(|type_| (type_, callable.name.clone())),
        })
    }

    /// The results' type where the declaration tells it: the type of a variable must be known, and cannot always
    /// infer it.
    fn results_type(&self, callable: &Callable) -> Option<String> {
        let one = match &callable.result {
            _ if callable.generic => return None,
            Returned::Type { text } => text.clone(),
            Returned::Result { ok, .. } => ok.clone()?,
            Returned::Undeclared | Returned::Opaque => return None,
        };
        let one = if self.keep_going {
            format!("::std::result::Result<{one}, ::parcell::TaskError>")
        } else {
            one
        };
        Some(format!("::std::vec::Vec<{one}>"))
    }

    fn generate(&mut self, text: &str) {
        self.map.generate(text, self.line.name.clone());
    }
}

#[cfg(test)]
mod tests;

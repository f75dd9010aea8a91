//! What the compiler's messages tell that can be heeded, so that a source is compiled again; and what is left of them for
//! people.

use super::boxed::Boxed;
use super::compiling::Failure;
use super::diagnostic::Diagnostic;
use super::draft::Draft;
use super::early_return::ERROR_TYPE;
use super::namespace::{Namespace, Variable};
use super::{Error, NotKept};
use crate::analysis::ObjectKind;

/// The crate that asynchronous cells run on.
pub(super) const TOKIO: &str = "tokio";
const TOKIO_DEPENDENCY: &str = "{ version = \"1.34.0\", features = [\"rt\", \"rt-multi-thread\"] }";

/// What has been changed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Mended {
    Nothing,
    Source,
    /// The cell needs a crate that has not been compiled.
    Crates,
}

/// Runs the cell on tokio's runtime.
pub(super) fn make_async(draft: &mut Draft) {
    draft.is_async = true;
    let manifest = &mut draft.namespace.manifest;
    if !manifest.has_crate(TOKIO) {
        manifest
            .dependencies
            .insert(TOKIO.to_owned(), TOKIO_DEPENDENCY.to_owned());
    }
}

/// Changes a draft so that what the compiler says is met.
///
/// # Errors
///
/// When it tells that a variable cannot be kept.
pub(super) fn mend(draft: &mut Draft, failure: &Failure) -> Result<Mended, Error> {
    if draft.returns_errors && draft.error_report.is_blamed(&failure.text) && draft.demand_less_of_errors() {
        return Ok(Mended::Source);
    }
    let mut mended = Mended::Nothing;
    if let Some(error) = refuse_owning(draft, failure) {
        return Err(error);
    }
    for diagnostic in &failure.diagnostics {
        let code = diagnostic.code.as_deref();
        for variable in diagnostic.stored_variables() {
            match code {
                // It has been moved, or is not in scope at the end.
                Some("E0382" | "E0425") if draft.namespace.variables.remove(variable).is_some() => {
                    mended = Mended::Source;
                }
                Some("E0603") => return Err(private_type(draft, variable)),
                Some("E0277")
                    if diagnostic.message.ends_with("between threads safely")
                        && draft.namespace.demand_less_of(variable) =>
                {
                    return Ok(Mended::Source);
                }
                _ => {}
            }
        }
        if !diagnostic.is_about_cells() {
            continue;
        }
        if makes_statements(diagnostic) && draft.body.show_no_macro() {
            return Ok(Mended::Source);
        }
        // Another crate has a way to show values of the same one.
        if code == Some("E0034") && !draft.displays.is_empty() {
            draft.displays.clear();
            return Ok(Mended::Source);
        }
        if code == Some("E0282") && draft.body.show_plainly() {
            return Ok(Mended::Source);
        }
        if code == Some("E0728") && !draft.is_async {
            let needs_tokio = !draft.namespace.manifest.has_crate(TOKIO);
            make_async(draft);
            if needs_tokio {
                return Ok(Mended::Crates);
            }
            mended = Mended::Source;
        }
        // In what a macro makes of the code.
        if code == Some("E0277") && !draft.returns_errors && diagnostic.message.contains("`?`") {
            draft.returns_errors = true;
            mended = Mended::Source;
        }
    }
    match mended {
        Mended::Nothing => match refused_value(draft, failure) {
            Some((name, reason)) if may_own(draft, &name, &reason) => {
                draft.owning.insert(name);
                Ok(Mended::Source)
            }
            Some((name, reason)) => Err(Error::NotKept { name, reason }),
            None => Ok(mended),
        },
        _ => Ok(mended),
    }
}

/// Has a closure that only reads what it borrows own that instead. It must not take a variable's value away for it.
fn may_own(draft: &mut Draft, name: &str, reason: &NotKept) -> bool {
    let NotKept::Borrows { type_, kind, .. } = reason else {
        return false;
    };
    *kind == Some(ObjectKind::Closure) && type_.starts_with("Box<dyn Fn(") && draft.body.own_captures(name)
}

/// The error of a closure that would take a variable's value away, where it owns what it captures without saying so.
fn refuse_owning(draft: &Draft, failure: &Failure) -> Option<Error> {
    let name = draft.owning.first()?;
    let takes = |diagnostic: &&Diagnostic| {
        // The closure begins with what nobody has written, so that no label of the cell's says it.
        let mut spans = diagnostic.json["spans"].as_array().into_iter().flatten();
        // "value moved into closure here", "value partially moved into closure here".
        let takes = |label: &str| label.ends_with("moved into closure here");
        spans.any(|span| span["label"].as_str().is_some_and(takes))
    };
    let taking = failure.diagnostics.iter().find(takes)?;
    Some(Error::NotKept {
        name: name.clone(),
        reason: NotKept::Borrows {
            type_: draft.namespace.variables.get(name)?.type_.clone(),
            kind: Some(ObjectKind::Closure),
            what: taking.message.split('`').nth(1).map(str::to_owned),
        },
    })
}

/// Whether a macro makes statements where it was to make a value.
fn makes_statements(diagnostic: &Diagnostic) -> bool {
    diagnostic.code.as_deref() == Some("semicolon_in_expressions_from_macros")
        || diagnostic.message.starts_with("macro expansion ignores ")
        || diagnostic.message.starts_with("expected expression, found ")
}

/// A value that cannot stay, and why, where that is all that is wrong.
fn refused_value(draft: &Draft, failure: &Failure) -> Option<(String, NotKept)> {
    let mut errors = failure.diagnostics.iter().filter(|diagnostic| diagnostic.is_error);
    if errors.clone().any(|error| error.stored_variables().next().is_none()) {
        return None;
    }
    errors.find_map(|error| {
        error.stored_variables().find_map(|name| {
            let variable = draft.namespace.variables.get(name).filter(|variable| variable.is_new)?;
            Some((name.to_owned(), why_not_kept(variable, name, error)?))
        })
    })
}

fn why_not_kept(variable: &Variable, name: &str, error: &Diagnostic) -> Option<NotKept> {
    let object = variable.boxed.as_ref().map(Boxed::object);
    match (error.code.as_deref(), object) {
        (Some("E0277" | "E0271" | "E0308" | "E0038" | "E0631"), Some(object)) => Some(NotKept::NoObject {
            object: object.clone(),
            why: error.message.clone(),
        }),
        (Some("E0373" | "E0505" | "E0521" | "E0597" | "E0716") | None, object) => Some(NotKept::Borrows {
            type_: variable.type_.clone(),
            kind: object.map(|object| object.kind),
            what: error
                .message
                .split('`')
                .nth(1)
                .filter(|what| *what != name)
                .map(str::to_owned),
        }),
        _ => None,
    }
}

fn private_type(draft: &Draft, name: &str) -> Error {
    let type_ = draft
        .namespace
        .variables
        .get(name)
        .map(|variable| variable.type_.clone());
    Error::NotKept {
        name: name.to_owned(),
        reason: NotKept::PrivateType(type_.unwrap_or_default()),
    }
}

/// What of the compiler's messages is about what people wrote, in words about that.
pub(super) fn for_people(diagnostics: Vec<Diagnostic>, namespace: &Namespace) -> Vec<Diagnostic> {
    let mut told: Vec<_> = diagnostics
        .into_iter()
        .filter_map(|diagnostic| about_storing(diagnostic, namespace))
        .map(about_options)
        .collect();
    if told.iter().any(Diagnostic::is_about_cells) {
        told.retain(Diagnostic::is_about_cells);
    }
    // What is wrong with storing a variable may follow from another mistake.
    let is_of_storing = |diagnostic: &Diagnostic| diagnostic.stored_variables().next().is_some();
    if told
        .iter()
        .any(|diagnostic| diagnostic.is_error && !is_of_storing(diagnostic))
    {
        told.retain(|diagnostic| !is_of_storing(diagnostic));
    }
    told
}

/// That a variable has been moved, or is borrowed, when it is to be stored follows from something else.
fn about_storing(diagnostic: Diagnostic, namespace: &Namespace) -> Option<Diagnostic> {
    let is_new = |name: &str| namespace.variables.get(name).is_some_and(|variable| variable.is_new);
    let is_of_new = diagnostic.stored_variables().any(is_new);
    match diagnostic.code.as_deref() {
        Some("E0382" | "E0505") if is_of_new => None,
        _ => Some(diagnostic),
    }
}

/// What `?` takes out of a cell is an error, which `None` is not. The compiler names the function that nobody wrote.
fn about_options(diagnostic: Diagnostic) -> Diagnostic {
    let is_of_option = diagnostic
        .message
        .starts_with("the `?` operator can only be used on `Result`s, not `Option`s");
    let place = diagnostic.labels.iter().find(|label| label.is_primary);
    match place {
        Some(place) if is_of_option && place.text.contains(ERROR_TYPE) => Diagnostic::about(
            "`?` takes an error out of a cell, and `None` is none: write `.ok_or(\"what is missing\")?`",
            place.range.clone(),
        ),
        _ => diagnostic,
    }
}

/// What cargo says without what it says of the package that cells are compiled in, which nobody knows.
pub(super) fn what_cargo_means(said: &str) -> String {
    let lines = said.lines().filter_map(|line| {
        if line.contains("required by package `ctx ") {
            return None;
        }
        match line.split_once(" as a dependency of package `ctx ") {
            Some((meant, _)) => Some(meant),
            None => Some(line),
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_package_of_cells_is_left_out_of_what_cargo_says() {
        let said = "error: no matching package named `x` found\nrequired by package `ctx v1.0.0 (/x)`";
        assert_eq!(what_cargo_means(said), "error: no matching package named `x` found");
        let said = "error: failed to parse `a` as a dependency of package `ctx v1.0.0 (/x)`\n\nCaused by:\n  why";
        assert_eq!(
            what_cargo_means(said),
            "error: failed to parse `a`\n\nCaused by:\n  why"
        );
    }
}

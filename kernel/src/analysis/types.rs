//! The types of variables, as Rust writes them.

use std::collections::BTreeMap;

use ra_ap_base_db::EditionedFileId;
use ra_ap_hir::{Closure, FnTrait, HirDisplay, Module, Semantics, Type, attach_db};
use ra_ap_ide::RootDatabase;
use ra_ap_syntax::ast::{self, AstNode, HasName};
use ra_ap_syntax::{Edition, SourceFile};

use super::host::{EDITION, Host};
use super::syntax::function_named;

/// A variable that a function defines.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Variable {
    pub(crate) type_: VariableType,
    pub(crate) is_mutable: bool,
}

/// What is known about a variable's type.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum VariableType {
    /// Rust can say it, and this is how.
    Named(String),
    /// Rust cannot say it, as that of a closure, but what its values can do.
    Unnamed(TraitObject),
    /// It is a closure's of which not even that can be said.
    Closure,
    Unknown,
}

/// What can stand for values whose type has no name, in a box.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct TraitObject {
    /// Such as `dyn Fn(i32) -> i32`.
    pub(crate) text: String,
    pub(crate) kind: ObjectKind,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ObjectKind {
    Closure,
    /// Its box has to be pinned.
    Future,
    Iterator,
    /// Of what a function returns as `impl Trait`.
    Other,
}

/// The variables that the statements of this function define, not those in inner blocks.
pub(super) fn of_variables(host: &Host, function: &str) -> BTreeMap<String, Variable> {
    let database = host.analysis.raw_database();
    let semantics = Semantics::new(database);
    let file = semantics.parse(EditionedFileId::new(database, host.source_id, EDITION));
    attach_db(database, || {
        let function = function_named(&file, function);
        let Some((function, body)) = function.and_then(|function| Some((function.clone(), function.body()?))) else {
            return BTreeMap::new();
        };
        let Some(module) = semantics.scope(function.syntax()).map(|scope| scope.module()) else {
            return BTreeMap::new();
        };
        let mut found = Found {
            semantics: &semantics,
            module,
            variables: BTreeMap::new(),
        };
        for statement in body.statements() {
            if let ast::Stmt::LetStmt(statement) = statement
                && let Some(pattern) = statement.pat()
            {
                found.add(&pattern, statement.ty());
            }
        }
        found.variables
    })
}

struct Found<'a> {
    semantics: &'a Semantics<'a, RootDatabase>,
    module: Module,
    variables: BTreeMap<String, Variable>,
}

impl Found<'_> {
    /// Adds the variables of a pattern. The type that stands behind it is that of the whole.
    fn add(&mut self, pattern: &ast::Pat, written: Option<ast::Type>) {
        match pattern {
            ast::Pat::IdentPat(pattern) if pattern.pat().is_none() => self.add_variable(pattern, written),
            pattern => {
                let inner = pattern.syntax().descendants().filter_map(ast::IdentPat::cast);
                for pattern in inner {
                    self.add_variable(&pattern, None);
                }
            }
        }
    }

    fn add_variable(&mut self, pattern: &ast::IdentPat, written: Option<ast::Type>) {
        let Some(name) = pattern.name() else { return };
        let pat = ast::Pat::IdentPat(pattern.clone());
        // `None` in a pattern looks like a variable.
        if self.semantics.resolve_bind_pat_to_const(pattern).is_some() {
            return;
        }
        let inferred = || self.semantics.type_of_pat(&pat).map(|type_| type_.original());
        let type_ = match written.map(|type_| type_.syntax().text().to_string()) {
            Some(text) if is_fully_specified(&text) => VariableType::Named(text),
            _ => inferred().map_or(VariableType::Unknown, |type_| self.type_of(&type_)),
        };
        let variable = Variable {
            type_,
            is_mutable: pattern.mut_token().is_some(),
        };
        self.variables.insert(name.text().to_string(), variable);
    }

    fn type_of(&self, type_: &Type<'_>) -> VariableType {
        if let Some(closure) = type_.as_closure() {
            let object = self.object_of_closure(type_, &closure);
            return object.map_or(VariableType::Closure, VariableType::Unnamed);
        }
        match self.named(type_) {
            Some(text) => VariableType::Named(text),
            None => self
                .object_of(type_)
                .map_or(VariableType::Unknown, VariableType::Unnamed),
        }
    }

    /// A type as Rust writes it.
    fn named(&self, type_: &Type<'_>) -> Option<String> {
        let written = type_.display_source_code(self.semantics.db, self.module.into(), true);
        written
            .ok()
            .filter(|text| is_fully_specified(text))
            .map(|text| with_never(&text))
    }

    fn object_of_closure(&self, type_: &Type<'_>, closure: &Closure<'_>) -> Option<TraitObject> {
        let database = self.semantics.db;
        let name = match closure.fn_trait(database) {
            FnTrait::Fn => "Fn",
            FnTrait::FnMut => "FnMut",
            FnTrait::FnOnce => "FnOnce",
            FnTrait::AsyncFn | FnTrait::AsyncFnMut | FnTrait::AsyncFnOnce => return None,
        };
        let callable = type_.as_callable(database)?;
        let parameters = callable.params();
        let parameters: Option<Vec<String>> = parameters.iter().map(|parameter| self.named(parameter.ty())).collect();
        let parameters = parameters?.join(", ");
        let text = match callable.return_type() {
            result if result.is_unit() => format!("dyn {name}({parameters})"),
            result => format!("dyn {name}({parameters}) -> {}", self.named(&result)?),
        };
        let kind = ObjectKind::Closure;
        Some(TraitObject { text, kind })
    }

    /// Of what is no closure, but has one in its type, or is known as `impl Trait` only.
    fn object_of(&self, type_: &Type<'_>) -> Option<TraitObject> {
        let database = self.semantics.db;
        if type_.contains_unknown() {
            return None;
        }
        if type_.clone().impls_iterator(database) {
            let item = self.named(&type_.clone().iterator_item(database)?)?;
            let text = format!("dyn Iterator<Item = {item}>");
            let kind = ObjectKind::Iterator;
            return Some(TraitObject { text, kind });
        }
        // Of what is no future the output has no name.
        let output = type_.clone().future_output(database);
        if let Some(output) = output.and_then(|output| self.named(&output)) {
            let text = format!("dyn std::future::Future<Output = {output}>");
            let kind = ObjectKind::Future;
            return Some(TraitObject { text, kind });
        }
        let written = type_.display_source_code(database, self.module.into(), true).ok()?;
        let text = format!("dyn {}", written.strip_prefix("impl ")?);
        let kind = if written.starts_with("impl Fn") {
            ObjectKind::Closure
        } else {
            ObjectKind::Other
        };
        is_fully_specified(&text).then_some(TraitObject { text, kind })
    }
}

/// The type with the library's name for `!`, which has none in stable Rust where it is not what a function returns.
fn with_never(type_: &str) -> String {
    if !type_.contains('!') {
        return type_.to_owned();
    }
    const BEFORE: &str = "type T = ";
    let parsed = SourceFile::parse(&format!("{BEFORE}{type_};"), Edition::CURRENT).tree();
    let nevers = parsed.syntax().descendants().filter(|node| {
        let is_returned = node
            .parent()
            .is_some_and(|parent| ast::RetType::can_cast(parent.kind()));
        ast::NeverType::can_cast(node.kind()) && !is_returned
    });
    // In the order of the text.
    let places: Vec<usize> = nevers
        .map(|node| usize::from(node.text_range().start()) - BEFORE.len())
        .collect();
    let mut text = type_.to_owned();
    for place in places.into_iter().rev() {
        text.replace_range(place..=place, "::parcell::Never");
    }
    text
}

/// Whether this is a type with no part left open, according to its syntax.
fn is_fully_specified(type_: &str) -> bool {
    let parsed = SourceFile::parse(&format!("type T = {type_};"), Edition::CURRENT);
    parsed.errors().is_empty()
        && !parsed
            .tree()
            .syntax()
            .descendants()
            .any(|node| ast::InferType::can_cast(node.kind()) || ast::ImplTraitType::can_cast(node.kind()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_never_returns_can_be_said() {
        for (type_, said) in [
            ("Process<!>", "Process<::parcell::Never>"),
            ("Vec<(!, fn() -> !)>", "Vec<(::parcell::Never, fn() -> !)>"),
            ("Box<dyn Fn() -> !>", "Box<dyn Fn() -> !>"),
            ("Vec<u8>", "Vec<u8>"),
        ] {
            assert_eq!(with_never(type_), said);
        }
    }

    #[test]
    fn types_with_open_parts_are_not_specified() {
        for type_ in [
            "Vec<u64>",
            "[u8; 3]",
            "&'static str",
            "Box<dyn Fn(i32) -> i32>",
            "(u8, String)",
        ] {
            assert!(is_fully_specified(type_), "{type_}");
        }
        for type_ in ["Vec<_>", "_", "impl Fn()", "[u8; ", "{unknown}"] {
            assert!(!is_fully_specified(type_), "{type_}");
        }
    }
}

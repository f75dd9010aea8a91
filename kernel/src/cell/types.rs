//! Which types the cells of a notebook define, and when one is defined differently.
//!
//! The compiler takes a type of the same name in the same place for the same type, also when a later cell has given
//! it other fields. A variable of the old type would then be read as the new one, which is undefined behaviour. So
//! from the moment that a definition changes which a variable may depend on, the types that depend on it are compiled
//! with another identity (see `toolchain::identities`); then the old type and the new are two, and the variable is
//! reported as lost. Variables of all other types stay.

use std::collections::{BTreeMap, BTreeSet};

use ra_ap_parser::LexedStr;
use ra_ap_syntax::ast::{self, AstNode, HasName};
use ra_ap_syntax::{Edition, SyntaxKind};

use super::parsing::{commands_length, parse_code};
use crate::toolchain::Identities;

/// The types that have been defined, with their definitions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Types {
    definitions: BTreeMap<String, Definition>,
}

/// A definition, as the tokens that mean something.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Definition {
    tokens: Vec<String>,
    place: Scope,
}

/// What decides how a type can get another identity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Scope {
    /// On its own.
    TopLevel,
    /// It has none: it is another name.
    Alias,
    /// With all types of the notebook: it is in a module or a function.
    Inner,
}

impl Types {
    /// The types that would be known after this code.
    pub(crate) fn after(&self, code: &str) -> Types {
        let mut types = self.clone();
        types.definitions.extend(definitions(code));
        types
    }

    /// The identities to compile with when `newer` is what is defined: others where a variable of one of these types may
    /// depend on a definition that is another one there.
    pub(crate) fn identities_for(
        &self,
        newer: &Types,
        variables: impl IntoIterator<Item = String>,
        identities: &Identities,
    ) -> Identities {
        let mut identities = identities.clone();
        let changed: BTreeSet<&str> = self
            .definitions
            .iter()
            .filter(|(name, definition)| newer.definitions.get(*name) != Some(*definition))
            .map(|(name, _)| name.as_str())
            .collect();
        if changed.is_empty() {
            return identities;
        }
        let affected: BTreeSet<&str> = &self.dependents(changed.clone()) | &newer.dependents(changed);
        let is_endangered = variables
            .into_iter()
            .any(|type_| words(&type_).any(|word| affected.contains(word.as_str())));
        if !is_endangered {
            return identities;
        }
        let places = |name: &&str| {
            let definitions = [self.definitions.get(*name), newer.definitions.get(*name)];
            definitions.into_iter().flatten().map(|definition| definition.place)
        };
        if affected.iter().flat_map(places).any(|place| place == Scope::Inner) {
            identities.renew_all();
        } else {
            let types = affected
                .iter()
                .filter(|name| places(name).any(|place| place == Scope::TopLevel));
            identities.renew(types.copied());
        }
        identities
    }

    /// These types, and those whose definitions mention one of them.
    fn dependents<'a>(&'a self, mut found: BTreeSet<&'a str>) -> BTreeSet<&'a str> {
        loop {
            let more: Vec<&str> = self
                .definitions
                .iter()
                .filter(|(name, definition)| {
                    !found.contains(name.as_str())
                        && definition.tokens.iter().any(|token| found.contains(token.as_str()))
                })
                .map(|(name, _)| name.as_str())
                .collect();
            if more.is_empty() {
                return found;
            }
            found.extend(more);
        }
    }
}

/// The types that code defines at its top level, modules included: what is in them can be a variable's type too.
fn definitions(code: &str) -> Vec<(String, Definition)> {
    let parsed = parse_code(&code[commands_length(code)..]).syntax_node();
    let items = parsed.descendants().filter_map(ast::Item::cast);
    items
        .filter_map(|item| {
            let name = match &item {
                ast::Item::Struct(item) => item.name(),
                ast::Item::Enum(item) => item.name(),
                ast::Item::Union(item) => item.name(),
                ast::Item::TypeAlias(item) => item.name(),
                ast::Item::Trait(item) => item.name(),
                _ => None,
            }?;
            let tokens = words(&item.syntax().text().to_string()).collect();
            let place = place(&item);
            Some((name.text().to_string(), Definition { tokens, place }))
        })
        .collect()
}

fn place(item: &ast::Item) -> Scope {
    // Code is parsed as the body of a function.
    let around = item.syntax().ancestors().skip(1);
    match item {
        ast::Item::TypeAlias(_) => Scope::Alias,
        _ if around.filter(|node| ast::Item::can_cast(node.kind())).count() == 1 => Scope::TopLevel,
        _ => Scope::Inner,
    }
}

/// The tokens of code without white space and comments.
fn words(code: &str) -> impl Iterator<Item = String> + use<> {
    let lexed = LexedStr::new(Edition::CURRENT, code);
    let tokens: Vec<String> = (0..lexed.len())
        .filter(|&index| !matches!(lexed.kind(index), SyntaxKind::WHITESPACE | SyntaxKind::COMMENT))
        .map(|index| lexed.text(index).to_owned())
        .collect();
    tokens.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn renewed(before: &str, after: &str, variables: &[&str]) -> Identities {
        let old = Types::default().after(before);
        let new = old.after(after);
        let variables = variables.iter().map(|type_| (*type_).to_owned());
        old.identities_for(&new, variables, &Identities::default())
    }

    fn endangered(before: &str, after: &str, variables: &[&str]) -> bool {
        renewed(before, after, variables) != Identities::default()
    }

    #[test]
    fn only_what_depends_on_a_redefined_type_gets_another_identity() {
        let before = "struct P(u8); type A = P; struct Q { p: A } struct R; trait T { fn r() -> R; }";
        let mut expected = Identities::default();
        expected.renew(["P", "Q"]);
        assert_eq!(renewed(before, "struct P(u16);", &["Q", "R"]), expected);
        let mut all = Identities::default();
        all.renew_all();
        assert_eq!(
            renewed("mod m { pub struct P(u8); }", "mod m { pub struct P(u16); }", &["m::P"]),
            all
        );
    }

    #[test]
    fn a_variable_of_a_redefined_type_is_endangered() {
        assert!(endangered("struct P { x: u64 }", "struct P { x: String }", &["Vec<P>"]));
        assert!(endangered(
            "struct P(u8); struct Q { p: P }",
            "struct P(u16);",
            &["Option<Q>"]
        ));
        assert!(endangered(
            "mod m { pub struct P(u8); }",
            "mod m { pub struct P(u16); }",
            &["m::P"]
        ));
        assert!(endangered(
            "trait T { fn a(&self); }",
            "trait T { fn b(&self); fn a(&self); }",
            &["Box<dyn T>"]
        ));
    }

    #[test]
    fn other_variables_and_equal_definitions_are_not() {
        assert!(!endangered(
            "struct P { x: u64 }",
            "struct P { x: String }",
            &["Vec<u64>", "Point"]
        ));
        assert!(!endangered(
            "struct P { x: u64 }",
            "struct P {\n    x: u64 // same\n}",
            &["P"]
        ));
        assert!(!endangered("", "struct P;", &["P"]));
        assert!(!endangered(":dep a\nstruct P(u8);", "struct Q(P);", &["P"]));
    }
}

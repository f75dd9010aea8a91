//! Which types the cells of a notebook define, and when one is defined differently.
//!
//! The compiler takes a type of the same name in the same place for the same type, also when a later cell has given
//! it other fields. A variable of the old type would then be read as the new one, which is undefined behaviour. So
//! the session compiles with another identity from the moment that a definition changes which a variable may depend
//! on; then the old type and the new are two, and the variable is reported as lost.

use std::collections::{BTreeMap, BTreeSet};

use ra_ap_parser::LexedStr;
use ra_ap_syntax::ast::{self, AstNode, HasName};
use ra_ap_syntax::{Edition, SyntaxKind};

use super::function::{commands_length, parse_code};

/// The types that have been defined, with their definitions.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(crate) struct Types {
    definitions: BTreeMap<String, Definition>,
}

/// A definition, as the tokens that mean something.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Definition {
    tokens: Vec<String>,
}

impl Types {
    /// The types that would be known after this code.
    pub(crate) fn after(&self, code: &str) -> Types {
        let mut types = self.clone();
        types.definitions.extend(definitions(code));
        types
    }

    /// Whether a variable of one of these types may depend on a definition that is another one in `newer`.
    pub(crate) fn endangers(&self, newer: &Types, variables: impl IntoIterator<Item = String>) -> bool {
        let changed: BTreeSet<&str> = self
            .definitions
            .iter()
            .filter(|(name, definition)| newer.definitions.get(*name) != Some(*definition))
            .map(|(name, _)| name.as_str())
            .collect();
        if changed.is_empty() {
            return false;
        }
        let affected = self.dependents(changed);
        variables
            .into_iter()
            .any(|type_| words(&type_).any(|word| affected.contains(word.as_str())))
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
            Some((name.text().to_string(), Definition { tokens }))
        })
        .collect()
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

    fn endangered(before: &str, after: &str, variables: &[&str]) -> bool {
        let old = Types::default().after(before);
        let new = old.after(after);
        old.endangers(&new, variables.iter().map(|type_| (*type_).to_owned()))
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

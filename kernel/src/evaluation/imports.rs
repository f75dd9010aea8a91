//! What a `use` brings into scope, name by name: a later import of the same name takes the place of an earlier one.

use ra_ap_syntax::ast::{self, HasName, PathSegmentKind};

/// One name that is brought into scope, or something without a name: a glob, or `_`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Import {
    pub(super) name: Option<String>,
    /// A `use` that brings in nothing else.
    pub(super) code: String,
}

/// Everything that a tree brings into scope.
pub(super) fn of_tree(tree: &ast::UseTree) -> Vec<Import> {
    let mut imports = Vec::new();
    collect(tree, "", &mut imports);
    imports
}

fn collect(tree: &ast::UseTree, prefix: &str, imports: &mut Vec<Import>) {
    let path = tree.path();
    let last = path.as_ref().and_then(ast::Path::segment);
    let is_self = !prefix.is_empty()
        && last
            .as_ref()
            .is_some_and(|segment| matches!(segment.kind(), Some(PathSegmentKind::SelfKw)));
    let written = path.map(|path| path.to_string()).unwrap_or_default();
    let whole = if is_self {
        prefix.to_owned()
    } else {
        join(prefix, &written)
    };
    if let Some(trees) = tree.use_tree_list() {
        for inner in trees.use_trees() {
            collect(&inner, &whole, imports);
        }
        return;
    }
    if tree.star_token().is_some() {
        imports.push(Import {
            name: None,
            code: format!("use {};", join(&whole, "*")),
        });
        return;
    }
    let name = match tree.rename() {
        Some(rename) => match rename.name() {
            Some(name) => {
                let name = name.text().to_string();
                imports.push(Import {
                    code: format!("use {whole} as {name};"),
                    name: Some(name),
                });
                return;
            }
            None => {
                imports.push(Import {
                    name: None,
                    code: format!("use {whole} as _;"),
                });
                return;
            }
        },
        None => whole.rsplit("::").next().unwrap_or_default().trim().to_owned(),
    };
    if !name.is_empty() {
        imports.push(Import {
            name: Some(name),
            code: format!("use {whole};"),
        });
    }
}

/// A path that goes on.
fn join(prefix: &str, path: &str) -> String {
    match (prefix, path) {
        ("", path) => path.to_owned(),
        (prefix, "") => prefix.to_owned(),
        (prefix, path) => format!("{prefix}::{path}"),
    }
}

#[cfg(test)]
mod tests {
    use ra_ap_syntax::ast::AstNode;
    use ra_ap_syntax::{Edition, SourceFile};

    use super::*;

    fn imports(code: &str) -> Vec<(Option<String>, String)> {
        let file = SourceFile::parse(code, Edition::CURRENT).tree();
        let tree = file.syntax().descendants().find_map(ast::UseTree::cast).unwrap();
        of_tree(&tree)
            .into_iter()
            .map(|import| (import.name, import.code))
            .collect()
    }

    fn named(name: &str, code: &str) -> (Option<String>, String) {
        (Some(name.to_owned()), code.to_owned())
    }

    fn unnamed(code: &str) -> (Option<String>, String) {
        (None, code.to_owned())
    }

    #[test]
    fn a_tree_is_taken_apart() {
        assert_eq!(
            imports("use std::collections::{self, hash_map::{HashMap}, HashSet as Set, *};"),
            [
                named("collections", "use std::collections;"),
                named("HashMap", "use std::collections::hash_map::HashMap;"),
                named("Set", "use std::collections::HashSet as Set;"),
                unnamed("use std::collections::*;"),
            ]
        );
    }

    #[test]
    fn every_form_of_path_stays_what_it_is() {
        assert_eq!(
            imports("use std::fmt::Write as _;"),
            [unnamed("use std::fmt::Write as _;")]
        );
        assert_eq!(imports("use ::rand::Rng;"), [named("Rng", "use ::rand::Rng;")]);
        assert_eq!(imports("use crate::m::X;"), [named("X", "use crate::m::X;")]);
        assert_eq!(imports("use self::m::X;"), [named("X", "use self::m::X;")]);
        assert_eq!(
            imports("use {a::X, b::*};"),
            [named("X", "use a::X;"), unnamed("use b::*;")]
        );
        assert_eq!(
            imports("use a::r#try::{self as t};"),
            [named("t", "use a::r#try as t;")]
        );
        assert_eq!(imports("use rand;"), [named("rand", "use rand;")]);
    }
}

//! The names that code brings into being.

use std::collections::BTreeSet;
use std::ops::Range;

use ra_ap_syntax::ast::{self, AstNode, HasName};
use ra_ap_syntax::{SyntaxNode, TextSize};

use super::parsing::{PREFIX, commands_length, parse_code};

/// The names that the imports at the top level of a cell make known to later cells.
pub(crate) fn imported(code: &str) -> BTreeSet<String> {
    let parsed = parse_code(&code[commands_length(code)..]).syntax_node();
    let statements = parsed.descendants().find_map(ast::StmtList::cast);
    let imports = statements.into_iter().flat_map(|statements| {
        statements
            .syntax()
            .children()
            .filter_map(ast::Use::cast)
            .collect::<Vec<_>>()
    });
    imports.flat_map(|import| in_imports(import.syntax())).collect()
}

/// Where a `let` at the top level of a cell defines the variable that later cells would know by this name.
pub(crate) fn definition_of_variable(code: &str, name: &str) -> Option<Range<usize>> {
    let start = commands_length(code);
    let parsed = parse_code(&code[start..]).syntax_node();
    let statements = parsed.descendants().find_map(ast::StmtList::cast)?;
    let patterns = statements
        .statements()
        .filter_map(|statement| match statement {
            ast::Stmt::LetStmt(definition) => definition.pat(),
            _ => None,
        })
        .flat_map(|pattern| pattern.syntax().descendants().collect::<Vec<_>>());
    let names = patterns
        .filter_map(ast::IdentPat::cast)
        .filter_map(|pattern| pattern.name());
    let range = names.filter(|found| found.text() == name).last()?.syntax().text_range();
    let place = |offset: TextSize| usize::from(offset) + start - PREFIX.len();
    Some(place(range.start())..place(range.end()))
}

/// All names that are defined or imported somewhere in parsed code.
pub(super) fn all(parsed: &SyntaxNode) -> BTreeSet<String> {
    let defined = parsed.descendants().filter_map(ast::Name::cast);
    defined
        .map(|name| name.text().to_string())
        .chain(in_imports(parsed))
        .collect()
}

fn in_imports(node: &SyntaxNode) -> Vec<String> {
    node.descendants()
        .filter_map(ast::UseTree::cast)
        .filter_map(|tree| match tree.rename() {
            Some(rename) => Some(rename.name()?.text().to_string()),
            None => Some(tree.path()?.segment()?.name_ref()?.text().to_string()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_definition_of_a_variable_counts() {
        let code = ":dep x = \"1\"\nlet a = 1; { let a = 2; }\nlet P { a, .. } = p;\nfn f() { let b = 1; }";
        assert_eq!(
            definition_of_variable(code, "a"),
            Some(code.rfind("a, ..").map(|at| at..at + 1).unwrap())
        );
        assert_eq!(definition_of_variable(code, "b"), None);
    }

    #[test]
    fn imports_and_definitions_are_found() {
        let code = "use a::{b, c as d, e::*};\nlet (x, y) = z;\nfn f(g: u8) { use h::i; }";
        let names = |wanted: &[&str]| wanted.iter().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>();
        assert_eq!(imported(code), names(&["a", "b", "d", "e"]));
        let found = all(&parse_code(code).syntax_node());
        assert!(
            names(&["b", "d", "x", "y", "f", "g", "i"]).is_subset(&found),
            "{found:?}"
        );
        assert!(!found.contains("z") && !found.contains("c"));
    }
}

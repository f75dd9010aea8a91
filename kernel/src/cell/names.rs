//! The names that code brings into being.

use std::collections::BTreeSet;

use ra_ap_syntax::SyntaxNode;
use ra_ap_syntax::ast::{self, AstNode};

use super::function::{commands_length, parse_code};

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
            Some(rename) => Some(ast::HasName::name(&rename)?.text().to_string()),
            None => Some(tree.path()?.segment()?.name_ref()?.text().to_string()),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

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

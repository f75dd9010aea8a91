//! Which calls of macros make items, and of which names.

use ra_ap_base_db::EditionedFileId;
use ra_ap_hir::{Semantics, attach_db};
use ra_ap_ide::RootDatabase;
use ra_ap_syntax::ast::{self, AstNode};

use super::host::{EDITION, Host};
use super::syntax::{function_named, macro_call, name_of};

/// How deep macros are looked into that expand to calls of macros.
const DEEPEST: usize = 32;

/// For each call of a macro that is a statement of this function, the names of the items that it makes; None where it
/// makes something else, too, or nothing.
pub(super) fn of_macros(host: &Host, function: &str) -> Vec<Option<Vec<String>>> {
    let database = host.analysis.raw_database();
    let semantics = Semantics::new(database);
    let file = semantics.parse(EditionedFileId::new(database, host.source_id, EDITION));
    attach_db(database, || {
        let statements = function_named(&file, function).and_then(|function| function.body()?.stmt_list());
        // The last may be an expression.
        let statements = statements.into_iter().flat_map(|list| list.syntax().children());
        statements
            .map(|statement| {
                let call = macro_call(&statement)?;
                let items = items_of(&semantics, &call, DEEPEST)?;
                let is_any = !items.is_empty();
                is_any.then(|| items.iter().filter_map(|item| name_of(item.syntax())).collect())
            })
            .collect()
    })
}

/// The items that a call makes; None where it makes something else.
fn items_of(semantics: &Semantics<'_, RootDatabase>, call: &ast::MacroCall, depth: usize) -> Option<Vec<ast::Item>> {
    let expanded = semantics.expand_macro_call(call).filter(|_| depth > 0)?;
    let mut items = Vec::new();
    for node in expanded.value.children() {
        match macro_call(&node) {
            Some(inner) => items.extend(items_of(semantics, &inner, depth - 1)?),
            None => items.push(ast::Item::cast(node)?),
        }
    }
    Some(items)
}

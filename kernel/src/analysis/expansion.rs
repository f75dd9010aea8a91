//! Which calls of macros make items, and of which names.

use ra_ap_base_db::EditionedFileId;
use ra_ap_hir::{Semantics, attach_db};
use ra_ap_ide::RootDatabase;
use ra_ap_syntax::SyntaxNode;
use ra_ap_syntax::ast::{self, AstNode, HasModuleItem, HasName};

use super::host::{EDITION, Host};

/// How deep macros are looked into that expand to calls of macros.
const DEEPEST: usize = 32;

/// For each call of a macro that is a statement of this function, the names of the items that it makes; None where it
/// makes something else, too, or nothing.
pub(super) fn of_macros(host: &Host, function: &str) -> Vec<Option<Vec<String>>> {
    let database = host.analysis.raw_database();
    let semantics = Semantics::new(database);
    let file = semantics.parse(EditionedFileId::new(database, host.source_id, EDITION));
    attach_db(database, || {
        let statements = file.items().find_map(|item| match item {
            ast::Item::Fn(item) if item.name().is_some_and(|name| name.text() == function) => item.body()?.stmt_list(),
            _ => None,
        });
        // The last may be an expression.
        let statements = statements.into_iter().flat_map(|list| list.syntax().children());
        statements
            .map(|statement| {
                let call = macro_call(&statement)?;
                let items = items_of(&semantics, &call, DEEPEST)?;
                let is_any = !items.is_empty();
                is_any.then(|| items.iter().filter_map(name_of).collect())
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

fn name_of(item: &ast::Item) -> Option<String> {
    let name = ast::AnyHasName::cast(item.syntax().clone())?.name()?;
    Some(name.text().to_string())
}

/// The call that a statement, an expression or an item consists of.
fn macro_call(node: &SyntaxNode) -> Option<ast::MacroCall> {
    if let Some(call) = ast::MacroCall::cast(node.clone()) {
        return Some(call);
    }
    let expression = match ast::ExprStmt::cast(node.clone()) {
        Some(statement) => statement.expr()?,
        None => ast::Expr::cast(node.clone())?,
    };
    match expression {
        ast::Expr::MacroExpr(expression) => expression.macro_call(),
        _ => None,
    }
}

//! Parts of syntax trees that are looked for in more than one place.

use ra_ap_syntax::SyntaxNode;
use ra_ap_syntax::ast::{self, AstNode, HasModuleItem, HasName};

/// The function of this name at the top of a file.
pub(super) fn function_named(file: &ast::SourceFile, name: &str) -> Option<ast::Fn> {
    file.items().find_map(|item| match item {
        ast::Item::Fn(item) if item.name().is_some_and(|own| own.text() == name) => Some(item),
        _ => None,
    })
}

/// The name that an item, or an item of an implementation, is known by.
pub(crate) fn name_of(item: &SyntaxNode) -> Option<String> {
    let name = ast::AnyHasName::cast(item.clone())?.name()?;
    Some(name.text().to_string())
}

/// The call of a macro that a statement, an expression or an item consists of.
pub(crate) fn macro_call(node: &SyntaxNode) -> Option<ast::MacroCall> {
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

/// The identifiers in a text, whatever it is.
pub(crate) fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|character: char| !(character.is_alphanumeric() || character == '_'))
        .filter(|word| !word.is_empty())
}

//! The expression of a cell that something happened in, of which the compiler tells only where it begins.

use std::ops::Range;

use ra_ap_syntax::ast::{self, ArithOp, AstNode, BinaryOp, UnaryOp};
use ra_ap_syntax::{SyntaxNode, TextSize};

use super::parsing::{PREFIX, commands_length, parse_code};
use super::without_magics::without_magics;

/// What happened in it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event<'a> {
    /// A panic with this message.
    Panic(&'a str),
    /// `?` left the cell.
    Question,
}

/// The expression that begins at this place of a cell, or the method that is called there, with its arguments.
pub(crate) fn expression_at(cell: &str, place: usize, event: Event<'_>) -> Option<Range<usize>> {
    let code = without_magics(cell);
    let skipped = commands_length(&code);
    let offset = TextSize::try_from(place.checked_sub(skipped)? + PREFIX.len()).ok()?;
    let file = parse_code(&code[skipped..]).syntax_node();
    let token = file.token_at_offset(offset).right_biased()?;
    if token.text_range().start() != offset {
        return None;
    }
    let in_cell = |range: ra_ap_syntax::TextRange| {
        let place = |offset: TextSize| skipped + usize::from(offset).saturating_sub(PREFIX.len());
        place(range.start())..place(range.end())
    };
    let name = token.parent()?;
    if let Some(call) = name.parent().and_then(ast::MethodCallExpr::cast)
        && call.name_ref().is_some_and(|called| called.syntax() == &name)
    {
        let range = in_cell(call.syntax().text_range());
        // A chain over several lines is marked where the call is.
        let is_one_line = !cell.get(range.clone())?.contains('\n');
        return Some(if is_one_line { range } else { place..range.end });
    }
    let beginning: Vec<ast::Expr> = token
        .parent_ancestors()
        .take_while(|node| node.text_range().start() == offset)
        .filter_map(ast::Expr::cast)
        .collect();
    let found = match event {
        Event::Question => beginning.iter().rfind(is_question),
        Event::Panic(message) => beginning
            .iter()
            .find(|expression| is_meant(expression, message))
            .or_else(|| beginning.iter().find(may_panic)),
    };
    Some(in_cell(found?.syntax().text_range()))
}

fn is_question(expression: &&ast::Expr) -> bool {
    matches!(expression, ast::Expr::TryExpr(_))
}

/// Whether it is this kind of expression that panics with such a message.
fn is_meant(expression: &ast::Expr, message: &str) -> bool {
    match expression {
        ast::Expr::IndexExpr(_) => message.starts_with("index out of bounds") || message.contains(" index "),
        ast::Expr::BinExpr(operation) => operation
            .op_kind()
            .is_some_and(|operator| fails_with(operator, message)),
        ast::Expr::PrefixExpr(operation) => {
            operation.op_kind() == Some(UnaryOp::Neg) && message.starts_with("attempt to negate")
        }
        _ => false,
    }
}

/// Whether the standard library says this when an operation fails.
fn fails_with(operator: BinaryOp, message: &str) -> bool {
    let (BinaryOp::ArithOp(operator) | BinaryOp::Assignment { op: Some(operator) }) = operator else {
        return false;
    };
    let attempt = match operator {
        ArithOp::Add => "attempt to add",
        ArithOp::Sub => "attempt to subtract",
        ArithOp::Mul => "attempt to multiply",
        ArithOp::Div => "attempt to divide",
        ArithOp::Rem => "attempt to calculate the remainder",
        ArithOp::Shl => "attempt to shift left",
        ArithOp::Shr => "attempt to shift right",
        ArithOp::BitOr | ArithOp::BitXor | ArithOp::BitAnd => return false,
    };
    message.starts_with(attempt)
}

/// Whether it can panic with a message of its own.
fn may_panic(expression: &&ast::Expr) -> bool {
    let is_call = |node: &SyntaxNode| ast::CallExpr::can_cast(node.kind()) || ast::MacroExpr::can_cast(node.kind());
    is_call(expression.syntax()) || matches!(expression, ast::Expr::IndexExpr(_) | ast::Expr::BinExpr(_))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is marked where the event is at the first `|`, which is left out.
    fn marked(cell: &str, event: Event<'_>) -> Option<String> {
        let place = cell.find('|').unwrap();
        let cell = cell.replacen('|', "", 1);
        Some(cell[expression_at(&cell, place, event)?].to_owned())
    }

    #[test]
    fn the_expression_that_panics_is_found() {
        for (cell, message, expression) in [
            (
                "let m = 1; let n = None::<i32>.|unwrap(); let k = 2;",
                "called",
                "None::<i32>.unwrap()",
            ),
            ("fn g() -> i32 { |panic!(\"x\") } g()", "x", "panic!(\"x\")"),
            ("let s = |v[7] + w[8];", "index out of bounds: the len is 1", "v[7]"),
            ("let s = |a / b + c;", "attempt to divide by zero", "a / b"),
            ("let s = |a - b - c;", "attempt to subtract with overflow", "a - b"),
            ("|a += b;", "attempt to add with overflow", "a += b"),
            ("let b = -a; let c = |-a;", "attempt to negate with overflow", "-a"),
            ("f(); |f(1).g();", "x", "f(1)"),
            (":dep a = \"1\"\n%pwd\n|assert!(false); 1", "x", "assert!(false)"),
            ("v\n    .iter()\n    .|next(1)\n    .a();", "x", "next(1)"),
        ] {
            assert_eq!(
                marked(cell, Event::Panic(message)).as_deref(),
                Some(expression),
                "{cell}"
            );
        }
        assert_eq!(marked("let a = 1;| let b = 2;", Event::Panic("x")), None);
    }

    #[test]
    fn the_question_that_leaves_is_found() {
        let cell = "let a = 1; let n: i32 = |\"12a\".parse()?; n + 1";
        assert_eq!(marked(cell, Event::Question).as_deref(), Some("\"12a\".parse()?"));
        assert_eq!(marked("|f(a)?.len()", Event::Question).as_deref(), Some("f(a)?"));
    }
}

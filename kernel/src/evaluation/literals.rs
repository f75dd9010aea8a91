//! Types that the syntax of a `let` tells, so that nothing need be inferred.

use ra_ap_syntax::ast::{self, AstNode, LiteralKind};

/// What numbers are that nothing else tells the type of.
const INTEGER: &str = "i32";
const FLOAT: &str = "f64";

/// The type of what this defines, where it is sure but for what follows (see `is_open`).
pub(super) fn type_of(definition: &ast::LetStmt) -> Option<String> {
    if let Some(type_) = definition.ty() {
        let open = |node: ra_ap_syntax::SyntaxNode| {
            ast::InferType::can_cast(node.kind()) || ast::ImplTraitType::can_cast(node.kind())
        };
        let is_open = type_.syntax().descendants().any(open);
        return (!is_open).then(|| type_.syntax().text().to_string());
    }
    of_expression(&definition.initializer()?)
}

/// Whether what follows may tell that it is another type.
pub(super) fn is_open(type_: &str) -> bool {
    [INTEGER, FLOAT].contains(&type_)
}

fn of_expression(expression: &ast::Expr) -> Option<String> {
    let type_ = match expression {
        ast::Expr::ParenExpr(inner) => return of_expression(&inner.expr()?),
        ast::Expr::PrefixExpr(negated) if negated.op_kind() == Some(ast::UnaryOp::Neg) => {
            return of_expression(&negated.expr()?);
        }
        ast::Expr::Literal(literal) => match literal.kind() {
            LiteralKind::IntNumber(number) => number.suffix().unwrap_or(INTEGER).to_owned(),
            LiteralKind::FloatNumber(number) => number.suffix().unwrap_or(FLOAT).to_owned(),
            LiteralKind::Bool(_) => "bool".to_owned(),
            LiteralKind::Char(_) => "char".to_owned(),
            LiteralKind::Byte(_) => "u8".to_owned(),
            LiteralKind::String(_) => "&'static str".to_owned(),
            _ => return None,
        },
        _ => return None,
    };
    Some(type_)
}

#[cfg(test)]
mod tests {
    use ra_ap_syntax::{Edition, SourceFile};

    use super::*;

    fn type_in(code: &str) -> Option<String> {
        let file = SourceFile::parse(&format!("fn f() {{ {code} }}"), Edition::CURRENT).tree();
        type_of(&file.syntax().descendants().find_map(ast::LetStmt::cast).unwrap())
    }

    #[test]
    fn literals_and_written_types_are_known() {
        for (code, type_) in [
            ("let a = 1;", "i32"),
            ("let a = -1.5;", "f64"),
            ("let a = (7_u64);", "u64"),
            ("let a = 1f32;", "f32"),
            ("let a = true;", "bool"),
            ("let a = 'x';", "char"),
            ("let a = b'x';", "u8"),
            ("let a = \"x\";", "&'static str"),
            ("let a: Vec<u64> = f();", "Vec<u64>"),
            ("let a: Box<dyn Fn(u8) -> u8> = f();", "Box<dyn Fn(u8) -> u8>"),
        ] {
            assert_eq!(type_in(code).as_deref(), Some(type_), "{code}");
        }
        for code in ["let a = f();", "let a: Vec<_> = f();", "let a = 1 + 2;", "let a;"] {
            assert_eq!(type_in(code), None, "{code}");
        }
    }
}

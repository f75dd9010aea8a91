//! What the parameters of a closure are called that is handed to a function: that is not in its type.

use ra_ap_syntax::ast::{self, AstNode, HasArgList, HasName};
use ra_ap_syntax::{Edition, SourceFile, TextSize};

/// The names of the parameters of the closure that is the last argument of the call at this place in a file (line and
/// column, in characters, counted from 1); None where there is no such call, or no closure is written there.
pub(crate) fn closure_parameters(source: &str, line: usize, column: usize) -> Option<Vec<String>> {
    let file = SourceFile::parse(source, Edition::CURRENT).tree();
    let offset = TextSize::try_from(offset(source, line, column)?).ok()?;
    let token = file.syntax().token_at_offset(offset).right_biased()?;
    // To the compiler parentheses are part of what is in them.
    let inner = ast::ParenExpr::cast(token.parent()?).map(|parentheses| within(&parentheses));
    let place = inner.map_or_else(|| token.parent(), |inner| Some(inner?.syntax().clone()))?;
    let arguments = place.ancestors().find_map(|node| {
        ast::CallExpr::cast(node.clone())
            .and_then(|call| call.arg_list())
            .or_else(|| ast::MethodCallExpr::cast(node).and_then(|call| call.arg_list()))
    })?;
    let ast::Expr::ClosureExpr(closure) = arguments.args().last()? else {
        return None;
    };
    Some(
        closure
            .param_list()?
            .params()
            .map(|parameter| name(&parameter))
            .collect(),
    )
}

fn within(parentheses: &ast::ParenExpr) -> Option<ast::Expr> {
    match parentheses.expr()? {
        ast::Expr::ParenExpr(inner) => within(&inner),
        other => Some(other),
    }
}

/// What a person would call it.
fn name(parameter: &ast::Param) -> String {
    match parameter.pat() {
        Some(ast::Pat::IdentPat(named)) => named.name().map(|name| name.text().to_string()).unwrap_or_default(),
        Some(other) => other.syntax().text().to_string(),
        None => String::new(),
    }
}

fn offset(source: &str, line: usize, column: usize) -> Option<usize> {
    let start = match line.checked_sub(2) {
        Some(earlier) => source.match_indices('\n').nth(earlier)?.0 + 1,
        None => 0,
    };
    let text = source[start..].lines().next().unwrap_or_default();
    let (within, _) = text.char_indices().nth(column.checked_sub(1)?)?;
    Some(start + within)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(code: &str, call: &str) -> Option<Vec<String>> {
        let source = format!("fn é() {{}}\nfn f() {{\n    {code}\n}}\n");
        let line = source.lines().nth(2).unwrap();
        let column = line[..line.find(call).unwrap()].chars().count() + 1;
        closure_parameters(&source, 3, column)
    }

    #[test]
    fn the_call_at_the_place_has_the_closure() {
        let both = ["n", "scale"].map(str::to_owned).to_vec();
        assert_eq!(
            names("let é = interact(|n: i64, scale: f64| n);", "interact"),
            Some(both.clone())
        );
        assert_eq!(
            names("parcell::widgets::interact(move |n, mut scale| n);", "parcell"),
            Some(both.clone())
        );
        assert_eq!(names("a(|x: i64| b((1, 2), |n: i64, scale: f64| n))", "b("), Some(both));
        assert_eq!(
            names("w.interact(|_: i64, (a, b): P| 1)", "interact"),
            Some(vec!["_".to_owned(), "(a, b)".to_owned()])
        );
        assert_eq!(names("interact(|| 1)", "interact"), Some(Vec::new()));
        assert_eq!(names("(&( interact(|n: i64| n) ))", "( "), Some(vec!["n".to_owned()]));
        assert_eq!(names("interact(f)", "interact"), None);
        assert_eq!(closure_parameters("fn f() {}", 7, 1), None);
    }
}

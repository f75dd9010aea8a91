//! The end of a `%%pool` line: the items, and what the results become.

use std::ops::Range;

use ra_ap_syntax::ast::{self, AstNode};
use ra_ap_syntax::{Edition, SourceFile, SyntaxKind};

use super::magic_error::MagicError;
use super::target::Target;
use super::words::{Word, trimmed};

/// `ITEMS [-> TARGET]`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Items<'a> {
    pub(super) expression: Word<'a>,
    pub(super) target: Option<Word<'a>>,
}

impl Items<'_> {
    /// What the results become, where they have a name. Refuses what is none.
    pub(super) fn read_target(&self) -> Result<Option<Target>, MagicError> {
        self.target.as_ref().map(Target::read).transpose()
    }

    /// What is written where one expression should be: several of them, with commas between them.
    pub(super) fn listed(&self) -> Option<Vec<String>> {
        let source = format!("const _: () = ({});", self.expression.text);
        let parsed = SourceFile::parse(&source, Edition::CURRENT);
        if !parsed.errors().is_empty() {
            return None;
        }
        let written = parsed.tree().syntax().descendants().find_map(ast::Expr::cast)?;
        let ast::Expr::TupleExpr(tuple) = written else {
            return None;
        };
        let listed: Vec<String> = tuple.fields().map(|field| field.to_string()).collect();
        (listed.len() > 1).then_some(listed)
    }
}

/// Splits at the last `->` outside brackets.
pub(super) fn split<'a>(cell: &'a str, range: Range<usize>) -> Items<'a> {
    match last_arrow(&cell[range.clone()]) {
        Some(arrow) => Items {
            expression: trimmed(cell, range.start..range.start + arrow),
            target: Some(trimmed(cell, range.start + arrow + "->".len()..range.end)),
        },
        None => Items {
            expression: trimmed(cell, range),
            target: None,
        },
    }
}

fn last_arrow(text: &str) -> Option<usize> {
    let lexed = ra_ap_parser::LexedStr::new(Edition::CURRENT, text);
    let mut depth = 0_usize;
    let mut found = None;
    for index in 0..lexed.len() {
        match lexed.kind(index) {
            SyntaxKind::L_PAREN | SyntaxKind::L_BRACK | SyntaxKind::L_CURLY => depth += 1,
            SyntaxKind::R_PAREN | SyntaxKind::R_BRACK | SyntaxKind::R_CURLY => depth = depth.saturating_sub(1),
            // The lexer knows single characters only.
            SyntaxKind::MINUS
                if depth == 0 && index + 1 < lexed.len() && lexed.kind(index + 1) == SyntaxKind::R_ANGLE =>
            {
                found = Some(lexed.text_start(index));
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_with_commas_is_a_list() {
        let listed = |text: &str| split(text, 0..text.len()).listed();
        assert_eq!(listed("4, 0..8").unwrap(), ["4", "0..8"]);
        assert_eq!(
            listed("(1, 2), [3, 4], f(5, 6)").unwrap(),
            ["(1, 2)", "[3, 4]", "f(5, 6)"]
        );
        for one in [
            "0..8",
            "(1, 2)",
            "[1, 2]",
            "xs.iter().map(|(a, b)| a + b)",
            "x.collect::<HashMap<u8, u8>>()",
            "4 5",
            "",
        ] {
            assert_eq!(listed(one), None, "{one}");
        }
    }

    #[test]
    fn the_last_arrow_outside_brackets_names_the_results() {
        for (text, expression, target) in [
            ("numbers -> squares", "numbers", Some("squares")),
            ("numbers", "numbers", None),
            (
                "(0..9).map(|x| -> u8 { x }) -> mut out: Vec<u8>",
                "(0..9).map(|x| -> u8 { x })",
                Some("mut out: Vec<u8>"),
            ),
            ("[\"a->b\", \"c\"]", "[\"a->b\", \"c\"]", None),
            ("vec![1, 2] ->", "vec![1, 2]", Some("")),
            ("-> out", "", Some("out")),
            ("1 - 2 > 3", "1 - 2 > 3", None),
        ] {
            let items = split(text, 0..text.len());
            assert_eq!(
                (items.expression.text, items.target.map(|word| word.text)),
                (expression, target)
            );
        }
    }
}

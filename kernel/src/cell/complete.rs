//! Whether a cell is complete: what jupyter console asks before it runs a line.

use ra_ap_parser::LexedStr;
use ra_ap_syntax::{Edition, SyntaxKind};

use super::parsing::parse_code;
use super::without_magics::without_magics;
use super::{magic, query};

/// Whether a piece of code could be run as it stands.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum Completeness {
    Complete,
    /// More has to follow; the next line starts with this.
    Incomplete {
        indent: String,
    },
    Invalid,
}

const INDENT: &str = "    ";

/// Whether the cell could be run as it stands.
pub(crate) fn is_complete(cell: &str) -> Completeness {
    if query::looks_like_query(cell) {
        return Completeness::Complete;
    }
    match magic::measured_cell(cell) {
        Some(measured) if measured.trim().is_empty() => return Completeness::Incomplete { indent: String::new() },
        Some(measured) => return is_complete(&measured),
        None => {}
    }
    let code = match magic::find(cell) {
        // It will be told so when it is run.
        Err(_) => return Completeness::Complete,
        Ok(Some(line)) if cell[line.body.clone()].trim().is_empty() => {
            return Completeness::Incomplete { indent: String::new() };
        }
        Ok(Some(line)) if line.magic.takes_text() => return Completeness::Complete,
        _ => without_commands(cell),
    };
    let lexed = LexedStr::new(Edition::CURRENT, &code);
    if lexed
        .errors()
        .any(|(_, message)| message.contains("unterminated") || message.contains("Missing trailing"))
    {
        return Completeness::Incomplete { indent: String::new() };
    }
    match open_brackets(&lexed) {
        None => return Completeness::Invalid,
        Some(open) if open > 0 => {
            return Completeness::Incomplete {
                indent: INDENT.repeat(open),
            };
        }
        Some(_) => {}
    }
    if ends_in_the_middle(&lexed) {
        return Completeness::Incomplete {
            indent: INDENT.to_owned(),
        };
    }
    let parses = |code: &str| parse_code(code).errors().is_empty();
    match (parses(&code), parses(&format!("{code};"))) {
        (true, _) => Completeness::Complete,
        (false, true) => Completeness::Incomplete { indent: String::new() },
        (false, false) => Completeness::Invalid,
    }
}

/// The cell's Rust.
fn without_commands(cell: &str) -> String {
    without_magics(cell)
        .split_inclusive('\n')
        .map(|line| match line.trim_start() {
            command if command.starts_with(':') && !command.starts_with("::") => "\n",
            _ => line,
        })
        .collect()
}

/// How many brackets are open at the end, or None where one closes that was not opened.
fn open_brackets(lexed: &LexedStr<'_>) -> Option<usize> {
    let mut open = Vec::new();
    for index in 0..lexed.len() {
        match lexed.kind(index) {
            kind @ (SyntaxKind::L_PAREN | SyntaxKind::L_BRACK | SyntaxKind::L_CURLY) => open.push(kind),
            SyntaxKind::R_PAREN => open.pop_if(|kind| *kind == SyntaxKind::L_PAREN).map(drop)?,
            SyntaxKind::R_BRACK => open.pop_if(|kind| *kind == SyntaxKind::L_BRACK).map(drop)?,
            SyntaxKind::R_CURLY => open.pop_if(|kind| *kind == SyntaxKind::L_CURLY).map(drop)?,
            _ => {}
        }
    }
    Some(open.len())
}

/// Whether the last token needs something after it, as an operator does.
fn ends_in_the_middle(lexed: &LexedStr<'_>) -> bool {
    let last = (0..lexed.len())
        .rev()
        .map(|index| (lexed.kind(index), lexed.text(index)))
        .find(|(kind, _)| !matches!(kind, SyntaxKind::WHITESPACE | SyntaxKind::COMMENT));
    last.is_some_and(|(_, text)| {
        matches!(
            text,
            "=" | "+" | "-" | "/" | "." | "," | "&" | "|" | ":" | "<" | "let" | "fn"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_cells_are_complete() {
        for cell in [
            "",
            "1 + 1",
            "let x = 1;",
            ":dep rand = \"0.9\"\nuse rand::Rng;",
            "%%pool 0..3\nfn f(x: u8) {}",
            "%nope",
            "%%bash\nfor i in 1 2; do",
            "!ls",
            "!echo it's (\nlet a = 1;",
            "let a = 1;\n%who\n",
            "%time f(1)",
            "%%time\nf(1)",
            "%%capture said\n%%pool 0..3\nfn f(x: u8) {}",
            "%%capture\n%%bash\nfor i in 1 2; do",
            "?name",
            "??std::mem::swap",
            "name?",
            "?%%pool",
        ] {
            assert_eq!(is_complete(cell), Completeness::Complete, "{cell}");
        }
    }

    #[test]
    fn what_is_open_is_incomplete_and_indented() {
        let incomplete = |indent: &str| Completeness::Incomplete {
            indent: indent.to_owned(),
        };
        assert_eq!(is_complete("fn f() {"), incomplete("    "));
        assert_eq!(is_complete("fn f() { g("), incomplete("        "));
        assert_eq!(is_complete("let x ="), incomplete("    "));
        assert_eq!(is_complete("let s = \"abc"), incomplete(""));
        assert_eq!(is_complete("let x = 1"), incomplete(""));
        assert_eq!(is_complete("%%pool 0..3"), incomplete(""));
        assert_eq!(is_complete("%%bash"), incomplete(""));
        assert_eq!(is_complete("%%capture said"), incomplete(""));
        assert_eq!(is_complete("%%capture said\n%%pool 0..3"), incomplete(""));
        assert_eq!(is_complete("!ls\nfn f() {"), incomplete("    "));
        assert_eq!(is_complete("%time f("), incomplete("    "));
    }

    #[test]
    fn what_can_never_be_right_is_invalid() {
        for cell in ["let 1x = ;", "fn f() }", "struct { }"] {
            assert_eq!(is_complete(cell), Completeness::Invalid, "{cell}");
        }
    }
}

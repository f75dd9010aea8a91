//! Code in which a bracket, a string or a comment is not ended, or a bracket closes what was not opened.
//!
//! A cell is compiled with generated code around it, which such code would go on in: the compiler would tell of that.

use std::ops::Range;

use ra_ap_parser::LexedStr;
use ra_ap_syntax::{Edition, SyntaxKind};

use super::parsing::commands_length;
use super::without_magics::without_magics;

/// What is wrong with brackets, strings or comments, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Unbalanced {
    /// In the cell.
    pub(crate) range: Range<usize>,
    pub(crate) kind: UnbalancedKind,
}

#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum UnbalancedKind {
    /// This bracket is never closed.
    Unclosed(char),
    /// This bracket closes nothing.
    Unopened(char),
    /// This bracket stands where another one has to close what is open.
    Mismatched {
        found: char,
        open: char,
        opened: Range<usize>,
    },
    UnendedString,
    UnendedComment,
}

/// The bracket that closes another.
pub(crate) fn closing(open: char) -> char {
    match open {
        '(' => ')',
        '[' => ']',
        _ => '}',
    }
}

/// The first thing in a cell that is not balanced.
pub(crate) fn unbalanced(cell: &str) -> Option<Unbalanced> {
    let code = without_magics(cell);
    let start = commands_length(&code);
    let tokens = LexedStr::new(Edition::CURRENT, &code[start..]);
    let in_cell = |range: Range<usize>| start + range.start..start + range.end;
    let unended = tokens.errors().find_map(|(index, _)| {
        let kind = match tokens.kind(index) {
            SyntaxKind::COMMENT => UnbalancedKind::UnendedComment,
            SyntaxKind::STRING | SyntaxKind::BYTE_STRING | SyntaxKind::C_STRING if is_unended(tokens.text(index)) => {
                UnbalancedKind::UnendedString
            }
            _ => return None,
        };
        let first_line = tokens.text(index).lines().next().unwrap_or_default().len();
        let range = tokens.text_range(index);
        Some((index, range.start..range.start + first_line, kind))
    });
    let before = unended.as_ref().map_or(tokens.len(), |(index, ..)| *index);
    let mut open: Vec<(char, Range<usize>)> = Vec::new();
    for index in 0..before {
        let Some(bracket) = bracket(tokens.kind(index)) else {
            continue;
        };
        let range = in_cell(tokens.text_range(index));
        let kind = match (bracket, open.last()) {
            ('(' | '[' | '{', _) => {
                open.push((bracket, range));
                continue;
            }
            (_, Some((last, _))) if closing(*last) == bracket => {
                open.pop();
                continue;
            }
            (found, Some((last, opened))) => UnbalancedKind::Mismatched {
                found,
                open: *last,
                opened: opened.clone(),
            },
            (found, None) => UnbalancedKind::Unopened(found),
        };
        return Some(Unbalanced { range, kind });
    }
    if let Some((_, range, kind)) = unended {
        let range = in_cell(range);
        return Some(Unbalanced { range, kind });
    }
    let (bracket, range) = open.pop()?;
    let kind = UnbalancedKind::Unclosed(bracket);
    Some(Unbalanced { range, kind })
}

/// What else can be wrong with a string is an escape in it.
fn is_unended(string: &str) -> bool {
    let hashes = string.len() - string.trim_end_matches('#').len();
    let body = &string[..string.len() - hashes];
    let is_ended = body.len() > 1 + body.find('"').unwrap_or(0) && body.ends_with('"');
    let is_raw = string.trim_start_matches(['b', 'c']).starts_with('r');
    match is_raw {
        true => {
            let wanted = string.find('"').map_or(0, |quote| string[..quote].matches('#').count());
            !(is_ended && hashes == wanted)
        }
        false => {
            let escapes = body[..body.len() - usize::from(is_ended)].chars().rev();
            let backslashes = escapes.take_while(|&character| character == '\\').count();
            !is_ended || backslashes % 2 == 1
        }
    }
}

fn bracket(kind: SyntaxKind) -> Option<char> {
    Some(match kind {
        SyntaxKind::L_PAREN => '(',
        SyntaxKind::R_PAREN => ')',
        SyntaxKind::L_BRACK => '[',
        SyntaxKind::R_BRACK => ']',
        SyntaxKind::L_CURLY => '{',
        SyntaxKind::R_CURLY => '}',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_whole_is_balanced() {
        for cell in [
            "",
            "fn f(a: [u8; 2]) -> (u8, u8) { (a[0], a[1]) }",
            "let s = \"(\"; let r = r#\"{\"#; let c = '['; let b = b\"\\\"(\"; // (\n/* } /* { */ */",
            "let wrong = \"\\q \\u{zz}\";",
            "struct P<'a>(&'a str);",
            "!echo (\nlet a = 1;\n%time f(1)",
            "%%bash\nfor (( i",
            "%%pool 0..3\n|n| n",
            ":dep a = { git = \"x\nlet a = 1;",
            "macro_rules! m { ($($a:tt)*) => { [$($a)*] }; }",
        ] {
            assert_eq!(unbalanced(cell), None, "{cell}");
        }
    }

    #[test]
    fn what_is_not_is_told_at_the_place_that_is_to_be_changed() {
        let cases = [
            ("println!(\"{}\", 1", UnbalancedKind::Unclosed('('), "("),
            ("foo(1, [2", UnbalancedKind::Unclosed('['), "["),
            ("match 3 { 1 => 2", UnbalancedKind::Unclosed('{'), "{"),
            (":dep a = \"1\"\n%pwd\nf(", UnbalancedKind::Unclosed('('), "("),
            ("}", UnbalancedKind::Unopened('}'), "}"),
            ("let a = 1;\nlet b = (2));", UnbalancedKind::Unopened(')'), ");"),
            ("let s = \"abc\n(", UnbalancedKind::UnendedString, "\"abc"),
            ("f(\"abc\\\")", UnbalancedKind::UnendedString, "\"abc\\\")"),
            ("let s = r#\"abc\"", UnbalancedKind::UnendedString, "r#\"abc\""),
            ("1 /* unfinished\n2", UnbalancedKind::UnendedComment, "/* unfinished"),
            ("f(\"", UnbalancedKind::UnendedString, "\""),
        ];
        for (cell, kind, text) in cases {
            let found = unbalanced(cell).unwrap_or_else(|| panic!("{cell}"));
            assert_eq!(found.kind, kind, "{cell}");
            assert!(cell[found.range.start..].starts_with(text), "{cell}: {found:?}");
        }
        let found = unbalanced("let a = (1];").unwrap();
        let kind = UnbalancedKind::Mismatched {
            found: ']',
            open: '(',
            opened: 8..9,
        };
        assert_eq!(found, Unbalanced { range: 10..11, kind });
    }
}

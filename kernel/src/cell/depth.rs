//! Code that is nested too deeply: whatever parses it recurses, and an overflow of the stack would end the kernel with all
//! variables.
//!
//! The lexer does not recurse, and its tokens tell how deep a tree would be at most: brackets, what stands in front of
//! each other as `!` and `&` do, and chains, whose every link is around the one before it.

use std::ops::Range;

use ra_ap_parser::LexedStr;
use ra_ap_syntax::{Edition, SyntaxKind};

use super::magic;

/// How many brackets and prefixes may be open. The compiler takes a thousand.
const DEEPEST: usize = 256;
/// How many links a chain may have: terms of a sum, calls of methods, `else if`.
const LONGEST: usize = 1024;

/// The place at which a cell is nested too deeply to be parsed.
pub(crate) fn too_deep(cell: &str) -> Option<Range<usize>> {
    let is_text = matches!(magic::find(cell), Ok(Some(line)) if line.magic.takes_text());
    if is_text { None } else { too_deep_in_rust(cell) }
}

/// What is open around a token.
#[derive(Debug, Default)]
struct Level {
    /// Links of the chain so far.
    links: usize,
    /// The links before a block that has just been closed: `else` goes on with them.
    before_block: usize,
    /// Tokens in front of an operand.
    prefixes: usize,
}

fn too_deep_in_rust(code: &str) -> Option<Range<usize>> {
    let tokens = LexedStr::new(Edition::CURRENT, code);
    let mut levels = vec![Level::default()];
    for index in 0..tokens.len() {
        let kind = tokens.kind(index);
        if matches!(kind, SyntaxKind::WHITESPACE | SyntaxKind::COMMENT) {
            continue;
        }
        if let Some(level) = levels.last_mut() {
            level.note(kind);
        }
        match kind {
            SyntaxKind::L_PAREN | SyntaxKind::L_BRACK | SyntaxKind::L_CURLY => levels.push(Level::default()),
            SyntaxKind::R_PAREN | SyntaxKind::R_BRACK | SyntaxKind::R_CURLY if levels.len() > 1 => {
                levels.pop();
                if let Some(level) = levels.last_mut() {
                    level.close(kind);
                }
            }
            _ => {}
        }
        let prefixes: usize = levels.iter().map(|level| level.prefixes).sum();
        let links = levels.last().map_or(0, |level| level.links);
        if levels.len() + prefixes > DEEPEST || links > LONGEST {
            return Some(tokens.text_range(index));
        }
    }
    None
}

impl Level {
    fn note(&mut self, kind: SyntaxKind) {
        match kind {
            SyntaxKind::SEMICOLON | SyntaxKind::COMMA => *self = Level::default(),
            SyntaxKind::ELSE_KW => {
                self.links = self.before_block + 1;
                self.prefixes = 0;
            }
            kind if is_operator(kind) => {
                self.links += 1;
                self.prefixes += 1;
            }
            // What stands in front of brackets is around all that is in them.
            SyntaxKind::L_PAREN | SyntaxKind::L_BRACK | SyntaxKind::L_CURLY => {}
            SyntaxKind::MUT_KW | SyntaxKind::DYN_KW | SyntaxKind::MOVE_KW | SyntaxKind::RETURN_KW => {}
            // `a < b` and `Vec<b` look the same to a lexer: types in each other count as a chain.
            _ => self.prefixes = 0,
        }
    }

    /// Brackets in it have been closed.
    fn close(&mut self, kind: SyntaxKind) {
        self.prefixes = 0;
        if kind == SyntaxKind::R_CURLY {
            self.before_block = self.links;
            self.links = 0;
        }
    }
}

/// Whether it may link operands, or stand in front of one.
fn is_operator(kind: SyntaxKind) -> bool {
    matches!(
        kind,
        SyntaxKind::PLUS
            | SyntaxKind::MINUS
            | SyntaxKind::STAR
            | SyntaxKind::SLASH
            | SyntaxKind::PERCENT
            | SyntaxKind::AMP
            | SyntaxKind::PIPE
            | SyntaxKind::CARET
            | SyntaxKind::BANG
            | SyntaxKind::EQ
            | SyntaxKind::L_ANGLE
            | SyntaxKind::DOT
            | SyntaxKind::QUESTION
            | SyntaxKind::AS_KW
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_people_write_is_not_too_deep() {
        let sum = vec!["1"; 500].join(" + ");
        let calls = format!("a{}", ".b(1)".repeat(500));
        let branches = format!("if a {{ 1 }}{} else {{ 2 }}", " else if b { 1 }".repeat(200));
        let products = vec!["-(1)"; 500].join(" ");
        let numbers = format!("let a = [{}];", "-1, ".repeat(100_000));
        let statements = "a += b * c - d;\n".repeat(10_000);
        let items = "fn f() -> u8 { 1 + 2 }\n".repeat(10_000);
        for code in [&sum, &calls, &branches, &products, &numbers, &statements, &items] {
            assert_eq!(too_deep(code), None, "{}", &code[..60]);
        }
        assert_eq!(too_deep(&format!("%%bash\necho {}", "(".repeat(1000))), None);
        assert_eq!(too_deep("let unended = \"((((\n"), None);
    }

    #[test]
    fn what_no_parser_survives_is_told_with_its_place() {
        let deep = [
            format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000)),
            "[".repeat(1000),
            "{".repeat(1000),
            "!!!!(".repeat(100),
            "!".repeat(1000),
            "& mut ".repeat(1000),
            "Vec<".repeat(2000),
            vec!["1"; 30_000].join("+"),
            format!("a{}", ".b()".repeat(30_000)),
            format!("if a {{}}{}", " else if b {}".repeat(30_000)),
            "a=".repeat(30_000),
            format!("%%pool {}1", "(".repeat(1000)),
        ];
        for code in deep {
            let place = too_deep(&code).unwrap_or_else(|| panic!("{}", &code[..20]));
            assert!(
                place.start < code.len() && !place.is_empty(),
                "{place:?} of {}",
                &code[..20]
            );
        }
    }
}

//! Colours for the code of cells, dim so that what the cells print stands out.

use std::fmt::Write;

use anstyle::{AnsiColor, Effects, Style};
use ra_ap_syntax::{Edition, NodeOrToken, SourceFile, SyntaxKind, SyntaxToken};

use crate::cell;

/// What code looks like that has no colour of its own.
pub(super) const PLAIN: Style = Style::new().effects(Effects::DIMMED);

const KEYWORD: Style = coloured(AnsiColor::Magenta);
const TEXT: Style = coloured(AnsiColor::Green);
const NUMBER: Style = coloured(AnsiColor::Cyan);
const COMMENT: Style = coloured(AnsiColor::BrightBlack);
const MAGIC: Style = coloured(AnsiColor::Blue);

/// The cell's code with ANSI colours. No colour spans a line break, so that lines can be indented afterwards.
pub(super) fn highlight(code: &str) -> String {
    let (before, magic, rest) = split_at_magic(code);
    let mut painted = String::with_capacity(code.len() * 2);
    paint_rust(&mut painted, before);
    paint(&mut painted, MAGIC, magic);
    paint_rust(&mut painted, rest);
    painted
}

/// Splits a cell into what stands before the line of its `%%` magic, that line, and what follows. Without a magic
/// everything follows.
fn split_at_magic(code: &str) -> (&str, &str, &str) {
    let mut start = 0;
    for line in code.split_inclusive('\n') {
        let trimmed = line.trim();
        if trimmed.starts_with("%%") {
            let (before, rest) = code.split_at(start);
            let (magic, rest) = rest.split_at(line.len());
            return (before, magic, rest);
        }
        if !trimmed.is_empty() && !trimmed.starts_with("//") {
            break;
        }
        start += line.len();
    }
    ("", "", code)
}

fn paint_rust(painted: &mut String, code: &str) {
    if cell::too_deep(code).is_some() {
        return paint(painted, PLAIN, code);
    }
    // Cells are not whole files, but every token is in the tree whether or not it stands where it may.
    let tree = SourceFile::parse(code, Edition::CURRENT).syntax_node();
    let mut run = String::new();
    let mut run_style = PLAIN;
    for token in tree.descendants_with_tokens().filter_map(NodeOrToken::into_token) {
        let style = style(&token);
        // White space looks the same in every colour.
        if style != run_style && token.kind() != SyntaxKind::WHITESPACE {
            paint(painted, run_style, &run);
            run.clear();
            run_style = style;
        }
        run.push_str(token.text());
    }
    paint(painted, run_style, &run);
}

fn style(token: &SyntaxToken) -> Style {
    use SyntaxKind::{BYTE, BYTE_STRING, C_STRING, CHAR, COMMENT as REMARK, FLOAT_NUMBER, INT_NUMBER, STRING};
    match token.kind() {
        REMARK => COMMENT,
        STRING | BYTE_STRING | C_STRING | CHAR | BYTE => TEXT,
        INT_NUMBER | FLOAT_NUMBER => NUMBER,
        kind if kind.is_keyword(Edition::CURRENT) => KEYWORD,
        _ => PLAIN,
    }
}

fn paint(painted: &mut String, style: Style, text: &str) {
    for line in text.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        if content.trim().is_empty() {
            painted.push_str(line);
            continue;
        }
        // Writing to a string does not fail.
        let _ = write!(painted, "{style}{content}{style:#}");
        painted.push_str(&line[content.len()..]);
    }
}

const fn coloured(color: AnsiColor) -> Style {
    color.on_default().effects(Effects::DIMMED)
}

#[cfg(test)]
mod tests {
    use anstream::adapter::strip_str;
    use rstest::rstest;

    use super::*;

    #[rstest]
    #[case("")]
    #[case("let numbers: Vec<u64> = (1..=5).collect();\nnumbers")]
    #[case("// how\n\n%%pool -n 4 numbers -> squares\nfn square(n: u64) -> u64 { n * n }\n")]
    #[case("let text = \"two\nlines\"; /* and\nmore */ 'a'")]
    #[case("let = fn %%% \"unfinished")]
    #[case(":dep rand = \"0.9\"\nuse rand::Rng;")]
    #[case("let näme = 'ä'; // ünïcode")]
    fn only_colours_are_added(#[case] code: &str) {
        assert_eq!(strip_str(&highlight(code)).to_string(), code);
    }

    #[test]
    fn keywords_text_numbers_and_magics_have_their_colours() {
        let painted = highlight("%%pool 0..8\nlet a = (\"x\", 1);");
        let styled = |style: Style, text: &str| format!("{style}{text}{style:#}");
        for (style, text) in [
            (MAGIC, "%%pool 0..8"),
            (KEYWORD, "let "),
            (TEXT, "\"x\""),
            (NUMBER, "1"),
        ] {
            assert!(painted.contains(&styled(style, text)), "{text}: {painted:?}");
        }
    }

    #[test]
    fn no_colour_spans_a_line_break() {
        for line in highlight("/* a\nb */ let s = \"c\nd\";").lines() {
            assert!(line.ends_with("\u{1b}[0m"), "{line:?}");
        }
    }

    #[test]
    fn a_remainder_operator_is_no_magic() {
        assert_eq!(split_at_magic("let a = 5;\n%%pool"), ("", "", "let a = 5;\n%%pool"));
        assert_eq!(split_at_magic("\n%%pool x\ny"), ("\n", "%%pool x\n", "y"));
    }
}

//! The lines of a cell that are not Rust: `%magics`, `!commands`, and `:commands` to the engine.
//!
//! `%`, `!` and `:` mean something in Rust, in strings and in macros. So a line counts only where a statement can begin,
//! as the parser sees it. Nothing in Rust begins with `%` or a single `:` there. What begins with `!` there is a command
//! only if it is not an expression of names that exist: valid Rust is never touched.

use std::collections::BTreeSet;
use std::ops::Range;

use ra_ap_parser::LexedStr;
use ra_ap_syntax::ast::{self, AstNode};
use ra_ap_syntax::{Edition, Parse, SourceFile, SyntaxKind, TextSize};

use super::parsing::{PREFIX, parse_code};
use super::words::Words;
use super::{magics, names, options};

/// A line that is not Rust.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Line {
    pub(super) kind: LineKind,
    /// From its sign to its end.
    pub(super) range: Range<usize>,
    /// Whether it is in a block: a function's, a loop's.
    pub(super) nested: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum LineKind {
    Magic,
    Command,
    /// A command to the engine.
    EngineCommand,
}

/// Finds them in a part of a cell, in order. `is_known` tells whether the notebook has something of a name.
pub(super) fn scan(cell: &str, part: Range<usize>, is_known: &dyn Fn(&str) -> bool) -> Vec<Line> {
    let mut scan = Scan {
        cell,
        part: part.clone(),
        rust: String::with_capacity(part.len()),
        measured_names: BTreeSet::new(),
        is_known,
    };
    let mut lines = Vec::new();
    let mut position = part.start;
    while position < part.end {
        let text = scan.line_at(position);
        let indent = cell[text.clone()].len() - cell[text.clone()].trim_start().len();
        let end = match scan.line(text.start + indent..text.end) {
            Some(line) => {
                scan.rust.push_str(&cell[position..line.range.start]);
                scan.rust.push_str(&blank_statement(&cell[line.range.clone()]));
                let end = line.range.end;
                lines.push(line);
                end
            }
            None => {
                scan.rust.push_str(&cell[text.clone()]);
                text.end
            }
        };
        let next = cell[end..part.end]
            .find('\n')
            .map_or(part.end, |length| end + length + 1);
        scan.rust.push_str(&cell[end..next]);
        position = next;
    }
    lines
}

/// A part of a cell with these lines as empty statements, and every position where it was.
pub(super) fn without(cell: &str, part: Range<usize>, lines: &[Line]) -> String {
    let mut rust = String::with_capacity(part.len());
    let mut position = part.start;
    for line in lines {
        rust.push_str(&cell[position..line.range.start]);
        rust.push_str(&blank_statement(&cell[line.range.clone()]));
        position = line.range.end;
    }
    rust.push_str(&cell[position..part.end]);
    rust
}

/// Where the code begins that the magic of a line measures; None where there is no such magic.
pub(super) fn measured_code(cell: &str, line: Range<usize>) -> Option<usize> {
    let name = name_of(&cell[line.clone()]);
    let behind = line.start + name.len();
    match name {
        "%time" => Some(behind),
        "%timeit" => {
            let mut words = Words::new(cell, behind..line.end);
            Some(options::behind(&mut words, magics::known("%timeit")).start)
        }
        _ => None,
    }
}

/// Whether `text`, which begins with `!`, is Rust where nothing stands in front of it.
pub(super) fn is_expression(text: &str, is_known: &dyn Fn(&str) -> bool) -> bool {
    parses_between(&parse_code(text), 0, text.len()) && is_made_of_names(text, is_known)
}

struct Scan<'a> {
    cell: &'a str,
    part: Range<usize>,
    /// The part up to here, with empty statements for what is not Rust.
    rust: String,
    /// Names that `%time let ...` defines.
    measured_names: BTreeSet<String>,
    is_known: &'a dyn Fn(&str) -> bool,
}

impl Scan<'_> {
    /// The line that begins at `start`, without its end.
    fn line_at(&self, start: usize) -> Range<usize> {
        let rest = &self.cell[start..self.part.end];
        let line = rest.split('\n').next().unwrap_or_default();
        start..start + line.trim_end_matches('\r').len()
    }

    fn line(&mut self, text: Range<usize>) -> Option<Line> {
        let (cell, mut range) = (self.cell, text);
        let line = &cell[range.clone()];
        let kind = kind_of(line)?;
        let before = format!("{}{}", self.rust, &cell[self.part.start + self.rust.len()..range.start]);
        let depth = depth_of_statement(&before)?;
        match kind {
            LineKind::Command if self.is_rust(&before, &range) => return None,
            LineKind::Command => range.end = self.end_of_command(range.clone()),
            LineKind::EngineCommand if depth > 1 => return None,
            LineKind::Magic => {
                if let Some(code) = measured_code(cell, range.clone()) {
                    range.end = self.end_of_code(code, range.end);
                    let measured = &cell[code..range.end];
                    self.measured_names
                        .extend(names::all(&parse_code(measured).syntax_node()));
                }
            }
            LineKind::EngineCommand => {}
        }
        Some(Line {
            kind,
            range,
            nested: depth > 1,
        })
    }

    fn is_rust(&self, before: &str, line: &Range<usize>) -> bool {
        let parsed = parse_code(&format!("{before}{}", &self.cell[line.start..self.part.end]));
        if !parses_between(&parsed, before.len(), before.len() + line.len()) {
            return false;
        }
        let in_cell = names::all(&parsed.syntax_node());
        is_made_of_names(&self.cell[line.clone()], &|name| {
            in_cell.contains(name) || self.measured_names.contains(name) || (self.is_known)(name)
        })
    }

    /// A command goes on behind a backslash at the end of its line.
    fn end_of_command(&self, mut line: Range<usize>) -> usize {
        while self.cell[line.clone()].ends_with('\\') && line.end < self.part.end {
            let newline = self.cell[line.end..]
                .find('\n')
                .map_or(self.part.end, |length| line.end + length + 1);
            if newline >= self.part.end {
                break;
            }
            line = self.line_at(newline);
        }
        line.end
    }

    /// The end of the line on which every bracket is closed that is opened from `start` on.
    fn end_of_code(&self, start: usize, mut end: usize) -> usize {
        while is_open(&self.cell[start..end]) {
            match self.cell[end..self.part.end].find('\n') {
                Some(length) if end + length + 1 < self.part.end => end = self.line_at(end + length + 1).end,
                _ => break,
            }
        }
        end
    }
}

fn kind_of(line: &str) -> Option<LineKind> {
    let mut characters = line.chars();
    let (sign, next) = (characters.next()?, characters.next());
    match sign {
        '%' if next.is_some_and(|next| next.is_alphabetic() || next == '%') => Some(LineKind::Magic),
        '!' => Some(LineKind::Command),
        ':' if next.is_some_and(char::is_alphabetic) => Some(LineKind::EngineCommand),
        _ => None,
    }
}

/// The first word of a magic.
pub(super) fn name_of(line: &str) -> &str {
    line.split_whitespace().next().unwrap_or_default()
}

/// An empty statement as long as `text`, with its line breaks.
fn blank_statement(text: &str) -> String {
    let blank = |byte: u8| if byte == b'\n' { '\n' } else { ' ' };
    std::iter::once(';').chain(text.bytes().skip(1).map(blank)).collect()
}

const PROBE: &str = "let parcell_probe=0;";

/// In how many blocks a statement behind this code would be (1: in none but the cell), or None where none can begin.
fn depth_of_statement(before: &str) -> Option<usize> {
    let parsed = parse_code(&format!("{before}\n{PROBE}"));
    let probe = offset(PREFIX.len() + before.len() + 1);
    let token = parsed.syntax_node().token_at_offset(probe).right_biased()?;
    let statement = token.parent_ancestors().find_map(ast::LetStmt::cast)?;
    if statement.syntax().text_range().start() != probe {
        return None;
    }
    // Where what stands in front is not finished, the parser wants more of it there.
    let mut previous = statement.syntax().first_token()?.prev_token();
    while let Some(token) = previous.as_ref().filter(|token| token.kind().is_trivia()) {
        previous = token.prev_token();
    }
    let end_before = previous.map_or(probe, |token| token.text_range().end());
    let is_unfinished = parsed
        .errors()
        .iter()
        .any(|error| (end_before..=probe).contains(&error.range().start()));
    (!is_unfinished).then(|| statement.syntax().ancestors().filter_map(ast::StmtList::cast).count())
}

/// Whether no mistake is in this part of parsed code.
fn parses_between(parsed: &Parse<SourceFile>, start: usize, end: usize) -> bool {
    let part = offset(PREFIX.len() + start)..=offset(PREFIX.len() + end);
    !parsed
        .errors()
        .iter()
        .any(|error| part.contains(&error.range().start()))
}

/// Whether what follows the `!` can be a value: a name that exists, or what no command begins with.
fn is_made_of_names(line: &str, is_known: &dyn Fn(&str) -> bool) -> bool {
    use SyntaxKind::{BANG, COLON, DOT, IDENT, L_PAREN, WHITESPACE};
    let lexed = LexedStr::new(Edition::CURRENT, &line[1..]);
    let kind = |index: usize| (index < lexed.len()).then(|| lexed.kind(index));
    let first = usize::from(kind(0) == Some(WHITESPACE));
    if kind(first) != Some(IDENT) {
        return true;
    }
    match [kind(first + 1), kind(first + 2), kind(first + 3)] {
        // A path, a call, a macro, a method.
        [Some(COLON), Some(COLON), _] | [Some(L_PAREN | BANG), ..] | [Some(DOT), Some(IDENT), Some(L_PAREN)] => true,
        _ => {
            let name = lexed.text(first);
            is_known(name) || is_constant(name)
        }
    }
}

/// Constants may come from anywhere, such as `use settings::*`.
fn is_constant(name: &str) -> bool {
    name.len() > 1 && !name.contains(char::is_lowercase)
}

/// Whether a bracket, a string or a comment is not closed.
fn is_open(code: &str) -> bool {
    use SyntaxKind::{L_BRACK, L_CURLY, L_PAREN, R_BRACK, R_CURLY, R_PAREN};
    let lexed = LexedStr::new(Edition::CURRENT, code);
    let depth: i64 = (0..lexed.len())
        .map(|index| match lexed.kind(index) {
            L_PAREN | L_BRACK | L_CURLY => 1,
            R_PAREN | R_BRACK | R_CURLY => -1,
            _ => 0,
        })
        .sum();
    depth > 0 || lexed.errors().any(|(_, message)| message.contains("nterminated"))
}

/// Texts that the parser takes are shorter than 4 GiB, or it would have refused them.
fn offset(position: usize) -> TextSize {
    TextSize::try_from(position).unwrap_or(TextSize::new(u32::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    fn found(cell: &str) -> Vec<&str> {
        scan(cell, 0..cell.len(), &|name| name == "flag")
            .into_iter()
            .map(|line| &cell[line.range])
            .collect()
    }

    #[rstest]
    #[case::alone("!ls", &["!ls"])]
    #[case::looks_like_subtraction("!ls -la", &["!ls -la"])]
    #[case::looks_like_division("!ls /tmp", &["!ls /tmp"])]
    #[case::words("!echo hello world", &["!echo hello world"])]
    #[case::a_path("!./run.sh", &["!./run.sh"])]
    #[case::an_absolute_path("!/bin/ls", &["!/bin/ls"])]
    #[case::a_home("!~/bin/x", &["!~/bin/x"])]
    #[case::a_variable_of_the_shell("!$SHELL -c ls", &["!$SHELL -c ls"])]
    #[case::an_assignment("!A=1 env", &["!A=1 env"])]
    #[case::a_subshell("!(cd /; ls)", &["!(cd /; ls)"])]
    #[case::a_group("!{ echo a; }", &["!{ echo a; }"])]
    #[case::a_loop("!for i in 1 2; do echo $i; done", &["!for i in 1 2; do echo $i; done"])]
    #[case::a_number_in_its_name("!python3.12 -c 1", &["!python3.12 -c 1"])]
    #[case::a_script("!run.sh", &["!run.sh"])]
    #[case::one_capital("!R --version", &["!R --version"])]
    #[case::a_space("! ls", &["! ls"])]
    #[case::quotes("!echo \"it's\"", &["!echo \"it's\""])]
    #[case::before_rust("!ls\nlet b = 2;", &["!ls"])]
    #[case::known_but_no_rust("!flag\nlet b = 2;", &["!flag"])]
    #[case::between_statements("let a = 1;\n!ls\nlet b = 2;", &["!ls"])]
    #[case::in_a_row("!ls\n!pwd\n%who", &["!ls", "!pwd", "%who"])]
    #[case::in_a_block("for i in 0..2 {\n    !ls\n}", &["!ls"])]
    #[case::in_a_function("fn f() {\n  !echo a\n  %pwd\n}\n%who", &["!echo a", "%pwd", "%who"])]
    #[case::behind_a_block("if true {}\n%who", &["%who"])]
    #[case::behind_an_item("struct A;\n%who", &["%who"])]
    #[case::behind_a_macro("println!(\"a\");\n%who", &["%who"])]
    #[case::behind_a_command(":dep a\n%who", &[":dep a", "%who"])]
    #[case::commands_in_the_middle("let a = 1;\n:vars\n%who", &[":vars", "%who"])]
    #[case::behind_a_comment("// x\n/* y */\n%who", &["%who"])]
    #[case::behind_a_closure("let f = |x: u8| { x };\n%who", &["%who"])]
    #[case::indented("  %who", &["%who"])]
    #[case::windows_lines("let a = 1;\r\n%who\r\n!ls\r\n", &["%who", "!ls"])]
    #[case::continued("!echo a \\\n  b\nlet c = 1;", &["!echo a \\\n  b"])]
    #[case::continued_at_the_end("!echo a \\", &["!echo a \\"])]
    #[case::timed("%time f(1)\n%who", &["%time f(1)", "%who"])]
    #[case::timed_over_lines("%time let x = f(\n  1,\n);\n%who", &["%time let x = f(\n  1,\n);", "%who"])]
    #[case::measured_names("%time let set = true;\n!set", &["%time let set = true;"])]
    #[case::not_ascii("let é = \"ü\";\n%who é\nlet b = 1;", &["%who é"])]
    fn lines_that_are_not_rust(#[case] cell: &str, #[case] lines: &[&str]) {
        assert_eq!(found(cell), lines);
    }

    #[rstest]
    #[case::remainder("let a = 7\n  % 3;")]
    #[case::remainder_of_a_name("let a = 7\n%who;")]
    #[case::remainder_at_the_end("a + 1\n%who")]
    #[case::remainder_of_a_block("let a = { 7 }\n%who;")]
    #[case::remainder_of_a_struct("let a = P { x: 1 }\n%who;")]
    #[case::remainder_of_a_call("f()\n%time;")]
    #[case::remainder_in_brackets("f(a\n%who,\n)")]
    #[case::not_a_literal("!true")]
    #[case::not_false("!false;")]
    #[case::not_a_number("!0u8")]
    #[case::not_known("!flag")]
    #[case::not_known_statement("!flag;")]
    #[case::not_known_and("!flag\n    && other()")]
    #[case::not_defined_here("let done = true;\n!done")]
    #[case::not_defined_in_a_pattern("let (done, _) = (true, 1);\n!done")]
    #[case::not_imported("use a::b as done;\n!done")]
    #[case::not_in_a_closure("let f = |done: bool| {\n    !done\n};")]
    #[case::not_in_a_function("fn not(x: bool) -> bool {\n    !x\n}")]
    #[case::not_in_a_match("match a {\n    _ =>\n    !b,\n};")]
    #[case::not_in_arguments("f(\n    !ls,\n);")]
    #[case::not_behind_an_operator("let a = b ||\n    !ls;")]
    #[case::not_behind_equals("let a =\n!ls;")]
    #[case::not_a_call("!f(1)")]
    #[case::not_a_method("!names.is_empty()")]
    #[case::not_a_path("!std::path::Path::new(\"x\").exists()")]
    #[case::not_a_macro("!matches!(a, Some(_))")]
    #[case::not_a_constant("!MASK & 3")]
    #[case::not_in_parentheses("!(a == b)")]
    #[case::not_twice("!!true")]
    #[case::not_a_reference("!*flag")]
    #[case::not_returned("fn f() -> bool {\n    return\n    !ls;\n}")]
    #[case::a_string("let s = \"\n%who\n!ls\n:dep\n\";")]
    #[case::a_raw_string("let s = r#\"\n%who\n!ls \"\n:dep\n\"#;")]
    #[case::a_comment("/*\n%who\n!ls\n*/")]
    #[case::a_line_comment("// %who\n// !ls")]
    #[case::a_macro("m! {\n%who\n!ls -la x\n:dep\n}")]
    #[case::a_macro_definition("macro_rules! m {\n() => {\n%who\n}\n}")]
    #[case::a_vector("let v = vec![\n!flag,\n!ls,\n];")]
    #[case::an_array("let v = [\n!flag,\n!ls,\n];")]
    #[case::fields("struct A {\n%who\n}")]
    #[case::a_type_of_its_own_line("let a\n: u8 = 1;")]
    #[case::a_global_path("::std::mem::drop(1);")]
    #[case::a_percent_sign("% 3")]
    fn lines_that_are_rust(#[case] cell: &str) {
        assert_eq!(found(cell), [""; 0]);
    }

    #[test]
    fn what_is_in_a_block_is_told_apart() {
        let cell = "%who\nfor _ in 0..1 {\n%pwd\n}\n%who";
        let nested: Vec<bool> = scan(cell, 0..cell.len(), &|_| false)
            .iter()
            .map(|line| line.nested)
            .collect();
        assert_eq!(nested, [false, true, false]);
    }

    #[test]
    fn positions_stay_without_them() {
        let cell = "let é = 1;\n!echo ü\n%time f(\n)\nx";
        let lines = scan(cell, 0..cell.len(), &|_| false);
        assert_eq!(
            without(cell, 0..cell.len(), &lines),
            "let é = 1;\n;       \n;       \n \nx"
        );
    }
}

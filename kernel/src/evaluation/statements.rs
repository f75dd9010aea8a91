//! The code of a cell taken apart: commands in front, then statements and items.

use std::ops::Range;

use ra_ap_syntax::SyntaxNode;

use crate::cell;

/// A line such as `:dep rand = "0.9"`.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Command {
    /// With its colon.
    pub(super) name: String,
    /// Empty where there is none.
    pub(super) argument: String,
    /// Of the name, in the code.
    pub(super) name_range: Range<usize>,
    /// Of the argument, or of the name where there is none.
    pub(super) argument_range: Range<usize>,
}

/// A statement, an item, or the expression at the end.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) text: String,
    /// Where the text is in the code.
    pub(super) start: usize,
    pub(super) node: SyntaxNode,
    /// Where the node is in the code: in front of a first one may be comments.
    pub(super) node_start: usize,
}

/// Code, taken apart.
#[derive(Clone, Debug, Default)]
pub(super) struct Statements {
    pub(super) commands: Vec<Command>,
    pub(super) statements: Vec<Statement>,
    /// Nothing of it is misspelt, as far as a parser can tell that knows no macros.
    pub(super) is_sound: bool,
}

impl Statements {
    pub(super) fn parse(code: &str) -> Statements {
        let mut commands = Vec::new();
        let mut start = 0;
        for line in code.split_inclusive('\n') {
            let trimmed = line.trim();
            if cell::is_engine_command(line) {
                commands.push(command(line, start));
            } else if !trimmed.is_empty() && !trimmed.starts_with("//") {
                break;
            }
            start += line.len();
        }
        Statements {
            commands,
            statements: statements(&code[start..], start),
            is_sound: cell::is_sound(&code[start..]),
        }
    }
}

fn command(line: &str, start: usize) -> Command {
    let indent = line.len() - line.trim_start().len();
    let text = line.trim();
    let (name, argument) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
    let argument = argument.trim();
    let start = start + indent;
    let name_range = start..start + name.len();
    let argument_range = if argument.is_empty() {
        name_range.clone()
    } else {
        start + text.len() - argument.len()..start + text.len()
    };
    Command {
        name: name.to_owned(),
        argument: argument.to_owned(),
        name_range,
        argument_range,
    }
}

/// What stands between two statements belongs to the first.
fn statements(code: &str, offset: usize) -> Vec<Statement> {
    let nodes = cell::nodes(code);
    let starts: Vec<usize> = nodes.iter().map(|(range, _)| range.start.min(code.len())).collect();
    let mut statements = Vec::new();
    for (index, (_, node)) in nodes.into_iter().enumerate() {
        let start = if index == 0 { 0 } else { starts[index] };
        let end = starts.get(index + 1).copied().unwrap_or(code.len());
        if start < end {
            statements.push(Statement {
                text: code[start..end].to_owned(),
                start: offset + start,
                node,
                node_start: offset + starts[index],
            });
        }
    }
    statements
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(code: &str) -> Vec<String> {
        let parsed = Statements::parse(code);
        for statement in &parsed.statements {
            assert!(code[statement.start..].starts_with(&statement.text));
        }
        parsed.statements.into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn statements_and_items_are_taken_apart() {
        assert_eq!(texts("let mut a = 1; a += 2;"), ["let mut a = 1; ", "a += 2;"]);
        assert_eq!(texts("if a {f();} else {g();}  b"), ["if a {f();} else {g();}  ", "b"]);
        assert_eq!(
            texts("#![allow(x)] fn f() {}\nf() // why"),
            ["#![allow(x)] ", "fn f() {}\n", "f() // why"]
        );
        assert_eq!(texts(""), Vec::<String>::new());
    }

    #[test]
    fn commands_are_read_in_front_of_the_code() {
        let code = "// first\n:dep rand = \"0.9\"\n\n  :vars\nlet a = 1;\n:vars\n";
        let parsed = Statements::parse(code);
        let commands: Vec<_> = parsed.commands.iter().map(|c| (&*c.name, &*c.argument)).collect();
        assert_eq!(commands, [(":dep", "rand = \"0.9\""), (":vars", "")]);
        assert_eq!(&code[parsed.commands[0].argument_range.clone()], "rand = \"0.9\"");
        assert_eq!(&code[parsed.commands[1].argument_range.clone()], ":vars");
        assert!(parsed.statements[0].text.starts_with("let a = 1;"));
        assert!(Statements::parse("::std::mem::drop(1);").commands.is_empty());
    }
}

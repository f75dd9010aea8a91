//! Parsing a cell: statements and items, which are no file, behind commands, which are no Rust.

use std::ops::Range;

use ra_ap_syntax::ast::{self, AstNode};
use ra_ap_syntax::{Edition, Parse, SourceFile, SyntaxNode, TextSize};

/// What stands in front of code that is parsed.
pub(super) const PREFIX: &str = "fn f(){";

/// Statements and items as a file, which is what can be parsed.
pub(super) fn parse_code(code: &str) -> Parse<SourceFile> {
    SourceFile::parse(&format!("{PREFIX}{code}\n}}"), Edition::CURRENT)
}

/// The length of the lines in front that are blank, comments, or commands, up to the last command.
pub(super) fn commands_length(text: &str) -> usize {
    let mut length = 0;
    let mut position = 0;
    for line in text.split_inclusive('\n') {
        position += line.len();
        let trimmed = line.trim();
        if trimmed.starts_with(':') && !trimmed.starts_with("::") {
            length = position;
        } else if !trimmed.is_empty() && !trimmed.starts_with("//") {
            break;
        }
    }
    length
}

/// Whether a parser finds nothing wrong with code without commands. What it ends with need not be ended.
pub(crate) fn is_sound(code: &str) -> bool {
    parse_code(code).errors().is_empty() || parse_code(&format!("{code};")).errors().is_empty()
}

/// The statements and items of code without commands, with their places in it.
pub(crate) fn nodes(code: &str) -> Vec<(Range<usize>, SyntaxNode)> {
    let function = parse_code(code).syntax_node().children().find_map(ast::Fn::cast);
    let statements = function
        .and_then(|function| function.body())
        .and_then(|body| body.stmt_list());
    let place = |offset: TextSize| usize::from(offset).saturating_sub(PREFIX.len());
    let nodes = statements
        .into_iter()
        .flat_map(|list| list.syntax().children().collect::<Vec<_>>());
    nodes
        .map(|node| {
            let range = node.text_range();
            (place(range.start())..place(range.end()), node)
        })
        .collect()
}

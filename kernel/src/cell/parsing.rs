//! Parsing a cell: statements and items, which are no file, behind evcxr's commands, which are no Rust.

use ra_ap_syntax::{Edition, Parse, SourceFile};

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

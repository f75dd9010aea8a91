//! A cell as a formatter of programs lays it out: its Rust, while its magics and commands stay as they are.
//!
//! The formatter is given a function with the cell's code as its body, in which statements and items may stand in any
//! order as they may in a cell, and comments in the place of what is not Rust.

use std::ops::Range;

use ra_ap_syntax::ast::{self, AstNode};
use ra_ap_syntax::{AstToken, Edition, SourceFile, SyntaxKind};

use super::lines::{self, Line};
use super::magic;

const HEAD: &str = "fn cell() {\n";

/// The cell as `format` lays out the file that it is given; None where there is no Rust in it.
pub(crate) fn formatted<E>(cell: &str, format: impl FnOnce(&str) -> Result<String, E>) -> Result<Option<String>, E> {
    let Some(start) = start_of_code(cell) else {
        return Ok(None);
    };
    let lines = lines::scan(cell, start..cell.len(), &|_| false);
    let marker = marker(cell);
    let code = with_markers(cell, start, &lines, &marker);
    let body = format(&format!("{HEAD}{code}\n}}\n"))?.replace("\r\n", "\n");
    let Some(body) = body
        .strip_prefix(HEAD)
        .and_then(|body| body.trim_end().strip_suffix('}'))
    else {
        // There is nothing in it.
        return Ok(None);
    };
    let originals: Vec<&str> = lines.iter().map(|line| &cell[line.range.clone()]).collect();
    let laid_out = with_originals(&without_indent(body), &marker, &originals);
    Ok(Some(format!(
        "{}{}",
        &cell[..start],
        laid_out.trim_matches('\n').trim_end()
    )))
}

/// Behind the magics of the whole cell; None where what follows them is not Rust.
fn start_of_code(cell: &str) -> Option<usize> {
    let mut rest = cell.to_owned();
    let mut start = 0;
    while let Some(line) = magic::find(&rest).ok()? {
        if line.magic.takes_text() {
            return None;
        }
        rest = magic::blank_out(&rest, &line);
        let behind = line.body.start;
        start = cell[behind..]
            .find('\n')
            .map_or(cell.len(), |length| behind + length + 1);
    }
    Some(start)
}

/// What begins a comment that is in no cell by chance.
fn marker(cell: &str) -> String {
    let mut marker = "//parcell".to_owned();
    while cell.contains(&marker) {
        marker.push('-');
    }
    marker
}

fn with_markers(cell: &str, start: usize, lines: &[Line], marker: &str) -> String {
    let mut code = String::with_capacity(cell.len());
    let mut position = start;
    for (index, line) in lines.iter().enumerate() {
        code.push_str(&cell[position..line.range.start]);
        code.push_str(&format!("{marker} {index}"));
        position = line.range.end;
    }
    code.push_str(&cell[position..]);
    code
}

fn with_originals(code: &str, marker: &str, originals: &[&str]) -> String {
    let restored = code.lines().map(|line| {
        let indent = line.len() - line.trim_start().len();
        let index = line
            .trim()
            .strip_prefix(marker)
            .and_then(|index| index.trim().parse::<usize>().ok());
        match index.and_then(|index| originals.get(index)) {
            Some(original) => format!("{}{original}", &line[..indent]),
            None => line.to_owned(),
        }
    });
    restored.collect::<Vec<_>>().join("\n")
}

/// The body of a function as it would stand outside of it. Lines that begin in the middle of a text are not indented.
fn without_indent(body: &str) -> String {
    let inside = insides(body);
    let mut start = 0;
    let lines = body.split_inclusive('\n').map(|line| {
        let is_inside = inside.iter().any(|range| range.contains(&start));
        start += line.len();
        (line, is_inside)
    });
    let lines: Vec<_> = lines.collect();
    let indents = lines
        .iter()
        .filter(|(line, is_inside)| !is_inside && !line.trim().is_empty());
    let indent = indents
        .map(|(line, _)| line.len() - line.trim_start().len())
        .min()
        .unwrap_or_default();
    let without = lines.iter().map(|(line, is_inside)| match line.get(indent..) {
        Some(rest) if !is_inside && line[..indent].trim().is_empty() => rest,
        _ => line,
    });
    without.collect()
}

/// Where a line would begin in the middle of a text or of a comment.
fn insides(body: &str) -> Vec<Range<usize>> {
    let parsed = SourceFile::parse(&format!("{HEAD}{body}}}"), Edition::Edition2024).tree();
    let tokens = parsed
        .syntax()
        .descendants_with_tokens()
        .filter_map(|element| element.into_token());
    let texts = tokens.filter(|token| match token.kind() {
        SyntaxKind::STRING | SyntaxKind::BYTE_STRING | SyntaxKind::C_STRING => true,
        SyntaxKind::COMMENT => ast::Comment::cast(token.clone()).is_some_and(|comment| comment.kind().shape.is_block()),
        _ => false,
    });
    texts
        .map(|token| token.text_range())
        .map(|range| {
            (usize::from(range.start()) + 1).saturating_sub(HEAD.len())
                ..usize::from(range.end()).saturating_sub(HEAD.len())
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    /// As little as a formatter could do: it indents what is in the function.
    fn indenting(source: &str) -> Result<String, Infallible> {
        let body = source.strip_prefix(HEAD).unwrap().strip_suffix("\n}\n").unwrap();
        let lines = body.lines().map(|line| match line.trim() {
            "" => String::new(),
            line => format!("    {line}"),
        });
        Ok(format!("{HEAD}{}\n}}\n", lines.collect::<Vec<_>>().join("\n")))
    }

    fn laid_out(cell: &str) -> Option<String> {
        let Ok(formatted) = formatted(cell, indenting);
        formatted
    }

    #[test]
    fn what_is_not_rust_stays_as_it_is() {
        for (cell, expected) in [
            ("  let a = 1;\n\n   a", "let a = 1;\n\na"),
            (":dep  rand = \"1\"\n  let a = 1;", ":dep  rand = \"1\"\nlet a = 1;"),
            ("%%pool  -n 2  0..4\n  |n| n", "%%pool  -n 2  0..4\n|n| n"),
            ("%%capture c\n%%time\n  1", "%%capture c\n%%time\n1"),
            ("  !ls  -l\n%who\n  %timeit   a+1", "!ls  -l\n%who\n%timeit   a+1"),
            ("//parcell 0\n  !ls", "//parcell 0\n!ls"),
        ] {
            assert_eq!(laid_out(cell).as_deref(), Some(expected), "{cell}");
        }
    }

    #[test]
    fn texts_and_comments_of_several_lines_keep_their_indents() {
        let body = "    let a = \"x\n    y\n  z\";\n    /* b\n    c */\n    a\n";
        assert_eq!(without_indent(body), "let a = \"x\n    y\n  z\";\n/* b\n    c */\na\n");
        assert_eq!(without_indent("\tif a {\n\t\tb\n\t}\n"), "if a {\n\tb\n}\n");
    }

    #[test]
    fn a_cell_without_rust_is_left_alone() {
        assert_eq!(laid_out("%%bash\n  ls"), None);
        assert_eq!(laid_out("%%writefile a.txt\n  a"), None);
        assert_eq!(laid_out("%%nosuch\n  a"), None);
        let Ok(empty) = formatted("", |_| Ok::<_, Infallible>("fn cell() {}\n".to_owned()));
        assert_eq!(empty, None);
    }
}

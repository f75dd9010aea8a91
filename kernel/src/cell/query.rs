//! Cells that ask for help: `?name` for documentation, `??name` for source.

use std::ops::Range;

use super::{Variables, words};

/// What a cell asks about.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Query {
    /// Where the name is in the cell.
    pub(crate) name: Range<usize>,
    /// Whether the source is asked for, and not just the documentation.
    pub(crate) source: bool,
}

/// The question that the cell is, or None.
///
/// `name?` is a question too, unless `name` is a variable whose type `?` can be applied to: then it is Rust.
pub(crate) fn query(cell: &str, variables: &dyn Variables) -> Option<Query> {
    let all = words::trimmed(cell, 0..cell.len());
    let before = marks(all.text.chars());
    let after = marks(all.text.chars().rev());
    let (marks, name) = match (before, after) {
        (1 | 2, 0) => (before, all.range.start + before..all.range.end),
        (0, 1 | 2) => (after, all.range.start..all.range.end - after),
        _ => return None,
    };
    let name = words::trimmed(cell, name);
    // `a.b?` is how Rust tries a field, and nobody knows its type here.
    if !is_askable(name.text) || (after > 0 && (name.text.contains('.') || is_tried(name.text, variables))) {
        return None;
    }
    Some(Query {
        name: name.range,
        source: marks == 2,
    })
}

/// Whether the cell is a question by its looks: one that has been typed in full.
pub(super) fn looks_like_query(cell: &str) -> bool {
    query(cell, &NoVariables).is_some()
}

/// A notebook without any.
struct NoVariables;

impl Variables for NoVariables {
    fn type_of(&self, _: &str) -> Option<String> {
        None
    }
}

fn marks(characters: impl Iterator<Item = char>) -> usize {
    characters.take_while(|character| *character == '?').count()
}

/// Names, paths, fields and methods, macros, magics and commands.
fn is_askable(text: &str) -> bool {
    let name = text.trim_start_matches(['%', ':']);
    let name = name.strip_suffix('!').unwrap_or(name);
    let separators = |character: char| matches!(character, ':' | '.' | '#');
    name.starts_with(|first: char| first.is_alphabetic() || first == '_')
        && name
            .chars()
            .all(|character| character.is_alphanumeric() || character == '_' || separators(character))
        && !name.ends_with(separators)
}

fn is_tried(name: &str, variables: &dyn Variables) -> bool {
    variables.type_of(name).is_some_and(|type_| {
        let base = type_.split('<').next().unwrap_or_default();
        let base = base.rsplit("::").next().unwrap_or_default().trim();
        matches!(base, "Result" | "Option" | "Poll" | "ControlFlow")
    })
}

#[cfg(test)]
mod tests {
    use super::super::rewrite::tests::Known;
    use super::*;

    fn asked(cell: &str) -> Option<(&str, bool)> {
        let variables = Known(&[("answer", "core::result::Result<u8, String>"), ("numbers", "Vec<u64>")]);
        query(cell, &variables).map(|query| (&cell[query.name], query.source))
    }

    #[test]
    fn questions_name_what_they_are_about() {
        assert_eq!(asked("?numbers"), Some(("numbers", false)));
        assert_eq!(asked(" ?? numbers.push\n"), Some(("numbers.push", true)));
        assert_eq!(asked("?std::mem::swap"), Some(("std::mem::swap", false)));
        assert_eq!(asked("?println!"), Some(("println!", false)));
        assert_eq!(asked("?%%pool"), Some(("%%pool", false)));
        assert_eq!(asked("%%pool?"), Some(("%%pool", false)));
        assert_eq!(asked("?:dep"), Some((":dep", false)));
        assert_eq!(asked("numbers??"), Some(("numbers", true)));
    }

    #[test]
    fn rust_is_no_question() {
        for cell in [
            "answer?", "answer??", "point.x?", "f()?", "f()? + 1", "a?;", "?", "", "?a?", "???a", "?1", "?a + b", "?a.",
        ] {
            assert_eq!(asked(cell), None, "{cell}");
        }
    }
}

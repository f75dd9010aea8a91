//! What stands behind `->`: a variable for the results, or a pattern that takes results of several parts apart.

use std::ops::Range;

use ra_ap_syntax::ast::{self, AstNode};
use ra_ap_syntax::{Edition, SourceFile};

use super::callable::{Callable, Returned};
use super::magic_error::MagicError;
use super::words::{Word, is_identifier};

/// The most parts that Rust's library collects into as many collections.
const MOST_PARTS: usize = 12;

/// What the results become.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Target {
    /// `[mut] NAME[: TYPE]`: one `Vec`.
    Name { has_type: bool },
    /// `([mut] NAME, ...)[: TYPE]`: a `Vec` for each part of what the function returns.
    Parts { count: usize, has_type: bool },
}

impl Target {
    /// Refuses what is neither.
    pub(super) fn read(word: &Word<'_>) -> Result<Target, MagicError> {
        if word.text.is_empty() {
            let range = word.range.start.saturating_sub("->".len())..word.range.start;
            let help = "give the variable for the results, for example `-> squares`";
            let message = "there is no name behind `->`";
            return Err(MagicError::new(range, message, "NAME is missing", help));
        }
        parse(word.text).ok_or_else(|| {
            MagicError::new(
                word.range.clone(),
                format!("`{}` is not a name for the results", word.text),
                "not a name",
                "write `-> NAME`, `-> mut NAME` or `-> NAME: TYPE` for one `Vec` of all results, or \
                 `-> (NAME, NAME)` for a `Vec` of each part, where the function returns tuples",
            )
        })
    }

    /// The code that turns the `Vec` of results into what is named.
    pub(super) fn conversion(self) -> &'static str {
        match self {
            Target::Name { .. } => "",
            Target::Parts { .. } => ".into_iter().collect()",
        }
    }

    /// The type of the parts, where the target does not say it: as far as the declaration tells.
    pub(super) fn type_of_parts(
        self,
        word: &Word<'_>,
        callable: Option<&Callable>,
    ) -> Result<Option<String>, MagicError> {
        let Target::Parts { count, has_type: false } = self else {
            return Ok(None);
        };
        let declared = match callable
            .filter(|callable| !callable.generic)
            .map(|callable| &callable.result)
        {
            Some(Returned::Type { text }) => Some(text.as_str()),
            Some(Returned::Result { ok, .. }) => ok.as_deref(),
            Some(Returned::Undeclared | Returned::Opaque) | None => None,
        };
        let types = match declared.and_then(parts_of_type) {
            Some(types) if types.len() != count => return Err(wrong_number(word.range.clone(), count, &types)),
            Some(types) => types,
            None if declared.is_some_and(has_no_parts) => return Err(no_parts(word.range.clone(), declared)),
            // An alias, or a closure: the compiler knows.
            None => vec!["_".to_owned(); count],
        };
        let vectors: Vec<String> = types.iter().map(|one| format!("::std::vec::Vec<{one}>")).collect();
        Ok(Some(format!("({})", vectors.join(", "))))
    }
}

fn wrong_number(range: Range<usize>, count: usize, types: &[String]) -> MagicError {
    MagicError::new(
        range,
        format!("there are {count} names for results of {} parts", types.len()),
        format!("{count} names"),
        format!(
            "the function returns `({})`: give a name, or `_`, for each part",
            types.join(", ")
        ),
    )
}

/// Whether the type is none that might be the name of a tuple.
fn has_no_parts(type_: &str) -> bool {
    !type_.starts_with(|first: char| first.is_uppercase() || first == ':') && !type_.contains("::")
}

fn no_parts(range: Range<usize>, type_: Option<&str>) -> MagicError {
    MagicError::new(
        range,
        format!("results of type `{}` have no parts", type_.unwrap_or_default()),
        "takes results apart",
        "write `-> NAME` for one `Vec` of all results, or have the function return a tuple",
    )
}

fn parse(text: &str) -> Option<Target> {
    let Some(rest) = text.strip_prefix('(') else {
        let (name, type_) = split_type(text);
        return (is_name(name) && is_type(type_)).then_some(Target::Name {
            has_type: type_.is_some(),
        });
    };
    let (names, type_) = rest.split_once(')')?;
    let type_ = match type_.trim() {
        "" => None,
        type_ => Some(type_.strip_prefix(':')?.trim()),
    };
    let names: Vec<&str> = names.trim().trim_end_matches(',').split(',').map(str::trim).collect();
    let are_names = names.iter().all(|name| is_name(name)) && (2..=MOST_PARTS).contains(&names.len());
    (are_names && is_type(type_)).then_some(Target::Parts {
        count: names.len(),
        has_type: type_.is_some(),
    })
}

fn split_type(text: &str) -> (&str, Option<&str>) {
    match text.split_once(':') {
        Some((name, type_)) => (name.trim(), Some(type_.trim())),
        None => (text, None),
    }
}

/// Whether the text is `[mut] NAME`, or `_`.
fn is_name(text: &str) -> bool {
    let name = match text.strip_prefix("mut") {
        Some(rest) if rest.starts_with(char::is_whitespace) => rest.trim_start(),
        _ => text,
    };
    is_identifier(name) || name == "_"
}

fn is_type(text: Option<&str>) -> bool {
    text.is_none_or(|text| !text.is_empty() && !text.starts_with(':'))
}

/// The parts of a tuple type.
fn parts_of_type(text: &str) -> Option<Vec<String>> {
    let source = SourceFile::parse(&format!("type T = {text};"), Edition::CURRENT);
    let tuple = source
        .syntax_node()
        .descendants()
        .find_map(ast::TypeAlias::cast)?
        .ty()?;
    match tuple {
        ast::Type::TupleType(tuple) => Some(tuple.fields().map(|part| part.syntax().text().to_string()).collect()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_have_one_name_or_one_for_each_part() {
        let name = |has_type| Some(Target::Name { has_type });
        for text in ["a", "mut a", "_", "mutable", "r#type"] {
            assert_eq!(parse(text), name(false), "{text}");
        }
        for text in ["a: Vec<u8>", "mut a : Vec<std::string::String>"] {
            assert_eq!(parse(text), name(true), "{text}");
        }
        let parts = |count, has_type| Some(Target::Parts { count, has_type });
        assert_eq!(parse("(a, b)"), parts(2, false));
        assert_eq!(parse("( mut a,_ , c, )"), parts(3, false));
        assert_eq!(parse("(a, b): (Vec<u8>, HashMap<u8, u8>)"), parts(2, true));
        for text in [
            "[a, b]",
            "a b",
            "mut",
            "a:",
            "a::b",
            "Some(x)",
            "3",
            "(a)",
            "()",
            "(a, b",
            "(a, 3)",
            "(a, (b, c))",
            "(a, b) c",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_tuple_type_has_parts() {
        let parts = |text| parts_of_type(text);
        assert_eq!(
            parts("(u8, HashMap<u8, (u8, u8)>)"),
            Some(vec!["u8".to_owned(), "HashMap<u8, (u8, u8)>".to_owned()])
        );
        assert_eq!(parts("u8"), None);
        assert_eq!(parts("Pair"), None);
    }
}

//! What is wrong with a magic, and what would be right.

use std::ops::Range;

use thiserror::Error;

/// A mistake in a magic. `range` is the part of the cell that is wrong.
#[derive(Clone, Debug, Eq, Error, PartialEq)]
#[error("{message}")]
pub(crate) struct MagicError {
    pub(crate) message: String,
    pub(crate) range: Range<usize>,
    /// What is wrong there, in a word or two.
    pub(crate) label: String,
    /// What would be right.
    pub(crate) help: String,
}

impl MagicError {
    pub(crate) fn new(
        range: Range<usize>,
        message: impl Into<String>,
        label: impl Into<String>,
        help: impl Into<String>,
    ) -> MagicError {
        MagicError {
            message: message.into(),
            range,
            label: label.into(),
            help: help.into(),
        }
    }
}

/// ", did you mean `x`?" for the candidate that is nearest to `word`, if one is near.
pub(crate) fn suggestion<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, candidates)
        .map(|candidate| format!("did you mean `{candidate}`? "))
        .unwrap_or_default()
}

fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    candidates
        .into_iter()
        .map(|candidate| (strsim::jaro_winkler(word, candidate), candidate))
        .filter(|(similarity, _)| *similarity > 0.75)
        .max_by(|(one, _), (other, _)| one.total_cmp(other))
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_is_suggested_and_nothing_where_none_is_near() {
        assert_eq!(suggestion("%%pol", ["%%pool", "%%process"]), "did you mean `%%pool`? ");
        assert_eq!(suggestion("%%xyz", ["%%pool", "%%process"]), "");
    }
}

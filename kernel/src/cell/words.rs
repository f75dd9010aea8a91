//! The words of a magic line and where they stand.

use std::ops::Range;

use ra_ap_parser::LexedStr;
use ra_ap_syntax::{Edition, SyntaxKind};

/// A word of a cell and where it is in the cell.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Word<'a> {
    pub(super) text: &'a str,
    pub(super) range: Range<usize>,
}

/// Takes words off the front of a part of a cell.
#[derive(Clone, Debug)]
pub(super) struct Words<'a> {
    cell: &'a str,
    rest: Range<usize>,
}

impl<'a> Words<'a> {
    pub(super) fn new(cell: &'a str, part: Range<usize>) -> Words<'a> {
        Words { cell, rest: part }
    }

    /// The next word, up to white space, without taking it.
    pub(super) fn peek(&self) -> Option<Word<'a>> {
        let text = &self.cell[self.rest.clone()];
        let start = self.rest.start + (text.len() - text.trim_start().len());
        let word = self.cell[start..self.rest.end].split_whitespace().next()?;
        Some(Word {
            text: word,
            range: start..start + word.len(),
        })
    }

    pub(super) fn next(&mut self) -> Option<Word<'a>> {
        let word = self.peek()?;
        self.rest.start = word.range.end;
        Some(word)
    }

    /// Takes an option, and tells whether its value follows at once, as in `--workers=4` and `-n4`; what follows is then
    /// what is taken next.
    pub(super) fn next_flag(&mut self) -> (Word<'a>, bool) {
        let Some(word) = self.next() else {
            return (self.rest(), false);
        };
        let (length, behind) = if let [b'-', letter, digit, ..] = word.text.as_bytes()
            && letter.is_ascii_alphabetic()
            && digit.is_ascii_digit()
        {
            (2, 2)
        } else if let Some(length) = word.text.find('=') {
            (length, length + "=".len())
        } else {
            return (word, false);
        };
        self.rest.start = word.range.start + behind;
        let flag = Word {
            text: &word.text[..length],
            range: word.range.start..word.range.start + length,
        };
        (flag, true)
    }

    /// Takes what stands before the next white space that is outside brackets and quotation marks. None where nothing
    /// does, also behind `=`.
    pub(super) fn next_value(&mut self) -> Option<Word<'a>> {
        let is_behind_equals = self.cell[..self.rest.start].ends_with('=');
        let rest = self.rest();
        if rest.text.is_empty() || (is_behind_equals && rest.range.start != self.rest.start) {
            return None;
        }
        let end = rest.range.start + value_length(rest.text);
        self.rest.start = end;
        Some(Word {
            text: &self.cell[rest.range.start..end],
            range: rest.range.start..end,
        })
    }

    /// All that is left, without white space around it.
    pub(super) fn rest(&self) -> Word<'a> {
        trimmed(self.cell, self.rest.clone())
    }
}

/// The length of the text in front of the first white space outside brackets and quotation marks.
fn value_length(text: &str) -> usize {
    // To Rust a single quotation mark is something else.
    if let Some(end) = text.strip_prefix('\'').and_then(|quoted| quoted.find('\'')) {
        return end + "''".len();
    }
    let lexed = LexedStr::new(Edition::CURRENT, text);
    let mut depth = 0_usize;
    for index in 0..lexed.len() {
        match lexed.kind(index) {
            SyntaxKind::L_PAREN | SyntaxKind::L_BRACK | SyntaxKind::L_CURLY => depth += 1,
            SyntaxKind::R_PAREN | SyntaxKind::R_BRACK | SyntaxKind::R_CURLY => depth = depth.saturating_sub(1),
            SyntaxKind::WHITESPACE if depth == 0 => return lexed.text_start(index),
            // What follows a word at once is no comment, but the second half of a URL.
            SyntaxKind::COMMENT if depth == 0 => {
                let start = lexed.text_start(index);
                return text[start..]
                    .find(char::is_whitespace)
                    .map_or(text.len(), |length| start + length);
            }
            _ => {}
        }
    }
    text.len()
}

/// A part of a cell without white space around it.
pub(super) fn trimmed(cell: &str, range: Range<usize>) -> Word<'_> {
    let text = &cell[range.clone()];
    let start = range.start + (text.len() - text.trim_start().len());
    let text = text.trim();
    Word {
        text,
        range: start..start + text.len(),
    }
}

/// Whether the text is a plain name.
pub(super) fn is_identifier(text: &str) -> bool {
    let lexed = LexedStr::new(Edition::CURRENT, text);
    lexed.len() == 1 && lexed.kind(0) == SyntaxKind::IDENT
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_know_where_they_stand() {
        let cell = "%%pool  -n 4   0..9 ";
        let mut words = Words::new(cell, 6..cell.len());
        let word = words.next().unwrap();
        assert_eq!((word.text, word.range), ("-n", 8..10));
        assert_eq!(words.next().unwrap().text, "4");
        let rest = words.rest();
        assert_eq!((rest.text, rest.range.clone()), ("0..9", 15..19));
        assert_eq!(&cell[rest.range], "0..9");
        words.next();
        assert_eq!(words.next(), None);
    }

    #[test]
    fn a_value_may_have_spaces_in_brackets_and_quotation_marks() {
        for (text, value, rest) in [
            ("[1, 2] -n 3", "[1, 2]", "-n 3"),
            ("\"a b\" x", "\"a b\"", "x"),
            ("'a b' x", "'a b'", "x"),
            ("v.iter().map(|x| x + 1) x", "v.iter().map(|x| x + 1)", "x"),
            (" 10s", "10s", ""),
            ("tcp://host:8786 0..3 -> x", "tcp://host:8786", "0..3 -> x"),
            ("tcp://[::1]:8786", "tcp://[::1]:8786", ""),
        ] {
            let mut words = Words::new(text, 0..text.len());
            let found = words.next_value().map(|word| word.text);
            assert_eq!((found, words.rest().text), (Some(value), rest), "{text}");
        }
        assert_eq!(Words::new("  ", 0..2).next_value(), None);
    }

    #[test]
    fn only_a_plain_name_is_an_identifier() {
        assert!(is_identifier("numbers") && is_identifier("r#type"));
        assert!(!is_identifier("a.b") && !is_identifier("&a") && !is_identifier("7") && !is_identifier(""));
    }
}

//! The words of a magic line and where they stand.

use std::ops::Range;

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

    /// All that is left, without white space around it.
    pub(super) fn rest(&self) -> Word<'a> {
        trimmed(self.cell, self.rest.clone())
    }
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
}

//! What follows the name of a magic that is a line.

use super::lines::{self, Line};
use super::magic_error::MagicError;
use super::magics::{self, MagicHelp};
use super::options::{self, Options};
use super::words::{Word, Words};

/// The name of a magic and what follows it.
pub(super) struct Arguments<'a> {
    pub(super) name: Word<'a>,
    words: Words<'a>,
}

impl<'a> Arguments<'a> {
    pub(super) fn of(cell: &'a str, line: &Line) -> Arguments<'a> {
        let text = lines::name_of(&cell[line.range.clone()]);
        let range = line.range.start..line.range.start + text.len();
        Arguments {
            words: Words::new(cell, range.end..line.range.end),
            name: Word { text, range },
        }
    }

    /// The next word, up to a comment.
    pub(super) fn next(&mut self) -> Option<Word<'a>> {
        let word = self.words.peek().filter(|word| !word.text.starts_with("//"))?;
        self.words.next();
        Some(word)
    }

    pub(super) fn take_if(&mut self, wanted: &str) {
        if self.words.peek().is_some_and(|word| word.text == wanted) {
            self.words.next();
        }
    }

    /// Takes the options in front of the rest.
    pub(super) fn options(&mut self, magic: &MagicHelp) -> Result<Options<'a>, MagicError> {
        Options::read(&mut self.words, magic)
    }

    /// Takes what stands before the next white space that is outside of quotation marks, and gives it without them.
    pub(super) fn next_path(&mut self) -> Option<Word<'a>> {
        let word = self.words.next_value()?;
        Some(Word {
            text: unquoted(word.text),
            range: word.range,
        })
    }

    pub(super) fn rest(&self) -> Word<'a> {
        self.words.rest()
    }

    /// Nothing may follow.
    pub(super) fn end(&self) -> Result<(), MagicError> {
        options::refuse_more(&self.words, format!("the magic is {}", self.usage()))
    }

    pub(super) fn usage(&self) -> String {
        magics::find(self.name.text).map_or_else(String::new, MagicHelp::usage)
    }
}

/// A text without the quotes around it.
pub(super) fn unquoted(text: &str) -> &str {
    let stripped = |quote: char| text.strip_prefix(quote)?.strip_suffix(quote);
    stripped('"').or_else(|| stripped('\'')).unwrap_or(text)
}

//! Reading a cell magic's options: which there are is in the table of magics, what they mean the magic knows.

use std::ops::Range;
use std::time::Duration;

use super::magic_error::{MagicError, suggestion};
use super::magics::{MagicHelp, OptionHelp};
use super::words::{Word, Words};
use crate::units::{duration, size};

/// An option as it was written.
#[derive(Clone, Debug)]
pub(super) struct Given<'a> {
    /// How the table names it.
    pub(super) name: &'static str,
    /// How it was written, without its value.
    pub(super) flag: Word<'a>,
    value: Option<Word<'a>>,
}

/// The options of one magic.
#[derive(Clone, Debug)]
pub(super) struct Options<'a>(Vec<Given<'a>>);

impl<'a> Options<'a> {
    /// Takes the options off the front of a line.
    pub(super) fn read(words: &mut Words<'a>, magic: &MagicHelp) -> Result<Options<'a>, MagicError> {
        let mut options: Vec<Given<'a>> = Vec::new();
        while let Some(word) = words.peek().filter(|word| is_option(word.text)) {
            if word.text == "--" {
                words.next();
                break;
            }
            let given = one(words, magic)?;
            if let Some(earlier) = options.iter().find(|earlier| earlier.name == given.name) {
                let message = format!("`{}` is given twice", given.name);
                let help = format!("leave one of the two out: the first is `{}`", earlier.text());
                return Err(MagicError::new(given.flag.range, message, "given again", help));
            }
            options.push(given);
        }
        Ok(Options(options))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Given<'a>> {
        self.0.iter().find(|given| given.name == name)
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The two cannot both be given; `reason` says why.
    pub(super) fn exclude(&self, one: &str, other: &str, reason: &str) -> Result<(), MagicError> {
        let (Some(one), Some(other)) = (self.get(one), self.get(other)) else {
            return Ok(());
        };
        let (first, second) = if one.flag.range.start < other.flag.range.start {
            (one, other)
        } else {
            (other, one)
        };
        Err(MagicError::new(
            second.flag.range.clone(),
            format!("`{}` contradicts `{}`", second.flag.text, first.flag.text),
            "contradicts",
            format!("{reason}: leave one of the two out"),
        ))
    }
}

/// Whether a word of a magic's line is meant as an option.
pub(super) fn is_option(word: &str) -> bool {
    word.starts_with('-') && word != "->"
}

/// Takes one option with its value.
fn one<'a>(words: &mut Words<'a>, magic: &MagicHelp) -> Result<Given<'a>, MagicError> {
    let (flag, has_value) = words.next_flag();
    let Some(option) = magic.option(flag.text) else {
        return Err(unknown_option(&flag, magic));
    };
    let value = match (option.value, has_value) {
        (None, false) => None,
        (None, true) => {
            let message = format!("`{}` takes no value", flag.text);
            let help = format!("write `{}` alone: it says to {}", flag.text, option.summary);
            let value = words.next_value().map_or(flag.range, |value| value.range);
            return Err(MagicError::new(value, message, "unexpected", help));
        }
        (Some(name), _) => Some(value(words, &flag, option, name, has_value)?),
    };
    Ok(Given {
        name: option.flag,
        flag,
        value,
    })
}

fn value<'a>(
    words: &mut Words<'a>,
    flag: &Word<'a>,
    option: &OptionHelp,
    name: &str,
    attached: bool,
) -> Result<Word<'a>, MagicError> {
    match words.next_value() {
        Some(value) if attached || value.text != "->" => Ok(value),
        _ => Err(MagicError::new(
            flag.range.clone(),
            format!("`{}` needs {name}", flag.text),
            "nothing follows",
            format!("write `{}`: {}", option.example(flag.text), option.summary),
        )),
    }
}

fn unknown_option(word: &Word<'_>, magic: &MagicHelp) -> MagicError {
    let flags = magic.options.iter().flat_map(OptionHelp::flags);
    let help = format!("{}the magic is {}", suggestion(word.text, flags), magic.usage());
    let message = format!("there is no option `{}`", word.text);
    MagicError::new(word.range.clone(), message, "unknown option", help)
}

impl<'a> Given<'a> {
    /// The option's value; empty for one that has none.
    pub(super) fn value(&self) -> Word<'a> {
        self.value.clone().unwrap_or(Word {
            text: "",
            range: self.flag.range.end..self.flag.range.end,
        })
    }

    /// The value as a number that is at least `least`.
    pub(super) fn number(&self, what: &str, least: usize) -> Result<usize, MagicError> {
        let value = self.value();
        let help = format!("give the number of {what}, for example `{} 4`", self.flag.text);
        let (message, label) = match value.text.parse::<usize>() {
            Ok(number) if number >= least => return Ok(number),
            Ok(number) => (
                format!("the number of {what} is {number}"),
                format!("must be at least {least}"),
            ),
            Err(_) => (
                format!("`{}` is not a number of {what}", value.text),
                if least == 0 {
                    "not a whole number".to_owned()
                } else {
                    "not a positive whole number".to_owned()
                },
            ),
        };
        Err(MagicError::new(value.range, message, label, help))
    }

    /// The value as a span of time.
    pub(super) fn duration(&self) -> Result<Duration, MagicError> {
        duration::parse(self.value().text).map_err(|error| self.wrong("a time", &error))
    }

    /// The value as a number of bytes.
    pub(super) fn size(&self) -> Result<u64, MagicError> {
        size::parse(self.value().text).map_err(|error| self.wrong("a size", &error))
    }

    fn wrong(&self, what: &str, error: &impl ToString) -> MagicError {
        let value = self.value();
        let message = format!("`{}` is not {what} for `{}`", value.text, self.flag.text);
        MagicError::new(value.range, message, format!("not {what}"), error.to_string())
    }

    /// As it was written.
    fn text(&self) -> String {
        match &self.value {
            Some(value) => format!("{} {}", self.flag.text, value.text),
            None => self.flag.text.to_owned(),
        }
    }
}

/// The code for a span of time.
pub(super) fn duration_code(duration: Duration) -> String {
    format!(
        "::std::time::Duration::new({}, {})",
        duration.as_secs(),
        duration.subsec_nanos()
    )
}

/// Refuses what follows on a line where nothing may, but a comment.
pub(super) fn refuse_more(words: &Words<'_>, help: impl Into<String>) -> Result<(), MagicError> {
    match words.peek().filter(|word| !word.text.starts_with("//")) {
        None => Ok(()),
        Some(word) => {
            let message = format!("`{}` is not expected here", word.text);
            Err(MagicError::new(word.range, message, "unexpected", help))
        }
    }
}

/// Refuses options behind what the magic is for. To Rust they would be a subtraction of something negative.
pub(super) fn refuse_behind(words: &Words<'_>, magic: &MagicHelp) -> Result<(), MagicError> {
    let mut words = words.clone();
    words.next_value();
    while let Some(word) = words.next_value() {
        let flag = word.text.split('=').next().unwrap_or_default();
        if flag.starts_with("--") && magic.option(flag).is_some() {
            let flag_range = word.range.start..word.range.start + flag.len();
            return Err(MagicError::new(
                flag_range,
                format!("`{flag}` stands behind the items"),
                "too late",
                format!("options come first, as in `{} {} ...`", magic.name, word.text),
            ));
        }
    }
    Ok(())
}

/// The part of a line behind its options, as far as they can be told.
pub(super) fn behind(words: &mut Words<'_>, magic: &MagicHelp) -> Range<usize> {
    while let Some(word) = words.peek().filter(|word| is_option(word.text)) {
        if word.text == "--" {
            words.next();
            break;
        }
        let (flag, has_value) = words.next_flag();
        if has_value || magic.option(flag.text).is_some_and(|option| option.value.is_some()) {
            words.next_value();
        }
    }
    words.rest().range
}

#[cfg(test)]
mod tests {
    use super::super::magics::magic;
    use super::*;

    fn read(line: &str) -> Result<Vec<(&'static str, String)>, (String, String)> {
        let mut words = Words::new(line, 0..line.len());
        let options = Options::read(&mut words, magic("%%pool").unwrap());
        let options = options.map_err(|error| (error.message, line[error.range].to_owned()))?;
        let mut read: Vec<_> = options
            .0
            .iter()
            .map(|given| (given.name, given.value().text.to_owned()))
            .collect();
        read.push(("rest", words.rest().text.to_owned()));
        Ok(read)
    }

    fn is(line: &str, expected: &[(&'static str, &str)]) {
        let expected = expected.iter().map(|(name, value)| (*name, (*value).to_owned()));
        assert_eq!(read(line), Ok(expected.collect()), "{line}");
    }

    #[test]
    fn values_stand_behind_a_space_or_an_equals_sign() {
        is("-n 4 x", &[("--workers", "4"), ("rest", "x")]);
        is(
            "--workers=4 -c=2 -k x -> y",
            &[
                ("--workers", "4"),
                ("--chunk-size", "2"),
                ("--keep-going", ""),
                ("rest", "x -> y"),
            ],
        );
        is("-k -- -3..3", &[("--keep-going", ""), ("rest", "-3..3")]);
        is("-> y", &[("rest", "-> y")]);
    }

    #[test]
    fn mistakes_are_pointed_at() {
        for (line, message, at) in [
            ("--wrokers 4 x", "there is no option `--wrokers`", "--wrokers"),
            ("--wrokers=4 x", "there is no option `--wrokers`", "--wrokers"),
            ("-n", "`-n` needs WORKERS", "-n"),
            ("-n= 3", "`-n` needs WORKERS", "-n"),
            ("--quiet=yes x", "`--quiet` takes no value", "yes"),
            ("-n 2 --workers 3 x", "`--workers` is given twice", "--workers"),
        ] {
            assert_eq!(read(line), Err((message.to_owned(), at.to_owned())), "{line}");
        }
    }
}

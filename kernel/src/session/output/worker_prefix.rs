//! What stands in front of each line of a worker: who printed it, in a colour of its own.

use anstyle::{AnsiColor, Style};

/// The themed colours that can be read on a light and on a dark background alike. Workers take turns with them.
const COLOURS: [AnsiColor; 12] = [
    AnsiColor::Blue,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Cyan,
    AnsiColor::Yellow,
    AnsiColor::Red,
    AnsiColor::BrightBlue,
    AnsiColor::BrightGreen,
    AnsiColor::BrightMagenta,
    AnsiColor::BrightCyan,
    AnsiColor::BrightYellow,
    AnsiColor::BrightRed,
];

/// Gives each worker of a cell a colour.
#[derive(Debug)]
pub(super) struct Colours {
    wanted: bool,
    taken: usize,
}

impl Colours {
    /// None where `NO_COLOR` says so (<https://no-color.org>).
    pub(super) fn wanted() -> Colours {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        Colours::new(!refused)
    }

    pub(super) fn new(wanted: bool) -> Colours {
        Colours { wanted, taken: 0 }
    }

    /// Another cell's workers begin with the first colour.
    pub(super) fn start_over(&mut self) {
        self.taken = 0;
    }

    /// The next worker's.
    pub(super) fn next(&mut self) -> Style {
        let colour = COLOURS[self.taken % COLOURS.len()];
        self.taken += 1;
        if self.wanted { colour.on_default() } else { Style::new() }
    }
}

/// What stands in front of a worker's lines; nothing where they are shown as they are.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Prefix(String);

impl Prefix {
    pub(super) fn new(pid: u32, name: Option<&str>, style: Style) -> Prefix {
        let who = name.unwrap_or("pid");
        Prefix(format!("{style}[{who} {pid}]{style:#} "))
    }

    pub(super) fn none() -> Prefix {
        Prefix(String::new())
    }

    pub(super) fn text(&self) -> &str {
        &self.0
    }

    /// As a line of its own; none where nothing stands in front of lines.
    pub(super) fn alone(&self) -> Option<&str> {
        Some(self.0.trim_end()).filter(|text| !text.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn workers_take_turns_with_the_colours() {
        let mut colours = Colours::new(true);
        let first = colours.next();
        assert_ne!(colours.next(), first);
        let prefix = Prefix::new(7, None, first);
        assert_eq!(prefix.text(), "\u{1b}[34m[pid 7]\u{1b}[0m ");
        colours.start_over();
        assert_eq!(colours.next(), first);
    }

    #[test]
    fn a_name_takes_the_place_of_the_word_and_colours_can_be_refused() {
        let mut colours = Colours::new(false);
        assert_eq!(Prefix::new(7, Some("reader"), colours.next()).text(), "[reader 7] ");
        assert_eq!(Prefix::none().text(), "");
        assert_eq!(Prefix::none().alone(), None);
        assert_eq!(Prefix::new(7, None, Style::new()).alone(), Some("[pid 7]"));
    }
}

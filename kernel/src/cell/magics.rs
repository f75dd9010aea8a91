//! The magics and their options, each with a line of help: what completion offers and inspection shows.

/// A magic, as it is explained to people.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct MagicHelp {
    /// With its `%%`, or with `%` where it takes a line.
    pub(crate) name: &'static str,
    /// What it does, in a sentence.
    pub(crate) summary: &'static str,
    /// How it is written.
    pub(crate) usage: &'static str,
    pub(crate) options: &'static [OptionHelp],
}

/// An option of a magic.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct OptionHelp {
    /// As it is written, with its dashes.
    pub(crate) flag: &'static str,
    /// What follows it, if something does.
    pub(crate) value: Option<&'static str>,
    /// What it does, in a few words.
    pub(crate) summary: &'static str,
}

/// All magics.
pub(crate) static MAGICS: &[MagicHelp] = &[
    MagicHelp {
        name: "%%pool",
        summary: "Applies the cell's last function, or the closure that it ends with, to every item in worker processes.",
        usage: super::pool::USAGE,
        options: &[
            with_value("-n", "WORKERS", "the number of worker processes"),
            with_value("--workers", "WORKERS", "the number of worker processes"),
            with_value("-c", "CHUNK", "how many items a worker takes at a time"),
            with_value("--chunk-size", "CHUNK", "how many items a worker takes at a time"),
            plain("-k", "run every item, also when some fail; the results are `Result`s"),
            plain(
                "--keep-going",
                "run every item, also when some fail; the results are `Result`s",
            ),
            plain("--", "what follows is ITEMS, even if it begins with a dash"),
        ],
    },
    MagicHelp {
        name: "%%process",
        summary: "Runs the cell's function or closure, or its statements, in processes of their own and waits for them.",
        usage: super::process::USAGE,
        options: &[
            with_value("-n", "COUNT", "the number of processes"),
            with_value("--count", "COUNT", "the number of processes"),
        ],
    },
];

const fn plain(flag: &'static str, summary: &'static str) -> OptionHelp {
    OptionHelp {
        flag,
        value: None,
        summary,
    }
}

const fn with_value(flag: &'static str, value: &'static str, summary: &'static str) -> OptionHelp {
    OptionHelp {
        flag,
        value: Some(value),
        summary,
    }
}

/// The magics, those of cells and those of lines.
pub(crate) fn magics() -> &'static [MagicHelp] {
    MAGICS
}

/// The magic of this name, which comes with its `%%` or `%`.
pub(crate) fn magic(name: &str) -> Option<&'static MagicHelp> {
    MAGICS.iter().find(|magic| magic.name == name)
}

/// Whether a line is a line magic.
pub(super) fn is_magic_line(line: &str) -> bool {
    line.split_whitespace()
        .next()
        .and_then(magic)
        .is_some_and(|magic| !magic.takes_cell())
}

impl MagicHelp {
    /// Whether it takes a whole cell, and not just a line.
    pub(crate) fn takes_cell(&self) -> bool {
        self.name.starts_with("%%")
    }

    /// The option that is written so.
    pub(crate) fn option(&self, flag: &str) -> Option<&'static OptionHelp> {
        self.options.iter().find(|option| option.flag == flag)
    }
}

impl OptionHelp {
    /// How it is written, with what follows it.
    pub(crate) fn usage(&self) -> String {
        match self.value {
            Some(value) => format!("{} {value}", self.flag),
            None => self.flag.to_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_that_is_explained_is_understood() {
        for magic in magics() {
            assert!(magic.usage.starts_with(magic.name), "{magic:?}");
            for option in magic
                .options
                .iter()
                .filter(|_| ["%%pool", "%%process"].contains(&magic.name))
            {
                let value = if option.value.is_some() { " 2" } else { "" };
                let items = if magic.name == "%%pool" { " 0..3" } else { "" };
                let cell = format!("{} {}{value}{items}\nfn f(x: u8) {{}}", magic.name, option.flag);
                super::super::rewrite::tests::rewritten(&cell);
            }
        }
    }
}

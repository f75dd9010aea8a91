//! All magics, with their help: what `%lsmagic` and `%help` print, what completion offers and inspection shows, and where
//! misspelt names are looked up.

mod table;

pub(crate) use table::MAGICS;

/// A magic as a person is told about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct MagicHelp {
    /// With its signs, as `%%pool`.
    pub(crate) name: &'static str,
    /// What it does, in a line.
    pub(crate) summary: &'static str,
    /// What follows its name and its options.
    operands: &'static str,
    pub(crate) options: &'static [OptionHelp],
}

/// An option of a magic.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct OptionHelp {
    pub(crate) flag: &'static str,
    /// The flag of one letter, where there is one.
    pub(crate) short: Option<&'static str>,
    /// What follows the option, where something does.
    pub(crate) value: Option<&'static str>,
    /// A value for messages that show how it is written.
    example: &'static str,
    /// Whether it cannot be given together with the one in front of it.
    excludes_previous: bool,
    pub(crate) summary: &'static str,
    /// What holds without it.
    pub(crate) default: Option<&'static str>,
}

/// The sign of a shell command, which is listed with the magics.
pub(crate) const SHELL: &str = "!";

/// The magic of this name; line magics and cell magics that have no namesake are also found without their signs.
pub(super) fn find(name: &str) -> Option<&'static MagicHelp> {
    magic(name)
        .or_else(|| magic(&format!("%{name}")))
        .or_else(|| magic(&format!("%%{name}")))
}

/// The magic of this name, for the code that rewrites it.
pub(super) fn known(name: &'static str) -> &'static MagicHelp {
    match magic(name) {
        Some(magic) => magic,
        None => unreachable!("{name} is in the table"),
    }
}

/// The names of the magics that stand in front of a whole cell.
pub(super) fn cell_magics() -> impl Iterator<Item = &'static str> {
    names(|magic| magic.takes_cell())
}

/// The names of the magics that are a line.
pub(super) fn line_magics() -> impl Iterator<Item = &'static str> {
    names(|magic| !magic.takes_cell() && magic.name != SHELL)
}

fn names(wanted: fn(&MagicHelp) -> bool) -> impl Iterator<Item = &'static str> {
    MAGICS.iter().filter(move |magic| wanted(magic)).map(|magic| magic.name)
}

/// The magic of this name, which comes with its `%%` or `%`.
pub(crate) fn magic(name: &str) -> Option<&'static MagicHelp> {
    MAGICS.iter().find(|magic| magic.name == name)
}

impl MagicHelp {
    /// Whether it takes a whole cell, and not just a line.
    pub(crate) fn takes_cell(&self) -> bool {
        self.name.starts_with("%%")
    }

    /// How it is written: its name, its options in their shortest form, and what they are for.
    pub(crate) fn usage(&self) -> String {
        let mut options: Vec<String> = Vec::new();
        for option in self.options {
            match options.last_mut().filter(|_| option.excludes_previous) {
                Some(alternatives) => *alternatives = format!("{alternatives} | {}", option.shortest()),
                None => options.push(option.shortest()),
            }
        }
        let mut usage = self.name.to_owned();
        usage.extend(options.iter().map(|option| format!(" [{option}]")));
        if !self.operands.is_empty() && self.name != SHELL {
            usage.push(' ');
        }
        usage + self.operands
    }

    /// The option that is written so.
    pub(crate) fn option(&self, flag: &str) -> Option<&'static OptionHelp> {
        self.options
            .iter()
            .find(|option| option.flags().any(|known| known == flag))
    }
}

impl OptionHelp {
    /// All ways to write it.
    pub(crate) fn flags(&self) -> impl Iterator<Item = &'static str> + use<> {
        self.short.into_iter().chain([self.flag])
    }

    /// How it is written, with what follows it.
    pub(crate) fn usage(&self) -> String {
        let flags: Vec<_> = self.flags().collect();
        let flags = flags.join(", ");
        match self.value {
            Some(value) => format!("{flags} {value}"),
            None => flags,
        }
    }

    fn shortest(&self) -> String {
        let flag = self.short.unwrap_or(self.flag);
        match self.value {
            Some(value) => format!("{flag} {value}"),
            None => flag.to_owned(),
        }
    }

    /// What it does, and what holds without it.
    pub(crate) fn description(&self) -> String {
        match self.default {
            Some(default) => format!("{} (default: {default})", self.summary),
            None => self.summary.to_owned(),
        }
    }

    /// How it is written, for example.
    pub(super) fn example(&self, flag: &str) -> String {
        format!("{flag} {}", self.example)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn magics_are_found_with_and_without_their_signs() {
        let name = |wanted: &str| find(wanted).map(|magic| magic.name);
        assert_eq!(name("%%pool"), Some("%%pool"));
        assert_eq!(name("pool"), Some("%%pool"));
        assert_eq!(name("who"), Some("%who"));
        assert_eq!(name("time"), Some("%time"));
        assert_eq!(name("%%time"), Some("%%time"));
        assert_eq!(name("!"), Some("!"));
        assert_eq!(name("nothing"), None);
    }

    #[test]
    fn help_is_one_line_each_and_begins_with_the_name() {
        for magic in MAGICS {
            assert!(!magic.summary.contains('\n') && magic.summary.len() < 80, "{magic:?}");
            assert!(magic.usage().starts_with(magic.name), "{magic:?}");
        }
    }

    #[test]
    fn the_usage_is_made_of_the_options() {
        let usage = |name| known(name).usage();
        assert_eq!(
            usage("%%pool"),
            "%%pool [-n WORKERS] [-c CHUNK] [--fn NAME] [--unordered] [-k] [--timeout TIME] [--retries N] \
             [--memory SIZE] [--grouped] [--quiet | --raw] [--profile] [--no-progress | --widget] [--cluster URL] [--] ITEMS \
             [-> NAME | (NAME, ...)]"
        );
        assert_eq!(
            usage("%%process"),
            "%%process [-n COUNT | --args ITEMS] [--name NAME] [--daemon] [--timeout TIME] [--memory SIZE] \
             [--quiet | --raw] [-> NAME | (NAME, ...)]"
        );
        assert_eq!(
            usage("%timeit"),
            "%timeit [-n LOOPS] [-r RUNS] [--] EXPRESSION or STATEMENT"
        );
        assert_eq!(usage("%%timeit"), "%%timeit [-n LOOPS] [-r RUNS]");
        assert_eq!(usage("%%writefile"), "%%writefile [-a] PATH");
        assert_eq!(usage("%who"), "%who");
        assert_eq!(usage("!"), "!COMMAND");
    }

    #[test]
    fn every_option_that_is_explained_is_understood() {
        for magic in MAGICS
            .iter()
            .filter(|magic| magic.takes_cell() && magic.name != "%%writefile")
        {
            for (option, flag) in magic
                .options
                .iter()
                .flat_map(|option| option.flags().map(move |flag| (option, flag)))
            {
                let usage = magic.usage();
                assert!(usage.contains(option.flag) || option.short.is_some_and(|short| usage.contains(short)));
                let value = match option.flag {
                    "--fn" => " f",
                    _ => option.example,
                };
                let items = if magic.name == "%%pool" { " 0..3" } else { "" };
                let cell = format!("{} {flag} {value}{items}\nfn f(x: u8) {{}}", magic.name);
                super::super::rewrite::tests::rewritten(&cell);
            }
        }
    }
}

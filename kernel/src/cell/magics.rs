//! All magics, with their help: what `%lsmagic` and `%help` print, what completion offers and inspection shows, and where
//! misspelt names are looked up.

/// A magic as a person is told about it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct MagicHelp {
    /// With its signs, as `%%pool`.
    pub(crate) name: &'static str,
    /// What it does, in a line.
    pub(crate) summary: &'static str,
    pub(crate) usage: &'static str,
    pub(crate) options: &'static [OptionHelp],
}

/// An option of a magic.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct OptionHelp {
    pub(crate) flag: &'static str,
    /// What follows the option, where something does.
    pub(crate) value: Option<&'static str>,
    pub(crate) summary: &'static str,
}

/// The sign of a shell command, which is listed with the magics.
pub(crate) const SHELL: &str = "!";

pub(crate) static MAGICS: &[MagicHelp] = &[
    MagicHelp {
        name: "%%pool",
        summary: "map a function over items in worker processes",
        usage: super::pool::USAGE,
        options: &[
            with_value("-n", "WORKERS", "how many workers; one for each core if not given"),
            with_value(
                "--workers",
                "WORKERS",
                "how many workers; one for each core if not given",
            ),
            with_value("-c", "CHUNK", "how many items a worker takes at once"),
            with_value("--chunk-size", "CHUNK", "how many items a worker takes at once"),
            plain("-k", "run every item, also after a failure; the results are `Result`s"),
            plain(
                "--keep-going",
                "run every item, also after a failure; the results are `Result`s",
            ),
            plain("--", "what follows is ITEMS, even if it begins with a dash"),
        ],
    },
    MagicHelp {
        name: "%%process",
        summary: "run the cell's function or statements in processes of their own",
        usage: super::process::USAGE,
        options: &[
            with_value("-n", "COUNT", "how many processes"),
            with_value("--count", "COUNT", "how many processes"),
        ],
    },
    MagicHelp {
        name: "%%time",
        summary: "run the cell and say how long compiling and running it took",
        usage: "%%time",
        options: &[],
    },
    MagicHelp {
        name: "%%bash",
        summary: "run the cell as a bash script",
        usage: "%%bash",
        options: &[],
    },
    MagicHelp {
        name: "%%writefile",
        summary: "write the cell to a file",
        usage: "%%writefile [-a] PATH",
        options: &[
            plain("-a", "append to the file"),
            plain("--append", "append to the file"),
        ],
    },
    MagicHelp {
        name: "%who",
        summary: "list the variables and their types",
        usage: "%who",
        options: &[],
    },
    MagicHelp {
        name: "%reset",
        summary: "forget all variables, items and imports; crates stay",
        usage: "%reset",
        options: &[],
    },
    MagicHelp {
        name: "%time",
        summary: "run the rest of the line and say how long it took",
        usage: "%time EXPRESSION or STATEMENT",
        options: &[],
    },
    MagicHelp {
        name: "%timeline",
        summary: "show what the workers of the last map did when",
        usage: "%timeline",
        options: &[],
    },
    MagicHelp {
        name: "%checkpoint",
        summary: "say, or choose, whether variables survive a crash",
        usage: "%checkpoint [on|off]",
        options: &[],
    },
    MagicHelp {
        name: "%cd",
        summary: "change the working directory",
        usage: "%cd [DIRECTORY|-]",
        options: &[],
    },
    MagicHelp {
        name: "%pwd",
        summary: "print the working directory",
        usage: "%pwd",
        options: &[],
    },
    MagicHelp {
        name: "%env",
        summary: "print or set environment variables",
        usage: "%env [NAME | NAME=VALUE]",
        options: &[],
    },
    MagicHelp {
        name: "%lsmagic",
        summary: "list all magics",
        usage: "%lsmagic",
        options: &[],
    },
    MagicHelp {
        name: "%help",
        summary: "explain a magic, or list them all",
        usage: "%help [MAGIC]",
        options: &[],
    },
    MagicHelp {
        name: SHELL,
        summary: "run a command in a shell",
        usage: "!COMMAND",
        options: &[],
    },
];

/// The magic of this name; line magics and cell magics that have no namesake are also found without their signs.
pub(super) fn find(name: &str) -> Option<&'static MagicHelp> {
    magic(name)
        .or_else(|| magic(&format!("%{name}")))
        .or_else(|| magic(&format!("%%{name}")))
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

/// The magic of this name, which comes with its `%%` or `%`.
pub(crate) fn magic(name: &str) -> Option<&'static MagicHelp> {
    MAGICS.iter().find(|magic| magic.name == name)
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
            assert!(magic.usage.starts_with(magic.name), "{magic:?}");
        }
    }
    #[test]
    fn every_option_that_is_explained_is_understood() {
        for magic in MAGICS {
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

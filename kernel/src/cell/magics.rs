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
    /// The flag of one letter, where there is one.
    pub(crate) short: Option<&'static str>,
    /// What follows the option, where something does.
    pub(crate) value: Option<&'static str>,
    /// A value for messages that show how it is written.
    example: &'static str,
    pub(crate) summary: &'static str,
    /// What holds without it.
    pub(crate) default: Option<&'static str>,
}

/// The sign of a shell command, which is listed with the magics.
pub(crate) const SHELL: &str = "!";

/// How output is shown without an option.
const SHOWN: &str = "lines with the process in front";

/// What `%timeit` and `%%timeit` can be told.
const TIMEIT: &[OptionHelp] = &[
    with_value("--loops", "LOOPS", "1000", "run it this often in each run")
        .short("-n")
        .default("as often as takes 0.2 s"),
    with_value("--runs", "RUNS", "3", "tell the mean of this many runs")
        .short("-r")
        .default("7"),
];

pub(crate) static MAGICS: &[MagicHelp] = &[
    MagicHelp {
        name: "%%pool",
        summary: "map a function over items in worker processes",
        usage: super::pool::USAGE,
        options: &[
            with_value("--workers", "WORKERS", "4", "run this many workers")
                .short("-n")
                .default("one for each core"),
            with_value("--chunk-size", "CHUNK", "16", "give a worker this many items at once")
                .short("-c")
                .default("as many as pays"),
            with_value(
                "--fn",
                "NAME",
                "square",
                "apply this function, of this cell or an earlier one",
            )
            .default("the cell's last"),
            plain("--unordered", "give the results in the order in which they are done")
                .default("in that of the items"),
            plain(
                "--keep-going",
                "run every item, also after a failure; the results are `Result`s",
            )
            .short("-k")
            .default("the first failure ends the cell"),
            with_value(
                "--timeout",
                "TIME",
                "10s",
                "end an item that takes longer, such as 10s or 1m30s",
            )
            .default("no limit"),
            with_value("--retries", "N", "2", "try an item that failed this many more times").default("0"),
            with_value(
                "--memory",
                "SIZE",
                "2GiB",
                "let each worker allocate at most this, such as 512MiB or 2GiB",
            )
            .default("no limit"),
            plain(
                "--grouped",
                "show what is printed for each item together, in the order of the results",
            )
            .default("as it comes"),
            plain("--quiet", "show nothing of what workers print").default(SHOWN),
            plain("--raw", "show what workers print without the process in front").default(SHOWN),
            plain(
                "--profile",
                "measure the speed-up, which runs items a second time, in one worker",
            )
            .default("every item is run once"),
            plain(
                "--no-progress",
                "do not show how far a map is that takes longer than a second",
            )
            .default("it is shown"),
            with_value(
                "--cluster",
                "URL",
                "tcp://127.0.0.1:8786",
                "run the items on the workers of the Dask cluster that has its scheduler there",
            )
            .default("on this machine"),
            plain("--", "take what follows as ITEMS, even if it begins with a dash"),
        ],
    },
    MagicHelp {
        name: "%%process",
        summary: "run the cell's function or statements in processes of their own",
        usage: super::process::USAGE,
        options: &[
            with_value("--count", "COUNT", "4", "run this many processes, each with its index")
                .short("-n")
                .default("1"),
            with_value(
                "--args",
                "ITEMS",
                "[1, 2, 3]",
                "run a process for each item, which is its argument",
            ),
            with_value(
                "--name",
                "NAME",
                "worker",
                "show this name in front of what a process prints; of several, NAME-0, NAME-1 and so on",
            )
            .default("`pid`"),
            plain(
                "--daemon",
                "go on without waiting; the processes end with the notebook or at `%reset`",
            )
            .default("the cell waits"),
            with_value(
                "--timeout",
                "TIME",
                "10s",
                "kill what still runs then, such as 10s or 1m30s",
            )
            .default("no limit"),
            with_value(
                "--memory",
                "SIZE",
                "2GiB",
                "let each process allocate at most this, such as 512MiB or 2GiB",
            )
            .default("no limit"),
            plain("--quiet", "show nothing of what the processes print").default(SHOWN),
            plain("--raw", "show what the processes print without the process in front").default(SHOWN),
        ],
    },
    MagicHelp {
        name: "%%time",
        summary: "run the cell and say how long compiling and running it took",
        usage: "%%time",
        options: &[],
    },
    MagicHelp {
        name: "%%timeit",
        summary: "run the cell again and again and say how long it takes",
        usage: "%%timeit [-n LOOPS] [-r RUNS]",
        options: TIMEIT,
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
        options: &[plain("--append", "append to the file")
            .short("-a")
            .default("replace it")],
    },
    document("%%html", "show the cell as HTML"),
    document("%%latex", "show the cell as LaTeX"),
    document("%%markdown", "show the cell as Markdown"),
    document("%%svg", "show the cell as an SVG image"),
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
        name: "%timeit",
        summary: "run the rest of the line again and again and say how long it takes",
        usage: "%timeit [-n LOOPS] [-r RUNS] [--] EXPRESSION or STATEMENT",
        options: TIMEIT,
    },
    MagicHelp {
        name: "%timeline",
        summary: "show what the workers of the last map did when",
        usage: "%timeline",
        options: &[],
    },
    MagicHelp {
        name: "%workers",
        summary: "show the worker processes, and what they do while the cell waits for them",
        usage: "%workers",
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

/// A magic for a document, which has nothing but its name.
const fn document(name: &'static str, summary: &'static str) -> MagicHelp {
    MagicHelp {
        name,
        summary,
        usage: name,
        options: &[],
    }
}

const fn plain(flag: &'static str, summary: &'static str) -> OptionHelp {
    OptionHelp {
        flag,
        short: None,
        value: None,
        example: "",
        summary,
        default: None,
    }
}

const fn with_value(
    flag: &'static str,
    value: &'static str,
    example: &'static str,
    summary: &'static str,
) -> OptionHelp {
    OptionHelp {
        value: Some(value),
        example,
        ..plain(flag, summary)
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
        self.options
            .iter()
            .find(|option| option.flags().any(|known| known == flag))
    }
}

impl OptionHelp {
    const fn short(self, short: &'static str) -> OptionHelp {
        OptionHelp {
            short: Some(short),
            ..self
        }
    }

    const fn default(self, default: &'static str) -> OptionHelp {
        OptionHelp {
            default: Some(default),
            ..self
        }
    }

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
            assert!(magic.usage.starts_with(magic.name), "{magic:?}");
        }
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
                assert!(
                    magic.usage.contains(option.flag) || option.short.is_some_and(|short| magic.usage.contains(short))
                );
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

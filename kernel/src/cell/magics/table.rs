//! The table of all magics and their options.

use super::{MagicHelp, OptionHelp, SHELL};

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

/// In the order in which they are listed.
pub(crate) static MAGICS: &[MagicHelp] = &[
    MagicHelp {
        name: "%%pool",
        summary: "map a function over items in worker processes",
        operands: "ITEMS [-> NAME | (NAME, ...)]",
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
            plain("--raw", "show what workers print without the process in front")
                .or_instead()
                .default(SHOWN),
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
            plain(
                "--widget",
                "show it as a widget, with buttons that stop the map or a worker",
            )
            .or_instead()
            .default("as text"),
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
        operands: "[-> NAME | (NAME, ...)]",
        options: &[
            with_value("--count", "COUNT", "4", "run this many processes, each with its index")
                .short("-n")
                .default("1"),
            with_value(
                "--args",
                "ITEMS",
                "[1, 2, 3]",
                "run a process for each item, which is its argument",
            )
            .or_instead(),
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
            plain("--raw", "show what the processes print without the process in front")
                .or_instead()
                .default(SHOWN),
        ],
    },
    without_options(
        "%%time",
        "",
        "run the cell and say how long compiling and running it took",
    ),
    MagicHelp {
        name: "%%timeit",
        summary: "run the cell again and again and say how long it takes",
        operands: "",
        options: TIMEIT,
    },
    without_options(
        "%%capture",
        "[NAME]",
        "keep what the cell prints and shows in a variable",
    ),
    without_options("%%fmt", "", "lay the cell out as rustfmt does, without running it"),
    without_options("%%bash", "", "run the cell as a bash script"),
    MagicHelp {
        name: "%%writefile",
        summary: "write the cell to a file",
        operands: "PATH",
        options: &[plain("--append", "append to the file")
            .short("-a")
            .default("replace it")],
    },
    without_options("%%html", "", "show the cell as HTML"),
    without_options("%%latex", "", "show the cell as LaTeX"),
    without_options("%%markdown", "", "show the cell as Markdown"),
    without_options("%%svg", "", "show the cell as an SVG image"),
    without_options("%who", "", "list the variables and their types"),
    without_options("%whos", "", "show the variables with their types, sizes and values"),
    without_options("%reset", "", "forget all variables, items and imports; crates stay"),
    without_options(
        "%time",
        "EXPRESSION or STATEMENT",
        "run the rest of the line and say how long it took",
    ),
    MagicHelp {
        name: "%timeit",
        summary: "run the rest of the line again and again and say how long it takes",
        operands: "[--] EXPRESSION or STATEMENT",
        options: TIMEIT,
    },
    without_options("%timeline", "", "show what the workers of the last map did when"),
    MagicHelp {
        name: "%workers",
        summary: "show the worker processes, and what they do while the cell waits",
        operands: "",
        options: &[with_value("--stop", "PID", "4711", "tell this one to end")],
    },
    without_options(
        "%checkpoint",
        "[on|off]",
        "say, or choose, whether variables survive a crash",
    ),
    without_options("%cd", "[DIRECTORY|-]", "change the working directory"),
    without_options("%pwd", "", "print the working directory"),
    without_options("%env", "[NAME | NAME=VALUE]", "print or set environment variables"),
    MagicHelp {
        name: "%history",
        summary: "print the code of earlier cells",
        operands: "[CELLS ...]",
        options: &[
            plain("--numbers", "put the number of each in front").short("-n"),
            with_value("--grep", "TEXT", "vec", "only of those that have this in it").short("-g"),
        ],
    },
    MagicHelp {
        name: "%save",
        summary: "write the code of earlier cells to a file",
        operands: "FILE [CELLS ...]",
        options: &[plain("--force", "replace the file")
            .short("-f")
            .default("it must not exist")],
    },
    without_options(
        "%fmt",
        "[CELLS ...]",
        "put earlier cells, or the last one, in the place of the cell, laid out",
    ),
    without_options("%run", "FILE", "run a file of Rust, or the cells of a notebook"),
    without_options("%load", "FILE", "put the text of a file in the place of the cell"),
    without_options(
        "%precision",
        "[DIGITS]",
        "show numbers with this many digits behind the point",
    ),
    without_options("%pinfo", "NAME", "show the documentation of something, as `?NAME` does"),
    without_options("%pinfo2", "NAME", "show the source of something, as `??NAME` does"),
    without_options("%lsmagic", "", "list all magics"),
    without_options("%help", "[MAGIC]", "explain a magic, or list them all"),
    without_options(SHELL, "COMMAND", "run a command in a shell"),
];

/// A magic that has no options.
const fn without_options(name: &'static str, operands: &'static str, summary: &'static str) -> MagicHelp {
    MagicHelp {
        name,
        summary,
        operands,
        options: &[],
    }
}

const fn plain(flag: &'static str, summary: &'static str) -> OptionHelp {
    OptionHelp {
        flag,
        short: None,
        value: None,
        example: "",
        excludes_previous: false,
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

    /// Written instead of the option in front of it: they exclude each other.
    const fn or_instead(self) -> OptionHelp {
        OptionHelp {
            excludes_previous: true,
            ..self
        }
    }
}

//! Commands to the engine, such as `:dep`, each with a line of help. They are named as evcxr's are, of which people know them.

/// A command and what it does.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) struct CommandHelp {
    /// With its colon.
    pub(crate) name: &'static str,
    /// How it is written.
    pub(crate) usage: &'static str,
    /// What it does, in a sentence.
    pub(crate) summary: &'static str,
}

/// All commands.
pub(crate) static COMMANDS: &[CommandHelp] = &[
    command(
        ":build_env",
        ":build_env KEY=VALUE",
        "Sets an environment variable for compiling.",
    ),
    command(":clear", ":clear", "Forgets all variables, items and dependencies."),
    command(
        ":dep",
        ":dep NAME [= \"VERSION\" | = { ... }]",
        "Adds a crate, as a line of Cargo.toml would.",
    ),
    command(
        ":doc",
        ":doc NAME",
        "Shows the documentation of a variable, keyword, type or module.",
    ),
    command(
        ":efmt",
        ":efmt [FORMAT]",
        "Sets or says how errors returned by `?` are shown.",
    ),
    command(
        ":env",
        ":env KEY=VALUE",
        "Sets an environment variable; it counts after `:restart`.",
    ),
    command(":explain", ":explain", "Explains the compiler's last error."),
    command(":help", ":help", "Lists the commands."),
    command(
        ":last_compile_dir",
        ":last_compile_dir",
        "Says in which directory the last cell was compiled.",
    ),
    command(
        ":last_error_json",
        ":last_error_json",
        "Shows the compiler's last error as JSON.",
    ),
    command(":offline", ":offline 0|1", "Whether cargo must do without the network."),
    command(
        ":opt",
        ":opt [0 | 1 | 2 | 3]",
        "Sets the level of optimization; without one, turns it on or off.",
    ),
    command(":quit", ":quit", "Ends the kernel."),
    command(
        ":restart",
        ":restart",
        "Starts the notebook's process anew; all variables are lost.",
    ),
    command(":show_deps", ":show_deps", "Lists the crates that were added."),
    command(":t", ":t NAME", "Says the type of a variable."),
    command(
        ":timing",
        ":timing",
        "Turns on or off that it is said how long each phase of a cell took.",
    ),
    command(":toolchain", ":toolchain [NAME]", "Sets or says the toolchain."),
    command(":type", ":type NAME", "Says the type of a variable."),
    command(":vars", ":vars", "Lists the variables and their types."),
    command(":version", ":version", "Says parcell's version."),
];

const fn command(name: &'static str, usage: &'static str, summary: &'static str) -> CommandHelp {
    CommandHelp { name, usage, summary }
}

/// The commands.
pub(crate) fn commands() -> &'static [CommandHelp] {
    COMMANDS
}

/// Whether a line is one of a command, where commands are read.
pub(super) fn is_command_line(line: &str) -> bool {
    line.trim_start_matches(' ').starts_with('!') || is_engine_command(line)
}

/// Whether a line in front of code is a command to the engine.
pub(crate) fn is_engine_command(line: &str) -> bool {
    let line = line.trim_start_matches(' ');
    line.starts_with(':') && !line.starts_with("::")
}

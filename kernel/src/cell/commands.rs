//! evcxr's commands, each with a line of help. It has no list of them that could be asked for.

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
        ":allow_static_linking",
        ":allow_static_linking 0|1",
        "Whether dependencies may be linked statically.",
    ),
    command(
        ":build_env",
        ":build_env KEY=VALUE",
        "Sets an environment variable for compiling.",
    ),
    command(
        ":cache",
        ":cache [MIB]",
        "Sets the size of the cache of compiled crates, or says how it is used; 0 turns it off.",
    ),
    command(":clear", ":clear", "Forgets all variables, items and dependencies."),
    command(":clear_cache", ":clear_cache", "Empties the cache of compiled crates."),
    command(
        ":codegen_backend",
        ":codegen_backend [NAME]",
        "Sets or says the compiler's backend; needs a nightly compiler.",
    ),
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
    command(
        ":fmt",
        ":fmt [FORMAT]",
        "Sets the format of values; without one, `{:?}`.",
    ),
    command(":help", ":help", "Lists the commands."),
    command(
        ":internal_debug",
        ":internal_debug",
        "Turns evcxr's own debugging output on or off.",
    ),
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
    command(":linker", ":linker [system | lld | mold]", "Sets or says the linker."),
    command(
        ":load_config",
        ":load_config [--quiet]",
        "Reads evcxr's configuration files again.",
    ),
    command(":offline", ":offline 0|1", "Whether cargo must do without the network."),
    command(
        ":opt",
        ":opt [0 | 1 | 2]",
        "Sets the level of optimization; without one, turns it on or off.",
    ),
    command(
        ":preserve_vars_on_panic",
        ":preserve_vars_on_panic 0|1",
        "Whether variables are to be kept after a panic.",
    ),
    command(":quit", ":quit", "Ends the kernel."),
    command(
        ":restart",
        ":restart",
        "Starts the notebook's process anew; all variables are lost.",
    ),
    command(":sccache", ":sccache 0|1", "Whether sccache is used for compiling."),
    command(":show_deps", ":show_deps", "Lists the crates that were added."),
    command(":t", ":t NAME", "Says the type of a variable."),
    command(
        ":time_passes",
        ":time_passes",
        "Turns the compiler's timings on or off; needs a nightly compiler.",
    ),
    command(":timing", ":timing", "Turns on or off how long cells took."),
    command(":toolchain", ":toolchain [NAME]", "Sets or says the toolchain."),
    command(":type", ":type NAME", "Says the type of a variable."),
    command(
        ":types",
        ":types",
        "Turns on or off that values are shown with their types.",
    ),
    command(":vars", ":vars", "Lists the variables and their types."),
    command(":version", ":version", "Says evcxr's version."),
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
    let line = line.trim_start_matches(' ');
    line.starts_with('!') || (line.starts_with(':') && !line.starts_with("::"))
}

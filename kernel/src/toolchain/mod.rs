//! What stands between evcxr and the Rust toolchain.
//!
//! evcxr asks rustup for cargo, runs cargo, and cargo runs rustc through a wrapper. This executable plays all three
//! parts and hands over to the real tools: `rustup` points evcxr at our cargo, `cargo` keeps Cargo.lock from being
//! rewritten while a dependency is tried out and leaves itself out where it can, and `rustc` takes evcxr's control lines out of the cells' output.

mod analysis_source;
mod cargo;
mod cell_source;
mod compilation;
pub(crate) mod dependencies;
mod identities;
pub(crate) mod progress;
mod rustc;
mod rustup;

pub(crate) use identities::Identities;

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// The real cargo, for our cargo.
const CARGO_VARIABLE: &str = "PARCELL_CARGO";
/// Set by evcxr where cargo is to run this executable in the place of rustc.
const WRAPPER_VARIABLE: &str = "EVCXR_RUSTC_WRAPPER";
/// The file in the session's directory that holds the number of the cell being compiled.
pub(crate) const CELL_NUMBER_FILE: &str = "cell";

/// Plays the tool that this process was started as, or returns None where it was started as itself.
pub(crate) fn run(arguments: &[std::ffi::OsString]) -> Option<ExitCode> {
    let name = Path::new(arguments.first()?).file_name().and_then(OsStr::to_str)?;
    match name {
        "rustup" => Some(rustup::main(&arguments[1..])),
        "cargo" => Some(cargo::main(&arguments[1..])),
        _ if std::env::var_os(WRAPPER_VARIABLE).is_some() => Some(rustc::main(&arguments[1..])),
        _ => None,
    }
}

/// The tools of one session, in its directory.
#[derive(Debug)]
pub(crate) struct Tools {
    only_for_the_start: [PathBuf; 2],
}

impl Tools {
    /// Puts them there. `directory` is where they go; its `bin` must come first in PATH until `hide` is called.
    pub(crate) fn create(directory: &Path) -> io::Result<Tools> {
        let this = std::env::current_exe()?;
        let (bin, tools) = (directory.join("bin"), directory.join("tools"));
        std::fs::create_dir_all(&bin)?;
        std::fs::create_dir_all(&tools)?;
        symlink(&this, tools.join("cargo"))?;
        let only_for_the_start = ["rustup", "lld"].map(|tool| bin.join(tool));
        for tool in &only_for_the_start {
            symlink(&this, tool)?;
        }
        Ok(Tools { only_for_the_start })
    }

    /// Lets cells' shell commands find the real ones again; evcxr has asked for its tools by now.
    pub(crate) fn hide(&self) -> io::Result<()> {
        self.only_for_the_start.iter().try_for_each(std::fs::remove_file)
    }
}

/// Keeps cargo from taking the package in `directory`/`package` for a part of some workspace above.
pub(crate) fn stand_alone(directory: &Path, package: &str) -> io::Result<()> {
    std::fs::write(
        directory.join("Cargo.toml"),
        format!("[workspace]\nexclude = [{package:?}]\n"),
    )
}

/// Where `tool` of the toolchain in use is. rustup knows best: what PATH has is its proxy, which costs time each run.
pub(crate) fn locate(tool: &str) -> Option<PathBuf> {
    let asked = Command::new("rustup").args(["which", tool]).output();
    if let Ok(output) = asked
        && output.status.success()
    {
        return Some(PathBuf::from(String::from_utf8(output.stdout).ok()?.trim()));
    }
    find_in_path(tool, &std::env::var_os("PATH")?)
}

/// The environment that a process needs so that evcxr in it uses our tools.
pub(crate) fn environment(directory: &Path) -> Vec<(&'static str, std::ffi::OsString)> {
    let mut variables = Vec::new();
    if let Some(cargo) = locate("cargo") {
        variables.push((CARGO_VARIABLE, cargo.into_os_string()));
    }
    let old = std::env::var_os("PATH").unwrap_or_default();
    let paths = std::iter::once(directory.join("bin")).chain(std::env::split_paths(&old));
    // Only a directory with a colon in its name cannot be joined; then evcxr finds the real tools, and works with them.
    if let Ok(path) = std::env::join_paths(paths) {
        variables.push(("PATH", path));
    }
    variables
}

/// The first executable file of this name in the directories of `path`.
pub(crate) fn find_in_path(tool: &str, path: &OsStr) -> Option<PathBuf> {
    use std::os::unix::fs::PermissionsExt;
    std::env::split_paths(path)
        .map(|directory| directory.join(tool))
        .find(|candidate| {
            std::fs::metadata(candidate).is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
        })
}

/// Replaces this process by `command`; returns only where that fails.
fn become_command(command: &mut Command) -> ExitCode {
    use std::os::unix::process::CommandExt;
    let error = command.exec();
    report(&format!("cannot run {}: {error}", command.get_program().display()));
    ExitCode::from(127)
}

fn report(message: &str) {
    #[expect(clippy::print_stderr, reason = "who runs a tool reads what went wrong on its stderr")]
    {
        eprintln!("parcell: {message}");
    }
}

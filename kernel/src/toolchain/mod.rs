//! Compiling: the package of a notebook's cells, cargo for its crates, and the compiler.
//!
//! cargo runs this executable in the place of the compiler (`rustc`), to hear how it wants a cell compiled; cells are then
//! compiled without cargo (`cell_compiler`). The crates that it compiles are kept for all sessions (`store`).

mod artifacts;
mod cargo;
mod cell_compiler;
mod compilation;
mod dependencies;
mod displays;
mod identities;
mod library;
mod linker;
mod manifest;
mod package;
mod rustc;
mod rustfmt;
mod store;
mod tools;

pub(crate) use cargo::CratesProgress;
pub(crate) use cell_compiler::{CELL_FILES, CellCompiler, CellSource, SourcePlace};
pub(crate) use displays::display_source;
pub(crate) use identities::{Identities, Revised};
pub(crate) use library::Library;
pub(crate) use manifest::{LIBRARY_FEATURE, Manifest};
pub(crate) use package::{BuildError, BuildSettings, Package, write_manifest};
pub(crate) use rustfmt::{RustfmtError, rustfmt};
pub(crate) use store::{CrateUse, LIMIT_VARIABLE, StoreUse, clear, forget_versions, limit, usage};
pub(crate) use tools::{Tools, ToolsError};

use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

/// Set where cargo is to run this executable in the place of the compiler.
const WRAPPER_VARIABLE: &str = "PARCELL_RUSTC_WRAPPER";
/// Of cells.
pub(crate) const EDITION: &str = "2024";
/// The name of the crate that a cell is compiled as.
const CELL_CRATE: &str = "ctx";

/// Plays the compiler where this process was started as that, or returns None where it was started as itself.
pub(crate) fn run(arguments: &[std::ffi::OsString]) -> Option<ExitCode> {
    std::env::var_os(WRAPPER_VARIABLE)?;
    Some(rustc::main(arguments.get(1..)?))
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

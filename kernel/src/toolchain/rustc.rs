//! What cargo runs in the place of the compiler: it records how cells are compiled, and gives the library its name.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus};
use std::{fs, io};

use super::compilation::record;
use super::{CELL_CRATE, become_command, report};

/// The file that the library is to be compiled to.
pub(super) const LIBRARY_FILE_VARIABLE: &str = "PARCELL_LIBRARY_FILE";
/// The name of the library that cells are linked with.
const LIBRARY_CRATE: &str = "parcell";

/// `arguments` are rustc's path and its arguments.
pub(super) fn main(arguments: &[OsString]) -> ExitCode {
    let Some((rustc, arguments)) = arguments.split_first() else {
        report("the rustc wrapper needs the path of rustc");
        return ExitCode::FAILURE;
    };
    let mut command = Command::new(rustc);
    match crate_name(arguments) {
        Some(name) if name == CELL_CRATE => {
            if let Err(error) = record(rustc, arguments) {
                report(&format!("cannot say how cells are compiled: {error}"));
                return ExitCode::FAILURE;
            }
            command.args(arguments)
        }
        Some(name) if name == LIBRARY_CRATE && builds_library(arguments) => {
            return compile_library(rustc, arguments).unwrap_or_else(|error| {
                report(&format!("cannot compile the library: {error}"));
                ExitCode::FAILURE
            });
        }
        _ => command.args(arguments),
    };
    become_command(&mut command)
}

/// Whether the shared library itself is built, and not only checked.
fn builds_library(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| argument == "dylib") && makes(arguments, "link")
}

/// Whether rustc is to make this kind of output.
fn makes(arguments: &[OsString], kind: &str) -> bool {
    arguments.iter().any(|argument| {
        argument
            .to_str()
            .is_some_and(|emit| emit.starts_with("--emit") && emit.contains(kind))
    })
}

/// Compiles the library to a file with a name of its own, which is how it is known when it is loaded.
///
/// cargo calls it by the same name whatever it is built with. A notebook process that has loaded one library would take
/// another of the same name for that.
///
/// It finds the standard library wherever it is itself: what a cell does not use of the standard library it is not linked
/// with.
fn compile_library(rustc: &OsStr, arguments: &[OsString]) -> io::Result<ExitCode> {
    let file = std::env::var_os(LIBRARY_FILE_VARIABLE).map(PathBuf::from);
    let file = file.ok_or_else(|| io::Error::other(format!("{LIBRARY_FILE_VARIABLE} is not set")))?;
    let name = file.file_name().unwrap_or_default().display();
    let status = Command::new(rustc)
        .args(arguments)
        .args(["-C", &format!("link-arg=-Wl,-soname,{name}")])
        .args([
            "-C",
            &format!("link-arg=-Wl,-rpath,{}", standard_library(rustc)?.display()),
        ])
        .status()?;
    let directory = argument_after(arguments, "--out-dir").map(Path::new);
    if let Some(directory) = directory.filter(|_| status.success()) {
        let extra = value_of(arguments, "extra-filename=").unwrap_or_default();
        let built = directory.join(format!("lib{LIBRARY_CRATE}{extra}.so"));
        if let Some(directory) = file.parent() {
            fs::create_dir_all(directory)?;
        }
        link(&built, &file)?;
    }
    Ok(exit_code(status))
}

/// The directory of the compiler's standard library for this machine.
fn standard_library(rustc: &OsStr) -> io::Result<PathBuf> {
    let printed = Command::new(rustc).args(["--print", "target-libdir"]).output()?;
    let path = String::from_utf8(printed.stdout).map_err(io::Error::other)?;
    Ok(PathBuf::from(path.trim_end()))
}

fn link(file: &Path, name: &Path) -> io::Result<()> {
    match fs::remove_file(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::hard_link(file, name).or_else(|_| fs::copy(file, name).map(drop)),
    }
}

/// The value of a codegen option.
fn value_of<'a>(arguments: &'a [OsString], option: &str) -> Option<&'a str> {
    arguments
        .iter()
        .find_map(|argument| argument.to_str()?.strip_prefix(option))
}

fn crate_name(arguments: &[OsString]) -> Option<&OsStr> {
    argument_after(arguments, "--crate-name")
}

fn argument_after<'a>(arguments: &'a [OsString], option: &str) -> Option<&'a OsStr> {
    let position = arguments.iter().position(|argument| argument == option)?;
    arguments.get(position + 1).map(OsString::as_os_str)
}

fn exit_code(status: ExitStatus) -> ExitCode {
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crates_are_told_apart_by_their_arguments() {
        let arguments = [
            "--crate-name",
            "parcell",
            "--emit=dep-info,link",
            "--crate-type",
            "dylib",
            "-C",
            "metadata=01",
        ]
        .map(OsString::from);
        assert_eq!(crate_name(&arguments), Some(OsStr::new("parcell")));
        assert!(builds_library(&arguments));
        assert_eq!(value_of(&arguments, "metadata="), Some("01"));
        let checked = ["--emit=dep-info,metadata", "dylib"].map(OsString::from);
        assert!(!builds_library(&checked));
    }
}

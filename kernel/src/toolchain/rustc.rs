//! Our rustc wrapper: says which crate is compiled, and prepares cells.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::{fs, io};

use super::{CELL_NUMBER_FILE, EPOCH_FILE, become_command, cell_source, progress, report};
use crate::process::messages::SESSION_VARIABLE;

/// The name of the crate that evcxr makes of a cell.
const CELL_CRATE: &str = "ctx";

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
        Some(name) if name == CELL_CRATE => match prepare_cell(arguments) {
            Ok(arguments) => command.args(arguments),
            Err(error) => {
                report(&format!("cannot prepare the cell: {error}"));
                return ExitCode::FAILURE;
            }
        },
        Some(name) if name == LIBRARY_CRATE && builds_library(arguments) => {
            progress::say_compiling(Some(name));
            return compile_library(command.args(arguments), arguments).unwrap_or_else(|error| {
                report(&format!("cannot compile the library: {error}"));
                ExitCode::FAILURE
            });
        }
        name => {
            progress::say_compiling(name);
            command.args(arguments)
        }
    };
    become_command(&mut command)
}

/// Whether the shared library itself is built, and not only checked.
fn builds_library(arguments: &[OsString]) -> bool {
    arguments.iter().any(|argument| argument == "dylib")
        && arguments.iter().any(|argument| {
            argument
                .to_str()
                .is_some_and(|emit| emit.starts_with("--emit") && emit.contains("link"))
        })
}

/// Compiles the library under a name of its own for loading.
///
/// cargo calls it by the same name whatever it is built with. When a `:dep` changes the features of a crate that both
/// use, it is built anew, with other symbols; the notebook process, which has loaded the older one, would take that for
/// the newer.
fn compile_library(command: &mut Command, arguments: &[OsString]) -> io::Result<ExitCode> {
    let metadata = value_of(arguments, "metadata=").unwrap_or_default();
    let name = format!("lib{LIBRARY_CRATE}-{metadata}.so");
    let standard_library = standard_library(command.get_program())?;
    let status = command
        .arg("-C")
        .arg(format!("link-arg=-Wl,-soname,{name}"))
        // rustc's own is relative to where the library is built, and it is copied from there. Where the first cell of
        // a process loads it, nothing has loaded the standard library yet.
        .arg("-C")
        .arg(format!("link-arg=-Wl,-rpath,{standard_library}"))
        .status()?;
    let directory = argument_after(arguments, "--out-dir").map(Path::new);
    if let Some(directory) = directory.filter(|_| status.success()) {
        let extra = value_of(arguments, "extra-filename=").unwrap_or_default();
        let built = directory.join(format!("lib{LIBRARY_CRATE}{extra}.so"));
        // Cells are loaded from the directory above, where cargo puts what it calls final artifacts.
        for place in [Some(directory), directory.parent()].into_iter().flatten() {
            link(&built, &place.join(&name))?;
        }
    }
    Ok(ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)))
}

/// The directory of the standard library that this compiler links with.
fn standard_library(rustc: &OsStr) -> io::Result<String> {
    let output = Command::new(rustc).args(["--print", "target-libdir"]).output()?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

fn link(file: &Path, name: &Path) -> io::Result<()> {
    match fs::remove_file(name) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => fs::hard_link(file, name),
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

/// Rewrites the cell's source and returns the arguments to compile it with.
fn prepare_cell(arguments: &[OsString]) -> io::Result<Vec<OsString>> {
    if let Some(source) = source_file(arguments) {
        let with_library = arguments.iter().any(|argument| {
            argument
                .to_str()
                .is_some_and(|argument| argument.starts_with("parcell="))
        });
        let text = fs::read_to_string(source)?;
        // In place: cargo looks at this file to know whether the crate has changed, and evcxr writes it anew each time.
        fs::write(source, cell_source::rewrite(&text, with_library))?;
    }
    let mut prepared = without_incremental(arguments);
    if let Some(epoch) = number_in(EPOCH_FILE) {
        prepared.extend(["-C".into(), format!("metadata=epoch-{epoch}").into()]);
    }
    if let Some(number) = number_in(CELL_NUMBER_FILE) {
        // So that a panic's location tells which cell's code it is in.
        prepared.push(format!("--remap-path-prefix=src=cell{number}").into());
    }
    Ok(prepared)
}

fn source_file(arguments: &[OsString]) -> Option<&Path> {
    arguments
        .iter()
        .map(Path::new)
        .find(|path| path.file_name() == Some(OsStr::new("lib.rs")))
}

/// Every cell is new code; keeping files for the next compilation costs more than it saves.
fn without_incremental(arguments: &[OsString]) -> Vec<OsString> {
    let mut kept: Vec<OsString> = Vec::with_capacity(arguments.len());
    for argument in arguments {
        if argument
            .to_str()
            .is_some_and(|argument| argument.starts_with("incremental="))
        {
            kept.pop_if(|flag| flag == "-C");
        } else {
            kept.push(argument.clone());
        }
    }
    kept
}

/// What the kernel has written for the wrapper.
fn number_in(file: &str) -> Option<u32> {
    let session = PathBuf::from(std::env::var_os(SESSION_VARIABLE)?);
    fs::read_to_string(session.join(file)).ok()?.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incremental_files_are_not_kept() {
        let arguments = ["--crate-name", "ctx", "-C", "incremental=/x", "-C", "opt-level=2"].map(OsString::from);
        let kept = ["--crate-name", "ctx", "-C", "opt-level=2"].map(OsString::from);
        assert_eq!(without_incremental(&arguments), kept);
        assert_eq!(crate_name(&arguments), Some(OsStr::new("ctx")));
    }
}

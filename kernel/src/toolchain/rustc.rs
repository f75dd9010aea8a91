//! Our rustc wrapper: says which crate is compiled, and prepares cells.

use std::ffi::{OsStr, OsString};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, ExitStatus, Stdio};
use std::{fs, io};

use super::compilation::{Compilation, record};
use super::dependencies::Dependencies;
use super::{CELL_NUMBER_FILE, Identities, analysis_source, become_command, cell_source, progress, report};
use crate::session_directory;

/// The name of the crate that evcxr makes of a cell.
const CELL_CRATE: &str = "ctx";

/// Names the file in which evcxr finds the path of what was compiled.
const SHARED_OBJECT_VARIABLE: &str = "EVCXR_EXECUTION_SO_PATH";

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
            let compiled = record(rustc, arguments).and_then(|()| compile_cell(&mut command, arguments));
            return compiled.unwrap_or_else(|error| {
                report(&format!("cannot prepare the cell: {error}"));
                ExitCode::FAILURE
            });
        }
        Some(name) if name == LIBRARY_CRATE && builds_library(arguments) => {
            progress::say_compiling(Some(name));
            return compile_library(rustc, arguments).unwrap_or_else(|error| {
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

/// Compiles a cell as cargo had an earlier one compiled.
pub(super) fn compile_again(compilation: &Compilation) -> io::Result<ExitCode> {
    let arguments: Vec<OsString> = compilation.arguments.iter().map(OsString::from).collect();
    if let (Some(file), Some(directory)) = (
        std::env::var_os(SHARED_OBJECT_VARIABLE),
        argument_after(&arguments, "--out-dir"),
    ) {
        // evcxr looks at it only if the compilation ends well.
        let shared_object = Path::new(directory).join(format!("lib{CELL_CRATE}.so"));
        fs::write(file, shared_object.as_os_str().as_encoded_bytes())?;
    }
    let mut command = Command::new(&compilation.rustc);
    command.envs(compilation.environment.iter().map(|(name, value)| (name, value)));
    compile_cell(&mut command, &arguments)
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

/// Compiles the library under a name of its own for loading.
///
/// cargo calls it by the same name whatever it is built with. When a `:dep` changes the features of a crate that both
/// use, it is built anew, with other symbols; the notebook process, which has loaded the older one, would take that for
/// the newer.
///
/// It finds the standard library wherever it is itself: sessions have it in directories of their own, and what a cell
/// does not use of the standard library it is not linked with.
fn compile_library(rustc: &OsStr, arguments: &[OsString]) -> io::Result<ExitCode> {
    let metadata = value_of(arguments, "metadata=").unwrap_or_default();
    let name = format!("lib{LIBRARY_CRATE}-{metadata}.so");
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
        // Cells are loaded from the directory above, where cargo puts what it calls final artifacts.
        for place in [Some(directory), directory.parent()].into_iter().flatten() {
            link(&built, &place.join(&name))?;
        }
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

/// Compiles a cell, with the best way of reporting the errors that `?` takes out of it that its code allows.
fn compile_cell(command: &mut Command, arguments: &[OsString]) -> io::Result<ExitCode> {
    let session = session();
    let identities = session.as_deref().and_then(Identities::read).unwrap_or_default();
    let dependencies = match session.filter(|_| makes(arguments, "link")) {
        Some(session) => Dependencies::of_call(&session, arguments)?,
        None => Dependencies::default(),
    };
    command.args(cell_arguments(arguments, &identities, &dependencies));
    let Some(source) = source_file(arguments) else {
        return Ok(become_command(command));
    };
    let with_library = arguments.iter().any(|argument| {
        argument
            .to_str()
            .is_some_and(|argument| argument.starts_with("parcell="))
    });
    let text = analysis_source::trust_stored_variables(identities.apply(&fs::read_to_string(source)?));
    let (last, earlier) = cell_source::ErrorReport::possible(&text, with_library);
    for &errors in earlier {
        // In place: cargo looks at this file to know whether the crate has changed, and evcxr writes it anew each time.
        fs::write(source, cell_source::rewrite(&text, with_library, errors))?;
        let output = command.stdin(Stdio::null()).output()?;
        if output.status.success() || !errors.is_blamed(&String::from_utf8_lossy(&output.stderr)) {
            io::stdout().write_all(&output.stdout)?;
            io::stderr().write_all(&output.stderr)?;
            return Ok(exit_code(output.status));
        }
    }
    fs::write(source, cell_source::rewrite(&text, with_library, last))?;
    Ok(become_command(command))
}

fn exit_code(status: ExitStatus) -> ExitCode {
    ExitCode::from(status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1))
}

/// What a cell is compiled with.
fn cell_arguments(arguments: &[OsString], identities: &Identities, dependencies: &Dependencies) -> Vec<OsString> {
    let mut prepared = without_unwanted(arguments);
    // One unit, because optimizing several together takes longer than a cell's code is worth; and lines, which
    // backtraces need.
    prepared.extend(["-Ccodegen-units=1", "-Cdebuginfo=line-tables-only"].map(OsString::from));
    for metadata in [identities.metadata(), dependencies.metadata()] {
        prepared.push(format!("-Cmetadata={metadata}").into());
    }
    if let Some(number) = cell_number() {
        // So that a panic's location tells which cell's code it is in.
        prepared.push(format!("--remap-path-prefix=src=cell{number}").into());
    }
    prepared
}

fn source_file(arguments: &[OsString]) -> Option<&Path> {
    arguments
        .iter()
        .map(Path::new)
        .find(|path| path.file_name() == Some(OsStr::new("lib.rs")))
}

/// Every cell is new code; keeping files for the next compilation costs more than it saves. The lines that backtraces
/// need must not be removed again. And cargo's metadata changes with every dependency, and would every type with it.
fn without_unwanted(arguments: &[OsString]) -> Vec<OsString> {
    let is_unwanted = |option: &str| {
        option.starts_with("incremental=") || option.starts_with("metadata=") || option == "strip=debuginfo"
    };
    let mut kept: Vec<OsString> = Vec::with_capacity(arguments.len());
    for argument in arguments {
        if argument.to_str().is_some_and(is_unwanted) {
            kept.pop_if(|flag| flag == "-C");
        } else {
            kept.push(argument.clone());
        }
    }
    kept
}

/// The number of the cell that is compiled.
fn cell_number() -> Option<u32> {
    fs::read_to_string(session()?.join(CELL_NUMBER_FILE))
        .ok()?
        .trim()
        .parse()
        .ok()
}

fn session() -> Option<PathBuf> {
    session_directory::of_this_process()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn incremental_files_metadata_and_stripping_are_left_out() {
        let arguments = [
            "--crate-name",
            "ctx",
            "-C",
            "incremental=/x",
            "-C",
            "metadata=0123",
            "-C",
            "strip=debuginfo",
            "-C",
            "opt-level=2",
        ]
        .map(OsString::from);
        let kept = ["--crate-name", "ctx", "-C", "opt-level=2"].map(OsString::from);
        assert_eq!(without_unwanted(&arguments), kept);
        assert_eq!(crate_name(&arguments), Some(OsStr::new("ctx")));
    }
}

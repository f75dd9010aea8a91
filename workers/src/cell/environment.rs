//! `%cd`, `%pwd`, `%env`, `%checkpoint` and `%%writefile`: what belongs to the notebook's process, and files.

#![expect(clippy::print_stdout, reason = "it is what a cell with such a magic prints")]

use std::ffi::OsStr;
use std::fs::OpenOptions;
use std::io::Write;
use std::panic::Location;
use std::path::{Path, PathBuf};
use std::sync::Mutex;

use super::failure;
use crate::contract::control::FILE;
use crate::display::{Captured, precision};
use crate::notebook::{self, checkpoint as checkpoints};
use crate::sys::environment;
use crate::sys::poisoned::EvenIfPoisoned;
use crate::text::counted;

/// Where `%cd -` leads.
static PREVIOUS: Mutex<Option<PathBuf>> = Mutex::new(None);

/// Changes the working directory, to the home directory where none is given, and prints it.
#[track_caller]
pub fn change_directory(wanted: &str) {
    let place = Location::caller();
    let mut previous = PREVIOUS.lock().even_if_poisoned();
    let directory = match wanted {
        "-" => match previous.clone() {
            Some(directory) => directory,
            None => failure::fail_with("DirectoryError", "there is no directory to go back to yet", place),
        },
        "" => expanded("~"),
        wanted => expanded(wanted),
    };
    let left = std::env::current_dir().ok();
    if let Err(error) = std::env::set_current_dir(&directory) {
        let problem = format!("cannot change to `{}`: {error}", directory.display());
        drop(previous);
        failure::fail_with("DirectoryError", &problem, place);
    }
    *previous = left;
    drop(previous);
    print_directory();
}

/// Prints the working directory.
#[track_caller]
pub fn print_directory() {
    match std::env::current_dir() {
        Ok(directory) => println!("{}", directory.display()),
        Err(error) => {
            let problem = format!("the working directory cannot be told: {error}");
            failure::fail_with("DirectoryError", &problem, Location::caller())
        }
    }
}

/// Prints all environment variables, by name.
pub fn print_environment() {
    let mut variables: Vec<_> = std::env::vars_os().collect();
    variables.sort();
    for (name, value) in variables {
        println!("{}={}", name.display(), value.display());
    }
}

/// Prints an environment variable.
#[track_caller]
pub fn print_environment_variable(name: &str) {
    match std::env::var_os(name) {
        Some(value) => println!("{}", value.display()),
        None => {
            let problem = format!("there is no environment variable `{name}`");
            failure::fail_with("EnvironmentError", &problem, Location::caller())
        }
    }
}

/// Sets an environment variable of this process, and of those that it starts.
#[track_caller]
pub fn set_environment_variable(name: &str, value: &str) {
    match environment::set(name, OsStr::new(value)) {
        Ok(()) => println!("env: {name}={value}"),
        Err(error) => {
            let problem = format!("`{name}` cannot be set: {error}");
            failure::fail_with("EnvironmentError", &problem, Location::caller())
        }
    }
}

/// Chooses whether a checkpoint is made when a cell has ended, and says what holds.
#[track_caller]
pub fn checkpoint(wanted: Option<bool>) {
    let Some(are_made) = checkpoints::choose(wanted) else {
        let problem = "there are no checkpoints here: this is not the notebook's process";
        failure::fail_with("CheckpointError", problem, Location::caller());
    };
    println!(
        "{}",
        if are_made {
            "Checkpoints are on: when a cell crashes or is interrupted, all variables are as they were before it."
        } else {
            "Checkpoints are off: when a cell crashes or is interrupted, all variables are lost."
        }
    );
}

/// Writes a file, and says so.
#[track_caller]
pub fn write_file(path: &str, append: bool, content: &str) {
    let path = expanded(path);
    let done = match (append, path.exists()) {
        (true, _) => "Appending to",
        (false, true) => "Overwriting",
        (false, false) => "Writing",
    };
    println!("{done} {}", path.display());
    if let Err(error) = write(&path, append, content) {
        let problem = format!("cannot write `{}`: {error}", path.display());
        failure::fail_with("FileError", &problem, Location::caller());
    }
}

fn write(path: &Path, append: bool, content: &str) -> std::io::Result<()> {
    OpenOptions::new()
        .create(true)
        .write(true)
        .append(append)
        .truncate(!append)
        .open(path)?
        .write_all(content.as_bytes())
}

/// Writes the code of cells to a file, which must not be there unless it may be replaced, and says so.
#[track_caller]
pub fn save_file(path: &str, may_replace: bool, content: &str) {
    let place = Location::caller();
    if !may_replace && expanded(path).exists() {
        let problem = format!("`{path}` exists; `%save -f` replaces it");
        failure::fail_with("FileError", &problem, place);
    }
    write_file(path, false, content);
}

/// Tells the session where a file is that it is to read.
#[track_caller]
pub fn name_file(path: &str) {
    let place = Location::caller();
    match std::fs::canonicalize(expanded(path)) {
        Ok(found) if found.is_file() => {
            let line = format!("{FILE}{}", found.display());
            notebook::send_control_line(&line);
        }
        Ok(found) => {
            let problem = format!("`{}` is not a file", found.display());
            failure::fail_with("FileError", &problem, place);
        }
        Err(error) => {
            let problem = format!("cannot read `{path}`: {error}");
            failure::fail_with("FileError", &problem, place);
        }
    }
}

/// What a cell with `%%capture` printed and showed, which the session has written to this file.
#[track_caller]
pub fn captured(path: &str) -> Captured {
    let read = std::fs::read_to_string(path).map_err(|error| error.to_string());
    let read = read.and_then(|text| serde_json::from_str(&text).map_err(|error| error.to_string()));
    match read {
        Ok(captured) => captured,
        Err(error) => {
            let problem = format!("what was captured cannot be read: {error}");
            failure::fail_with("FileError", &problem, Location::caller());
        }
    }
}

/// Chooses how many digits behind the point numbers are shown with, and says so.
pub fn set_precision(digits: Option<usize>) {
    precision::set(digits);
    match digits {
        Some(digits) => println!("Numbers are shown with {} behind the point.", counted(digits, "digit")),
        None => println!("Numbers are shown with as many digits as it takes."),
    }
}

/// A path with the home directory in the place of `~`, as in a shell.
fn expanded(path: &str) -> PathBuf {
    let home = || std::env::var_os("HOME").map(PathBuf::from);
    match path.strip_prefix('~') {
        Some("") => home(),
        Some(rest) => rest.strip_prefix('/').and_then(|rest| Some(home()?.join(rest))),
        None => None,
    }
    .unwrap_or_else(|| PathBuf::from(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_tilde_of_its_own_is_the_home_directory() {
        let home = PathBuf::from(std::env::var_os("HOME").expect("a home directory"));
        assert_eq!(expanded("~"), home);
        assert_eq!(expanded("~/a b"), home.join("a b"));
        for path in ["~other/a", "a/~", "x", ""] {
            assert_eq!(expanded(path), PathBuf::from(path));
        }
    }
}

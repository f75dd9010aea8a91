//! Our rustup: `rustup which cargo` names our cargo, all else goes to the real one.

use std::ffi::{OsStr, OsString};
use std::process::{Command, ExitCode};

use super::{become_command, find_in_path, report};
use crate::session_directory;

pub(super) fn main(arguments: &[OsString]) -> ExitCode {
    let session = session_directory::of_this_process().unwrap_or_default();
    if arguments == [OsStr::new("which"), OsStr::new("cargo")] {
        #[expect(clippy::print_stdout, reason = "the answer is what this command prints")]
        {
            println!("{}", session.join("tools/cargo").display());
        }
        return ExitCode::SUCCESS;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let bin = session.join("bin");
    let others = std::env::split_paths(&path).filter(|directory| *directory != bin);
    let real = std::env::join_paths(others)
        .ok()
        .and_then(|others| find_in_path("rustup", &others));
    match real {
        Some(rustup) => become_command(Command::new(rustup).args(arguments)),
        None => {
            // evcxr then looks for the tool itself.
            report("rustup is not installed");
            ExitCode::from(127)
        }
    }
}

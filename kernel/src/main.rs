//! `parcell`: a Jupyter kernel for Rust whose cells use every core.
//!
//! One executable plays every part: the command line and the kernel, the processes behind a notebook, and what cargo runs
//! in the place of the compiler. Which part is decided here, before anything else.

mod analysis;
mod cell;
mod cli;
mod environment;
mod evaluation;
#[cfg(test)]
mod fuzzing;
mod identity;
mod jupyter;
mod library;
mod process;
mod session;
mod session_directory;
mod toolchain;
mod units;
mod user_directories;

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().collect();
    if let Some(code) = toolchain::run(&arguments) {
        return code;
    }
    let role = arguments
        .get(1)
        .and_then(|argument| argument.to_str())
        .unwrap_or_default();
    if let Some(code) = process::run(role) {
        return code;
    }
    // SAFETY: no thread has been started.
    unsafe { environment::prepare() };
    cli::run()
}

//! Standing workers as a program uses them. The program is this one: its `main` begins as the documentation says.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests' helpers may do what tests may"
)]

mod apply_async;
mod crashes;
mod executor;
#[path = "../common/fault.rs"]
mod fault;
mod functions;
mod futures;
mod reports;
mod shutdown;
mod support;

use std::process::ExitCode;

use libtest_mimic::Arguments;

fn main() -> ExitCode {
    parcell::init();
    if let Some(code) = support::run_as_program() {
        return code;
    }
    let mut trials = Vec::new();
    trials.extend(apply_async::trials());
    trials.extend(executor::trials());
    trials.extend(functions::trials());
    trials.extend(crashes::trials());
    trials.extend(futures::trials());
    trials.extend(reports::trials());
    trials.extend(reports::rare_trials());
    trials.extend(shutdown::trials());
    libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
}

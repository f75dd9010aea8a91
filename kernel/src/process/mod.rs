//! The processes behind a session, seen from inside them.
//!
//! ```text
//! kernel ── supervisor ── notebook process ── forked workers
//!                                   ├─ standing workers
//!                                   └─ checkpoint (takes over when the notebook process dies)
//! ```
//!
//! `supervisor` runs no user code; `notebook` loads and runs cells; `checkpoint` is the fork
//! that waits. They talk over `channel`s with the messages of `messages`.

pub(crate) mod channel;
mod checkpoint;
pub(crate) mod descendants;
mod descriptors;
mod fork;
pub(crate) mod freed_memory;
mod huge_pages;
mod input;
mod library_symbols;
mod memory;
pub(crate) mod messages;
mod notebook;
pub(crate) mod orphans;
mod standing_worker;
mod supervisor;
mod transaction;

pub(crate) use memory::available as available_memory;

use std::process::ExitCode;

use parcell::contract;

/// The first argument that makes this executable the supervisor.
pub(crate) const SUPERVISOR: &str = "__supervisor";
/// The same of one that runs no cell: it says of each that it has completed.
pub(crate) const CHECKING_SUPERVISOR: &str = "__checking-supervisor";
/// The first argument that makes this executable the notebook process.
pub(crate) const NOTEBOOK: &str = "__notebook";
/// The first argument that makes this executable wait until its standard input ends.
pub(crate) const WAIT: &str = "__wait";

/// Runs the process that `role` names, or returns None where it names none.
pub(crate) fn run(role: &str) -> Option<ExitCode> {
    match role {
        SUPERVISOR => Some(supervisor::main(true)),
        CHECKING_SUPERVISOR => Some(supervisor::main(false)),
        NOTEBOOK => Some(notebook::main()),
        WAIT => Some(wait_for_end_of_input()),
        contract::STANDING_WORKER => Some(standing_worker::main()),
        _ => None,
    }
}

fn wait_for_end_of_input() -> ExitCode {
    match std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink()) {
        Ok(_) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

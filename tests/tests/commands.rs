//! What the command line does beside running notebooks: starting JupyterLab, and looking at what a machine has.
//!
//! Each test has a machine of its own as far as a process can tell: a home, directories for data, and what is in PATH.

#![allow(clippy::unwrap_used, reason = "tests' helpers may do what tests may")]

#[path = "commands/check.rs"]
mod check;
#[path = "commands/doctor.rs"]
mod doctor;
#[path = "commands/export.rs"]
mod export;
#[path = "commands/format.rs"]
mod format;
#[path = "commands/lab.rs"]
mod lab;
#[path = "commands/run.rs"]
mod run;
#[path = "commands/sandbox.rs"]
mod sandbox;

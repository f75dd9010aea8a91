//! The messaging protocol, seen from a client: what is answered, in what order, and what is left at the end.
//!
//! The cells in here are as simple as can be; what cells can do is tested elsewhere.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests' helpers may do what tests may"
)]

#[path = "protocol/cells.rs"]
mod cells;
#[path = "protocol/comms.rs"]
mod comms;
#[path = "protocol/debugger.rs"]
mod debugger;
#[path = "protocol/ending.rs"]
mod ending;
#[path = "protocol/expressions.rs"]
mod expressions;
#[path = "protocol/help/mod.rs"]
mod help;
#[path = "protocol/history.rs"]
mod history;
#[path = "protocol/hostile.rs"]
mod hostile;
#[path = "protocol/input.rs"]
mod input;
#[path = "protocol/latency.rs"]
mod latency;
#[path = "protocol/misbehaving.rs"]
mod misbehaving;
#[path = "protocol/printing.rs"]
mod printing;
#[path = "protocol/questions.rs"]
mod questions;
#[path = "protocol/subscribers.rs"]
mod subscribers;
#[path = "protocol/subshells.rs"]
mod subshells;

//! The library as a program uses it: what calls return, what failures cost, and that nothing is left behind.

#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests' helpers may do what tests may"
)]

mod calls;
mod cell;
mod crashes;
mod display;
mod examples;
mod family;
#[path = "../common/fault.rs"]
mod fault;
mod input;
mod limits;
mod manager;
mod map;
mod notebook;
mod orphans;
mod output;
mod pipe;
mod pipe_semantics;
mod pool_semantics;
mod prelude;
mod process;
mod process_semantics;
mod profile;
mod progress;
mod properties;
mod queue;
mod queue_semantics;
mod reports;
mod shared;
mod shared_semantics;
mod stream;
mod support;
mod sync;
mod sync_killed;
mod sync_waiting;
mod threads;
mod travelling_handles;
mod workers;

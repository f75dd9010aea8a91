//! Faults as a matrix: every way to die, in every place where code runs, and what the notebook is after it.
//!
//! What each of them gives stands in `kernel/docs/faults.md`, one table for each place, and a test for each table:
//! `UPDATE_DOCS=1 cargo test --workspace --test faults` writes what it found, with the times of that run.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests' helpers may do what tests may"
)]

#[path = "faults/around.rs"]
mod around;
#[path = "cells/packages.rs"]
mod packages;
#[path = "faults/page.rs"]
mod page;
#[path = "faults/places.rs"]
mod places;
#[path = "faults/ways.rs"]
mod ways;

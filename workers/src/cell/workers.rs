//! `%workers`: a table of worker processes, which goes on to show what they do until the cell ends; and ending one.

use std::panic::Location;

use super::failure;
use crate::ps;
use crate::spawn::Family;

/// Shows the table.
pub fn workers() {
    ps::show();
}

/// Tells a worker to end, and says so.
#[track_caller]
#[expect(clippy::print_stdout, reason = "it is what a cell with such a magic prints")]
pub fn stop_worker(pid: u32) {
    let is_told = Family::lock().terminate(pid);
    if !is_told {
        let problem = format!("there is no worker process {pid}; `%workers` lists those that there are");
        failure::fail_with("WorkerError", &problem, Location::caller());
    }
    println!("Worker {pid} has been told to end (SIGTERM).");
}

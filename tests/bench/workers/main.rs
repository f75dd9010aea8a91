//! Measures the library beside its peers, in one run: `cargo bench -p parcell-tests --bench workers`.
//!
//! The peers are rayon, in this program, and Python's `multiprocessing.Pool`, `ProcessPoolExecutor`, loky, joblib and
//! ipyparallel (a cluster of as many engines as there are cores, balancing load), in one Python program (`peers.py`) that
//! this one asks for one figure after the other, so that whatever else the machine does falls on all. Python is `python3`,
//! or what PARCELL_BENCH_PYTHON names; what it cannot import is left out. This library and rayon take turns.
//!
//! Figures are medians, with the least and the greatest. They are printed, and written to `target/bench` as JSON and as a
//! picture. As a test, which is what `cargo test` runs it as, everything is small, and no time is judged.

#![allow(clippy::print_stdout, reason = "it prints its measurements")]

mod figures;
mod growth;
mod python;
mod report;
mod samples;

use figures::Sizes;
use python::Python;
use report::Report;

fn main() {
    parcell::init();
    let is_bench = std::env::args().any(|argument| argument == "--bench");
    let sizes = if is_bench { Sizes::FULL } else { Sizes::SMALL };
    let mut python = if is_bench { Python::start() } else { Python::none() };
    let mut report = Report::begin(parcell::cpu_count());
    figures::measure_all(&sizes, &mut python, &mut report);
    growth::measure_all(&sizes, &mut report);
    if is_bench {
        report.write().expect("the report can be written");
    }
}

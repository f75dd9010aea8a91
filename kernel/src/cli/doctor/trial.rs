//! Two cells, run as a notebook's are: one in the notebook process, one in workers.

use std::time::{Duration, Instant};

use super::super::run::{TrialError, try_cells};
use super::super::say;
use super::finding::Finding;
use crate::library;

const CELLS: &str = "cells";
const PLAIN: &str = "1 + 1";
const POOL: &str = "%%pool -n 2 [1u64, 2, 3]\n|n: u64| n * n";
const EXPECTED: [&str; 2] = ["2", "[1, 4, 9]"];
/// How long a cell may take; the first waits for the kernel's start.
const LIMIT: Duration = Duration::from_secs(120);

/// Runs them if the library is compiled, or if it may be compiled now.
pub(super) async fn examine(may_compile: bool) -> Finding {
    if !may_compile && !library::state().is_ok_and(|state| state.is_compiled) {
        return Finding::warning(
            CELLS,
            "not tried, since the library would have to be compiled first",
            "parcell doctor --run",
        );
    }
    if let Err(error) = library::prepare(&mut |progress| say::news(progress)) {
        return failed(&error.to_string());
    }
    say::news("running two cells");
    let start = Instant::now();
    match try_cells(&[PLAIN, POOL], LIMIT).await {
        Ok(results) if results == EXPECTED => Finding::good(
            CELLS,
            format!(
                "a plain one and one in workers gave what they should, {:.1} s",
                start.elapsed().as_secs_f32()
            ),
        ),
        Ok(results) => failed(&format!("{results:?} instead of {EXPECTED:?}")),
        Err(error) => failed(&complaint(&error)),
    }
}

fn failed(found: &str) -> Finding {
    Finding::missing(CELLS, found, "PARCELL_LOG=debug parcell doctor --run (says more)")
}

fn complaint(error: &TrialError) -> String {
    super::super::with_causes(error)
}

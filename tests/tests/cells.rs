//! Cells: what they show, what they keep, how they fail, and what is left of the notebook when they do.
//!
//! The kernel is a black box here. Several checks share one kernel where they need the same fresh state; none uses
//! what another has done.

#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests' helpers may do what tests may"
)]

#[path = "cells/again.rs"]
mod again;
#[path = "cells/ahead.rs"]
mod ahead;
#[path = "cells/crashes.rs"]
mod crashes;
#[path = "cells/crates.rs"]
mod crates;
#[path = "cells/descriptors.rs"]
mod descriptors;
#[path = "cells/display.rs"]
mod display;
#[path = "cells/error_codes.rs"]
mod error_codes;
#[path = "cells/errors.rs"]
mod errors;
#[path = "cells/floods.rs"]
mod floods;
#[path = "cells/grouped_output.rs"]
mod grouped_output;
#[path = "cells/huge_pages.rs"]
mod huge_pages;
#[path = "cells/input.rs"]
mod input;
#[path = "cells/interrupts.rs"]
mod interrupts;
#[path = "cells/last_results.rs"]
mod last_results;
#[path = "cells/library_cache.rs"]
mod library_cache;
#[path = "cells/magics/mod.rs"]
mod magics;
#[path = "cells/memory.rs"]
mod memory;
#[path = "cells/output.rs"]
mod output;
#[path = "cells/packages.rs"]
mod packages;
#[path = "cells/partial_lines.rs"]
mod partial_lines;
#[path = "cells/plain.rs"]
mod plain;
#[path = "cells/pool.rs"]
mod pool;
#[path = "cells/pool_lines.rs"]
mod pool_lines;
#[path = "cells/pool_options.rs"]
mod pool_options;
#[path = "cells/process.rs"]
mod process;
#[path = "cells/profile.rs"]
mod profile;
#[path = "cells/progress.rs"]
mod progress;
#[path = "cells/redefinitions.rs"]
mod redefinitions;
#[path = "cells/standing.rs"]
mod standing;
#[path = "cells/state.rs"]
mod state;
#[path = "cells/transactions.rs"]
mod transactions;
#[path = "cells/unended.rs"]
mod unended;
#[path = "cells/unnamed.rs"]
mod unnamed;
#[path = "cells/waiting.rs"]
mod waiting;
#[path = "cells/worker_failures.rs"]
mod worker_failures;
#[path = "cells/worker_output.rs"]
mod worker_output;
#[path = "cells/workers.rs"]
mod workers;
#[path = "cells/wrong_input.rs"]
mod wrong_input;

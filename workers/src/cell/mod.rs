//! What rewritten notebook cells call: `%%pool` and `%%process` become these functions. Not for programs.

mod display;
mod entry;
mod failure;
mod pool;
mod process;

pub use display::{CountedDisplay, EvcxrDisplay, ShownValue, show_result, show_results};
pub use entry::{is_linked, report_early_return};
pub use failure::CellFailed;
pub use pool::{CellPool, pool};
pub use process::{CellProcesses, process};

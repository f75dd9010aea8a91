//! What rewritten notebook cells call: `%%pool` and `%%process` become these functions. Not for programs.

mod display;
mod entry;
mod failure;
mod pool;
mod process;
pub mod variables;

pub use display::{EvcxrDisplay, show_result, show_results};
pub use entry::{is_linked, report_early_return};
pub use failure::CellFailed;
pub use pool::{CellPool, pool};
pub use process::{CellProcesses, process};

pub use crate::notebook::send_control_line;

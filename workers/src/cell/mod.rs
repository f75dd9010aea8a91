//! What rewritten notebook cells call: `%%pool` and `%%process` become these functions. Not for programs.

mod display;
mod entry;
mod failure;
mod pool;
mod process;
mod type_name;

pub use display::{EvcxrDisplay, show_result, show_results};
pub use entry::{is_linked, report_error, report_printed_error, report_static_error};
pub use failure::CellFailed;
pub use pool::{CellPool, pool};
pub use process::{CellProcesses, process};

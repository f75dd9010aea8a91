//! What rewritten notebook cells call: `%%pool` and `%%process` become these functions. Not for programs.

mod causes;
mod clock;
mod cluster;
mod display;
mod entry;
mod environment;
mod exports;
mod failure;
pub mod inspection;
mod looked;
mod panic_hook;
mod pool;
mod process;
mod shell;
mod timeit;
mod timeline;
mod type_name;
pub mod variables;
pub mod whos;
mod workers;

pub use clock::{start_cell_timer, start_timer, stop_cell_timer, stop_timer};
pub use cluster::{CellCluster, cluster};
pub use display::{EvcxrDisplay, ShownValue, StdDisplay, show_duration, show_result, show_results, show_text};
pub use entry::{is_linked, report_error, report_printed_error, report_static_error};
pub use environment::{
    captured, change_directory, checkpoint, name_file, print_directory, print_environment, print_environment_variable,
    save_file, set_environment_variable, set_precision, write_file,
};
pub use failure::CellFailed;
pub use pool::{CellPool, PoolOptions, pool};
pub use process::{CellDaemons, CellProcesses, ProcessOptions, process};
pub use shell::{bash, shell};
pub use timeit::timeit;
pub use timeline::timeline;
pub use workers::{stop_worker, workers};

pub use crate::notebook::send_control_line;
pub use crate::text::duration_text;

//! Numbers, times, sizes and signals as people read them.

mod count;
mod duration;
mod html;
mod signal;
mod size;

pub(crate) use count::{counted, grouped};
pub use duration::duration_text;
pub(crate) use duration::seconds_text;
pub(crate) use html::{Column, Table, escape, text_table};
pub use signal::signal_name;
pub(crate) use size::Size;

//! Numbers, times, sizes and signals as people read them.

mod count;
mod duration;
mod html;
mod signal;
mod size;
mod type_name;

pub(crate) use count::{counted, grouped};
pub use duration::duration_text;
pub(crate) use duration::seconds_text;
pub(crate) use html::{Column, Table, aligned, escape, text_table};
pub use signal::signal_name;
pub(crate) use size::Size;
pub(crate) use type_name::short_type_name;

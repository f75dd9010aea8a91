//! How a map's items are run, as its builder was told.

use std::time::Duration;

use crate::notebook::{GroupOrder, OutputStyle};

/// How items are run, on this machine or on others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Settings {
    /// How many items a worker takes at a time.
    pub(crate) chunk_size: Option<usize>,
    /// How long one item may take.
    pub(crate) timeout: Option<Duration>,
    /// How often an item that failed is tried again.
    pub(crate) retries: usize,
    /// How many bytes a worker may allocate.
    pub(crate) memory_limit: Option<u64>,
    /// Whether who watches sees how far a map has come.
    pub(crate) progress: bool,
    /// How a notebook shows what workers print.
    pub(crate) output_style: OutputStyle,
    /// Whether a notebook shows each item's lines together, and in which order.
    pub(crate) grouped: Option<GroupOrder>,
}

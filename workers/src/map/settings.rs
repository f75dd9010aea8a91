//! How a map's items are run, as its builder was told.

use std::time::Duration;

use crate::notebook::{GroupOrder, OutputStyle};

/// How it is shown how far a map has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum ProgressStyle {
    /// Not at all.
    #[default]
    Hidden,
    /// As one place that is written again.
    Shown,
    /// As a widget with buttons, where there are widgets.
    Widget,
}

impl ProgressStyle {
    /// As text, or not at all.
    pub(crate) fn text(shown: bool) -> Self {
        if shown { Self::Shown } else { Self::Hidden }
    }
}

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
    /// How who watches sees how far a map has come.
    pub(crate) progress: ProgressStyle,
    /// How a notebook shows what workers print.
    pub(crate) output_style: OutputStyle,
    /// Whether a notebook shows each item's lines together, and in which order.
    pub(crate) grouped: Option<GroupOrder>,
}

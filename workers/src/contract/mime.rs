//! The types of the blocks in which the library says something to the host. The content of each is JSON.

/// Something is shown, in standard output: a [`Message`](super::display::Message).
pub const DISPLAY: &str = "application/vnd.parcell.display+json";

/// Something about a comm, in standard output: a [`Notice`](super::comms::Notice).
pub const COMM: &str = "application/vnd.parcell.comm+json";

/// The notebook process has panicked, in standard error: a [`PanicReport`](super::reports::PanicReport).
pub const PANIC: &str = "application/vnd.parcell.panic+json";

/// The cell fails, in standard error: a [`FailureReport`](super::reports::FailureReport).
pub const FAILURE: &str = "application/vnd.parcell.error+json";

/// From here on a standing worker prints for another cell, in both streams: the cell's number.
pub const CELL: &str = "application/vnd.parcell.cell+json";

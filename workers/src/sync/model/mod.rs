//! The algorithms as lists of steps, all of whose interleavings are tried, with processes that are killed between any
//! two steps.

mod condition;
mod explorer;
mod monitor;
mod semaphore;

/// What a step does to who sleeps at a bell: see [`Bell`](crate::sys::bell::Bell).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Bell {
    rung: u8,
    /// Counts those that were killed as well.
    waiting: u8,
}

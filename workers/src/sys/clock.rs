//! The clock that a process shares with its workers.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// The monotonic clock, the same for all processes, in nanoseconds.
pub(crate) fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or_default() * 1_000_000_000 + now.tv_nsec.unsigned_abs()
}

/// A duration in nanoseconds; for one too long, the longest.
pub(crate) fn nanos(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

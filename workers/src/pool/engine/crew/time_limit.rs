//! How long an item may take. Times are nanoseconds of the monotonic clock.

use std::time::Duration;

use crate::sys::clock;

/// The time limit of each item.
#[derive(Clone, Copy, Debug)]
pub(super) struct TimeLimit(u64);

impl TimeLimit {
    pub(super) fn new(limit: Duration) -> Self {
        Self(clock::nanos(limit))
    }

    /// How long a worker need not be looked at whose item began then; one that is on none may begin one just now.
    pub(super) fn rest(self, began: Option<u64>, now: u64) -> Duration {
        let end = began.unwrap_or(now).saturating_add(self.0);
        Duration::from_nanos(end.saturating_sub(now))
    }

    /// Whether the item that began then takes too long.
    pub(super) fn is_over(self, began: u64, now: u64) -> bool {
        now.saturating_sub(began) >= self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: u64 = 1_000_000;

    #[test]
    fn a_look_at_the_end_of_the_rest_finds_the_item_late() {
        let limit = TimeLimit::new(Duration::from_nanos(100));
        assert_eq!(limit.rest(Some(NOW - 30), NOW), Duration::from_nanos(70));
        assert!(!limit.is_over(NOW - 30, NOW + 69));
        assert!(limit.is_over(NOW - 30, NOW + 70));
        assert_eq!(limit.rest(Some(NOW - 100), NOW), Duration::ZERO);
        assert_eq!(limit.rest(Some(NOW - 500), NOW), Duration::ZERO);
    }

    #[test]
    fn a_worker_that_is_on_no_item_has_all_the_time_from_now() {
        let limit = TimeLimit::new(Duration::from_nanos(100));
        assert_eq!(limit.rest(None, NOW), Duration::from_nanos(100));
        // The item began after the clock was looked at.
        assert_eq!(limit.rest(Some(NOW + 5), NOW), Duration::from_nanos(105));
        assert!(!limit.is_over(NOW + 5, NOW));
    }

    #[test]
    fn the_longest_limit_is_never_over() {
        let limit = TimeLimit::new(Duration::MAX);
        assert!(!limit.is_over(1, NOW));
        assert!(limit.rest(Some(1), NOW) > Duration::from_secs(1 << 33));
    }
}

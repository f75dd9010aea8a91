//! Whether the kernel has killed a process because memory had run out. It does not say which; it counts.

use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::clock;

/// How old the count may be that a new worker begins with. Reading it takes as long as starting a process does.
const FRESH: Duration = Duration::from_secs(1);

static COUNT: AtomicU64 = AtomicU64::new(0);
/// When it was read, in nanoseconds; 0 for never.
static READ_AT: AtomicU64 = AtomicU64::new(0);

/// How many processes had been killed not long ago.
pub(crate) fn kills_before() -> u64 {
    let now = clock::now();
    let read_at = READ_AT.load(Ordering::Relaxed);
    if read_at == 0 || now.saturating_sub(read_at) > clock::nanos(FRESH) {
        COUNT.store(kills(), Ordering::Relaxed);
        READ_AT.store(now, Ordering::Relaxed);
    }
    COUNT.load(Ordering::Relaxed)
}

/// How many have been killed up to now: in this process's control group where that is counted, else on this machine.
pub(crate) fn kills() -> u64 {
    let text =
        control_group().and_then(|group| fs::read_to_string(format!("/sys/fs/cgroup{group}/memory.events")).ok());
    let text = text.or_else(|| fs::read_to_string("/proc/vmstat").ok());
    // Where neither is to be had, nothing is known, and nothing is claimed.
    text.and_then(|text| count_in(&text)).unwrap_or_default()
}

fn control_group() -> Option<String> {
    let groups = fs::read_to_string("/proc/self/cgroup").ok()?;
    groups
        .lines()
        .find_map(|line| line.strip_prefix("0::"))
        .map(str::to_owned)
}

fn count_in(text: &str) -> Option<u64> {
    text.lines()
        .find_map(|line| line.strip_prefix("oom_kill "))
        .and_then(|count| count.trim().parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_count_is_found_in_both_forms() {
        assert_eq!(
            count_in("low 0\nhigh 0\nmax 3\noom 2\noom_kill 17\noom_group_kill 1\n"),
            Some(17)
        );
        assert_eq!(count_in("nr_free_pages 1\noom_kill 4\npswpin 0\n"), Some(4));
        assert_eq!(count_in("nr_free_pages 1\n"), None);
    }

    #[test]
    fn the_count_does_not_shrink() {
        assert!(kills_before() <= kills());
    }
}

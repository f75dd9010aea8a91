//! Noticing workers that do nothing: one that uses no processor time for long is named once, with the likely reason.
//!
//! The usual reason is a thread that the worker does not have, since only the thread that forks is in a fork. Such a
//! worker would wait for ever, and nobody would know why.

use std::fs;
use std::time::{Duration, Instant};

use super::board::Slot;
use crate::spawn::threads;
use crate::sys::process_stat::ProcessStat;

/// How long a worker may do nothing on one item before it is named.
const PATIENCE: Duration = Duration::from_secs(10);
/// How often the workers are looked at.
const INTERVAL: Duration = Duration::from_secs(1);
/// Sets another patience, in seconds; `0` for none to be named.
const VARIABLE: &str = "PARCELL_IDLE_WARNING";

/// When to look at the workers, and how long to be patient.
#[derive(Debug)]
pub(super) struct Watch {
    patience: Duration,
    next: Instant,
    /// Whether the workers lack threads that this process had when it forked them.
    threads_lost: bool,
}

/// What was seen of one worker.
#[derive(Debug, Default)]
pub(super) struct Glimpse {
    seen: Option<Seen>,
    named: bool,
}

#[derive(Debug)]
struct Seen {
    item: usize,
    cpu: Duration,
    since: Instant,
}

impl Watch {
    pub(super) fn new() -> Self {
        let patience = patience(std::env::var(VARIABLE).ok().as_deref());
        Self {
            patience,
            next: Instant::now() + INTERVAL.min(patience),
            threads_lost: threads::others() > 0,
        }
    }

    /// How long the workers need not be looked at; `None` for ever.
    pub(super) fn rest(&self, now: Instant) -> Option<Duration> {
        (self.patience > Duration::ZERO).then(|| self.next.saturating_duration_since(now))
    }

    /// Whether it is time to look at the workers. If so, each is to be looked at.
    pub(super) fn is_due(&mut self, now: Instant) -> bool {
        let due = self.rest(now).is_some_and(|rest| rest.is_zero());
        if due {
            self.next = now + INTERVAL.min(self.patience);
        }
        due
    }

    /// Looks at one worker, and names it if it has done nothing for long.
    #[expect(clippy::print_stderr, reason = "a warning to the program's user")]
    pub(super) fn look(&self, pid: u32, slot: &Slot, glimpse: &mut Glimpse, now: Instant) {
        if glimpse.named {
            return;
        }
        let cpu = ProcessStat::of(pid).map(|stat| stat.cpu);
        let (Some(_), Some(cpu)) = (slot.running(), cpu) else {
            glimpse.seen = None;
            return;
        };
        let item = slot.inner();
        let since = match &glimpse.seen {
            // One that waits for a process of its own is busy in that one.
            Some(seen) if seen.item == item && seen.cpu == cpu && !has_children(pid) => seen.since,
            _ => now,
        };
        glimpse.seen = Some(Seen { item, cpu, since });
        if now.duration_since(since) >= self.patience {
            glimpse.named = true;
            eprintln!("{}", self.message(pid, item));
        }
    }

    fn message(&self, pid: u32, item: usize) -> String {
        let reason = if self.threads_lost {
            "perhaps it waits for a thread of the program, such as one of a rayon or tokio pool, which a forked worker \
             does not have"
        } else {
            "it waits or sleeps"
        };
        format!(
            "parcell: worker {pid} has used no processor time for {:?} on item {item}: {reason}",
            self.patience
        )
    }
}

/// The patience that the variable's value asks for. What is not a number asks for nothing.
fn patience(value: Option<&str>) -> Duration {
    value
        .and_then(|value| value.parse().ok())
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .unwrap_or(PATIENCE)
}

/// Whether the worker's one thread has forked a process that it has not waited for.
fn has_children(pid: u32) -> bool {
    fs::read_to_string(format!("/proc/{pid}/task/{pid}/children")).is_ok_and(|children| !children.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_variable_is_in_seconds() {
        assert_eq!(patience(None), PATIENCE);
        assert_eq!(patience(Some("0.25")), Duration::from_millis(250));
        assert_eq!(patience(Some("0")), Duration::ZERO);
        assert_eq!(patience(Some("-1")), PATIENCE);
        assert_eq!(patience(Some("soon")), PATIENCE);
    }

    #[test]
    fn the_reason_depends_on_threads() {
        let mut watch = Watch::new();
        watch.threads_lost = false;
        assert!(watch.message(7, 3).ends_with("on item 3: it waits or sleeps"));
        watch.threads_lost = true;
        assert!(
            watch
                .message(7, 3)
                .contains("worker 7 has used no processor time for 10s on item 3: perhaps")
        );
    }
}

//! What the operating system knows of a process: whether it runs, its processor time and its memory.

use std::fs;
use std::time::Duration;

/// A process at one moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ProcessStat {
    pub(crate) activity: Activity,
    /// The processor time of all its threads.
    pub(crate) cpu: Duration,
    /// How many bytes it has resident, with what it shares with others.
    pub(crate) memory: u64,
}

/// What a process does, as its scheduler sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Activity {
    /// It computes, or would if a core were free.
    Running,
    /// It waits for something.
    Waiting,
    /// It has ended, and has not been waited for.
    Ended,
}

impl ProcessStat {
    /// That of a process; `None` where there is none.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        Self::parse(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
    }

    fn parse(stat: &str) -> Option<Self> {
        // The second field is the program's name in brackets, which may hold anything.
        let (_, rest) = stat.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        let number = |index: usize| fields.get(index)?.parse::<u64>().ok();
        let activity = match *fields.first()? {
            "R" => Activity::Running,
            "Z" | "X" => Activity::Ended,
            _ => Activity::Waiting,
        };
        // User and system time are the fourteenth and fifteenth field, and resident pages the twenty-fourth.
        let ticks = number(11)? + number(12)?;
        Some(Self {
            activity,
            cpu: Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second().max(1) as f64),
            memory: number(21)?.saturating_mul(rustix::param::page_size() as u64),
        })
    }
}

#[cfg(test)]
mod tests {
    use std::process::Command;

    use super::*;

    #[test]
    fn fields_stand_behind_any_name() {
        let line = "12 (a) b (c) S 7 12 12 0 -1 4194304 134 0 0 0 150 50 0 0 20 0 1 0 145 2990080 392 1 1 1 1";
        let stat = ProcessStat::parse(line).unwrap();
        assert_eq!(stat.activity, Activity::Waiting);
        assert_eq!(
            stat.cpu.as_secs_f64(),
            200.0 / rustix::param::clock_ticks_per_second() as f64
        );
        assert_eq!(stat.memory, 392 * rustix::param::page_size() as u64);
        assert_eq!(ProcessStat::parse("12 (x"), None);
        assert_eq!(ProcessStat::parse("12 (x) S 1"), None);
    }

    #[test]
    fn this_process_runs_and_uses_what_it_uses() {
        let before = ProcessStat::of(std::process::id()).unwrap();
        assert!(before.memory > 64 * 1024, "{before:?}");
        while ProcessStat::of(std::process::id()).unwrap().cpu == before.cpu {
            std::hint::black_box((0..100_000).sum::<u64>());
        }
        assert_eq!(ProcessStat::of(u32::MAX), None);
    }

    #[test]
    fn one_that_has_ended_is_seen_until_it_is_waited_for() {
        let mut child = Command::new("true").spawn().unwrap();
        while ProcessStat::of(child.id()).unwrap().activity != Activity::Ended {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert_eq!(ProcessStat::of(child.id()), None);
    }
}

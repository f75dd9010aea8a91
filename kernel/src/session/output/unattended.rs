//! Processes that nobody waits for: an end that is not clean is noticed here and reported.
//!
//! Their parent, the notebook process, may be busy with a cell and does not look after them; so they stay as zombies for
//! a while, and the operating system tells their status to whoever asks.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use crate::process::messages::Ending;

/// How long it takes at most until it is seen that a process was killed together with its parent.
const GRACE: Duration = Duration::from_millis(200);
/// What Linux calls PF_EXITING, among a process's flags.
const EXITING: u64 = 4;

/// The processes that are watched.
#[derive(Debug, Default)]
pub(super) struct Unattended {
    running: Vec<Watched>,
    /// Those that were killed, with when that is reported: if the notebook process lives then.
    killed: Vec<(Instant, Ended)>,
    /// Those that have ended well since this was asked for.
    well: Vec<u32>,
}

#[derive(Debug)]
struct Watched {
    pidfd: OwnedFd,
    pid: u32,
}

/// A process that has ended, and not well.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) struct Ended {
    pub(super) pid: u32,
    pub(super) ending: Ending,
}

impl Unattended {
    /// Watches a process that has just been started.
    pub(super) fn watch(&mut self, pid: u32) {
        let process = i32::try_from(pid).ok().and_then(Pid::from_raw);
        // It cannot be opened where it has ended and has been waited for, and that is told in another way.
        if let Some(pidfd) = process.and_then(|process| pidfd_open(process, PidfdFlags::empty()).ok()) {
            self.running.push(Watched { pidfd, pid });
        }
    }

    /// The notebook process has ended, and all these with it.
    pub(super) fn clear(&mut self) {
        self.running.clear();
        self.killed.clear();
        self.well.clear();
    }

    /// What becomes ready to be read when one ends.
    pub(super) fn descriptors(&self) -> impl Iterator<Item = BorrowedFd<'_>> {
        self.running.iter().map(|watched| watched.pidfd.as_fd())
    }

    /// When to call `reports`, if nothing ends before.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.killed.iter().map(|(due, _)| *due).min()
    }

    /// The notebook process has waited for this one, and says how it ended. Gives that where it is to be reported.
    pub(super) fn waited_for(&mut self, pid: u32, ending: Option<Ending>) -> Option<Ending> {
        let running = self.running.extract_if(.., |watched| watched.pid == pid).count();
        let killed = self.killed.extract_if(.., |(_, ended)| ended.pid == pid).count();
        ending.filter(|_| running + killed > 0)
    }

    /// The processes whose ends `reports` has found not worth a report.
    pub(super) fn ended_well(&mut self) -> Vec<u32> {
        std::mem::take(&mut self.well)
    }

    /// The ends that are to be reported now.
    pub(super) fn reports(&mut self, now: Instant) -> Vec<Ended> {
        let mut reports = Vec::new();
        for watched in self.running.extract_if(.., |watched| has_ended(&watched.pidfd)) {
            let Some(Status {
                ending: Some(ending), ..
            }) = status(watched.pid)
            else {
                self.well.push(watched.pid);
                continue;
            };
            let ended = Ended {
                pid: watched.pid,
                ending,
            };
            match ending {
                // Perhaps the notebook process was as well.
                Ending::Killed { signal: libc::SIGKILL } => self.killed.push((now + GRACE, ended)),
                _ => reports.push(ended),
            }
        }
        let due = self.killed.extract_if(.., |(due, _)| *due <= now);
        reports.extend(due.map(|(_, ended)| ended).filter(|ended| parent_lives(ended.pid)));
        reports
    }
}

fn has_ended(pidfd: &OwnedFd) -> bool {
    let mut events = [PollFd::new(pidfd, PollFlags::IN)];
    let at_once = Timespec { tv_sec: 0, tv_nsec: 0 };
    matches!(poll(&mut events, Some(&at_once)), Ok(1))
}

/// Whether the process that has to wait for the one that has ended is there, and not about to end.
fn parent_lives(pid: u32) -> bool {
    let parent = status(pid).and_then(|ended| status(ended.parent));
    parent.is_some_and(|parent| !parent.has_ended && parent.flags & EXITING == 0)
}

/// What the operating system tells of a process.
#[derive(Debug, Eq, PartialEq)]
struct Status {
    parent: u32,
    flags: u64,
    has_ended: bool,
    /// Where it has ended, and not well.
    ending: Option<Ending>,
}

/// None where it has been waited for.
fn status(pid: u32) -> Option<Status> {
    parse(&std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// Reads what proc(5) describes as `/proc/pid/stat`.
fn parse(stat: &str) -> Option<Status> {
    // The second field is the program's name, in parentheses, which it may contain itself.
    let (_, fields) = stat.rsplit_once(") ")?;
    let fields: Vec<&str> = fields.split_ascii_whitespace().collect();
    let field = |number: usize| fields.get(number - 3).copied();
    let has_ended = matches!(field(3)?, "Z" | "X");
    let code: i32 = field(52)?.parse().ok()?;
    let ending = match (code & 0x7f, code >> 8) {
        (0, 0) => None,
        (0, code) => Some(Ending::Exited { code }),
        (signal, _) => Some(Ending::Killed { signal }),
    };
    Some(Status {
        parent: field(4)?.parse().ok()?,
        flags: field(9)?.parse().ok()?,
        has_ended,
        ending: ending.filter(|_| has_ended),
    })
}

#[cfg(test)]
mod tests {
    use std::process::{Child, Command};

    use super::*;

    fn watch(unattended: &mut Unattended, script: &str) -> Child {
        let child = Command::new("sh").args(["-c", script]).spawn().unwrap();
        unattended.watch(child.id());
        child
    }

    /// What is reported of the processes that are watched, when all have ended.
    fn reported(unattended: &mut Unattended, now: Instant) -> Vec<Ending> {
        while unattended.running.iter().any(|watched| !has_ended(&watched.pidfd)) {
            std::thread::yield_now();
        }
        unattended.reports(now).into_iter().map(|ended| ended.ending).collect()
    }

    #[test]
    fn what_did_not_end_well_is_reported_once() {
        let mut unattended = Unattended::default();
        let children = ["exit 0", "exit 3", "kill -SEGV $$"].map(|script| watch(&mut unattended, script));
        let now = Instant::now();
        let signal = libc::SIGSEGV;
        assert_eq!(
            reported(&mut unattended, now),
            [Ending::Exited { code: 3 }, Ending::Killed { signal }]
        );
        assert_eq!(reported(&mut unattended, now), []);
        for mut child in children {
            child.wait().unwrap();
        }
    }

    #[test]
    fn what_was_killed_is_reported_if_its_parent_lives_on() {
        let mut unattended = Unattended::default();
        let mut child = watch(&mut unattended, "kill -KILL $$");
        let now = Instant::now();
        assert_eq!(reported(&mut unattended, now), []);
        let due = unattended.deadline().unwrap();
        assert_eq!(
            reported(&mut unattended, due),
            [Ending::Killed { signal: libc::SIGKILL }]
        );
        child.wait().unwrap();
        assert!(!parent_lives(child.id()));
    }

    #[test]
    fn what_has_been_waited_for_is_reported_as_told() {
        let mut unattended = Unattended::default();
        let mut child = watch(&mut unattended, "exit 3");
        child.wait().unwrap();
        let ending = Ending::Exited { code: 3 };
        assert_eq!(unattended.waited_for(child.id(), Some(ending)), Some(ending));
        assert_eq!(unattended.waited_for(child.id(), Some(ending)), None);
        assert_eq!(reported(&mut unattended, Instant::now()), []);
    }

    #[test]
    fn a_name_may_look_like_fields() {
        let stat = format!("7 (a) Z 1) Z 5 1 1 0 -1 4 {} 139", "0 ".repeat(42).trim_end());
        let expected = Status {
            parent: 5,
            flags: 4,
            has_ended: true,
            ending: Some(Ending::Killed { signal: 11 }),
        };
        assert_eq!(parse(&stat), Some(expected));
        assert_eq!(parse("7 (a) Z 5"), None);
    }
}

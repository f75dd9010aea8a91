//! Processes that the supervisor watches, kills and waits for.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, getpid, kill_process_group, pidfd_open, pidfd_send_signal};

use crate::process::descendants;
use crate::session_directory;

/// How long processes that were killed are waited for: no time, unless the machine is busy or a device keeps them.
const ORPHANS_END: Duration = Duration::from_secs(1);

/// A process that is watched.
#[derive(Debug)]
pub(super) struct Process {
    pub(super) pid: Pid,
    pub(super) pidfd: OwnedFd,
}

impl Process {
    pub(super) fn watch(pid: Pid) -> io::Result<Process> {
        Ok(Process {
            pid,
            pidfd: pidfd_open(pid, PidfdFlags::empty())?,
        })
    }

    pub(super) fn kill(&self) {
        // Fails only where it has ended.
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
    }

    /// Waits for its end, for at most this long if there is a limit. It need not be a child.
    fn wait(&self, limit: Option<Timespec>) {
        let mut end = [PollFd::new(&self.pidfd, PollFlags::IN)];
        let _ = rustix::io::retry_on_intr(|| poll(&mut end, limit.as_ref()));
    }

    /// Kills whatever this process, which has ended, has left behind, and waits for it; not the one that is to go on in its
    /// place.
    pub(super) fn end_orphans(&self, successor: Option<Pid>) {
        self.kill_group();
        // Those that have left the group too: they are this process's children now, and theirs become so.
        end_all(|| {
            let mut left = descendants::of(getpid());
            left.retain(|pid| Some(*pid) != successor && !has_ended(*pid));
            left
        });
    }

    pub(super) fn kill_group(&self) {
        self.kill();
        // Fails only where the whole group has ended.
        let _ = kill_process_group(self.pid, Signal::KILL);
    }
}

/// Kills the processes that are found, and waits for them, until none is found any more.
pub(in crate::process) fn end_all(find: impl Fn() -> Vec<Pid>) {
    let end = Instant::now() + ORPHANS_END;
    loop {
        let left = find();
        if left.is_empty() || Instant::now() >= end {
            return;
        }
        // What has ended meanwhile cannot be opened.
        for orphan in left.into_iter().filter_map(|pid| Process::watch(pid).ok()) {
            orphan.kill();
            // One that the system does not let go of must not keep the notebook from going on.
            orphan.wait(Timespec::try_from(end.saturating_duration_since(Instant::now())).ok());
        }
    }
}

/// Whether a process is there only to be waited for.
fn has_ended(pid: Pid) -> bool {
    stat(pid).is_none_or(|stat| stat.is_zombie())
}

/// Whether a process has ended, or has begun to: nothing of its program runs any more.
pub(super) fn is_dying(pid: Pid) -> bool {
    stat(pid).is_none_or(|stat| stat.is_zombie() || stat.flags & EXITING != 0)
}

/// Linux's flag for a process that is ending (`PF_EXITING`, include/linux/sched.h).
const EXITING: u64 = 4;

/// What `/proc/PID/stat` says (proc_pid_stat(5)).
#[derive(Debug, Eq, PartialEq)]
struct Stat {
    state: char,
    flags: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Stat> {
        // The state is behind the name, which is in parentheses and may have some in it.
        let (_, rest) = text.rsplit_once(") ")?;
        let mut fields = rest.split(' ');
        Some(Stat {
            state: fields.next()?.chars().next()?,
            flags: fields.nth(5)?.parse().ok()?,
        })
    }

    fn is_zombie(&self) -> bool {
        matches!(self.state, 'Z' | 'X')
    }
}

/// `None` where there is no such process.
fn stat(pid: Pid) -> Option<Stat> {
    Stat::parse(&std::fs::read_to_string(format!("/proc/{}/stat", pid.as_raw_nonzero())).ok()?)
}

/// Kills what the kernel had started to compile, and waits: it writes to the session's directory.
pub(super) fn end_compilers(session: &Path) {
    loop {
        let mut left = descendants::with_variable(session_directory::VARIABLE, session.as_os_str());
        left.retain(|pid| *pid != getpid());
        if left.is_empty() {
            return;
        }
        // What has ended meanwhile cannot be opened.
        for compiler in left.into_iter().filter_map(|pid| Process::watch(pid).ok()) {
            compiler.kill();
            compiler.wait(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_state_and_the_flags_are_behind_the_name() {
        let text = "7 (a) S (b) R 1 7 7 0 -1 4194308 99 0";
        let expected = Stat {
            state: 'R',
            flags: 0x0040_0004,
        };
        assert_eq!(Stat::parse(text), Some(expected));
        assert_eq!(Stat::parse("7 (a) R"), None);
    }

    #[test]
    fn a_process_is_dying_when_it_has_been_killed() {
        let mut child = std::process::Command::new("sleep").arg("600").spawn().unwrap();
        let pid = Pid::from_child(&child);
        assert!(!is_dying(getpid()) && !is_dying(pid) && !has_ended(pid));
        child.kill().unwrap();
        let child_end = Process::watch(pid).unwrap();
        child_end.wait(None);
        assert!(is_dying(pid) && has_ended(pid));
        child.wait().unwrap();
        assert!(is_dying(pid) && has_ended(pid));
    }
}

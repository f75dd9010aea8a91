//! Processes that the supervisor watches, kills and waits for.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, getpgid, getpid, kill_process_group, pidfd_open, pidfd_send_signal};

use crate::process::descendants;
use crate::session_directory;

/// How long processes that were killed are waited for: no time, unless the machine is busy or a device keeps them.
const GROUP_END: Duration = Duration::from_secs(1);

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

    /// Kills the group of this process, which has ended, and waits for the others in it.
    pub(super) fn end_group(&self) {
        self.kill_group();
        // The orphans are this process's children now, and theirs become so.
        let mut members = descendants::of(getpid());
        members.retain(|pid| getpgid(Some(*pid)).is_ok_and(|group| group == self.pid));
        let end = Instant::now() + GROUP_END;
        for member in members.into_iter().filter_map(|pid| Process::watch(pid).ok()) {
            // One that the system does not let go of must not keep the notebook from going on.
            member.wait(Timespec::try_from(end.saturating_duration_since(Instant::now())).ok());
        }
    }

    pub(super) fn kill_group(&self) {
        self.kill();
        // Fails only where the whole group has ended.
        let _ = kill_process_group(self.pid, Signal::KILL);
    }
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

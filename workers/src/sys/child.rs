//! A forked process as its parent sees it: signal it, wait for it, and never leave it behind.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;

use rustix::io;
use rustix::process::{PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid};

use super::lifeline::{LifelineId, Lifelines};
use crate::notebook;

/// How a process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Exit {
    /// With this exit code.
    Code(i32),
    /// Killed by the signal with this number.
    Signal(i32),
    /// Unknown: other code of this program has taken the status, or told the kernel not to keep any.
    Lost,
}

/// A forked process. Dropping it kills it and waits for it.
#[derive(Debug)]
pub(crate) struct Child {
    pid: u32,
    pidfd: Arc<OwnedFd>,
    lifeline: LifelineId,
    /// The process that forked it. In any other (a fork made later has a copy of this handle) only it may be waited for.
    parent: u32,
    announced: bool,
    exit: Option<Exit>,
}

impl Child {
    /// Takes charge of the child `pid` of this process, which nobody has waited for yet.
    pub(crate) fn adopt(pid: rustix::process::Pid, lifeline: LifelineId, announced: bool) -> io::Result<Self> {
        let pidfd = Arc::new(pidfd_open(pid, PidfdFlags::empty())?);
        let pid = pid.as_raw_nonzero().get().cast_unsigned();
        Ok(Self {
            pid,
            pidfd,
            lifeline,
            parent: std::process::id(),
            announced,
            exit: None,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// The process's descriptor, readable once it has ended.
    pub(crate) fn pidfd(&self) -> &Arc<OwnedFd> {
        &self.pidfd
    }

    /// Whether the calling process is the one that forked it.
    pub(crate) fn is_ours(&self) -> bool {
        self.parent == std::process::id()
    }

    /// Whether it was forked by a process that has ended, and its workers with it, in whose place this one goes on.
    pub(crate) fn is_lost(&self) -> bool {
        !self.is_ours() && notebook::is_predecessor(self.parent)
    }

    /// Sends `signal`, unless the process has ended.
    pub(crate) fn signal(&self, signal: Signal) {
        if self.exit.is_none() {
            // The only thing that can go wrong with a child of ours is that it has just ended.
            let _ = pidfd_send_signal(&*self.pidfd, signal);
        }
    }

    /// How it ended, if it has.
    pub(crate) fn try_wait(&mut self) -> Option<Exit> {
        self.reap(WaitIdOptions::EXITED | WaitIdOptions::NOHANG)
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> Exit {
        self.reap(WaitIdOptions::EXITED).unwrap_or(Exit::Lost)
    }

    fn reap(&mut self, options: WaitIdOptions) -> Option<Exit> {
        if self.exit.is_some() {
            return self.exit;
        }
        let exit = match io::retry_on_intr(|| waitid(WaitId::PidFd((*self.pidfd).as_fd()), options)) {
            Ok(None) => return None,
            Ok(Some(status)) => match (status.exit_status(), status.terminating_signal()) {
                (Some(code), _) => Exit::Code(code),
                (None, Some(signal)) => Exit::Signal(signal),
                (None, None) => Exit::Lost,
            },
            Err(_) => Exit::Lost,
        };
        self.exit = Some(exit);
        Lifelines::lock().remove(self.lifeline);
        if self.announced {
            notebook::worker_exited(self.pid);
        }
        self.exit
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.exit.is_none() && self.is_ours() {
            self.signal(Signal::KILL);
            self.wait();
        }
    }
}

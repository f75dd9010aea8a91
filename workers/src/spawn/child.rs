//! A forked process as its parent sees it: signal it, wait for it, and never leave it behind.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::io;
use rustix::process::{PidfdFlags, Signal, WaitIdOptions, pidfd_open, pidfd_send_signal};

use super::family::Family;
use crate::notebook;
use crate::sys::exit::{Ending, Exit};
use crate::sys::lifeline::{LifelineId, Lifelines};
use crate::sys::{oom, region, wait};

/// A forked process. Dropping it kills it and waits for it.
#[derive(Debug)]
pub(crate) struct Child {
    pid: u32,
    pidfd: Arc<OwnedFd>,
    lifeline: LifelineId,
    /// The process that forked it. In any other (a fork made later has a copy of this handle) only it may be waited for.
    parent: u32,
    announced: bool,
    /// Whether this process has killed it.
    killed: AtomicBool,
    /// How many processes had died of lack of memory before.
    kills_before: u64,
    ending: Option<Ending>,
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
            killed: AtomicBool::new(false),
            kills_before: oom::kills_before(),
            ending: None,
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
        if self.ending.is_none() {
            if signal == Signal::KILL {
                self.killed.store(true, Ordering::Relaxed);
            }
            // The only thing that can go wrong with a child of ours is that it has just ended.
            let _ = pidfd_send_signal(&*self.pidfd, signal);
        }
    }

    /// How it ended, if it has.
    pub(crate) fn try_wait(&mut self) -> Option<Ending> {
        self.reap(WaitIdOptions::EXITED | WaitIdOptions::NOHANG)
    }

    /// Waits until it has ended.
    pub(crate) fn wait(&mut self) -> Ending {
        self.reap(WaitIdOptions::EXITED).unwrap_or(Ending::LOST)
    }

    fn reap(&mut self, options: WaitIdOptions) -> Option<Ending> {
        if self.ending.is_some() {
            return self.ending;
        }
        let ending = match io::retry_on_intr(|| wait::wait((*self.pidfd).as_fd(), options)) {
            Ok(None) => return None,
            Ok(Some(waited)) => Ending {
                exit: waited.exit,
                peak_memory: Some(waited.peak_memory),
                cpu: Some(waited.cpu),
                out_of_memory: waited.exit == Exit::Signal(libc::SIGKILL)
                    && !self.killed.load(Ordering::Relaxed)
                    && oom::kills() > self.kills_before,
                aborted: None,
            },
            Err(_) => Ending::LOST,
        };
        self.ending = Some(ending);
        // What cannot be taken over now is taken over when it is looked for.
        let _ = region::take_over();
        Lifelines::lock().remove(self.lifeline);
        let was_killed = self.killed.load(Ordering::Relaxed);
        let known = Family::lock().remove_child(self.pid, &ending, was_killed);
        drop(known);
        if self.announced {
            notebook::worker_exited(self.pid, ending.exit);
        }
        self.ending
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if self.ending.is_none() && self.is_ours() {
            self.signal(Signal::KILL);
            self.wait();
        }
    }
}

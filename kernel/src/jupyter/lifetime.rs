//! What ends or interrupts the kernel from outside its sockets: signals, and the end of whoever started it.

use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Pid, PidfdFlags, getppid, pidfd_open};
use std::env;
use std::io;
use std::os::fd::OwnedFd;
use std::thread;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;

/// Where Jupyter says which process the kernel belongs to.
const PARENT_VARIABLE: &str = "JPY_PARENT_PID";

/// Watches for all of it.
#[derive(Debug)]
pub(super) struct Lifetime {
    interrupt: Signal,
    terminate: Signal,
    hang_up: Signal,
    /// Says when the parent has ended; closed where there is nobody to outlive.
    parent: mpsc::Receiver<()>,
}

/// Something the kernel has to heed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Notice {
    /// SIGINT: stop the running cell.
    Interrupt,
    /// SIGTERM or SIGHUP: end.
    Terminate,
    /// Nobody is left to talk to: end.
    ParentGone,
}

impl Lifetime {
    /// Starts watching.
    pub(super) fn watch() -> Result<Lifetime, io::Error> {
        Ok(Lifetime {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            hang_up: signal(SignalKind::hangup())?,
            parent: wait_for_end(open_parent(env::var(PARENT_VARIABLE).ok().as_deref())),
        })
    }

    /// Waits for the next notice. Nothing is lost when the future is dropped.
    pub(super) async fn notice(&mut self) -> Notice {
        tokio::select! {
            _ = self.interrupt.recv() => Notice::Interrupt,
            _ = self.terminate.recv() => Notice::Terminate,
            _ = self.hang_up.recv() => Notice::Terminate,
            Some(()) = self.parent.recv() => Notice::ParentGone,
        }
    }
}

/// Waits in a thread of its own, which lasts as long as the kernel. (tokio can wait for a descriptor too, but no longer
/// through a safe function.)
fn wait_for_end(parent: Option<OwnedFd>) -> mpsc::Receiver<()> {
    let (sender, receiver) = mpsc::channel(1);
    let Some(parent) = parent else { return receiver };
    thread::spawn(move || {
        loop {
            match poll(&mut [PollFd::new(&parent, PollFlags::IN)], None) {
                // The kernel may have ended first: then nobody listens, and nobody has to.
                Ok(1..) => return sender.blocking_send(()).unwrap_or_default(),
                Ok(0) | Err(rustix::io::Errno::INTR) => {}
                Err(error) => return tracing::error!(%error, "the parent process cannot be watched"),
            }
        }
    });
    receiver
}

/// The process that Jupyter named or, where it named none that is there (containers have other PIDs), the one that
/// started the kernel. PID 1 is nobody's client: a kernel that has it for a parent runs on its own.
fn open_parent(named: Option<&str>) -> Option<OwnedFd> {
    let named = named.and_then(|pid| Pid::from_raw(pid.trim().parse().ok()?));
    [named, getppid()]
        .into_iter()
        .flatten()
        .filter(|&pid| pid != Pid::INIT)
        .find_map(|pid| {
            pidfd_open(pid, PidfdFlags::empty())
                .inspect_err(|error| tracing::warn!(%pid, %error, "a parent process cannot be watched"))
                .ok()
        })
}

//! What happens differently when the program is a notebook: each worker's output goes to the kernel apart, and the
//! kernel is told when a worker starts and has ended. A plain program's workers just print where the program does.

mod exports;
mod host;
mod panic_hook;
mod succession;

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use rustix::pipe::{PipeFlags, pipe_with};

use host::{Event, Host};
pub(crate) use succession::is_predecessor;

/// The pipes that carry one worker's output to the kernel.
#[derive(Debug)]
pub(crate) struct Redirection {
    host: Host,
    stdout: (OwnedFd, OwnedFd),
    stderr: (OwnedFd, OwnedFd),
}

/// The pipes for a worker that is about to be forked; `None` in a plain program.
pub(crate) fn redirection() -> io::Result<Option<Redirection>> {
    let Some(host) = Host::find() else { return Ok(None) };
    Ok(Some(Redirection {
        host,
        stdout: output_pipe()?,
        stderr: output_pipe()?,
    }))
}

/// Tells the kernel that a worker has ended and was waited for, so all its output is in its pipes.
pub(crate) fn worker_exited(pid: u32) {
    if let Some(host) = Host::find()
        && let Err(error) = host.send(&Event::WorkerExited { pid }, &[])
    {
        give_up(&error);
    }
}

/// The host cannot be reached: says so, once, and from here on works as in a plain program.
pub(crate) fn give_up(error: &io::Error) {
    if host::forget() {
        eprintln!("parcell: the notebook cannot be told about worker processes: {error}");
    }
}

impl Redirection {
    /// In the parent: gives the kernel the read ends. The pipes are closed here, whether it takes them or not.
    pub(crate) fn announce(self, pid: u32, name: Option<&str>) -> io::Result<()> {
        let ends = [self.stdout.0.as_fd(), self.stderr.0.as_fd()];
        self.host.send(&Event::WorkerStarted { pid, name }, &ends)
    }

    /// In the worker: makes the pipes its standard output and standard error.
    pub(crate) fn apply(self) -> rustix::io::Result<()> {
        rustix::stdio::dup2_stdout(&self.stdout.1)?;
        rustix::stdio::dup2_stderr(&self.stderr.1)
    }
}

/// A pipe whose read end does not block. (The write end does: a worker waits until its output has room.)
fn output_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&read, true)?;
    Ok((read, write))
}

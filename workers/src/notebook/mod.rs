//! What happens differently when the program is a notebook: each worker's output goes to the kernel apart, and the
//! kernel is told when a worker starts and has ended. A plain program's workers just print where the program does.

mod ask;
mod calls;
pub(crate) mod checkpoint;
pub(crate) mod comms;
mod groups;
mod host;
mod results;
mod succession;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command};

use rustix::pipe::{PipeFlags, pipe_with};

pub(crate) use ask::{Answer, ask};
pub(crate) use calls::{calls_in_cells, work_far_from_host};
pub(crate) use groups::Group;
use host::Host;
pub(crate) use host::{current_cell, results_file, work_for_cell};
pub use results::LastMap;
pub(crate) use results::{Counts, Description, ResultsWriter, read as read_results, records};
pub(crate) use succession::{is_predecessor, succeed};

use crate::contract::control::ControlMessage;
pub(crate) use crate::contract::events::{Announcement, GroupOrder, OutputStyle};
use crate::contract::events::{Ending, WorkerEvent};
use crate::sys::exit::Exit;

/// The pipes that carry one worker's output to the kernel.
#[derive(Debug)]
pub(crate) struct Redirection {
    host: Host,
    stdout: (OwnedFd, OwnedFd),
    stderr: (OwnedFd, OwnedFd),
}

/// Whether this program is a notebook.
pub(crate) fn is_notebook() -> bool {
    Host::is_there()
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
pub(crate) fn worker_exited(pid: u32, exit: Exit) {
    let ending = match exit {
        Exit::Code(0) | Exit::Lost => None,
        Exit::Code(code) => Some(Ending::Exited { code }),
        Exit::Signal(signal) => Some(Ending::Killed { signal }),
    };
    if let Some(host) = Host::find()
        && let Err(error) = host.send(&WorkerEvent::WorkerExited { pid, ending }, &[])
    {
        give_up(&error);
    }
}

/// Prints to standard error, in a notebook behind what the workers have printed that have ended: that comes through other
/// pipes, and might otherwise be shown later.
#[expect(clippy::print_stderr, reason = "the one place for notices")]
pub(crate) fn notify(text: &str) {
    match Host::find() {
        Some(host) if text.len() <= LONGEST_NOTICE => {
            let notice = WorkerEvent::Notice { text: text.into() };
            if let Err(error) = host.send(&notice, &[]) {
                give_up(&error);
                eprint!("{text}");
            }
        }
        _ => eprint!("{text}"),
    }
}

/// What fits into a message beside all else.
const LONGEST_NOTICE: usize = 16 * 1024;

/// Says a control line where nothing that a cell prints can get between.
#[expect(clippy::print_stderr, reason = "there is nobody else to tell")]
pub fn send_control_line(line: &str) {
    let sent = match Host::control() {
        Some(control) => control.send(&ControlMessage::ControlLine(line.into()), &[]),
        None => Err(io::Error::other("there is no notebook")),
    };
    if let Err(error) = sent {
        eprintln!("parcell: the notebook cannot be told {line:?}: {error}");
        // Without it the kernel would go on with the wrong idea of the variables; so the cell is undone.
        std::process::abort();
    }
}

/// The host cannot be reached: says so, once, and from here on works as in a plain program.
#[expect(clippy::print_stderr, reason = "there is nobody else to tell")]
pub(crate) fn give_up(error: &io::Error) {
    if host::forget() {
        eprintln!("parcell: the notebook cannot be told about worker processes: {error}");
    }
}

impl Redirection {
    /// In the parent: gives the kernel the read ends. The pipes are closed here, whether it takes them or not.
    pub(crate) fn announce(self, worker: Announcement<'_>) -> io::Result<()> {
        let ends = [self.stdout.0.as_fd(), self.stderr.0.as_fd()];
        self.host.send(&WorkerEvent::WorkerStarted(worker), &ends)
    }

    /// For a worker on another machine: gives the kernel the read ends, and the caller the ends to which it writes what the
    /// worker prints to standard output and to standard error.
    pub(crate) fn relay(self, worker: Announcement<'_>) -> io::Result<[OwnedFd; 2]> {
        let (stdout, stderr) = self.writers()?;
        self.announce(worker)?;
        Ok([stdout, stderr])
    }

    /// Executes a program of this library, which prints to the pipes and can tell the kernel of workers of its own.
    pub(crate) fn execute(&self, command: &mut Command) -> io::Result<Child> {
        let (stdout, stderr) = self.writers()?;
        self.host.pass_on(true)?;
        let child = command.stdout(stdout).stderr(stderr).spawn();
        self.host.pass_on(false)?;
        child
    }

    /// What a program that is about to be executed prints to.
    fn writers(&self) -> io::Result<(OwnedFd, OwnedFd)> {
        Ok((self.stdout.1.try_clone()?, self.stderr.1.try_clone()?))
    }

    /// In the worker: makes the pipes its standard output and standard error, and, where its lines are grouped, what marks
    /// are written to.
    pub(crate) fn apply(self, grouped: bool) -> rustix::io::Result<()> {
        rustix::stdio::dup2_stdout(&self.stdout.1)?;
        rustix::stdio::dup2_stderr(&self.stderr.1)?;
        groups::mark(grouped.then_some([self.stdout.1, self.stderr.1]));
        Ok(())
    }
}

/// A pipe whose read end does not block. (The write end does: a worker waits until its output has room.)
fn output_pipe() -> io::Result<(OwnedFd, OwnedFd)> {
    let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&read, true)?;
    Ok((read, write))
}

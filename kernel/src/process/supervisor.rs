//! The supervisor: the kernel's child. It starts the notebook process, watches it, and lets the checkpoint take over when
//! it dies. It runs no user code and has one thread, so that it outlives whatever cells do.
//!
//! The evaluator learns of a cell only lines that are composed here. Answered with a line that is not UTF-8 it gives up
//! the cell and keeps its state as it was before: that is how a cell is rolled back.
//!
//! What is done about what is heard is decided in `cells`, and done here.

mod cells;
mod lines;
mod processes;

use std::io::{self, Write};
use std::ops::ControlFlow;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use cells::{Action, Answer, Cells, Death};
use lines::Lines;
pub(super) use processes::end_all;
use processes::{Process, end_compilers, is_dying};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    Pid, Signal, WaitOptions, WaitStatus, getpid, getppid, kill_process, set_child_subreaper, setpgid, wait,
};

use super::channel::{Channel, ReceiveError};
use super::checkpoint::take_over;
use super::messages::{
    COMPLETED, CONTROL_DESCRIPTOR, EVENTS_DESCRIPTOR, Ending, FromNotebook, FromSupervisor, KERNEL_SOCKET,
    RESULTS_DESCRIPTOR, TRANSACTION_DESCRIPTOR, ToSupervisor,
};
use super::transaction::Transaction;
use super::{NOTEBOOK, descendants, huge_pages};
use crate::session_directory;

/// What makes the evaluator give up a cell: not UTF-8.
const ROLL_BACK: &[u8] = b"\xff\n";
const INTERNAL_ERROR: u8 = 70;

pub(super) fn main(runs_cells: bool) -> ExitCode {
    let result = Supervisor::start(runs_cells).and_then(|mut supervisor| {
        let result = supervisor.serve();
        supervisor.end_everything();
        result
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the kernel logs it")]
            {
                eprintln!("parcell: the supervisor cannot go on: {error}");
            }
            ExitCode::from(INTERNAL_ERROR)
        }
    }
}

struct Supervisor {
    session: PathBuf,
    kernel: Channel,
    kernel_pid: Option<Pid>,
    notebook: Channel,
    transaction: Transaction,
    live: Process,
    checkpoint: Option<Standby>,
    /// What came with the last message of the notebook process.
    sockets: Vec<OwnedFd>,
    commands: Lines,
    cells: Cells,
    /// How the notebook process ended, once it has been waited for.
    ending: Option<Ending>,
    /// Whether cells are run, and not only said to have been.
    runs_cells: bool,
}

/// A checkpoint that can be asked to take over.
struct Standby {
    process: Process,
    socket: OwnedFd,
    /// How many threads it lacks.
    threads: usize,
}

impl Supervisor {
    fn start(runs_cells: bool) -> io::Result<Supervisor> {
        // In a group of its own: the terminal's Ctrl-C is for the kernel, which interrupts the cell.
        setpgid(None, None)?;
        set_child_subreaper(Some(getpid()))?;
        let session = session_directory::of_this_process()
            .ok_or_else(|| io::Error::other(format!("{} is not set", session_directory::VARIABLE)))?;
        let kernel = connect(&session)?;
        let transaction = Transaction::create()?;
        let (events_of_kernel, events) = Channel::pair()?;
        let (notebook, control) = Channel::pair()?;
        let (stdout, stdout_of_notebook) = pipe_with(PipeFlags::CLOEXEC)?;
        let (stderr, stderr_of_notebook) = pipe_with(PipeFlags::CLOEXEC)?;
        let results = memfd_create("parcell-results", MemfdFlags::CLOEXEC)?;
        let inherited = [
            (control.as_fd().as_raw_fd(), CONTROL_DESCRIPTOR),
            (events.as_fd().as_raw_fd(), EVENTS_DESCRIPTOR),
            (transaction.as_fd().as_raw_fd(), TRANSACTION_DESCRIPTOR),
            (results.as_raw_fd(), RESULTS_DESCRIPTOR),
        ];
        let pid = start_notebook_process(stdout_of_notebook, stderr_of_notebook, inherited)?;
        let message = FromSupervisor::Started {
            pid: pid.as_raw_nonzero().get().unsigned_abs(),
        };
        let given = [
            stdout.as_fd(),
            stderr.as_fd(),
            events_of_kernel.as_fd(),
            results.as_fd(),
        ];
        kernel.send(&message, &given)?;
        Ok(Supervisor {
            session,
            kernel,
            kernel_pid: getppid(),
            notebook,
            transaction,
            live: Process::watch(pid)?,
            checkpoint: None,
            sockets: Vec::new(),
            commands: Lines::default(),
            cells: Cells::default(),
            ending: None,
            runs_cells,
        })
    }

    fn serve(&mut self) -> io::Result<()> {
        loop {
            let stdin = io::stdin();
            let mut events = [
                PollFd::from_borrowed_fd(stdin.as_fd(), PollFlags::IN),
                PollFd::new(&self.kernel, PollFlags::IN),
                PollFd::new(&self.notebook, PollFlags::IN),
                PollFd::new(&self.live.pidfd, PollFlags::IN),
            ];
            match poll(&mut events, None) {
                Ok(_) => {}
                Err(rustix::io::Errno::INTR) => continue,
                Err(error) => return Err(error.into()),
            }
            let [command, kernel, notebook, death] = events.map(|event| !event.revents().is_empty());
            self.reap()?;
            if notebook {
                self.hear_notebook()?;
            }
            if death {
                self.replace_notebook_process()?;
            }
            if kernel && let ControlFlow::Break(()) = self.hear_kernel()? {
                return Ok(());
            }
            if command && let ControlFlow::Break(()) = self.hear_evaluator()? {
                return Ok(());
            }
        }
    }

    fn hear_evaluator(&mut self) -> io::Result<ControlFlow<()>> {
        if !self.commands.read(io::stdin().as_fd())? {
            return Ok(ControlFlow::Break(()));
        }
        while let Some(line) = self.commands.next() {
            let actions = self.cells.command(&line).map_err(io::Error::other)?;
            self.perform(actions)?;
        }
        Ok(ControlFlow::Continue(()))
    }

    fn hear_kernel(&mut self) -> io::Result<ControlFlow<()>> {
        loop {
            match self.kernel.try_receive() {
                Ok((ToSupervisor::BeginCell { cell }, _)) => self.cells.begin(cell),
                Ok((ToSupervisor::End, _)) => return Ok(ControlFlow::Break(())),
                Ok((ToSupervisor::Interrupt { cell }, _)) => {
                    let actions = self.cells.interrupt(cell);
                    self.perform(actions)?;
                }
                Err(ReceiveError::Empty) => return Ok(ControlFlow::Continue(())),
                Err(ReceiveError::Closed) => return Ok(ControlFlow::Break(())),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    fn hear_notebook(&mut self) -> io::Result<()> {
        loop {
            match self.notebook.try_receive() {
                Ok((said, sockets)) => {
                    self.sockets = sockets;
                    let actions = self.cells.hear(said);
                    self.perform(actions)?;
                }
                Err(ReceiveError::Empty | ReceiveError::Closed) => return Ok(()),
                // A cell can write to this socket; what it writes there must not end the session.
                Err(ReceiveError::Garbled { .. }) => {}
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    fn perform(&mut self, actions: Vec<Action>) -> io::Result<()> {
        for action in actions {
            match action {
                Action::Begin => self.transaction.begin(),
                Action::End => self.transaction.end(),
                Action::Cancel => {
                    if self.transaction.cancel() {
                        self.live.kill_group();
                    }
                }
                Action::Run(_) if !self.runs_cells => {
                    let actions = self.cells.hear(FromNotebook::Completed);
                    self.perform(actions)?;
                }
                Action::Run(message) => match self.notebook.send(&message, &[]) {
                    // It has died since; that is dealt with when its end is seen.
                    Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
                    result => result?,
                },
                Action::Answer(answer) => give(&answer)?,
                Action::Tell(news) => self.kernel.send(&news, &[])?,
                Action::Keep { pid, threads } => self.keep_checkpoint(pid, threads)?,
                Action::Drop => self.drop_checkpoint(),
            }
        }
        Ok(())
    }

    /// A newer checkpoint exists, so that the older one is not needed any more.
    fn keep_checkpoint(&mut self, pid: u32, threads: usize) -> io::Result<()> {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
        let sockets = std::mem::take(&mut self.sockets);
        let (Some(pid), Some(socket)) = (pid, sockets.into_iter().next()) else {
            return Err(io::Error::other("a checkpoint came without its socket"));
        };
        self.drop_checkpoint();
        // It may have been killed meanwhile: then there is none.
        self.checkpoint = Process::watch(pid).ok().map(|process| Standby {
            process,
            socket,
            threads,
        });
        Ok(())
    }

    fn drop_checkpoint(&mut self) {
        if let Some(checkpoint) = self.checkpoint.take() {
            checkpoint.process.kill();
        }
    }

    /// The notebook process has died: the checkpoint goes on in its place, and the evaluator gives up the cell.
    fn replace_notebook_process(&mut self) -> io::Result<()> {
        // What it said before it died comes first.
        self.hear_notebook()?;
        let ending = self.wait_for_live()?;
        let ended = self.live.pid.as_raw_nonzero().get().unsigned_abs();
        // Its workers, and whatever else a cell has started. What they print belongs before the end that is told.
        self.live
            .end_orphans(self.checkpoint.as_ref().map(|checkpoint| checkpoint.process.pid));
        let successor = self
            .checkpoint
            .take()
            .filter(|standby| take_over(standby.socket.as_fd()).is_ok());
        let actions = self.cells.die(Death {
            pid: ended,
            ending,
            successor: successor.as_ref().map(|standby| standby.threads),
        });
        if let Some(successor) = successor {
            self.live = successor.process;
            return self.perform(actions);
        }
        self.perform(actions)?;
        Err(io::Error::other(
            "the notebook process ended and there is no checkpoint: all variables are lost",
        ))
    }

    /// Waits for the notebook process, which has ended.
    fn wait_for_live(&mut self) -> io::Result<Ending> {
        loop {
            if let Some(ending) = self.ending.take() {
                return Ok(ending);
            }
            self.note_end(wait(WaitOptions::empty())?)?;
        }
    }

    /// Waits for what has ended: the orphans of cells come to this process.
    fn reap(&mut self) -> io::Result<()> {
        while let Ok(Some(ended)) = wait(WaitOptions::NOHANG) {
            self.note_end(Some(ended))?;
        }
        Ok(())
    }

    fn note_end(&mut self, ended: Option<(Pid, WaitStatus)>) -> io::Result<()> {
        if let Some((pid, status)) = ended
            && pid == self.live.pid
        {
            self.ending = Some(ending(status)?);
        }
        Ok(())
    }

    /// Kills and waits for every process that the notebook has started, directly or not.
    fn end_everything(&mut self) {
        loop {
            for pid in descendants::of(getpid()) {
                let _ = kill_process(pid, Signal::KILL);
            }
            // Blocks until one of the killed is gone; the others follow.
            if wait(WaitOptions::empty()).is_err() {
                break;
            }
        }
        // A process that dies closes its descriptors before its children get another parent.
        if getppid() != self.kernel_pid || self.kernel_pid.is_none_or(is_dying) {
            // The kernel cannot do it.
            end_compilers(&self.session);
            let _ = session_directory::remove(&self.session);
        }
    }
}

fn connect(session: &std::path::Path) -> io::Result<Channel> {
    use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, connect, socket_with};
    let socket = socket_with(AddressFamily::UNIX, SocketType::SEQPACKET, SocketFlags::CLOEXEC, None)?;
    connect(&socket, &SocketAddrUnix::new(session.join(KERNEL_SOCKET))?)?;
    Ok(Channel::from(socket))
}

fn start_notebook_process(stdout: OwnedFd, stderr: OwnedFd, inherited: [(i32, i32); 4]) -> io::Result<Pid> {
    let mut command = Command::new(std::env::current_exe()?);
    command
        .arg(NOTEBOOK)
        .env_remove(session_directory::VARIABLE)
        // The kernel names the calls of a panic; were this process to do it, every panic would be slow.
        .env_remove("RUST_BACKTRACE")
        // With huge pages a checkpoint of a large notebook costs a fraction, and so does writing under one.
        .env("GLIBC_TUNABLES", huge_pages::TUNABLE)
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr);
    // SAFETY: between fork and exec only dup2 is called, which is safe there; the descriptors are open in this process
    // until it returns.
    unsafe {
        command.pre_exec(move || {
            for (descriptor, number) in inherited {
                if libc::dup2(descriptor, number) < 0 {
                    return Err(io::Error::last_os_error());
                }
            }
            Ok(())
        });
    }
    let child = command.spawn()?;
    Pid::from_raw(child.id().cast_signed()).ok_or_else(|| io::Error::other("a process with no PID"))
}

/// Answers the evaluator.
fn give(answer: &Answer) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match answer {
        Answer::Line(line) => stdout.write_all(format!("{line}\n").as_bytes())?,
        Answer::Completed => writeln!(stdout, "{COMPLETED}")?,
        Answer::RollBack => stdout.write_all(ROLL_BACK)?,
    }
    stdout.flush()
}

fn ending(status: WaitStatus) -> io::Result<Ending> {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Ok(Ending::Exited { code }),
        (_, Some(signal)) => Ok(Ending::Killed { signal }),
        _ => Err(io::Error::other("the notebook process neither exited nor was killed")),
    }
}

//! The supervisor: evcxr's child. It starts the notebook process, watches it, and lets the checkpoint take over when
//! it dies. It runs no user code and has one thread, so that it outlives whatever cells do.
//!
//! evcxr learns of a cell only lines that are composed here. Answered with a line that is not UTF-8 it gives up the
//! cell and keeps its state as it was before: that is how a cell is rolled back.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{MemfdFlags, memfd_create};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, WaitStatus, getpgid, getpid, getppid, kill_process, kill_process_group,
    pidfd_open, pidfd_send_signal, set_child_subreaper, setpgid, wait,
};

use super::channel::{Channel, ReceiveError};
use super::checkpoint::take_over;
use super::messages::{
    CONTROL_DESCRIPTOR, EVENTS_DESCRIPTOR, Ending, FromNotebook, FromSupervisor, KERNEL_SOCKET, RESULTS_DESCRIPTOR,
    TRANSACTION_DESCRIPTOR, ToNotebook, ToSupervisor,
};
use super::transaction::Transaction;
use super::{NOTEBOOK, descendants, huge_pages};
use crate::session_directory;

/// What makes evcxr give up a cell: not UTF-8.
const ROLL_BACK: &[u8] = b"\xff\n";
/// evcxr's word for a cell that has completed.
const COMPLETE: &[u8] = b"EVCXR_EXECUTION_COMPLETE\n";
const INTERNAL_ERROR: u8 = 70;
/// How long processes that were killed are waited for: no time, unless the machine is busy or a device keeps them.
const GROUP_END: Duration = Duration::from_secs(1);

pub(super) fn main() -> ExitCode {
    let result = Supervisor::start().and_then(|mut supervisor| {
        let result = supervisor.serve();
        supervisor.end_everything();
        result
    });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(
                clippy::print_stderr,
                reason = "evcxr passes this on as the reason why its child ended"
            )]
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
    commands: Lines,
    /// None until the first cell: what evcxr runs before is its own, and nobody interrupts it.
    cell: Option<u64>,
    interrupted_cell: Option<u64>,
    running: bool,
    /// How the notebook process ended, once it has been waited for.
    ending: Option<Ending>,
}

/// A process that is watched.
struct Process {
    pid: Pid,
    pidfd: OwnedFd,
}

/// A checkpoint that can be asked to take over.
struct Standby {
    process: Process,
    socket: OwnedFd,
    /// How many threads it lacks.
    threads: usize,
}

/// Whether to go on.
enum Flow {
    Continue,
    End,
}

impl Supervisor {
    fn start() -> io::Result<Supervisor> {
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
            commands: Lines::default(),
            cell: None,
            interrupted_cell: None,
            running: false,
            ending: None,
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
            if kernel && let Flow::End = self.hear_kernel()? {
                return Ok(());
            }
            if command && let Flow::End = self.hear_evcxr()? {
                return Ok(());
            }
        }
    }

    fn hear_evcxr(&mut self) -> io::Result<Flow> {
        if !self.commands.read(io::stdin().as_fd())? {
            return Ok(Flow::End);
        }
        while let Some(line) = self.commands.next() {
            match line.split(' ').collect::<Vec<_>>()[..] {
                ["LOAD_AND_RUN", library, function] => self.run(library.into(), function.to_owned())?,
                _ => return Err(io::Error::other(format!("evcxr sent what is not understood: {line}"))),
            }
        }
        Ok(Flow::Continue)
    }

    fn run(&mut self, library: PathBuf, function: String) -> io::Result<()> {
        if self.is_interrupted() {
            self.kernel.send(&FromSupervisor::Refused, &[])?;
            return answer(ROLL_BACK);
        }
        self.transaction.begin();
        self.running = true;
        let message = ToNotebook::Run {
            library,
            function,
            cell: self.cell.unwrap_or_default(),
        };
        match self.notebook.send(&message, &[]) {
            // It has died since; that is dealt with when its end is seen.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            result => result,
        }
    }

    fn hear_kernel(&mut self) -> io::Result<Flow> {
        loop {
            match self.kernel.try_receive() {
                Ok((ToSupervisor::BeginCell { cell }, _)) => self.cell = Some(cell),
                Ok((ToSupervisor::End, _)) => return Ok(Flow::End),
                Ok((ToSupervisor::Interrupt { cell }, _)) => self.interrupt(cell)?,
                Err(ReceiveError::Empty) => return Ok(Flow::Continue),
                Err(ReceiveError::Closed) => return Ok(Flow::End),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    fn interrupt(&mut self, cell: u64) -> io::Result<()> {
        if self.cell != Some(cell) {
            return Ok(());
        }
        self.interrupted_cell = Some(cell);
        if self.running && self.transaction.cancel() {
            self.live.kill_group();
        }
        Ok(())
    }

    /// Whether the cell that evcxr is at has been interrupted.
    fn is_interrupted(&self) -> bool {
        self.cell.is_some() && self.interrupted_cell == self.cell
    }

    fn hear_notebook(&mut self) -> io::Result<()> {
        loop {
            match self.notebook.try_receive() {
                Ok((FromNotebook::ControlLine(line), _)) => {
                    answer(format!("{line}\n").as_bytes())?;
                    self.kernel.send(&FromSupervisor::ControlLine(line), &[])?;
                }
                Ok((FromNotebook::Checkpoint { pid, threads }, sockets)) => {
                    self.keep_checkpoint(pid, threads, sockets)?;
                }
                Ok((FromNotebook::NoCheckpoint { reason }, _)) => {
                    self.drop_checkpoint();
                    self.kernel.send(&FromSupervisor::NoCheckpoint { reason }, &[])?;
                }
                Ok((FromNotebook::CheckpointsOff, _)) => self.drop_checkpoint(),
                Ok((FromNotebook::Completed, _)) => {
                    self.end_cell();
                    answer(COMPLETE)?;
                }
                Ok((FromNotebook::NotLoaded { reason }, _)) => {
                    self.end_cell();
                    self.kernel.send(&FromSupervisor::NotLoaded { reason }, &[])?;
                    answer(ROLL_BACK)?;
                }
                // Said by a process that is the notebook process already; see `replace_notebook_process`.
                Ok((FromNotebook::TookOver { .. }, _)) => {}
                Err(ReceiveError::Empty | ReceiveError::Closed) => return Ok(()),
                // A cell can write to this socket; what it writes there must not end the session.
                Err(ReceiveError::Garbled { .. }) => {}
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    fn end_cell(&mut self) {
        self.running = false;
        self.transaction.end();
    }

    /// A newer checkpoint exists, so that the older one is not needed any more.
    fn keep_checkpoint(&mut self, pid: u32, threads: usize, sockets: Vec<OwnedFd>) -> io::Result<()> {
        let pid = i32::try_from(pid).ok().and_then(Pid::from_raw);
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

    /// The notebook process has died: the checkpoint goes on in its place, and evcxr gives up the cell.
    fn replace_notebook_process(&mut self) -> io::Result<()> {
        // What it said before it died comes first.
        self.hear_notebook()?;
        let ending = self.wait_for_live()?;
        let ended = self.live.pid.as_raw_nonzero().get().unsigned_abs();
        // Its workers, and whatever else a cell has started. What they print belongs before the end that is told.
        self.live.end_group();
        let during_cell = self.running;
        let interrupted = during_cell && self.is_interrupted();
        let successor = self
            .checkpoint
            .take()
            .filter(|standby| take_over(standby.socket.as_fd()).is_ok());
        let restored = successor.is_some();
        let threads_lost = successor.as_ref().map_or(0, |standby| standby.threads);
        self.kernel.send(
            &FromSupervisor::Ended {
                pid: ended,
                ending,
                during_cell,
                interrupted,
                restored,
                threads_lost,
            },
            &[],
        )?;
        self.end_cell();
        let Some(successor) = successor else {
            return Err(io::Error::other(
                "the notebook process ended and there is no checkpoint: all variables are lost",
            ));
        };
        self.live = successor.process;
        if during_cell {
            answer(ROLL_BACK)?;
        }
        Ok(())
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
        if getppid() != self.kernel_pid {
            // The kernel has died and cannot do it.
            end_compilers(&self.session);
            let _ = session_directory::remove(&self.session);
        }
    }
}

impl Process {
    fn watch(pid: Pid) -> io::Result<Process> {
        Ok(Process {
            pid,
            pidfd: pidfd_open(pid, PidfdFlags::empty())?,
        })
    }

    fn kill(&self) {
        // Fails only where it has ended.
        let _ = pidfd_send_signal(&self.pidfd, Signal::KILL);
    }

    /// Waits for its end, for at most this long if there is a limit. It need not be a child.
    fn wait(&self, limit: Option<Timespec>) {
        let mut end = [PollFd::new(&self.pidfd, PollFlags::IN)];
        let _ = rustix::io::retry_on_intr(|| poll(&mut end, limit.as_ref()));
    }

    /// Kills the group of this process, which has ended, and waits for the others in it.
    fn end_group(&self) {
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

    fn kill_group(&self) {
        self.kill();
        // Fails only where the whole group has ended.
        let _ = kill_process_group(self.pid, Signal::KILL);
    }
}

/// Kills what the kernel had started to compile, and waits: it writes to the session's directory.
fn end_compilers(session: &std::path::Path) {
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
        .env_remove("EVCXR_IS_RUNTIME")
        // Set by evcxr. The kernel names the calls of a panic; were this process to do it, every panic would be slow.
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

fn answer(line: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    stdout.write_all(line)?;
    stdout.flush()
}

fn ending(status: WaitStatus) -> io::Result<Ending> {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Ok(Ending::Exited { code }),
        (_, Some(signal)) => Ok(Ending::Killed { signal }),
        _ => Err(io::Error::other("the notebook process neither exited nor was killed")),
    }
}

/// Whole lines out of what is read.
#[derive(Default)]
struct Lines {
    partial: Vec<u8>,
    whole: VecDeque<String>,
}

impl Lines {
    /// Reads what there is; false at the end.
    fn read(&mut self, from: BorrowedFd<'_>) -> io::Result<bool> {
        let mut buffer = [0; 4096];
        let length = rustix::io::retry_on_intr(|| rustix::io::read(from, &mut buffer[..]))?;
        self.partial.extend_from_slice(&buffer[..length]);
        while let Some(end) = self.partial.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.partial.drain(..=end).collect();
            self.whole.push_back(String::from_utf8_lossy(&line[..end]).into_owned());
        }
        Ok(length > 0)
    }

    fn next(&mut self) -> Option<String> {
        self.whole.pop_front()
    }
}

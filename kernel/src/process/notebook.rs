//! The notebook process: it holds the notebook's variables, loads each compiled cell and runs it.
//!
//! Cells may do anything to it. Nothing here is needed to recover from that: the supervisor and the checkpoint do it.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::path::Path;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};

use parcell::contract::symbols;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitOptions, getppid, pidfd_open, set_parent_process_death_signal, setsid, waitpid,
};

use super::channel::{Channel, ReceiveError};
use super::checkpoint::{self, Role};
use super::descriptors;
use super::huge_pages;
use super::input;
use super::library_symbols::{CellLibrary, LibrarySymbols, VariableStore};
use super::memory;
use super::messages::{
    CONTROL_DESCRIPTOR, EVENTS_DESCRIPTOR, FromNotebook, RESULTS_DESCRIPTOR, TRANSACTION_DESCRIPTOR, ToNotebook,
};
use super::transaction::Transaction;

/// The exit code after an error of this process's own, which goes to stderr.
const INTERNAL_ERROR: u8 = 70;

pub(super) fn main() -> ExitCode {
    huge_pages::ensure();
    match Notebook::inherit().and_then(Notebook::serve) {
        Ok(()) => ExitCode::SUCCESS,
        // The supervisor has gone, which the kernel tells: it is no news, and no cell's.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::from(INTERNAL_ERROR),
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "there is nobody else to tell")]
            {
                eprintln!("parcell: the notebook process cannot go on: {error}");
            }
            ExitCode::from(INTERNAL_ERROR)
        }
    }
}

const _: () = {
    symbols::HOST_EVENTS.defined_by(parcell_host_events, "parcell_host_events");
    symbols::HOST_CONTROL.defined_by(parcell_host_control, "parcell_host_control");
    symbols::HOST_RESULTS.defined_by(parcell_host_results, "parcell_host_results");
    symbols::HOST_CELL.defined_by(parcell_host_cell, "parcell_host_cell");
};

/// Where the library finds the kernel's socket for news of workers.
#[unsafe(no_mangle)]
extern "C" fn parcell_host_events() -> std::ffi::c_int {
    EVENTS_DESCRIPTOR
}

/// Where the library sends control lines.
#[unsafe(no_mangle)]
extern "C" fn parcell_host_control() -> std::ffi::c_int {
    CONTROL_DESCRIPTOR
}

/// Where the library leaves what the last map has given.
#[unsafe(no_mangle)]
extern "C" fn parcell_host_results() -> std::ffi::c_int {
    RESULTS_DESCRIPTOR
}

/// The cell that runs, or ran last.
static CELL: AtomicU64 = AtomicU64::new(0);

/// Where the library learns which cell asks for what it hands to standing workers.
#[unsafe(no_mangle)]
extern "C" fn parcell_host_cell() -> u64 {
    CELL.load(Ordering::Relaxed)
}

struct Notebook {
    supervisor: Channel,
    supervisor_process: OwnedFd,
    supervisor_pid: Pid,
    transaction: Transaction,
    variables: VariableStore,
    library: Option<LibrarySymbols>,
    checkpoint: Option<checkpoint::Checkpoint>,
    /// Checkpoints that the supervisor ends and this process has not waited for yet.
    replaced: Vec<Pid>,
    /// The supervisor knows that there is no checkpoint.
    unprotected: bool,
}

impl Notebook {
    fn inherit() -> io::Result<Notebook> {
        // In a session of its own, which has no terminal: what cells read from /dev/tty is an error, where it would stop a
        // process in the background for good.
        setsid()?;
        let supervisor_pid = getppid().ok_or_else(|| io::Error::other("there is no supervisor"))?;
        end_with_supervisor(supervisor_pid)?;
        // SAFETY: this is the first thing that runs in this process, which has one thread; children that cells start
        // must not inherit a setting that is meant for this process.
        unsafe { std::env::remove_var("GLIBC_TUNABLES") };
        Ok(Notebook {
            supervisor: Channel::from(inherited(CONTROL_DESCRIPTOR)?),
            supervisor_process: pidfd_open(supervisor_pid, PidfdFlags::empty())?,
            supervisor_pid,
            transaction: Transaction::open(inherited(TRANSACTION_DESCRIPTOR)?)?,
            variables: std::ptr::null_mut(),
            library: None,
            checkpoint: None,
            replaced: Vec::new(),
            unprotected: false,
        })
    }

    fn serve(mut self) -> io::Result<()> {
        close_on_exec(EVENTS_DESCRIPTOR)?;
        close_on_exec(RESULTS_DESCRIPTOR)?;
        input::ask_from_here();
        self.make_checkpoint()?;
        loop {
            match self.supervisor.receive::<ToNotebook>() {
                Ok((
                    ToNotebook::Run {
                        library,
                        function,
                        cell,
                    },
                    _,
                )) => {
                    CELL.store(cell, Ordering::Relaxed);
                    self.run(|notebook| notebook.load_and_call(&library, &function))?;
                }
                Ok((ToNotebook::Deliver { message, cell }, _)) => {
                    CELL.store(cell, Ordering::Relaxed);
                    self.run(|notebook| {
                        if let Some(library) = &notebook.library {
                            library.deliver(&message);
                        }
                        Ok(())
                    })?;
                }
                Ok((ToNotebook::Inspect { inspection }, _)) => self.inspect(&inspection)?,
                Err(ReceiveError::Closed) => return Ok(()),
                Err(error) => return Err(io::Error::other(error)),
            }
        }
    }

    /// Has it done as a transaction.
    fn run(&mut self, act: impl FnOnce(&mut Notebook) -> Result<(), libloading::Error>) -> io::Result<()> {
        input::forget_rest();
        let outcome = act(self);
        if let Some(library) = &self.library {
            library.end_cell();
        }
        if !self.transaction.commit() {
            wait_for_the_end();
        }
        match outcome {
            Ok(()) => {
                // The successor of a process that dies from here on must have what this cell did, so the cell
                // completes only now.
                if let Made::ByThisProcess = self.make_checkpoint()? {
                    self.supervisor.send(&FromNotebook::Completed, &[])?;
                }
                Ok(())
            }
            Err(error) => {
                let cause = std::error::Error::source(&error)
                    .map(|cause| format!(": {cause}"))
                    .unwrap_or_default();
                self.supervisor.send(
                    &FromNotebook::NotLoaded {
                        reason: format!("{error}{cause}"),
                    },
                    &[],
                )
            }
        }
    }

    /// Nothing changes, so that the checkpoint that there is stays right.
    fn inspect(&mut self, inspection: &Path) -> io::Result<()> {
        if let Some(library) = &self.library {
            library.inspect(self.variables, inspection);
        }
        if !self.transaction.commit() {
            wait_for_the_end();
        }
        self.supervisor.send(&FromNotebook::Completed, &[])
    }

    fn load_and_call(&mut self, path: &Path, function: &str) -> Result<(), libloading::Error> {
        let cell = CellLibrary::open(path)?;
        if let Some(library) = cell.symbols()
            && self.library != Some(library)
        {
            // The first, or built anew for a `:dep` that shares a crate with it.
            library.install_panic_hook();
            library.flush_for_all();
            if self.library.replace(library).is_none() {
                // Cells keep their variables in a store of the library's. What is no cell has none.
                self.variables = std::ptr::null_mut();
            }
        }
        self.variables = cell.call(function, self.variables)?;
        cell.keep();
        Ok(())
    }

    fn make_checkpoint(&mut self) -> io::Result<Made> {
        self.wait_for_replaced();
        let mut made = Made::ByThisProcess;
        if !checkpoint::are_made() {
            self.give_up_checkpoint()?;
            return Ok(made);
        }
        loop {
            if let Err(reason) = memory::room_for_a_copy() {
                self.go_on_unprotected(&reason)?;
                return Ok(made);
            }
            let ours = self.own_descriptors();
            let threads = other_threads();
            let pid_before = rustix::process::getpid();
            match checkpoint::make(self.library.as_ref(), self.supervisor_process.as_fd(), &ours) {
                Ok(Role::Maker(checkpoint)) => {
                    let message = FromNotebook::Checkpoint {
                        pid: pid_number(checkpoint.pid),
                        threads,
                    };
                    self.unprotected = false;
                    self.supervisor.send(&message, &[checkpoint.socket.as_fd()])?;
                    self.replaced
                        .extend(self.checkpoint.replace(checkpoint).map(|old| old.pid));
                    return Ok(made);
                }
                Ok(Role::Successor) => {
                    // What the dead process had forked is not this one's to wait for.
                    self.replaced.clear();
                    self.checkpoint = None;
                    made = Made::BySuccessor;
                    input::ask_from_here();
                    end_with_supervisor(self.supervisor_pid)?;
                    if let Some(library) = &self.library {
                        library.take_over(pid_before.as_raw_nonzero().get());
                    }
                    let pid = pid_number(rustix::process::getpid());
                    self.supervisor.send(&FromNotebook::TookOver { pid }, &[])?;
                }
                Err(error) => {
                    self.go_on_unprotected(&error.to_string())?;
                    return Ok(made);
                }
            }
        }
    }

    /// From now on there is none: the user wants it so.
    fn give_up_checkpoint(&mut self) -> io::Result<()> {
        if let Some(checkpoint) = self.checkpoint.take() {
            self.supervisor.send(&FromNotebook::CheckpointsOff, &[])?;
            descriptors::stop_mirroring();
            self.replaced.push(checkpoint.pid);
        }
        Ok(())
    }

    /// The checkpoint of an earlier cell must not take over, and there is no newer one. Says so once.
    fn go_on_unprotected(&mut self, reason: &str) -> io::Result<()> {
        descriptors::stop_mirroring();
        self.replaced.extend(self.checkpoint.take().map(|old| old.pid));
        if !std::mem::replace(&mut self.unprotected, true) {
            let reason = reason.to_owned();
            self.supervisor.send(&FromNotebook::NoCheckpoint { reason }, &[])?;
        }
        Ok(())
    }

    fn wait_for_replaced(&mut self) {
        // An error means that a cell has waited for it.
        self.replaced
            .retain(|&pid| matches!(waitpid(Some(pid), WaitOptions::NOHANG), Ok(None)));
    }

    fn own_descriptors(&self) -> Vec<RawFd> {
        use std::os::fd::AsRawFd;
        let mut own = vec![
            CONTROL_DESCRIPTOR,
            EVENTS_DESCRIPTOR,
            TRANSACTION_DESCRIPTOR,
            RESULTS_DESCRIPTOR,
            self.supervisor_process.as_raw_fd(),
        ];
        own.extend(self.checkpoint.as_ref().map(|checkpoint| checkpoint.socket.as_raw_fd()));
        own
    }
}

/// Which process returns from making a checkpoint.
#[derive(Clone, Copy)]
enum Made {
    ByThisProcess,
    /// This process was the checkpoint, and has taken over.
    BySuccessor,
}

/// Asks for this process to be killed when the supervisor is gone.
fn end_with_supervisor(supervisor: Pid) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    if getppid() != Some(supervisor) {
        return Err(io::Error::other("the supervisor is gone"));
    }
    Ok(())
}

fn inherited(number: RawFd) -> io::Result<OwnedFd> {
    close_on_exec(number)?;
    // SAFETY: the supervisor made this number for this process alone; it is taken once, at the start.
    Ok(unsafe { OwnedFd::from_raw_fd(number) })
}

pub(super) fn close_on_exec(number: RawFd) -> io::Result<()> {
    // SAFETY: borrowed for the length of one call, which fails if the number names nothing.
    fcntl_setfd(unsafe { BorrowedFd::borrow_raw(number) }, FdFlags::CLOEXEC)?;
    Ok(())
}

/// The supervisor has cancelled the cell and is about to kill this process.
fn wait_for_the_end() -> ! {
    loop {
        std::thread::park();
    }
}

/// How many threads cells have started that are still there.
fn other_threads() -> usize {
    let threads = std::fs::read_dir("/proc/self/task").map_or(1, Iterator::count);
    threads.saturating_sub(1)
}

fn pid_number(pid: Pid) -> u32 {
    pid.as_raw_nonzero().get().unsigned_abs()
}

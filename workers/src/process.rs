//! One function call in a process of its own.

mod returned;

use std::fmt;
use std::fs::File;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::codec::{self, CodecError};
use crate::error::TaskError;
use crate::inbox::Inbox;
use crate::job::{self, Alone, Job, Stage};
use crate::notebook::OutputStyle;
use crate::spawn::{Captured, Child, Conditions, Role, fork_worker};
use crate::sys::abort::noting_why;
use crate::sys::exit::Exit;
use crate::sys::poisoned::EvenIfPoisoned;
use crate::sys::poll;
use crate::sys::shared::SharedSlice;
use crate::{panics, ps, record, seeds};

pub use returned::{AsMessage, FunctionPointer, Never, NotAtAll, Returned};

/// A function call that runs in a forked process.
///
/// The process sees everything the function captures, as it is at the time of the call and without serialization. It
/// may borrow: the new process has a copy of the caller's memory, in which what is borrowed lives as long as the
/// process does. What it changes there, nobody else sees. It returns by sending its result.
///
/// The methods work in the process that spawned it. Dropping the handle waits for the process to end; end it with
/// [`kill`](Self::kill) first if it should not be waited for, or make it a [daemon](ProcessBuilder::daemon).
///
/// # Examples
///
/// ```
/// use parcell::Process;
///
/// let text = String::from("worker");
/// let process = Process::spawn(|| format!("{text} {}", std::process::id()));
/// assert_eq!(process.join(), Ok(format!("worker {}", process.pid())));
/// assert_eq!(process.exit_code(), Some(0));
/// ```
pub struct Process<R> {
    pid: u32,
    name: Option<String>,
    daemon: bool,
    pidfd: Arc<OwnedFd>,
    captured: Option<Captured>,
    state: Mutex<ProcessState>,
    decode: fn(&[u8]) -> Result<R, CodecError>,
}

/// What is known about the process.
#[derive(Debug)]
struct ProcessState {
    child: Child,
    inbox: Inbox,
    /// One word, see [`noting_why`].
    note: SharedSlice<AtomicU64>,
    /// The encoded result, or the error.
    outcome: Option<Result<Vec<u8>, TaskError>>,
    exit: Option<Exit>,
}

impl<R> Process<R> {
    /// Runs `f` in a new process.
    ///
    /// # Panics
    ///
    /// If the operating system refuses another process; [`ProcessBuilder::try_spawn`] returns that as an error.
    #[track_caller]
    #[must_use = "dropping it waits for the process to end"]
    pub fn spawn<How>(f: impl FnOnce() -> R) -> Self
    where
        R: Returned<How>,
    {
        Process::builder().spawn(f)
    }

    /// Waits until the process has ended, and returns what its function returned. Can be called again.
    ///
    /// # Errors
    ///
    /// If the function panicked, the process was killed or ended itself, or the result cannot be sent.
    ///
    /// # Panics
    ///
    /// If called in another process than the one that spawned it.
    pub fn join(&self) -> Result<R, TaskError> {
        self.await_end(None);
        self.outcome()
            .unwrap_or_else(|| unreachable!("a process that has ended has an outcome"))
    }

    /// Like [`join`](Self::join), but waits no longer than `limit`: `None` if the process is still running then.
    ///
    /// # Examples
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let process = parcell::Process::spawn(|| std::thread::sleep(Duration::from_secs(60)));
    /// assert_eq!(process.join_timeout(Duration::from_millis(1)), None);
    /// process.kill();
    /// assert!(process.join().is_err());
    /// ```
    ///
    /// # Panics
    ///
    /// If called in another process than the one that spawned it.
    pub fn join_timeout(&self, limit: Duration) -> Option<Result<R, TaskError>> {
        self.await_end(Some(limit));
        self.outcome()
    }

    /// What the process has returned, if it has ended.
    fn outcome(&self) -> Option<Result<R, TaskError>> {
        let state = self.state();
        let bytes = match state.outcome.as_ref()? {
            Ok(bytes) => bytes,
            Err(error) => return Some(Err(error.clone())),
        };
        let decoded = (self.decode)(bytes);
        Some(decoded.map_err(|error| TaskError::codec(self.pid, None, error)))
    }
}

impl Process<()> {
    /// Starts to describe a process.
    ///
    /// # Examples
    ///
    /// ```
    /// let process = parcell::Process::builder().name("adder").spawn(|| 1 + 1);
    /// assert_eq!(process.name(), Some("adder"));
    /// assert_eq!(process.join(), Ok(2));
    /// ```
    pub fn builder() -> ProcessBuilder {
        ProcessBuilder::default()
    }
}

impl<R> Process<R> {
    /// The process's ID.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The name that the builder gave it. (In the process itself, [`current_process`](crate::current_process) knows a
    /// name in any case.)
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Whether it is a [daemon](ProcessBuilder::daemon).
    #[must_use]
    pub fn is_daemon(&self) -> bool {
        self.daemon
    }

    /// What the process has printed up to now; nothing, unless it was spawned with
    /// [`capture_output`](ProcessBuilder::capture_output).
    ///
    /// # Panics
    ///
    /// If the operating system does not let it be read, for want of memory.
    #[must_use]
    pub fn output(&self) -> Output {
        let Some(captured) = &self.captured else {
            return Output::default();
        };
        match captured.read() {
            Ok((stdout, stderr)) => Output { stdout, stderr },
            Err(error) => panic!("the output of process {} cannot be read: {error}", self.pid),
        }
    }

    /// Whether the process is still running.
    #[must_use]
    pub fn is_alive(&self) -> bool {
        let mut state = self.state();
        state.inbox_turn();
        !state.has_ended()
    }

    /// The process's exit code; the negative signal number if a signal killed it. `None` while it is running.
    #[must_use]
    pub fn exit_code(&self) -> Option<i32> {
        let mut state = self.state();
        state.inbox_turn();
        if !state.has_ended() {
            return None;
        }
        match state.exit? {
            Exit::Code(code) => Some(code),
            Exit::Signal(signal) => Some(-signal),
            Exit::Lost => None,
        }
    }

    /// Asks the process to end, with SIGTERM. A process can ignore that.
    pub fn terminate(&self) {
        self.state().child.signal(Signal::TERM);
    }

    /// Ends the process at once, with SIGKILL.
    pub fn kill(&self) {
        self.state().child.signal(Signal::KILL);
    }

    /// Waits until the process has ended, or for `limit`.
    fn await_end(&self, limit: Option<Duration>) {
        let started = Instant::now();
        loop {
            let mut state = self.state();
            assert!(
                state.child.is_ours() || state.child.is_lost(),
                "process {} can be joined only by the process that spawned it",
                self.pid
            );
            state.inbox_turn();
            if state.has_ended() {
                return;
            }
            // The descriptors stay open while another thread uses the handle.
            let pipe = state.inbox.pollable().cloned();
            drop(state);
            let left = limit.map(|limit| limit.saturating_sub(started.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return;
            }
            let look = [left, ps::rest()].into_iter().flatten().min();
            wait_for(&self.pidfd, pipe.as_deref(), look);
            ps::tick();
        }
    }

    /// Methods are short and do not panic while they hold the state.
    fn state(&self) -> MutexGuard<'_, ProcessState> {
        self.state.lock().even_if_poisoned()
    }
}

impl<R> Drop for Process<R> {
    fn drop(&mut self) {
        // A copy of the handle in a worker forked later has nothing to wait for.
        let is_ours = self.state().child.is_ours();
        // Dropping the child of a daemon kills it.
        if is_ours && !self.daemon {
            self.await_end(None);
        }
    }
}

impl<R> fmt::Debug for Process<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Process")
            .field("pid", &self.pid)
            .field("name", &self.name)
            .field("exit", &state.exit)
            .finish_non_exhaustive()
    }
}

impl ProcessState {
    /// Takes in what the process has sent, so that it does not wait for room in its pipe.
    fn inbox_turn(&mut self) {
        if self.outcome.is_none() && self.child.is_ours() {
            self.inbox.receive();
        }
    }

    /// Whether the process has ended; if it has, its outcome and exit are known.
    fn has_ended(&mut self) -> bool {
        if self.exit.is_none() && self.child.is_lost() {
            self.exit = Some(Exit::Lost);
            self.outcome = Some(Err(TaskError::system(Some(self.child.pid()), None, LOST)));
        }
        if self.exit.is_some() || !self.child.is_ours() {
            return self.exit.is_some();
        }
        let Some(ending) = self.child.try_wait() else {
            return false;
        };
        let ending = ending.with_note(self.note[0].load(Ordering::Relaxed));
        self.inbox.drain();
        let pid = self.child.pid();
        let returned = self.inbox.take_records(|record| {
            let failed = record.failed;
            ControlFlow::Break(if failed {
                Err(job::decode_error(record.payload, pid, None))
            } else {
                Ok(record.payload.to_vec())
            })
        });
        self.inbox.drop_partial();
        self.outcome = Some(match returned {
            ControlFlow::Break(outcome) => outcome,
            ControlFlow::Continue(()) => Err(TaskError::from_ending(pid, None, ending)),
        });
        self.exit = Some(ending.exit);
        true
    }
}

/// Why there is no result of a process that belonged to an earlier process of the notebook.
const LOST: &str =
    "it ended with the notebook process that had started it, when a later cell crashed or was interrupted";

/// What a process has printed; from [`Process::output`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Output {
    /// To standard output.
    pub stdout: Vec<u8>,
    /// To standard error.
    pub stderr: Vec<u8>,
}

/// Describes a [`Process`]; from [`Process::builder`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ProcessBuilder {
    name: Option<String>,
    daemon: bool,
    memory_limit: Option<u64>,
    capture_output: bool,
    allow_threads: bool,
    output_style: OutputStyle,
    unattended: bool,
}

impl ProcessBuilder {
    /// Gives the process a name, which a notebook shows in front of each line it prints.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Whether nobody waits for the process: it is killed when its handle is dropped, or when the program ends.
    ///
    /// # Examples
    ///
    /// ```
    /// let process = parcell::Process::builder().daemon(true).spawn(|| loop {
    ///     std::thread::park();
    /// });
    /// # let process: parcell::Process<()> = process;
    /// drop(process); // Without `daemon` this would wait for ever.
    /// ```
    pub fn daemon(mut self, daemon: bool) -> Self {
        self.daemon = daemon;
        self
    }

    /// Lets the process allocate at most this many bytes beside what the program has when it is spawned. An allocation
    /// beyond that fails, which ends the process, and the error says that memory ran out.
    ///
    /// # Examples
    ///
    /// ```
    /// use parcell::{Process, TaskError};
    ///
    /// let process = Process::builder().memory_limit(64 << 20).spawn(|| vec![1u8; 256 << 20].len());
    /// let error = process.join().unwrap_err();
    /// assert!(matches!(error, TaskError::Crashed { probably_out_of_memory: true, .. }));
    /// ```
    pub fn memory_limit(mut self, bytes: u64) -> Self {
        self.memory_limit = Some(bytes);
        self
    }

    /// Whether what the process prints, also to standard error, is kept in memory for [`Process::output`] instead of
    /// being shown.
    ///
    /// # Examples
    ///
    /// ```
    /// let process = parcell::Process::builder().capture_output(true).spawn(|| println!("hello"));
    /// process.join()?;
    /// assert_eq!(process.output().stdout, b"hello\n");
    /// # Ok::<(), parcell::TaskError>(())
    /// ```
    pub fn capture_output(mut self, capture: bool) -> Self {
        self.capture_output = capture;
        self
    }

    /// Says that the process needs no thread of the program, so no warning is printed when there are other threads.
    pub fn allow_threads(mut self, allow: bool) -> Self {
        self.allow_threads = allow;
        self
    }

    /// How a notebook shows what the process prints.
    pub(crate) fn output_style(mut self, style: OutputStyle) -> Self {
        self.output_style = style;
        self
    }

    /// Nobody asks how it ends, so a notebook reports an end that is not clean.
    pub(crate) fn unattended(mut self) -> Self {
        self.unattended = true;
        self
    }

    /// Runs `f` in a new process.
    ///
    /// # Panics
    ///
    /// If the operating system refuses another process.
    #[track_caller]
    #[must_use = "dropping it waits for the process to end"]
    pub fn spawn<R: Returned<How>, How>(self, f: impl FnOnce() -> R) -> Process<R> {
        match self.try_spawn(f) {
            Ok(process) => process,
            Err(error) => panic!("{error}"),
        }
    }

    /// Runs `f` in a new process.
    ///
    /// # Errors
    ///
    /// [`TaskError::System`] if the operating system refuses another process.
    pub fn try_spawn<R: Returned<How>, How>(self, f: impl FnOnce() -> R) -> Result<Process<R>, TaskError> {
        let mut f = Some(f);
        let mut job = move |_: usize, out: &mut Vec<u8>, _: &dyn Stage| {
            let f = f.take().expect("a process runs its function once");
            Ok(codec::encode_into(&f().into_sent(), out)?)
        };
        let started = self.start(&mut job);
        let (state, captured) =
            started.map_err(|error| TaskError::system(None, None, format!("a process cannot be started: {error}")))?;
        Ok(Process {
            pid: state.child.pid(),
            name: self.name,
            daemon: self.daemon,
            pidfd: Arc::clone(state.child.pidfd()),
            captured,
            state: Mutex::new(state),
            decode: |bytes| codec::decode(bytes).map(R::from_sent),
        })
    }

    /// Forks a process that runs `job` once and sends its record.
    fn start(&self, job: &mut Job<'_>) -> io::Result<(ProcessState, Option<Captured>)> {
        let captured = if self.capture_output {
            Some(Captured::new()?)
        } else {
            None
        };
        let note = SharedSlice::new(1)?;
        let seed = seeds::for_call(None);
        let conditions = Conditions {
            name: self.name.as_deref(),
            role: Role::Process { daemon: self.daemon },
            memory_limit: self.memory_limit,
            output: captured.as_ref(),
            allow_threads: self.allow_threads,
            output_style: self.output_style,
            unattended: self.unattended,
            ..Conditions::default()
        };
        let (child, pipe) = fork_worker(&conditions, |pipe| {
            panics::record_panics_of_this_thread();
            seeds::enter(seed);
            noting_why(&note[0], || run_once(job, pipe));
        })?;
        let state = ProcessState {
            child,
            inbox: Inbox::new(pipe),
            note,
            outcome: None,
            exit: None,
        };
        Ok((state, captured))
    }
}

/// In the process: runs `job` and sends its record.
fn run_once(job: &mut Job<'_>, pipe: OwnedFd) {
    let mut out = Vec::new();
    record::begin(0, &mut out);
    let failed = job::run(0, &Alone, job, &mut out);
    record::finish(0, failed, &mut out);
    // It fails only when the parent has closed the pipe, and then nobody is there to be told.
    let _ = File::from(pipe).write_all(&out);
}

/// Waits until the process has ended or has sent something, or for `limit`.
fn wait_for(pidfd: &OwnedFd, pipe: Option<&OwnedFd>, limit: Option<Duration>) {
    let mut fds: Vec<_> = [Some(pidfd), pipe].into_iter().flatten().map(poll::readable).collect();
    // The caller looks again, whatever the reason for waking up.
    let _ = poll::wait(&mut fds, limit);
}

//! Forking: the one place that does it.
//!
//! A forked worker sees all memory of its parent as it was, and must never run what belongs to the parent: its
//! destructors, its `atexit` handlers, the code after the call that forked. So the worker's part is a closure, and
//! the worker ends with `_exit` on every path out of it.

use std::io::{self, StderrLock, StdoutLock, Write};
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use rustix::fs::{Mode, OFlags, open};
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::child::Child;
use super::conditions::{Conditions, Role};
use super::lifeline::{Lifelines, Tail};
use super::region::Regions;
use super::service;
use crate::family::Family;
use crate::manager::Connections;
use crate::notebook::{self, Redirection};
use crate::panics::Quiet;
use crate::share::membership::Memberships;
use crate::standing::HubLock;
use crate::threads;

/// Whether this process is a forked worker.
static IS_WORKER: AtomicBool = AtomicBool::new(false);

/// How many forks there are between this process and the first one of the program.
static GENERATION: AtomicU32 = AtomicU32::new(0);

/// The exit code of a worker that could not do its work because the library failed.
const FAILED: i32 = 101;

/// Whether the calling process was forked by this library to work.
pub(crate) fn is_worker() -> bool {
    IS_WORKER.load(Ordering::Relaxed)
}

/// The calling process is a worker, though this library did not fork it.
pub(crate) fn mark_as_worker() {
    IS_WORKER.store(true, Ordering::Relaxed);
}

/// Differs between a process and those that it forked: what tells a thing that belongs to the process from the copy of it
/// that a forked one has.
pub(crate) fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// Forks a worker that runs `body` and ends. `body` gets the write end of a pipe; its read end, on which reads do not
/// block, is returned to the parent.
pub(crate) fn spawn(conditions: &Conditions<'_>, body: impl FnOnce(OwnedFd)) -> io::Result<(Child, OwnedFd)> {
    if !conditions.allow_threads {
        threads::warn_before_fork();
    }
    let mut locks = Locks::acquire();
    let (results, sink) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&results, true)?;
    let redirection = notebook::redirection()?;
    let (lifeline, tail) = locks.lifelines.add()?;
    // Until the kernel knows of its output, and until it is on the rosters of the handles that it inherits.
    let awaits_go = redirection.is_some() || !locks.memberships.is_empty();
    let newcomer = locks.family.expect(conditions);
    let Some(pid) = fork().inspect_err(|_| locks.lifelines.remove(lifeline))? else {
        locks.family.enter(newcomer);
        locks.enter_worker();
        drop(results);
        work(tail, awaits_go, redirection, conditions, sink, body);
    };
    drop((tail, sink));
    let announced = redirection.is_some();
    if conditions.role != Role::Service {
        // Before the caller can drop a handle that the child has inherited.
        locks
            .memberships
            .extend_to_child(pid.as_raw_nonzero().get().cast_unsigned());
    }
    let child = Child::adopt(pid, lifeline, announced).inspect_err(|_| {
        locks.lifelines.remove(lifeline);
        end(pid);
    })?;
    locks
        .family
        .add_child(newcomer, conditions.role.kind(), child.pid(), child.pidfd());
    let announced = match redirection {
        Some(redirection) => redirection.announce(&conditions.announcement(child.pid())),
        None => Ok(()),
    };
    let begun = match announced {
        Ok(()) if awaits_go => locks.lifelines.send_go(lifeline).map_err(io::Error::from),
        announced => announced,
    };
    // Dropping a child takes the locks on lifelines and on the family.
    drop(locks);
    if let Err(error) = begun {
        // Nobody would read the worker's output, and it would block for ever. It has not begun, so another one can take
        // its place that prints where this process does.
        drop(child);
        notebook::give_up(&error);
        return spawn(conditions, body);
    }
    Ok((child, results))
}

/// Forks as `fork(2)` does, with nothing left in the buffer of standard output and no lock of this library held by
/// another thread. For the notebook's host, which forks for purposes of its own.
pub(crate) fn fork_plainly() -> io::Result<Option<Pid>> {
    let _locks = Locks::acquire();
    fork()
}

/// What no other thread may hold at the moment of a fork, since the copy of that thread would never let go of it.
struct Locks {
    _hub: HubLock,
    lifelines: Lifelines,
    _regions: Regions,
    memberships: Memberships,
    family: Family,
    connections: Connections,
    _stderr: StderrLock<'static>,
    _stdout: StdoutLock<'static>,
    quiet: Quiet,
}

impl Locks {
    fn acquire() -> Self {
        // Whoever has the hub takes all others after it.
        let hub = HubLock::acquire();
        // A thread that prints a panic takes the streams' locks after this one.
        let quiet = Quiet::before_fork();
        // The streams come before the lifelines: a caller may hold a stream's lock already, and must not wait for a
        // thread that has the lifelines and waits for the stream.
        let mut stdout = io::stdout().lock();
        // What stays in the buffer would be printed by both processes. If it cannot be written now, it is for the
        // next `print!` to report.
        let _ = stdout.flush();
        Self {
            _hub: hub,
            _stdout: stdout,
            _stderr: io::stderr().lock(),
            // A membership that is dropped takes its own lock before that of the regions.
            memberships: Memberships::lock(),
            _regions: Regions::lock(),
            lifelines: Lifelines::lock(),
            // Nothing is locked by whoever holds one of these.
            family: Family::lock(),
            connections: Connections::lock(),
            quiet,
        }
    }

    /// In the worker: lets go of what is the parent's, and of the locks.
    fn enter_worker(mut self) {
        self.lifelines.clear();
        self.connections.clear();
        self.quiet.forget_printing();
    }
}

/// Runs `body` in the new worker and ends it.
fn work(
    tail: Tail,
    awaits_go: bool,
    redirection: Option<Redirection>,
    conditions: &Conditions<'_>,
    sink: OwnedFd,
    body: impl FnOnce(OwnedFd),
) -> ! {
    IS_WORKER.store(true, Ordering::Relaxed);
    let outcome = catch_unwind(AssertUnwindSafe(|| -> io::Result<()> {
        if awaits_go && !tail.await_go() || !tail.hold()? {
            return Ok(());
        }
        rustix::stdio::dup2_stdin(open("/dev/null", OFlags::RDONLY | OFlags::CLOEXEC, Mode::empty())?)?;
        if let Some(redirection) = redirection {
            redirection.apply(conditions.group.is_some())?;
        }
        conditions.apply()?;
        if conditions.role == Role::Service {
            service::begin(&sink)?;
        }
        body(sink);
        Ok(())
    }));
    // A reader that has gone is no reason to fail: the results are with the parent.
    let _ = io::stdout().flush();
    exit_now(if matches!(outcome, Ok(Ok(()))) { 0 } else { FAILED })
}

fn fork() -> io::Result<Option<Pid>> {
    // SAFETY: the child may go on running Rust code: glibc makes its allocator usable after a fork, and the locks of
    // this library and of the standard streams are held by the calling thread, the one that exists in the child.
    // Locks of other libraries that another thread holds stay locked there; the crate's documentation says so.
    match unsafe { libc::fork() } {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            GENERATION.fetch_add(1, Ordering::Relaxed);
            Ok(None)
        }
        pid => Ok(Pid::from_raw(pid)),
    }
}

/// Kills a child that cannot be looked after, and waits for it.
fn end(pid: Pid) {
    // Either fails only if the child is gone already.
    let _ = kill_process(pid, Signal::KILL);
    let _ = rustix::io::retry_on_intr(|| waitpid(Some(pid), WaitOptions::empty()));
}

/// Ends the process at once: no destructors, no `atexit` handlers, no unwinding.
fn exit_now(code: i32) -> ! {
    // SAFETY: `_exit` takes an integer and does not return.
    unsafe { libc::_exit(code) }
}

//! Forking a worker.
//!
//! A forked worker sees all memory of its parent as it was, and must never run what belongs to the parent: its
//! destructors, its `atexit` handlers, the code after the call that forked. So the worker's part is a closure, and
//! the worker ends with `_exit` on every path out of it.

use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, Signal, WaitOptions, kill_process, waitpid};

use super::child::Child;
use super::conditions::{Conditions, Role};
use super::family::Family;
use super::streams::StandardStreams;
use super::{service, threads};
use crate::handles::membership::Memberships;
use crate::notebook::{self, Redirection};
use crate::panics;
use crate::sys::at_fork::{self, Locks};
use crate::sys::fork::{exit_now, fork, mark_as_worker};
use crate::sys::lifeline::{Lifelines, Tail};
use crate::sys::{descriptors, disposition, region};

/// The exit code of a worker that could not do its work because the library failed.
const FAILED: i32 = 101;

/// Forks a worker that runs `body` and ends. `body` gets the write end of a pipe; its read end, on which reads do not
/// block, is returned to the parent.
pub(crate) fn fork_worker(conditions: &Conditions<'_>, body: impl FnOnce(OwnedFd)) -> io::Result<(Child, OwnedFd)> {
    if !conditions.allow_threads {
        threads::warn_before_fork();
    }
    let mut locks = acquire_locks();
    let (results, sink) = pipe_with(PipeFlags::CLOEXEC)?;
    rustix::io::ioctl_fionbio(&results, true)?;
    let redirection = notebook::redirection()?;
    let (lifeline, tail) = locks.get::<Lifelines>().add()?;
    // Until the kernel knows of its output, until it is on the rosters of the handles that it inherits, and until it is watched
    // where it could have ended and been forgotten before.
    let awaits_go = redirection.is_some() || !locks.get::<Memberships>().is_empty() || disposition::forgets_children();
    let newcomer = locks.get::<Family>().expect(conditions);
    let forked = fork(&mut locks).inspect_err(|_| locks.get::<Lifelines>().remove(lifeline));
    let Some(pid) = forked? else {
        locks.get::<Family>().enter(newcomer);
        locks.enter_worker();
        drop(results);
        work(tail, awaits_go, redirection, conditions, sink, body);
    };
    drop((tail, sink));
    let announced = redirection.is_some();
    if conditions.role != Role::Service {
        // Before the caller can drop a handle that the child has inherited.
        let child = pid.as_raw_nonzero().get().cast_unsigned();
        locks.get::<Memberships>().extend_to_child(child);
    }
    let child = Child::adopt(pid, lifeline, announced).inspect_err(|_| {
        locks.get::<Lifelines>().remove(lifeline);
        end(pid);
    })?;
    let kind = conditions.role.kind();
    locks
        .get::<Family>()
        .add_child(newcomer, kind, child.pid(), child.pidfd());
    let announced = match redirection {
        Some(redirection) => redirection.announce(conditions.announcement(child.pid())),
        None => Ok(()),
    };
    let begun = match announced {
        Ok(()) if awaits_go => locks.get::<Lifelines>().send_go(lifeline).map_err(io::Error::from),
        announced => announced,
    };
    // Dropping a child takes the locks on lifelines and on the family.
    drop(locks);
    if let Err(error) = begun {
        // Nobody would read the worker's output, and it would block for ever. It has not begun, so another one can take
        // its place that prints where this process does.
        drop(child);
        notebook::give_up(&error);
        return fork_worker(conditions, body);
    }
    Ok((child, results))
}

/// Forks as `fork(2)` does, with nothing left in the buffer of standard output and no lock of this library held by
/// another thread. For the notebook's host, which forks for purposes of its own.
pub(crate) fn fork_plainly() -> io::Result<Option<Pid>> {
    fork(&mut acquire_locks())
}

/// All locks that are held at a fork, among them those that forking a worker needs.
fn acquire_locks() -> Locks {
    panics::set_own_hook();
    at_fork::register::<StandardStreams>();
    at_fork::register::<Memberships>();
    region::register();
    at_fork::register::<Lifelines>();
    at_fork::register::<Family>();
    Locks::acquire()
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
    mark_as_worker();
    let outcome = catch_unwind(AssertUnwindSafe(|| -> io::Result<()> {
        if awaits_go && !tail.await_go() || !tail.hold()? {
            return Ok(());
        }
        descriptors::empty_stdin()?;
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
    // Who receives what could not be passed is told so.
    let _ = catch_unwind(region::pass_on);
    // A reader that has gone is no reason to fail: the results are with the parent.
    let _ = io::stdout().flush();
    exit_now(if matches!(outcome, Ok(Ok(()))) { 0 } else { FAILED })
}

/// Kills a child that cannot be looked after, and waits for it.
fn end(pid: Pid) {
    // Either fails only if the child is gone already.
    let _ = kill_process(pid, Signal::KILL);
    let _ = rustix::io::retry_on_intr(|| waitpid(Some(pid), WaitOptions::empty()));
}

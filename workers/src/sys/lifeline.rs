//! Workers that end when their parent does, however it ends.
//!
//! Each worker has a pipe whose write end only the parent holds. The worker asks the kernel to send SIGKILL when
//! something happens on the read end, and all that ever happens there is that the last write end closes. The obvious
//! alternative, `PR_SET_PDEATHSIG`, fires when the *thread* that forked ends, which would kill the workers of a
//! program that spawns them from a short-lived thread.
//!
//! The signal's receiver belongs to the open file, not to the descriptor; that is why workers cannot share one pipe.

use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd, RawFd};
use std::sync::Mutex;
use std::sync::atomic::{AtomicI32, Ordering};

use rustix::event::PollFlags;
use rustix::fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open};
use rustix::io;
use rustix::pipe::{PipeFlags, pipe_with};

use super::at_fork::{self, AtFork, Guard, Rank};
use super::poll;

/// The write ends that this process holds. A worker forked later must not keep another worker alive, so it closes all.
static HELD: Mutex<Held> = Mutex::new(Held {
    next: 0,
    ends: Vec::new(),
});

/// The descriptor of the lifeline that the calling process hangs on; none in one that no other has forked.
static OWN: AtomicI32 = AtomicI32::new(-1);

#[derive(Debug)]
struct Held {
    /// Never reused, not even in a forked process, so that a handle from before a fork cannot release a later lifeline.
    next: u64,
    ends: Vec<(u64, OwnedFd)>,
}

/// Names a lifeline that this process holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct LifelineId(u64);

/// The worker's end.
#[derive(Debug)]
pub(crate) struct Tail(OwnedFd);

/// All lifelines of this process, kept unchanged while it forks.
#[derive(Debug)]
pub(crate) struct Lifelines {
    held: Guard<Held>,
}

impl Lifelines {
    /// Waits for other threads that fork or release a lifeline, and keeps them out.
    pub(crate) fn lock() -> Self {
        Self {
            held: at_fork::lock::<Self, _>(&HELD),
        }
    }

    /// A new lifeline, for the worker that is about to be forked.
    pub(crate) fn add(&mut self) -> io::Result<(LifelineId, Tail)> {
        let (read, write) = pipe_with(PipeFlags::CLOEXEC)?;
        let id = self.held.next;
        self.held.next += 1;
        self.held.ends.push((id, write));
        Ok((LifelineId(id), Tail(read)))
    }

    /// Lets the worker go that waits in [`Tail::await_go`].
    pub(crate) fn send_go(&self, id: LifelineId) -> io::Result<()> {
        let end = self.held.ends.iter().find(|(held, _)| *held == id.0);
        let (_, end) = end.ok_or(io::Errno::BADF)?;
        io::retry_on_intr(|| io::write(end, b"!")).map(drop)
    }

    /// Closes all write ends, in a process that goes on in the place of another: they are those of the other's workers, which
    /// have ended.
    pub(crate) fn leave_predecessors(&mut self) {
        self.held.ends.clear();
    }

    /// Closes one write end, if this process holds it.
    pub(crate) fn remove(&mut self, id: LifelineId) {
        self.held.ends.retain(|(held, _)| *held != id.0);
    }
}

impl AtFork for Lifelines {
    const RANK: Rank = Rank::Lifelines;

    fn prepare() -> Self {
        Self::lock()
    }

    /// Closes all write ends: a worker must not keep another one alive.
    fn enter_worker(&mut self) {
        self.held.ends.clear();
    }
}

impl Tail {
    /// The tail that another process has as its descriptor `fd`, for a worker that did not inherit it.
    pub(crate) fn of_process(pid: u32, fd: RawFd) -> io::Result<Self> {
        let path = format!("/proc/{pid}/fd/{fd}");
        open(path, OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK, Mode::empty()).map(Self)
    }

    /// The descriptor's number, under which another process finds it while this one has it open.
    pub(crate) fn number(&self) -> RawFd {
        self.0.as_raw_fd()
    }

    /// Waits for the parent's go; `false` when it ended before it gave one.
    pub(crate) fn await_go(&self) -> bool {
        matches!(io::retry_on_intr(|| io::read(&self.0, &mut [0u8; 1])), Ok(1))
    }

    /// From here on the calling process is killed when its parent ends; `false` when it has ended already.
    pub(crate) fn hold(self) -> io::Result<bool> {
        set_signal(&self.0)?;
        fcntl_setfl(
            &self.0,
            fcntl_getfl(&self.0)? | OFlags::from_bits_retain(libc::O_ASYNC as u32),
        )?;
        // The write end may have closed before the signal was armed.
        let alive = !poll::look(&self.0)?.contains(PollFlags::HUP);
        // It stays open for as long as the process lives.
        OWN.store(self.0.into_raw_fd(), Ordering::Relaxed);
        Ok(alive)
    }
}

/// The descriptor that must stay open for the calling process to end with its parent.
pub(crate) fn own_descriptor() -> RawFd {
    OWN.load(Ordering::Relaxed)
}

/// Linux's `fcntl` command that chooses the signal for events on a descriptor; the `libc` crate has no name for it.
const F_SETSIG: libc::c_int = 10;

/// Makes SIGKILL to this process the signal that reports events on `fd`.
fn set_signal(fd: &OwnedFd) -> io::Result<()> {
    let fd = fd.as_raw_fd();
    let pid = std::process::id().cast_signed();
    // SAFETY: `fcntl` with these two commands takes integers and touches no memory of ours; `fd` is open.
    let failed =
        unsafe { libc::fcntl(fd, libc::F_SETOWN, pid) == -1 || libc::fcntl(fd, F_SETSIG, libc::SIGKILL) == -1 };
    if failed {
        Err(io::Errno::from_io_error(&std::io::Error::last_os_error()).unwrap_or(io::Errno::IO))
    } else {
        Ok(())
    }
}

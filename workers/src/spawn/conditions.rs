//! What holds for a worker from its start: its name, its limits, its core, its environment, and where it prints.

use std::borrow::Cow;
use std::ffi::CString;
use std::io;
use std::os::fd::OwnedFd;

use rustix::fs::{MemfdFlags, Mode, OFlags, fcntl_setfl, memfd_create};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use super::worker::WorkerKind;
use crate::notebook::{Announcement, Group, OutputStyle};
use crate::sys::{environment, limits};

/// What a worker is to its program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// One function call.
    Process { daemon: bool },
    /// The worker of a pool with this number, from 1.
    PoolWorker(usize),
    /// A process that serves others for as long as the program may live: it holds none of its parent's descriptors, does
    /// not count as a holder of what the parent shares, and is not for a person at the keyboard to interrupt.
    Service,
}

impl Role {
    /// As it is told to who asks what workers there are.
    pub(crate) fn kind(self) -> WorkerKind {
        match self {
            Self::Process { daemon: false } => WorkerKind::Process,
            Self::Process { daemon: true } => WorkerKind::Daemon,
            Self::PoolWorker(_) => WorkerKind::Pool,
            Self::Service => WorkerKind::Manager,
        }
    }
}

/// What holds for one worker.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Conditions<'a> {
    /// The name that its user has given it, which a notebook shows before its lines.
    pub(crate) name: Option<&'a str>,
    pub(crate) role: Role,
    /// How many bytes it may allocate beside what its parent has.
    pub(crate) memory_limit: Option<u64>,
    /// Of the cores that it may use, the one it gets.
    pub(crate) core: Option<usize>,
    /// Variables, as `NAME=value`, that it has beside its parent's.
    pub(crate) environment: &'a [CString],
    /// Where it prints, if not where its parent does.
    pub(crate) output: Option<&'a Captured>,
    /// Whether its user knows that other threads of the parent do not exist in it.
    pub(crate) allow_threads: bool,
    /// How a notebook shows what it prints.
    pub(crate) output_style: OutputStyle,
    /// The map whose items' lines a notebook shows together.
    pub(crate) group: Option<&'a Group>,
    /// Whether a notebook reports its end, since nobody waits for it.
    pub(crate) unattended: bool,
}

impl Default for Conditions<'_> {
    fn default() -> Self {
        Self {
            name: None,
            role: Role::Process { daemon: false },
            memory_limit: None,
            core: None,
            environment: &[],
            output: None,
            allow_threads: false,
            output_style: OutputStyle::default(),
            group: None,
            unattended: false,
        }
    }
}

impl Conditions<'_> {
    /// What a notebook is told of the worker that has this PID.
    pub(crate) fn announcement(&self, pid: u32) -> Announcement<'_> {
        Announcement {
            pid,
            name: self.name.map(Cow::Borrowed),
            output: self.output_style,
            group: self.group.map(Group::announced),
            unattended: self.unattended,
        }
    }

    /// In the worker, before it does anything.
    pub(super) fn apply(&self) -> io::Result<()> {
        if let Some(output) = self.output {
            rustix::stdio::dup2_stdout(&output.stdout)?;
            rustix::stdio::dup2_stderr(&output.stderr)?;
        }
        environment::extend_in_worker(self.environment);
        if let Some(core) = self.core {
            pin_to(core)?;
        }
        if let Some(bytes) = self.memory_limit {
            limits::limit_memory(bytes)?;
        }
        Ok(())
    }
}

/// Two files in memory that a worker has as its standard output and standard error.
#[derive(Debug)]
pub(crate) struct Captured {
    stdout: OwnedFd,
    stderr: OwnedFd,
}

impl Captured {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self {
            stdout: output_file()?,
            stderr: output_file()?,
        })
    }

    /// Nothing is kept of what it prints.
    pub(crate) fn nowhere() -> io::Result<Self> {
        let open = || rustix::fs::open("/dev/null", OFlags::RDWR | OFlags::CLOEXEC, Mode::empty());
        Ok(Self {
            stdout: open()?,
            stderr: open()?,
        })
    }

    /// What has been written to standard output and to standard error.
    pub(crate) fn read(&self) -> io::Result<(Vec<u8>, Vec<u8>)> {
        Ok((read_all(&self.stdout)?, read_all(&self.stderr)?))
    }
}

/// The worker's own children may write as well, so each write goes to the end.
fn output_file() -> rustix::io::Result<OwnedFd> {
    let file = memfd_create("parcell-output", MemfdFlags::CLOEXEC)?;
    fcntl_setfl(&file, OFlags::APPEND)?;
    Ok(file)
}

/// The whole file. Its position, which the writers share, stays where it is.
fn read_all(file: &OwnedFd) -> io::Result<Vec<u8>> {
    let size = usize::try_from(rustix::fs::fstat(file)?.st_size).unwrap_or_default();
    let mut bytes = vec![0; size];
    let mut filled = 0;
    while filled < size {
        match rustix::io::pread(file, &mut bytes[filled..], filled as u64)? {
            0 => break,
            read => filled += read,
        }
    }
    bytes.truncate(filled);
    Ok(bytes)
}

/// Leaves this process one of its cores, counted round.
fn pin_to(core: usize) -> rustix::io::Result<()> {
    let allowed = sched_getaffinity(None)?;
    let cores: Vec<usize> = (0..CpuSet::MAX_CPU).filter(|&core| allowed.is_set(core)).collect();
    let Some(&core) = cores.get(core % cores.len().max(1)) else {
        return Ok(());
    };
    let mut only = CpuSet::new();
    only.set(core);
    sched_setaffinity(None, &only)
}

//! What the notebook's processes ask of Linux, and how much of the machine they may use.

use std::env;
use std::fs;
use std::io;
use std::process::{Command, Stdio};

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{PidfdFlags, Resource, child_subreaper, geteuid, getpid, getrlimit, pidfd_open};

use super::finding::Finding;
use crate::process::WAIT;
use crate::process::available_memory;
use crate::units::size::gibibytes;

/// Each worker takes several descriptors and pipes of the kernel's.
const OPEN_FILES: u64 = 512;
/// Compilers and kernels have threads, all of which count.
const PROCESSES: u64 = 512;
/// Stacks and what processes share are mapped generously.
const ADDRESS_SPACE: u64 = 16 << 30;
/// What compiling a cell that uses a large crate may take.
const MEMORY: u64 = 1 << 30;

const LINUX: &str = "Linux";
const PROC: &str = "/proc";
const LIMITS: &str = "limits";
const CORES: &str = "cores";
const MEMORY_LEFT: &str = "memory";

pub(super) fn examine() -> Vec<Finding> {
    let mut findings = vec![calls(), proc()];
    findings.extend(limits());
    findings.push(Finding::good(CORES, format!("{} usable", parcell::cpu_count())));
    findings.push(memory());
    findings
}

/// The system calls that are not everywhere: too new for some systems, and forbidden in some containers.
fn calls() -> Finding {
    let tried = [
        ("pidfd_open", pidfd_open(getpid(), PidfdFlags::empty()).err()),
        (
            "memfd_create",
            memfd_create("parcell-doctor", MemfdFlags::CLOEXEC).err(),
        ),
        ("prctl(PR_GET_CHILD_SUBREAPER)", child_subreaper().err()),
    ];
    let failed: Vec<_> = tried
        .iter()
        .filter_map(|(call, error)| Some(format!("{call}: {}", (*error)?)))
        .collect();
    if failed.is_empty() {
        let release = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
        return Finding::good(LINUX, format!("{} has pidfds, memfds and subreapers", release.trim()));
    }
    Finding::missing(
        LINUX,
        format!("does not allow {}", failed.join(", ")),
        "use Linux 5.3 or newer; in a container, a newer runtime or one whose seccomp profile allows these calls",
    )
}

/// Processes find what they share in each other's /proc/PID/fd.
fn proc() -> Finding {
    match open_through_proc() {
        Ok(()) => Finding::good(PROC, "processes can open each other's files"),
        Err(error) => Finding::missing(
            PROC,
            format!("a process cannot open another's files in /proc/PID/fd: {error}"),
            "mount /proc (mount -t proc proc /proc), and allow this user's processes to inspect each other",
        ),
    }
}

fn open_through_proc() -> io::Result<()> {
    fs::read("/proc/self/stat")?;
    let mut other = Command::new(env::current_exe()?)
        .arg(WAIT)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let opened = fs::File::open(format!("/proc/{}/fd/0", other.id()));
    other.kill()?;
    other.wait()?;
    opened.map(drop)
}

/// Something of which the system gives only so much.
struct Limit {
    what: &'static str,
    /// None where there is no limit.
    amount: Option<u64>,
    enough: u64,
    remedy: String,
}

/// What is limited to less than notebooks may need; one good finding where nothing is.
fn limits() -> Vec<Finding> {
    let limits = [
        Limit {
            what: "open files",
            amount: getrlimit(Resource::Nofile).current,
            enough: OPEN_FILES,
            remedy: format!("ulimit -n {OPEN_FILES}"),
        },
        Limit {
            what: "processes and threads of this user",
            // It is not for root.
            amount: getrlimit(Resource::Nproc).current.filter(|_| !geteuid().is_root()),
            enough: PROCESSES,
            remedy: format!("ulimit -u {PROCESSES}"),
        },
        Limit {
            what: "processes and threads in this container",
            amount: process_limit_of_group(),
            enough: PROCESSES,
            remedy: format!("raise the container's limit (docker run --pids-limit {PROCESSES})"),
        },
        Limit {
            what: "bytes of address space",
            amount: getrlimit(Resource::As).current,
            enough: ADDRESS_SPACE,
            remedy: "ulimit -v unlimited".to_owned(),
        },
    ];
    let reached: Vec<_> = limits.iter().filter_map(Limit::warning).collect();
    if !reached.is_empty() {
        return reached;
    }
    let limits: Vec<_> = limits.iter().filter_map(Limit::text).collect();
    vec![Finding::good(
        LIMITS,
        match limits.is_empty() {
            true => "none".to_owned(),
            false => limits.join(", "),
        },
    )]
}

impl Limit {
    fn warning(&self) -> Option<Finding> {
        let text = self.text().filter(|_| self.amount < Some(self.enough))?;
        let found = format!("{text} may be too few: {} are enough", self.enough);
        Some(Finding::warning(LIMITS, found, self.remedy.clone()))
    }

    fn text(&self) -> Option<String> {
        Some(format!("{} {}", self.amount?, self.what))
    }
}

/// How many processes this process's control group may have, where it has such a limit.
fn process_limit_of_group() -> Option<u64> {
    let membership = fs::read_to_string("/proc/self/cgroup").ok()?;
    let group = membership.lines().find_map(|line| line.strip_prefix("0::/"))?;
    let limit = fs::read_to_string(format!("/sys/fs/cgroup/{group}/pids.max")).ok()?;
    limit.trim().parse().ok()
}

fn memory() -> Finding {
    match available_memory() {
        Some(left) if left < MEMORY => Finding::warning(
            MEMORY_LEFT,
            format!(
                "{} left is little for compiling cells that use large crates",
                gibibytes(left)
            ),
            "end other programs, or give the machine or the container more",
        ),
        Some(left) => Finding::good(MEMORY_LEFT, format!("{} left", gibibytes(left))),
        None => Finding::good(MEMORY_LEFT, "how much is left is not said here"),
    }
}

//! What the notebook's processes ask of Linux, and how much of the machine they may use.

use std::env;
use std::fs;
use std::io;
use std::process::{Command, Stdio};

use rustix::fs::{MemfdFlags, memfd_create};
use rustix::process::{PidfdFlags, Resource, child_subreaper, geteuid, getpid, getrlimit, pidfd_open};

use super::finding::Finding;
use crate::library::ACKNOWLEDGE;
use crate::process::available_memory;
use crate::units::size::gibibytes;

/// Each worker takes several descriptors and pipes of the kernel's.
const OPEN_FILES: u64 = 512;
/// Compilers and kernels have threads, all of which count.
const PROCESSES: u64 = 512;
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
        .arg(ACKNOWLEDGE)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let opened = fs::File::open(format!("/proc/{}/fd/0", other.id()));
    other.kill()?;
    other.wait()?;
    opened.map(drop)
}

/// What is limited to less than notebooks may need.
fn limits() -> Vec<Finding> {
    let files = getrlimit(Resource::Nofile).current;
    // Limits on a user's processes are not for root.
    let processes = getrlimit(Resource::Nproc).current.filter(|_| !geteuid().is_root());
    let of_group = process_limit_of_group();
    let mut findings = Vec::new();
    if let Some(limit) = files.filter(|limit| *limit < OPEN_FILES) {
        let found = format!("{limit} open files are few for many workers");
        findings.push(Finding::warning(LIMITS, found, format!("ulimit -n {OPEN_FILES}")));
    }
    if let Some(limit) = processes.filter(|limit| *limit < PROCESSES) {
        let found = format!("{limit} processes and threads of this user are few for compilers and workers");
        findings.push(Finding::warning(LIMITS, found, format!("ulimit -u {PROCESSES}")));
    }
    if let Some(limit) = of_group.filter(|limit| *limit < PROCESSES) {
        let found = format!("{limit} processes and threads in this container are few for compilers and workers");
        let remedy = format!("raise the container's limit (docker run --pids-limit {PROCESSES})");
        findings.push(Finding::warning(LIMITS, found, remedy));
    }
    if findings.is_empty() {
        let amount = |limit: Option<u64>| limit.map_or_else(|| "no limit".to_owned(), |limit| limit.to_string());
        let processes = [processes, of_group].into_iter().flatten().min();
        let found = format!("open files: {}, processes: {}", amount(files), amount(processes));
        findings.push(Finding::good(LIMITS, found));
    }
    findings
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

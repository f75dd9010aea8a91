//! Which processes a process has started, directly or not, and which belong to a session.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, getpgrp, getpid};

/// All of them that exist now. Processes that start meanwhile may be missed: ask again until none is left.
pub(crate) fn of(ancestor: Pid) -> Vec<Pid> {
    of_children(ancestor, |_| true)
}

/// The same of this process, without its supervisor and what that has started: the compilers, and what they have.
///
/// A supervisor is started anew where one has ended, at any time. It goes by this executable's name, as does every
/// child that has not become another program yet; tools go by names of their own.
pub(crate) fn compilers() -> Vec<Pid> {
    let this = std::env::current_exe().ok();
    let started_as = std::env::args_os().next().map(PathBuf::from);
    let names: Vec<OsString> = [this, started_as]
        .into_iter()
        .flatten()
        .filter_map(|path| path.file_name().map(OsStr::to_owned))
        .collect();
    of_children(getpid(), |child| name(child).is_some_and(|name| !names.contains(&name)))
}

/// The children of this process that are of another process group. It starts none: they were the supervisor's, which has
/// ended, or started by what was.
pub(crate) fn adopted() -> Vec<Pid> {
    let (this, group) = (getpid(), getpgrp());
    let is_adopted = |&(_, status): &(Pid, Status)| status.parent == this && status.group != group;
    processes().filter(is_adopted).map(|(pid, _)| pid).collect()
}

/// The name that a process was started by; None where it has ended.
fn name(pid: Pid) -> Option<OsString> {
    let arguments = std::fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()?;
    let program = arguments.split(|&byte| byte == 0).next()?;
    Some(Path::new(OsStr::from_bytes(program)).file_name()?.to_owned())
}

fn of_children(ancestor: Pid, wanted: impl Fn(Pid) -> bool) -> Vec<Pid> {
    let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
    for (pid, status) in processes() {
        children.entry(status.parent).or_default().push(pid);
    }
    let mut found = children.remove(&ancestor).unwrap_or_default();
    found.retain(|child| wanted(*child));
    let mut next = 0;
    while next < found.len() {
        found.extend(children.remove(&found[next]).unwrap_or_default());
        next += 1;
    }
    found
}

/// The processes that were started with this variable in their environment, whoever their parents are by now.
pub(crate) fn with_variable(name: &str, value: &OsStr) -> Vec<Pid> {
    let wanted = [name.as_bytes(), b"=", value.as_encoded_bytes()].concat();
    pids()
        .filter(|pid| {
            // That of a process of another user cannot be read, and that of one that has ended is empty.
            std::fs::read(format!("/proc/{pid}/environ"))
                .is_ok_and(|environment| environment.split(|&byte| byte == 0).any(|variable| variable == wanted))
        })
        .filter_map(Pid::from_raw)
        .collect()
}

/// Where a process belongs.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
struct Status {
    parent: Pid,
    group: Pid,
}

/// Every process of this machine that has a parent.
fn processes() -> impl Iterator<Item = (Pid, Status)> {
    pids().filter_map(|pid| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some((Pid::from_raw(pid)?, status_in(&status)?))
    })
}

fn pids() -> impl Iterator<Item = i32> {
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The fourth and the fifth field of /proc/PID/stat. The second, the name, is in parentheses and may hold anything.
fn status_in(stat: &str) -> Option<Status> {
    let (_, rest) = stat.rsplit_once(") ")?;
    let mut fields = rest.split(' ').skip(1).map(|field| field.parse().ok());
    Some(Status {
        parent: Pid::from_raw(fields.next()??)?,
        group: Pid::from_raw(fields.next()??)?,
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::CommandExt;
    use std::process::{Child, Command};
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn parent_and_group_are_found_behind_any_name() {
        let expected = Status {
            parent: Pid::from_raw(7).unwrap(),
            group: Pid::from_raw(11).unwrap(),
        };
        assert_eq!(status_in("12 (a) b (c) S 7 11 12 0"), Some(expected));
        assert_eq!(status_in("12 (x"), None);
    }

    #[test]
    fn a_child_of_another_group_is_none_of_this_process_s_own() {
        let own = Sleeping::start(|sleep| sleep);
        let other = Sleeping::start(|sleep| sleep.process_group(0));
        let found = adopted();
        assert!(found.contains(&other.pid()) && !found.contains(&own.pid()));
    }

    #[test]
    fn a_process_is_found_by_its_environment() {
        let mark = uuid::Uuid::new_v4().to_string();
        let child = Sleeping::start(|sleep| sleep.env("PARCELL_MARK", &mark));
        assert_eq!(with_variable("PARCELL_MARK", OsStr::new(&mark)), [child.pid()]);
        assert!(with_variable("PARCELL_MARK", OsStr::new("another")).is_empty());
    }

    #[test]
    fn a_child_by_our_name_is_no_compiler() {
        let ours = Sleeping::start(|sleep| sleep.arg0(std::env::current_exe().unwrap()));
        let tool = Sleeping::start(|sleep| sleep.arg0("/somewhere/cargo"));
        let found = compilers();
        assert!(found.contains(&tool.pid()));
        assert!(!found.contains(&ours.pid()));
    }

    #[test]
    fn a_child_is_a_descendant() {
        let child = Sleeping::start(|sleep| sleep);
        assert!(of(getpid()).contains(&child.pid()));
    }

    /// A child that sleeps, and is killed in the end.
    struct Sleeping(Child);

    impl Sleeping {
        /// Starts it, and waits until its arguments and its environment can be read. Linux lets a parent go on at a
        /// time when the child's new memory has neither yet.
        fn start(set_up: impl FnOnce(&mut Command) -> &mut Command) -> Self {
            let mut sleep = Command::new("sleep");
            let child = Self(set_up(&mut sleep).arg("30").spawn().unwrap());
            let environment = format!("/proc/{}/environ", child.pid());
            let end = Instant::now() + Duration::from_secs(30);
            while std::fs::read(&environment).unwrap().is_empty() {
                assert!(Instant::now() < end, "{environment} stays empty");
                std::thread::yield_now();
            }
            child
        }

        fn pid(&self) -> Pid {
            Pid::from_child(&self.0)
        }
    }

    impl Drop for Sleeping {
        fn drop(&mut self) {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }
}

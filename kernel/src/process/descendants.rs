//! Which processes a process has started, directly or not, and which belong to a session.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::process::{Pid, getpid};

/// All of them that exist now. Processes that start meanwhile may be missed: ask again until none is left.
pub(crate) fn of(ancestor: Pid) -> Vec<Pid> {
    of_children(ancestor, |_| true)
}

/// The same of this process, without its supervisor and what that has started: the compilers, and what they have.
///
/// evcxr starts a supervisor anew where one has ended, at any time. It goes by this executable's name, as does every
/// child that has not become another program yet; tools go by names of their own, also those that this executable plays.
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

/// The name that a process was started by; None where it has ended.
fn name(pid: Pid) -> Option<OsString> {
    let arguments = std::fs::read(format!("/proc/{}/cmdline", pid.as_raw_nonzero())).ok()?;
    let program = arguments.split(|&byte| byte == 0).next()?;
    Some(Path::new(OsStr::from_bytes(program)).file_name()?.to_owned())
}

fn of_children(ancestor: Pid, wanted: impl Fn(Pid) -> bool) -> Vec<Pid> {
    let mut children: HashMap<Pid, Vec<Pid>> = HashMap::new();
    for (pid, parent) in processes() {
        children.entry(parent).or_default().push(pid);
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

/// Every process of this machine with its parent.
fn processes() -> impl Iterator<Item = (Pid, Pid)> {
    pids().filter_map(|pid| {
        let status = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some((Pid::from_raw(pid)?, parent(&status)?))
    })
}

fn pids() -> impl Iterator<Item = i32> {
    std::fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

/// The fourth field of /proc/PID/stat. The second, the name, is in parentheses and may hold anything.
fn parent(status: &str) -> Option<Pid> {
    let (_, after_name) = status.rsplit_once(')')?;
    Pid::from_raw(after_name.split_whitespace().nth(1)?.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parent_is_found_behind_any_name() {
        assert_eq!(parent("12 (a) b (c) S 7 12 12 0"), Pid::from_raw(7));
        assert_eq!(parent("12 (x"), None);
    }

    #[test]
    fn a_process_is_found_by_its_environment() {
        let mark = uuid::Uuid::new_v4().to_string();
        let mut child = std::process::Command::new("sleep")
            .arg("30")
            .env("PARCELL_MARK", &mark)
            .spawn()
            .unwrap();
        let found = with_variable("PARCELL_MARK", OsStr::new(&mark));
        let none = with_variable("PARCELL_MARK", OsStr::new("another"));
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(found, [Pid::from_raw(child.id().cast_signed()).unwrap()]);
        assert!(none.is_empty());
    }

    #[test]
    fn a_child_by_our_name_is_no_compiler() {
        use std::os::unix::process::CommandExt;
        let start = |name: &Path| {
            let mut command = std::process::Command::new("sleep");
            command.arg0(name).arg("30").spawn().unwrap()
        };
        let mut ours = start(&std::env::current_exe().unwrap());
        let mut tool = start(Path::new("/somewhere/cargo"));
        let found = compilers();
        for child in [&mut ours, &mut tool] {
            child.kill().unwrap();
            child.wait().unwrap();
        }
        let pid = |child: &std::process::Child| Pid::from_raw(child.id().cast_signed()).unwrap();
        assert!(found.contains(&pid(&tool)) && !found.contains(&pid(&ours)));
    }

    #[test]
    fn a_child_is_a_descendant() {
        let mut child = std::process::Command::new("sleep").arg("30").spawn().unwrap();
        let found = of(rustix::process::getpid());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(found.contains(&Pid::from_raw(child.id().cast_signed()).unwrap()));
    }
}

//! Which processes there are: the test's own view, from `/proc`.

use std::collections::HashMap;
use std::fs;

/// One process, told apart from later ones with the same PID by the time it started.
#[derive(Clone, Debug, Eq, Hash, PartialEq)]
pub struct Process {
    /// Its PID.
    pub pid: i32,
    /// When it started, in clock ticks since boot.
    started: u64,
    /// Its command name.
    pub name: String,
}

impl Process {
    /// Whether it is still there. A zombie, which only waits to be reaped, is not.
    pub fn is_alive(&self) -> bool {
        Stat::read(self.pid).is_some_and(|stat| stat.started == self.started && !stat.is_zombie())
    }
}

/// What a file of `/proc` about a process says behind `key` of its memory, in bytes; `None` where the process has ended.
pub fn memory(pid: i32, file: &str, key: &str) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/{file}")).ok()?;
    let said = text
        .lines()
        .find_map(|line| line.strip_prefix(key)?.strip_prefix(':'))?;
    Some(said.trim().trim_end_matches(" kB").parse::<u64>().ok()? << 10)
}

/// How many descriptors a process has open; 0 where it has ended.
pub fn descriptors(pid: i32) -> usize {
    fs::read_dir(format!("/proc/{pid}/fd")).map_or(0, Iterator::count)
}

/// All processes below `ancestor` as long as the chain of parents is whole.
pub fn descendants(ancestor: i32) -> Vec<Process> {
    let mut children: HashMap<i32, Vec<Stat>> = HashMap::new();
    for stat in all_pids().filter_map(Stat::read) {
        children.entry(stat.parent).or_default().push(stat);
    }
    let mut found = Vec::new();
    let mut pending = vec![ancestor];
    while let Some(parent) = pending.pop() {
        for stat in children.remove(&parent).unwrap_or_default() {
            pending.push(stat.pid);
            found.push(stat.into_process());
        }
    }
    found
}

/// All processes whose environment, as it was when they were executed, holds `variable`. Those that were orphaned on
/// the way are among them.
pub(crate) fn with_variable(variable: &str) -> Vec<Process> {
    let has_variable = |pid: &i32| {
        fs::read(format!("/proc/{pid}/environ")).is_ok_and(|environ| {
            environ
                .split(|&byte| byte == 0)
                .any(|entry| entry == variable.as_bytes())
        })
    };
    all_pids()
        .filter(has_variable)
        .filter_map(Stat::read)
        .filter(|stat| !stat.is_zombie())
        .map(Stat::into_process)
        .collect()
}

/// What `/proc/PID/stat` says.
struct Stat {
    pid: i32,
    name: String,
    state: String,
    parent: i32,
    started: u64,
}

impl Stat {
    /// None when the process is gone.
    fn read(pid: i32) -> Option<Stat> {
        let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // The name is in parentheses and can itself contain them.
        let (before, after) = text.rsplit_once(") ")?;
        let (_, name) = before.split_once(" (")?;
        let fields: Vec<&str> = after.split(' ').collect();
        Some(Stat {
            pid,
            name: name.to_owned(),
            state: (*fields.first()?).to_owned(),
            parent: fields.get(1)?.parse().ok()?,
            started: fields.get(19)?.parse().ok()?,
        })
    }

    fn is_zombie(&self) -> bool {
        matches!(self.state.as_str(), "Z" | "X")
    }

    fn into_process(self) -> Process {
        Process {
            pid: self.pid,
            started: self.started,
            name: self.name,
        }
    }
}

fn all_pids() -> impl Iterator<Item = i32> {
    let entries = fs::read_dir("/proc").expect("/proc is there");
    entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::process::Command;
    use std::time::{Duration, Instant};

    #[test]
    fn a_child_is_found_both_ways_until_it_is_gone() {
        let variable = format!("PARCELL_TEST_PROCESSES={}", uuid::Uuid::new_v4());
        let (name, value) = variable.split_once('=').unwrap();
        let mut child = Command::new("sleep").arg("60").env(name, value).spawn().unwrap();
        let pid = i32::try_from(child.id()).unwrap();
        let own = i32::try_from(std::process::id()).unwrap();
        let below = descendants(own).into_iter().find(|process| process.pid == pid).unwrap();
        assert!(below.is_alive());
        // `spawn` returns when the child executes; the kernel shows its environment a moment later.
        let deadline = Instant::now() + Duration::from_secs(30);
        let found = loop {
            let found = with_variable(&variable);
            if !found.is_empty() || Instant::now() > deadline {
                break found;
            }
            std::thread::yield_now();
        };
        assert_eq!(
            found,
            [Process {
                name: "sleep".to_owned(),
                ..below.clone()
            }]
        );
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!below.is_alive());
        assert_eq!(with_variable(&variable), []);
    }
}

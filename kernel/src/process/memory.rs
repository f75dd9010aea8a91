//! Whether memory is left for a checkpoint.
//!
//! A checkpoint shares all memory with the notebook process until one of them writes to it; a cell that changes
//! everything makes the two take twice as much. Where that does not fit, the system would kill one of them, or something
//! else, in the middle of a cell. Then it is better to go on without a checkpoint.

use std::fs;
use std::path::{Path, PathBuf};

use crate::units::size::gibibytes;

/// Below this a copy always has room, and nothing is asked.
const SMALL: u64 = 256 << 20;

/// Err says why there is no room for a copy of all that this process has written.
pub(super) fn room_for_a_copy() -> Result<(), String> {
    let system = System::real();
    check(own_memory(&system.root).unwrap_or(0), || system.available())
}

/// How much memory is left for this process, in bytes; None where nobody says so.
pub(crate) fn available() -> Option<u64> {
    System::real().available()
}

fn check(own: u64, available: impl FnOnce() -> Option<u64>) -> Result<(), String> {
    if own < SMALL {
        return Ok(());
    }
    match available() {
        Some(available) if available < own => Err(format!(
            "the notebook holds {} and {} of memory are left",
            gibibytes(own),
            gibibytes(available)
        )),
        // Where nobody says how much there is, the fork itself is what tells.
        _ => Ok(()),
    }
}

/// Memory that is this process's alone, in bytes.
fn own_memory(root: &Path) -> Option<u64> {
    let statm = fs::read_to_string(root.join("proc/self/statm")).ok()?;
    let mut pages = statm.split_whitespace().skip(1).map(|pages| pages.parse::<u64>());
    let (resident, shared) = (pages.next()?.ok()?, pages.next()?.ok()?);
    Some(resident.saturating_sub(shared) * rustix::param::page_size() as u64)
}

/// The files in which the system says how much memory there is.
struct System {
    root: PathBuf,
}

impl System {
    fn real() -> System {
        System { root: "/".into() }
    }

    /// The least of what the machine has left and what each limit on a group of processes leaves, in bytes.
    fn available(&self) -> Option<u64> {
        self.machine().into_iter().chain(self.groups()).min()
    }

    fn machine(&self) -> Option<u64> {
        let meminfo = fs::read_to_string(self.root.join("proc/meminfo")).ok()?;
        let line = meminfo.lines().find_map(|line| line.strip_prefix("MemAvailable:"))?;
        line.trim()
            .strip_suffix("kB")?
            .trim()
            .parse::<u64>()
            .ok()
            .map(|kib| kib << 10)
    }

    /// What is left in this process's group and in each group around it.
    fn groups(&self) -> Vec<u64> {
        let membership = fs::read_to_string(self.root.join("proc/self/cgroup")).unwrap_or_default();
        let mut left = Vec::new();
        for line in membership.lines() {
            let mut fields = line.splitn(3, ':').skip(1);
            let (Some(controllers), Some(path)) = (fields.next(), fields.next()) else {
                continue;
            };
            let group = match controllers {
                "" => Group::UNIFIED,
                _ if controllers.split(',').any(|controller| controller == "memory") => Group::LEGACY,
                _ => continue,
            };
            let hierarchy = self.root.join(group.hierarchy);
            let innermost = hierarchy.join(path.trim_start_matches('/'));
            let around = innermost
                .ancestors()
                .take_while(|directory| directory.starts_with(&hierarchy));
            left.extend(around.filter_map(|directory| group.left(directory)));
        }
        left
    }
}

/// What the files of one kind of control group are called.
struct Group {
    hierarchy: &'static str,
    limit: &'static str,
    usage: &'static str,
    /// Of the usage, what the system gives up when it needs to.
    reclaimable: &'static str,
}

impl Group {
    const UNIFIED: Group = Group {
        hierarchy: "sys/fs/cgroup",
        limit: "memory.max",
        usage: "memory.current",
        reclaimable: "inactive_file ",
    };
    const LEGACY: Group = Group {
        hierarchy: "sys/fs/cgroup/memory",
        limit: "memory.limit_in_bytes",
        usage: "memory.usage_in_bytes",
        reclaimable: "total_inactive_file ",
    };

    /// None where the group has no limit (or is not to be seen from here).
    fn left(&self, directory: &Path) -> Option<u64> {
        let number = |name: &str| {
            fs::read_to_string(directory.join(name))
                .ok()?
                .trim()
                .parse::<u64>()
                .ok()
        };
        let (limit, usage) = (number(self.limit)?, number(self.usage)?);
        let statistics = fs::read_to_string(directory.join("memory.stat")).unwrap_or_default();
        let reclaimable = statistics
            .lines()
            .find_map(|line| line.strip_prefix(self.reclaimable)?.trim().parse().ok())
            .unwrap_or(0);
        Some(limit.saturating_sub(usage.saturating_sub(reclaimable)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    fn system(files: &[(&str, &str)]) -> (tempfile::TempDir, System) {
        let directory = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = directory.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let root = directory.path().to_owned();
        (directory, System { root })
    }

    #[test]
    fn the_tightest_limit_counts() {
        let machine = ("proc/meminfo", "MemTotal:  9 kB\nMemAvailable:    8388608 kB\n");
        let (_directory, system) = self::system(&[machine]);
        assert_eq!(system.available(), Some(8 * GIB));
        let (_directory, system) = self::system(&[
            machine,
            ("proc/self/cgroup", "0::/outer/inner\n"),
            ("sys/fs/cgroup/outer/inner/memory.max", "max\n"),
            ("sys/fs/cgroup/outer/inner/memory.current", "1\n"),
            ("sys/fs/cgroup/outer/memory.max", "4294967296\n"),
            ("sys/fs/cgroup/outer/memory.current", "3221225472\n"),
            ("sys/fs/cgroup/outer/memory.stat", "anon 5\ninactive_file 1073741824\n"),
        ]);
        assert_eq!(system.available(), Some(2 * GIB));
        let (_directory, system) = self::system(&[
            machine,
            ("proc/self/cgroup", "5:devices:/\n4:memory:/job\n0::/\n"),
            ("sys/fs/cgroup/memory/job/memory.limit_in_bytes", "2147483648\n"),
            ("sys/fs/cgroup/memory/job/memory.usage_in_bytes", "1073741824\n"),
        ]);
        assert_eq!(system.available(), Some(GIB));
    }

    #[test]
    fn a_copy_needs_as_much_as_there_is_of_the_original() {
        assert_eq!(check(SMALL - 1, || unreachable!("nothing is asked")), Ok(()));
        assert_eq!(check(2 * GIB, || Some(2 * GIB)), Ok(()));
        assert_eq!(check(2 * GIB, || None), Ok(()));
        assert_eq!(
            check(2 * GIB, || Some(GIB)).unwrap_err(),
            "the notebook holds 2.0 GiB and 1.0 GiB of memory are left"
        );
        assert!(own_memory(Path::new("/")).unwrap() > 0);
    }
}

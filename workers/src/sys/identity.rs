//! Which process it is: a PID names another one later, a PID with its start time does not.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

/// How many bits the start time has: hundredths of a second since the machine started, for more than a thousand years.
const TIME_BITS: u32 = 42;

/// A process, in one word, so that it can be stored in shared memory at once. Never 0.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) struct ProcessIdentity(u64);

impl ProcessIdentity {
    /// The calling process.
    pub(crate) fn current() -> Self {
        // A forked process begins with its parent's, which its PID tells.
        static KNOWN: AtomicU64 = AtomicU64::new(0);
        let known = Self(KNOWN.load(Ordering::Relaxed));
        let pid = std::process::id();
        if known.pid() == pid {
            return known;
        }
        // Without /proc the PID alone has to do.
        let own = Self::of(pid).unwrap_or(Self(u64::from(pid) << TIME_BITS));
        KNOWN.store(own.0, Ordering::Relaxed);
        own
    }

    /// The process that has this PID now, if it has not ended.
    pub(crate) fn of(pid: u32) -> Option<Self> {
        let stat = std::fs::read(format!("/proc/{pid}/stat")).ok()?;
        let time = start_time(&stat)?;
        Some(Self::new(pid, time))
    }

    fn new(pid: u32, time: u64) -> Self {
        Self(u64::from(pid) << TIME_BITS | time & ((1 << TIME_BITS) - 1))
    }

    /// What was stored; `None` for 0.
    pub(crate) fn from_word(word: u64) -> Option<Self> {
        (word != 0).then_some(Self(word))
    }

    /// The word to store.
    pub(crate) fn word(self) -> u64 {
        self.0
    }

    pub(crate) fn pid(self) -> u32 {
        (self.0 >> TIME_BITS) as u32
    }

    /// Whether it has not ended. One that has, and has not been waited for, has. Where the system does not say (this
    /// process may have no descriptor left to ask with), it has not.
    pub(crate) fn is_alive(self) -> bool {
        if self == Self::current() {
            return true;
        }
        match std::fs::read(format!("/proc/{}/stat", self.pid())) {
            Ok(stat) => start_time(&stat).is_some_and(|time| self == Self::new(self.pid(), time)),
            Err(error) => error.kind() != std::io::ErrorKind::NotFound && error.raw_os_error() != Some(libc::ESRCH),
        }
    }
}

impl fmt::Debug for ProcessIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {}", self.pid())
    }
}

/// The start time in the text of `/proc/PID/stat`; `None` for a process that has ended.
fn start_time(stat: &[u8]) -> Option<u64> {
    // The second field is the program's name in brackets, which may hold anything.
    let name_end = stat.iter().rposition(|&byte| byte == b')')?;
    let rest = std::str::from_utf8(stat.get(name_end + 1..)?).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = fields.next()?;
    if matches!(state, "Z" | "X" | "x") {
        return None;
    }
    // The state is the third field, the start time the twenty-second.
    fields.nth(18)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_found_behind_any_name() {
        let fields: Vec<_> = (4..=30).map(|field| field.to_string()).collect();
        let stat = |state: &str| format!("77 (a ) (b) {state} {}\n", fields.join(" "));
        assert_eq!(start_time(stat("S").as_bytes()), Some(22));
        assert_eq!(start_time(stat("Z").as_bytes()), None);
        assert_eq!(start_time(b"77 (x"), None);
    }

    #[test]
    fn this_process_lives_and_a_child_that_has_ended_does_not() {
        let own = ProcessIdentity::current();
        assert_eq!(own.pid(), std::process::id());
        assert!(own.is_alive());
        assert_eq!(ProcessIdentity::from_word(own.word()), Some(own));
        assert_eq!(ProcessIdentity::from_word(0), None);

        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let identity = ProcessIdentity::of(child.id()).unwrap();
        assert!(identity.is_alive());
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!identity.is_alive());
    }
}

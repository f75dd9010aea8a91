//! Looking at the notebook's variables without changing anything: what editors show of them.
//!
//! How variables of a type are looked at, generated code tells once ([`VariableStore::add_viewer`]), since it takes a compiler
//! to find out what a type can do. A look itself happens in a fork of the notebook's process: whatever a type's `Debug`
//! does there, be it to print, to panic, to change something inside or never to return, the notebook has none of it.

mod enough;
mod outline;
mod view;

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{Mode, OFlags, open};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitIdOptions, kill_process, pidfd_open, set_parent_process_death_signal,
};
use rustix::stdio::{dup2_stderr, dup2_stdin, dup2_stdout};

use super::variables::VariableStore;
use crate::contract::inspection::{Inspection, Look, Seen};
use crate::panics;
use crate::spawn::fork_plainly;
use crate::sys::exit::Exit;
use crate::sys::fork::exit_now;
use crate::sys::{poll, wait};
use crate::text::{duration_text, signal_name};

pub use super::looked::{Elements, Leading, Looked, NoElements, NotLeading, NotPrinted, Printed};
pub(super) use view::Viewer;
pub use view::{Seeing, View};

/// How long it may take to look at one variable. Nothing else happens in the notebook meanwhile.
const LIMIT: Duration = Duration::from_secs(1);
/// The same for all that are looked at.
const LIMIT_OF_ALL: Duration = Duration::from_secs(3);

/// Does what a file asks for.
///
/// # Errors
///
/// When it cannot be read, the answer not be written, or no process be had.
pub(super) fn answer(store: &VariableStore, request: &Path) -> io::Result<()> {
    let inspection: Inspection = serde_json::from_slice(&fs::read(request)?)?;
    let mut answer = OpenOptions::new()
        .create(true)
        .truncate(true)
        .write(true)
        .open(&inspection.answer)?;
    let deadline = Instant::now() + LIMIT_OF_ALL;
    let mut seen = 0;
    while seen < inspection.variables.len() {
        let left = &inspection.variables[seen..];
        if Instant::now() >= deadline {
            return left
                .iter()
                .try_for_each(|_| write_seen(&mut answer, &failed("there was no time to look at it")));
        }
        let failed = look_apart(store, left, &inspection.look, &answer, deadline)?;
        // Those that it came to have a line each; the next one it was that ended it.
        seen = lines(&inspection.answer)?;
        if seen < inspection.variables.len() {
            write_seen(&mut answer, &failed)?;
            seen += 1;
        }
    }
    Ok(())
}

/// Looks at variables in a process of its own. Gives what is to be said of the one that ended it, if one did.
fn look_apart(
    store: &VariableStore,
    variables: &[String],
    look: &Look,
    answer: &File,
    deadline: Instant,
) -> io::Result<Seen> {
    let Some(pid) = fork_plainly()? else {
        let looked = catch_unwind(AssertUnwindSafe(|| look_silently(store, variables, look, answer)));
        exit_now(i32::from(!matches!(looked, Ok(Ok(())))))
    };
    watch(pid, answer, deadline)
}

fn look_silently(store: &VariableStore, variables: &[String], look: &Look, mut answer: &File) -> io::Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let nowhere =
        |flags: OFlags| -> io::Result<OwnedFd> { Ok(open("/dev/null", flags | OFlags::CLOEXEC, Mode::empty())?) };
    dup2_stdin(nowhere(OFlags::RDONLY)?)?;
    let nowhere = nowhere(OFlags::WRONLY)?;
    dup2_stdout(&nowhere)?;
    dup2_stderr(&nowhere)?;
    for name in variables {
        let seen = catch_unwind(AssertUnwindSafe(|| store.see(name, look)));
        let seen =
            seen.unwrap_or_else(|payload| failed(&format!("its `Debug` panicked: {}", panics::message(&*payload))));
        write_seen(&mut answer, &seen)?;
    }
    Ok(())
}

/// Waits for the end of the process, and brings it about where that takes too long for a variable or for all.
fn watch(pid: Pid, answer: &File, deadline: Instant) -> io::Result<Seen> {
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    let mut length = answer.metadata()?.len();
    let mut limit = Instant::now() + LIMIT;
    let mut is_killed = false;
    while poll::look(&pidfd)?.is_empty() {
        let now = Instant::now();
        if now >= limit.min(deadline) {
            let written = answer.metadata()?.len();
            if written == length || now >= deadline {
                is_killed = true;
                // It may have ended meanwhile.
                let _ = kill_process(pid, Signal::KILL);
                break;
            }
            // It has come to another variable.
            length = written;
            limit = now + LIMIT;
        }
        poll::wait(
            &mut [poll::readable(&pidfd)],
            Some(limit.min(deadline).saturating_duration_since(now)),
        )?;
    }
    let waited = rustix::io::retry_on_intr(|| wait::wait(pidfd.as_fd(), WaitIdOptions::EXITED))?;
    Ok(match waited.map(|waited| waited.exit) {
        _ if is_killed => Seen::Failed {
            reason: format!("looking at it took longer than {}", duration_text(LIMIT)),
            is_slow: true,
        },
        Some(Exit::Signal(signal)) => {
            let (name, meaning) = signal_name(signal).unwrap_or(("a signal", "unknown"));
            failed(&format!("looking at it was ended by {name} ({meaning})"))
        }
        Some(Exit::Code(_) | Exit::Lost) | None => failed("looking at it ended the process"),
    })
}

fn failed(reason: &str) -> Seen {
    Seen::Failed {
        reason: reason.to_owned(),
        is_slow: false,
    }
}

fn write_seen(answer: &mut impl Write, seen: &Seen) -> io::Result<()> {
    let mut line = serde_json::to_vec(seen)?;
    line.push(b'\n');
    answer.write_all(&line)
}

fn lines(path: &Path) -> io::Result<usize> {
    BufReader::new(File::open(path)?)
        .lines()
        .try_fold(0, |count, line| line.map(|_| count + 1))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::collections::BTreeMap;
    use std::fmt::{self, Debug};
    use std::os::fd::AsRawFd;
    use std::path::PathBuf;

    use rustix::fs::{MemfdFlags, memfd_create};

    use crate::contract::inspection::{Part, Summary};

    use super::*;

    /// A way to look at variables of this type, as generated code makes it.
    macro_rules! viewer {
        ($store:ident, $type:ty) => {
            $store.add_viewer::<$type>(|value, seeing| {
                let looked = &Looked(value);
                seeing(View::new(
                    looked.parcell_debug(),
                    size_of_val(value) + looked.parcell_bytes(),
                    looked.parcell_elements(),
                ))
            })
        };
    }

    struct Opaque;

    /// What does things that a look must not do to the notebook.
    struct Naughty(fn());
    impl Debug for Naughty {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            (self.0)();
            f.write_str("Naughty")
        }
    }

    struct Counting(Cell<u32>);
    impl Debug for Counting {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.set(self.0.get() + 1);
            write!(f, "{}", self.0.get())
        }
    }

    fn store() -> VariableStore {
        let mut store = VariableStore::default();
        viewer!(store, u8);
        viewer!(store, Vec<u64>);
        viewer!(store, Vec<(u8, String)>);
        viewer!(store, BTreeMap<u8, Vec<f64>>);
        viewer!(store, Opaque);
        viewer!(store, Naughty);
        viewer!(store, Counting);
        store.put_variable("byte", 7_u8);
        store.put_variable("numbers", (0..1000).collect::<Vec<u64>>());
        store.put_variable("pairs", vec![(1_u8, "a".to_owned()), (2, "b".to_owned())]);
        store.put_variable("map", BTreeMap::from([(1_u8, vec![0.5]), (2, vec![])]));
        store.put_variable("opaque", Opaque);
        store.put_variable("other", 'x');
        store
    }

    fn look(store: &VariableStore, variables: &[&str], look: Look) -> Vec<Seen> {
        let [request, answered] = [(), ()].map(|()| memfd_create(c"test", MemfdFlags::CLOEXEC).unwrap());
        let path = |file: &OwnedFd| PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        let inspection = Inspection {
            variables: variables.iter().map(|&name| name.to_owned()).collect(),
            look,
            answer: path(&answered),
        };
        fs::write(path(&request), serde_json::to_vec(&inspection).unwrap()).unwrap();
        answer(store, &path(&request)).unwrap();
        let seen = fs::read_to_string(path(&answered)).unwrap();
        seen.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    fn summary(text: Option<&str>, bytes: usize, elements: Option<usize>, has_parts: bool) -> Seen {
        Seen::Summary(Summary {
            text: text.map(str::to_owned),
            bytes,
            elements,
            has_parts,
        })
    }

    #[test]
    fn variables_are_told_of_on_a_line() {
        let names = ["byte", "numbers", "map", "opaque", "other", "none"];
        let seen = look(&store(), &names, Look::Summary);
        assert_eq!(seen[0], summary(Some("7"), 1, None, false));
        let Seen::Summary(numbers) = &seen[1] else {
            panic!("{seen:?}")
        };
        let text = numbers.text.as_deref().unwrap();
        assert!(
            text.starts_with("[0, 1, ") && text.ends_with("...") && text.len() < 70,
            "{text}"
        );
        assert_eq!((numbers.bytes, numbers.elements), (8024, Some(1000)));
        assert_eq!(seen[2], summary(Some("{1: [0.5], 2: []}"), 24, Some(2), true));
        assert_eq!(seen[3], summary(None, 0, None, false));
        assert_eq!(seen[4..], [Seen::Unknown, Seen::Unknown]);
    }

    #[test]
    fn parts_of_parts_can_be_looked_at() {
        let parts = |variable, path: &[usize], range| {
            let path = path.to_vec();
            match &look(&store(), &[variable], Look::Parts { path, range })[..] {
                [Seen::Parts(parts)] => parts.clone(),
                other => panic!("{other:?}"),
            }
        };
        let part = |name: &str, text: &str, has_parts| Part {
            name: name.to_owned(),
            text: text.to_owned(),
            has_parts,
        };
        let numbers = parts("numbers", &[], 998..1005);
        assert_eq!(
            numbers.parts,
            [part("[998]", "998", false), part("[999]", "999", false)]
        );
        assert_eq!((numbers.total, numbers.is_cut), (1000, false));
        assert_eq!(parts("pairs", &[], 1..2).parts, [part("[1]", "(2, \"b\")", true)]);
        let pair = parts("pairs", &[1], 0..9);
        assert_eq!(pair.parts, [part("0", "2", false), part("1", "\"b\"", false)]);
        assert_eq!(parts("map", &[], 0..1).parts, [part("1", "[0.5]", true)]);
        assert_eq!(parts("map", &[0], 0..9).parts, [part("[0]", "0.5", false)]);
        assert_eq!(parts("byte", &[], 0..9).parts, []);
        assert_eq!(parts("opaque", &[3], 0..9).parts, []);
    }

    #[test]
    fn collections_are_tables() {
        let grid = |variable| match &look(&store(), &[variable], Look::Grid)[..] {
            [Seen::Grid { data }] => data
                .as_ref()
                .map(|data| data["text/plain"].as_str().unwrap().to_owned()),
            other => panic!("{other:?}"),
        };
        assert_eq!(grid("pairs").unwrap(), "0  1\n-  -\n1  a\n2  b");
        assert_eq!(grid("map").unwrap(), "key    0\n---  ---\n1    0.5\n2");
        let numbers = grid("numbers").unwrap();
        assert!(numbers.ends_with("\n  999\n(1,000 rows)"), "{numbers}");
        assert_eq!(grid("byte"), None);
    }

    /// Rows, whose numbers it goes over.
    struct Matrix([[u8; 2]; 2]);
    impl Debug for Matrix {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            Debug::fmt(&self.0, f)?;
            f.write_str(", shape=[2, 2]")
        }
    }
    impl<'a> IntoIterator for &'a Matrix {
        type Item = &'a u8;
        type IntoIter = std::slice::Iter<'a, u8>;
        fn into_iter(self) -> Self::IntoIter {
            self.0.as_flattened().iter()
        }
    }

    #[test]
    fn a_matrix_is_no_list_of_its_numbers() {
        let mut store = VariableStore::default();
        viewer!(store, Matrix);
        store.put_variable("matrix", Matrix([[1, 2], [3, 4]]));
        let seen = look(&store, &["matrix"], Look::Grid);
        assert_eq!(seen, [Seen::Grid { data: None }], "it is shown as a cell shows it");
    }

    #[test]
    fn a_look_does_the_notebook_no_harm_whatever_it_does() {
        let mut store = store();
        store.put_variable("panics", Naughty(|| panic!("no")));
        store.put_variable("exits", Naughty(|| std::process::exit(0)));
        store.put_variable("aborts", Naughty(|| std::process::abort()));
        store.put_variable("counting", Counting(Cell::new(0)));
        let names = ["panics", "byte", "exits", "aborts", "counting", "byte"];
        let seen = look(&store, &names, Look::Summary);
        assert_eq!(seen.len(), names.len(), "{seen:?}");
        assert_eq!(seen[0], failed("its `Debug` panicked: no"));
        assert_eq!(seen[1], summary(Some("7"), 1, None, false));
        assert_eq!(seen[2], failed("looking at it ended the process"));
        assert_eq!(seen[3], failed("looking at it was ended by SIGABRT (abort)"));
        assert!(matches!(&seen[4], Seen::Summary(_)));
        assert_eq!(seen[5], seen[1]);
        assert_eq!(store.take_variable::<Counting>("counting").0.get(), 0);
    }

    #[test]
    fn what_takes_too_long_is_given_up() {
        let mut store = store();
        store.put_variable(
            "endless",
            Naughty(|| {
                loop {
                    std::thread::park();
                }
            }),
        );
        let seen = look(&store, &["byte", "endless", "byte"], Look::Summary);
        assert_eq!(
            seen[1],
            Seen::Failed {
                reason: "looking at it took longer than 1.00 s".to_owned(),
                is_slow: true,
            }
        );
        assert_eq!(seen[0], seen[2]);
    }
}

//! Who a process is: its name, the process that forked it, and those it has forked.

use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex};

use rustix::process::{Signal, pidfd_send_signal};

use super::conditions::{Conditions, Role};
use super::former::Former;
use super::worker::{Entry, WorkView, WorkerInfo, WorkerKind};
use crate::sys::at_fork::{self, AtFork, Guard, Rank};
use crate::sys::clock;
use crate::sys::exit::Ending;
use crate::sys::poll;

/// What the program itself is called, as in Python.
const MAIN: &str = "MainProcess";

static RELATIONS: Mutex<Relations> = Mutex::new(Relations {
    own: None,
    counted: 0,
    children: Vec::new(),
    former: Former::NONE,
});

/// The calling process, as [`current_process`] describes it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CurrentProcess {
    /// Its PID.
    pub pid: u32,
    /// Its name: the one its builder gave it, or `MainProcess`, `Process-1`, `Process-1:2` (the second process of the
    /// first), `PoolWorker-1`.
    pub name: String,
    /// Whether it is a daemon: nobody waits for it.
    pub daemon: bool,
    /// The PID of the process that forked it; `None` for the program itself.
    pub parent_pid: Option<u32>,
}

/// Another process of this program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Relative {
    /// Its PID.
    pub pid: u32,
    /// Its name, as it is called in [`CurrentProcess::name`].
    pub name: String,
}

/// The calling process: the program, or one that this library has forked.
///
/// # Examples
///
/// ```
/// use parcell::{Process, current_process};
///
/// assert_eq!(current_process().name, "MainProcess");
/// let process = Process::builder().name("adder").spawn(|| current_process().name);
/// assert_eq!(process.join().as_deref(), Ok("adder"));
/// ```
#[must_use]
pub fn current_process() -> CurrentProcess {
    let family = Family::lock();
    let own = family.relations.own.as_ref();
    CurrentProcess {
        pid: std::process::id(),
        name: own.map_or_else(|| MAIN.to_owned(), |own| own.name.clone()),
        daemon: own.is_some_and(|own| own.daemon),
        parent_pid: own.map(|own| own.parent.pid),
    }
}

/// The process that forked the calling one; `None` in the program itself.
///
/// # Examples
///
/// ```
/// use parcell::{Process, parent_process};
///
/// assert!(parent_process().is_none());
/// let process = Process::spawn(|| parent_process().map(|parent| parent.pid));
/// assert_eq!(process.join(), Ok(Some(std::process::id())));
/// ```
#[must_use]
pub fn parent_process() -> Option<Relative> {
    Family::lock().relations.own.as_ref().map(|own| own.parent.clone())
}

/// The processes that this library has forked from the calling one and that have not ended.
///
/// # Examples
///
/// ```
/// use parcell::{Process, active_children};
///
/// let process = Process::builder().name("sleeper").spawn(|| std::thread::sleep(std::time::Duration::from_secs(60)));
/// let children = active_children();
/// assert!(children.iter().any(|child| child.pid == process.pid() && child.name == "sleeper"));
/// process.kill();
/// ```
#[must_use]
pub fn active_children() -> Vec<Relative> {
    let family = Family::lock();
    let own = std::process::id();
    let children = family.relations.children.iter();
    children
        // A notebook's process that took over from another has that one's list, not its children.
        .filter(|child| child.forked_by == own && child.entry.kind != WorkerKind::Standing && !has_ended(&child.pidfd))
        .map(|child| Relative {
            pid: child.entry.pid,
            name: child.entry.name.clone(),
        })
        .collect()
}

#[derive(Debug)]
struct Relations {
    /// `None` in the program itself.
    own: Option<Newcomer>,
    /// How many processes have had a number.
    counted: u32,
    children: Vec<Kin>,
    former: Former,
}

/// A process to be.
#[derive(Clone, Debug)]
pub(crate) struct Newcomer {
    /// The numbers of its ancestors and its own, joined by colons; empty where it has none.
    path: String,
    name: String,
    daemon: bool,
    parent: Relative,
}

#[derive(Debug)]
struct Kin {
    entry: Entry,
    forked_by: u32,
    pidfd: Arc<OwnedFd>,
}

/// The relations of this process, which nobody else changes meanwhile.
#[derive(Debug)]
pub(crate) struct Family {
    relations: Guard<Relations>,
}

impl Family {
    pub(crate) fn lock() -> Self {
        Self {
            relations: at_fork::lock::<Self, _>(&RELATIONS),
        }
    }

    /// Names a worker that is about to be forked.
    pub(crate) fn expect(&mut self, conditions: &Conditions<'_>) -> Newcomer {
        let own = self.relations.own.as_ref();
        let parent = Relative {
            pid: std::process::id(),
            name: own.map_or_else(|| MAIN.to_owned(), |own| own.name.clone()),
        };
        let (path, default) = match conditions.role {
            Role::PoolWorker(number) => (String::new(), format!("PoolWorker-{number}")),
            Role::Service => (String::new(), "Service".to_owned()),
            Role::Process { .. } => {
                let number = self.relations.counted + 1;
                let ancestors = own.map_or("", |own| own.path.as_str());
                let path = if ancestors.is_empty() {
                    number.to_string()
                } else {
                    format!("{ancestors}:{number}")
                };
                let name = format!("Process-{path}");
                self.relations.counted = number;
                (path, name)
            }
        };
        Newcomer {
            path,
            name: conditions.name.map_or(default, str::to_owned),
            daemon: conditions.role == Role::Process { daemon: true },
            parent,
        }
    }

    /// In the worker: this is who it is.
    pub(crate) fn enter(&mut self, newcomer: Newcomer) {
        self.relations.own = Some(newcomer);
        self.relations.counted = 0;
        for child in std::mem::take(&mut self.relations.children) {
            // What it shares with the child is the parent's to let go of.
            std::mem::forget(child.entry.view);
        }
        self.relations.former = Former::NONE;
    }

    /// In a process that goes on in the place of another: the other's children have ended with it, and are none of this
    /// process's. They are to be dropped when the relations are no longer locked, as in [`remove_child`](Self::remove_child).
    #[must_use]
    pub(crate) fn leave_predecessors(&mut self) -> Vec<Entry> {
        let own = std::process::id();
        let former = self.relations.children.extract_if(.., |child| child.forked_by != own);
        former.map(|child| child.entry).collect()
    }

    /// In the parent: the worker exists.
    pub(crate) fn add_child(&mut self, newcomer: Newcomer, kind: WorkerKind, pid: u32, pidfd: &Arc<OwnedFd>) {
        self.add(newcomer.name, kind, pid, pidfd, None);
    }

    /// A standing worker has been started.
    pub(crate) fn add_standing(&mut self, pid: u32, pidfd: &Arc<OwnedFd>, view: Arc<dyn WorkView>) {
        self.add(
            "StandingWorker".to_owned(),
            WorkerKind::Standing,
            pid,
            pidfd,
            Some(view),
        );
    }

    fn add(&mut self, name: String, kind: WorkerKind, pid: u32, pidfd: &Arc<OwnedFd>, view: Option<Arc<dyn WorkView>>) {
        self.relations.children.push(Kin {
            entry: Entry {
                pid,
                name,
                kind,
                started: clock::now(),
                view,
            },
            forked_by: std::process::id(),
            pidfd: Arc::clone(pidfd),
        });
    }

    /// Says where it is seen what a child is on.
    pub(crate) fn observe(&mut self, pid: u32, view: Arc<dyn WorkView>) {
        if let Some(child) = self.relations.children.iter_mut().find(|child| child.entry.pid == pid) {
            child.entry.view = Some(view);
        }
    }

    /// In the parent: the worker has been waited for. `stopped`: because this process has killed it.
    ///
    /// What was known of it is to be dropped when the relations are no longer locked: memory that it may be the last to
    /// hold has a lock of its own.
    #[must_use]
    pub(crate) fn remove_child(&mut self, pid: u32, ending: &Ending, stopped: bool) -> Option<Entry> {
        let Relations { children, former, .. } = &mut *self.relations;
        let place = children.iter().position(|child| child.entry.pid == pid)?;
        let entry = children.remove(place).entry;
        former.add(entry.ended(ending, stopped));
        Some(entry)
    }

    /// Tells a child to end, with `SIGTERM`; false where this process has no such child that lives.
    pub(crate) fn terminate(&self, pid: u32) -> bool {
        let own = std::process::id();
        let children = self.relations.children.iter();
        let mut living = children.filter(|child| child.forked_by == own && !has_ended(&child.pidfd));
        living
            .find(|child| child.entry.pid == pid)
            .is_some_and(|child| pidfd_send_signal(&child.pidfd, Signal::TERM).is_ok())
    }

    /// A map begins: the workers of the one before are no longer those of the last map.
    pub(crate) fn begin_map(&mut self) {
        self.relations.former.forget_map();
    }

    /// The workers that there are, those that ended last, and how many more have.
    pub(crate) fn roll(&self) -> (Vec<Entry>, Vec<WorkerInfo>, usize) {
        let own = std::process::id();
        let living = self.relations.children.iter().filter(|child| child.forked_by == own);
        let (former, forgotten) = self.relations.former.all();
        (living.map(|child| child.entry.clone()).collect(), former, forgotten)
    }
}

impl AtFork for Family {
    const RANK: Rank = Rank::Family;

    fn prepare() -> Self {
        Self::lock()
    }
}

fn has_ended(pidfd: &OwnedFd) -> bool {
    // It fails only where the process would have to be taken for a living one anyway.
    poll::look(pidfd).is_ok_and(|news| !news.is_empty())
}

//! That a process holds a handle, as the [`Roster`] has it: from when the handle is made until it is dropped, and in
//! each forked process from the fork on.

use std::sync::Mutex;

use super::roster::Roster;
use crate::sys::at_fork::{self, AtFork, Guard, Rank};
use crate::sys::identity::ProcessIdentity;
use crate::sys::placed::Placed;

/// The rosters of all handles of this process.
static HELD: Mutex<Held> = Mutex::new(Held {
    next: 0,
    rosters: Vec::new(),
});

struct Held {
    next: u64,
    rosters: Vec<(u64, Placed<Roster>)>,
}

/// This process is on a roster for as long as this lives.
#[derive(Debug)]
pub(crate) struct Membership {
    id: u64,
    roster: Placed<Roster>,
}

impl Membership {
    pub(crate) fn of(roster: Placed<Roster>) -> Self {
        roster.join(ProcessIdentity::current());
        let mut all = Memberships::lock();
        let id = all.held.next;
        all.held.next += 1;
        all.held.rosters.push((id, roster.clone()));
        Self { id, roster }
    }

    pub(crate) fn roster(&self) -> &Roster {
        &self.roster
    }
}

impl Drop for Membership {
    fn drop(&mut self) {
        let mut all = Memberships::lock();
        let place = all.held.rosters.iter().position(|(id, _)| *id == self.id);
        let forgotten = place.map(|place| all.held.rosters.swap_remove(place));
        drop(all);
        drop(forgotten);
        self.roster.leave(ProcessIdentity::current());
    }
}

/// All memberships of this process, kept unchanged while it forks.
pub(crate) struct Memberships {
    held: Guard<Held>,
}

impl Memberships {
    pub(crate) fn lock() -> Self {
        Self {
            held: at_fork::lock::<Self, _>(&HELD),
        }
    }

    /// Whether this process has no handle.
    pub(crate) fn is_empty(&self) -> bool {
        self.held.rosters.is_empty()
    }

    /// In the parent: the child `pid` has inherited every handle.
    pub(crate) fn extend_to_child(&self, pid: u32) {
        if self.is_empty() {
            return;
        }
        // A child that has ended already holds nothing.
        if let Some(child) = ProcessIdentity::of(pid) {
            self.extend_to(child);
        }
    }

    /// In a process that goes on in the place of another.
    pub(crate) fn extend_to_this_process(&self) {
        self.extend_to(ProcessIdentity::current());
    }

    fn extend_to(&self, process: ProcessIdentity) {
        for (_, roster) in &self.held.rosters {
            roster.join(process);
        }
    }
}

impl AtFork for Memberships {
    const RANK: Rank = Rank::Memberships;

    fn prepare() -> Self {
        Self::lock()
    }
}

//! Which processes hold a handle to something shared: what tells "nobody will ever send anything" from "not yet".
//!
//! The end of a pipe cannot tell it: a forked process inherits all descriptors, whether it uses them or not, and so
//! does everything that it starts.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::sys::identity::ProcessIdentity;
use crate::sys::placed::place;

/// How many processes can be told apart. Where more hold handles, nobody is ever said to be gone.
const SEATS: usize = 256;

/// The processes that hold handles, in shared memory.
#[repr(C)]
pub(crate) struct Roster {
    seats: [Seat; SEATS],
    overflowed: AtomicU32,
    /// What those have done whose seats others have taken since.
    past_roles: AtomicU32,
}

#[repr(C)]
struct Seat {
    /// The process, or 0.
    process: AtomicU64,
    /// How many handles it has.
    handles: AtomicU32,
    /// What it has done with them.
    deeds: Deeds,
}

/// What one process has done, as the roster's user counts it.
#[derive(Debug)]
#[repr(C)]
pub(crate) struct Deeds {
    /// Which kinds of things.
    pub(crate) roles: AtomicU32,
    /// How much it owes.
    pub(crate) owed: AtomicU32,
    /// The number of the last thing.
    pub(crate) last: AtomicU64,
}

place!(Roster {
    seats,
    overflowed,
    past_roles
});
place!(Seat {
    process,
    handles,
    deeds
});
place!(Deeds { roles, owed, last });

impl Roster {
    /// The process has one handle more.
    pub(crate) fn join(&self, process: ProcessIdentity) {
        match self.seat_of(process).or_else(|| self.take_seat(process)) {
            Some(seat) => {
                seat.handles.fetch_add(1, Ordering::AcqRel);
            }
            None => self.overflowed.store(1, Ordering::Release),
        }
    }

    /// The process has one handle less.
    pub(crate) fn leave(&self, process: ProcessIdentity) {
        if let Some(seat) = self.seat_of(process) {
            let _ = seat
                .handles
                .fetch_update(Ordering::AcqRel, Ordering::Acquire, |count| count.checked_sub(1));
        }
    }

    /// Whether another process that has not ended holds a handle, or may hold one.
    pub(crate) fn has_others(&self) -> bool {
        let own = ProcessIdentity::current();
        self.overflowed.load(Ordering::Acquire) != 0
            || self.holders().any(|process| process != own && process.is_alive())
    }

    /// Whether this process holds a handle.
    pub(crate) fn has_own(&self) -> bool {
        self.seat_of(ProcessIdentity::current())
            .is_some_and(|seat| seat.handles.load(Ordering::Acquire) > 0)
    }

    /// What this process has done; `None` where there is no seat for it.
    pub(crate) fn own_deeds(&self) -> Option<&Deeds> {
        self.seat_of(ProcessIdentity::current()).map(|seat| &seat.deeds)
    }

    /// The processes that have ended, and what they had done.
    pub(crate) fn departed(&self) -> impl Iterator<Item = (ProcessIdentity, &Deeds)> {
        self.seats
            .iter()
            .filter_map(|seat| {
                let process = ProcessIdentity::from_word(seat.process.load(Ordering::Acquire))?;
                Some((process, &seat.deeds))
            })
            .filter(|(process, _)| !process.is_alive())
    }

    /// Whether a process that has ended had one of these roles.
    pub(crate) fn had(&self, roles: u32) -> bool {
        self.past_roles.load(Ordering::Acquire) & roles != 0
            || self
                .departed()
                .any(|(_, deeds)| deeds.roles.load(Ordering::Acquire) & roles != 0)
    }

    /// Whether any process, living or not, is down as holding a handle. Costs less than to ask whether it lives.
    pub(crate) fn is_empty(&self) -> bool {
        self.overflowed.load(Ordering::Acquire) == 0 && self.holders().next().is_none()
    }

    fn holders(&self) -> impl Iterator<Item = ProcessIdentity> {
        self.seats
            .iter()
            .filter(|seat| seat.handles.load(Ordering::Acquire) > 0)
            .filter_map(|seat| ProcessIdentity::from_word(seat.process.load(Ordering::Acquire)))
    }

    fn seat_of(&self, process: ProcessIdentity) -> Option<&Seat> {
        let word = process.word();
        self.seats
            .iter()
            .find(|seat| seat.process.load(Ordering::Acquire) == word)
    }

    /// A seat that nobody has had, or one of a process that has ended and owes nothing.
    fn take_seat(&self, process: ProcessIdentity) -> Option<&Seat> {
        let take = |seat: &&Seat, from: u64| {
            seat.process
                .compare_exchange(from, process.word(), Ordering::AcqRel, Ordering::Acquire)
                .is_ok()
        };
        if let Some(seat) = self.seats.iter().find(|seat| take(seat, 0)) {
            return Some(seat);
        }
        let seat = self.seats.iter().find(|seat| {
            let word = seat.process.load(Ordering::Acquire);
            let has_ended = ProcessIdentity::from_word(word).is_some_and(|process| !process.is_alive());
            if !has_ended || seat.deeds.owed.load(Ordering::Acquire) != 0 {
                return false;
            }
            // Before anybody can take the seat, so that what was done is known at every moment.
            self.past_roles
                .fetch_or(seat.deeds.roles.load(Ordering::Acquire), Ordering::AcqRel);
            take(seat, word)
        })?;
        seat.handles.store(0, Ordering::Release);
        seat.deeds.roles.store(0, Ordering::Release);
        Some(seat)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sys::placed::Placed;
    use crate::sys::region::Kind;

    fn roster() -> Placed<Roster> {
        Placed::create(Kind::named(b"roster"), 0).unwrap()
    }

    #[test]
    fn others_are_those_that_hold_and_live() {
        let roster = roster();
        assert!(!roster.has_others() && !roster.has_own());
        roster.join(ProcessIdentity::current());
        assert!(!roster.has_others() && roster.has_own());

        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let other = ProcessIdentity::of(child.id()).unwrap();
        roster.join(other);
        roster.join(other);
        assert!(roster.has_others());
        roster.leave(other);
        assert!(roster.has_others());
        roster.leave(other);
        assert!(!roster.has_others());
        roster.join(other);
        child.kill().unwrap();
        child.wait().unwrap();
        assert!(!roster.has_others());
        assert_eq!(
            roster.departed().map(|(process, _)| process).collect::<Vec<_>>(),
            [other]
        );
    }

    #[test]
    fn what_was_done_is_known_when_the_seat_is_another_s() {
        let roster = roster();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let gone = ProcessIdentity::of(child.id()).unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        for seat in &roster.seats {
            seat.process.store(gone.word(), Ordering::Relaxed);
        }
        roster.seats[0].deeds.roles.store(2, Ordering::Relaxed);
        assert!(roster.had(2) && !roster.had(1));
        roster.join(ProcessIdentity::current());
        assert_eq!(roster.own_deeds().unwrap().roles.load(Ordering::Relaxed), 0);
        assert!(roster.had(2) && !roster.had(1));
    }

    #[test]
    fn where_seats_run_out_nobody_is_said_to_be_gone() {
        let roster = roster();
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let living = ProcessIdentity::of(child.id()).unwrap();
        for seat in &roster.seats[1..] {
            seat.process.store(living.word(), Ordering::Relaxed);
        }
        roster.join(ProcessIdentity::current());
        assert!(!roster.has_others());
        roster.seats[0].process.store(living.word(), Ordering::Relaxed);
        roster.join(ProcessIdentity::current());
        assert!(roster.has_others());
        child.kill().unwrap();
        child.wait().unwrap();
    }
}

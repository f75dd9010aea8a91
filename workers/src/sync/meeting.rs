//! What a barrier knows: who has come, and how it ended for each of them. It changes as a whole.

use bytemuck::{Pod, Zeroable};

use super::barrier::BarrierError;
use crate::handles::living::Living;
use crate::sys::identity::ProcessIdentity;

/// How many can be at a barrier.
pub(super) const SEATS: usize = 512;

/// The state of a barrier.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
pub(super) struct Meeting {
    parties: u32,
    /// How many of them wait.
    arrived: u32,
    /// Why it is broken, if it is.
    breach: Outcome,
    seats: [Seat; SEATS],
}

/// A place for one who has come, until it has seen how it ended.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Seat {
    /// 0 where it is empty.
    process: u64,
    outcome: Outcome,
}

/// What has become of a wait.
#[repr(C)]
#[derive(Clone, Copy, PartialEq, Eq, Pod, Zeroable)]
struct Outcome {
    /// One of the constants below.
    kind: u32,
    /// The process that has died, where that is the reason.
    pid: u32,
}

impl Outcome {
    /// It waits still; of a barrier: it is not broken.
    const OPEN: Self = Self { kind: 0, pid: 0 };
    const PASSED: Self = Self { kind: 1, pid: 0 };
    const TIMED_OUT: Self = Self { kind: 2, pid: 0 };
    const DIED: u32 = 3;
    const ABORTED: Self = Self { kind: 4, pid: 0 };
    const RESET: Self = Self { kind: 5, pid: 0 };

    fn died(process: u64) -> Self {
        Self {
            kind: Self::DIED,
            pid: ProcessIdentity::from_word(process).map_or(0, ProcessIdentity::pid),
        }
    }

    fn into_result(self) -> Option<Result<(), BarrierError>> {
        Some(match self {
            Self::OPEN => return None,
            Self::PASSED => Ok(()),
            Self::TIMED_OUT => Err(BarrierError::TimedOut),
            Self::ABORTED => Err(BarrierError::Aborted),
            Self::RESET => Err(BarrierError::Reset),
            Self { pid, .. } => Err(BarrierError::Died { pid }),
        })
    }
}

/// What has become of somebody who wants to come.
pub(super) enum Arrival {
    /// It has come, but not all have.
    Waits {
        /// Where it sits.
        seat: usize,
        /// How many have come before.
        index: usize,
    },
    /// It is the last one.
    Complete {
        /// How many have come before.
        index: usize,
    },
    /// The barrier is broken.
    Broken(BarrierError),
}

impl Meeting {
    pub(super) fn of(parties: u32) -> Self {
        Self {
            parties,
            ..Self::zeroed()
        }
    }

    pub(super) fn parties(&self) -> usize {
        self.parties as usize
    }

    pub(super) fn waiting(&self) -> usize {
        self.arrived as usize
    }

    pub(super) fn is_broken(&self) -> bool {
        self.breach != Outcome::OPEN
    }

    /// Whether there is no empty seat.
    pub(super) fn is_full(&self) -> bool {
        self.seats.iter().all(|seat| seat.process != 0)
    }

    /// The calling thread comes. `None` where it has to wait for a seat.
    pub(super) fn arrive(&mut self) -> Option<Arrival> {
        if let Some(Err(error)) = self.breach.into_result() {
            return Some(Arrival::Broken(error));
        }
        let index = self.arrived as usize;
        if self.arrived + 1 == self.parties {
            if let Err(error) = self.look_for_dead() {
                return Some(Arrival::Broken(error));
            }
            self.end(Outcome::PASSED);
            return Some(Arrival::Complete { index });
        }
        let seat = self.empty_seat()?;
        self.seats[seat] = Seat {
            process: ProcessIdentity::current().word(),
            outcome: Outcome::OPEN,
        };
        self.arrived += 1;
        Some(Arrival::Waits { seat, index })
    }

    /// How it has ended for the one on this seat, who then leaves it.
    pub(super) fn leave(&mut self, seat: usize) -> Option<Result<(), BarrierError>> {
        let result = self.seats[seat].outcome.into_result()?;
        self.seats[seat] = Seat::zeroed();
        Some(result)
    }

    /// Breaks the barrier if one of those who wait has died.
    pub(super) fn look_for_dead(&mut self) -> Result<(), BarrierError> {
        let mut living = Living::default();
        let dead = self.seats.iter().find(|seat| seat.waits() && !living.has(seat.process));
        let Some(dead) = dead else {
            return Ok(());
        };
        self.break_because(Outcome::died(dead.process))
    }

    pub(super) fn time_out(&mut self) {
        // The caller finds the error on its seat, as all others do.
        let _ = self.break_because(Outcome::TIMED_OUT);
    }

    pub(super) fn abort(&mut self) {
        let _ = self.break_because(Outcome::ABORTED);
    }

    /// Those who wait are sent away, and the barrier is as new.
    pub(super) fn reset(&mut self) {
        self.end(Outcome::RESET);
        self.breach = Outcome::OPEN;
    }

    /// Breaks the barrier, unless it is broken; the error that it has then.
    fn break_because(&mut self, breach: Outcome) -> Result<(), BarrierError> {
        if !self.is_broken() {
            self.breach = breach;
            self.end(breach);
        }
        self.breach.into_result().unwrap_or(Ok(()))
    }

    /// It ends like this for all who wait.
    fn end(&mut self, outcome: Outcome) {
        for seat in self.seats.iter_mut().filter(|seat| seat.waits()) {
            seat.outcome = outcome;
        }
        self.arrived = 0;
    }

    /// A seat that nobody has, or only somebody who has died after it had ended.
    fn empty_seat(&self) -> Option<usize> {
        let mut living = Living::default();
        let is_left = |seat: &Seat| seat.outcome != Outcome::OPEN && !living.has(seat.process);
        let empty = self.seats.iter().position(|seat| seat.process == 0);
        empty.or_else(|| self.seats.iter().position(is_left))
    }
}

impl Seat {
    /// Whether somebody is here for whom it has not ended.
    fn waits(&self) -> bool {
        self.process != 0 && self.outcome == Outcome::OPEN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seat_of(arrival: Option<Arrival>) -> usize {
        match arrival {
            Some(Arrival::Waits { seat, .. }) => seat,
            _ => panic!("it waits"),
        }
    }

    #[test]
    fn it_ends_for_all_when_the_last_one_comes() {
        let mut meeting = Meeting::of(3);
        let seats = [seat_of(meeting.arrive()), seat_of(meeting.arrive())];
        assert_eq!(meeting.waiting(), 2);
        assert!(meeting.leave(seats[0]).is_none());
        assert!(matches!(meeting.arrive(), Some(Arrival::Complete { index: 2 })));
        // The next round begins before those of the last one have gone.
        let next = seat_of(meeting.arrive());
        assert_eq!(seats.map(|seat| meeting.leave(seat)), [Some(Ok(())), Some(Ok(()))]);
        assert!(meeting.leave(next).is_none());
    }

    #[test]
    fn each_sees_how_its_own_round_ended() {
        let mut meeting = Meeting::of(2);
        let first = seat_of(meeting.arrive());
        meeting.abort();
        meeting.time_out();
        assert!(meeting.is_broken() && meeting.waiting() == 0);
        assert!(matches!(meeting.arrive(), Some(Arrival::Broken(BarrierError::Aborted))));
        meeting.reset();
        let second = seat_of(meeting.arrive());
        meeting.reset();
        assert!(!meeting.is_broken());
        assert_eq!(meeting.leave(second), Some(Err(BarrierError::Reset)));
        assert_eq!(meeting.leave(first), Some(Err(BarrierError::Aborted)));
    }

    #[test]
    fn seats_of_the_dead_are_taken_again_and_others_are_not() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().unwrap();
        let process = ProcessIdentity::of(child.id()).unwrap().word();
        let outcome = Outcome::PASSED;
        let mut meeting = Meeting::of(2);
        meeting.seats = [Seat { process, outcome }; SEATS];
        assert!(meeting.arrive().is_none());
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(seat_of(meeting.arrive()), 0);
        meeting.seats[0].process = process;
        assert_eq!(meeting.look_for_dead(), Err(BarrierError::Died { pid: child.id() }));
    }
}

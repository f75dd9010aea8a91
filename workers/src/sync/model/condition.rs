//! The waiters of a condition. See [`Waiters`](crate::sync::waiters::Waiters).
//!
//! The bells are left out: a waiter that sleeps goes on when it has been notified, or, in a silence, when it finds a
//! notification of one who was killed.

use super::explorer::{Model, explore};

/// Processes that wait once, and one that notifies.
#[derive(Clone, Copy)]
struct Conditions {
    waiters: usize,
    notifies: usize,
    /// How many processes are killed at most.
    kills: usize,
    fault: Option<Fault>,
}

/// Mistakes, which must be found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    /// Notifications of those who were killed are lost.
    NobodyInherits,
    /// Who comes later inherits as well.
    EverybodyInherits,
    /// A waiter's place is empty as soon as it is awake.
    LeavesEarly,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    lock: Option<usize>,
    tickets: u8,
    places: Vec<WaitingPlace>,
    /// How many notifications were made, and how many have served their purpose.
    made: u8,
    served: u8,
    killed: usize,
    processes: Vec<Process>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
struct WaitingPlace {
    process: Option<usize>,
    ticket: u8,
    notified: bool,
    heirs: u8,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Process {
    at: At,
    place: usize,
    ticket: u8,
    /// The one who notifies: whom it looks at next, and how many are left to be notified.
    candidates: Vec<usize>,
    chooses: bool,
    left: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Lock,
    // Who waits.
    TakeTicket,
    ClearNotified,
    StoreTicket,
    StoreProcess,
    UnlockToSleep,
    Sleep,
    LockAgain,
    TakeNotice,
    LeaveForInherited(usize),
    GoOn,
    Leave,
    // Who notifies.
    ListWaiters,
    LookAtNext,
    RemoveDead(usize),
    StoreHeirs(usize),
    StoreNotified(usize),
    // Both.
    Unlock,
    Done,
    Killed,
}

impl Conditions {
    fn is_waiter(&self, process: usize) -> bool {
        process < self.waiters
    }

    fn lives(state: &State, process: usize) -> bool {
        state.processes[process].at != At::Killed
    }

    fn waits(state: &State, place: usize) -> bool {
        state.places[place].process.is_some() && !state.places[place].notified
    }

    /// The place of a notification that one with this ticket may inherit.
    fn inheritance(&self, state: &State, ticket: u8) -> Option<usize> {
        if self.fault == Some(Fault::NobodyInherits) {
            return None;
        }
        let later = self.fault == Some(Fault::EverybodyInherits);
        state.places.iter().position(|place| {
            place.notified
                && place.process.is_some_and(|process| !Self::lives(state, process))
                && (ticket < place.heirs || later)
        })
    }

    fn wait_step(&self, next: &mut State, own: &mut Process, process: usize) -> Option<At> {
        let empty = next.places.iter().position(|place| place.process.is_none());
        Some(match own.at {
            At::TakeTicket => {
                own.place = empty.expect("there is a place for each waiter");
                own.ticket = next.tickets;
                next.tickets += 1;
                At::ClearNotified
            }
            At::ClearNotified => {
                next.places[own.place].notified = false;
                At::StoreTicket
            }
            At::StoreTicket => {
                next.places[own.place].ticket = own.ticket;
                At::StoreProcess
            }
            At::StoreProcess => {
                next.places[own.place].process = Some(process);
                At::UnlockToSleep
            }
            At::UnlockToSleep => {
                next.lock = None;
                At::Sleep
            }
            At::Sleep => {
                let goes_on = next.places[own.place].notified || self.inheritance(next, own.ticket).is_some();
                return goes_on.then_some(At::LockAgain);
            }
            At::LockAgain if next.lock.is_some() => return None,
            At::LockAgain => {
                next.lock = Some(process);
                At::TakeNotice
            }
            At::TakeNotice => match self.inheritance(next, own.ticket) {
                _ if next.places[own.place].notified => self.notice(next, own),
                Some(inherited) => {
                    next.places[inherited].process = Some(process);
                    At::LeaveForInherited(inherited)
                }
                None => At::UnlockToSleep,
            },
            At::LeaveForInherited(inherited) => {
                next.places[own.place].process = None;
                own.place = inherited;
                self.notice(next, own)
            }
            // Here the caller does what it has waited for.
            At::GoOn => At::Leave,
            At::Leave => {
                next.places[own.place].process = None;
                next.served += 1;
                At::Unlock
            }
            at => unreachable!("{at:?} is no step of a waiter"),
        })
    }

    fn notice(&self, next: &mut State, own: &Process) -> At {
        if self.fault == Some(Fault::LeavesEarly) {
            next.places[own.place].process = None;
        }
        At::GoOn
    }

    fn notify_step(&self, next: &mut State, own: &mut Process) -> At {
        match own.at {
            At::ListWaiters => {
                let waits = |place: &usize| Self::waits(next, *place);
                own.candidates = (0..next.places.len()).filter(waits).collect();
                own.candidates.sort_by_key(|place| next.places[*place].ticket);
                own.left = self.notifies;
                own.chooses = own.candidates.len() > own.left;
                At::LookAtNext
            }
            At::LookAtNext if own.candidates.is_empty() || own.left == 0 => At::Unlock,
            At::LookAtNext => {
                let place = own.candidates.remove(0);
                let lives = next.places[place]
                    .process
                    .is_some_and(|process| Self::lives(next, process));
                if own.chooses && !lives {
                    At::RemoveDead(place)
                } else {
                    At::StoreHeirs(place)
                }
            }
            At::RemoveDead(place) => {
                next.places[place].process = None;
                At::LookAtNext
            }
            At::StoreHeirs(place) => {
                next.places[place].heirs = next.tickets;
                At::StoreNotified(place)
            }
            At::StoreNotified(place) => {
                next.places[place].notified = true;
                next.made += 1;
                own.left -= 1;
                At::LookAtNext
            }
            at => unreachable!("{at:?} is no step of one who notifies"),
        }
    }

    fn step(&self, state: &State, process: usize) -> Option<State> {
        let mut next = state.clone();
        let mut own = next.processes[process].clone();
        own.at = match own.at {
            At::Lock if next.lock.is_some() => return None,
            At::Lock => {
                next.lock = Some(process);
                if self.is_waiter(process) {
                    At::TakeTicket
                } else {
                    At::ListWaiters
                }
            }
            At::Unlock => {
                next.lock = None;
                At::Done
            }
            At::Done | At::Killed => return None,
            _ if self.is_waiter(process) => self.wait_step(&mut next, &mut own, process)?,
            _ => self.notify_step(&mut next, &mut own),
        };
        next.processes[process] = own;
        Some(next)
    }
}

impl Model for Conditions {
    type State = State;

    fn start(&self) -> State {
        let process = Process {
            at: At::Lock,
            place: 0,
            ticket: 0,
            candidates: Vec::new(),
            chooses: false,
            left: 0,
        };
        State {
            lock: None,
            tickets: 0,
            places: vec![WaitingPlace::default(); self.waiters],
            made: 0,
            served: 0,
            killed: 0,
            processes: vec![process; self.waiters + 1],
        }
    }

    fn steps(&self, state: &State) -> Vec<State> {
        let processes = 0..state.processes.len();
        processes.filter_map(|process| self.step(state, process)).collect()
    }

    fn kills(&self, state: &State) -> Vec<State> {
        let alive = |process: &usize| !matches!(state.processes[*process].at, At::Done | At::Killed);
        let kill = |process: usize| {
            let mut next = state.clone();
            next.processes[process].at = At::Killed;
            next.killed += 1;
            // The system lets go of its lock.
            next.lock.take_if(|holder| *holder == process);
            next
        };
        let processes = (0..state.processes.len()).filter(alive);
        processes.map(kill).filter(|next| next.killed <= self.kills).collect()
    }

    fn check(&self, state: &State) -> Result<(), &'static str> {
        if state.served > state.made || usize::from(state.made) > self.notifies {
            return Err("somebody was woken without a notification");
        }
        for process in state.processes.iter().filter(|process| process.at == At::GoOn) {
            if process.ticket >= state.places[process.place].heirs {
                return Err("somebody was woken by a notification from before it waited");
            }
        }
        Ok(())
    }

    /// Who lives has gone on, or waits and was not notified; and no notification is left for one who waits.
    fn is_settled(&self, state: &State) -> bool {
        let asleep = |process: &Process| process.at == At::Sleep;
        let is_settled = |process: &Process| asleep(process) || matches!(process.at, At::Done | At::Killed);
        let waiting: Vec<_> = state.processes.iter().filter(|process| asleep(process)).collect();
        let unserved = |place: &&WaitingPlace| place.process.is_some() && place.notified;
        let mut owed = state.places.iter().filter(unserved).map(|place| place.heirs);
        let is_lost = state.made > state.served + state.places.iter().filter(unserved).count() as u8;
        state.processes.iter().all(is_settled)
            && !is_lost
            && owed.all(|heirs| waiting.iter().all(|process| process.ticket >= heirs))
    }
}

const SMALL: Conditions = Conditions {
    waiters: 3,
    notifies: 1,
    kills: 0,
    fault: None,
};

#[test]
fn every_notification_wakes_one_that_lives_whoever_is_killed() {
    for notifies in 1..=3 {
        let conditions = Conditions {
            notifies,
            kills: 2,
            ..SMALL
        };
        assert!(explore(&conditions) > 1000);
    }
}

#[test]
fn where_nobody_is_killed_as_many_are_woken_as_are_notified() {
    for notifies in 0..=4 {
        assert!(explore(&Conditions { notifies, ..SMALL }) > 100);
    }
}

#[test]
#[should_panic(expected = "somebody hangs")]
fn losing_the_notification_of_one_who_was_killed_is_found() {
    explore(&Conditions {
        waiters: 2,
        kills: 1,
        fault: Some(Fault::NobodyInherits),
        ..SMALL
    });
}

#[test]
#[should_panic(expected = "somebody was woken by a notification from before it waited")]
fn waking_one_who_came_later_is_found() {
    explore(&Conditions {
        waiters: 2,
        kills: 1,
        fault: Some(Fault::EverybodyInherits),
        ..SMALL
    });
}

#[test]
#[should_panic(expected = "somebody hangs")]
fn leaving_before_the_notification_was_of_use_is_found() {
    explore(&Conditions {
        waiters: 2,
        kills: 1,
        fault: Some(Fault::LeavesEarly),
        ..SMALL
    });
}

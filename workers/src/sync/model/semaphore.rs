//! The permits of a semaphore. See [`Permits`](crate::sync::permits::Permits).

use super::Bell;
use super::explorer::{Model, explore};

/// Processes that acquire a permit and give it back, some times.
#[derive(Clone, Copy)]
struct Semaphores {
    permits: usize,
    processes: usize,
    times: u8,
    /// How many processes are killed at most.
    kills: usize,
    /// Whether who sleeps wakes up by itself, and then looks for holders that have died.
    silence: bool,
    fault: Option<Fault>,
}

/// Mistakes, which must be found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    TakesWithoutComparing,
    RingsBeforeItGivesBack,
}

const FREE: usize = usize::MAX;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    /// The process that has the permit, or `FREE`.
    slots: Vec<usize>,
    bell: Bell,
    killed: usize,
    processes: Vec<Process>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Process {
    at: At,
    rung: u8,
    /// Whether nothing happened for a while before it looks.
    silence: bool,
    left: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Begin,
    Look(usize),
    Take(usize),
    LookForDead(usize),
    AskForDead(usize, usize),
    TakeFromDead(usize, usize),
    CountSleeper,
    Sleep,
    Asleep,
    Awake,
    Hold(usize),
    RingEarly(usize),
    GiveBack(usize),
    CountRing,
    Wake,
    Done,
    Killed,
}

impl Semaphores {
    /// The states after a step of the process: more than one where it wakes one of several.
    fn step(&self, state: &State, process: usize) -> Vec<State> {
        let mut next = state.clone();
        let mut own = next.processes[process].clone();
        let early = self.fault == Some(Fault::RingsBeforeItGivesBack);
        own.at = match own.at {
            At::Begin => {
                own.rung = next.bell.rung;
                At::Look(0)
            }
            At::Look(slot) if slot < self.permits && next.slots[slot] == FREE => At::Take(slot),
            At::Look(slot) if slot < self.permits => At::Look(slot + 1),
            At::Look(_) if own.silence => At::LookForDead(0),
            At::Look(_) => At::CountSleeper,
            At::Take(slot) if next.slots[slot] == FREE || self.fault == Some(Fault::TakesWithoutComparing) => {
                next.slots[slot] = process;
                At::Hold(slot)
            }
            At::Take(slot) => At::Look(slot + 1),
            At::LookForDead(slot) if slot == self.permits => At::CountSleeper,
            At::LookForDead(slot) if next.slots[slot] == FREE => At::LookForDead(slot + 1),
            At::LookForDead(slot) => At::AskForDead(slot, next.slots[slot]),
            At::AskForDead(slot, holder) if next.processes[holder].at == At::Killed => At::TakeFromDead(slot, holder),
            At::AskForDead(slot, _) => At::LookForDead(slot + 1),
            At::TakeFromDead(slot, holder) if next.slots[slot] == holder => {
                next.slots[slot] = process;
                At::Hold(slot)
            }
            At::TakeFromDead(slot, _) => At::LookForDead(slot + 1),
            At::CountSleeper => {
                next.bell.waiting += 1;
                At::Sleep
            }
            At::Sleep if next.bell.rung == own.rung => At::Asleep,
            At::Sleep => {
                own.silence = false;
                At::Awake
            }
            At::Asleep if !self.silence => return Vec::new(),
            At::Asleep => {
                own.silence = true;
                At::Awake
            }
            At::Awake => {
                next.bell.waiting -= 1;
                At::Begin
            }
            At::Hold(slot) if early => At::RingEarly(slot),
            At::Hold(slot) => At::GiveBack(slot),
            At::RingEarly(slot) => {
                next.bell.rung += 1;
                At::GiveBack(slot)
            }
            At::GiveBack(slot) => {
                next.slots[slot] = FREE;
                if early { At::Wake } else { At::CountRing }
            }
            At::CountRing => {
                next.bell.rung += 1;
                At::Wake
            }
            At::Wake => {
                own.silence = false;
                own.left -= 1;
                own.at = if own.left > 0 { At::Begin } else { At::Done };
                next.processes[process] = own;
                return wake_one(next);
            }
            At::Done | At::Killed => return Vec::new(),
        };
        next.processes[process] = own;
        vec![next]
    }
}

/// Any of those that sleep wakes up.
fn wake_one(state: State) -> Vec<State> {
    let sleeps = |process: &usize| state.processes[*process].at == At::Asleep;
    let sleepers: Vec<_> = (0..state.processes.len()).filter(sleeps).collect();
    if sleepers.is_empty() || state.bell.waiting == 0 {
        return vec![state];
    }
    let wake = |&sleeper: &usize| {
        let mut next = state.clone();
        next.processes[sleeper].at = At::Awake;
        next.processes[sleeper].silence = false;
        next
    };
    sleepers.iter().map(wake).collect()
}

impl Model for Semaphores {
    type State = State;

    fn start(&self) -> State {
        let process = Process {
            at: At::Begin,
            rung: 0,
            silence: false,
            left: self.times,
        };
        State {
            slots: vec![FREE; self.permits],
            bell: Bell::default(),
            killed: 0,
            processes: vec![process; self.processes],
        }
    }

    fn steps(&self, state: &State) -> Vec<State> {
        (0..self.processes)
            .flat_map(|process| self.step(state, process))
            .collect()
    }

    fn kills(&self, state: &State) -> Vec<State> {
        let alive = |process: &usize| !matches!(state.processes[*process].at, At::Done | At::Killed);
        let kill = |process: usize| {
            let mut next = state.clone();
            next.processes[process].at = At::Killed;
            next.killed += 1;
            next
        };
        let killed = (0..self.processes).filter(alive).map(kill);
        killed.filter(|next| next.killed <= self.kills).collect()
    }

    fn check(&self, state: &State) -> Result<(), &'static str> {
        let holds = |(process, at): (usize, At)| match at {
            At::Hold(slot) | At::RingEarly(slot) | At::GiveBack(slot) => Some((process, slot)),
            _ => None,
        };
        let places = state.processes.iter().map(|process| process.at).enumerate();
        for (process, slot) in places.filter_map(holds) {
            if state.slots[slot] != process {
                return Err("two have the same permit");
            }
        }
        Ok(())
    }

    fn is_settled(&self, state: &State) -> bool {
        let at = |process: usize| state.processes[process].at;
        let is_there = |slot: &usize| *slot == FREE || at(*slot) == At::Killed;
        (0..self.processes).all(|process| matches!(at(process), At::Done | At::Killed))
            && state.slots.iter().all(is_there)
    }
}

const SMALL: Semaphores = Semaphores {
    permits: 1,
    processes: 3,
    times: 1,
    kills: 0,
    silence: false,
    fault: None,
};

#[test]
fn no_permit_is_lost_or_had_twice_whoever_is_killed() {
    let one_permit = Semaphores {
        kills: 2,
        silence: true,
        ..SMALL
    };
    assert!(explore(&one_permit) > 1000);
    let two_permits = Semaphores {
        permits: 2,
        ..one_permit
    };
    assert!(explore(&two_permits) > 1000);
}

#[test]
fn where_nobody_is_killed_everybody_is_woken() {
    let one_permit = Semaphores {
        processes: 2,
        times: 3,
        ..SMALL
    };
    assert!(explore(&one_permit) > 1000);
    let two_permits = Semaphores {
        permits: 2,
        processes: 4,
        ..SMALL
    };
    assert!(explore(&two_permits) > 1000);
}

#[test]
#[should_panic(expected = "somebody hangs")]
fn sleeping_for_ever_is_found_where_somebody_is_killed() {
    explore(&Semaphores { kills: 1, ..SMALL });
}

#[test]
#[should_panic(expected = "somebody hangs")]
fn ringing_before_the_permit_is_there_is_found() {
    explore(&Semaphores {
        fault: Some(Fault::RingsBeforeItGivesBack),
        ..SMALL
    });
}

#[test]
#[should_panic(expected = "two have the same permit")]
fn taking_without_comparing_is_found() {
    explore(&Semaphores {
        fault: Some(Fault::TakesWithoutComparing),
        ..SMALL
    });
}

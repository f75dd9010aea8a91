//! `Monitor`: the commit in two halves, and the bell. See [`Monitor`](crate::sys::monitor::Monitor).

use super::Bell;
use super::explorer::{Model, explore};

/// The state of the monitor is two words that are equal. Writers add one to both, a waiter waits for a number.
#[derive(Clone, Copy)]
struct Monitors {
    writers: usize,
    waiters: usize,
    /// How many processes are killed at most.
    kills: usize,
    /// Whether who sleeps wakes up by itself.
    silence: bool,
    fault: Option<Fault>,
}

/// Mistakes, which must be found.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fault {
    WritesTheCurrentHalf,
    SleepsWithoutComparing,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct State {
    lock: Option<usize>,
    current: usize,
    halves: [[u8; 2]; 2],
    bell: Bell,
    /// How many changes were made.
    made: u8,
    killed: usize,
    processes: Vec<Process>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Process {
    at: At,
    copy: [u8; 2],
    rung: u8,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Lock,
    Read(usize),
    Look,
    Write(usize),
    Flip,
    CountRing,
    Unlock,
    Wake,
    UnlockToSleep,
    Sleep,
    Asleep,
    Awake,
    UnlockAtLast,
    Done,
    Killed,
}

impl Monitors {
    fn is_writer(&self, process: usize) -> bool {
        process < self.writers
    }

    /// What each waiter waits for.
    fn target(&self) -> u8 {
        self.writers as u8
    }

    fn half_to_write(&self, state: &State) -> usize {
        match self.fault {
            Some(Fault::WritesTheCurrentHalf) => state.current,
            _ => 1 - state.current,
        }
    }

    fn step(&self, state: &State, process: usize) -> Option<State> {
        let mut next = state.clone();
        let mut own = next.processes[process].clone();
        let compares = self.fault != Some(Fault::SleepsWithoutComparing);
        own.at = match own.at {
            At::Lock if next.lock.is_some() => return None,
            At::Lock => {
                next.lock = Some(process);
                At::Read(0)
            }
            At::Read(word) => {
                own.copy[word] = next.halves[next.current][word];
                if word == 0 { At::Read(1) } else { At::Look }
            }
            At::Look if self.is_writer(process) => At::Write(0),
            At::Look if own.copy[0] >= self.target() => At::UnlockAtLast,
            At::Look => {
                own.rung = next.bell.rung;
                next.bell.waiting += 1;
                At::UnlockToSleep
            }
            At::Write(word) => {
                let half = self.half_to_write(&next);
                next.halves[half][word] = own.copy[word] + 1;
                if word == 0 { At::Write(1) } else { At::Flip }
            }
            At::Flip => {
                next.current = 1 - next.current;
                next.made += 1;
                At::CountRing
            }
            At::CountRing => {
                next.bell.rung += 1;
                At::Unlock
            }
            At::Unlock => {
                next.lock = None;
                At::Wake
            }
            At::Wake => {
                for other in next.processes.iter_mut().filter(|other| other.at == At::Asleep) {
                    other.at = At::Awake;
                }
                At::Done
            }
            At::UnlockToSleep => {
                next.lock = None;
                At::Sleep
            }
            At::Sleep if next.bell.rung == own.rung || !compares => At::Asleep,
            At::Sleep => At::Awake,
            At::Asleep if !self.silence => return None,
            At::Asleep => At::Awake,
            At::Awake => {
                next.bell.waiting -= 1;
                At::Lock
            }
            At::UnlockAtLast => {
                next.lock = None;
                At::Done
            }
            At::Done | At::Killed => return None,
        };
        next.processes[process] = own;
        Some(next)
    }
}

impl Model for Monitors {
    type State = State;

    fn start(&self) -> State {
        let process = Process {
            at: At::Lock,
            copy: [0; 2],
            rung: 0,
        };
        State {
            lock: None,
            current: 0,
            halves: [[0; 2]; 2],
            bell: Bell::default(),
            made: 0,
            killed: 0,
            processes: vec![process; self.writers + self.waiters],
        }
    }

    fn steps(&self, state: &State) -> Vec<State> {
        (0..state.processes.len())
            .filter_map(|process| self.step(state, process))
            .collect()
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
        if state.halves[state.current] != [state.made; 2] {
            return Err("a change was lost, or made in part");
        }
        let looks = |process: &&Process| process.at == At::Look;
        if state
            .processes
            .iter()
            .filter(looks)
            .any(|process| process.copy != [state.made; 2])
        {
            return Err("somebody sees what is not so");
        }
        Ok(())
    }

    fn is_settled(&self, state: &State) -> bool {
        let is_over = |at: At| matches!(at, At::Done | At::Killed);
        let writers_are_over = state.processes[..self.writers]
            .iter()
            .all(|process| is_over(process.at));
        let waits_in_vain = state.made < self.target() && state.lock.is_none();
        let mut waiters = state.processes[self.writers..].iter();
        writers_are_over && waiters.all(|process| is_over(process.at) || waits_in_vain)
    }
}

#[test]
fn no_change_is_lost_or_made_in_part_whoever_is_killed() {
    let monitors = Monitors {
        writers: 3,
        waiters: 1,
        kills: 3,
        silence: true,
        fault: None,
    };
    assert!(explore(&monitors) > 1000);
}

#[test]
fn where_nobody_is_killed_everybody_hears_the_bell() {
    let monitors = Monitors {
        writers: 2,
        waiters: 2,
        kills: 0,
        silence: false,
        fault: None,
    };
    assert!(explore(&monitors) > 1000);
}

#[test]
#[should_panic(expected = "a change was lost, or made in part")]
fn writing_the_half_that_is_read_is_found() {
    explore(&Monitors {
        writers: 2,
        waiters: 0,
        kills: 1,
        silence: true,
        fault: Some(Fault::WritesTheCurrentHalf),
    });
}

#[test]
#[should_panic(expected = "somebody hangs")]
fn sleeping_for_ever_is_found_where_somebody_is_killed() {
    explore(&Monitors {
        writers: 1,
        waiters: 1,
        kills: 1,
        silence: false,
        fault: None,
    });
}

#[test]
#[should_panic(expected = "somebody hangs")]
fn sleeping_without_comparing_is_found() {
    explore(&Monitors {
        writers: 1,
        waiters: 1,
        kills: 0,
        silence: false,
        fault: Some(Fault::SleepsWithoutComparing),
    });
}

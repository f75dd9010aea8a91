//! Conditions and barriers: who is woken, and what becomes of the others when one is killed.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use parcell::{Barrier, BarrierError, Condition, Event, Process, Value};
use rstest::rstest;

use crate::support::{kill, until};

const SOON: Duration = Duration::from_millis(5);
/// Longer than any test takes.
const LATE: Duration = Duration::from_secs(50);

/// Processes that wait at a condition, one after the other, and note down in which order they were woken.
struct Waiters {
    condition: Condition,
    /// How many have begun to wait, how many were woken, and which.
    notes: Value<[u32; 10]>,
    processes: Vec<Process<()>>,
}

impl Waiters {
    fn start(count: u32) -> Self {
        let mut new = Self {
            condition: Condition::new(),
            notes: Value::new([0; 10]),
            processes: Vec::new(),
        };
        for number in 0..count {
            let process = Process::spawn(|| {
                let mut guard = new.condition.lock();
                new.notes.lock()[0] += 1;
                guard.wait();
                let mut notes = new.notes.lock();
                notes[1] += 1;
                let place = 1 + notes[1] as usize;
                notes[place] = number;
            });
            new.processes.push(process);
            until(|| {
                let _guard = new.condition.lock();
                new.notes.get()[0] == number + 1
            });
        }
        new
    }

    /// Who has been woken since `before` were, when there are `count` of them.
    fn woken(&self, before: usize, count: usize) -> BTreeSet<u32> {
        until(|| self.notes.get()[1] as usize >= before + count);
        let notes = self.notes.get();
        assert_eq!(notes[1] as usize, before + count);
        notes[2 + before..][..count].iter().copied().collect()
    }
}

impl Drop for Waiters {
    fn drop(&mut self) {
        for process in &self.processes {
            process.kill();
        }
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_condition_wakes_as_many_as_are_notified() {
    let waiters = Waiters::start(6);
    waiters.condition.lock().notify(2);
    assert_eq!(waiters.woken(0, 2), [0, 1].into());
    waiters.condition.lock().notify_one();
    assert_eq!(waiters.woken(2, 1), [2].into());
    waiters.condition.lock().notify_all();
    assert_eq!(waiters.woken(3, 3), [3, 4, 5].into());
    // Nobody waits, and nobody will be woken for that.
    waiters.condition.lock().notify_all();
    assert!(!waiters.condition.lock().wait_timeout(SOON));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_condition_does_not_notify_waiters_that_were_killed() {
    let waiters = Waiters::start(6);
    for killed in [0, 2, 3] {
        kill(&waiters.processes[killed]);
    }
    waiters.condition.lock().notify(2);
    assert_eq!(waiters.woken(0, 2), [1, 4].into());
    waiters.condition.lock().notify(2);
    assert_eq!(waiters.woken(2, 1), [5].into());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_notification_of_a_waiter_that_is_killed_goes_to_another() {
    let waiters = Waiters::start(3);
    let guard = waiters.condition.lock();
    guard.notify_one();
    // It cannot go on before the lock is free.
    kill(&waiters.processes[0]);
    drop(guard);
    // To whichever looks first.
    let heir = waiters.woken(0, 1);
    waiters.condition.lock().notify_one();
    let other = waiters.woken(1, 1);
    assert_eq!(&heir | &other, [1, 2].into());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_waiter_that_is_killed_with_the_lock_passes_on_its_notification_as_well() {
    let (condition, waiting, woken) = (Condition::new(), Value::new(0), Event::new());
    let first = Value::new(0);
    let wait = || {
        let mut guard = condition.lock();
        *waiting.lock() += 1;
        guard.wait();
        if guard.abandoned() {
            return true;
        }
        first.set(std::process::id());
        woken.set();
        std::thread::sleep(LATE);
        false
    };
    let mut processes = [Process::spawn(wait), Process::spawn(wait)];
    until(|| {
        let _guard = condition.lock();
        waiting.get() == 2
    });
    condition.lock().notify_one();
    woken.wait();
    processes.sort_by_key(|process| process.pid() != first.get());
    processes[0].kill();
    assert!(processes[0].join().is_err());
    assert_eq!(processes[1].join(), Ok(true));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_condition_waits_for_a_predicate() {
    let (condition, state) = (Condition::new(), Value::new(0));
    let process = Process::spawn(|| {
        let mut guard = condition.lock();
        state.set(1);
        guard.notify_all();
        guard.wait_while(|| state.get() < 5);
        state.get()
    });
    let mut guard = condition.lock();
    assert!(guard.wait_while_timeout(LATE, || state.get() == 0));
    drop(guard);
    for next in 2..=5 {
        let guard = condition.lock();
        state.set(next);
        guard.notify_one();
    }
    assert_eq!(process.join(), Ok(5));
    let begun = Instant::now();
    assert!(!condition.lock().wait_while_timeout(SOON, || true));
    assert!(begun.elapsed() >= SOON);
    condition.lock().wait_while(|| false);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_barrier_holds_all_until_all_are_there(#[values(1, 2, 5)] parties: usize) {
    let (barrier, come) = (Barrier::new(parties), Value::new(0));
    let processes: Vec<_> = (0..parties)
        .map(|_| {
            Process::spawn(|| {
                let mut results = Vec::new();
                for round in 1..=50 {
                    *come.lock() += 1;
                    let result = barrier.wait().unwrap();
                    assert!(come.get() >= round * parties, "it went on before all had come");
                    results.push((result.index(), result.is_leader()));
                    barrier.wait().unwrap();
                }
                results
            })
        })
        .collect();
    let results: Vec<_> = processes.iter().map(|process| process.join().unwrap()).collect();
    for round in 0..50 {
        let indices: BTreeSet<_> = results.iter().map(|results| results[round].0).collect();
        assert!(indices.into_iter().eq(0..parties));
        assert_eq!(results.iter().filter(|results| results[round].1).count(), 1);
    }
    assert_eq!(
        (barrier.parties(), barrier.n_waiting(), barrier.is_broken()),
        (parties, 0, false)
    );
}

fn time_out(barrier: &Barrier) {
    assert!(barrier.wait_timeout(SOON).is_err());
}

/// Two processes that wait at a barrier.
fn two_at(barrier: &Barrier) -> [Process<Option<String>>; 2] {
    let wait = || barrier.wait().err().map(|error| error.to_string());
    let processes = [Process::spawn(wait), Process::spawn(wait)];
    until(|| barrier.n_waiting() == 2);
    processes
}

#[rstest]
#[timeout(Duration::from_secs(60))]
#[case::abort(|barrier: &Barrier| barrier.abort(), BarrierError::Aborted)]
#[case::reset(|barrier: &Barrier| barrier.reset(), BarrierError::Reset)]
#[case::limit(time_out, BarrierError::TimedOut)]
fn a_barrier_ends_for_all_who_wait(#[case] end: fn(&Barrier), #[case] error: BarrierError) {
    let barrier = Barrier::new(4);
    let processes = two_at(&barrier);
    end(&barrier);
    for process in &processes {
        assert_eq!(process.join(), Ok(Some(error.to_string())));
    }
    assert_eq!(barrier.is_broken(), error != BarrierError::Reset);
    if barrier.is_broken() {
        assert_eq!(barrier.wait(), Err(error));
    }
    barrier.reset();
    let processes = two_at(&barrier);
    let third = Process::spawn(|| barrier.wait().is_ok());
    assert!(barrier.wait().is_ok());
    assert!(processes.iter().all(|process| process.join() == Ok(None)));
    assert_eq!(third.join(), Ok(true));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_that_is_killed_while_it_waits_breaks_the_barrier() {
    let barrier = Barrier::new(3);
    let [victim, other] = two_at(&barrier);
    let died = BarrierError::Died { pid: victim.pid() };
    victim.kill();
    assert!(victim.join().is_err());
    assert_eq!(other.join(), Ok(Some(died.to_string())));
    assert_eq!((barrier.wait(), barrier.is_broken()), (Err(died), true));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn the_last_party_does_not_pass_with_one_that_was_killed() {
    let barrier = Barrier::new(2);
    let victim = Process::spawn(|| {
        let _ = barrier.wait();
    });
    until(|| barrier.n_waiting() == 1);
    kill(&victim);
    assert_eq!(barrier.wait(), Err(BarrierError::Died { pid: victim.pid() }));
}

#[test]
#[should_panic(expected = "a barrier has between 1 and 512 parties, not 0")]
fn a_barrier_has_parties() {
    let _ = Barrier::new(0);
}

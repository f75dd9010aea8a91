//! Synchronization between processes: who gets what when, and what becomes of what a killed process had.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use parcell::{
    Barrier, BarrierError, BoundedSemaphore, Condition, Event, Lock, Process, RLock, Semaphore, SharedArray, Value,
};
use rstest::rstest;

use crate::support::{is_program, program};

const SOON: Duration = Duration::from_millis(5);
/// Longer than any test takes.
const LATE: Duration = Duration::from_secs(50);

/// Waits for something that other processes do; the test's time limit ends a wait in vain.
fn until(mut holds: impl FnMut() -> bool) {
    while !holds() {
        std::thread::sleep(Duration::from_micros(100));
    }
}

fn kill(process: &Process<()>) {
    process.kill();
    assert!(process.join().is_err());
    assert_eq!(process.exit_code(), Some(-libc::SIGKILL));
}

/// A process that does something and then keeps what it has until it is killed.
fn holder<G>(take: impl FnOnce() -> G) -> Process<()> {
    let holds = Event::new();
    let process = Process::spawn(|| {
        let _held = take();
        holds.set();
        std::thread::sleep(LATE);
    });
    holds.wait();
    process
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_lock_excludes_others() {
    let (lock, rlock, condition) = (Lock::new(), RLock::new(), Condition::new());
    let mut counts = SharedArray::<u64>::new(3);
    let processes: Vec<_> = (0..4)
        .map(|_| {
            Process::spawn(|| {
                let counts = counts.as_mut_slice();
                for _ in 0..5000 {
                    let guard = lock.lock();
                    counts[0] += 1;
                    drop(guard);
                    let guards = (rlock.lock(), rlock.lock());
                    counts[1] += 1;
                    drop(guards);
                    let guard = condition.lock();
                    counts[2] += 1;
                    drop(guard);
                }
            })
        })
        .collect();
    assert!(processes.iter().all(|process| process.join() == Ok(())));
    assert_eq!(counts.as_slice(), [20_000; 3]);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_lock_that_is_held_is_waited_for_no_longer_than_the_limit() {
    let (lock, rlock) = (Lock::new(), RLock::new());
    let process = holder(|| (lock.lock(), rlock.lock()));
    assert!(lock.try_lock().is_none() && rlock.try_lock().is_none());
    assert!(lock.lock_timeout(SOON).is_none() && rlock.lock_timeout(SOON).is_none());
    kill(&process);
    assert!(lock.lock_timeout(LATE).is_some() && rlock.lock_timeout(Duration::MAX).is_some());
    assert!(lock.try_lock().is_some() && rlock.try_lock().is_some());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_holder_that_is_killed_passes_the_lock_on() {
    let (lock, rlock, condition) = (Lock::new(), RLock::new(), Condition::new());
    let process = holder(|| (lock.lock(), [rlock.lock(), rlock.lock()], condition.lock()));
    let waiting = Process::spawn(|| {
        let guards = (lock.lock(), rlock.lock(), condition.lock());
        (guards.0.abandoned(), guards.1.abandoned(), guards.2.abandoned())
    });
    kill(&process);
    assert_eq!(waiting.join(), Ok((true, true, true)));
    assert!(!lock.lock().abandoned() && !rlock.lock().abandoned() && !condition.lock().abandoned());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_forked_while_its_parent_holds_a_lock_does_not_hold_it() {
    let (lock, condition, semaphore) = (Lock::new(), Condition::new(), Semaphore::new(1));
    let mut guards = Some((lock.lock(), condition.lock(), semaphore.acquire()));
    let process = Process::spawn(|| {
        let guards = guards.take().unwrap();
        let notify = std::panic::AssertUnwindSafe(|| guards.1.notify_one());
        let panicked = std::panic::catch_unwind(notify).is_err();
        drop(guards);
        (panicked, lock.try_lock().is_none(), semaphore.try_acquire().is_none())
    });
    assert_eq!(process.join(), Ok((true, true, true)));
    drop(guards);
    assert!(!lock.lock().abandoned() && semaphore.try_acquire().is_some());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_rlock_is_free_when_it_was_let_go_as_often_as_it_was_taken() {
    let lock = RLock::new();
    let mut guards = vec![lock.lock(), lock.lock(), lock.try_lock().unwrap()];
    let is_free = || Process::spawn(|| lock.try_lock().is_some()).join().unwrap();
    while let Some(guard) = guards.pop() {
        assert!(!is_free());
        drop(guard);
    }
    assert!(is_free());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_semaphore_lets_so_many_in() {
    let semaphore = Semaphore::new(2);
    let first = semaphore.acquire();
    assert_eq!(semaphore.available_permits(), 1);
    let second = semaphore.acquire_timeout(SOON).unwrap();
    assert_eq!(semaphore.available_permits(), 0);
    let process = Process::spawn(|| {
        let none = semaphore.try_acquire().is_none() && semaphore.acquire_timeout(SOON).is_none();
        let waited = semaphore.acquire_timeout(LATE).is_some();
        (none, waited)
    });
    assert_eq!(process.join_timeout(Duration::from_millis(20)), None);
    drop(first);
    assert_eq!(process.join(), Ok((true, true)));
    drop(second);
    assert_eq!(semaphore.available_permits(), 2);
    semaphore.release();
    assert_eq!(semaphore.available_permits(), 3);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn permits_of_killed_holders_come_back() {
    let (semaphore, bounded) = (Semaphore::new(3), BoundedSemaphore::new(1));
    let process = holder(|| (semaphore.acquire(), semaphore.acquire(), bounded.acquire()));
    let kept = semaphore.acquire();
    assert_eq!((semaphore.available_permits(), bounded.available_permits()), (0, 0));
    let waiting = Process::spawn(|| {
        let permits = (semaphore.acquire(), semaphore.acquire(), bounded.acquire());
        let seen = (semaphore.available_permits(), bounded.available_permits());
        drop(permits);
        seen
    });
    kill(&process);
    assert_eq!(waiting.join(), Ok((0, 0)));
    drop(kept);
    assert_eq!((semaphore.available_permits(), bounded.available_permits()), (3, 1));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_permit_of_a_killed_holder_is_there_for_who_does_not_wait() {
    let semaphore = Semaphore::new(1);
    kill(&holder(|| semaphore.acquire()));
    assert_eq!(semaphore.available_permits(), 1);
    let permit = semaphore.try_acquire().unwrap();
    assert_eq!(semaphore.available_permits(), 0);
    drop(permit);
    kill(&holder(|| semaphore.acquire().forget()));
    assert_eq!(semaphore.available_permits(), 0);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_bounded_semaphore_has_never_more_than_at_first() {
    let semaphore = BoundedSemaphore::new(2);
    assert!(semaphore.release().is_err());
    semaphore.acquire().forget();
    let process = Process::spawn(|| semaphore.release().is_ok() && semaphore.release().is_err());
    assert_eq!(process.join(), Ok(true));
    assert_eq!(semaphore.available_permits(), 2);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_event_is_waited_for() {
    let event = Event::new();
    assert!(!event.is_set() && !event.wait_timeout(Duration::ZERO) && !event.wait_timeout(SOON));
    let process = Process::spawn(|| {
        std::thread::sleep(SOON);
        event.set();
    });
    event.wait();
    assert!(event.is_set() && event.wait_timeout(Duration::ZERO));
    event.clear();
    assert!(!event.is_set() && !event.wait_timeout(SOON));
    assert_eq!(process.join(), Ok(()));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn nobody_misses_an_event_that_is_set_and_cleared_at_once() {
    let (event, turn) = (Event::new(), Barrier::new(4));
    let processes: Vec<_> = (0..3)
        .map(|_| {
            Process::spawn(|| {
                for _ in 0..100 {
                    event.wait();
                    turn.wait().unwrap();
                }
            })
        })
        .collect();
    for _ in 0..100 {
        // Who has not begun to wait when the event is cleared waits for the next time.
        while turn.n_waiting() < 3 {
            event.set();
            event.clear();
            std::thread::yield_now();
        }
        turn.wait().unwrap();
    }
    assert!(processes.iter().all(|process| process.join() == Ok(())));
}

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
    assert_eq!(waiters.woken(0, 1), [1].into());
    waiters.condition.lock().notify_one();
    assert_eq!(waiters.woken(1, 1), [2].into());
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
#[case::limit(|barrier: &Barrier| drop(barrier.wait_timeout(SOON)), BarrierError::TimedOut)]
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
    let victim = Process::spawn(|| drop(barrier.wait()));
    until(|| barrier.n_waiting() == 1);
    kill(&victim);
    assert_eq!(barrier.wait(), Err(BarrierError::Died { pid: victim.pid() }));
}

#[test]
#[should_panic(expected = "a barrier has between 1 and 512 parties, not 0")]
fn a_barrier_has_parties() {
    let _ = Barrier::new(0);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn handles_that_have_travelled_are_handles_to_the_same() {
    fn travel<T: serde::Serialize + serde::de::DeserializeOwned>(handle: &T) -> T {
        serde_json::from_value(serde_json::to_value(handle).unwrap()).unwrap()
    }
    let lock = Lock::new();
    let guard = lock.lock();
    assert!(travel(&lock).try_lock().is_none());
    drop(guard);
    let rlock = RLock::new();
    let guard = rlock.lock();
    let other = travel(&rlock);
    assert!(std::thread::spawn(move || other.try_lock().is_none()).join().unwrap());
    drop(guard);
    let semaphore = Semaphore::new(0);
    travel(&semaphore).release();
    assert_eq!(semaphore.available_permits(), 1);
    let bounded = BoundedSemaphore::new(1);
    let other = travel(&bounded);
    other.acquire().forget();
    assert_eq!(bounded.available_permits(), 0);
    let event = Event::new();
    travel(&event).set();
    assert!(event.is_set());
    let barrier = Barrier::new(7);
    travel(&barrier).abort();
    assert!(barrier.is_broken());
    let condition = Condition::new();
    drop(travel(&condition).lock());
    let text = serde_json::from_value::<Event>(serde_json::to_value(&lock).unwrap())
        .unwrap_err()
        .to_string();
    assert_eq!(text, "the event that was sent cannot be opened: it is something else");
}

const OTHER: &str = "sync::a_handle_works_in_a_program_that_was_not_forked";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_handle_works_in_a_program_that_was_not_forked() {
    if is_program(OTHER) {
        let handles = std::env::var("HANDLES").unwrap();
        let (lock, event, semaphore): (Lock, Event, Semaphore) = serde_json::from_str(&handles).unwrap();
        let (_guard, _permit) = (lock.lock(), semaphore.acquire());
        event.set();
        std::process::abort();
    }
    let (lock, event, semaphore) = (Lock::new(), Event::new(), Semaphore::new(1));
    let handles = serde_json::to_string(&(&lock, &event, &semaphore)).unwrap();
    let mut child = program(OTHER).env("HANDLES", handles).spawn().unwrap();
    event.wait();
    assert!(lock.lock().abandoned());
    child.wait().unwrap();
    assert_eq!(semaphore.available_permits(), 1);
}

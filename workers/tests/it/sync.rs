//! Locks, semaphores and events: who gets what when, and what becomes of what a killed process had.

use std::time::Duration;

use parcell::{Barrier, BoundedSemaphore, Condition, Event, Lock, Process, RLock, Semaphore, SharedArray};
use rstest::rstest;

use crate::support::{is_program, kill, program};

const SOON: Duration = Duration::from_millis(5);
/// Longer than any test takes.
const LATE: Duration = Duration::from_secs(50);

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

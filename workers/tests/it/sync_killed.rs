//! Processes that are killed at random instructions while they hold things and wait for them: everything goes on
//! working, and nobody hangs.

use std::time::{Duration, Instant};

use parcell::{Barrier, BarrierError, Condition, Lock, Process, RLock, Semaphore, SharedArray, Value};
use rstest::rstest;

/// How many are killed, unless that takes too long.
const ROUNDS: usize = 3000;
const LONGEST: Duration = Duration::from_secs(4);
/// Longer than anything takes here that does not hang.
const LATE: Duration = Duration::from_secs(30);

/// Processes that do the same for ever, one of which is killed now and then.
struct Victims<F> {
    body: F,
    processes: Vec<Process<()>>,
    random: u64,
}

impl<F: FnMut()> Victims<F> {
    fn start(count: usize, body: F) -> Self {
        let mut new = Self {
            body,
            processes: Vec::new(),
            random: 0x9e37_79b9_7f4a_7c15,
        };
        for _ in 0..count {
            new.add();
        }
        new
    }

    fn add(&mut self) {
        let body = &mut self.body;
        self.processes.push(Process::spawn(|| {
            loop {
                body();
            }
        }));
    }

    /// Kills the one that has lived for longest, at some time within `span`, and starts another one.
    fn kill_one(&mut self, span: Duration) {
        self.pause(span);
        let victim = self.processes.remove(0);
        victim.kill();
        assert!(victim.join().is_err());
        assert_eq!(victim.exit_code(), Some(-libc::SIGKILL), "{:?}", victim.join());
        self.add();
    }

    fn pause(&mut self, span: Duration) {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        let pause = Duration::from_nanos(self.random % (span.as_nanos() as u64));
        let begun = Instant::now();
        while begun.elapsed() < pause {
            std::hint::spin_loop();
        }
    }

    fn end(self) {
        for victim in &self.processes {
            victim.kill();
            assert!(victim.join().is_err());
            assert_eq!(victim.exit_code(), Some(-libc::SIGKILL), "{:?}", victim.join());
        }
    }
}

fn rounds() -> impl Iterator<Item = usize> {
    let begun = Instant::now();
    (0..ROUNDS).take_while(move |_| begun.elapsed() < LONGEST)
}

/// For the one that kills and starts the victims.
fn leave_a_core() {
    std::thread::sleep(Duration::from_micros(20));
}

/// Two numbers that are equal, but for a holder that was killed between its two stores.
fn change(pair: &mut [u64], abandoned: bool) {
    if abandoned {
        assert!(pair[0] - pair[1] <= 1, "{pair:?}");
        pair[1] = pair[0];
    }
    assert_eq!(pair[0], pair[1]);
    pair[0] += 1;
    pair[1] += 1;
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_lock_outlives_its_holders() {
    let (lock, rlock) = (Lock::new(), RLock::new());
    let (mut pair, mut other_pair) = (SharedArray::<u64>::new(2), SharedArray::<u64>::new(2));
    let mut victims = Victims::start(3, || {
        let guard = lock.lock();
        change(pair.as_mut_slice(), guard.abandoned());
        drop(guard);
        let guards = (rlock.lock(), rlock.lock());
        change(other_pair.as_mut_slice(), guards.0.abandoned());
        drop(guards);
        leave_a_core();
    });
    for _ in rounds() {
        victims.kill_one(Duration::from_micros(200));
    }
    victims.end();
    // Of those that were killed at last, one may have held it.
    drop((lock.lock_timeout(LATE).unwrap(), rlock.lock_timeout(LATE).unwrap()));
    assert!(!lock.lock().abandoned() && !rlock.lock().abandoned());
    assert!(pair.as_slice()[0] > 0 && other_pair.as_slice()[0] > 0);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_value_outlives_its_holders() {
    let value = Value::new([0u64; 2]);
    let mut victims = Victims::start(3, || {
        let mut guard = value.lock();
        let abandoned = guard.abandoned();
        change(&mut *guard, abandoned);
        drop(guard);
        leave_a_core();
    });
    for round in rounds() {
        victims.kill_one(Duration::from_micros(200));
        // Not each time: those that are there already are faster than one that waits.
        if round % 8 == 0 {
            let pair = value.get();
            assert!(pair[0] - pair[1] <= 1, "{pair:?}");
        }
    }
    victims.end();
    let mut guard = value.lock_timeout(LATE).unwrap();
    let abandoned = guard.abandoned();
    change(&mut *guard, abandoned);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_semaphore_keeps_its_permits() {
    let semaphore = Semaphore::new(2);
    let mut victims = Victims::start(3, || {
        for _ in 0..20 {
            drop(semaphore.acquire());
        }
        leave_a_core();
    });
    for round in rounds() {
        victims.kill_one(Duration::from_micros(200));
        assert!(semaphore.available_permits() <= 2);
        // Not each time: those that are there already are faster than one that waits.
        if round % 8 == 0 {
            assert!(semaphore.acquire_timeout(LATE).is_some());
        }
    }
    victims.end();
    assert_eq!(semaphore.available_permits(), 2);
    let permits = [semaphore.acquire(), semaphore.acquire()];
    assert!(semaphore.try_acquire().is_none());
    drop(permits);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_condition_loses_no_notification() {
    let (condition, items) = (Condition::new(), Value::new(0u32));
    let mut victims = Victims::start(4, || {
        let mut guard = condition.lock();
        guard.wait_while(|| items.get() == 0);
        *items.lock() -= 1;
    });
    for _ in rounds() {
        let guard = condition.lock();
        *items.lock() += 2;
        guard.notify(2);
        drop(guard);
        victims.kill_one(Duration::from_micros(300));
        // Whoever is notified and killed before it takes its item leaves that to others that waited. Nobody else looks.
        let begun = Instant::now();
        while items.get() > 0 {
            assert!(begun.elapsed() < LATE, "those who wait have not been woken");
            std::thread::yield_now();
        }
    }
    victims.end();
    assert_eq!(items.get(), 0);
    assert!(!condition.lock().wait_timeout(Duration::from_millis(1)));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_barrier_breaks_or_lets_all_pass() {
    let barrier = Barrier::new(3);
    // A party that finds the barrier broken waits for those that mend it.
    let mut victims = Victims::start(2, || {
        if barrier.wait().is_err() {
            std::thread::yield_now();
        }
    });
    let (mut passed, mut broken) = (0, 0);
    for round in rounds() {
        if round % 4 == 0 {
            victims.kill_one(Duration::from_micros(200));
        }
        match barrier.wait_timeout(LATE) {
            Ok(_) => passed += 1,
            Err(BarrierError::Died { .. }) => {
                broken += 1;
                barrier.reset();
            }
            Err(error) => panic!("{error}"),
        }
    }
    assert!(passed > 0 && broken > 0, "{passed} {broken}");
    victims.end();
    barrier.reset();
    let others = [(); 2].map(|()| Process::spawn(|| barrier.wait().is_ok()));
    assert!(barrier.wait().is_ok());
    assert!(others.iter().all(|process| process.join() == Ok(true)));
}

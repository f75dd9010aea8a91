//! What users of Python's pools, processes and queues have reported, as tests of what happens here instead: hangs, lost
//! results, leaks. What other modules test already is not here again; `kernel/docs/programs.md` has the whole list.

use std::error::Error;
use std::os::unix::process::ExitStatusExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parcell::{Array, Event, Pool, Process, Queue, TaskError};
use rstest::rstest;
use rustix::process::{Resource, Rlimit, Signal, kill_process, setrlimit};
use serde::{Deserialize, Deserializer, Serialize};

use crate::support::{Survivors, assert_waited_for, is_program, program};

/// Longer than any test takes.
const LATE: Duration = Duration::from_secs(1000);

/// More than a header of 32 bits with a sign can tell.
const HUGE: usize = (2 << 30) + 1;

/// From here on this process is killed by SIGXFSZ where it writes more than so many bytes to a file, also to one in
/// memory: in the middle of it, with all the locks that it holds.
fn kill_beyond(bytes: u64) {
    let limit = Rlimit {
        current: Some(bytes),
        maximum: Some(bytes),
    };
    setrlimit(Resource::Fsize, limit).unwrap();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_that_is_killed_in_the_middle_of_a_put_has_put_nothing_and_stops_nobody() {
    let queue = Queue::new();
    queue.put(vec![1u8; 10]).unwrap();
    let killed = Process::spawn(|| {
        kill_beyond(1 << 18);
        queue.put(vec![2; 1 << 20]).map_err(|error| error.to_string())
    });
    assert!(killed.join().is_err());
    assert_eq!(killed.exit_code(), Some(-libc::SIGXFSZ));
    assert_eq!(queue.len(), 1);
    Process::spawn(|| queue.put(vec![3; 1 << 20]).unwrap()).join().unwrap();
    assert_eq!((queue.get(), queue.get()), (Ok(vec![1; 10]), Ok(vec![3; 1 << 20])));
}

/// Panics where it is read, if it is said to.
#[derive(Debug, PartialEq, Serialize)]
struct Explosive(bool);

impl<'de> Deserialize<'de> for Explosive {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let explodes = bool::deserialize(deserializer)?;
        assert!(!explodes, "not to be read");
        Ok(Self(explodes))
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_result_that_panics_while_it_is_read_leaves_its_process_as_it_was() {
    let process = Process::spawn(|| Explosive(true));
    for _ in 0..2 {
        assert!(catch_unwind(AssertUnwindSafe(|| process.join())).is_err());
        assert_eq!((process.is_alive(), process.exit_code()), (false, Some(0)));
    }
    assert_waited_for(process.pid());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_stream_goes_on_after_a_result_that_panics_while_it_is_read(#[values(true, false)] in_order: bool) {
    let survivors = Survivors::watch();
    let pool = Pool::builder().workers(2).chunk_size(4).build();
    let f = |n: u32| (n, Explosive(n % 10 == 3));
    let mut results = if in_order {
        pool.imap(f, 0..40)
    } else {
        pool.imap_unordered(f, 0..40)
    };
    let (mut read, mut panics, mut failed) = (Vec::new(), 0, Vec::new());
    loop {
        match catch_unwind(AssertUnwindSafe(|| results.next())) {
            Ok(Some(Ok((n, _)))) => read.push(n),
            Ok(Some(Err(error))) => failed.push(error.item().unwrap()),
            Ok(None) => break,
            Err(_) => panics += 1,
        }
    }
    assert!(
        !in_order || read.is_sorted() && failed.is_sorted(),
        "{read:?} {failed:?}"
    );
    read.sort_unstable();
    failed.sort_unstable();
    assert_eq!(read, (0..40).filter(|n| n % 10 != 3).collect::<Vec<_>>());
    assert!((1..=4).contains(&panics));
    assert_eq!(failed, [3, 13, 23, 33]);
    survivors.assert_none();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_stream_loses_nothing_where_its_source_panics_and_goes_on(#[values(1, 3, 100)] chunk_size: usize) {
    let pool = Pool::builder().workers(2).chunk_size(chunk_size).build();
    let source = (0..20u32).inspect(|n| assert_ne!(n % 10, 7, "somebody said when"));
    let mut results = pool.imap(|n| n, source);
    let (mut read, mut panics) = (Vec::new(), 0);
    loop {
        match catch_unwind(AssertUnwindSafe(|| results.next())) {
            Ok(Some(result)) => read.push(result.unwrap()),
            Ok(None) => break,
            Err(_) => panics += 1,
        }
    }
    assert_eq!((read, panics), ((0..20).filter(|n| n % 10 != 7).collect(), 2));
}

/// An error that is made from values, and has a cause.
#[derive(Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("{count} of {name} are wrong")]
struct Wrong {
    name: String,
    count: u32,
    source: Cause,
}

#[derive(Debug, PartialEq, Serialize, Deserialize, thiserror::Error)]
#[error("line {line} is broken")]
struct Cause {
    line: u32,
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_error_with_fields_and_a_cause_comes_whole() {
    let check = |count: u32| {
        let (name, source) = ("cells".to_owned(), Cause { line: 7 });
        if count > 0 {
            Err(Wrong { name, count, source })
        } else {
            Ok(count)
        }
    };
    let results = Pool::new(2).map(check, 0..3);
    let process = Process::spawn(|| check(2)).join().unwrap();
    assert_eq!((&results[0], &results[2]), (&Ok(0), &process));
    let error = process.unwrap_err();
    assert_eq!(error.to_string(), "2 of cells are wrong");
    assert_eq!(error.source().unwrap().to_string(), "line 7 is broken");
    // Where the map is to end with it, its text is what is told.
    let told = Pool::new(2).try_map(check, [0, 2]).unwrap_err();
    assert!(matches!(&told, TaskError::Failed { item: Some(1), error, .. } if *error == "2 of cells are wrong"));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_panic_with_a_value_is_told_with_its_place() {
    let results = Pool::new(1).map_results(|n: u32| std::panic::panic_any(Cause { line: n }), 0..2);
    for (item, result) in results.into_iter().enumerate() {
        let error: TaskError = result.map(|()| unreachable!()).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, TaskError::Panicked { location: Some(_), .. }), "{text}");
        assert!(
            text.ends_with(": a panic without a message") && error.item() == Some(item),
            "{text}"
        );
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_worker_may_use_the_pool_that_it_is_of() {
    let pool = Pool::builder().workers(2).chunk_size(1).build();
    let inner = |n: u32| pool.map(|m: u32| n * 10 + m, 0..3);
    assert_eq!(pool.map(inner, 0..2), [[0, 1, 2], [10, 11, 12]]);
    let inner = |n: u32| pool.imap(|m: u32| n + m, 0..2).collect::<Result<Vec<_>, _>>();
    let streamed: Result<Vec<_>, _> = pool.imap(inner, 0..2).collect();
    assert_eq!(streamed, Ok(vec![Ok(vec![0, 1]), Ok(vec![1, 2])]));
}

const INTERRUPTED: &str = "reports::a_program_that_is_interrupted_in_a_map_ends_with_its_workers";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_program_that_is_interrupted_in_a_map_ends_with_its_workers() {
    if is_program(INTERRUPTED) {
        let ready = Event::new();
        let interrupt = std::thread::spawn({
            let ready = ready.clone();
            move || {
                ready.wait();
                kill_process(rustix::process::getpid(), Signal::INT).unwrap();
            }
        });
        Pool::new(2).for_each(
            |n: u32| {
                // SAFETY: no handler is run.
                unsafe { libc::signal(libc::SIGINT, libc::SIG_IGN) };
                if n == 1 {
                    ready.set();
                }
                std::thread::sleep(LATE);
            },
            0..2,
        );
        return interrupt.join().unwrap();
    }
    // The end of its output comes when the last process that could write to it has gone.
    let output = program(INTERRUPTED).output().unwrap();
    assert_eq!(output.status.signal(), Some(libc::SIGINT), "{output:?}");
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn ending_and_joining_a_process_may_be_said_again_in_any_order() {
    let process: Process<()> = Process::spawn(|| std::thread::sleep(LATE));
    process.terminate();
    process.terminate();
    let error = process.join().unwrap_err();
    assert_eq!(process.exit_code(), Some(-libc::SIGTERM));
    process.terminate();
    process.kill();
    assert_eq!(
        (process.join(), process.join_timeout(Duration::ZERO)),
        (Err(error.clone()), Some(Err(error)))
    );
    assert_eq!(process.exit_code(), Some(-libc::SIGTERM));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_program_that_ignores_the_ends_of_its_children_has_their_results() {
    let program = Process::spawn(|| {
        // SAFETY: no handler is run.
        unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
        let results = Pool::new(2).map_results(|n: u32| if n == 1 { std::process::abort() } else { n }, 0..4);
        let process = Process::spawn(|| 7);
        // The system has forgotten how it ended.
        (results, process.join(), process.exit_code())
    });
    let (results, joined, exit_code) = program.join().unwrap();
    assert_eq!((joined, exit_code), (Ok(7), None));
    let error = results[1].as_ref().unwrap_err().to_string();
    assert!(
        error.ends_with("other code of this program took its exit status"),
        "{error}"
    );
    assert_eq!(
        results
            .iter()
            .filter_map(|result| result.as_ref().ok())
            .collect::<Vec<_>>(),
        [&0, &2, &3]
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_lock_that_another_thread_held_at_the_fork_costs_the_items_that_want_it() {
    let (lock, limit) = (Mutex::new(0), Duration::from_millis(500));
    let (held, done) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
    let results = std::thread::scope(|scope| {
        scope.spawn(|| {
            let _guard = lock.lock().unwrap();
            held.wait();
            done.wait();
        });
        held.wait();
        let wants_it = |n: u32| if n == 1 { *lock.lock().unwrap() } else { n };
        let pool = Pool::builder().workers(2).timeout(limit).allow_threads(true).build();
        let results = pool.map_results(wants_it, 0..4);
        done.wait();
        results
    });
    assert!(
        matches!(results[1], Err(TaskError::TimedOut { item: Some(1), .. })),
        "{results:?}"
    );
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 3);
}

const BUSY: &str = "reports::what_threads_are_doing_at_a_fork_holds_no_worker_up";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn what_threads_are_doing_at_a_fork_holds_no_worker_up() {
    if !is_program(BUSY) {
        let output = program(BUSY).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    }
    let (queue, over) = (Queue::bounded(10), AtomicBool::new(false));
    // Memory, the streams, panics and the library's own locks, of each of which there is one.
    let work = || {
        let text = format!("{:?}", std::thread::current().id());
        print!("{text}");
        assert!(catch_unwind(|| std::panic::resume_unwind(Box::new(1))).is_err());
        // It may be full, or empty.
        let _ = (queue.try_put(text), queue.try_get());
        drop(Queue::<u8>::new());
    };
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    work();
                }
            });
        }
        for _ in 0..100 {
            Pool::new(2).for_each(|_: u32| work(), 0..2);
        }
        over.store(true, Ordering::Relaxed);
    });
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_worker_that_closes_its_descriptors_costs_no_more_than_its_item(#[values(1, 2)] workers: usize) {
    // Short results are in memory that is shared, and long ones need the pipe that was closed.
    for length in [1, 1 << 20] {
        let survivors = Survivors::watch();
        let runs = Array::<u32>::new(40);
        let f = |n: usize| {
            runs.lock()[n] += 1;
            if n == 13 {
                // SAFETY: it is not safe, and must not be: descriptors are closed that others own.
                assert_eq!(unsafe { libc::close_range(0, libc::c_uint::MAX, 0) }, 0);
            }
            vec![n; length]
        };
        let results = Pool::builder().workers(workers).build().map_results(f, 0..40);
        for (n, result) in results.iter().enumerate() {
            match result {
                Ok(numbers) => assert_eq!(*numbers, vec![n; length]),
                Err(error) => assert_eq!(error.item(), Some(13), "{error}"),
            }
        }
        assert_eq!(runs.to_vec(), [1; 40], "each item is run once");
        survivors.assert_none();
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_that_closes_its_descriptors_has_no_result_and_says_so() {
    let process = Process::spawn(|| {
        // SAFETY: as above.
        assert_eq!(unsafe { libc::close_range(0, libc::c_uint::MAX, 0) }, 0);
        7
    });
    let error = process.join().unwrap_err();
    assert!(matches!(error, TaskError::Crashed { .. }), "{error}");
    assert_waited_for(process.pid());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn workers_that_are_replaced_after_each_few_items_lose_none() {
    let pool = Pool::builder().workers(2).max_tasks_per_worker(7).build();
    let same = |n: u32| n;
    assert_eq!(pool.map(same, 0..1000), (0..1000).collect::<Vec<_>>());
    let streamed: Result<Vec<_>, _> = pool.imap(same, 0..500).collect();
    assert_eq!(streamed, Ok((0..500).collect()));
    let mut unordered: Vec<_> = pool.imap_unordered(same, 0..500).map(Result::unwrap).collect();
    unordered.sort_unstable();
    assert_eq!(unordered, (0..500).collect::<Vec<_>>());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_panic_of_who_uses_the_results_ends_the_stream_and_its_workers() {
    let survivors = Survivors::watch();
    let call = || {
        let pool = Pool::builder().workers(3).chunk_size(1).build();
        for result in pool.imap_unordered(|n: u32| std::thread::sleep(LATE * n.min(1)), 0..) {
            assert!(result.is_err(), "a result is of no use");
        }
    };
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    survivors.assert_none();
}

const IN_TURN: &str = "reports::pools_in_turn_leave_nothing";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn pools_in_turn_leave_nothing() {
    check_pools_in_turn(IN_TURN, 300);
}

const IN_LONG_TURN: &str = "reports::thousands_of_pools_in_turn_leave_nothing";

#[rstest]
#[timeout(Duration::from_secs(600))]
#[ignore = "takes a minute"]
fn thousands_of_pools_in_turn_leave_nothing() {
    check_pools_in_turn(IN_LONG_TURN, 5000);
}

fn check_pools_in_turn(name: &str, pools: usize) {
    if !is_program(name) {
        let output = program(name).output().unwrap();
        assert!(output.status.success(), "{output:?}");
        return;
    }
    let use_pool = |n: usize| {
        let pool = Pool::builder().workers(2).chunk_size(1).build();
        let f = |m: usize| {
            if m == 1 {
                std::process::abort()
            } else {
                vec![m + n; 1000]
            }
        };
        assert_eq!(
            pool.map_results(f, 0..3).iter().filter(|result| result.is_ok()).count(),
            2
        );
        assert!(pool.imap(|m: usize| m, 0..).take(3).all(|result| result.is_ok()));
    };
    // The first ones make what is kept.
    (0..30).for_each(use_pool);
    let before = Holdings::now();
    (0..pools).for_each(use_pool);
    let after = Holdings::now();
    assert_eq!((after.descriptors, &*after.children), (before.descriptors, ""));
    assert!(after.pages <= before.pages + 256, "{before:?}, then {after:?}");
}

/// What this process has that it could lose track of.
#[derive(Debug)]
struct Holdings {
    descriptors: usize,
    children: String,
    /// In memory.
    pages: u64,
}

impl Holdings {
    fn now() -> Self {
        let status = std::fs::read_to_string("/proc/self/statm").unwrap();
        Self {
            descriptors: std::fs::read_dir("/proc/self/fd").unwrap().count(),
            children: std::fs::read_to_string("/proc/thread-self/children").unwrap(),
            pages: status.split(' ').nth(1).unwrap().parse().unwrap(),
        }
    }
}

#[rstest]
#[timeout(Duration::from_secs(600))]
#[ignore = "needs 16 GiB of memory"]
fn results_and_messages_may_be_larger_than_2_gib() {
    let is_whole = |bytes: &[u8]| bytes.len() == HUGE && bytes.iter().step_by(4095).all(|byte| *byte == 7);
    assert!(is_whole(&Pool::new(1).apply(|()| vec![7u8; HUGE], ())));
    // What is no vector of numbers is encoded.
    let text = Process::spawn(|| "\u{7}".repeat(HUGE)).join().unwrap();
    assert!(is_whole(text.as_bytes()));
    let queue = Queue::new();
    Process::spawn(|| queue.put(vec![7u8; HUGE]).unwrap()).join().unwrap();
    assert!(is_whole(&queue.get().unwrap()));
    let texts = Queue::new();
    texts.put(text).unwrap();
    assert!(is_whole(texts.get().unwrap().as_bytes()));
}

//! What users of Python's executors, and of what is like them, have reported, as tests of what happens here instead.
//! What other modules test already is not here again; `kernel/docs/programs.md` has the whole list.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

use libtest_mimic::Trial;
use parcell::{Event, Pool, ProcessPoolExecutor, TaskError, as_completed};
use rustix::process::{Pid, Resource, Rlimit, Signal, kill_process, setrlimit};
use serde::de::Error as _;
use serde::ser::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::support::{await_end, program, trial, trials};

trials![
    a_worker_that_is_killed_while_it_hands_a_result_over_costs_that_call,
    an_initializer_that_ends_its_process_fails_every_call_and_keeps_nobody_waiting,
    what_cannot_be_sent_does_not_keep_an_executor_open,
    an_iterator_that_panics_is_the_callers_panic_and_the_executor_goes_on,
    a_map_goes_on_after_a_result_that_panics_while_it_is_read,
    a_map_that_is_far_longer_than_its_workers_live_is_done,
    a_call_that_submits_to_the_executor_it_runs_in_gets_one_of_its_own,
    a_forked_worker_is_told_that_the_pools_standing_workers_are_not_its_own,
    a_panic_between_two_results_ends_the_executor_when_its_calls_are_done,
    an_executor_whose_idle_workers_were_all_killed_can_be_shut_down,
    a_worker_that_closes_its_descriptors_is_replaced_when_it_cannot_go_on,
    executors_in_turn_leave_nothing,
];

/// Those that take long or need much memory, which run with `--ignored`.
pub(crate) fn rare_trials() -> Vec<Trial> {
    let rare: [(&str, fn()); 3] = [
        (
            "a_thousand_executors_in_turn_leave_nothing",
            a_thousand_executors_in_turn_leave_nothing,
        ),
        ("vectors_may_be_larger_than_2_gib", vectors_may_be_larger_than_2_gib),
        (
            "what_is_encoded_may_be_larger_than_2_gib",
            what_is_encoded_may_be_larger_than_2_gib,
        ),
    ];
    let trials = rare.map(|(name, body)| trial(format!("reports::{name}"), body).with_ignored_flag(true));
    trials.into()
}

/// More than a header of 32 bits with a sign can tell.
const HUGE: usize = (2 << 30) + 1;

/// Makes a large result, in a process that is killed by SIGXFSZ when it writes to a file, also to one in memory: in the
/// middle of handing the result over, with the locks that this takes.
fn die_with_a_result(length: usize) -> Vec<u8> {
    let limit = Rlimit {
        current: Some(1 << 18),
        maximum: Some(1 << 18),
    };
    setrlimit(Resource::Fsize, limit).unwrap();
    vec![1; length]
}

fn a_worker_that_is_killed_while_it_hands_a_result_over_costs_that_call() {
    let executor = ProcessPoolExecutor::with_workers(2);
    for _ in 0..3 {
        let dies = executor.submit(die_with_a_result, 4 << 20);
        let others: Vec<_> = (0..10u32)
            .map(|n| executor.submit(|n: u32| vec![n; 1 << 16], n))
            .collect();
        let error = dies.result().unwrap_err();
        assert!(error.to_string().contains("SIGXFSZ"), "{error}");
        assert!(
            others
                .iter()
                .zip(0..)
                .all(|(other, n)| other.result() == Ok(vec![n; 1 << 16]))
        );
    }
}

fn an_initializer_that_ends_its_process_fails_every_call_and_keeps_nobody_waiting() {
    let builder = || ProcessPoolExecutor::builder().workers(2);
    let executors = [
        builder().initializer(|| std::process::exit(0)).build(),
        builder().initializer(|| std::process::abort()).build(),
    ];
    for executor in executors {
        let futures: Vec<_> = (0..30u32).map(|n| executor.submit(|n: u32| n, n)).collect();
        executor.shutdown();
        for future in &futures {
            assert!(
                matches!(future.result(), Err(TaskError::NotInitialized { .. })),
                "{future:?}"
            );
        }
    }
}

/// Refuses to be written, or to be read.
#[derive(Debug, PartialEq)]
enum Refusing {
    Written,
    Read,
}

impl Serialize for Refusing {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Written => Err(S::Error::custom("not to be written")),
            Self::Read => serializer.serialize_unit(),
        }
    }
}

impl<'de> Deserialize<'de> for Refusing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer)?;
        Err(D::Error::custom("not to be read"))
    }
}

fn what_cannot_be_sent_does_not_keep_an_executor_open() {
    let ends: [fn(&ProcessPoolExecutor); 2] = [ProcessPoolExecutor::shutdown, ProcessPoolExecutor::shutdown_cancel];
    for end in ends {
        let executor = ProcessPoolExecutor::with_workers(1);
        let arguments = [Refusing::Written, Refusing::Read].map(|argument| executor.submit(|_: Refusing| 1, argument));
        let results = [
            executor.submit(|()| Refusing::Written, ()),
            executor.submit(|()| Refusing::Read, ()),
        ];
        // Nobody has asked for any of them.
        end(&executor);
        assert!(executor.worker_pids().is_empty());
        assert!(arguments.iter().all(|future| future.done() && future.result().is_err()));
        assert!(results.iter().all(|future| future.done() && future.result().is_err()));
    }
}

fn an_iterator_that_panics_is_the_callers_panic_and_the_executor_goes_on() {
    let executor = ProcessPoolExecutor::with_workers(1);
    // Within what is handed over at once, and after some results.
    for when in [0, 2, 20] {
        let items = (0..100u32).inspect(|n| assert_ne!(*n, when, "somebody said when"));
        let mut results = Vec::new();
        let call = || results.extend(executor.map(|n: u32| n, items));
        let payload = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
        assert!(payload.downcast_ref::<String>().unwrap().contains("somebody said when"));
        assert!(results.iter().zip(0..when).all(|(result, n)| *result == Ok(n)));
        assert_eq!(executor.submit(|n: u32| n, when).result(), Ok(when));
    }
    executor.shutdown();
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

fn a_map_goes_on_after_a_result_that_panics_while_it_is_read() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let mut results = executor.map(|n: u32| (n, Explosive(n == 3)), 0..20);
    let mut read = Vec::new();
    let mut panics = 0;
    loop {
        match catch_unwind(AssertUnwindSafe(|| results.next())) {
            Ok(Some(result)) => read.push(result.unwrap().0),
            Ok(None) => break,
            Err(_) => panics += 1,
        }
    }
    assert_eq!((read, panics), ((0..20).filter(|n| *n != 3).collect(), 1));
}

fn a_map_that_is_far_longer_than_its_workers_live_is_done() {
    for (workers, calls_each) in [(1, 5), (2, 3)] {
        let builder = ProcessPoolExecutor::builder().workers(workers);
        let executor = builder.max_tasks_per_worker(calls_each).build();
        let results: Result<Vec<_>, _> = executor.map(|n: u32| n * n, 0..100).collect();
        assert_eq!(results, Ok((0..100).map(|n| n * n).collect()));
    }
}

fn a_call_that_submits_to_the_executor_it_runs_in_gets_one_of_its_own() {
    static EXECUTOR: OnceLock<ProcessPoolExecutor> = OnceLock::new();
    fn submit(depth: u32) -> Result<Vec<u32>, TaskError> {
        let mut pids = vec![std::process::id()];
        if depth > 0 {
            let executor = EXECUTOR.get_or_init(|| ProcessPoolExecutor::with_workers(1));
            pids.extend(executor.submit(submit, depth - 1).result()??);
        }
        Ok(pids)
    }
    let mut pids = submit(3).unwrap();
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), 4);
    EXECUTOR.get().unwrap().shutdown();
    pids.retain(|pid| *pid != std::process::id());
    pids.into_iter().for_each(await_end);
}

fn a_forked_worker_is_told_that_the_pools_standing_workers_are_not_its_own() {
    let pool = Pool::builder().workers(1).allow_threads(true).build();
    assert_eq!(pool.apply_async(|n: u32| n, 1).get(), Ok(1));
    let errors = pool.map(
        |n: u32| pool.apply_async(|n: u32| n, n).get().unwrap_err().to_string(),
        0..2,
    );
    assert!(
        errors
            .iter()
            .all(|error| error.contains("only by the process that made it")),
        "{errors:?}"
    );
    assert_eq!(pool.apply_async(|n: u32| n, 2).get(), Ok(2));
}

fn a_panic_between_two_results_ends_the_executor_when_its_calls_are_done() {
    let event = Event::new();
    let mut workers = Vec::new();
    let call = || {
        let executor = ProcessPoolExecutor::with_workers(2);
        let waits = |(event, n): (Event, u32)| {
            if n > 0 {
                event.wait();
            }
        };
        let futures: Vec<_> = (0..6).map(|n| executor.submit(waits, (event.clone(), n))).collect();
        workers = executor.worker_pids();
        for future in as_completed(&futures) {
            event.set();
            assert!(future.cancelled(), "a result is of no use");
        }
    };
    assert!(catch_unwind(AssertUnwindSafe(call)).is_err());
    assert_eq!(workers.len(), 2);
    workers.into_iter().for_each(await_end);
}

fn an_executor_whose_idle_workers_were_all_killed_can_be_shut_down() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let event = Event::new();
    let futures: Vec<_> = (0..2)
        .map(|_| executor.submit(|event: Event| event.wait(), event.clone()))
        .collect();
    event.set();
    futures.iter().for_each(|future| future.result().unwrap());
    for pid in executor.worker_pids() {
        kill_process(Pid::from_raw(pid.cast_signed()).unwrap(), Signal::KILL).unwrap();
        await_end(pid);
    }
    executor.shutdown();
    assert!(executor.worker_pids().is_empty());
}

fn a_worker_that_closes_its_descriptors_is_replaced_when_it_cannot_go_on() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let close = |length: usize| {
        // SAFETY: it is not safe, and must not be: descriptors are closed that others own.
        assert_eq!(unsafe { libc::close_range(0, libc::c_uint::MAX, 0) }, 0);
        (length, vec![7u8; length])
    };
    // What is short goes through memory that the worker has still, what is long through a descriptor.
    for length in [1, 4 << 20] {
        let mut futures = vec![executor.submit(close, length)];
        let make = |length: usize| (length, vec![7u8; length]);
        futures.extend([1, 4 << 20, 1, 4 << 20].map(|length| executor.submit(make, length)));
        let mut lost = 0;
        for future in &futures {
            match future.result() {
                Ok((length, numbers)) => assert!(numbers == vec![7; length]),
                Err(TaskError::Crashed { .. }) => lost += 1,
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(lost, 1, "the one that needs what is closed: {futures:?}");
    }
}

fn executors_in_turn_leave_nothing() {
    assert!(program("executors").status().unwrap().success());
}

fn a_thousand_executors_in_turn_leave_nothing() {
    assert!(program("a thousand executors").status().unwrap().success());
}

/// What the programs of the tests above do.
pub(crate) fn use_executors(count: usize) {
    let use_executor = |n: usize| {
        let executor = ProcessPoolExecutor::with_workers(2);
        let dies = executor.submit(|_: usize| std::process::abort(), n);
        let lives = executor.submit(|n: usize| vec![n; 10_000], n);
        assert!(lives.result() == Ok(vec![n; 10_000]));
        if n.is_multiple_of(2) {
            let dies: Result<(), _> = dies.result();
            assert!(dies.is_err());
        }
    };
    // The first ones make what is kept.
    (0..10).for_each(use_executor);
    let before = holdings();
    (0..count).for_each(use_executor);
    let after = holdings();
    assert_eq!((after.0, &*after.1), (before.0, ""), "descriptors and children");
    assert!(after.2 <= before.2 + 256, "pages: {before:?}, then {after:?}");
}

/// How many descriptors this process has, which children, and how many pages in memory.
fn holdings() -> (usize, String, u64) {
    let status = std::fs::read_to_string("/proc/self/statm").unwrap();
    (
        std::fs::read_dir("/proc/self/fd").unwrap().count(),
        std::fs::read_to_string("/proc/thread-self/children").unwrap(),
        status.split(' ').nth(1).unwrap().parse().unwrap(),
    )
}

fn is_whole(bytes: &[u8]) -> bool {
    bytes.len() == HUGE && bytes.iter().step_by(4095).all(|byte| *byte == 7)
}

fn vectors_may_be_larger_than_2_gib() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let future = executor.submit(|numbers: Vec<u8>| numbers, vec![7; HUGE]);
    assert!(is_whole(&future.into_result().unwrap()));
}

fn what_is_encoded_may_be_larger_than_2_gib() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let future = executor.submit(|text: String| text, "\u{7}".repeat(HUGE));
    assert!(is_whole(future.into_result().unwrap().as_bytes()));
}

//! Pools as Python's own tests want them: iterators that fail, large errors, pools in processes, names of chunks.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use parcell::{Lock, Pool, Process, ProcessPoolExecutor, Queue, TaskError, Value};
use rstest::rstest;

use crate::support::Survivors;

/// Numbers below `total`, until at `when` somebody says so.
fn numbers(total: usize, when: usize) -> impl Iterator<Item = usize> {
    (0..total).inspect(move |n| assert_ne!(*n, when, "somebody said when"))
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn an_iterator_that_panics_is_the_callers_panic(#[values((1, 0), (10, 3), (20, 7))] (total, when): (usize, usize)) {
    let (pool, called, survivors) = (
        Pool::builder().workers(2).chunk_size(2).build(),
        Value::new(0),
        Survivors::watch(),
    );
    for _ in 0..2 {
        let call = || pool.map_results(|n| *called.lock() += n, numbers(total, when));
        let payload = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
        let message = payload.downcast_ref::<String>().unwrap();
        assert!(message.contains("somebody said when"), "{message}");
    }
    // It is over before anything has begun, and the pool is as before.
    assert_eq!(called.get(), 0);
    assert_eq!(pool.map(|n| n * n, 0..4), [0, 1, 4, 9]);
    survivors.assert_none();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn large_errors_of_all_workers_arrive() {
    let message = "x".repeat(1 << 20);
    let results = Pool::new(2).map_results(|_: u32| -> u32 { panic!("{message}") }, 0..4);
    for (item, result) in results.iter().enumerate() {
        let Err(TaskError::Panicked { message: arrived, .. }) = result else {
            panic!("item {item} has no such error")
        };
        assert_eq!(*arrived, message);
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn every_item_runs_though_others_fail() {
    let run = Value::new(0);
    let results = Pool::new(2).map_results(
        |n: u32| {
            *run.lock() += 1;
            assert_ne!(n % 3, 0, "a third fails");
            n
        },
        0..60,
    );
    assert_eq!(run.get(), 60);
    for (n, result) in (0..60).zip(&results) {
        assert_eq!(result.as_ref().ok(), (n % 3 != 0).then_some(&n));
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_may_have_a_pool_and_a_pool_a_process() {
    let process = Process::spawn(|| Pool::new(4).map(|n: u32| n * n, 1..8));
    assert_eq!(process.join(), Ok(vec![1, 4, 9, 16, 25, 36, 49]));
    let results = Pool::new(2).map(|n: u32| Process::spawn(|| n + 1).join().unwrap(), 0..3);
    assert_eq!(results, [1, 2, 3]);
}

#[test]
#[should_panic(expected = "call `parcell::init()` first in `main`")]
fn a_program_that_does_not_let_its_copies_work_is_told() {
    let _ = ProcessPoolExecutor::new();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn what_is_captured_needs_no_global() {
    // Python hands locks and queues to workers through an initializer and a global variable.
    let (lock, queue, total) = (Lock::new(), Queue::new(), Value::new(0u64));
    Pool::new(3).map(
        |n: u64| {
            let _guard = lock.lock();
            total.set(total.get() + n);
            queue.put(n).unwrap();
        },
        0..100,
    );
    assert_eq!((total.get(), queue.len()), (4950, 100));
}

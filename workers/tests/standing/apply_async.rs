//! A pool's calls that are not waited for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use parcell::{AsyncResult, Future, Pool, Queue, TaskError};

use crate::support::{await_end, trials};

trials![
    results_are_there_when_they_are_asked_for,
    what_is_not_ready_says_so,
    failures_are_told_and_cost_their_call,
    clones_share_the_workers,
    forked_and_standing_calls_go_side_by_side,
    a_pool_with_an_initializer_refuses,
];

fn results_are_there_when_they_are_asked_for() {
    let pool = Pool::new(2);
    let results: Vec<_> = (0..20u32).map(|n| pool.apply_async(|n: u32| n * 2, n)).collect();
    for (result, n) in results.iter().zip(0..20).rev() {
        assert_eq!((result.get(), result.clone().get()), (Ok(n * 2), Ok(n * 2)));
        assert!(result.ready() && result.successful());
    }
}

fn what_is_not_ready_says_so() {
    let pool = Pool::new(1);
    let queue = Queue::new();
    let result = pool.apply_async(|queue: Queue<u8>| queue.get().unwrap(), queue.clone());
    assert!(!result.ready() && !result.successful());
    assert_eq!(result.get_timeout(Duration::from_millis(5)), None);
    assert!(!result.wait_timeout(Duration::from_millis(5)));
    queue.put(3).unwrap();
    result.wait();
    assert_eq!(result.get_timeout(Duration::ZERO), Some(Ok(3)));
}

fn failures_are_told_and_cost_their_call() {
    let pool = Pool::new(1);
    let fails = pool.apply_async(|n: u32| if n == 0 { panic!("zero") } else { n }, 0);
    let dies = pool.apply_async(|_: u32| -> u32 { std::process::exit(9) }, 0);
    let runs = pool.apply_async(|n: u32| n, 5);
    assert!(matches!(fails.get(), Err(TaskError::Panicked { message, .. }) if message == "zero"));
    assert!(dies.get().unwrap_err().to_string().contains("exit code 9"));
    assert!(fails.ready() && !fails.successful() && !dies.successful());
    assert_eq!(runs.get(), Ok(5));
}

fn clones_share_the_workers() {
    let pool = Pool::new(1);
    let other = pool.clone();
    let pid = |()| std::process::id();
    let pids = [&pool, &other, &pool].map(|pool| pool.apply_async(pid, ()).get().unwrap());
    assert!(pids.iter().all(|pid| *pid == pids[0]));
    drop((pool, other));
    await_end(pids[0]);
}

fn forked_and_standing_calls_go_side_by_side() {
    let pool = Pool::new(2);
    let results: Vec<AsyncResult<u64>> = (0..10).map(|n| pool.apply_async(|n: u64| n + 1, n)).collect();
    let offset = 100;
    assert_eq!(pool.map(|n: u64| n + offset, 0..3), [100, 101, 102]);
    let futures: Vec<Future<u64>> = results.into_iter().map(Future::from).collect();
    assert_eq!(
        parcell::as_completed(&futures)
            .map(|future| future.result().unwrap())
            .sum::<u64>(),
        55
    );
}

fn a_pool_with_an_initializer_refuses() {
    let pool = Pool::builder().workers(1).initializer(|| ()).build();
    let payload = catch_unwind(AssertUnwindSafe(|| pool.apply_async(|n: u32| n, 1))).unwrap_err();
    let message = payload.downcast_ref::<String>().cloned();
    let message = message
        .or_else(|| payload.downcast_ref::<&str>().map(ToString::to_string))
        .unwrap();
    assert!(message.contains("standing workers cannot run it"), "{message}");
}

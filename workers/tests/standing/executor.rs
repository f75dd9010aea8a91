//! The executor: order, limits, cancelling, shutting down.

use std::time::{Duration, Instant};

use parcell::{
    Future, Process, ProcessPoolExecutor, Queue, TaskError, WaitFor, WorkerKind, WorkerState, as_completed, workers,
};

use crate::support::{await_end, trials};

trials![
    results_can_be_asked_for_in_any_order_and_again,
    a_result_can_be_taken_with_the_future_and_others_keep_theirs,
    many_calls_are_all_done,
    as_completed_gives_the_first_that_is_done_first,
    waiting_tells_done_from_pending,
    a_limit_passes_and_the_call_goes_on,
    what_waits_can_be_cancelled_and_what_runs_on_request,
    map_keeps_the_order_and_hands_over_a_bounded_number,
    shutting_down_waits_and_ends_the_workers,
    shutting_down_can_cancel_what_waits,
    dropping_waits_for_what_was_handed_over,
    killing_ends_all_at_once,
    workers_are_started_when_there_is_work,
    a_worker_is_replaced_after_its_calls,
    the_initializer_runs_first,
    a_failing_initializer_fails_the_calls,
    threads_share_an_executor,
    a_forked_worker_is_told_to_make_its_own,
    an_argument_that_cannot_be_encoded_is_the_futures_error,
    workers_tell_whether_they_are_on_a_call,
];

fn workers_tell_whether_they_are_on_a_call() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let queue = Queue::new();
    let future = executor.submit(await_word, queue.clone());
    let pid = executor.worker_pids()[0];
    let worker = || workers().into_iter().find(|worker| worker.pid == pid).unwrap();
    while worker().state != (WorkerState::Waiting { item: None }) {
        std::thread::yield_now();
    }
    assert_eq!((worker().kind, worker().tasks), (WorkerKind::Standing, Some(0)));
    queue.put(7).unwrap();
    assert_eq!(future.result(), Ok(7));
    assert_eq!((worker().state, worker().tasks), (WorkerState::Idle, Some(1)));
}

/// Waits for a word in the queue.
fn await_word(queue: Queue<u32>) -> u32 {
    queue.get().unwrap()
}

fn a_result_can_be_taken_with_the_future_and_others_keep_theirs() {
    let executor = ProcessPoolExecutor::with_workers(2);
    for length in [3usize, 100_000] {
        let expected: Vec<f32> = vec![0.5; length];
        let make = |length: usize| vec![0.5f32; length];
        assert_eq!(executor.submit(make, length).into_result().unwrap(), expected);
        let future = executor.submit(make, length);
        let clone = future.clone();
        assert_eq!(clone.into_result().unwrap(), expected);
        assert_eq!(future.result().unwrap(), expected);
        assert_eq!(future.result().unwrap(), expected);
        assert_eq!(future.into_result().unwrap(), expected);
    }
    let failed = executor.submit(|n: u32| 1 / n, 0).into_result();
    assert!(matches!(failed, Err(TaskError::Panicked { .. })), "{failed:?}");
    executor.shutdown();
    let refused = executor.submit(|n: u32| n, 0).into_result();
    assert!(matches!(refused, Err(TaskError::System { .. })), "{refused:?}");
}

fn results_can_be_asked_for_in_any_order_and_again() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let futures: Vec<_> = (0..20u32).map(|n| executor.submit(|n: u32| n * n, n)).collect();
    for (future, n) in futures.iter().zip(0..20).rev() {
        assert_eq!(future.result(), Ok(n * n));
        assert_eq!(future.clone().result(), Ok(n * n));
        assert!(future.done() && !future.running() && !future.cancelled() && future.pid().is_some());
    }
}

fn many_calls_are_all_done() {
    let executor = ProcessPoolExecutor::with_workers(3);
    let futures: Vec<_> = (0..5000u64).map(|n| executor.submit(|n: u64| n + 7, n)).collect();
    let sum: u64 = futures.iter().map(|future| future.result().unwrap()).sum();
    assert_eq!(sum, (7..5007).sum::<u64>());
}

fn as_completed_gives_the_first_that_is_done_first() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let queue = Queue::new();
    let slow = executor.submit(await_word, queue.clone());
    let fast: Vec<_> = (0..5u32).map(|n| executor.submit(|n: u32| n, n)).collect();
    let all = || std::iter::once(&slow).chain(&fast);
    let mut completed = as_completed(all());
    let first: Vec<_> = completed
        .by_ref()
        .take(5)
        .map(|future| future.result().unwrap())
        .collect();
    // One worker took them, one after the other.
    assert_eq!(first, [0, 1, 2, 3, 4]);
    assert!(completed.next_timeout(Duration::from_millis(5)).is_none());
    assert_eq!(completed.len(), 1);
    queue.put(99).unwrap();
    assert_eq!(completed.next().map(Future::result), Some(Ok(99)));
    assert!(completed.next().is_none());
    assert_eq!(as_completed(all()).last().map(Future::result), Some(Ok(99)));
}

fn waiting_tells_done_from_pending() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let queue = Queue::new();
    let futures = [
        executor.submit(await_word, queue.clone()),
        executor.submit(|_: Queue<u32>| 1, queue.clone()),
    ];
    let (done, pending) = parcell::wait(&futures, WaitFor::FirstCompleted);
    assert_eq!((done.len(), pending.len()), (1, 1));
    let soon = Duration::from_millis(10);
    let (done, pending) = parcell::wait_timeout(&futures, WaitFor::AllCompleted, soon);
    assert_eq!((done.len(), pending.len()), (1, 1));
    queue.put(5).unwrap();
    let (done, pending) = parcell::wait(&futures, WaitFor::AllCompleted);
    assert_eq!((done.len(), pending.len()), (2, 0));

    let failing = [
        executor.submit(await_word, queue.clone()),
        executor.submit(|_: Queue<u32>| panic!("no"), queue.clone()),
    ];
    let (done, _) = parcell::wait(&failing, WaitFor::FirstFailed);
    assert!(done[0].result().is_err());
    queue.put(6).unwrap();
    let (done, pending) = parcell::wait::<u32>(&[], WaitFor::FirstCompleted);
    assert!(done.is_empty() && pending.is_empty());
}

fn a_limit_passes_and_the_call_goes_on() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let queue = Queue::new();
    let future = executor.submit(await_word, queue.clone());
    let start = Instant::now();
    assert_eq!(future.result_timeout(Duration::from_millis(30)), None);
    assert!(start.elapsed() >= Duration::from_millis(30));
    assert!(!future.wait_timeout(Duration::from_millis(1)));
    queue.put(3).unwrap();
    assert_eq!(future.result_timeout(Duration::from_secs(50)), Some(Ok(3)));
}

fn what_waits_can_be_cancelled_and_what_runs_on_request() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let queue = Queue::new();
    let runs = executor.submit(await_word, queue.clone());
    let waits = executor.submit(await_word, queue.clone());
    let last = executor.submit(|_: Queue<u32>| 77, queue.clone());
    while !runs.running() {
        std::thread::yield_now();
    }
    assert!(!waits.running() && !waits.done());
    assert!(waits.cancel() && waits.cancel() && waits.cancelled());
    assert!(matches!(waits.result(), Err(TaskError::Cancelled { pid: None, .. })));
    assert!(!runs.cancel());
    let worker = executor.worker_pids()[0];
    assert!(runs.kill());
    assert_eq!(
        runs.result(),
        Err(TaskError::Cancelled {
            pid: Some(worker),
            item: None
        })
    );
    // Another worker goes on.
    assert_eq!(last.result(), Ok(77));
    assert!(!last.cancel() && !last.kill());
    await_end(worker);
}

fn map_keeps_the_order_and_hands_over_a_bounded_number() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let mut pulled = 0;
    let endless = std::iter::from_fn(|| {
        pulled += 1;
        Some(pulled)
    });
    let results: Vec<u64> = executor
        .map(|n: u64| n * 10, endless)
        .take(50)
        .map(Result::unwrap)
        .collect();
    assert_eq!(results, (1..=50).map(|n| n * 10).collect::<Vec<_>>());
    assert!(pulled < 80, "{pulled}");
    let errors: Vec<_> = executor
        .map(|n: u32| if n == 2 { panic!("not two") } else { n }, 0..4)
        .filter_map(Result::err)
        .collect();
    assert_eq!(errors.iter().map(TaskError::item).collect::<Vec<_>>(), [Some(2)]);
}

fn shutting_down_waits_and_ends_the_workers() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let futures: Vec<_> = (0..50u32).map(|n| executor.submit(|n: u32| n, n)).collect();
    let workers = executor.worker_pids();
    assert!(!workers.is_empty());
    executor.shutdown();
    assert!(futures.iter().all(Future::done));
    assert_eq!(futures[49].result(), Ok(49));
    workers.into_iter().for_each(await_end);
    let late = executor.submit(|n: u32| n, 1);
    assert!(late.result().unwrap_err().to_string().contains("shut down"));
    executor.shutdown();
}

fn shutting_down_can_cancel_what_waits() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let queue = Queue::new();
    let runs = executor.submit(await_word, queue.clone());
    while !runs.running() {
        std::thread::yield_now();
    }
    let waits = executor.submit(await_word, queue.clone());
    std::thread::scope(|scope| {
        scope.spawn(|| executor.shutdown_cancel());
        while !waits.cancelled() {
            std::thread::yield_now();
        }
        queue.put(1).unwrap();
    });
    assert_eq!(runs.result(), Ok(1));
}

fn dropping_waits_for_what_was_handed_over() {
    let queue = Queue::new();
    let executor = ProcessPoolExecutor::with_workers(2);
    for n in 0..20u32 {
        executor.submit(
            |(queue, n): (Queue<u32>, u32)| queue.put(n).unwrap(),
            (queue.clone(), n),
        );
    }
    drop(executor);
    assert_eq!(queue.len(), 20);
}

fn killing_ends_all_at_once() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let queue = Queue::new();
    let futures: Vec<_> = (0..5).map(|_| executor.submit(await_word, queue.clone())).collect();
    let workers = executor.worker_pids();
    let start = Instant::now();
    executor.kill();
    assert!(start.elapsed() < Duration::from_millis(250), "{:?}", start.elapsed());
    assert!(futures.iter().all(Future::cancelled));
    workers.into_iter().for_each(await_end);
}

fn workers_are_started_when_there_is_work() {
    let executor = ProcessPoolExecutor::with_workers(3);
    assert!(executor.worker_pids().is_empty());
    let queue = Queue::new();
    let futures: Vec<_> = (1..=5usize)
        .map(|count| {
            let future = executor.submit(await_word, queue.clone());
            assert_eq!(executor.worker_pids().len(), count.min(3));
            future
        })
        .collect();
    (0..5).for_each(|n| queue.put(n).unwrap());
    futures.iter().for_each(Future::wait);
}

fn a_worker_is_replaced_after_its_calls() {
    let executor = ProcessPoolExecutor::builder()
        .workers(1)
        .max_tasks_per_worker(3)
        .build();
    let pids: Vec<_> = (0..9).map(|_| executor.submit(|()| std::process::id(), ())).collect();
    let pids: Vec<_> = pids.iter().map(|future| future.result().unwrap()).collect();
    assert!(
        pids.chunks(3).all(|chunk| chunk.iter().all(|pid| *pid == chunk[0])),
        "{pids:?}"
    );
    assert!(pids[0] != pids[3] && pids[3] != pids[6], "{pids:?}");
}

static READY: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);

fn the_initializer_runs_first() {
    use std::sync::atomic::Ordering;
    let executor = ProcessPoolExecutor::builder()
        .workers(2)
        .initializer(|| READY.store(42, Ordering::Relaxed))
        .build();
    let ready: Vec<_> = executor
        .map(|()| READY.load(Ordering::Relaxed), [(); 6])
        .map(Result::unwrap)
        .collect();
    assert_eq!(ready, [42; 6]);
    assert_eq!(READY.load(Ordering::Relaxed), 0);
}

fn a_failing_initializer_fails_the_calls() {
    let executor = ProcessPoolExecutor::builder()
        .workers(1)
        .initializer(|| panic!("not today"))
        .build();
    let error = executor.submit(|n: u32| n, 1).result().unwrap_err();
    assert!(matches!(error, TaskError::NotInitialized { .. }), "{error}");
    assert!(
        error
            .to_string()
            .contains("was not run: the pool's initializer panicked at "),
        "{error}"
    );
    assert!(error.to_string().ends_with(": not today"), "{error}");
    let executor = ProcessPoolExecutor::builder()
        .workers(2)
        .initializer(|| std::process::exit(3))
        .build();
    let error = executor.submit(|n: u32| n, 1).result().unwrap_err();
    assert!(matches!(error, TaskError::NotInitialized { .. }), "{error}");
    let cause = "the pool's initializer ended its process with exit code 3";
    assert!(error.to_string().contains(cause), "{error}");
}

fn threads_share_an_executor() {
    let executor = ProcessPoolExecutor::with_workers(2);
    std::thread::scope(|scope| {
        for thread in 0..6u64 {
            let executor = executor.clone();
            scope.spawn(move || {
                for n in 0..100 {
                    assert_eq!(
                        executor.submit(|n: u64| n * 3, n + thread).result(),
                        Ok((n + thread) * 3)
                    );
                }
            });
        }
    });
}

fn a_forked_worker_is_told_to_make_its_own() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let future = executor.submit(|n: u32| n, 1);
    let known = executor.submit(|n: u32| n, 2);
    known.wait();
    let child = Process::spawn(|| {
        let own = ProcessPoolExecutor::with_workers(1);
        (
            executor.submit(|n: u32| n, 3).result().unwrap_err().to_string(),
            own.submit(|n: u32| n, 4).result(),
            known.result(),
        )
    });
    let (refused, own, known) = child.join().unwrap();
    assert!(
        refused.contains("can be used only by the process that made it"),
        "{refused}"
    );
    assert_eq!((own, known), (Ok(4), Ok(2)));
    assert_eq!(future.result(), Ok(1));
}

#[derive(Debug)]
struct Unwritable;

impl serde::Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not to be written"))
    }
}

impl<'de> serde::Deserialize<'de> for Unwritable {
    fn deserialize<D: serde::Deserializer<'de>>(_: D) -> Result<Self, D::Error> {
        Ok(Self)
    }
}

fn an_argument_that_cannot_be_encoded_is_the_futures_error() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let error = executor.submit(|_: Unwritable| 1, Unwritable).result().unwrap_err();
    assert!(
        matches!(error, TaskError::Codec { .. }) && error.to_string().contains("not to be written"),
        "{error}"
    );
    assert_eq!(executor.submit(|n: u32| n, 1).result(), Ok(1));
}

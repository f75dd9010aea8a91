//! Futures as Python's own tests want them: states, waiting, cancelling, and the order in which they are done.

use std::time::{Duration, Instant};

use parcell::{Event, Future, ProcessPoolExecutor, Queue, TaskError, WaitFor, as_completed};

use crate::support::trials;

trials![
    a_future_is_in_one_state_at_a_time,
    who_waits_is_told_of_the_cancelling,
    threads_may_wait_for_the_same_future,
    a_future_may_be_given_twice,
    what_was_done_before_is_not_waited_for,
    waiting_for_the_first_failure_passes_over_results,
    a_limit_of_nothing_gives_what_is_done,
    nothing_to_wait_for_is_done,
    a_dropped_future_is_still_a_call,
    a_result_that_panics_while_it_is_read_costs_nobody_else,
    an_argument_that_panics_while_it_is_written_costs_nobody_else,
];

const SOON: Duration = Duration::from_millis(5);
/// Longer than any test takes.
const LATE: Duration = Duration::from_secs(50);

/// Waits for the event.
fn await_event(event: Event) -> u32 {
    event.wait();
    7
}

/// A future that is running, until the event is set.
fn running(executor: &ProcessPoolExecutor, event: &Event) -> Future<u32> {
    let future = executor.submit(await_event, event.clone());
    while !future.running() {
        std::thread::yield_now();
    }
    future
}

fn a_future_is_in_one_state_at_a_time() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let event = Event::new();
    let succeeded = executor.submit(|n: u32| n, 42);
    let failed = executor.submit(|_: u32| -> u32 { panic!("no") }, 1);
    parcell::wait(&[succeeded.clone(), failed.clone()], WaitFor::AllCompleted);
    let runs = running(&executor, &event);
    let pending = executor.submit(|n: u32| n, 1);
    let cancelled = executor.submit(|n: u32| n, 2);
    assert!(cancelled.cancel());
    for _ in 0..2 {
        let states = [
            (&pending, "pending", (false, false, false)),
            (&runs, "running", (false, true, false)),
            (&cancelled, "cancelled", (true, false, true)),
            (&failed, "done", (true, false, false)),
            (&succeeded, "done", (true, false, false)),
        ];
        for (future, name, expected) in states {
            assert_eq!(
                (future.done(), future.running(), future.cancelled()),
                expected,
                "{name}"
            );
            assert!(format!("{future:?}").contains(name), "{future:?}");
            assert_eq!(future.wait_timeout(Duration::ZERO), expected.0, "{name}");
        }
        assert!(!runs.cancel() && !failed.cancel() && !succeeded.cancel() && cancelled.cancel());
    }
    assert_eq!(
        (pending.result_timeout(Duration::ZERO), runs.result_timeout(SOON)),
        (None, None)
    );
    let error = cancelled.result_timeout(Duration::ZERO).unwrap();
    assert_eq!(error, Err(TaskError::Cancelled { pid: None, item: None }));
    let error = failed.result_timeout(Duration::ZERO).unwrap().unwrap_err();
    assert!(matches!(&error, TaskError::Panicked { message, .. } if message == "no"));
    assert_eq!(succeeded.result_timeout(Duration::ZERO), Some(Ok(42)));
    event.set();
    assert_eq!((runs.result(), pending.result()), (Ok(7), Ok(1)));
}

fn who_waits_is_told_of_the_cancelling() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let event = Event::new();
    let runs = running(&executor, &event);
    let waits = executor.submit(await_event, event.clone());
    std::thread::scope(|scope| {
        let waiting = [scope.spawn(|| waits.result()), scope.spawn(|| runs.result())];
        assert!(waits.cancel() && runs.kill());
        for thread in waiting {
            let error = thread.join().unwrap().unwrap_err();
            assert!(matches!(error, TaskError::Cancelled { .. }), "{error}");
        }
    });
}

fn threads_may_wait_for_the_same_future() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let event = Event::new();
    let futures = [running(&executor, &event), running(&executor, &event)];
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..6)
            .map(|n| {
                scope.spawn({
                    let futures = &futures;
                    move || futures[n % 2].result()
                })
            })
            .collect();
        event.set();
        for thread in waiting {
            assert_eq!(thread.join().unwrap(), Ok(7));
        }
    });
}

fn a_future_may_be_given_twice() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let future = executor.submit(|n: u32| n, 3);
    let twice = [future.clone(), future];
    let (done, pending) = parcell::wait(&twice, WaitFor::AllCompleted);
    assert_eq!((done.len(), pending.len()), (2, 0));
    // It comes as often as it was given; from Python's `as_completed` it comes once.
    assert_eq!(
        as_completed(&twice)
            .map(|future| future.result().unwrap())
            .collect::<Vec<_>>(),
        [3, 3]
    );
}

fn what_was_done_before_is_not_waited_for() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let event = Event::new();
    let succeeded = executor.submit(|n: u32| n, 42);
    let failed = executor.submit(|_: u32| -> u32 { panic!("no") }, 1);
    failed.wait();
    let runs = running(&executor, &event);
    let cancelled = executor.submit(await_event, event.clone());
    assert!(cancelled.cancel());
    let all = [runs, cancelled, succeeded, failed];
    for wait_for in [WaitFor::FirstCompleted, WaitFor::FirstFailed] {
        let (done, pending) = parcell::wait(&all, wait_for);
        assert_eq!((done.len(), pending.len()), (3, 1));
        assert!(pending[0].running());
    }
    // A cancelled call has no result either; Python does not count it as a failure.
    let (done, _) = parcell::wait(&all[..2], WaitFor::FirstFailed);
    assert!(done.len() == 1 && done[0].cancelled());
    let mut completed = as_completed(&all);
    assert_eq!(completed.by_ref().take(3).filter(|future| future.done()).count(), 3);
    assert!(completed.next_timeout(Duration::ZERO).is_none());
    event.set();
    assert_eq!(completed.next().map(Future::result), Some(Ok(7)));
}

fn waiting_for_the_first_failure_passes_over_results() {
    let executor = ProcessPoolExecutor::with_workers(3);
    let (go, late) = (Event::new(), Event::new());
    let futures = [
        executor.submit(|_: Event| 1, go.clone()),
        executor.submit(
            |event: Event| -> u32 {
                event.wait();
                panic!("this one fails")
            },
            go.clone(),
        ),
        executor.submit(await_event, late.clone()),
    ];
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(futures[0].result(), Ok(1));
            go.set();
        });
        let (done, pending) = parcell::wait(&futures, WaitFor::FirstFailed);
        assert_eq!((done.len(), pending.len()), (2, 1));
        assert!(done[0].result().is_ok() && done[1].result().is_err());
    });
    late.set();
    let (done, pending) = parcell::wait_timeout(&futures[2..], WaitFor::FirstFailed, LATE);
    assert_eq!((done.len(), pending.len()), (1, 0));
}

fn a_limit_of_nothing_gives_what_is_done() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let event = Event::new();
    let done = executor.submit(|n: u32| n, 1);
    done.wait();
    let all = [running(&executor, &event), done];
    let start = Instant::now();
    for limit in [Duration::ZERO, SOON] {
        let (done, pending) = parcell::wait_timeout(&all, WaitFor::AllCompleted, limit);
        assert_eq!((done.len(), pending.len()), (1, 1));
        let mut completed = as_completed(&all);
        assert_eq!(completed.next_timeout(limit).map(Future::result), Some(Ok(1)));
        assert!(completed.next_timeout(limit).is_none());
        assert_eq!(completed.len(), 1);
    }
    assert!(start.elapsed() >= SOON * 2);
    event.set();
}

fn nothing_to_wait_for_is_done() {
    let none: [Future<u32>; 0] = [];
    for wait_for in [WaitFor::FirstCompleted, WaitFor::FirstFailed, WaitFor::AllCompleted] {
        let (done, pending) = parcell::wait(&none, wait_for);
        assert!(done.is_empty() && pending.is_empty());
    }
    assert!(as_completed(&none).next().is_none());
}

fn a_dropped_future_is_still_a_call() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let queue = Queue::new();
    drop(executor.submit(|queue: Queue<u32>| queue.put(1).unwrap(), queue.clone()));
    assert_eq!(queue.get_timeout(LATE), Ok(1));
}

/// Panics where it is asked to.
#[derive(Debug, Clone, Copy)]
struct Touchy {
    written: bool,
    read: bool,
}

impl serde::Serialize for Touchy {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        assert!(!self.written, "touched while it was written");
        self.read.serialize(serializer)
    }
}

impl<'de> serde::Deserialize<'de> for Touchy {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = bool::deserialize(deserializer)?;
        assert!(!read, "touched while it was read");
        Ok(Self { written: false, read })
    }
}

/// What a call panics with.
fn panic_of<R>(call: impl FnOnce() -> R) -> &'static str {
    let Err(payload) = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call)) else {
        panic!("it did not panic")
    };
    payload.downcast_ref::<&'static str>().copied().unwrap()
}

fn a_result_that_panics_while_it_is_read_costs_nobody_else() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let future = executor.submit(|read: bool| Touchy { written: false, read }, true);
    for _ in 0..2 {
        assert_eq!(panic_of(|| future.result()), "touched while it was read");
        assert!(future.done());
    }
    assert!(
        executor
            .submit(|read: bool| Touchy { written: false, read }, false)
            .result()
            .is_ok()
    );
}

fn an_argument_that_panics_while_it_is_written_costs_nobody_else() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let touchy = |written, read| Touchy { written, read };
    let submit = |argument| executor.submit(|_: Touchy| 1, argument);
    assert_eq!(panic_of(|| submit(touchy(true, false))), "touched while it was written");
    // Where the worker reads it, it is the call's panic.
    let error = submit(touchy(false, true)).result().unwrap_err();
    assert!(error.to_string().ends_with("touched while it was read"), "{error}");
    assert!(matches!(error, TaskError::Panicked { .. }));
    // And where the worker writes it.
    let error = executor
        .submit(|written: bool| Touchy { written, read: false }, true)
        .result()
        .unwrap_err();
    assert!(matches!(error, TaskError::Panicked { .. }), "{error}");
    assert_eq!(submit(touchy(false, false)).result(), Ok(1));
}

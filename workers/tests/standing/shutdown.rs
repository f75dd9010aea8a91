//! Executors as Python's own tests want them: shutting down at every moment, workers that come and go, maps.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;
use std::time::Duration;

use parcell::{Event, Future, ProcessPoolExecutor, Queue, TaskError};

use crate::support::{await_end, program, trials};

trials![
    shutting_down_lets_many_calls_be_done,
    a_call_that_was_cancelled_just_now_does_not_keep_it_open,
    a_worker_that_crashes_during_the_shutdown_does_not_keep_it_open,
    workers_with_few_calls_are_replaced_until_all_is_done,
    calls_go_on_while_this_process_waits_for_something_else,
    cancelling_the_rest_leaves_each_call_with_an_outcome,
    killing_lets_nothing_more_be_done,
    killing_an_executor_without_workers_does_nothing,
    an_idle_worker_is_used_before_another_is_started,
    an_idle_worker_that_is_killed_is_replaced,
    large_arguments_of_crashing_calls_come_to_no_harm,
    results_before_and_after_a_failure_come,
    a_map_has_begun_before_it_is_asked,
    a_map_that_is_dropped_cancels_what_no_worker_has_begun,
    a_map_of_an_executor_that_was_shut_down_has_an_error_for_each_item,
    a_worker_may_have_an_executor,
    the_limits_of_an_executor_are_refused_in_words,
    a_program_that_exits_takes_its_workers_along,
    handles_that_workers_have_made_are_there_when_they_are_not,
];

/// Waits for the event.
fn await_event(event: Event) -> u32 {
    event.wait();
    7
}

/// Waits until a worker is on it.
fn await_beginning(future: &Future<u32>) {
    while !future.running() {
        std::thread::yield_now();
    }
}

fn shutting_down_lets_many_calls_be_done() {
    let executor = ProcessPoolExecutor::with_workers(3);
    let futures: Vec<_> = (0..200u32).map(|n| executor.submit(|n: u32| n + 1, n)).collect();
    let results = executor.map(|n: i32| n.abs(), -5..5);
    executor.shutdown();
    assert!(futures.iter().zip(1..).all(|(future, n)| future.result() == Ok(n)));
    let results: Result<Vec<_>, _> = results.collect();
    assert_eq!(results, Ok(vec![5, 4, 3, 2, 1, 0, 1, 2, 3, 4]));
}

fn a_call_that_was_cancelled_just_now_does_not_keep_it_open() {
    for _ in 0..20 {
        let executor = ProcessPoolExecutor::with_workers(1);
        executor.submit(|n: u32| n, 1).wait();
        executor.submit(|n: u32| n, 2).cancel();
        executor.shutdown();
        assert!(executor.worker_pids().is_empty());
    }
}

fn a_worker_that_crashes_during_the_shutdown_does_not_keep_it_open() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let event = Event::new();
    let crash = |event: Event| -> u32 {
        event.wait();
        std::process::abort()
    };
    let crashing: Vec<_> = (0..3).map(|_| executor.submit(crash, event.clone())).collect();
    let last = executor.submit(|_: Event| 5, event.clone());
    std::thread::scope(|scope| {
        let shutting_down = scope.spawn(|| executor.shutdown());
        await_beginning(&crashing[0]);
        event.set();
        shutting_down.join().unwrap();
    });
    for future in &crashing {
        assert!(matches!(future.result(), Err(TaskError::Crashed { .. })), "{future:?}");
    }
    assert_eq!(last.result(), Ok(5));
}

fn workers_with_few_calls_are_replaced_until_all_is_done() {
    for (workers, calls_each, calls) in [(1, 2, 6), (2, 2, 8), (3, 1, 6)] {
        let executor = ProcessPoolExecutor::builder()
            .workers(workers)
            .max_tasks_per_worker(calls_each)
            .build();
        let submit = || (0..calls).map(|n: u32| executor.submit(|n: u32| (n * 2, std::process::id()), n));
        let mut futures: Vec<_> = submit().collect();
        let failing = executor.submit(|_: u32| -> u32 { std::process::abort() }, 0);
        for (future, n) in futures.iter().zip(0..) {
            assert_eq!(future.result().unwrap().0, n * 2);
        }
        assert!(failing.result().is_err());
        // Now nobody asks before the executor ends.
        futures.extend(submit());
        executor.shutdown();
        let mut pids: Vec<_> = futures.iter().map(|future| future.result().unwrap().1).collect();
        pids.sort_unstable();
        assert!(
            pids.chunk_by(|a, b| a == b)
                .all(|calls| calls.len() as u64 <= calls_each),
            "{pids:?}"
        );
    }
}

fn calls_go_on_while_this_process_waits_for_something_else() {
    let executor = ProcessPoolExecutor::builder()
        .workers(1)
        .max_tasks_per_worker(2)
        .build();
    let (queue, done) = (Queue::new(), Event::new());
    let call = |(queue, done, n): (Queue<u32>, Event, u32)| match n {
        3 => std::process::abort(),
        6 => done.set(),
        _ => queue.put(n).unwrap(),
    };
    // Nobody asks for these results, and the workers that run them end again and again.
    let futures: Vec<_> = (0..7)
        .map(|n| executor.submit(call, (queue.clone(), done.clone(), n)))
        .collect();
    for n in [0, 1, 2, 4, 5] {
        assert_eq!(queue.get(), Ok(n));
    }
    done.wait();
    assert!(futures[3].result().is_err());
}

fn cancelling_the_rest_leaves_each_call_with_an_outcome() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let sleep = |n: u32| {
        std::thread::sleep(Duration::from_millis(20));
        n
    };
    let futures: Vec<_> = (0..50).map(|n| executor.submit(sleep, n)).collect();
    futures[0].wait();
    executor.shutdown_cancel();
    let cancelled = futures.iter().filter(|future| future.cancelled()).count();
    assert!(cancelled > 20, "{cancelled}");
    for (future, n) in futures.iter().zip(0..) {
        assert!(future.done());
        assert!(future.cancelled() || future.result() == Ok(n), "{future:?}");
    }
}

fn killing_lets_nothing_more_be_done() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let (queue, event) = (Queue::new(), Event::new());
    let run = |(queue, event): (Queue<String>, Event)| {
        queue.put("started".to_owned()).unwrap();
        event.wait();
        queue.put("finished".to_owned()).unwrap();
    };
    let future = executor.submit(run, (queue.clone(), event.clone()));
    assert_eq!(queue.get().as_deref(), Ok("started"));
    let worker = executor.worker_pids()[0];
    executor.kill();
    event.set();
    await_end(worker);
    assert!(queue.is_empty() && future.cancelled());
    assert!(executor.submit(|n: u32| n, 1).result().is_err());
    executor.kill();
}

fn killing_an_executor_without_workers_does_nothing() {
    let executor = ProcessPoolExecutor::with_workers(1);
    executor.kill();
    executor.shutdown();
    let executor = ProcessPoolExecutor::with_workers(1);
    assert!(
        executor
            .submit(|_: u32| -> u32 { std::process::exit(1) }, 0)
            .result()
            .is_err()
    );
    executor.kill();
    assert!(executor.worker_pids().is_empty());
}

fn an_idle_worker_is_used_before_another_is_started() {
    let executor = ProcessPoolExecutor::with_workers(4);
    let pids: Vec<_> = (0..5)
        .map(|_| executor.submit(|()| std::process::id(), ()).result().unwrap())
        .collect();
    assert!(pids.iter().all(|pid| *pid == pids[0]), "{pids:?}");
    assert_eq!(executor.worker_pids(), pids[..1]);
}

fn an_idle_worker_that_is_killed_is_replaced() {
    let executor = ProcessPoolExecutor::with_workers(1);
    for _ in 0..5 {
        let pid = executor.submit(|()| std::process::id(), ()).result().unwrap();
        let worker = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
        rustix::process::kill_process(worker, rustix::process::Signal::KILL).unwrap();
        await_end(pid);
    }
    assert_eq!(executor.submit(|n: u32| n, 1).result(), Ok(1));
}

fn large_arguments_of_crashing_calls_come_to_no_harm() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let crash = |bytes: Vec<u8>| -> usize {
        if bytes.len() < 4 << 20 {
            bytes.len()
        } else {
            std::process::abort()
        }
    };
    let sizes = [4 << 20, 5 << 20, 100, 6 << 20, 3 << 20];
    let results: Vec<_> = executor.map(crash, sizes.map(|size| vec![1u8; size])).collect();
    for ((result, size), item) in results.iter().zip(sizes).zip(0..) {
        match result {
            Ok(len) => assert!(*len == size && size < 4 << 20),
            Err(error) => assert!(size >= 4 << 20 && error.item() == Some(item), "{error}"),
        }
    }
}

fn results_before_and_after_a_failure_come() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let divide = |(a, b): (u32, u32)| (a / b, a % b);
    let mut results = executor.map(divide, [(1, 2), (1, 3), (1, 0), (7, 5)]);
    assert_eq!((results.next(), results.next()), (Some(Ok((0, 1))), Some(Ok((0, 1)))));
    let error = results.next().unwrap().unwrap_err();
    assert!(error.to_string().ends_with("attempt to divide by zero"), "{error}");
    assert_eq!(error.item(), Some(2));
    // Python's iterator is over here.
    assert_eq!((results.next(), results.next()), (Some(Ok((1, 2))), None));
    assert!(executor.map(divide, []).next().is_none());
}

fn a_map_has_begun_before_it_is_asked() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let queue = Queue::new();
    let put = |(queue, n): (Queue<u32>, u32)| queue.put(n).unwrap();
    let results = executor.map(put, (0..3).map(|n| (queue.clone(), n)));
    let mut begun: Vec<_> = (0..3).map(|_| queue.get().unwrap()).collect();
    begun.sort_unstable();
    assert_eq!(begun, [0, 1, 2]);
    assert_eq!(results.filter(Result::is_ok).count(), 3);
}

fn a_map_that_is_dropped_cancels_what_no_worker_has_begun() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let (queue, event) = (Queue::new(), Event::new());
    let put = |(queue, event, n): (Queue<u32>, Event, u32)| {
        queue.put(n).unwrap();
        event.wait();
    };
    let results = executor.map(put, (0..4).map(|n| (queue.clone(), event.clone(), n)));
    assert_eq!(queue.get(), Ok(0));
    drop(results);
    event.set();
    executor.shutdown();
    assert!(queue.is_empty());
}

fn a_map_of_an_executor_that_was_shut_down_has_an_error_for_each_item() {
    let executor = ProcessPoolExecutor::with_workers(1);
    executor.shutdown();
    let errors: Vec<_> = executor.map(|n: u32| n, 0..3).filter_map(Result::err).collect();
    assert_eq!(
        errors.iter().map(TaskError::item).collect::<Vec<_>>(),
        [Some(0), Some(1), Some(2)]
    );
    assert!(errors.iter().all(|error| error.to_string().contains("shut down")));
}

fn a_worker_may_have_an_executor() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let nested = |n: u32| {
        let inner = ProcessPoolExecutor::with_workers(2);
        let future = inner.submit(|n: u32| (n * 2, std::process::id()), n);
        (future.result().ok(), std::process::id())
    };
    let (inner, pid) = executor.submit(nested, 21).result().unwrap();
    let (result, inner_pid) = inner.unwrap();
    assert!(result == 42 && inner_pid != pid);
    // It ended with the inner executor.
    await_end(inner_pid);
}

fn the_limits_of_an_executor_are_refused_in_words() {
    let refusal = |build: fn() -> ProcessPoolExecutor| {
        let payload = std::panic::catch_unwind(build).unwrap_err();
        payload.downcast_ref::<String>().unwrap().clone()
    };
    assert!(refusal(|| ProcessPoolExecutor::with_workers(0)).contains("an executor needs at least one worker"));
    let text = refusal(|| ProcessPoolExecutor::builder().max_tasks_per_worker(0).build());
    assert!(text.contains("a worker runs at least one call"), "{text}");
}

fn a_program_that_exits_takes_its_workers_along() {
    let mut program = program("exit").stdout(Stdio::piped()).spawn().unwrap();
    let line = BufReader::new(program.stdout.take().unwrap()).lines().next();
    assert_eq!(program.wait().unwrap().code(), Some(3));
    await_end(line.unwrap().unwrap().parse().unwrap());
}

/// What the program of the test above does.
pub(crate) fn exit_while_a_call_runs() {
    let executor = ProcessPoolExecutor::with_workers(1);
    let event = Event::new();
    let future = executor.submit(await_event, event.clone());
    await_beginning(&future);
    println!("{}", executor.worker_pids()[0]);
    std::io::stdout().flush().unwrap();
    // No destructor waits for the call.
    std::process::exit(3);
}

fn with_one(item: u64) -> Queue<u64> {
    let queue = Queue::new();
    queue.put(item).unwrap();
    queue
}

fn handles_that_workers_have_made_are_there_when_they_are_not() {
    let executor = ProcessPoolExecutor::builder()
        .workers(2)
        .max_tasks_per_worker(5)
        .build();
    let futures: Vec<_> = (0..20).map(|item| executor.submit(with_one, item)).collect();
    executor.shutdown();
    let items: Vec<_> = futures
        .iter()
        .map(|future| future.result().unwrap().get().unwrap())
        .collect();
    assert_eq!(items, (0..20).collect::<Vec<_>>());
}

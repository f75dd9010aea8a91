//! Every way in which a call can fail costs that call, and nothing is left behind.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use parcell::{ProcessPoolExecutor, Queue, TaskError};

use crate::fault::{Fault, Reply, happen};
use crate::support::{await_end, program, trials};

trials![
    a_failure_costs_its_call,
    a_failed_call_has_no_effect_on_those_that_wait,
    workers_killed_at_any_moment_cost_only_their_calls,
    an_allocation_beyond_the_limit_fails_the_call,
    workers_end_when_the_program_is_killed,
];

/// Those that need no limit.
fn faults() -> impl Iterator<Item = Fault> {
    let all = Fault::ALL.into_iter();
    all.filter(|fault| !matches!(fault, Fault::OutOfMemory | Fault::Endless))
}

fn a_failure_costs_its_call() {
    let executor = ProcessPoolExecutor::with_workers(1);
    for fault in faults() {
        let before = executor.submit(happen, None);
        let failing = executor.submit(happen, Some(fault));
        let after = executor.submit(happen, None);
        let error = failing.result().unwrap_err();
        assert!(error.to_string().contains(fault.text()), "{fault:?}: {error}");
        assert_eq!(failing.result(), Err(error.clone()));
        let Ok(Reply::Pid(pid)) = before.result() else {
            panic!("{before:?}")
        };
        assert!(matches!(after.result(), Ok(Reply::Pid(_))));
        if fault != Fault::Decode {
            assert_eq!(error.pid(), Some(pid), "{fault:?}");
        }
        if matches!(error, TaskError::Crashed { .. }) {
            await_end(pid);
        }
    }
}

fn a_failed_call_has_no_effect_on_those_that_wait() {
    let executor = ProcessPoolExecutor::with_workers(3);
    let all: Vec<Fault> = faults().collect();
    let fault = |n: usize| n.is_multiple_of(7).then(|| all[n / 7 % all.len()]);
    let futures: Vec<_> = (0..100).map(|n| executor.submit(happen, fault(n))).collect();
    for (n, future) in futures.iter().enumerate() {
        assert_eq!(future.result().is_err(), fault(n).is_some(), "{n}: {future:?}");
    }
}

fn workers_killed_at_any_moment_cost_only_their_calls() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let work = |n: u64| (0..20_000).fold(n, |a, b| std::hint::black_box(a ^ b));
    let futures: Vec<_> = (0..2000).map(|n| executor.submit(work, n)).collect();
    for _ in 0..20 {
        if let Some(pid) = executor.worker_pids().first() {
            let pid = rustix::process::Pid::from_raw(pid.cast_signed()).unwrap();
            // It may have ended since.
            let _ = rustix::process::kill_process(pid, rustix::process::Signal::KILL);
        }
        futures[0].wait_timeout(std::time::Duration::from_millis(1));
        std::thread::yield_now();
    }
    let mut failures = 0;
    for (n, future) in futures.iter().enumerate() {
        match future.result() {
            Ok(value) => assert_eq!(value, (0..20_000).fold(n as u64, |a, b| a ^ b)),
            Err(TaskError::Crashed { .. }) => failures += 1,
            Err(error) => panic!("{error}"),
        }
    }
    assert!(failures <= 20, "{failures}");
}

fn an_allocation_beyond_the_limit_fails_the_call() {
    let executor = ProcessPoolExecutor::builder().workers(1).memory_limit(64 << 20).build();
    let allocate = |megabytes: usize| {
        vec![1u8; megabytes << 20]
            .iter()
            .map(|byte| usize::from(*byte))
            .sum::<usize>()
    };
    assert_eq!(executor.submit(allocate, 16).result(), Ok(16 << 20));
    let error = executor.submit(allocate, 256).result().unwrap_err();
    assert!(
        matches!(error, TaskError::Crashed { probably_out_of_memory: true, peak_memory: Some(peak), .. } if peak > 1 << 20),
        "{error:?}"
    );
    assert_eq!(executor.submit(allocate, 16).result(), Ok(16 << 20));
}

fn workers_end_when_the_program_is_killed() {
    let mut program = program("orphans").stdout(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
    let workers: Vec<u32> = lines
        .by_ref()
        .take(2)
        .map(|line| line.unwrap().parse().unwrap())
        .collect();
    program.kill().unwrap();
    program.wait().unwrap();
    workers.into_iter().for_each(await_end);
}

/// What the program of the test above does.
pub(crate) fn print_workers_and_wait() {
    let executor = ProcessPoolExecutor::with_workers(2);
    let queue = Queue::<u32>::new();
    // Both are at work.
    let futures: Vec<_> = (0..2)
        .map(|_| executor.submit(|queue: Queue<u32>| queue.get().unwrap(), queue.clone()))
        .collect();
    while !futures.iter().all(parcell::Future::running) {
        std::thread::yield_now();
    }
    for pid in executor.worker_pids() {
        println!("{pid}");
    }
    std::io::stdout().flush().unwrap();
    futures[0].wait();
}

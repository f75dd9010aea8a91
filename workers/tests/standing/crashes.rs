//! Every way in which a call can fail costs that call, and nothing is left behind.

use std::io::{BufRead, BufReader, Write};
use std::process::Stdio;

use parcell::{ProcessPoolExecutor, Queue, TaskError};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::support::{await_end, program, trials};

trials![
    a_failure_costs_its_call,
    a_failed_call_has_no_effect_on_those_that_wait,
    workers_killed_at_any_moment_cost_only_their_calls,
    an_allocation_beyond_the_limit_fails_the_call,
    workers_end_when_the_program_is_killed,
];

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
enum Fault {
    None,
    Panic,
    Abort,
    Segfault,
    Kill,
    Exit(i32),
    StackOverflow,
    Encode,
    Decode,
}

impl Fault {
    const ALL: [(Self, &str); 9] = [
        (Self::Panic, "panicked at workers/tests/standing/crashes.rs:"),
        (Self::Abort, "was killed by SIGABRT (abort)"),
        (Self::Segfault, "was killed by SIGSEGV (segmentation fault)"),
        (Self::Kill, "was killed by SIGKILL (kill)"),
        (Self::Exit(0), "ended its process with exit code 0 before it returned"),
        (Self::Exit(3), "ended its process with exit code 3 before it returned"),
        (Self::StackOverflow, "was killed by SIGABRT (abort)"),
        (Self::Encode, "not to be written"),
        (Self::Decode, "not to be read"),
    ];
}

/// A result that can refuse to be written or read.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Reply {
    Pid(u32),
    NotEncodable,
    NotDecodable,
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Pid(pid) => pid.serialize(serializer),
            Self::NotEncodable => Err(serde::ser::Error::custom("not to be written")),
            Self::NotDecodable => u32::MAX.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Reply {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            u32::MAX => Err(serde::de::Error::custom("not to be read")),
            pid => Ok(Self::Pid(pid)),
        }
    }
}

fn happen(fault: Fault) -> Reply {
    let pid = std::process::id();
    match fault {
        Fault::None => return Reply::Pid(pid),
        Fault::Panic => panic!("boom"),
        Fault::Abort => std::process::abort(),
        Fault::Segfault => {
            // SAFETY: it is not safe, and must not be: the page at 0 is never mapped, so the process is killed.
            unsafe { std::ptr::without_provenance_mut::<u8>(8).write_volatile(1) }
        }
        Fault::Kill => rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap(),
        Fault::Exit(code) => std::process::exit(code),
        Fault::StackOverflow => drop(overflow(0)),
        Fault::Encode => return Reply::NotEncodable,
        Fault::Decode => return Reply::NotDecodable,
    }
    unreachable!("{fault:?} did not happen")
}

#[expect(unconditional_recursion, reason = "that is what a stack overflow needs")]
fn overflow(depth: u64) -> u64 {
    std::hint::black_box([depth; 64]);
    overflow(depth + 1) + std::hint::black_box(depth)
}

fn a_failure_costs_its_call() {
    let executor = ProcessPoolExecutor::with_workers(1);
    for (fault, text) in Fault::ALL {
        let before = executor.submit(happen, Fault::None);
        let failing = executor.submit(happen, fault);
        let after = executor.submit(happen, Fault::None);
        let error = failing.result().unwrap_err();
        assert!(error.to_string().contains(text), "{fault:?}: {error}");
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
    let fault = |n: usize| {
        if n.is_multiple_of(7) {
            Fault::ALL[n / 7 % Fault::ALL.len()].0
        } else {
            Fault::None
        }
    };
    let futures: Vec<_> = (0..100).map(|n| executor.submit(happen, fault(n))).collect();
    for (n, future) in futures.iter().enumerate() {
        assert_eq!(future.result().is_err(), fault(n) != Fault::None, "{n}: {future:?}");
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

//! The crash matrix: every way a worker can fail, in every kind of call. A failure costs its item, and no process.

use std::hint::black_box;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use parcell::{Array, Message, Pool, Process, TaskError};
use rstest::rstest;

use crate::fault::{Fault, MEMORY, Reply, happen};
use crate::support::{Survivors, assert_waited_for};

/// The limit that ends an endless item.
const TIME: Duration = Duration::from_millis(500);

const ITEMS: usize = 40;
const BAD: usize = 13;

/// A pool with the limit that the fault runs into. The others have none, so that a busy machine is not a fault.
fn pool_for(fault: Fault, workers: usize, chunk_size: Option<usize>) -> Pool {
    let mut builder = Pool::builder().workers(workers);
    match fault {
        Fault::OutOfMemory => builder = builder.memory_limit(MEMORY),
        Fault::Endless => builder = builder.timeout(TIME),
        _ => {}
    }
    chunk_size
        .map_or(builder.clone(), |size| builder.chunk_size(size))
        .build()
}

/// How it is told by a pool, and by a process.
impl Fault {
    fn exit_code(self) -> i32 {
        match self {
            Self::Panic | Self::Encode | Self::Decode | Self::Exit(0) => 0,
            Self::Exit(code) => code,
            Self::Abort | Self::DoublePanic | Self::StackOverflow | Self::OutOfMemory => -libc::SIGABRT,
            Self::Segfault => -libc::SIGSEGV,
            Self::Kill | Self::Endless => -libc::SIGKILL,
        }
    }

    /// What it may be told as instead. In a process with threads, as that of these tests is, one may have started or
    /// ended as a worker was forked: then what std knows of stacks stays locked in the worker, and a stack overflow is
    /// a segmentation fault like any other (std's `sys/pal/unix/stack_overflow/thread_info.rs`).
    fn alias(self) -> Option<Fault> {
        (self == Self::StackOverflow).then_some(Self::Segfault)
    }

    fn is_told_in(self, text: &str) -> bool {
        text.contains(self.text()) || self.alias().is_some_and(|fault| text.contains(fault.text()))
    }

    fn has_exit_code(self, code: i32) -> bool {
        code == self.exit_code() || self.alias().is_some_and(|fault| code == fault.exit_code())
    }

    #[track_caller]
    fn assert_caused(self, error: &TaskError, item: Option<usize>) {
        let text = error.to_string();
        assert_eq!(error.item(), item);
        assert!(self.is_told_in(&text), "{text}");
        assert!(!text.contains('\n'), "{text}");
        if self == Self::Panic {
            assert!(text.ends_with(": boom 2"), "{text}");
        }
        assert_waited_for(error.pid().unwrap());
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn map_results_loses_only_the_item(
    #[values(1, 2, 5)] workers: usize,
    #[values(None, Some(1), Some(7), Some(100))] chunk_size: Option<usize>,
) {
    for fault in Fault::ALL {
        let survivors = Survivors::watch();
        let f = |n| happen((n == BAD).then_some(fault));
        let results = pool_for(fault, workers, chunk_size).map_results(f, 0..ITEMS);
        for (item, result) in results.iter().enumerate() {
            match result {
                Ok(Reply::Pid(pid)) if item != BAD => assert_waited_for(*pid),
                Err(error) if item == BAD => fault.assert_caused(error, Some(BAD)),
                other => panic!("{fault:?}, item {item}: {other:?}"),
            }
        }
        survivors.assert_none();
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn map_panics_with_the_failure(#[values(1, 3)] workers: usize, #[values(None, Some(7))] chunk_size: Option<usize>) {
    for fault in Fault::ALL {
        let survivors = Survivors::watch();
        let f = |n| happen((n == BAD).then_some(fault));
        let call = || pool_for(fault, workers, chunk_size).map(f, 0..ITEMS);
        let payload = catch_unwind(AssertUnwindSafe(call)).unwrap_err();
        let message = payload.downcast_ref::<String>().unwrap();
        assert!(message.starts_with(&format!("item {BAD} (pid ")), "{message}");
        assert!(fault.is_told_in(message), "{message}");
        survivors.assert_none();
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn try_map_returns_the_failure(#[values(1, 3)] workers: usize, #[values(None, Some(7))] chunk_size: Option<usize>) {
    for fault in Fault::ALL {
        let survivors = Survivors::watch();
        let f = |n| Ok::<_, String>(happen((n == BAD).then_some(fault)));
        let error = pool_for(fault, workers, chunk_size).try_map(f, 0..ITEMS).unwrap_err();
        fault.assert_caused(&error, Some(BAD));
        survivors.assert_none();
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn imap_loses_only_the_item(
    #[values(1, 3)] workers: usize,
    #[values(None, Some(1), Some(7))] chunk_size: Option<usize>,
    #[values(true, false)] in_order: bool,
) {
    for fault in Fault::ALL {
        let survivors = Survivors::watch();
        let f = |n| happen((n == BAD).then_some(fault));
        let pool = pool_for(fault, workers, chunk_size);
        let results: Vec<_> = if in_order {
            pool.imap(f, 0..ITEMS).collect()
        } else {
            pool.imap_unordered(f, 0..ITEMS).collect()
        };
        assert_eq!(results.len(), ITEMS);
        assert_eq!(
            results.iter().filter(|result| result.is_ok()).count(),
            ITEMS - 1,
            "{fault:?}"
        );
        let bad = results.iter().position(Result::is_err).unwrap();
        assert!(!in_order || bad == BAD);
        fault.assert_caused(results[bad].as_ref().unwrap_err(), Some(BAD));
        survivors.assert_none();
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn nested_calls_lose_only_the_inner_item(#[values(1, 3)] workers: usize) {
    for fault in Fault::ALL {
        let survivors = Survivors::watch();
        // Which inner items failed, and how.
        let outer = |row: usize| {
            let inner = |n| happen((row == 2 && n == BAD).then_some(fault));
            let results = pool_for(fault, 2, None).map_results(inner, 0..ITEMS);
            let failed = results.into_iter().enumerate();
            failed
                .filter_map(|(n, result)| Some((n, result.err()?)))
                .collect::<Vec<_>>()
        };
        let rows = Pool::new(workers).map(outer, 0..4);
        for (row, failed) in rows.iter().enumerate() {
            if row == 2 {
                assert_eq!((failed.len(), failed[0].0), (1, BAD), "{fault:?}: {failed:?}");
                assert!(fault.is_told_in(&failed[0].1.to_string()), "{}", failed[0].1);
            } else {
                assert!(failed.is_empty(), "{fault:?}: {failed:?}");
            }
        }
        survivors.assert_none();
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_process_tells_how_it_ended() {
    // A process has no time limit: whoever waits for it has.
    for fault in Fault::ALL.into_iter().filter(|fault| *fault != Fault::Endless) {
        let survivors = Survivors::watch();
        let process = Process::builder().memory_limit(MEMORY).spawn(|| happen(Some(fault)));
        let error = process.join().unwrap_err();
        fault.assert_caused(&error, None);
        assert_eq!(error.pid(), Some(process.pid()));
        assert_eq!(process.join().unwrap_err(), error);
        assert!(process.exit_code().is_some_and(|code| fault.has_exit_code(code)));
        survivors.assert_none();
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn every_item_may_kill_its_worker() {
    let results = Pool::new(3).map_results(|_: usize| -> u32 { std::process::abort() }, 0..30);
    for (item, result) in results.iter().enumerate() {
        Fault::Abort.assert_caused(result.as_ref().unwrap_err(), Some(item));
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn results_that_a_dead_worker_had_not_sent_are_kept() {
    // One worker, one chunk: nothing is sent before the last item kills the worker.
    let f = |n: u64| if n == 999 { std::process::abort() } else { n };
    let results = Pool::builder()
        .workers(1)
        .chunk_size(1000)
        .build()
        .map_results(f, 0..1000);
    assert!(results[..999].iter().zip(0..).all(|(result, n)| *result == Ok(n)));
    Fault::Abort.assert_caused(results[999].as_ref().unwrap_err(), Some(999));
}

/// Results that are sent as they lie in memory, several behind each other, and others.
#[rstest]
#[case::numbers(|n: u32| n)]
#[case::arrays(|n: u32| [n as u8; 3])]
#[case::texts(|n: u32| n.to_string())]
#[timeout(Duration::from_secs(120))]
fn what_fails_between_results_costs_them_nothing<R>(#[case] f: fn(u32) -> R)
where
    R: Message + PartialEq + std::fmt::Debug,
{
    let runs = Array::<u32>::new(ITEMS_BETWEEN);
    let run = |n: u32| {
        runs.lock()[n as usize] += 1;
        match n % 1000 {
            333 => panic!("boom"),
            666 => std::process::abort(),
            _ => f(n),
        }
    };
    let results = Pool::new(2).map_results(run, 0..ITEMS_BETWEEN as u32);
    for (n, result) in (0..).zip(&results) {
        match (n % 1000, result) {
            (333, Err(error)) => assert!(matches!(error, TaskError::Panicked { .. }), "{error}"),
            (666, Err(error)) => assert!(matches!(error, TaskError::Crashed { .. }), "{error}"),
            (_, result) => assert_eq!(result.as_ref(), Ok(&f(n)), "item {n}"),
        }
    }
    assert!(runs.to_vec().iter().all(|runs| *runs == 1), "each item is run once");
}

const ITEMS_BETWEEN: usize = 20_000;

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_panic_does_not_cost_the_worker() {
    let f = |n: u32| {
        assert_ne!(n % 2, 0, "even");
        std::process::id()
    };
    let results = Pool::new(1).map_results(f, 0..10);
    let mut pids: Vec<_> = results.iter().flatten().collect();
    pids.dedup();
    assert_eq!(pids.len(), 1);
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 5);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn workers_killed_at_any_moment_lose_nothing_else() {
    // A process beside the pool kills its workers one after the other while it works.
    let results = std::thread::scope(|scope| {
        let (sender, receiver) = std::sync::mpsc::channel();
        let killer = scope.spawn(move || {
            let target: u32 = receiver.recv().unwrap();
            for _ in 0..20 {
                kill_a_child_of_thread(target);
                std::thread::yield_now();
            }
        });
        sender
            .send(rustix::thread::gettid().as_raw_nonzero().get().cast_unsigned())
            .unwrap();
        let results = Pool::new(2).map_results(|n: u64| (0..20_000).fold(n, |a, b| black_box(a ^ b)), 0..2000);
        killer.join().unwrap();
        results
    });
    for (item, result) in results.iter().enumerate() {
        match result {
            Ok(value) => assert_eq!(*value, (0..20_000).fold(item as u64, |a, b| a ^ b)),
            Err(error) => assert!(matches!(error, TaskError::Crashed { .. }), "{error}"),
        }
    }
    assert!(results.iter().filter(|result| result.is_err()).count() <= 20);
}

/// Kills one of the processes that this thread has forked; other tests' workers are left alone.
fn kill_a_child_of_thread(tid: u32) {
    let children = std::fs::read_to_string(format!("/proc/self/task/{tid}/children")).unwrap_or_default();
    if let Some(pid) = children.split_whitespace().next().and_then(|pid| pid.parse().ok()) {
        // It may have ended since.
        let _ = rustix::process::kill_process(
            rustix::process::Pid::from_raw(pid).unwrap(),
            rustix::process::Signal::KILL,
        );
    }
}

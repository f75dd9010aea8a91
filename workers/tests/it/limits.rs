//! What a pool's builder asks for: time and memory limits, retries, initializers, fresh workers, cores.

use std::collections::BTreeMap;
use std::io::{PipeReader, Read, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use parcell::{Pool, TaskError, cpu_count};
use rstest::rstest;

use crate::support::{Survivors, is_program, program};

fn spin() -> ! {
    loop {
        std::hint::spin_loop();
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn only_a_late_item_is_lost(#[values(1, 2)] workers: usize, #[values(None, Some(50))] chunk_size: Option<usize>) {
    let survivors = Survivors::watch();
    let limit = Duration::from_millis(700);
    let mut builder = Pool::builder().workers(workers).timeout(limit);
    if let Some(size) = chunk_size {
        builder = builder.chunk_size(size);
    }
    let results = builder
        .build()
        .map_results(|n: u32| if n == 7 { spin() } else { n }, 0..100);
    for (n, result) in (0..).zip(&results) {
        match result {
            Ok(value) => assert!(*value == n && n != 7),
            Err(TaskError::TimedOut { item, limit: told, .. }) => assert_eq!((*item, *told), (Some(7), limit)),
            Err(other) => panic!("item {n}: {other}"),
        }
    }
    let text = results[7].as_ref().unwrap_err().to_string();
    assert!(text.ends_with("took longer than the 700ms allowed"), "{text}");
    survivors.assert_none();
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn the_limit_is_for_an_item_and_not_for_all() {
    let pool = Pool::builder().workers(2).timeout(Duration::from_secs(5)).build();
    let started = Instant::now();
    let slept = pool.map(|_: u32| std::thread::sleep(Duration::from_millis(20)), 0..20);
    assert_eq!(slept.len(), 20);
    assert!(started.elapsed() < Duration::from_secs(5));
    let quick = Pool::builder().workers(2).timeout(Duration::from_secs(5)).build();
    assert_eq!(quick.map(|n: u32| n, 0..10_000).len(), 10_000);
}

/// Tells one attempt what to do: the next byte of the pipe.
fn order(mut orders: &PipeReader) -> u8 {
    let mut byte = [0];
    orders.read_exact(&mut byte).unwrap();
    byte[0]
}

#[rstest]
#[timeout(Duration::from_secs(60))]
#[case::panic_then_fine(b"p.", 3, Ok(()))]
#[case::every_kind(b"pafl.", 4, Ok(()))]
#[case::the_last_error_counts(b"ppa", 2, Err("was killed by SIGABRT (abort)"))]
#[case::none_asked_for(b"p", 0, Err("boom"))]
#[case::more_than_workers_may_fail_in_a_row(b"aaaaaaaaaaaaaaaaaaaa.", 20, Ok(()))]
fn an_item_is_tried_again(#[case] orders: &[u8], #[case] retries: usize, #[case] expected: Result<(), &str>) {
    let (reader, mut writer) = std::io::pipe().unwrap();
    writer.write_all(orders).unwrap();
    let pool = Pool::builder()
        .workers(2)
        .retries(retries)
        .timeout(Duration::from_secs(3));
    let attempt = |n: u32| {
        if n != 3 {
            return Ok(std::process::id());
        }
        match order(&reader) {
            b'p' => panic!("boom"),
            b'a' => std::process::abort(),
            b'f' => Err("failed"),
            b'l' => spin(),
            _ => Ok(std::process::id()),
        }
    };
    let result = pool.build().try_map(attempt, 0..6);
    match (&result, expected) {
        (Ok(pids), Ok(())) => assert_eq!(pids.len(), 6),
        (Err(error), Err(text)) => {
            assert_eq!(error.item(), Some(3));
            assert!(error.to_string().ends_with(text), "{error}");
        }
        _ => panic!("{result:?}"),
    }
    // As many attempts as there were orders.
    drop(writer);
    assert_eq!((&reader).read(&mut [0; 1]).unwrap(), 0);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_retry_has_a_fresh_worker() {
    let (reader, mut writer) = std::io::pipe().unwrap();
    let (mut seen, note) = std::io::pipe().unwrap();
    writer.write_all(b"pp.").unwrap();
    let attempt = |_: u32| {
        (&note).write_all(&std::process::id().to_le_bytes()).unwrap();
        assert_eq!(order(&reader), b'.');
    };
    Pool::builder().workers(1).retries(2).build().for_each(attempt, [0]);
    drop(note);
    let mut bytes = Vec::new();
    seen.read_to_end(&mut bytes).unwrap();
    let mut pids = bytes.as_chunks::<4>().0.to_vec();
    pids.dedup();
    assert_eq!(pids.len(), 3);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_worker_that_runs_out_of_memory_says_so() {
    let pool = Pool::builder().workers(2).memory_limit(100 << 20).build();
    let allocate = |mib: usize| std::hint::black_box(vec![1u8; mib << 20]).len();
    let results = pool.map_results(allocate, [50, 500, 50]);
    assert_eq!((&results[0], &results[2]), (&Ok(50 << 20), &Ok(50 << 20)));
    let error = results[1].as_ref().unwrap_err();
    let TaskError::Crashed {
        probably_out_of_memory,
        peak_memory,
        ..
    } = error
    else {
        panic!("{error:?}");
    };
    assert!(*probably_out_of_memory && peak_memory.is_some_and(|peak| peak > 1 << 20));
    let text = error.to_string();
    assert!(
        text.contains("was killed by SIGABRT (abort); memory had probably run out, when it used"),
        "{text}"
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn the_memory_of_a_crash_is_told_and_an_abort_is_not_lack_of_it() {
    let crash = |_: u32| -> u32 {
        std::hint::black_box(vec![1u8; 64 << 20]);
        std::process::abort()
    };
    let results = Pool::new(1).map_results(crash, [0]);
    match results[0].as_ref().unwrap_err() {
        TaskError::Crashed {
            probably_out_of_memory: false,
            peak_memory: Some(peak),
            ..
        } => assert!(*peak > 64 << 20, "{peak}"),
        other => panic!("{other:?}"),
    }
    // A kill that came from elsewhere.
    let kill = |_: u32| -> u32 {
        rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL).unwrap();
        unreachable!()
    };
    let results = Pool::new(1).map_results(kill, [0]);
    assert!(
        results[0]
            .as_ref()
            .unwrap_err()
            .to_string()
            .ends_with("was killed by SIGKILL (kill)")
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn each_worker_is_initialized_once() {
    thread_local!(static COUNT: std::cell::Cell<u32> = const { std::cell::Cell::new(0) });
    let pool = Pool::builder()
        .workers(2)
        .initializer(|| COUNT.set(COUNT.get() + 1))
        .build();
    let crash = |n: u32| if n == 20 { std::process::abort() } else { COUNT.get() };
    let results = pool.map_results(crash, 0..50);
    assert_eq!(results.iter().filter(|result| **result == Ok(1)).count(), 49);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
#[case::panic(|| panic!("no database"), "the pool's initializer panicked at workers/tests/it/limits.rs:", ": no database")]
#[case::abort(|| std::process::abort(), "the pool's initializer was killed by", "SIGABRT (abort)")]
#[case::exit(|| std::process::exit(5), "the pool's initializer ended its process with exit code 5", "returned")]
#[case::success(|| std::process::exit(0), "the pool's initializer ended its process with exit code 0", "returned")]
fn an_initializer_that_fails_fails_the_items(#[case] initializer: fn(), #[case] text: &str, #[case] end: &str) {
    let pool = Pool::builder().workers(2).initializer(initializer).build();
    // Were every item to be tried in a worker of its own, this would take minutes.
    let results = pool.map_results(|n: u32| n, 0..100_000);
    for (item, result) in results.iter().enumerate() {
        let error = result.as_ref().unwrap_err();
        assert!(matches!(error, TaskError::NotInitialized { .. }), "{error:?}");
        assert_eq!(error.item(), Some(item));
        let message = error.to_string();
        assert!(message.contains(text) && message.ends_with(end), "{message}");
    }
    let retried = Pool::builder().workers(1).retries(50).initializer(initializer).build();
    assert!(retried.try_map(Ok::<u32, String>, [1]).is_err());
    let stream = Pool::builder().workers(1).initializer(initializer).build();
    assert!(stream.imap(|n: u32| n, 0..).take(100).all(|result| result.is_err()));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_worker_is_replaced_after_so_many_items(
    #[values(1, 2)] workers: usize,
    #[values(None, Some(1), Some(100))] chunk_size: Option<usize>,
) {
    let mut builder = Pool::builder().workers(workers).max_tasks_per_worker(3);
    if let Some(size) = chunk_size {
        builder = builder.chunk_size(size);
    }
    let results = builder.build().map(|n: u32| (n, std::process::id()), 0..50);
    assert!(results.iter().zip(0..).all(|((n, _), index)| *n == index));
    let mut counts = BTreeMap::new();
    for (_, pid) in results {
        *counts.entry(pid).or_insert(0) += 1;
    }
    assert!(
        counts.len() >= 17 && counts.values().all(|count| *count <= 3),
        "{counts:?}"
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_pinned_worker_has_one_core() {
    let cores = |_: u32| {
        let set = rustix::thread::sched_getaffinity(None).unwrap();
        (0..rustix::thread::CpuSet::MAX_CPU)
            .filter(|core| set.is_set(*core))
            .collect::<Vec<_>>()
    };
    let pinned = Pool::builder().workers(2).chunk_size(1).pin_cores(true).build();
    let mut own: Vec<Vec<usize>> = pinned.map(cores, 0..2);
    assert!(own.iter().all(|cores| cores.len() == 1), "{own:?}");
    own.dedup();
    let all = Pool::new(1).apply(cores, 0).len();
    assert_eq!(own.len(), all.min(2));
    // It is the worker's, not ours.
    assert_eq!(cores(0).len(), all);
}

const THREADS: &str = "limits::workers_share_the_cores_of_libraries_with_threads";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn workers_share_the_cores_of_libraries_with_threads() {
    if !is_program(THREADS) {
        let output = program(THREADS)
            .env("RAYON_NUM_THREADS", "7")
            .env_remove("OMP_NUM_THREADS")
            .output()
            .unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        return;
    }
    let shown = |name: &'static str| {
        let own = std::env::var(name).unwrap();
        let child = Command::new("sh")
            .args(["-c", &format!("echo ${name}")])
            .output()
            .unwrap();
        assert_eq!(String::from_utf8(child.stdout).unwrap().trim(), own);
        own
    };
    let share = (cpu_count() / 2).max(1).to_string();
    let names = ["RAYON_NUM_THREADS", "OMP_NUM_THREADS", "POLARS_MAX_THREADS"];
    assert_eq!(Pool::new(2).map(shown, names), ["7", &share, &share]);
    assert!(std::env::var_os("OMP_NUM_THREADS").is_none());
    // A worker's environment is as good as any.
    let changed = Pool::new(2).apply(
        |value: &str| {
            // SAFETY: a forked worker has one thread.
            unsafe { std::env::set_var("OMP_NUM_THREADS", value) };
            std::env::var("OMP_NUM_THREADS").unwrap()
        },
        "11",
    );
    assert_eq!(changed, "11");
}

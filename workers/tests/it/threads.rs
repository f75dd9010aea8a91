//! Warnings about threads that workers do not have, and about workers that do nothing.

use std::time::{Duration, Instant};

use parcell::{Pool, Process};
use rstest::rstest;

use crate::support::{is_program, program};

const WARNING: &str = "worker processes are forked while ";

/// What the test `name`, run as a program with these variables, writes to standard error.
fn errors_of(name: &str, variables: &[(&str, &str)]) -> String {
    let mut command = program(name);
    command
        .env_remove("PARCELL_ALLOW_THREADS")
        .envs(variables.iter().copied());
    let output = command.output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{errors}");
    errors
}

/// Runs `body` in a process without the test harness's threads.
fn in_one_thread(body: impl FnOnce()) {
    Process::builder().allow_threads(true).spawn(body).join().unwrap();
}

/// A thread that runs as long as the program.
fn start_thread() {
    std::thread::spawn(|| {
        loop {
            std::thread::park();
        }
    });
}

const WARNED: &str = "threads::a_fork_beside_threads_is_warned_of_once";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_fork_beside_threads_is_warned_of_once() {
    if is_program(WARNED) {
        return in_one_thread(|| {
            let spawn = || Process::spawn(|| ()).join().unwrap();
            spawn();
            // A main thread that waits for this one is nothing to warn of.
            std::thread::spawn(spawn).join().unwrap();
            eprintln!("from here on");
            start_thread();
            assert_eq!(Pool::new(2).map(|n: u32| n, 0..2), [0, 1]);
            spawn();
        });
    }
    let errors = errors_of(WARNED, &[]);
    assert_eq!(errors.matches(WARNING).count(), 1, "{errors}");
    assert!(errors.find("from here on") < errors.find(WARNING), "{errors}");
    assert_eq!(
        errors_of(WARNED, &[("PARCELL_ALLOW_THREADS", "1")])
            .matches(WARNING)
            .count(),
        0
    );
}

const ALLOWED: &str = "threads::who_knows_is_not_warned";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn who_knows_is_not_warned() {
    if is_program(ALLOWED) {
        start_thread();
        Pool::builder()
            .workers(2)
            .allow_threads(true)
            .build()
            .for_each(|_| (), 0..2);
        Process::builder().allow_threads(true).spawn(|| ()).join().unwrap();
        return;
    }
    assert_eq!(errors_of(ALLOWED, &[]).matches(WARNING).count(), 0);
}

const IDLE: &str = "threads::a_worker_that_does_nothing_is_named_once";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_worker_that_does_nothing_is_named_once() {
    if is_program(IDLE) {
        return in_one_thread(|| {
            if std::env::var_os("WITH_THREAD").is_some() {
                start_thread();
            }
            let sleep = |n: u64| std::thread::sleep(Duration::from_millis(1200 * n));
            Pool::builder().workers(2).chunk_size(1).build().for_each(sleep, 0..2);
        });
    }
    let named = "has used no processor time for 300ms on item 1: ";
    for (variables, reason) in [
        (&[("PARCELL_IDLE_WARNING", "0.3")][..], "it waits or sleeps"),
        (
            &[("PARCELL_IDLE_WARNING", "0.3"), ("WITH_THREAD", "")],
            "perhaps it waits for a thread",
        ),
    ] {
        let errors = errors_of(IDLE, variables);
        assert_eq!(errors.matches(&format!("{named}{reason}")).count(), 1, "{errors}");
        assert_eq!(errors.matches("no processor time").count(), 1, "{errors}");
    }
    assert_eq!(
        errors_of(IDLE, &[("PARCELL_IDLE_WARNING", "0")])
            .matches("no processor time")
            .count(),
        0
    );
}

const BUSY: &str = "threads::a_worker_that_waits_for_its_own_workers_is_busy";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_worker_that_waits_for_its_own_workers_is_busy() {
    if is_program(BUSY) {
        let spin = |_: u32| {
            let started = Instant::now();
            while started.elapsed() < Duration::from_secs(4) {
                std::hint::spin_loop();
            }
        };
        return Pool::new(1).for_each(|_: u32| Pool::new(1).for_each(spin, [0]), [0]);
    }
    // Long enough for what spins to get some time on a machine that has much else to do.
    let errors = errors_of(BUSY, &[("PARCELL_IDLE_WARNING", "1.5")]);
    assert!(!errors.contains("no processor time"), "{errors}");
}

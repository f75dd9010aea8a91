//! An interrupt ends the cell at once, whatever it does, and undoes it.

use super::state::{CHANGE, assert_unchanged, define};
use parcell_tests::{Execution, Notebook, holds_within, pids, with_notebook, worker_lines};
use std::time::{Duration, Instant};

/// From the interrupt to idle.
const LIMIT: Duration = Duration::from_secs(1);

/// How long the compiler may take to appear.
const COMPILER_LIMIT: Duration = Duration::from_secs(20);

const SLEEP: &str = "std::thread::sleep(std::time::Duration::from_secs(600));";

/// Asserts that a cell was interrupted and took no longer over it than it should.
fn assert_interrupted(mut cell: Execution, what: &str, since: Instant) {
    let elapsed = since.elapsed();
    cell.take_stdout();
    cell.take_stderr();
    let failure = cell.take_failure().expect("a failure");
    assert_eq!(failure.ename, "Interrupted", "{failure:?}");
    eprintln!("{what}: {} ms from the interrupt to idle", elapsed.as_millis());
    assert!(elapsed < LIMIT, "{what}: {elapsed:?}");
}

/// Interrupts a cell when it has printed "running".
async fn check_interrupt(notebook: &mut Notebook, what: &str, code: &str) {
    let running = notebook.start_cell(code, "running\n").await;
    let workers = running.stdout();
    let since = Instant::now();
    notebook.interrupt().await;
    let cell = notebook.finish(running).await;
    assert_interrupted(cell, what, since);
    assert_unchanged(notebook).await;
    if workers.starts_with("[pid ") || workers.starts_with('\x1b') {
        let workers = pids(&worker_lines(&workers));
        let kernel = &mut notebook.kernel;
        let gone = holds_within(LIMIT, || {
            !kernel
                .processes()
                .iter()
                .any(|process| workers.contains(&process.pid) && process.is_alive())
        });
        assert!(gone.await, "workers of the interrupted cell are left");
    }
}

#[test]
fn an_interrupt_undoes_the_cell_and_is_quick() {
    let cells = [
        (
            "a busy loop",
            format!("{CHANGE}\nprintln!(\"running\");\nloop {{ std::hint::spin_loop() }}"),
        ),
        ("a sleep", format!("{CHANGE}\nprintln!(\"running\");\n{SLEEP}")),
        (
            "a pool that sleeps",
            format!(
                "%%pool -n 2 0..2u32 -> never\n{CHANGE}\n\
                    |n: u32| {{ if n == 0 {{ println!(\"running\"); }} {SLEEP} n }}"
            ),
        ),
        (
            "a pool that works",
            format!(
                "%%pool -n 2 0..2u32 -> never\n{CHANGE}\n\
                    |n: u32| -> u32 {{ if n == 0 {{ println!(\"running\"); }} loop {{ std::hint::spin_loop() }} }}"
            ),
        ),
        (
            "processes",
            format!("%%process -n 2\n{CHANGE}\n|i: usize| {{ if i == 0 {{ println!(\"running\"); }} {SLEEP} }}"),
        ),
        (
            "statements in a process",
            format!("%%process\n{CHANGE}\nprintln!(\"running\");\n{SLEEP}"),
        ),
        (
            "a program that was started",
            format!(
                "{CHANGE}\nprintln!(\"running\");\n\
                    std::process::Command::new(\"sleep\").arg(\"600\").status().unwrap();"
            ),
        ),
    ];
    with_notebook(async |notebook| {
        define(notebook).await;
        for (what, code) in &cells {
            notebook
                .check(what, async |n| check_interrupt(n, what, code).await)
                .await;
        }
    });
}

#[test]
fn an_interrupt_reaches_a_cell_that_waits_for_the_kernel_to_start() {
    with_notebook(async |notebook| {
        let client = &mut notebook.client;
        let id = client
            .submit(serde_json::json!({"code": "loop { std::hint::spin_loop() }"}))
            .await;
        // Busy and the input: it is the cell that an interrupt is for.
        let seen = vec![client.broadcast(&id).await, client.broadcast(&id).await];
        notebook.interrupt().await;
        let mut cell = notebook.client.execution_after(&id, seen).await;
        cell.take_stderr();
        assert_eq!(cell.take_failure().expect("a failure").ename, "Interrupted");
        assert_eq!(notebook.value("1 + 1").await, "2");
    });
}

#[test]
fn an_interrupt_reaches_a_cell_that_does_not_run_yet() {
    let code = format!("{CHANGE}\nloop {{ std::hint::spin_loop() }}");
    with_notebook(async |notebook| {
        notebook
            .check("as soon as it is sent", async |n| {
                define(n).await;
                let id = n.client.submit(serde_json::json!({"code": code})).await;
                let seen = vec![n.client.broadcast(&id).await, n.client.broadcast(&id).await];
                let since = Instant::now();
                n.interrupt().await;
                let cell = n.client.execution_after(&id, seen).await;
                assert_interrupted(cell, "a cell that was just sent", since);
                assert_unchanged(n).await;
            })
            .await;
        notebook
            .check("while it is compiled", async |n| {
                define(n).await;
                let id = n.client.submit(serde_json::json!({"code": code})).await;
                let seen = vec![n.client.broadcast(&id).await, n.client.broadcast(&id).await];
                let kernel = &mut n.kernel;
                // Where it is missed the cell runs, and everything holds all the same.
                holds_within(COMPILER_LIMIT, || {
                    kernel.processes().iter().any(|process| process.name == "rustc")
                })
                .await;
                let since = Instant::now();
                n.interrupt().await;
                let cell = n.client.execution_after(&id, seen).await;
                assert_interrupted(cell, "a cell that is compiled", since);
                assert_unchanged(n).await;
            })
            .await;
        notebook
            .check("nothing is interrupted where nothing runs", async |n| {
                define(n).await;
                n.interrupt().await;
                assert_unchanged(n).await;
            })
            .await;
    });
}

#[test]
fn interrupts_in_a_row_keep_the_notebook() {
    with_notebook(async |notebook| {
        define(notebook).await;
        for _ in 0..3 {
            check_interrupt(
                notebook,
                "one of three",
                &format!("{CHANGE}\nprintln!(\"running\");\nloop {{ std::hint::spin_loop() }}"),
            )
            .await;
        }
    });
}

//! An interrupt ends the cell at once, whatever it does, and undoes it.

use super::packages::write_package;
use super::state::{CHANGE, assert_unchanged, define};
use parcell_tests::{Channel, Execution, Message, Notebook, holds_within, pids, with_notebook, within, worker_lines};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// From the interrupt to idle.
const LIMIT: Duration = Duration::from_secs(1);

/// How long it may take until a dependency is downloaded, or its build script runs.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(60);

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
    check_interrupts(notebook, what, code, 1).await;
}

/// Interrupts a cell, as often as is said, when it has printed "running".
async fn check_interrupts(notebook: &mut Notebook, what: &str, code: &str, times: usize) {
    let running = notebook.start_cell(code, "running\n").await;
    let workers = running.stdout();
    let since = Instant::now();
    for _ in 0..times {
        notebook.interrupt().await;
    }
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
            "a read of a pipe that nobody writes to",
            format!(
                "{CHANGE}\nlet (mut end, _other) = std::io::pipe().unwrap();\nprintln!(\"running\");\n\
                    std::io::Read::read(&mut end, &mut [0]).unwrap();"
            ),
        ),
        (
            "a lock that is never released",
            format!(
                "{CHANGE}\nlet lock = std::sync::Mutex::new(1);\nlet held = lock.lock().unwrap();\n\
                    println!(\"running\");\nlet again = lock.lock().unwrap();\ndrop((held, again));"
            ),
        ),
        (
            "threads that wait for each other",
            format!(
                "{CHANGE}\nprintln!(\"running\");\n\
                    std::thread::scope(|s| {{ s.spawn(|| std::thread::park()); s.spawn(|| std::thread::park()); }});"
            ),
        ),
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
                let (id, seen) = start_compiling(n, &code).await;
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

#[test]
fn more_interrupts_than_one_do_no_harm() {
    with_notebook(async |notebook| {
        define(notebook).await;
        notebook
            .check("while the cell is undone", async |n| {
                let code = format!("{CHANGE}\nprintln!(\"running\");\nloop {{ std::hint::spin_loop() }}");
                check_interrupts(n, "three interrupts at once", &code, 3).await;
            })
            .await;
        notebook
            .check("while its workers are ended", async |n| {
                let code = format!(
                    "%%pool -n 2 0..2u32 -> never\n{CHANGE}\n\
                        |n: u32| {{ if n == 0 {{ println!(\"running\"); }} {SLEEP} n }}"
                );
                check_interrupts(n, "three interrupts of a pool", &code, 3).await;
            })
            .await;
        notebook
            .check("while its compiler is ended", async |n| {
                let code = format!("{CHANGE}\nloop {{ std::hint::spin_loop() }}");
                let (id, seen) = start_compiling(n, &code).await;
                let since = Instant::now();
                for _ in 0..3 {
                    n.interrupt().await;
                }
                let cell = n.client.execution_after(&id, seen).await;
                assert_interrupted(cell, "three interrupts of a compilation", since);
                assert_unchanged(n).await;
            })
            .await;
        notebook
            .check("and what was sent after the cell does not run", async |n| {
                let running = n
                    .start_cell("println!(\"running\");\nloop { std::hint::spin_loop() }", "running\n")
                    .await;
                let queued = n.client.submit(serde_json::json!({"code": CHANGE})).await;
                // An interrupt has a channel of its own, and may overtake the cell; what is asked on the same does not.
                let empty = serde_json::json!({});
                n.client.request(Channel::Shell, "kernel_info_request", empty).await;
                n.interrupt().await;
                let mut cell = n.finish(running).await;
                cell.take_stdout();
                assert_eq!(cell.take_failure().expect("a failure").ename, "Interrupted");
                assert_eq!(n.client.execution(&queued).await.status(), "aborted");
                assert_unchanged(n).await;
            })
            .await;
    });
}

#[test]
fn an_interrupt_ends_the_making_of_a_dependency() {
    with_notebook(async |notebook| {
        define(notebook).await;
        notebook
            .check("while it is downloaded from a server that does not answer", async |n| {
                let server = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                let port = server.local_addr().expect("it is bound").port();
                let code = format!(":dep never = {{ git = \"http://127.0.0.1:{port}/never\" }}");
                let id = n.client.submit(serde_json::json!({"code": code})).await;
                let seen = vec![n.client.broadcast(&id).await, n.client.broadcast(&id).await];
                let connection = within(DOWNLOAD_LIMIT, "the download", server.accept()).await;
                let since = Instant::now();
                n.interrupt().await;
                let cell = n.client.execution_after(&id, seen).await;
                assert_interrupted(cell, "a download", since);
                drop(connection);
                assert_unchanged(n).await;
            })
            .await;
        notebook
            .check("while its build script runs", async |n| {
                let package = n.kernel.working_directory().join("slow");
                let dependency = write_package(&package, "slow", "");
                let script = format!("fn main() {{ std::fs::write(\"running\", \"\").unwrap(); {SLEEP} }}");
                std::fs::write(package.join("build.rs"), script).unwrap();
                let code = format!("{dependency}{CHANGE}");
                let id = n.client.submit(serde_json::json!({"code": code})).await;
                let seen = vec![n.client.broadcast(&id).await, n.client.broadcast(&id).await];
                let runs = holds_within(DOWNLOAD_LIMIT, || package.join("running").exists());
                assert!(runs.await, "the build script does not run");
                let since = Instant::now();
                n.interrupt().await;
                let cell = n.client.execution_after(&id, seen).await;
                assert_interrupted(cell, "a build script", since);
                assert_unchanged(n).await;
            })
            .await;
    });
}

/// Sends a cell and waits until it is being compiled; gives its ID and its broadcasts so far. Where the compiler is
/// missed the cell runs, and everything holds all the same.
async fn start_compiling(notebook: &mut Notebook, code: &str) -> (String, Vec<Message>) {
    let id = notebook.client.submit(serde_json::json!({"code": code})).await;
    let seen = vec![
        notebook.client.broadcast(&id).await,
        notebook.client.broadcast(&id).await,
    ];
    let kernel = &mut notebook.kernel;
    holds_within(COMPILER_LIMIT, || {
        kernel.processes().iter().any(|process| process.name == "rustc")
    })
    .await;
    (id, seen)
}

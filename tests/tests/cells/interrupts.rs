//! An interrupt ends the cell at once, whatever it does, and undoes it.

use super::packages::write_package;
use super::state::{CHANGE, assert_unchanged, changing, define};
use parcell_tests::{Channel, Execution, Notebook, Running, holds_within, pids, with_notebook, within, worker_lines};
use std::time::{Duration, Instant};
use tokio::net::TcpListener;

/// From the interrupt to idle.
const LIMIT: Duration = Duration::from_secs(1);

/// How long it may take until a dependency is downloaded, or its build script runs.
const DOWNLOAD_LIMIT: Duration = Duration::from_secs(60);

/// How long the compiler may take to appear.
const COMPILER_LIMIT: Duration = Duration::from_secs(20);

const BUSY: &str = r#"
    println!("running");
    loop { std::hint::spin_loop() }
"#;

const SLEEPING_POOL: &str = r#"
    %%pool -n 2 0..2u32 -> never
    |n: u32| { if n == 0 { println!("running"); } std::thread::sleep(std::time::Duration::from_secs(600)); n }
"#;

/// What an interrupt ends, whatever it is that the cell does.
const ENDLESS: [(&str, &str); 10] = [
    ("a busy loop", BUSY),
    (
        "a sleep",
        r#"
            println!("running");
            std::thread::sleep(std::time::Duration::from_secs(600));
        "#,
    ),
    (
        "a read of a pipe that nobody writes to",
        r#"
            let (mut end, _other) = std::io::pipe().unwrap();
            println!("running");
            std::io::Read::read(&mut end, &mut [0]).unwrap();
        "#,
    ),
    (
        "a lock that is never released",
        r#"
            let lock = std::sync::Mutex::new(1);
            let held = lock.lock().unwrap();
            println!("running");
            let again = lock.lock().unwrap();
            drop((held, again));
        "#,
    ),
    (
        "threads that wait for each other",
        r#"
            println!("running");
            std::thread::scope(|s| { s.spawn(|| std::thread::park()); s.spawn(|| std::thread::park()); });
        "#,
    ),
    ("a pool that sleeps", SLEEPING_POOL),
    (
        "a pool that works",
        r#"
            %%pool -n 2 0..2u32 -> never
            |n: u32| -> u32 { if n == 0 { println!("running"); } loop { std::hint::spin_loop() } }
        "#,
    ),
    (
        "processes",
        r#"
            %%process -n 2
            |i: usize| { if i == 0 { println!("running"); } std::thread::sleep(std::time::Duration::from_secs(600)); }
        "#,
    ),
    (
        "statements in a process",
        r#"
            %%process
            println!("running");
            std::thread::sleep(std::time::Duration::from_secs(600));
        "#,
    ),
    (
        "a program that was started",
        r#"
            println!("running");
            std::process::Command::new("sleep").arg("600").status().unwrap();
        "#,
    ),
];

/// Interrupts a cell that changes all variables, when it has printed "running".
async fn check_interrupt(notebook: &mut Notebook, what: &str, code: &str) {
    check_interrupts(notebook, what, code, 1).await;
}

/// The same, as often as is said.
async fn check_interrupts(notebook: &mut Notebook, what: &str, code: &str, times: usize) {
    let running = notebook.start_cell(&changing(code), "running\n").await;
    let workers = running.stdout();
    assert_undone(notebook, what, running, times).await;
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

/// Interrupts a cell that runs, and sees it end at once, with all variables as they were before it.
async fn assert_undone(notebook: &mut Notebook, what: &str, running: Running, times: usize) {
    let since = Instant::now();
    for _ in 0..times {
        notebook.interrupt().await;
    }
    let cell = notebook.finish(running).await;
    assert_interrupted(cell, what, since);
    assert_unchanged(notebook).await;
}

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

#[test]
fn an_interrupt_undoes_the_cell_and_is_quick() {
    with_notebook(async |notebook| {
        define(notebook).await;
        for (what, code) in ENDLESS {
            notebook
                .check(what, async |n| check_interrupt(n, what, code).await)
                .await;
        }
    });
}

#[test]
fn an_interrupt_reaches_a_cell_that_waits_for_the_kernel_to_start() {
    with_notebook(async |notebook| {
        let running = notebook.begin_cell("loop { std::hint::spin_loop() }").await;
        notebook.interrupt().await;
        let mut cell = notebook.finish(running).await;
        cell.take_stderr();
        assert_eq!(cell.take_failure().expect("a failure").ename, "Interrupted");
        assert_eq!(notebook.value("1 + 1").await, "2");
    });
}

#[test]
fn an_interrupt_reaches_a_cell_that_does_not_run_yet() {
    with_notebook(async |notebook| {
        notebook.step(as_soon_as_it_is_sent).await;
        notebook.step(while_it_is_compiled).await;
        notebook.step(nothing_is_interrupted_where_nothing_runs).await;
    });
}

async fn as_soon_as_it_is_sent(n: &mut Notebook) {
    define(n).await;
    let running = n.begin_cell(&changing("loop { std::hint::spin_loop() }")).await;
    assert_undone(n, "a cell that was just sent", running, 1).await;
}

async fn while_it_is_compiled(n: &mut Notebook) {
    define(n).await;
    let running = start_compiling(n, &changing("loop { std::hint::spin_loop() }")).await;
    assert_undone(n, "a cell that is compiled", running, 1).await;
}

async fn nothing_is_interrupted_where_nothing_runs(n: &mut Notebook) {
    define(n).await;
    n.interrupt().await;
    assert_unchanged(n).await;
}

#[test]
fn interrupts_in_a_row_keep_the_notebook() {
    with_notebook(async |notebook| {
        define(notebook).await;
        for _ in 0..3 {
            check_interrupt(notebook, "one of three", BUSY).await;
        }
    });
}

#[test]
fn more_interrupts_than_one_do_no_harm() {
    with_notebook(async |notebook| {
        define(notebook).await;
        notebook.step(while_the_cell_is_undone).await;
        notebook.step(while_its_workers_are_ended).await;
        notebook.step(while_its_compiler_is_ended).await;
        notebook.step(and_what_was_sent_after_the_cell_does_not_run).await;
    });
}

async fn while_the_cell_is_undone(n: &mut Notebook) {
    check_interrupts(n, "three interrupts at once", BUSY, 3).await;
}

async fn while_its_workers_are_ended(n: &mut Notebook) {
    check_interrupts(n, "three interrupts of a pool", SLEEPING_POOL, 3).await;
}

async fn while_its_compiler_is_ended(n: &mut Notebook) {
    let running = start_compiling(n, &changing("loop { std::hint::spin_loop() }")).await;
    assert_undone(n, "three interrupts of a compilation", running, 3).await;
}

async fn and_what_was_sent_after_the_cell_does_not_run(n: &mut Notebook) {
    let running = n.start_cell(BUSY, "running\n").await;
    let queued = n.client.submit_cell(CHANGE).await;
    // An interrupt has a channel of its own, and may overtake the cell; what is asked on the same does not.
    let empty = serde_json::json!({});
    n.client.request(Channel::Shell, "kernel_info_request", empty).await;
    n.interrupt().await;
    let mut cell = n.finish(running).await;
    cell.take_stdout();
    assert_eq!(cell.take_failure().expect("a failure").ename, "Interrupted");
    assert_eq!(n.client.execution(&queued).await.status(), "aborted");
    assert_unchanged(n).await;
}

#[test]
fn an_interrupt_ends_the_making_of_a_dependency() {
    with_notebook(async |notebook| {
        define(notebook).await;
        notebook
            .step(while_it_is_downloaded_from_a_server_that_does_not_answer)
            .await;
        notebook.step(while_its_build_script_runs).await;
    });
}

async fn while_it_is_downloaded_from_a_server_that_does_not_answer(n: &mut Notebook) {
    let server = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = server.local_addr().expect("it is bound").port();
    let code = format!(r#":dep never = {{ git = "http://127.0.0.1:{port}/never" }}"#);
    let running = n.begin_cell(&code).await;
    let connection = within(DOWNLOAD_LIMIT, "the download", server.accept()).await;
    assert_undone(n, "a download", running, 1).await;
    drop(connection);
}

async fn while_its_build_script_runs(n: &mut Notebook) {
    let package = n.kernel.working_directory().join("slow");
    let dependency = write_package(&package, "slow", "");
    let script = r#"
        fn main() {
            std::fs::write("running", "").unwrap();
            std::thread::sleep(std::time::Duration::from_secs(600));
        }
    "#;
    std::fs::write(package.join("build.rs"), script).unwrap();
    let running = n.begin_cell(&format!("{dependency}{}", changing(""))).await;
    let runs = holds_within(DOWNLOAD_LIMIT, || package.join("running").exists());
    assert!(runs.await, "the build script does not run");
    assert_undone(n, "a build script", running, 1).await;
}

/// Sends a cell and waits until it is being compiled. Where the compiler is missed the cell runs, and everything holds
/// all the same.
async fn start_compiling(notebook: &mut Notebook, code: &str) -> Running {
    let running = notebook.begin_cell(code).await;
    let kernel = &mut notebook.kernel;
    holds_within(COMPILER_LIMIT, || {
        kernel.processes().iter().any(|process| process.name == "rustc")
    })
    .await;
    running
}

#[test]
fn a_first_cell_that_waits_for_its_types_is_interrupted_at_once() {
    with_notebook(async |notebook| {
        // What infers it has begun to read the standard library, which takes seconds.
        let running = notebook.begin_cell("let counted = vec![1].len();").await;
        let start = Instant::now();
        notebook.interrupt().await;
        let mut cell = notebook.finish(running).await;
        let took = start.elapsed();
        let failure = cell.take_failure().expect("it was interrupted");
        assert_eq!(failure.ename, "Interrupted");
        assert!(took < Duration::from_secs(2), "{took:?}");
        assert_eq!(notebook.value("vec![1, 2].len()").await, "2");
    });
}

//! Crashes of the notebook process, in cells and between them: the notebook goes on, and what is lost is said.

use super::state::{CHANGE, assert_changed, assert_unchanged, changing, define};
use std::time::Duration;

use parcell_tests::{Notebook, holds_within, with_notebook};
use rustix::process::{Pid, Signal, kill_process};

#[test]
fn the_notebook_goes_on_however_often_it_crashes() {
    with_notebook(async |notebook| {
        define(notebook).await;
        for _ in 0..3 {
            let code = changing("std::process::abort()");
            assert_eq!(notebook.failure(&code).await.ename, "Crashed");
        }
        // Changes that complete between crashes are kept by the next.
        notebook.prepare(CHANGE).await;
        for round in 0..3 {
            notebook.prepare(&format!("let round_{round} = {round};")).await;
            let code = r"
                numbers.clear();
                std::process::abort()
            ";
            assert_eq!(notebook.failure(code).await.ename, "Crashed");
        }
        assert_changed(notebook).await;
        assert_eq!(notebook.value("(round_0, round_1, round_2)").await, "(0, 1, 2)");
        // What the cells need works as before: workers, standard output, items of earlier cells.
        let code = r"
            %%pool -n 2 numbers -> doubled
            fn double(n: i32) -> i32 { n * 2 }
        ";
        notebook.prepare(code).await;
        assert_eq!(notebook.value("doubled.clone()").await, "[2, 4, 6, 8]");
    });
}

#[test]
fn killing_the_notebook_process_from_outside_undoes_the_cell() {
    with_notebook(async |notebook| {
        define(notebook).await;
        notebook.step(killed_while_a_cell_runs).await;
        notebook.step(killed_between_cells).await;
    });
}

async fn killed_while_a_cell_runs(n: &mut Notebook) {
    let code = changing(
        r#"
            println!("pid {};", std::process::id());
            loop { std::thread::park() }
        "#,
    );
    let running = n.start_cell(&code, ";\n").await;
    kill(&running.stdout());
    let mut cell = n.finish(running).await;
    cell.take_stdout();
    let failure = cell.take_failure().expect("a failure");
    assert_eq!(failure.ename, "Crashed");
    assert!(failure.evalue.contains("SIGKILL"), "{}", failure.evalue);
    assert_unchanged(n).await;
}

async fn killed_between_cells(n: &mut Notebook) {
    let id = n
        .client
        .submit_cell(r#"println!("pid {};", std::process::id());"#)
        .await;
    let stdout = n.client.execution(&id).await.take_stdout();
    kill(&stdout);
    let late = n.client.broadcast(&id).await;
    assert_eq!(late.content["name"], "stderr");
    assert!(late.content["text"].as_str().unwrap().contains("SIGKILL"), "{late:?}");
    assert_unchanged(n).await;
}

#[test]
fn what_a_take_over_cannot_keep_is_said() {
    with_notebook(async |notebook| {
        define(notebook).await;
        notebook.step(threads_are_missed_once).await;
        notebook.step(processes_have_ended).await;
        notebook.step(processes_that_left_their_group_have_ended_too).await;
        notebook.step(asynchronous_cells_work_again).await;
        assert_unchanged(notebook).await;
    });
}

async fn threads_are_missed_once(n: &mut Notebook) {
    n.prepare("for _ in 0..2 { std::thread::spawn(|| loop { std::thread::park() }); }")
        .await;
    let failure = n.failure("std::process::abort();").await;
    assert!(
        failure
            .text()
            .contains("2 threads that earlier cells had started are gone"),
        "{}",
        failure.text()
    );
    let failure = n.failure("std::process::abort();").await;
    assert!(!failure.text().contains("thread"), "{}", failure.text());
}

async fn processes_have_ended(n: &mut Notebook) {
    n.prepare("let napping = Process::spawn(|| std::thread::sleep(std::time::Duration::from_secs(600)));")
        .await;
    n.failure("std::process::abort();").await;
    assert_eq!(n.value("napping.is_alive()").await, "false");
    let joined = n.value("napping.join()").await;
    assert!(
        joined.contains("it ended with the notebook process that had started it"),
        "{joined}"
    );
    n.prepare("drop(napping);").await;
}

async fn processes_that_left_their_group_have_ended_too(n: &mut Notebook) {
    let started = r#"
        let far = std::process::Command::new("setsid").args(["sleep", "600"]).spawn().unwrap().id();
        far
    "#;
    let pid = n.value(started).await;
    let process = std::path::Path::new("/proc").join(pid);
    assert!(process.exists());
    n.failure("std::process::abort();").await;
    let ended = holds_within(Duration::from_secs(5), || !process.exists());
    assert!(ended.await, "{} is still there", process.display());
}

async fn asynchronous_cells_work_again(n: &mut Notebook) {
    let code = r#"
        :dep tokio = { version = "1", features = ["rt", "rt-multi-thread", "time"] }
        async fn nap(value: u64) -> u64 {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            value
        }
    "#;
    let mut cell = n.succeed(code).await;
    cell.take_stderr();
    let nap = "tokio::spawn(nap(5)).await?";
    assert_eq!(n.value(nap).await, "5");
    n.failure("std::process::abort();").await;
    assert_eq!(n.value(nap).await, "5");
}

#[test]
fn that_there_is_no_checkpoint_is_said_once() {
    with_notebook(async |notebook| {
        define(notebook).await;
        let code = r#"
            unsafe extern "C" { fn setrlimit(what: i32, limit: *const [u64; 2]) -> i32; }
            fn allow_descriptors(count: u64) {
                const DESCRIPTORS: i32 = 7;
                assert_eq!(unsafe { setrlimit(DESCRIPTORS, &[count, 4096]) }, 0);
            }
            fn next_descriptor() -> u64 {
                use std::os::fd::AsRawFd;
                std::fs::File::open("/dev/null").unwrap().as_raw_fd() as u64
            }
        "#;
        notebook.prepare(code).await;
        let what = "a crash or an interrupt now loses all variables";
        // One more can be opened, which loading a cell takes; a checkpoint needs more.
        let mut cell = notebook.succeed("allow_descriptors(next_descriptor() + 1);").await;
        assert!(cell.take_stderr().contains(what));
        notebook.prepare("numbers.push(4);").await;
        notebook.prepare("allow_descriptors(4096);").await;
        // The next cell is protected again.
        let code = r"
            numbers.clear();
            std::process::abort();
        ";
        notebook.failure(code).await;
        assert_eq!(notebook.value("numbers.clone()").await, "[1, 2, 3, 4]");
        let mut cell = notebook.succeed("allow_descriptors(next_descriptor() + 1);").await;
        assert!(cell.take_stderr().contains(what), "it is another time");
        let failure = notebook.failure("std::process::abort();").await;
        assert!(failure.text().contains("all variables are lost"), "{}", failure.text());
        assert_eq!(notebook.value("1 + 1").await, "2");
    });
}

#[test]
fn threads_and_what_happens_between_cells() {
    with_notebook(async |notebook| {
        define(notebook).await;
        notebook.step(threads_keep_running_across_cells_that_end_well).await;
        notebook.step(a_thread_that_aborts_between_cells_loses_nothing).await;
    });
}

async fn threads_keep_running_across_cells_that_end_well(n: &mut Notebook) {
    let code = r"
        use std::sync::{Arc, atomic::{AtomicU64, Ordering}};
        let counter = Arc::new(AtomicU64::new(0));
        let counting = Arc::clone(&counter);
        std::thread::spawn(move || loop {
            counting.fetch_add(1, Ordering::Relaxed);
            std::thread::sleep(std::time::Duration::from_millis(1));
        });
    ";
    n.prepare(code).await;
    n.prepare("let before = counter.load(Ordering::Relaxed);").await;
    n.failure(r#"let wrong: u32 = "";"#).await;
    // It would wait for ever were the thread gone; the test's limit ends that.
    n.prepare("while counter.load(Ordering::Relaxed) < before + 20 { std::thread::yield_now() }")
        .await;
    n.prepare("let before = counter.load(Ordering::Relaxed);").await;
    n.prepare("while counter.load(Ordering::Relaxed) < before + 20 { std::thread::yield_now() }")
        .await;
}

async fn a_thread_that_aborts_between_cells_loses_nothing(n: &mut Notebook) {
    let code = r#"
        numbers.push(4);
        std::thread::spawn(|| {
            while !std::path::Path::new("abort").exists() {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            std::process::abort()
        });
    "#;
    let id = n.prepare_with_id(code).await;
    n.kernel.make_file("abort");
    let late = n.client.broadcast(&id).await;
    assert_eq!(late.content["name"], "stderr");
    assert!(late.content["text"].as_str().unwrap().contains("SIGABRT"), "{late:?}");
    assert_eq!(n.value("numbers.clone()").await, "[1, 2, 3, 4]");
}

/// Kills the process that a cell has named: `pid N;`.
fn kill(printed: &str) {
    let pid = printed
        .trim()
        .strip_prefix("pid ")
        .and_then(|rest| rest.strip_suffix(';'));
    let pid = pid.and_then(|pid| Pid::from_raw(pid.parse().ok()?));
    kill_process(pid.expect("a PID"), Signal::KILL).expect("the notebook process is there");
}

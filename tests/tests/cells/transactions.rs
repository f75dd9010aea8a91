//! A cell is a transaction on the notebook's variables: it completes, or they are as they were before it.

use super::packages::write_package;
use super::state::{CHANGE, assert_changed, assert_unchanged, define};
use parcell_tests::{CellFailure, Notebook, with_notebook};
use rustix::process::{Pid, Signal, kill_process};

/// The end of a cell that ends the notebook process, with the error's name and what names the cause.
struct Ending {
    name: &'static str,
    code: &'static str,
    ename: &'static str,
    cause: &'static str,
}

const fn ending(name: &'static str, code: &'static str, ename: &'static str, cause: &'static str) -> Ending {
    Ending {
        name,
        code,
        ename,
        cause,
    }
}

const SIGNALS: [Ending; 6] = [
    ending(
        "a segmentation fault",
        "unsafe { std::ptr::null_mut::<u8>().write_volatile(1) };",
        "Crashed",
        "SIGSEGV",
    ),
    ending(
        "a bus error",
        "use std::os::fd::AsRawFd;
unsafe extern \"C\" { fn mmap(at: *mut u8, len: usize, prot: i32, flags: i32, fd: i32, offset: i64) -> *mut u8; }
let empty = std::fs::File::create_new(\"empty\").unwrap();
unsafe { std::ptr::read_volatile(mmap(std::ptr::null_mut(), 4096, 1, 1, empty.as_raw_fd(), 0)) };",
        "Crashed",
        "SIGBUS",
    ),
    ending(
        "an illegal instruction",
        "unsafe { std::arch::asm!(\"ud2\") };",
        "Crashed",
        "SIGILL",
    ),
    ending(
        "an arithmetic exception",
        "unsafe extern \"C\" { fn raise(signal: i32) -> i32; }\nunsafe { raise(8) };",
        "Crashed",
        "SIGFPE",
    ),
    ending(
        "a stack overflow",
        "fn deep(n: u64) -> u64 { std::hint::black_box([n; 64]); deep(std::hint::black_box(n + 1)) + 1 }\ndeep(0);",
        "StackOverflow",
        "overflowed its stack",
    ),
    ending(
        "a stack overflow in a thread",
        "fn deep(n: u64) -> u64 { std::hint::black_box([n; 64]); deep(std::hint::black_box(n + 1)) + 1 }\n\
            std::thread::spawn(|| deep(0)).join().unwrap();",
        "Crashed",
        "a thread overflowed its stack",
    ),
];

const EXITS_AND_ABORTS: [Ending; 8] = [
    ending("an abort", "std::process::abort();", "Crashed", "SIGABRT"),
    ending(
        "C's abort",
        "unsafe extern \"C\" { fn abort() -> !; }\nunsafe { abort() };",
        "Crashed",
        "SIGABRT",
    ),
    ending("an exit with 0", "std::process::exit(0);", "Exited", "exit code 0"),
    ending("an exit with 7", "std::process::exit(7);", "Exited", "exit code 7"),
    ending(
        "a panic during a panic",
        "struct Bomb;\nimpl Drop for Bomb { fn drop(&mut self) { panic!(\"second\") } }\nlet _bomb = Bomb;\n\
            panic!(\"first\");",
        "Crashed",
        "SIGABRT (abort): a destructor panicked while the cell was panicking",
    ),
    ending(
        "a panic in a function that cannot unwind",
        "extern \"C\" fn callback() { panic!(\"no way out\") }\ncallback();",
        "Crashed",
        "SIGABRT (abort): a panic came to a function that cannot unwind",
    ),
    ending(
        "an allocation that fails",
        "std::hint::black_box(vec![1u8; 1 << 60]);",
        "OutOfMemory",
        "an allocation of 1152921504606846976 bytes failed",
    ),
    ending(
        "a program that takes all memory that it can have",
        "unsafe extern \"C\" { fn setrlimit(what: i32, limit: *const [u64; 2]) -> i32; }
const ADDRESS_SPACE: i32 = 9;
assert_eq!(unsafe { setrlimit(ADDRESS_SPACE, &[2 << 30, 2 << 30]) }, 0);
let mut taken: Vec<Vec<u8>> = Vec::new();
loop { taken.push(vec![0; 16 << 20]) }",
        "OutOfMemory",
        "an allocation of 16777216 bytes failed",
    ),
];

/// Runs a cell that changes all variables and ends the process: it says what happened, and nothing has changed.
async fn check_ending(notebook: &mut Notebook, ending: &Ending) {
    let Ending { code, ename, cause, .. } = ending;
    let failure = notebook
        .failure(&format!("{CHANGE}\nlet fresh = 1;\nprintln!(\"on the way\");\n{code}"))
        .await;
    assert_eq!(failure.ename, *ename, "{failure:?}");
    assert!(failure.evalue.contains(cause), "{}", failure.evalue);
    assert!(
        failure
            .text()
            .contains("all variables are as they were before this cell"),
        "{}",
        failure.text()
    );
    assert_unchanged(notebook).await;
}

async fn check_all(notebook: &mut Notebook, endings: &[Ending]) {
    define(notebook).await;
    for ending in endings {
        notebook
            .check(ending.name, async |n| check_ending(n, ending).await)
            .await;
    }
    assert_unchanged(notebook).await;
}

#[test]
fn signals_undo_the_cell() {
    with_notebook(async |notebook| check_all(notebook, &SIGNALS).await);
}

#[test]
fn exits_and_aborts_undo_the_cell() {
    with_notebook(async |notebook| check_all(notebook, &EXITS_AND_ABORTS).await);
}

#[test]
fn the_notebook_goes_on_however_often_it_crashes() {
    with_notebook(async |notebook| {
        define(notebook).await;
        for _ in 0..3 {
            assert_eq!(
                notebook
                    .failure(&format!("{CHANGE}\nstd::process::abort()"))
                    .await
                    .ename,
                "Crashed"
            );
        }
        // Changes that complete between crashes are kept by the next.
        notebook.prepare(CHANGE).await;
        for round in 0..3 {
            notebook.prepare(&format!("let round_{round} = {round};")).await;
            assert_eq!(
                notebook.failure("numbers.clear();\nstd::process::abort()").await.ename,
                "Crashed"
            );
        }
        assert_changed(notebook).await;
        assert_eq!(notebook.value("(round_0, round_1, round_2)").await, "(0, 1, 2)");
        // What the cells need works as before: workers, standard output, items of earlier cells.
        notebook
            .prepare("%%pool -n 2 numbers -> doubled\nfn double(n: i32) -> i32 { n * 2 }")
            .await;
        assert_eq!(notebook.value("doubled.clone()").await, "[2, 4, 6, 8]");
    });
}

#[test]
fn killing_the_notebook_process_from_outside_undoes_the_cell() {
    with_notebook(async |notebook| {
        define(notebook).await;
        notebook
            .check("while a cell runs", async |n| {
                let code =
                    format!("{CHANGE}\nprintln!(\"pid {{}};\", std::process::id());\nloop {{ std::thread::park() }}");
                let running = n.start_cell(&code, ";\n").await;
                kill(&running.stdout());
                let mut cell = n.finish(running).await;
                cell.take_stdout();
                let failure = cell.take_failure().expect("a failure");
                assert_eq!(failure.ename, "Crashed");
                assert!(failure.evalue.contains("SIGKILL"), "{}", failure.evalue);
                assert_unchanged(n).await;
            })
            .await;
        notebook
            .check("between cells", async |n| {
                let id = n
                    .client
                    .submit(serde_json::json!({"code": "println!(\"pid {};\", std::process::id());"}))
                    .await;
                let stdout = n.client.execution(&id).await.take_stdout();
                kill(&stdout);
                let late = n.client.broadcast(&id).await;
                assert_eq!(late.content["name"], "stderr");
                assert!(late.content["text"].as_str().unwrap().contains("SIGKILL"), "{late:?}");
                assert_unchanged(n).await;
            })
            .await;
    });
}

#[test]
fn what_a_take_over_cannot_keep_is_said() {
    with_notebook(async |notebook| {
        define(notebook).await;
        notebook
            .check("threads, once", async |n| {
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
            })
            .await;
        notebook
            .check("processes", async |n| {
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
            })
            .await;
        notebook
            .check("asynchronous cells work again", async |n| {
                let mut cell = n
                    .succeed(
                        ":dep tokio = { version = \"1\", features = [\"rt\", \"rt-multi-thread\", \"time\"] }\n\
                         async fn nap(value: u64) -> u64 {\n    \
                             tokio::time::sleep(std::time::Duration::from_millis(1)).await;\n    value\n}",
                    )
                    .await;
                cell.take_stderr();
                let nap = "tokio::spawn(nap(5)).await?";
                assert_eq!(n.value(nap).await, "5");
                n.failure("std::process::abort();").await;
                assert_eq!(n.value(nap).await, "5");
            })
            .await;
        assert_unchanged(notebook).await;
    });
}

#[test]
fn that_there_is_no_checkpoint_is_said_once() {
    with_notebook(async |notebook| {
        define(notebook).await;
        notebook
            .prepare(
                "unsafe extern \"C\" { fn setrlimit(what: i32, limit: *const [u64; 2]) -> i32; }\n\
                 fn allow_descriptors(count: u64) {\n    const DESCRIPTORS: i32 = 7;\n    \
                     assert_eq!(unsafe { setrlimit(DESCRIPTORS, &[count, 4096]) }, 0);\n}\n\
                 fn next_descriptor() -> u64 {\n    use std::os::fd::AsRawFd;\n    \
                     std::fs::File::open(\"/dev/null\").unwrap().as_raw_fd() as u64\n}",
            )
            .await;
        let what = "a crash or an interrupt now loses all variables";
        // One more can be opened, which loading a cell takes; a checkpoint needs more.
        let mut cell = notebook.succeed("allow_descriptors(next_descriptor() + 1);").await;
        assert!(cell.take_stderr().contains(what));
        notebook.prepare("numbers.push(4);").await;
        notebook.prepare("allow_descriptors(4096);").await;
        // The next cell is protected again.
        notebook.failure("numbers.clear();\nstd::process::abort();").await;
        assert_eq!(notebook.value("numbers.clone()").await, "[1, 2, 3, 4]");
        let mut cell = notebook.succeed("allow_descriptors(next_descriptor() + 1);").await;
        assert!(cell.take_stderr().contains(what), "it is another time");
        let failure = notebook.failure("std::process::abort();").await;
        assert!(failure.text().contains("all variables are lost"), "{}", failure.text());
        assert_eq!(notebook.value("1 + 1").await, "2");
    });
}

async fn assert_only_fresh_is_gone(notebook: &mut Notebook, failure: &CellFailure) {
    assert_eq!((failure.ename.as_str(), failure.evalue.as_str()), ("Panic", "stop"));
    assert_changed(notebook).await;
    let failure = notebook.failure("fresh").await;
    assert!(
        failure.evalue.contains("cannot find value `fresh`"),
        "{}",
        failure.evalue
    );
}

#[test]
fn a_panic_keeps_changes_and_drops_what_the_cell_has_defined() {
    with_notebook(async |notebook| {
        notebook
            .check("in an ordinary cell", async |n| {
                define(n).await;
                let failure = n.failure(&format!("{CHANGE}\nlet fresh = 1;\npanic!(\"stop\");")).await;
                assert_only_fresh_is_gone(n, &failure).await;
            })
            .await;
        notebook
            .check("behind a line that was not ended", async |n| {
                define(n).await;
                let mut cell = n
                    .run(&format!(
                        "{CHANGE}\nlet fresh = 1;\nprint!(\"a partial line\");\npanic!(\"stop\");"
                    ))
                    .await;
                assert_eq!(cell.take_stdout(), "a partial line");
                cell.take_stderr();
                let failure = cell.take_failure().expect("a failure");
                assert_only_fresh_is_gone(n, &failure).await;
            })
            .await;
        notebook
            .check("and a crash after it undoes only its own cell", async |n| {
                define(n).await;
                n.failure(&format!("{CHANGE}\npanic!(\"stop\");")).await;
                n.failure("numbers.clear();\nstd::process::abort();").await;
                assert_changed(n).await;
            })
            .await;
    });
}

#[test]
fn threads_and_what_happens_between_cells() {
    with_notebook(async |notebook| {
        define(notebook).await;
        notebook
            .check("threads keep running across cells that end well", async |n| {
                n.prepare(
                    "use std::sync::{Arc, atomic::{AtomicU64, Ordering}};\n\
                        let counter = Arc::new(AtomicU64::new(0));\n\
                     let counting = Arc::clone(&counter);\n\
                     std::thread::spawn(move || loop {\n    counting.fetch_add(1, Ordering::Relaxed);\n    \
                     std::thread::sleep(std::time::Duration::from_millis(1));\n});",
                )
                .await;
                n.prepare("let before = counter.load(Ordering::Relaxed);").await;
                n.failure("let wrong: u32 = \"\";").await;
                // It would wait for ever were the thread gone; the test's limit ends that.
                n.prepare("while counter.load(Ordering::Relaxed) < before + 20 { std::thread::yield_now() }")
                    .await;
                n.prepare("let before = counter.load(Ordering::Relaxed);").await;
                n.prepare("while counter.load(Ordering::Relaxed) < before + 20 { std::thread::yield_now() }")
                    .await;
            })
            .await;
        notebook
            .check("a thread that aborts between cells loses nothing", async |n| {
                let trigger = n.kernel.working_directory().join("abort");
                let code = "numbers.push(4);\nstd::thread::spawn(|| {\n\
                    while !std::path::Path::new(\"abort\").exists() {\n        \
                            std::thread::sleep(std::time::Duration::from_millis(5));\n    }\n\
                            std::process::abort()\n});";
                let id = n.client.submit(serde_json::json!({"code": code})).await;
                n.client.execution(&id).await.assert_quiet();
                std::fs::write(trigger, "").unwrap();
                let late = n.client.broadcast(&id).await;
                assert_eq!(late.content["name"], "stderr");
                assert!(late.content["text"].as_str().unwrap().contains("SIGABRT"), "{late:?}");
                assert_eq!(n.value("numbers.clone()").await, "[1, 2, 3, 4]");
            })
            .await;
    });
}

#[test]
fn a_crate_that_is_added_loses_no_variable_and_one_that_is_built_anew_no_memory() {
    with_notebook(async |notebook| {
        let directory = notebook.kernel.working_directory().to_owned();
        let package = |name, source| write_package(&directory.join(name), name, source);
        let three_numbers = "#[derive(Debug)] pub struct Part { pub a: u64, pub b: u64, pub c: u64 }\n\
                             impl Part { pub fn new() -> Part { Part { a: 1, b: 2, c: 3 } } }";
        let a_string = "#[derive(Debug)] pub struct Part { pub a: String }\n\
                        impl Part { pub fn new() -> Part { Part { a: String::new() } } }";
        let [parts, more] = [
            package("parts", three_numbers),
            package("more", "pub fn one() -> u8 { 1 }"),
        ];
        let define = "#[derive(Debug)]\nstruct Own { part: parts::Part }\n\
                      let own = Own { part: parts::Part::new() }; let bare = parts::Part::new(); let other = vec![1];";
        notebook.succeed(&format!("{parts}{define}")).await.take_stderr();

        let mut cell = notebook.succeed(&format!("{more}(more::one(), own.part.c)")).await;
        assert_eq!(cell.take_text().as_deref(), Some("(1, 3)"));
        assert!(!cell.take_stderr().contains("lost"));

        package("parts", a_string);
        let mut cell = notebook.succeed("other.clone()").await;
        assert_eq!(cell.take_text().as_deref(), Some("[1]"));
        let told = cell.take_stderr();
        for lost in ["own", "bare"] {
            assert!(told.contains(&format!("the variable `{lost}` is lost")), "{told}");
        }
        let failure = notebook.failure("own.part.a.len()").await;
        assert!(failure.text().contains("`own` was lost in cell "), "{failure:?}");
        assert_eq!(
            notebook.value("Own { part: parts::Part::new() }").await,
            "Own { part: Part { a: \"\" } }"
        );
    });
}

#[test]
fn a_redefined_type_never_turns_variables_into_garbage() {
    with_notebook(async |notebook| {
        notebook
            .prepare(
                "#[derive(Debug)]\nstruct P { x: u64 }\n#[derive(Debug, Clone)]\nstruct Kept { a: u8 }\n\
                 #[derive(Debug)]\nstruct Holder(Option<P>);\n\
                 let p = P { x: 7 }; let kept = Kept { a: 1 }; let holder = Holder(None); let other = vec![1];",
            )
            .await;
        // What does not compile has redefined nothing.
        let mut cell = notebook.run("struct P { x: NoType }").await;
        assert_eq!(cell.take_failure().expect("a failure").ename, "CompileError");
        assert_eq!(notebook.value("p.x").await, "7");

        let mut cell = notebook.run("#[derive(Debug)]\nstruct P { x: String }").await;
        // They are missed when code next runs.
        let mut told = cell.take_stderr();
        let mut cell = notebook.run("kept.clone()").await;
        told.push_str(&cell.take_stderr());
        assert_eq!(cell.take_text().as_deref(), Some("Kept { a: 1 }"));
        for lost in ["p", "holder"] {
            assert!(told.contains(&format!("the variable `{lost}` is lost")), "{told}");
        }
        for stays in ["kept", "other"] {
            assert!(!told.contains(&format!("`{stays}`")), "{told}");
        }
        let mut cell = notebook.run("format!(\"{:?}\", p)").await;
        cell.take_stderr();
        match (cell.take_text(), cell.take_failure()) {
            (Some(text), None) => assert_eq!(text, "\"P { x: 7 }\""),
            (None, Some(failure)) => {
                assert!(
                    ["CompileError", "VariablesLost"].contains(&failure.ename.as_str()),
                    "{failure:?}"
                );
                assert!(failure.text().contains("`p`"), "{failure:?}");
            }
            neither => panic!("{neither:?}"),
        }
        assert_eq!(notebook.value("other.clone()").await, "[1]");
        notebook.prepare("let p = P { x: \"new\".to_owned() };").await;
        assert_eq!(notebook.value("p.x.clone()").await, "\"new\"");
    });
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

//! A worker that fails fails its cell, with the item, the PID and the cause, and the notebook goes on.

use parcell_tests::{CellFailure, with_notebook, worker_lines};

/// Cells over the items 0, 1 and 2 of which 1 is fatal, with the kind of the error and what names its cause.
const FATAL: [(&str, &str, &str); 8] = [
    ("panic!(\"no {n}\")", "Panicked", "no 1"),
    (
        "unsafe { std::ptr::null_mut::<u8>().write_volatile(1) }",
        "Crashed",
        "SIGSEGV",
    ),
    ("std::process::abort()", "Crashed", "SIGABRT"),
    ("std::process::exit(0)", "Crashed", "exit code 0"),
    ("std::process::exit(3)", "Crashed", "exit code 3"),
    (
        "std::thread::spawn(|| std::process::exit(4)).join().unwrap()",
        "Crashed",
        "exit code 4",
    ),
    (
        "fn deep(n: u64) -> u64 { std::hint::black_box([n; 64]); deep(std::hint::black_box(n + 1)) + 1 }\n\
            drop(deep(0))",
        "Crashed",
        "SIGABRT",
    ),
    (
        "let pid = std::process::id().to_string();\n\
            drop(std::process::Command::new(\"kill\").args([\"-9\", &pid]).status())",
        "Crashed",
        "SIGKILL",
    ),
];

/// Asserts that it names item 1, the process that was on it, and the cause.
fn assert_failed(failure: &CellFailure, kind: &str, cause: &str, pid: i32) {
    assert_eq!(failure.ename, kind, "{failure:?}");
    let subject = format!("item 1 (pid {pid}) ");
    assert!(failure.evalue.starts_with(&subject), "{subject:?}: {}", failure.evalue);
    assert!(failure.evalue.contains(cause), "{cause:?}: {}", failure.evalue);
    let text = failure.text();
    assert!(text.contains(&failure.evalue), "{text}");
    assert!(!text.contains("lib.rs"), "{text}");
}

#[test]
fn each_kind_of_failure_is_told_and_the_variables_survive() {
    with_notebook(async |notebook| {
        notebook.prepare("let kept = vec![1, 2, 3];").await;
        for (fatal, kind, cause) in FATAL {
            notebook
                .check(fatal, async |n| {
                    let code = format!(
                        "%%pool -n 2 0..3u32 -> never\n#[allow(unconditional_recursion)]\n\
                            fn work(n: u32) -> u32 {{\n    if n == 1 {{\n        \
                         println!(\"here {{n}}\");\n        {fatal};\n    }}\n    n\n}}"
                    );
                    let mut cell = n.run(&code).await;
                    let lines = worker_lines(&cell.take_stdout());
                    cell.take_stderr();
                    assert_eq!(lines.len(), 1, "{lines:?}");
                    let failure = cell.take_failure().expect("a failure");
                    assert_failed(&failure, kind, cause, lines[0].pid);
                    assert_eq!(n.value("kept.clone()").await, "[1, 2, 3]");
                })
                .await;
        }
        notebook
            .check("a panic names the line in its cell", async |n| {
                let mut cell = n
                    .run("%%pool 0..1u32\nfn work(n: u32) -> u32 {\n    let v = [0; 2];\n    v[n as usize + 2]\n}")
                    .await;
                let count = cell.count().unwrap();
                cell.take_stderr();
                let failure = cell.take_failure().expect("a failure");
                assert!(
                    failure.text().contains(&format!("cell {count}, line 4")),
                    "{}",
                    failure.text()
                );
            })
            .await;
        notebook
            .check("an Err of a function that returns Result", async |n| {
                let code = "%%pool -n 2 [\"1\", \"x\", \"3\"] -> parsed\n\
                            fn parse(text: &str) -> Result<u32, std::num::ParseIntError> { text.parse() }";
                let failure = n.failure(code).await;
                assert_eq!(failure.ename, "Failed");
                assert!(
                    failure.evalue.contains("item 1") && failure.evalue.contains("invalid digit"),
                    "{failure:?}"
                );
            })
            .await;
        notebook
            .check("the Ok values where all are Ok", async |n| {
                n.prepare(
                    "%%pool -n 2 [\"1\", \"2\"] -> parsed\n\
                        fn parse_all(text: &str) -> Result<u32, std::num::ParseIntError> { text.parse() }",
                )
                .await;
                assert_eq!(n.value("parsed.iter().sum::<u32>()").await, "3");
            })
            .await;
        notebook
            .check("with --keep-going every item runs", async |n| {
                let mut cell = n
                    .run(
                        "%%pool -n 2 -k 0..4u32 -> outcomes\nfn risky(n: u32) -> u32 {\n    match n {\n        \
                         1 => panic!(\"one\"),\n        2 => std::process::exit(3),\n        _ => n * 10,\n    }\n}",
                    )
                    .await;
                cell.take_stderr();
                assert_eq!(cell.status(), "ok", "{cell:?}");
                let shown = n
                    .value(
                        "let outcomes: Vec<Result<u32, TaskError>> = outcomes;\n\
                         outcomes.iter().map(|o| o.as_ref().map_err(|e| e.item()).copied()).collect::<Vec<_>>()",
                    )
                    .await;
                assert_eq!(shown, "[Ok(0), Err(Some(1)), Err(Some(2)), Ok(30)]");
                assert_eq!(
                    n.value("outcomes[2].as_ref().unwrap_err().to_string().contains(\"exit code 3\")")
                        .await,
                    "true"
                );
            })
            .await;
    });
}

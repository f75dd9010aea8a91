//! A worker that fails fails its cell, with the item, the PID and the cause, and the notebook goes on.

use parcell_tests::{CellFailure, Notebook, cell_code, with_notebook, worker_lines};

/// Cells over the items 0, 1 and 2 of which 1 is fatal, with the kind of the error and what names its cause.
const FATAL: [(&str, &str, &str); 8] = [
    (r#"panic!("no {n}")"#, "Panicked", "no 1"),
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
        r"
            fn deep(n: u64) -> u64 { std::hint::black_box([n; 64]); deep(std::hint::black_box(n + 1)) + 1 }
            drop(deep(0))
        ",
        "Crashed",
        "overflowed its stack",
    ),
    (
        r#"
            let pid = std::process::id().to_string();
            drop(std::process::Command::new("kill").args(["-9", &pid]).status())
        "#,
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
                .check(fatal, async |n| check_fatal(n, fatal, kind, cause).await)
                .await;
        }
        notebook.step(a_panic_names_the_line_in_its_cell).await;
        notebook.step(an_err_of_a_function_that_returns_result).await;
        notebook.step(the_ok_values_where_all_are_ok).await;
        notebook.step(with_keep_going_every_item_runs).await;
    });
}

async fn check_fatal(n: &mut Notebook, fatal: &str, kind: &str, cause: &str) {
    let fatal = cell_code(fatal);
    let code = format!(
        r#"
            %%pool -n 2 0..3u32 -> never
            #[allow(unconditional_recursion)]
            fn work(n: u32) -> u32 {{
                if n == 1 {{
                    println!("here {{n}}");
                    {fatal};
                }}
                n
            }}
        "#
    );
    let mut cell = n.run(&code).await;
    let lines = worker_lines(&cell.take_stdout());
    cell.take_stderr();
    assert_eq!(lines.len(), 1, "{lines:?}");
    let failure = cell.take_failure().expect("a failure");
    assert_failed(&failure, kind, cause, lines[0].pid);
    assert_eq!(n.value("kept.clone()").await, "[1, 2, 3]");
}

async fn a_panic_names_the_line_in_its_cell(n: &mut Notebook) {
    let code = r"
        %%pool 0..1u32
        fn work(n: u32) -> u32 {
            let v = [0; 2];
            v[n as usize + 2]
        }
    ";
    let mut cell = n.run(code).await;
    let count = cell.count().unwrap();
    cell.take_stderr();
    let failure = cell.take_failure().expect("a failure");
    assert!(
        failure.text().contains(&format!("cell {count}, line 4")),
        "{}",
        failure.text()
    );
}

async fn an_err_of_a_function_that_returns_result(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 ["1", "x", "3"] -> parsed
        fn parse(text: &str) -> Result<u32, std::num::ParseIntError> { text.parse() }
    "#;
    let failure = n.failure(code).await;
    assert_eq!(failure.ename, "Failed");
    assert!(
        failure.evalue.contains("item 1") && failure.evalue.contains("invalid digit"),
        "{failure:?}"
    );
}

async fn the_ok_values_where_all_are_ok(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 ["1", "2"] -> parsed
        fn parse_all(text: &str) -> Result<u32, std::num::ParseIntError> { text.parse() }
    "#;
    n.prepare(code).await;
    assert_eq!(n.value("parsed.iter().sum::<u32>()").await, "3");
}

async fn with_keep_going_every_item_runs(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 -k 0..4u32 -> outcomes
        fn risky(n: u32) -> u32 {
            match n {
                1 => panic!("one"),
                2 => std::process::exit(3),
                _ => n * 10,
            }
        }
    "#;
    let mut cell = n.run(code).await;
    cell.take_stderr();
    assert_eq!(cell.status(), "ok", "{cell:?}");
    let code = r"
        let outcomes: Vec<Result<u32, TaskError>> = outcomes;
        outcomes.iter().map(|o| o.as_ref().map_err(|e| e.item()).copied()).collect::<Vec<_>>()
    ";
    let shown = n.value(code).await;
    assert_eq!(shown, "[Ok(0), Err(Some(1)), Err(Some(2)), Ok(30)]");
    assert_eq!(
        n.value(r#"outcomes[2].as_ref().unwrap_err().to_string().contains("exit code 3")"#)
            .await,
        "true"
    );
}

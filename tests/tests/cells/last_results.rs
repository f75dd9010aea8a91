//! What a cell's map has given is not lost with the cell, and a failure is summed up by its causes.

use parcell_tests::{Notebook, with_notebook, worker_lines};

/// Runs a cell over the items 0 to 9, of which 2, 4, 6 and 8 panic in one place and 7 ends its process.
const SEVERAL_CAUSES: &str = r"
    %%pool -n 2 -k 0..10u64 -> outcomes
    fn checked(n: u64) -> u64 {
        if n == 7 { std::process::exit(3) }
        deeper(n)
    }
";

async fn prepare(notebook: &mut Notebook) {
    let code = r#"
        fn deeper(n: u64) -> u64 {
            assert!(n == 0 || n % 2 == 1, "even: {n}");
            n * 10
        }
    "#;
    notebook.prepare(code).await;
}

/// The outcomes of the last map as text, without what a failure says.
async fn last_results(notebook: &mut Notebook) -> String {
    let code = "last_results::<u64>()?.into_iter().map(|(item, outcome)| (item, outcome.ok())).collect::<Vec<_>>()";
    notebook.value(code).await
}

#[test]
fn results_outlive_the_cell_that_failed() {
    with_notebook(async |notebook| {
        prepare(notebook).await;
        notebook.step(none_before_the_first_map).await;
        notebook.step(a_map_that_stopped_at_a_failure).await;
        notebook.step(asked_for_as_another_type).await;
        notebook.step(a_map_that_succeeded_before_its_cell_failed).await;
        notebook.step(a_cell_that_crashed).await;
        notebook.step(processes_of_which_one_failed).await;
        notebook.step(a_failure_that_has_no_map_says_nothing_of_one).await;
    });
}

async fn none_before_the_first_map(n: &mut Notebook) {
    let failure = n.failure("last_results::<u64>()?").await;
    assert!(failure.evalue.contains("none has run in this notebook"), "{failure:?}");
}

async fn a_map_that_stopped_at_a_failure(n: &mut Notebook) {
    let code = r"
        %%pool -n 1 -c 1 [1u64, 3, 5, 6]
        fn odd(n: u64) -> u64 { deeper(n) }
    ";
    let failure = n.failure(code).await;
    let kept = "3 of this cell's 4 results are kept: `last_results::<u64>()?` returns them";
    assert!(failure.text().contains(kept), "{}", failure.text());
    assert_eq!(
        last_results(n).await,
        "[(0, Some(10)), (1, Some(30)), (2, Some(50)), (3, None)]"
    );
}

async fn asked_for_as_another_type(n: &mut Notebook) {
    let failure = n.failure("last_results::<Vec<f32>>()?").await;
    let text = "the results of the last map are of type u64: ask for `last_results::<u64>()`";
    assert_eq!(failure.evalue, text);
}

async fn a_map_that_succeeded_before_its_cell_failed(n: &mut Notebook) {
    let failure = n
        .failure(r#"let all = Pool::new(2).map(|n: u64| vec![n], 1..4); panic!("later");"#)
        .await;
    let kept = "3 of this cell's 3 results are kept: `last_results::<Vec<u64>>()?` returns them";
    assert!(failure.text().contains(kept), "{}", failure.text());
    assert_eq!(n.value("last_results::<Vec<u64>>()?.len()").await, "3");
}

async fn a_cell_that_crashed(n: &mut Notebook) {
    let failure = n
        .failure("Pool::new(2).map(|n: u64| n + 1, 0..2); std::process::abort();")
        .await;
    assert!(
        failure.text().contains("2 of this cell's 2 results are kept"),
        "{}",
        failure.text()
    );
    assert_eq!(last_results(n).await, "[(0, Some(1)), (1, Some(2))]");
}

async fn processes_of_which_one_failed(n: &mut Notebook) {
    let code = r"
        %%process -n 3
        fn numbered(index: u64) -> u64 { deeper(index) }
    ";
    let failure = n.failure(code).await;
    assert!(
        failure.text().contains("2 of this cell's 3 results are kept"),
        "{}",
        failure.text()
    );
    assert_eq!(last_results(n).await, "[(0, Some(0)), (1, Some(10)), (2, None)]");
}

async fn a_failure_that_has_no_map_says_nothing_of_one(n: &mut Notebook) {
    let failure = n.failure(r#"panic!("no map")"#).await;
    assert!(!failure.text().contains("last_results"), "{}", failure.text());
}

#[test]
fn results_outlive_an_interrupt() {
    with_notebook(async |notebook| {
        notebook.prepare("let before = 5;").await;
        // Each worker has an item that ends at once, and then one that waits until both results are kept: also that of a
        // worker which is already on its next item.
        let code = r#"
            let before = 6;
            let gone = Pool::builder().workers(2).chunk_size(2).build().map(|n: u64| {
                if n % 2 == 1 {
                    while last_results::<u64>().map_or(0, |results| results.len()) < 2 { std::thread::yield_now(); }
                    println!("both are kept");
                    loop { std::thread::park(); }
                }
                n + 100
            }, 0..4);
        "#;
        let running = notebook.start_cell(code, "both are kept\n").await;
        notebook.interrupt().await;
        let mut cell = notebook.finish(running).await;
        assert!(!worker_lines(&cell.take_stdout()).is_empty());
        let failure = cell.take_failure().expect("a failure");
        assert_eq!(failure.ename, "Interrupted", "{failure:?}");
        let kept = "2 of this cell's 4 results are kept: `last_results::<u64>()?` returns them";
        assert!(failure.text().contains(kept), "{}", failure.text());
        assert_eq!(last_results(notebook).await, "[(0, Some(100)), (2, Some(102))]");
        assert_eq!(notebook.value("before").await, "5");
    });
}

#[test]
fn failures_are_summed_up_by_cause() {
    with_notebook(async |notebook| {
        prepare(notebook).await;
        notebook.step(of_a_map_that_goes_on).await;
        notebook.step(a_failure_shown_as_a_value_names_lines_of_cells).await;
        notebook.step(of_processes).await;
        notebook.step(nothing_is_said_where_nothing_failed).await;
    });
}

async fn of_a_map_that_goes_on(n: &mut Notebook) {
    let mut cell = n.run(SEVERAL_CAUSES).await;
    let count = cell.count().expect("a number");
    let text = cell.take_stderr();
    assert_eq!(cell.status(), "ok", "{cell:?}");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "5 of 10 items failed:", "{text}");
    assert!(
        lines[1].starts_with("  item 2 (pid ") && lines[1].ends_with("panicked at cell 1, line 2: even: 2"),
        "{text}"
    );
    assert_eq!(lines[2], "    and 3 more: items 4, 6, 8");
    assert!(
        lines[3].starts_with("  item 7 (pid ") && lines[3].contains("exit code 3"),
        "{text}"
    );
    let calls = [
        "backtrace of the first:",
        "deeper at cell 1, line 2",
        &format!("checked at cell {count}, line 4"),
    ];
    assert_eq!(lines[4..7], calls, "{text}");
    assert_eq!(
        n.value("outcomes.iter().filter(|outcome| outcome.is_ok()).count()")
            .await,
        "5"
    );
}

async fn a_failure_shown_as_a_value_names_lines_of_cells(n: &mut Notebook) {
    let shown = n.value(r#"format!("{:?}", outcomes[2])"#).await;
    assert!(shown.contains("location: Some(cell 1, line 2)"), "{shown}");
    assert!(shown.contains("deeper at cell 1, line 2"), "{shown}");
    assert!(!shown.contains(".so"), "{shown}");
}

async fn of_processes(n: &mut Notebook) {
    let code = r"
        %%process -n 5
        fn even(index: u64) { if index > 0 { deeper(2); } }
    ";
    let text = n.failure(code).await.text();
    assert!(
        text.contains("4 processes failed:") && text.contains("    and 3 more"),
        "{text}"
    );
    assert!(text.contains("   0: deeper at cell 1, line 2"), "{text}");
}

async fn nothing_is_said_where_nothing_failed(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 -k [1u64, 3] -> fine
        fn odd(n: u64) -> u64 { deeper(n) }
    ";
    n.prepare(code).await;
}

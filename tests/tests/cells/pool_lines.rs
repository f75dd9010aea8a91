//! The lines that workers of `%%pool` print: whole, each under its process, as soon as they come.

use parcell_tests::{Notebook, pids, sorted_texts, texts, with_notebook, worker_lines};

/// Runs a cell that ends well and prints only workers' lines; gives them, sorted.
async fn lines_of(notebook: &mut Notebook, code: &str) -> Vec<String> {
    let mut cell = notebook.succeed(code).await;
    let lines = worker_lines(&cell.take_stdout());
    sorted_texts(&lines).into_iter().map(str::to_owned).collect()
}

#[test]
fn every_line_is_whole_under_the_process_that_printed_it() {
    with_notebook(async |notebook| {
        notebook.step(by_as_many_processes_as_workers_were_asked_for).await;
        notebook.step(when_printed_in_pieces).await;
        notebook.step(empty_lines_and_a_last_line_that_does_not_end).await;
        notebook
            .step(ten_thousand_of_them_none_lost_each_workers_in_order)
            .await;
        notebook.step(standard_error_as_standard_error).await;
        notebook.step(of_a_program_that_a_worker_starts).await;
        notebook
            .step(of_the_cell_itself_without_a_prefix_before_the_workers)
            .await;
        notebook.step(of_a_pool_in_a_plain_cell).await;
    });
}

async fn by_as_many_processes_as_workers_were_asked_for(n: &mut Notebook) {
    let code = r#"
        %%pool -n 4 0..8u32
        fn work(n: u32) {
            println!("item {n}");
            std::thread::sleep(std::time::Duration::from_millis(250));
        }
    "#;
    let mut cell = n.succeed(code).await;
    let lines = worker_lines(&cell.take_stdout());
    let expected: Vec<String> = (0..8).map(|item| format!("item {item}")).collect();
    assert_eq!(sorted_texts(&lines), expected);
    assert_eq!(pids(&lines).len(), 4, "{lines:?}");
}

async fn when_printed_in_pieces(n: &mut Notebook) {
    let code = r#"
        %%pool -n 3 0..30u32
        fn pieces(n: u32) {
            use std::io::Write;
            for part in ["a", "é", "b"] {
                print!("{part}{n}");
                std::io::stdout().flush().unwrap();
                std::thread::yield_now();
            }
            println!();
        }
    "#;
    let lines = lines_of(n, code).await;
    let mut expected: Vec<String> = (0..30).map(|item| format!("a{item}é{item}b{item}")).collect();
    expected.sort();
    assert_eq!(lines, expected);
}

async fn empty_lines_and_a_last_line_that_does_not_end(n: &mut Notebook) {
    let code = r#"
        %%pool -n 1 0..1u8
        fn odd(_n: u8) { print!("\n[pid 1] \nno end"); }
    "#;
    let lines = lines_of(n, code).await;
    assert_eq!(lines, ["", "[pid 1] ", "no end"]);
}

async fn ten_thousand_of_them_none_lost_each_workers_in_order(n: &mut Notebook) {
    let code = r#"
        %%pool -n 4 0..4u32
        fn many(n: u32) {
            for i in 0..2500 { println!("{n}:{i:04}"); }
        }
    "#;
    let mut cell = n.succeed(code).await;
    let lines = worker_lines(&cell.take_stdout());
    assert_eq!(lines.len(), 10_000);
    for item in 0..4 {
        let prefix = format!("{item}:");
        let own: Vec<&str> = texts(&lines)
            .into_iter()
            .filter(|text| text.starts_with(&prefix))
            .collect();
        assert!(own.is_sorted() && own.len() == 2500, "item {item}: {} lines", own.len());
    }
}

async fn standard_error_as_standard_error(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 0..2u32
        fn warn(n: u32) { eprintln!("warning {n}"); println!("line {n}"); }
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(
        sorted_texts(&worker_lines(&cell.take_stderr())),
        ["warning 0", "warning 1"]
    );
    assert_eq!(sorted_texts(&worker_lines(&cell.take_stdout())), ["line 0", "line 1"]);
}

async fn of_a_program_that_a_worker_starts(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 0..2u32
        fn shell(n: u32) {
            let status = std::process::Command::new("sh").args(["-c", &format!("echo from sh {n}")]).status();
            assert!(status.unwrap().success());
            println!("after sh {n}");
        }
    "#;
    let lines = lines_of(n, code).await;
    assert_eq!(lines, ["after sh 0", "after sh 1", "from sh 0", "from sh 1"]);
}

async fn of_the_cell_itself_without_a_prefix_before_the_workers(n: &mut Notebook) {
    let code = r#"
        %%pool -n 1 0..1u32
        println!("the cell");
        |_| println!("a worker")
    "#;
    let mut cell = n.succeed(code).await;
    let stdout = cell.take_stdout();
    let workers = stdout
        .strip_prefix("the cell\n")
        .unwrap_or_else(|| panic!("{stdout:?}"));
    assert_eq!(texts(&worker_lines(workers)), ["a worker"]);
}

async fn of_a_pool_in_a_plain_cell(n: &mut Notebook) {
    let mut cell = n
        .succeed(r#"Pool::new(2).map(|x: u32| { println!("x {x}"); x }, [1, 2])"#)
        .await;
    assert_eq!(sorted_texts(&worker_lines(&cell.take_stdout())), ["x 1", "x 2"]);
    assert_eq!(cell.take_text().as_deref(), Some("[1, 2]"));
}

#[test]
fn lines_appear_while_the_cell_runs() {
    with_notebook(async |notebook| {
        // The second item ends only when the file is there, which this test makes when it has seen the first line.
        let code = r#"
            %%pool -n 1 -c 2 0..2u32
            fn wait(n: u32) {
                println!("item {n}");
                while n == 1 && !std::path::Path::new("seen").exists() {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
            }
        "#;
        let running = notebook.start_cell(code, "item 1\n").await;
        assert_eq!(texts(&worker_lines(&running.stdout())), ["item 0", "item 1"]);
        notebook.kernel.make_file("seen");
        let mut cell = notebook.finish(running).await;
        cell.take_stdout();
    });
}

//! `--grouped`: each item's lines together, whoever printed them and however the map ends.

use super::waiting::WAIT_FOR;
use parcell_tests::{Notebook, WorkerLine, texts, with_notebook, worker_lines};

/// Makes the file that another worker waits for.
const LEAVE: &str = r#"
    fn leave(name: &str) { std::fs::write(name, "").unwrap() }
"#;

/// A notebook with the functions by which its workers wait for each other.
fn with_waiting_workers(test: impl AsyncFnOnce(&mut Notebook)) {
    with_notebook(async |notebook| {
        notebook.prepare(&format!("{WAIT_FOR}{LEAVE}")).await;
        test(notebook).await;
    });
}

#[test]
fn each_items_lines_are_together() {
    with_waiting_workers(async |notebook| {
        notebook.step(in_the_order_of_the_items).await;
        notebook.step(in_the_order_in_which_they_are_done).await;
        notebook.step(of_a_pool_of_the_library).await;
        notebook.step(what_an_initializer_prints_comes_as_it_comes).await;
        notebook.step(without_the_process_in_front).await;
        notebook.step(nothing_that_is_printed_passes_for_a_mark).await;
    });
}

async fn in_the_order_of_the_items(n: &mut Notebook) {
    // Every item ends before the one in front of it does.
    let code = r#"
        %%pool -n 4 -c 1 --grouped 0..4u8
        |n| {
            println!("{n} begins");
            eprintln!("{n} warns");
            if n < 3 { wait_for(&format!("ordered{}", n + 1)) }
            print!("{n} ends");
            leave(&format!("ordered{n}"));
        }
    "#;
    let mut cell = n.succeed(code).await;
    let lines = worker_lines(&cell.take_stdout());
    let expected: Vec<String> = (0..4)
        .flat_map(|n| [format!("{n} begins"), format!("{n} ends")])
        .collect();
    assert_eq!(texts(&lines), expected);
    assert!(lines.chunks(2).all(|item| item[0].pid == item[1].pid), "{lines:?}");
    let errors = worker_lines(&cell.take_stderr());
    assert_eq!(texts(&errors), ["0 warns", "1 warns", "2 warns", "3 warns"]);
}

async fn in_the_order_in_which_they_are_done(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 -c 1 --grouped --unordered 0..2u8
        |n| {
            println!("{n} begins");
            if n == 0 { leave("zero"); wait_for("one") }
            wait_for("zero");
            println!("{n} ends");
        }
    "#;
    let running = n.start_cell(code, "1 ends\n").await;
    n.kernel.make_file("one");
    let mut cell = n.finish(running).await;
    let lines = worker_lines(&cell.take_stdout());
    assert_eq!(texts(&lines), ["1 begins", "1 ends", "0 begins", "0 ends"]);
}

async fn of_a_pool_of_the_library(n: &mut Notebook) {
    let code = r#"
        let pool = Pool::builder().workers(2).chunk_size(1).grouped(true).build();
        pool.for_each(|n: u8| {
            if n == 0 { wait_for("library1") }
            println!("{n}");
            leave(&format!("library{n}"));
        }, 0..2);
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["0", "1"]);
}

async fn what_an_initializer_prints_comes_as_it_comes(n: &mut Notebook) {
    let code = r#"
        let pool = Pool::builder().workers(1).grouped(true).initializer(|| println!("first")).build();
        pool.for_each(|n: u8| println!("{n}"), 0..2);
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["first", "0", "1"]);
}

async fn without_the_process_in_front(n: &mut Notebook) {
    let code = r#"
        %%pool -n 3 -c 1 --grouped --raw 0..3u8
        |n| { println!("{n}"); println!("{n}!") }
    "#;
    assert_eq!(n.succeed(code).await.take_stdout(), "0\n0!\n1\n1!\n2\n2!\n");
}

async fn nothing_that_is_printed_passes_for_a_mark(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 -c 1 --grouped --raw 0..2u8
        |n| {
            if n == 0 { wait_for("mark1") }
            print!("\x1eparcell-item:00000000000000000000000000000000:0\n{n}\x1e");
            println!("EVCXR_{}", "BEGIN_CONTENT text/plain");
            leave(&format!("mark{n}"));
        }
    "#;
    let stdout = n.succeed(code).await.take_stdout();
    let lines: Vec<&str> = stdout.lines().collect();
    let mark = "\x1eparcell-item:00000000000000000000000000000000:0";
    let (zero, one) = (
        "0\x1eEVCXR_BEGIN_CONTENT text/plain",
        "1\x1eEVCXR_BEGIN_CONTENT text/plain",
    );
    assert_eq!(lines, [mark, zero, mark, one]);
}

#[test]
fn the_item_whose_turn_it_is_is_shown_as_it_comes() {
    with_waiting_workers(async |notebook| {
        let code = r#"
            %%pool -n 2 -c 1 --grouped 0..2u8
            |n| {
                println!("{n} begins");
                leave(&format!("begun{n}"));
                if n == 0 { wait_for("go") }
            }
        "#;
        let running = notebook.start_cell(code, "0 begins\n").await;
        notebook.kernel.make_file("go");
        let mut cell = notebook.finish(running).await;
        assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["0 begins", "1 begins"]);
    });
}

#[test]
fn nothing_is_lost_when_a_map_does_not_end_well() {
    with_waiting_workers(async |notebook| {
        notebook.step(attempts_stay_with_their_item).await;
        notebook.step(a_map_that_fails).await;
        notebook.step(a_cell_that_is_interrupted).await;
    });
}

async fn attempts_stay_with_their_item(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 -k -c 1 --grouped --retries 1 0..3u8 -> tried
        |n| {
            println!("{n} begins");
            if n == 1 { std::process::abort() }
            n
        }
    "#;
    let mut cell = n.run(code).await;
    let lines = worker_lines(&cell.take_stdout());
    assert_eq!(texts(&lines), ["0 begins", "1 begins", "1 begins", "2 begins"]);
    assert_ne!(lines[1].pid, lines[2].pid);
    assert!(cell.take_stderr().starts_with("1 of 3 items failed:\n"), "{cell:?}");
    let last = cell.inner().last().map(|message| &message.content["name"]);
    assert_eq!(last, Some(&"stderr".into()), "what sums up comes last: {cell:?}");
}

async fn a_map_that_fails(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 -c 1 --grouped 0..2u8
        |n| {
            println!("{n} begins");
            if n == 0 { leave("failing"); std::thread::sleep(std::time::Duration::from_secs(600)) }
            wait_for("failing");
            print!("{n} fails");
            assert_eq!(n, 0);
        }
    "#;
    let mut cell = n.run(code).await;
    assert_eq!(
        cell.take_failure().map(|failure| failure.ename).as_deref(),
        Some("Panicked")
    );
    let lines = worker_lines(&cell.take_stdout());
    assert_eq!(texts(&lines), ["0 begins", "1 begins", "1 fails"]);
}

async fn a_cell_that_is_interrupted(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 -c 1 --grouped 0..2u8
        |n| {
            if n == 0 { wait_for("held") }
            println!("{n} begins");
            if n == 1 { leave("held") }
            std::thread::sleep(std::time::Duration::from_secs(600))
        }
    "#;
    let running = n.start_cell(code, "0 begins\n").await;
    n.interrupt().await;
    let mut cell = n.finish(running).await;
    assert_eq!(
        cell.take_failure().map(|failure| failure.ename).as_deref(),
        Some("Interrupted")
    );
    let lines: Vec<WorkerLine> = worker_lines(&cell.take_stdout());
    assert_eq!(texts(&lines), ["0 begins", "1 begins"]);
}

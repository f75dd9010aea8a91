//! Cells and workers that print without end: memory stays bounded, an interrupt ends them at once, and what is not
//! shown can be looked at.

use std::path::Path;
use std::time::{Duration, Instant};

use parcell_tests::{Notebook, texts, with_notebook, worker_lines};

/// More than a flood lasts until memory would have grown for all to see, at the speed at which pipes are read.
const FLOOD: Duration = Duration::from_secs(3);
/// The growth of the kernel's memory that is put up with: what its queues hold, and the allocator's share.
const GROWTH: u64 = 96 << 20;
/// Ten times the promise, since the machine that runs the tests is busy and the kernel is not optimized.
const AT_ONCE: Duration = Duration::from_millis(2500);

/// Cells that print without end.
const ENDLESS: [(&str, &str); 5] = [
    ("lines of a cell", r#"loop { println!("{}", "x".repeat(80)); }"#),
    (
        "one line of a cell",
        "loop { std::io::stdout().write_all(&[b'x'; 4096]).unwrap(); }",
    ),
    (
        "lines of workers",
        r#"
            %%pool -n 2 0..2
            fn flood(n: u8) { loop { println!("{n} {}", "x".repeat(80)); } }
        "#,
    ),
    (
        "one line each of workers",
        r"
            %%pool -n 2 0..2
            fn flood(_: u8) { loop { std::io::stdout().write_all(&[b'x'; 4096]).unwrap(); } }
        ",
    ),
    (
        "items that wait for their turn",
        r#"
            %%pool -n 2 --grouped 0..2
            fn flood(_: u8) { loop { println!("{}", "x".repeat(80)); } }
        "#,
    ),
];

#[test]
fn an_endless_flood_is_bounded_and_ends_at_once() {
    with_notebook(async |notebook| {
        notebook.prepare("use std::io::Write;").await;
        // The first cell of its kind makes the kernel read and know things that it keeps.
        notebook.succeed(r#"println!("");"#).await.take_stdout();
        notebook.prepare("let inferred = vec![1].len();").await;
        for (name, code) in ENDLESS {
            notebook.check(name, async |n| check_flood(n, name, code).await).await;
        }
    });
}

async fn check_flood(n: &mut Notebook, name: &str, code: &str) {
    let before = n.kernel.memory();
    let running = n.start_cell(code, "x").await;
    tokio::time::sleep(FLOOD).await;
    let growth = n.kernel.memory().saturating_sub(before);
    let start = Instant::now();
    n.interrupt().await;
    let mut cell = n.finish(running).await;
    let took = start.elapsed();
    println!("{name}: grew by {} MiB, interrupted in {took:?}", growth >> 20);
    assert!(growth < GROWTH, "{} MiB", growth >> 20);
    assert!(took < AT_ONCE, "{took:?}");
    cell.take_stdout();
    assert!(cell.take_stderr().contains("left out here"));
    cell.take_displays();
    assert_eq!(
        cell.take_failure().map(|failure| failure.ename).as_deref(),
        Some("Interrupted")
    );
}

#[test]
fn what_is_left_out_is_in_a_file_of_the_session() {
    let mut kept = String::new();
    with_notebook(async |notebook| {
        let mut cell = notebook
            .succeed(r#"for n in 0..100_000 { println!("{n:099}"); }"#)
            .await;
        let (stdout, notice) = (cell.take_stdout(), cell.take_stderr());
        let path = notice
            .split_once("; what is missing is in ")
            .and_then(|(_, rest)| rest.split_once(" while the kernel lives\n"))
            .map(|(path, _)| path);
        kept = path.unwrap_or_else(|| panic!("{notice:?} says no place")).to_owned();
        let file = std::fs::read_to_string(&kept).unwrap();
        assert_eq!(stdout.len() + file.len(), 100_000 * 100);
        let first = file.lines().next().unwrap();
        let last = file.lines().next_back().unwrap();
        assert!(!stdout.contains(first) && !stdout.contains(last));
        let path = Path::new(&kept);
        let name = path.file_name().and_then(|name| name.to_str());
        assert_eq!(
            name,
            Some(format!("output-of-cell-{}.txt", cell.count().unwrap()).as_str())
        );
    });
    assert!(!Path::new(&kept).exists());
}

#[test]
fn a_flood_keeps_neither_another_worker_nor_the_end_of_a_cell() {
    with_notebook(async |notebook| {
        // It floods for as long as the notebook lives.
        let code = r#"
            %%process --daemon --quiet
            loop { println!("{}", "x".repeat(80)); }
        "#;
        notebook.prepare(code).await;
        let start = Instant::now();
        let code = r#"
            %%process -n 2
            |n: u8| println!("{n}")
        "#;
        let mut cell = notebook.succeed(code).await;
        assert_eq!(worker_lines(&cell.take_stdout()).len(), 2);
        let code = r#"
            %%pool -n 2 0..2u8
            |n| {
                let end = std::time::Instant::now() + std::time::Duration::from_secs(1);
                while n == 0 && std::time::Instant::now() < end { println!("{}", "x".repeat(80)); }
                println!("the end of {n}");
            }
        "#;
        let mut cell = notebook.succeed(code).await;
        cell.take_stderr();
        cell.take_displays();
        let stdout = cell.take_stdout();
        let lines: Vec<_> = stdout
            .split_inclusive('\n')
            .filter(|line| line.contains("the end"))
            .collect();
        assert_eq!(lines.len(), texts(&worker_lines(&lines.concat())).len());
        println!("beside a flood: {:?}", start.elapsed());
    });
}

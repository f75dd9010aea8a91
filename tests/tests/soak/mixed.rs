//! A notebook of cells of all kinds, of which every tenth is interrupted at a random moment or crashes.

use crate::level::Level;
use crate::many;
use parcell_tests::{Execution, Notebook, with_notebook_for};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};
use std::time::{Duration, Instant};

/// The same cells in each run.
const SEED: u64 = 20;
/// For one cell, on a busy machine.
const LIMIT: Duration = Duration::from_secs(10);

/// What the notebook has. Each cell begins with counting itself.
const DEFINE: &str = r#"
    let mut count = 0_u64;
    let mut numbers: Vec<u64> = Vec::new();
    fn work(n: u64) -> u64 { (0..n).fold(n, |a, b| std::hint::black_box(a ^ b)) }
    let executor = ProcessPoolExecutor::with_workers(2);
"#;

/// What a cell does to the count.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Counts {
    /// It stays counted if the cell comes to its end, by whichever way.
    AtItsEnd,
    /// It is forgotten in any case.
    Never,
}

/// Cells, `@` being their number, and how they end: with an error of this kind, or well.
const CELLS: [(&str, Counts, Option<&str>); 12] = [
    (
        "let name_@ = vec![@_u64; 100]; numbers.push(name_@[0]);",
        Counts::AtItsEnd,
        None,
    ),
    ("numbers.iter().map(|n| n % 7).sum::<u64>()", Counts::AtItsEnd, None),
    (
        "fn redefined() -> u64 { @ } numbers.push(redefined());",
        Counts::AtItsEnd,
        None,
    ),
    (
        "#[derive(Debug)] struct Redefined { field_@: u64 } Redefined { field_@: @ }",
        Counts::AtItsEnd,
        None,
    ),
    (
        r#"for line in 0..50 { println!("line {line} of @"); }"#,
        Counts::AtItsEnd,
        None,
    ),
    (
        "Pool::new(2).map(|n: u64| work(n), 0..100).len()",
        Counts::AtItsEnd,
        None,
    ),
    (
        "executor.map(work, 0..50).filter(Result::is_ok).count()",
        Counts::AtItsEnd,
        None,
    ),
    ("numbers.push(undefined_@);", Counts::Never, Some("CompileError")),
    (r#"panic!("on purpose")"#, Counts::AtItsEnd, Some("Panic")),
    (
        r#""no number".parse::<u64>()?"#,
        Counts::AtItsEnd,
        Some("ParseIntError"),
    ),
    (r#"html("<b>@</b>")"#, Counts::AtItsEnd, None),
    (
        "let (sender, receiver) = std::sync::mpsc::channel(); std::thread::spawn(move || sender.send(@)).join().unwrap()?; receiver.recv()?",
        Counts::AtItsEnd,
        None,
    ),
];

/// Cells that end the notebook's process.
const CRASHES: [&str; 4] = [
    "std::process::abort()",
    "std::process::exit(3)",
    "unsafe { std::ptr::without_provenance::<u64>(8).read_volatile() }",
    "std::mem::forget(std::process::Command::new(\"kill\").args([\"-9\", &std::process::id().to_string()]).status()); loop { std::thread::park() }",
];

/// Cells that take a while.
const LONG: [&str; 3] = [
    "loop { std::thread::sleep(std::time::Duration::from_millis(1)); numbers.push(1); }",
    "Pool::new(2).map(|n: u64| work(n << 22), 0..1000)",
    r#"loop { println!("{}", "x".repeat(100)); std::thread::sleep(std::time::Duration::from_millis(1)); }"#,
];

#[test]
fn a_long_notebook_stays_as_it_was() {
    let cells = many(60);
    with_notebook_for(LIMIT * cells as u32, async |n| {
        let mut rng = SmallRng::seed_from_u64(SEED);
        n.prepare(DEFINE).await;
        let mut count = 0;
        let (mut before, mut times) = (None, Vec::new());
        for number in 0..cells {
            if number == cells / 3 {
                before = Some((level(n).await, number));
            }
            let begun = Instant::now();
            count += match number % 10 {
                9 => disturbed(n, &mut rng).await,
                _ => usual(n, number, &mut rng).await,
            };
            times.push(begun.elapsed());
        }
        assert_eq!(n.value("count").await, count.to_string());
        let (before, number) = before.unwrap();
        level(n).await.assert_level_since(&before, cells - number);
        let (first, last) = (median(&times[..cells / 3]), median(&times[cells - cells / 3..]));
        println!("a cell: {first:?} in the first third, {last:?} in the last (medians)");
        assert!(
            last < first * 2 + Duration::from_millis(200),
            "{first:?}, then {last:?}"
        );
    });
}

/// What the notebook takes, without the standing workers that it may have: those end when it crashes.
async fn level(n: &mut Notebook) -> Level {
    n.failure("std::process::abort()").await;
    Level::of(n).await
}

/// Runs a cell that ends by itself; how much it has counted.
async fn usual(n: &mut Notebook, number: usize, rng: &mut SmallRng) -> u64 {
    let (code, counts, ends) = CELLS[rng.random_range(0..CELLS.len())];
    let code = format!("count += 1; {}", code.replace('@', &number.to_string()));
    let cell = n.run(&code).await;
    assert_eq!(ename(cell).as_deref(), ends, "{code}");
    u64::from(counts == Counts::AtItsEnd)
}

/// Runs a cell that crashes, or is interrupted at some moment from its submission on; how much it has counted.
async fn disturbed(n: &mut Notebook, rng: &mut SmallRng) -> u64 {
    if rng.random_bool(0.5) {
        let code = CRASHES[rng.random_range(0..CRASHES.len())];
        let ended = ename(n.run(&format!("count += 1; {code}")).await);
        assert!(matches!(ended.as_deref(), Some("Crashed" | "Exited")), "{ended:?}");
        return 0;
    }
    let code = LONG[rng.random_range(0..LONG.len())];
    let running = n.begin_cell(&format!("count += 1; {code}")).await;
    tokio::time::sleep(Duration::from_millis(rng.random_range(0..800))).await;
    n.interrupt().await;
    assert_eq!(ename(n.finish(running).await).as_deref(), Some("Interrupted"), "{code}");
    0
}

/// The kind of a cell's error. What else it gave is of no interest.
fn ename(mut cell: Execution) -> Option<String> {
    cell.take_stdout();
    cell.take_stderr();
    cell.take_displays();
    let failure = cell.take_failure();
    cell.take_result();
    failure.map(|failure| failure.ename)
}

fn median(times: &[Duration]) -> Duration {
    let mut sorted = times.to_vec();
    sorted.sort_unstable();
    sorted[sorted.len() / 2]
}

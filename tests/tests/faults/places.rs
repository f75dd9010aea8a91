//! The places where a notebook's code runs, and what dying there does to the notebook.

use crate::page;
use crate::ways::{DEFINE, End, WAYS, Way};
use parcell_tests::{CellFailure, Notebook, holds_within, with_notebook};
use std::time::{Duration, Instant};

/// How long after a way to die, in the slowest build on a busy machine, the notebook may take to go on.
pub(crate) const LIMIT: Duration = Duration::from_secs(20);

/// What the notebook has, and every cell that dies has changed.
pub(crate) const VARIABLES: &str = "let mut numbers = vec![1, 2, 3]; let mut count = 0;";

/// What the cell changes before it dies.
const CHANGE: &str = "numbers.push(4); count += 1;";

/// A place.
struct Place {
    /// The name of its table.
    name: &'static str,
    /// The cell that dies there, where the place itself has `DIE` in it.
    cell: &'static str,
}

impl Place {
    fn cell(&self, way: Way) -> String {
        self.cell
            .replace("CHANGE", CHANGE)
            .replace("DIE", &format!("die({:?})", way.name))
    }
}

/// Has one notebook die in all ways in one place, and compares what it says with the page.
fn check(place: &Place) {
    with_notebook(async |notebook| {
        notebook.prepare(DEFINE).await;
        notebook.prepare(VARIABLES).await;
        let before = own_processes(notebook);
        let mut rows = Vec::new();
        for way in WAYS {
            notebook
                .check(way.name, async |n| rows.push(row(n, place, way).await))
                .await;
        }
        restart(notebook, before).await;
        page::compare(place.name, &rows);
    });
}

async fn row(n: &mut Notebook, place: &Place, way: Way) -> page::Row {
    let before = own_processes(n);
    let begun = Instant::now();
    let mut cell = match way.ends_by {
        End::Itself => n.run(&place.cell(way)).await,
        End::Interrupt => interrupted(n, &place.cell(way)).await,
    };
    cell.take_stdout();
    cell.take_stderr();
    let failure = cell.take_failure();
    let value = cell.take_text();
    let took = begun.elapsed();
    assert!(took < LIMIT, "{}: {took:?}", way.name);
    let variables = variables(n).await;
    let level = holds_within(LIMIT, || own_processes(n) <= before).await;
    assert!(level, "{}: {before} before: {:?}", way.name, n.kernel.processes());
    page::Row {
        way: way.name,
        said: said(failure.as_ref(), value),
        variables,
        took,
    }
}

/// What has become of the variables; gives them their values again.
pub(crate) async fn variables(n: &mut Notebook) -> page::Variables {
    let mut cell = n.run("(numbers.clone(), count)").await;
    let found = match (cell.take_text().as_deref(), cell.take_failure()) {
        (Some("([1, 2, 3], 0)"), None) => page::Variables::Undone,
        (Some("([1, 2, 3, 4], 1)"), None) => page::Variables::Changed,
        (None, Some(failure)) if failure.ename == "CompileError" => page::Variables::Lost,
        other => panic!("{other:?}"),
    };
    n.prepare(VARIABLES).await;
    found
}

/// How many processes the notebook has that run code of ours; what the user's code has started as programs, and its worker has
/// left when it died, is not among them.
pub(crate) fn own_processes(n: &mut Notebook) -> usize {
    let ours = |name: &str| ["parcell", "exe"].contains(&name);
    n.kernel
        .processes()
        .iter()
        .filter(|process| ours(&process.name))
        .count()
}

/// Starts the notebook anew, which ends all that its code has left.
async fn restart(n: &mut Notebook, own: usize) {
    n.succeed(":restart").await.take_text().unwrap();
    let level = holds_within(LIMIT, || n.kernel.processes().len() <= own).await;
    assert!(level, "{own} before: {:?}", n.kernel.processes());
}

/// Runs a cell that stops a process; interrupts it as soon as the process has stopped.
async fn interrupted(n: &mut Notebook, code: &str) -> parcell_tests::Execution {
    let running = n.start_cell(code, ";\n").await;
    let printed = running.stdout();
    let pid = printed.split("stops: ").nth(1).unwrap().split(';').next().unwrap();
    let has_stopped = || std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| stat.contains(") T "));
    assert!(holds_within(LIMIT, has_stopped).await, "{printed}");
    n.interrupt().await;
    n.finish(running).await
}

/// What a person sees of it, without what differs from run to run.
pub(crate) fn said(failure: Option<&CellFailure>, value: Option<String>) -> String {
    match failure {
        Some(failure) => format!("`{}`: {}", failure.ename, page::constant(&failure.evalue)),
        None => value.map_or_else(|| "it completes".to_owned(), |value| format!("it completes: {value}")),
    }
}

#[test]
fn in_a_cell() {
    check(&Place {
        name: "in a cell",
        cell: "CHANGE DIE",
    });
}

#[test]
fn in_a_thread_of_a_cell() {
    check(&Place {
        name: "in a thread of a cell",
        cell: "CHANGE std::thread::spawn(|| DIE).join().map_err(|_| \"the thread panicked\")?",
    });
}

#[test]
fn in_a_worker_of_a_pool() {
    check(&Place {
        name: "in a worker of a pool",
        cell: "%%pool -n 2 0..4_u64 -> never\nCHANGE\n|n| if n == 1 { DIE } else { n }",
    });
}

#[test]
fn in_a_standing_worker() {
    check(&Place {
        name: "in a standing worker",
        cell: "CHANGE ProcessPoolExecutor::with_workers(1).submit(|_| DIE, ()).result()?",
    });
}

#[test]
fn in_a_process_cell() {
    check(&Place {
        name: "in a `%%process` cell",
        cell: "%%process\nCHANGE DIE",
    });
}

#[test]
fn in_a_daemon() {
    check(&Place {
        name: "in a daemon",
        cell: "CHANGE Process::builder().daemon(true).spawn(|| DIE).join()?",
    });
}

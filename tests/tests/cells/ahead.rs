//! The next queued cell is compiled while one runs, and what was compiled counts only if all is as expected.

use std::path::Path;
use std::time::Duration;

use parcell_tests::{CellFailure, Kernel, Notebook, holds_within, with_notebook};
use serde_json::json;

use super::waiting::WAIT_FOR;

/// How long a small cell may take to be compiled on a busy machine.
const COMPILED: Duration = Duration::from_secs(60);

/// A cell that runs, and the one that is queued behind it.
struct Pair {
    name: &'static str,
    /// What the first does when it goes on.
    first: &'static str,
    second: &'static str,
    /// Whether the second can be compiled as things are expected to be.
    compiles: bool,
    outcome: Result<&'static str, &'static str>,
}

const PAIRS: [Pair; 9] = [
    Pair {
        name: "what the first defines is there",
        first: "struct Pair(u8, u8); let made = Pair(3, 4); use std::collections::BTreeMap as Ordered;",
        second: "let mut all = Ordered::new(); all.insert(made.0, made.1); all",
        compiles: true,
        outcome: Ok("{3: 4}"),
    },
    Pair {
        name: "magics know the variables of the first",
        first: "let items = vec![1, 2, 3];",
        second: "%%pool -n 1 items\n|n| n * 2",
        compiles: true,
        outcome: Ok("[2, 4, 6]"),
    },
    Pair {
        name: "what the first moves is not there",
        first: "let taken = kept_list;",
        second: "kept_list.len()",
        compiles: false,
        outcome: Err("`kept_list` was moved in cell"),
    },
    Pair {
        name: "what the second moves is not there after it",
        first: "let list = vec![1, 2];",
        second: "let other = list; other.len()",
        compiles: true,
        outcome: Ok("2"),
    },
    Pair {
        name: "a first that panics has defined nothing",
        first: "let never = 1; panic!(\"on purpose\");",
        second: "never",
        compiles: true,
        outcome: Err("cannot find value `never`"),
    },
    Pair {
        name: "a first that panics has changed what it has changed",
        first: "count += 1; panic!(\"on purpose\");",
        second: "count",
        compiles: true,
        outcome: Ok("2"),
    },
    Pair {
        name: "a first that loses variables is compiled again before it runs",
        first: "struct Shape(String);",
        second: "Shape(\"new\".to_owned()).0",
        // The other library is the first's.
        compiles: true,
        outcome: Ok("\"new\""),
    },
    Pair {
        name: "a mistake is told at its turn",
        first: "let fine = 1;",
        second: "let wrong: u8 = \"text\";",
        compiles: false,
        outcome: Err("mismatched types"),
    },
    Pair {
        name: "a panic is told by its line",
        first: "let fine = 2;",
        second: "let zero = fine - 2;\n10 / zero",
        compiles: true,
        outcome: Err(":2:1"),
    },
];

#[test]
fn what_is_compiled_while_a_cell_runs_counts_if_all_is_as_expected() {
    with_notebook(async |notebook| {
        notebook.prepare(WAIT_FOR).await;
        let variables = "struct Shape(u8); let shape = Shape(1); let kept_list = vec![1]; let mut count = 1;";
        notebook.prepare(variables).await;
        for (number, pair) in PAIRS.iter().enumerate() {
            notebook
                .check(pair.name, async |n| check_pair(n, number, pair).await)
                .await;
        }
    });
}

async fn check_pair(n: &mut Notebook, number: usize, pair: &Pair) {
    let before = libraries(&n.kernel);
    let file = format!("go-{number}");
    let first = format!("println!(\"runs\"); wait_for(\"{file}\");\n{}", pair.first);
    let first = n.client.submit(json!({"code": first, "stop_on_error": false})).await;
    let second = n.client.submit(json!({"code": pair.second})).await;
    let runs = n.client.printed(&first, "runs").await;
    // That of the first, and that of the second, while the first waits.
    let expected = before + 1 + usize::from(pair.compiles);
    let is_compiled = holds_within(COMPILED, || libraries(&n.kernel) >= expected).await;
    assert!(is_compiled, "{} libraries", libraries(&n.kernel));
    n.kernel.make_file(&file);
    let mut first = n.client.execution_after(&first, runs).await;
    first.take_stdout();
    first.take_stderr();
    first.take_failure();
    let mut second = n.client.execution(&second).await;
    second.take_stderr();
    match (pair.outcome, second.take_failure()) {
        (Ok(text), None) => assert_eq!(second.take_text().as_deref(), Some(text)),
        (Err(part), Some(failure)) => assert!(shown(&failure).contains(part), "{failure:?}"),
        (expected, failure) => panic!("{failure:?} instead of {expected:?}"),
    }
}

fn shown(failure: &CellFailure) -> String {
    format!("{}\n{}", failure.evalue, failure.text())
}

/// How many cells have been compiled to libraries.
fn libraries(kernel: &Kernel) -> usize {
    fn count(directory: &Path) -> usize {
        let entries = std::fs::read_dir(directory).into_iter().flatten().flatten();
        entries
            .map(|entry| match entry.file_type() {
                Ok(kind) if kind.is_dir() => count(&entry.path()),
                _ => {
                    let name = entry.file_name();
                    let name = name.to_string_lossy();
                    usize::from(name.starts_with("libcode_") && name.ends_with(".so"))
                }
            })
            .sum()
    }
    count(&kernel.working_directory().with_file_name("tmp"))
}

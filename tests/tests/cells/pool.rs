//! `%%pool`: a map over worker processes, what it gives, and what its workers print.

use parcell_tests::{Notebook, pids, sorted_texts, texts, with_notebook, worker_lines};

/// Runs a cell that ends well and prints only workers' lines; gives them, sorted.
async fn lines_of(notebook: &mut Notebook, code: &str) -> Vec<String> {
    let mut cell = notebook.succeed(code).await;
    let lines = worker_lines(&cell.take_stdout());
    sorted_texts(&lines).into_iter().map(str::to_owned).collect()
}

#[test]
fn results_come_back_in_order_with_their_types() {
    with_notebook(async |notebook| {
        notebook
            .prepare("let numbers: Vec<u64> = vec![5, 4, 3, 2, 1];\nlet offset: u64 = 100;")
            .await;
        notebook
            .check("as a variable for the next cell", async |n| {
                n.prepare("%%pool -n 4 numbers -> squares\nfn square(n: u64) -> u64 {\n    n * n\n}")
                    .await;
                assert_eq!(
                    n.value("let sum: u64 = squares.iter().sum();\n(&squares, sum)").await,
                    "([25, 16, 9, 4, 1], 55)"
                );
                assert_eq!(n.value("numbers.len()").await, "5");
                assert_eq!(n.value("square(12)").await, "144");
            })
            .await;
        notebook
            .check("as a variable for each part of what the function returns", async |n| {
                n.prepare("%%pool -n 2 numbers -> (mut halves, texts)\nfn parts(n: u64) -> (u64, String) { (n / 2, n.to_string()) }")
                    .await;
                assert_eq!(
                    n.value("halves.push(9);\n(halves.clone(), texts.join(\"\"))").await,
                    "([2, 2, 1, 1, 0, 9], \"54321\")"
                );
                n.prepare("%%process -n 2 -> (_, squares)\n|index: u64| (index, index * index)").await;
                assert_eq!(n.value("squares.clone()").await, "[0, 1]");
            })
            .await;
        notebook
            .check(
                "under the function's own name, also when the cell is run again",
                async |n| {
                    let code = "%%pool -n 2 numbers -> doubled\nfn doubled(n: u64) -> u64 { 2 * n }";
                    n.prepare(code).await;
                    n.prepare(code).await;
                    assert_eq!(n.value("doubled.clone()").await, "[10, 8, 6, 4, 2]");
                },
            )
            .await;
        notebook
            .check("shown where no variable is named", async |n| {
                let code = "%%pool -n 2 numbers\nfn negated(n: u64) -> i64 { -(n as i64) }";
                assert_eq!(n.value(code).await, "[-5, -4, -3, -2, -1]");
            })
            .await;
        notebook
            .check("nothing is shown for functions that give nothing", async |n| {
                n.prepare("%%pool -n 2 0..4u8\nfn nothing(_n: u8) {}").await;
            })
            .await;
        notebook
            .check("of a closure that captures, over any iterable", async |n| {
                assert_eq!(
                    n.value("%%pool -n 2 (0..6).step_by(2)\n|i| i * i + offset").await,
                    "[100, 104, 116]"
                );
                n.prepare(
                    "%%pool -n 2 numbers.iter().map(|n| n + 1) -> mut shifted\nlet k = 10;\n|n: u64| n * k + offset",
                )
                .await;
                assert_eq!(
                    n.value("shifted.push(0);\nshifted.clone()").await,
                    "[160, 150, 140, 130, 120, 0]"
                );
            })
            .await;
        notebook
            .check("of items that are strings", async |n| {
                n.prepare("let words = vec![\"é\".to_owned(), \"two words\".to_owned()];")
                    .await;
                assert_eq!(
                    n.value("%%pool words\nfn count(w: String) -> usize { w.chars().count() }")
                        .await,
                    "[1, 9]"
                );
                assert_eq!(
                    n.value("%%pool words\nfn upper(w: &str) -> String { w.to_uppercase() }")
                        .await,
                    "[\"É\", \"TWO WORDS\"]"
                );
                assert_eq!(
                    n.value("%%pool [\"a\", \"bc\"]\nfn len(w: &str) -> usize { w.len() }")
                        .await,
                    "[1, 2]"
                );
                assert_eq!(n.value("words.len()").await, "2");
            })
            .await;
        notebook
            .check("of items that are tuples, for several parameters", async |n| {
                n.prepare("let pairs = vec![(1u32, \"one\".to_owned()), (2, \"two\".to_owned())];")
                    .await;
                let code = "%%pool -n 2 pairs\n\
                    fn label(number: u32, name: &String) -> String { format!(\"{name}={number}\") }";
                assert_eq!(n.value(code).await, "[\"one=1\", \"two=2\"]");
                assert_eq!(
                    n.value(
                        "%%pool (1..3u64).zip(5..7u64)\n\
                    fn product(a: u64, b: u64) -> u64 { a * b }"
                    )
                    .await,
                    "[5, 12]"
                );
                assert_eq!(n.value("pairs.len()").await, "2");
            })
            .await;
        notebook
            .check("of a function that takes a reference", async |n| {
                n.prepare("let rows = vec![vec![1.5, 2.5], vec![]];").await;
                assert_eq!(
                    n.value("%%pool rows\nfn total(row: &[f64]) -> f64 { row.iter().fold(0.0, |a, b| a + b) }")
                        .await,
                    "[4.0, 0.0]"
                );
                assert_eq!(
                    n.value("%%pool rows\nfn first(row: &Vec<f64>) -> Option<f64> { row.first().copied() }")
                        .await,
                    "[Some(1.5), None]"
                );
                assert_eq!(n.value("rows.clone()").await, "[[1.5, 2.5], []]");
            })
            .await;
        notebook
            .check("of a closure that says what it takes", async |n| {
                for (code, results) in [
                    ("%%pool words\n|w: &str| w.to_uppercase()", r#"["É", "TWO WORDS"]"#),
                    ("%%pool words\n|w: String| w + \"!\"", r#"["é!", "two words!"]"#),
                    ("%%pool words.clone()\n|w: &str| w.len()", "[2, 9]"),
                    ("%%pool [\"a\", \"bc\"]\n|w: &str| w.len()", "[1, 2]"),
                    ("%%pool rows\n|row: &[f64]| row.len()", "[2, 0]"),
                    (
                        "%%pool rows\n|row: &mut Vec<f64>| { row.push(offset as f64); row.len() }",
                        "[3, 1]",
                    ),
                    ("%%pool 0..3u64\n|n: &u64| n + offset", "[100, 101, 102]"),
                    (
                        "%%pool pairs\n|number, name| format!(\"{name}={number}\")",
                        r#"["one=1", "two=2"]"#,
                    ),
                    (
                        "%%pool pairs\n|number: u32,\n name: &str| -> String {\n    format!(\"{name}={number}\")\n}",
                        r#"["one=1", "two=2"]"#,
                    ),
                    ("%%pool (1..3u64).zip(5..7u64)\n|a, b: &u64| a * b", "[5, 12]"),
                ] {
                    assert_eq!(n.value(code).await, results, "{code}");
                }
                assert_eq!(n.value("(words.len(), rows.clone())").await, "(2, [[1.5, 2.5], []])");
            })
            .await;
        notebook
            .check("of a type that the same cell defines", async |n| {
                n.prepare(
                    "%%pool -n 2 1..3u32 -> shapes\n#[derive(Debug, Clone, Serialize, Deserialize)]\n\
                     enum Shape { Dot, Line { length: u32, label: Option<String> } }\n\
                     fn shape(n: u32) -> Shape {\n\
                     if n == 1 { Shape::Dot } else { Shape::Line { length: n, label: None } }\n}",
                )
                .await;
                assert_eq!(
                    n.value("shapes.clone()").await,
                    "[Dot, Line { length: 2, label: None }]"
                );
            })
            .await;
        notebook
            .check("no items give no results", async |n| {
                assert_eq!(
                    n.value("%%pool Vec::<u32>::new()\nfn same(n: u32) -> u32 { n }").await,
                    "[]"
                );
            })
            .await;
    });
}

#[test]
fn every_line_is_whole_under_the_process_that_printed_it() {
    with_notebook(async |notebook| {
        notebook
            .check("by as many processes as workers were asked for", async |n| {
                let mut cell = n
                    .succeed(
                        "%%pool -n 4 0..8u32\nfn work(n: u32) {\n    println!(\"item {n}\");\n    \
                         std::thread::sleep(std::time::Duration::from_millis(250));\n}",
                    )
                    .await;
                let lines = worker_lines(&cell.take_stdout());
                let expected: Vec<String> = (0..8).map(|item| format!("item {item}")).collect();
                assert_eq!(sorted_texts(&lines), expected);
                assert_eq!(pids(&lines).len(), 4, "{lines:?}");
            })
            .await;
        notebook
            .check("when printed in pieces", async |n| {
                let lines = lines_of(
                    n,
                    "%%pool -n 3 0..30u32\nfn pieces(n: u32) {\n    use std::io::Write;\n\
                        for part in [\"a\", \"é\", \"b\"] {\n        \
                     print!(\"{part}{n}\");\n        std::io::stdout().flush().unwrap();\n\
                     std::thread::yield_now();\n    }\n    println!();\n}",
                )
                .await;
                let mut expected: Vec<String> = (0..30).map(|item| format!("a{item}é{item}b{item}")).collect();
                expected.sort();
                assert_eq!(lines, expected);
            })
            .await;
        notebook
            .check("empty lines, and a last line that does not end", async |n| {
                let lines = lines_of(
                    n,
                    "%%pool -n 1 0..1u8\nfn odd(_n: u8) { print!(\"\\n[pid 1] \\nno end\"); }",
                )
                .await;
                assert_eq!(lines, ["", "[pid 1] ", "no end"]);
            })
            .await;
        notebook
            .check("ten thousand of them, none lost, each worker's in order", async |n| {
                let code =
                    "%%pool -n 4 0..4u32\nfn many(n: u32) {\n    for i in 0..2500 { println!(\"{n}:{i:04}\"); }\n}";
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
            })
            .await;
        notebook
            .check("standard error as standard error", async |n| {
                let mut cell = n
                    .succeed(
                        "%%pool -n 2 0..2u32\n\
                            fn warn(n: u32) { eprintln!(\"warning {n}\"); println!(\"line {n}\"); }",
                    )
                    .await;
                assert_eq!(
                    sorted_texts(&worker_lines(&cell.take_stderr())),
                    ["warning 0", "warning 1"]
                );
                assert_eq!(sorted_texts(&worker_lines(&cell.take_stdout())), ["line 0", "line 1"]);
            })
            .await;
        notebook
            .check("of a program that a worker starts", async |n| {
                let lines = lines_of(
                    n,
                    "%%pool -n 2 0..2u32\nfn shell(n: u32) {\n\
                        let status = std::process::Command::new(\"sh\").args([\"-c\", \
                        &format!(\"echo from sh {n}\")]).status();\n    \
                     assert!(status.unwrap().success());\n    println!(\"after sh {n}\");\n}",
                )
                .await;
                assert_eq!(lines, ["after sh 0", "after sh 1", "from sh 0", "from sh 1"]);
            })
            .await;
        notebook
            .check("of the cell itself without a prefix, before the workers'", async |n| {
                let mut cell = n
                    .succeed("%%pool -n 1 0..1u32\nprintln!(\"the cell\");\n|_| println!(\"a worker\")")
                    .await;
                let stdout = cell.take_stdout();
                let workers = stdout
                    .strip_prefix("the cell\n")
                    .unwrap_or_else(|| panic!("{stdout:?}"));
                assert_eq!(texts(&worker_lines(workers)), ["a worker"]);
            })
            .await;
        notebook
            .check("of a pool in a plain cell", async |n| {
                let mut cell = n
                    .succeed("Pool::new(2).map(|x: u32| { println!(\"x {x}\"); x }, [1, 2])")
                    .await;
                assert_eq!(sorted_texts(&worker_lines(&cell.take_stdout())), ["x 1", "x 2"]);
                assert_eq!(cell.take_text().as_deref(), Some("[1, 2]"));
            })
            .await;
    });
}

#[test]
fn lines_appear_while_the_cell_runs() {
    with_notebook(async |notebook| {
        // The second item ends only when the file is there, which this test makes when it has seen the first line.
        let seen = notebook.kernel.working_directory().join("seen");
        let code = "%%pool -n 1 -c 2 0..2u32\nfn wait(n: u32) {\n    println!(\"item {n}\");\n    \
                    while n == 1 && !std::path::Path::new(\"seen\").exists() {\n        \
                    std::thread::sleep(std::time::Duration::from_millis(5));\n    }\n}";
        let running = notebook.start_cell(code, "item 1\n").await;
        assert_eq!(texts(&worker_lines(&running.stdout())), ["item 0", "item 1"]);
        std::fs::write(seen, "").unwrap();
        let mut cell = notebook.finish(running).await;
        cell.take_stdout();
    });
}

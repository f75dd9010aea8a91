//! What the options of `%%pool` do, and what is said of wrong ones.

use parcell_tests::{sorted_texts, with_notebook, worker_lines};

#[test]
fn options_choose_what_is_run_and_how() {
    with_notebook(async |notebook| {
        notebook.prepare("fn product(a: u64, b: &u64) -> u64 { a * b }").await;
        notebook
            .check("a function of the cell that is not the last", async |n| {
                n.prepare(
                    "%%pool --fn first -n 2 0..3u64 -> firsts\nfn first(n: u64) -> u64 { second(n) + 1 }\n\
                     fn second(n: u64) -> u64 { n * 10 }",
                )
                .await;
                assert_eq!(n.value("firsts.clone()").await, "[1, 11, 21]");
            })
            .await;
        notebook
            .check("a function of an earlier cell, over tuples", async |n| {
                assert_eq!(
                    n.value("%%pool -n=2 --fn=product (1..4u64).zip(4..7u64)").await,
                    "[4, 10, 18]"
                );
            })
            .await;
        notebook
            .check("results in the order in which they are done", async |n| {
                // The first item ends when the second has, whose worker makes the file.
                let code = "%%pool -n 2 --unordered [0u8, 1]\n|item| {\n    while item == 0 && \
                            !std::path::Path::new(\"second-done\").exists() { std::thread::yield_now() }\n    \
                            if item == 1 { std::fs::write(\"second-done\", \"\").unwrap() }\n    item\n}";
                let value = n.value(code).await;
                assert!(value == "[1, 0]" || value == "[0, 1]", "{value}");
            })
            .await;
        notebook
            .check("an item that takes too long", async |n| {
                let code = "%%pool -n 2 -k --timeout 300ms [0u64, 600]\n\
                            |s| { std::thread::sleep(std::time::Duration::from_secs(s)); s }";
                let mut cell = n.run(code).await;
                let value = cell.take_text().expect("a value");
                assert!(value.contains("Ok(0)") && value.contains("TimedOut {"), "{value}");
                let summary = cell.take_stderr();
                assert!(summary.ends_with("took longer than the 300ms allowed\n"), "{summary}");
            })
            .await;
        notebook
            .check("an item that is tried again", async |n| {
                let code = "%%pool -n 1 --retries 2 0..1u8\n|_| {\n    let tries = std::fs::read(\"tries\")\
                            .unwrap_or_default().len();\n    std::fs::write(\"tries\", vec![0; tries + 1]).unwrap();\n    \
                            if tries < 2 { std::process::abort() }\n    tries\n}";
                assert_eq!(n.value(code).await, "[2]");
            })
            .await;
        notebook
            .check("a worker that needs more memory than it may have", async |n| {
                let code = "%%pool -n 1 -k --memory 64MiB [1usize, 256] -> sizes\n|mib: usize| -> usize { \
                            vec![1u8; mib << 20].len() }";
                n.run(code).await.take_stderr();
                let value = "matches!(&sizes[..], [Ok(1048576), Err(TaskError::Crashed { probably_out_of_memory: true, \
                             .. })])";
                assert_eq!(n.value(value).await, "true");
            })
            .await;
        notebook
            .check("nothing after two dashes is an option", async |n| {
                assert_eq!(n.value("%%pool -n 2 -- -2..1i32\n|n| -n").await, "[2, 1, 0]");
            })
            .await;
    });
}

#[test]
fn items_are_any_expression() {
    with_notebook(async |notebook| {
        notebook
            .prepare(
                "let words = vec![\"a->b\".to_owned(), \"\\\"\".to_owned()];\nlet numbers = vec![1u32, 2, 3, 4, 5];",
            )
            .await;
        for (items, function, expected) in [
            (
                "numbers.chunks(2)",
                "fn total(part: &[u32]) -> u32 { part[0] }",
                "[1, 3, 5]",
            ),
            ("&numbers[1..3]", "fn same(n: &u32) -> u32 { *n }", "[2, 3]"),
            ("numbers[..2].iter().rev()", "fn same(n: &u32) -> u32 { *n }", "[2, 1]"),
            (
                "[\"x -> y\", \"\\\"\"]",
                "fn len(s: &str) -> usize { s.len() }",
                "[6, 1]",
            ),
            (
                "words.iter().map(|word| word.len())",
                "fn twice(n: usize) -> usize { n * 2 }",
                "[8, 2]",
            ),
            ("Some(7)", "fn same(n: u8) -> u8 { n }", "[7]"),
            ("0..=2u8", "fn same(n: u8) -> u8 { n }", "[0, 1, 2]"),
            (
                "\"abc\".chars()",
                "fn upper(c: char) -> String { c.to_uppercase().collect() }",
                "[\"A\", \"B\", \"C\"]",
            ),
            (
                "numbers.iter().zip(words)",
                "fn text(n: &u32, word: String) -> String { format!(\"{n}{word}\") }",
                "[\"1a->b\", \"2\\\"\"]",
            ),
            (
                "{ let mut all = numbers.clone(); all.retain(|n| n % 2 == 1); all }",
                "fn same(n: u32) -> u32 { n }",
                "[1, 3, 5]",
            ),
        ] {
            notebook
                .check(items, async |n| {
                    // A variable that an expression moves is a copy's.
                    let items = items.replace("zip(words)", "zip(words.clone())");
                    assert_eq!(n.value(&format!("%%pool -n 2 {items}\n{function}")).await, expected);
                })
                .await;
        }
        notebook
            .check("results with a type and changeable", async |n| {
                n.prepare("%%pool -n 2 0..3 -> mut squares: Vec<u64>\n|n| n * n").await;
                assert_eq!(n.value("squares.push(9);\nsquares.clone()").await, "[0, 1, 4, 9]");
            })
            .await;
        notebook
            .check("in a cell with structs, imports and helpers", async |n| {
                let code = "%%pool -n 2 [Point { x: 1.0, y: -2.0 }] -> norms\nuse std::ops::Mul;\n\
                            #[derive(Clone, Debug)] struct Point { x: f64, y: f64 }\n\
                            fn square(x: f64) -> f64 { x.mul(x) }\nfn norm(p: &Point) -> f64 { square(p.x) + square(p.y) }";
                n.prepare(code).await;
                assert_eq!(n.value("norms.clone()").await, "[5.0]");
            })
            .await;
    });
}

#[test]
fn wrong_options_are_pointed_at() {
    with_notebook(async |notebook| {
        for (line, message) in [
            ("--timeout soon 0..3", "`soon` is not a time for `--timeout`"),
            ("--memory=2XB 0..3", "`2XB` is not a size for `--memory`"),
            ("-n 2 --workers=3 0..3", "`--workers` is given twice"),
            ("--quiet --raw 0..3", "`--raw` contradicts `--quiet`"),
            ("--fn sqare 0..3", "there is no function `sqare`"),
            (
                "0..3 -> [small, large]",
                "`[small, large]` is not a name for the results",
            ),
        ] {
            let failure = notebook
                .failure(&format!("%%pool {line}\nfn square(n: u8) -> u8 {{ n }}"))
                .await;
            assert_eq!(
                (failure.ename.as_str(), failure.evalue.as_str()),
                ("MagicError", message)
            );
        }
        let mut cell = notebook
            .succeed("%%pool -n 2 0..2u8\nfn quiet(n: u8) { println!(\"{n}\"); }")
            .await;
        assert_eq!(sorted_texts(&worker_lines(&cell.take_stdout())), ["0", "1"]);
    });
}

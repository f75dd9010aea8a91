//! What the options of `%%pool` do, and what is said of wrong ones.

use parcell_tests::{Notebook, sorted_texts, with_notebook, worker_lines};

/// Items, a function over them, and its results.
const ITEMS: [(&str, &str, &str); 10] = [
    (
        "numbers.chunks(2)",
        "fn total(part: &[u32]) -> u32 { part[0] }",
        "[1, 3, 5]",
    ),
    ("&numbers[1..3]", "fn same(n: &u32) -> u32 { *n }", "[2, 3]"),
    ("numbers[..2].iter().rev()", "fn same(n: &u32) -> u32 { *n }", "[2, 1]"),
    (r#"["x -> y", "\""]"#, "fn len(s: &str) -> usize { s.len() }", "[6, 1]"),
    (
        "words.iter().map(|word| word.len())",
        "fn twice(n: usize) -> usize { n * 2 }",
        "[8, 2]",
    ),
    ("Some(7)", "fn same(n: u8) -> u8 { n }", "[7]"),
    ("0..=2u8", "fn same(n: u8) -> u8 { n }", "[0, 1, 2]"),
    (
        r#""abc".chars()"#,
        "fn upper(c: char) -> String { c.to_uppercase().collect() }",
        r#"["A", "B", "C"]"#,
    ),
    (
        "numbers.iter().zip(words)",
        r#"fn text(n: &u32, word: String) -> String { format!("{n}{word}") }"#,
        r#"["1a->b", "2\""]"#,
    ),
    (
        "{ let mut all = numbers.clone(); all.retain(|n| n % 2 == 1); all }",
        "fn same(n: u32) -> u32 { n }",
        "[1, 3, 5]",
    ),
];

#[test]
fn options_choose_what_is_run_and_how() {
    with_notebook(async |notebook| {
        notebook.prepare("fn product(a: u64, b: &u64) -> u64 { a * b }").await;
        notebook.step(a_function_of_the_cell_that_is_not_the_last).await;
        notebook.step(a_function_of_an_earlier_cell_over_tuples).await;
        notebook.step(results_in_the_order_in_which_they_are_done).await;
        notebook.step(an_item_that_takes_too_long).await;
        notebook.step(an_item_that_is_tried_again).await;
        notebook.step(a_worker_that_needs_more_memory_than_it_may_have).await;
        notebook.step(nothing_after_two_dashes_is_an_option).await;
    });
}

async fn a_function_of_the_cell_that_is_not_the_last(n: &mut Notebook) {
    let code = r"
        %%pool --fn first -n 2 0..3u64 -> firsts
        fn first(n: u64) -> u64 { second(n) + 1 }
        fn second(n: u64) -> u64 { n * 10 }
    ";
    n.prepare(code).await;
    assert_eq!(n.value("firsts.clone()").await, "[1, 11, 21]");
}

async fn a_function_of_an_earlier_cell_over_tuples(n: &mut Notebook) {
    assert_eq!(
        n.value("%%pool -n=2 --fn=product (1..4u64).zip(4..7u64)").await,
        "[4, 10, 18]"
    );
}

async fn results_in_the_order_in_which_they_are_done(n: &mut Notebook) {
    // The first item ends when the second has, whose worker makes the file.
    let code = r#"
        %%pool -n 2 --unordered [0u8, 1]
        |item| {
            while item == 0 && !std::path::Path::new("second-done").exists() { std::thread::yield_now() }
            if item == 1 { std::fs::write("second-done", "").unwrap() }
            item
        }
    "#;
    let value = n.value(code).await;
    assert!(value == "[1, 0]" || value == "[0, 1]", "{value}");
}

async fn an_item_that_takes_too_long(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 -k --timeout 300ms [0u64, 600]
        |s| { std::thread::sleep(std::time::Duration::from_secs(s)); s }
    ";
    let mut cell = n.run(code).await;
    let value = cell.take_text().expect("a value");
    assert!(value.contains("Ok(0)") && value.contains("TimedOut {"), "{value}");
    let summary = cell.take_stderr();
    assert!(summary.ends_with("took longer than the 300ms allowed\n"), "{summary}");
}

async fn an_item_that_is_tried_again(n: &mut Notebook) {
    let code = r#"
        %%pool -n 1 --retries 2 0..1u8
        |_| {
            let tries = std::fs::read("tries").unwrap_or_default().len();
            std::fs::write("tries", vec![0; tries + 1]).unwrap();
            if tries < 2 { std::process::abort() }
            tries
        }
    "#;
    assert_eq!(n.value(code).await, "[2]");
}

async fn a_worker_that_needs_more_memory_than_it_may_have(n: &mut Notebook) {
    let code = r"
        %%pool -n 1 -k --memory 64MiB [1usize, 256] -> sizes
        |mib: usize| -> usize { vec![1u8; mib << 20].len() }
    ";
    n.run(code).await.take_stderr();
    let code = "matches!(&sizes[..], [Ok(1048576), Err(TaskError::Crashed { probably_out_of_memory: true, .. })])";
    assert_eq!(n.value(code).await, "true");
}

async fn nothing_after_two_dashes_is_an_option(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 -- -2..1i32
        |n| -n
    ";
    assert_eq!(n.value(code).await, "[2, 1, 0]");
}

#[test]
fn items_are_any_expression() {
    with_notebook(async |notebook| {
        let code = r#"
            let words = vec!["a->b".to_owned(), "\"".to_owned()];
            let numbers = vec![1u32, 2, 3, 4, 5];
        "#;
        notebook.prepare(code).await;
        for (items, function, expected) in ITEMS {
            notebook
                .check(items, async |n| {
                    // A variable that an expression moves is a copy's.
                    let items = items.replace("zip(words)", "zip(words.clone())");
                    let code = format!("%%pool -n 2 {items}\n{function}");
                    assert_eq!(n.value(&code).await, expected);
                })
                .await;
        }
        notebook.step(results_with_a_type_and_changeable).await;
        notebook.step(in_a_cell_with_structs_imports_and_helpers).await;
    });
}

async fn results_with_a_type_and_changeable(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 0..3 -> mut squares: Vec<u64>
        |n| n * n
    ";
    n.prepare(code).await;
    let code = r"
        squares.push(9);
        squares.clone()
    ";
    assert_eq!(n.value(code).await, "[0, 1, 4, 9]");
}

async fn in_a_cell_with_structs_imports_and_helpers(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 [Point { x: 1.0, y: -2.0 }] -> norms
        use std::ops::Mul;
        #[derive(Clone, Debug)] struct Point { x: f64, y: f64 }
        fn square(x: f64) -> f64 { x.mul(x) }
        fn norm(p: &Point) -> f64 { square(p.x) + square(p.y) }
    ";
    n.prepare(code).await;
    assert_eq!(n.value("norms.clone()").await, "[5.0]");
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
            let code = format!("%%pool {line}\nfn square(n: u8) -> u8 {{ n }}");
            let failure = notebook.failure(&code).await;
            assert_eq!(
                (failure.ename.as_str(), failure.evalue.as_str()),
                ("MagicError", message)
            );
        }
        let code = r#"
            %%pool -n 2 0..2u8
            fn quiet(n: u8) { println!("{n}"); }
        "#;
        let mut cell = notebook.succeed(code).await;
        assert_eq!(sorted_texts(&worker_lines(&cell.take_stdout())), ["0", "1"]);
    });
}

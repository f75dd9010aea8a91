//! `%%pool`: a map over worker processes, and what it gives.

use parcell_tests::{Notebook, with_notebook};

#[test]
fn results_come_back_in_order_with_their_types() {
    with_notebook(async |notebook| {
        let code = r#"
            let numbers: Vec<u64> = vec![5, 4, 3, 2, 1];
            let offset: u64 = 100;
            let words = vec!["é".to_owned(), "two words".to_owned()];
            let pairs = vec![(1u32, "one".to_owned()), (2, "two".to_owned())];
            let rows = vec![vec![1.5, 2.5], vec![]];
        "#;
        notebook.prepare(code).await;
        notebook.step(as_a_variable_for_the_next_cell).await;
        notebook
            .step(as_a_variable_for_each_part_of_what_the_function_returns)
            .await;
        notebook
            .step(under_the_functions_own_name_also_when_the_cell_is_run_again)
            .await;
        notebook.step(shown_where_no_variable_is_named).await;
        notebook.step(nothing_is_shown_for_functions_that_give_nothing).await;
        notebook.step(of_a_closure_that_captures_over_any_iterable).await;
        notebook.step(of_items_that_are_strings).await;
        notebook.step(of_items_that_are_tuples_for_several_parameters).await;
        notebook.step(of_a_function_that_takes_a_reference).await;
        notebook.step(of_a_closure_that_says_what_it_takes).await;
        notebook.step(of_a_type_that_the_same_cell_defines).await;
        notebook.step(no_items_give_no_results).await;
    });
}

async fn as_a_variable_for_the_next_cell(n: &mut Notebook) {
    let code = r"
        %%pool -n 4 numbers -> squares
        fn square(n: u64) -> u64 {
            n * n
        }
    ";
    n.prepare(code).await;
    let code = r"
        let sum: u64 = squares.iter().sum();
        (&squares, sum)
    ";
    assert_eq!(n.value(code).await, "([25, 16, 9, 4, 1], 55)");
    assert_eq!(n.value("numbers.len()").await, "5");
    assert_eq!(n.value("square(12)").await, "144");
}

async fn as_a_variable_for_each_part_of_what_the_function_returns(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 numbers -> (mut halves, texts)
        fn parts(n: u64) -> (u64, String) { (n / 2, n.to_string()) }
    ";
    n.prepare(code).await;
    let code = r#"
        halves.push(9);
        (halves.clone(), texts.join(""))
    "#;
    assert_eq!(n.value(code).await, r#"([2, 2, 1, 1, 0, 9], "54321")"#);
    let code = r"
        %%process -n 2 -> (_, squares)
        |index: u64| (index, index * index)
    ";
    n.prepare(code).await;
    assert_eq!(n.value("squares.clone()").await, "[0, 1]");
}

async fn under_the_functions_own_name_also_when_the_cell_is_run_again(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 numbers -> doubled
        fn doubled(n: u64) -> u64 { 2 * n }
    ";
    n.prepare(code).await;
    n.prepare(code).await;
    assert_eq!(n.value("doubled.clone()").await, "[10, 8, 6, 4, 2]");
}

async fn shown_where_no_variable_is_named(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 numbers
        fn negated(n: u64) -> i64 { -(n as i64) }
    ";
    assert_eq!(n.value(code).await, "[-5, -4, -3, -2, -1]");
}

async fn nothing_is_shown_for_functions_that_give_nothing(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 0..4u8
        fn nothing(_n: u8) {}
    ";
    n.prepare(code).await;
}

async fn of_a_closure_that_captures_over_any_iterable(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 (0..6).step_by(2)
        |i| i * i + offset
    ";
    assert_eq!(n.value(code).await, "[100, 104, 116]");
    let code = r"
        %%pool -n 2 numbers.iter().map(|n| n + 1) -> mut shifted
        let k = 10;
        |n: u64| n * k + offset
    ";
    n.prepare(code).await;
    let code = r"
        shifted.push(0);
        shifted.clone()
    ";
    assert_eq!(n.value(code).await, "[160, 150, 140, 130, 120, 0]");
}

async fn of_items_that_are_strings(n: &mut Notebook) {
    let code = r"
        %%pool words
        fn count(w: String) -> usize { w.chars().count() }
    ";
    assert_eq!(n.value(code).await, "[1, 9]");
    let code = r"
        %%pool words
        fn upper(w: &str) -> String { w.to_uppercase() }
    ";
    assert_eq!(n.value(code).await, r#"["É", "TWO WORDS"]"#);
    let code = r#"
        %%pool ["a", "bc"]
        fn len(w: &str) -> usize { w.len() }
    "#;
    assert_eq!(n.value(code).await, "[1, 2]");
    assert_eq!(n.value("words.len()").await, "2");
}

async fn of_items_that_are_tuples_for_several_parameters(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 pairs
        fn label(number: u32, name: &String) -> String { format!("{name}={number}") }
    "#;
    assert_eq!(n.value(code).await, r#"["one=1", "two=2"]"#);
    let code = r"
        %%pool (1..3u64).zip(5..7u64)
        fn product(a: u64, b: u64) -> u64 { a * b }
    ";
    assert_eq!(n.value(code).await, "[5, 12]");
    assert_eq!(n.value("pairs.len()").await, "2");
}

async fn of_a_function_that_takes_a_reference(n: &mut Notebook) {
    let code = r"
        %%pool rows
        fn total(row: &[f64]) -> f64 { row.iter().fold(0.0, |a, b| a + b) }
    ";
    assert_eq!(n.value(code).await, "[4.0, 0.0]");
    let code = r"
        %%pool rows
        fn first(row: &Vec<f64>) -> Option<f64> { row.first().copied() }
    ";
    assert_eq!(n.value(code).await, "[Some(1.5), None]");
    assert_eq!(n.value("rows.clone()").await, "[[1.5, 2.5], []]");
}

async fn of_a_closure_that_says_what_it_takes(n: &mut Notebook) {
    for (items, closure, results) in [
        ("words", "|w: &str| w.to_uppercase()", r#"["É", "TWO WORDS"]"#),
        ("words", r#"|w: String| w + "!""#, r#"["é!", "two words!"]"#),
        ("words.clone()", "|w: &str| w.len()", "[2, 9]"),
        (r#"["a", "bc"]"#, "|w: &str| w.len()", "[1, 2]"),
        ("rows", "|row: &[f64]| row.len()", "[2, 0]"),
        (
            "rows",
            "|row: &mut Vec<f64>| { row.push(offset as f64); row.len() }",
            "[3, 1]",
        ),
        ("0..3u64", "|n: &u64| n + offset", "[100, 101, 102]"),
        (
            "pairs",
            r#"|number, name| format!("{name}={number}")"#,
            r#"["one=1", "two=2"]"#,
        ),
        ("(1..3u64).zip(5..7u64)", "|a, b: &u64| a * b", "[5, 12]"),
    ] {
        let code = format!("%%pool {items}\n{closure}");
        assert_eq!(n.value(&code).await, results, "{code}");
    }
    let code = r#"
        %%pool pairs
        |number: u32,
         name: &str| -> String {
            format!("{name}={number}")
        }
    "#;
    assert_eq!(n.value(code).await, r#"["one=1", "two=2"]"#);
    assert_eq!(n.value("(words.len(), rows.clone())").await, "(2, [[1.5, 2.5], []])");
}

async fn of_a_type_that_the_same_cell_defines(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 1..3u32 -> shapes
        #[derive(Debug, Clone, Serialize, Deserialize)]
        enum Shape { Dot, Line { length: u32, label: Option<String> } }
        fn shape(n: u32) -> Shape {
            if n == 1 { Shape::Dot } else { Shape::Line { length: n, label: None } }
        }
    ";
    n.prepare(code).await;
    assert_eq!(
        n.value("shapes.clone()").await,
        "[Dot, Line { length: 2, label: None }]"
    );
}

async fn no_items_give_no_results(n: &mut Notebook) {
    let code = r"
        %%pool Vec::<u32>::new()
        fn same(n: u32) -> u32 { n }
    ";
    assert_eq!(n.value(code).await, "[]");
}

//! Plain cells: Rust as in any notebook.

use parcell_tests::{CellFailure, Notebook, with_notebook};
use serde_json::json;

/// Asserts that an error is a compile error that shows all of `parts`, and nothing that nobody wrote.
fn assert_compile_error(failure: &CellFailure, parts: &[&str]) {
    assert_eq!(failure.ename, "CompileError", "{}", failure.text());
    failure.assert_shows(parts);
    failure.assert_hides(&["lib.rs", "evcxr", "parcell_"]);
}

/// Asserts that an error is a panic with this message, at this line.
fn assert_panic(failure: &CellFailure, message: &str, place: &str, line: &str) {
    assert_eq!(
        (failure.ename.as_str(), failure.evalue.as_str()),
        ("Panic", message),
        "{}",
        failure.text()
    );
    failure.assert_shows(&[message, place, line]);
    failure.assert_hides(&["lib.rs"]);
}

/// The number that the next cell will have.
async fn next_count(notebook: &mut Notebook) -> u64 {
    let mut cell = notebook.run("0").await;
    cell.take_text();
    cell.count().unwrap() + 1
}

#[test]
fn values_items_and_variables() {
    with_notebook(async |notebook| {
        notebook.step(values_are_shown_as_debug_shows_them).await;
        notebook.step(a_unit_result_shows_nothing).await;
        notebook.step(several_statements_and_a_value).await;
        notebook.step(the_result_of_a_thread_is_a_variable_like_any_other).await;
        notebook.step(variables_persist_and_change).await;
        notebook.step(functions_structs_traits_and_use_persist).await;
        notebook.step(output_and_errors_go_to_their_streams).await;
        notebook.step(a_type_with_its_own_evcxr_display_is_displayed).await;
    });
}

async fn values_are_shown_as_debug_shows_them(n: &mut Notebook) {
    assert_eq!(n.value("1 + 2").await, "3");
    assert_eq!(n.value(r#""é".to_owned()"#).await, r#""é""#);
    assert_eq!(n.value("vec![Some(1), None]").await, "[Some(1), None]");
}

async fn a_unit_result_shows_nothing(n: &mut Notebook) {
    n.prepare("()").await;
    n.prepare("if false {}").await;
    n.prepare("let nothing = 1;").await;
    n.prepare("").await;
    n.prepare("// only a comment").await;
}

async fn several_statements_and_a_value(n: &mut Notebook) {
    let code = r#"
        let a = 20;
        println!("a is {a}");
        let b = a + 1;
        b * 2
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(cell.broadcast_types(), ["execute_input", "stream", "execute_result"]);
    assert_eq!(cell.take_stdout(), "a is 20\n");
    assert_eq!(cell.take_text().as_deref(), Some("42"));
}

async fn the_result_of_a_thread_is_a_variable_like_any_other(n: &mut Notebook) {
    n.prepare("let joined = std::thread::spawn(|| 5).join();").await;
    assert_eq!(n.value("joined.is_ok()").await, "true");
}

async fn variables_persist_and_change(n: &mut Notebook) {
    let code = r"
        let mut counts = std::collections::BTreeMap::<String, u32>::new();
        let step: u32 = 5;
    ";
    n.prepare(code).await;
    n.prepare(r#"counts.insert("one".to_owned(), step);"#).await;
    n.prepare(r#"*counts.get_mut("one").unwrap() += step;"#).await;
    assert_eq!(n.value("counts.clone()").await, r#"{"one": 10}"#);
    n.prepare(r#"let step = "another type";"#).await;
    assert_eq!(n.value("step.len()").await, "12");
}

async fn functions_structs_traits_and_use_persist(n: &mut Notebook) {
    n.prepare("use std::collections::VecDeque;").await;
    let code = r"
        #[derive(Clone, Debug, PartialEq)]
        struct Point { x: i32, y: i32 }
        impl Point {
            fn mirrored(&self) -> Point { Point { x: self.y, y: self.x } }
        }
        trait Size { fn size(&self) -> i32; }
        impl Size for Point { fn size(&self) -> i32 { self.x.abs() + self.y.abs() } }
    ";
    n.prepare(code).await;
    let code = r"
        fn points(count: i32) -> VecDeque<Point> {
            (0..count).map(|x| Point { x, y: 1 }).collect()
        }
    ";
    n.prepare(code).await;
    assert_eq!(
        n.value("points(2)").await,
        "[Point { x: 0, y: 1 }, Point { x: 1, y: 1 }]"
    );
    n.prepare("let point = Point { x: -3, y: 4 };").await;
    assert_eq!(
        n.value("(point.mirrored(), point.size())").await,
        "(Point { x: 4, y: -3 }, 7)"
    );
}

async fn output_and_errors_go_to_their_streams(n: &mut Notebook) {
    let code = r#"
        print!("no ");
        eprintln!("err");
        print!("newline");
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(cell.take_stdout(), "no newline");
    assert_eq!(cell.take_stderr(), "err\n");
}

async fn a_type_with_its_own_evcxr_display_is_displayed(n: &mut Notebook) {
    let code = r#"
        struct Html(String);
        impl Html {
            fn evcxr_display(&self) {
                println!("EVCXR_BEGIN_CONTENT text/html\n<b>{}</b>\nEVCXR_END_CONTENT", self.0);
            }
        }
    "#;
    n.prepare(code).await;
    let mut cell = n.succeed(r#"Html("bold".to_owned())"#).await;
    assert_eq!(cell.broadcast_types(), ["execute_input", "display_data"]);
    assert_eq!(cell.take_displays(), [json!({"text/html": "<b>bold</b>"})]);
}

#[test]
fn compile_errors_point_at_the_line_that_was_written() {
    with_notebook(async |notebook| {
        notebook.prepare("let kept = vec![1, 2, 3];").await;
        notebook.step(in_the_middle_of_a_cell_with_rustcs_help).await;
        notebook.step(columns_count_characters).await;
        notebook.step(in_a_function_with_the_place_of_the_definition).await;
        notebook.step(behind_white_space_and_more_on_a_line).await;
        notebook.step(several_errors_each_once).await;
        notebook
            .step(the_borrow_checker_speaks_of_the_lines_that_were_written)
            .await;
        notebook.step(what_does_not_parse).await;
        assert_eq!(notebook.value("kept.clone()").await, "[1, 2, 3]");
    });
}

async fn in_the_middle_of_a_cell_with_rustcs_help(n: &mut Notebook) {
    let count = next_count(n).await;
    let code = r#"
        let total: u32 = 1;

        fn helper() {}
        let text: String = "abc";
        println!("{total}");
    "#;
    let failure = n.failure(code).await;
    assert!(failure.evalue.contains("mismatched types"), "{}", failure.evalue);
    assert_compile_error(
        &failure,
        &[
            "error[E0308]: mismatched types",
            &format!("cell {count}:4:20"),
            r#"let text: String = "abc";"#,
            "expected `String`, found `&str`",
            "to_string()",
        ],
    );
}

async fn columns_count_characters(n: &mut Notebook) {
    let count = next_count(n).await;
    let failure = n.failure(r#"let größe = "äöü😀"; let y = größe + missing;"#).await;
    assert_compile_error(
        &failure,
        &[
            "error[E0425]",
            &format!("cell {count}:1:37"),
            "größe + missing",
            "^^^^^^^",
        ],
    );
}

async fn in_a_function_with_the_place_of_the_definition(n: &mut Notebook) {
    let count = next_count(n).await;
    let code = r"
        fn double(x: u32) -> u32 {
            let y = x * 2;
            y.len()
        }
    ";
    let failure = n.failure(code).await;
    assert_compile_error(&failure, &["error[E0599]", &format!("cell {count}:3:7"), "    y.len()"]);
}

async fn behind_white_space_and_more_on_a_line(n: &mut Notebook) {
    let count = next_count(n).await;
    let code = r#"
        // a comment

            let a: u8 =   "text";
    "#;
    let failure = n.failure(code).await;
    assert_compile_error(&failure, &["error[E0308]", &format!("cell {count}:3:19")]);
}

async fn several_errors_each_once(n: &mut Notebook) {
    let count = next_count(n).await;
    let code = r#"
        let a: u8 = "one";
        let b = missing_one;
    "#;
    let failure = n.failure(code).await;
    assert_compile_error(
        &failure,
        &[&format!("cell {count}:2:9"), "cannot find value `missing_one`"],
    );
    assert_eq!(failure.text().matches("missing_one`").count(), 1, "{}", failure.text());
}

async fn the_borrow_checker_speaks_of_the_lines_that_were_written(n: &mut Notebook) {
    let count = next_count(n).await;
    let code = r#"
        let s = String::new();
        drop(s);
        println!("{s}");
    "#;
    let failure = n.failure(code).await;
    assert_compile_error(
        &failure,
        &[
            "error[E0382]",
            &format!("cell {count}:3:12"),
            "drop(s);",
            "value moved here",
        ],
    );
}

async fn what_does_not_parse(n: &mut Notebook) {
    let count = next_count(n).await;
    let code = r"
        let a = 1;
        let b = );
    ";
    let failure = n.failure(code).await;
    assert_compile_error(&failure, &[&format!("cell {count}:2:9"), "let b = );"]);
}

#[test]
fn panics_and_errors_name_their_cell_and_line() {
    with_notebook(async |notebook| {
        notebook.step(a_panic_of_the_cell_itself).await;
        notebook.step(a_panic_in_a_function_of_an_earlier_cell).await;
        notebook.step(a_panic_in_the_standard_library).await;
        notebook.step(a_multi_line_panic_message).await;
        notebook.step(a_question_mark_on_an_err).await;
        notebook.step(a_question_mark_on_an_ok_is_a_value).await;
    });
}

async fn a_panic_of_the_cell_itself(n: &mut Notebook) {
    let count = next_count(n).await;
    let code = r#"
        let limit = 3;

        panic!("over the limit of {limit}");
    "#;
    let failure = n.failure(code).await;
    assert_panic(
        &failure,
        "over the limit of 3",
        &format!("cell {count}:3"),
        r#"panic!("over the limit of {limit}");"#,
    );
}

async fn a_panic_in_a_function_of_an_earlier_cell(n: &mut Notebook) {
    let count = next_count(n).await;
    let code = r#"
        fn checked(n: u32) -> u32 {
            if n > 2 {
                panic!("too big: {n}");
            }
            n
        }
    "#;
    n.prepare(code).await;
    let code = r"
        let n = 7;
        let x = checked(n);
    ";
    let failure = n.failure(code).await;
    assert_panic(
        &failure,
        "too big: 7",
        &format!("cell {count}:3"),
        r#"panic!("too big: {n}");"#,
    );
}

async fn a_panic_in_the_standard_library(n: &mut Notebook) {
    let count = next_count(n).await;
    let code = r"
        let v: Vec<u8> = Vec::new();
        v[3]
    ";
    let failure = n.failure(code).await;
    let message = "index out of bounds: the len is 0 but the index is 3";
    assert_panic(&failure, message, &format!("cell {count}:2"), "v[3]");
}

async fn a_multi_line_panic_message(n: &mut Notebook) {
    let failure = n.failure(r#"panic!("first\nsecond")"#).await;
    assert_eq!(
        (failure.ename.as_str(), failure.evalue.as_str()),
        ("Panic", "first\nsecond")
    );
}

async fn a_question_mark_on_an_err(n: &mut Notebook) {
    let failure = n.failure(r#"let number: u32 = "abc".parse::<u32>()?;"#).await;
    let text = failure.text();
    assert!(
        failure.evalue.contains("invalid digit found in string"),
        "{}",
        failure.evalue
    );
    assert!(text.contains("invalid digit found in string"), "{text}");
}

async fn a_question_mark_on_an_ok_is_a_value(n: &mut Notebook) {
    assert_eq!(n.value(r#""12".parse::<u32>()? + 1"#).await, "13");
}

#[test]
fn crates_are_added_with_dep() {
    with_notebook(async |notebook| {
        notebook.prepare("let kept = vec![1, 2, 3];").await;
        notebook.step(for_the_next_cells_beside_the_library).await;
        notebook.step(one_that_does_not_exist_is_named).await;
        notebook.step(after_one_that_failed_cells_run).await;
        assert_eq!(notebook.value("kept.clone()").await, "[1, 2, 3]");
    });
}

async fn for_the_next_cells_beside_the_library(n: &mut Notebook) {
    // Where it has to be compiled, nothing is left of what is shown meanwhile.
    n.prepare(r#":dep hex = "0.4""#).await;
    assert_eq!(n.value("hex::encode([1u8, 255])").await, r#""01ff""#);
    assert_eq!(n.value("Pool::new(2).map(|x: u32| x + 1, [1, 2])").await, "[2, 3]");
}

async fn one_that_does_not_exist_is_named(n: &mut Notebook) {
    let failure = n.failure(r#":dep parcell-has-no-such-crate = "1""#).await;
    let text = failure.text();
    assert!(text.contains("parcell-has-no-such-crate"), "{text}");
    assert!(!failure.evalue.contains("Updating"), "{}", failure.evalue);
}

async fn after_one_that_failed_cells_run(n: &mut Notebook) {
    assert_eq!(n.value("2 + 2").await, "4");
}

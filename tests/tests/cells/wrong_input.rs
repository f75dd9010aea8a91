//! Wrong input: each error names what is wrong, points at it, says what would be right, and loses nothing.

use parcell_tests::{CellFailure, Notebook, with_notebook};

/// What the notebook has before the wrong input.
const KEPT: &str = r"
    let kept = vec![1, 2, 3];
    fn helper(x: u32) -> u32 { x + 1 }
";

/// Wrong magics, each with the word that is wrong, what the error says, and what would be right.
const WRONG_MAGICS: [(&str, &str, &str, &str); 17] = [
    (
        "%%pool --wrokers 4 0..3",
        "--wrokers",
        "no option `--wrokers`",
        "--workers",
    ),
    ("%%pool -x 0..3", "-x", "no option `-x`", "-n"),
    ("%%pool -n 4", "%%pool", "no items", "%%pool -n 4 0..10"),
    ("%%pool", "%%pool", "no items", "%%pool -n 4 0..10"),
    ("%%pool -n 0 0..3", "0", "number of workers is 0", "-n 4"),
    ("%%pool -n abc 0..3", "abc", "`abc` is not a number", "-n 4"),
    ("%%pool -n -2 0..3", "-2", "`-2` is not a number", "-n 4"),
    ("%%pool -n", "-n", "`-n` needs WORKERS", "-n 4"),
    ("%%pool -c 0 0..3", "0", "number of items in a chunk is 0", "-c 4"),
    ("%%pool 0..3 ->", "->", "no name", "-> squares"),
    ("%%pol 0..3", "%%pol", "no magic `%%pol`", "%%pool"),
    ("%%proces -n 2", "%%proces", "no magic `%%proces`", "%%process"),
    ("%%unlike anything", "%%unlike", "no magic `%%unlike`", "%%pool"),
    ("%%process -n 0", "0", "0", "-n 4"),
    ("%%process -n many", "many", "`many` is not a number", "-n 4"),
    ("%%process --cuont 3", "--cuont", "no option `--cuont`", "--count"),
    ("%%process 0..3", "0..3", "0..3", "-n"),
];

/// Asserts that the error shows line `line` of the cell, `word` in it marked from its first to its last character, and
/// all of `parts`, and nothing that nobody wrote.
fn assert_points_at(failure: &CellFailure, line: &str, word: &str, parts: &[&str]) {
    let text = failure.text();
    let (before, _) = line.split_once(word).expect("the word is in the line");
    let shown: Vec<&str> = text.lines().collect();
    let index = shown.iter().position(|shown| shown.ends_with(line));
    let index = index.unwrap_or_else(|| panic!("{line:?} is not shown:\n{text}"));
    let margin = shown[index].chars().count() - line.chars().count();
    let below: Vec<char> = shown.get(index + 1).unwrap_or(&"").chars().collect();
    let start = margin + before.chars().count();
    let is_marked = |column: usize| below.get(column) == Some(&'^');
    let end = start + word.chars().count();
    let marked = (start..end).all(is_marked) && !is_marked(start - 1) && !is_marked(end);
    assert!(marked, "not marked under {word:?}:\n{text}");
    assert_shows(failure, parts);
}

/// Asserts that the error shows all of `parts`, and nothing that nobody wrote.
fn assert_shows(failure: &CellFailure, parts: &[&str]) {
    failure.assert_shows(parts);
    failure.assert_hides(&["lib.rs", "parcell_", "parcell::cell", "evcxr"]);
}

/// A notebook that still has what it had before the wrong input.
async fn assert_nothing_lost(notebook: &mut Notebook) {
    assert_eq!(notebook.value("(kept.clone(), helper(1))").await, "([1, 2, 3], 2)");
}

#[test]
fn wrong_magics_are_pointed_at() {
    with_notebook(async |notebook| {
        notebook.prepare(KEPT).await;
        for (line, word, message, right) in WRONG_MAGICS {
            notebook
                .check(line, async |n| check_wrong_magic(n, line, word, [message, right]).await)
                .await;
        }
        notebook.step(no_function).await;
        notebook.step(a_function_without_a_parameter).await;
        assert_nothing_lost(notebook).await;
    });
}

async fn check_wrong_magic(n: &mut Notebook, line: &str, word: &str, [message, right]: [&str; 2]) {
    let code = format!("// é: a comment\n{line}\nfn unused(_x: u32) {{}}");
    let mut cell = n.run(&code).await;
    let count = cell.count().unwrap();
    let failure = cell.take_failure().expect("a failure");
    assert_eq!(failure.ename, "MagicError");
    assert!(failure.evalue.contains(message), "{}", failure.evalue);
    assert_points_at(&failure, line, word, &[message, right, &format!("cell {count}:2:")]);
}

async fn no_function(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 0..3
        let x = 1;
    ";
    let failure = n.failure(code).await;
    assert_points_at(
        &failure,
        "%%pool -n 2 0..3",
        "%%pool",
        &["there is no function in this cell"],
    );
}

async fn a_function_without_a_parameter(n: &mut Notebook) {
    let code = r"
        %%pool 0..3
        fn constant() -> u32 { 1 }
    ";
    let failure = n.failure(code).await;
    let line = "fn constant() -> u32 { 1 }";
    assert_points_at(&failure, line, "constant", &["`constant` takes no parameter"]);
}

#[test]
fn what_does_not_fit_is_told_by_rustc_at_the_users_line() {
    with_notebook(async |notebook| {
        notebook.prepare(KEPT).await;
        notebook
            .step(a_parameter_that_does_not_fit_the_items_of_an_expression)
            .await;
        notebook
            .step(a_parameter_that_does_not_fit_the_items_of_a_variable)
            .await;
        notebook.step(an_unknown_variable_as_items).await;
        notebook.step(items_that_do_not_iterate).await;
        notebook.step(an_error_inside_the_function).await;
        notebook.step(an_error_inside_a_closure).await;
        notebook.step(an_error_in_the_statements_of_a_process).await;
        notebook.step(a_result_without_serialize).await;
        notebook.step(a_result_without_serialize_that_would_be_shown).await;
        assert_nothing_lost(notebook).await;
    });
}

async fn a_parameter_that_does_not_fit_the_items_of_an_expression(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 ["a", "b"] -> never
        fn number(n: u64) -> u64 {
            n
        }
    "#;
    let failure = n.failure(code).await;
    assert_eq!(failure.ename, "CompileError");
    let line = r#"%%pool -n 2 ["a", "b"] -> never"#;
    let parts = ["error[E0308]: mismatched types", "expected `u64`, found `&str`"];
    assert_points_at(&failure, line, r#"["a", "b"]"#, &parts);
    assert_shows(&failure, &["fn number(n: u64) -> u64 {"]);
}

async fn a_parameter_that_does_not_fit_the_items_of_a_variable(n: &mut Notebook) {
    let code = r"
        %%pool kept
        fn text(s: String) -> usize { s.len() }
    ";
    let failure = n.failure(code).await;
    assert_eq!(failure.ename, "CompileError");
    assert_points_at(
        &failure,
        "%%pool kept",
        "kept",
        &["error[E0308]: mismatched types", "String`, found `"],
    );
}

async fn an_unknown_variable_as_items(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 keptt
        fn number(n: u64) -> u64 { n }
    ";
    let failure = n.failure(code).await;
    assert_points_at(
        &failure,
        "%%pool -n 2 keptt",
        "keptt",
        &["error[E0425]", "cannot find value `keptt`"],
    );
}

async fn items_that_do_not_iterate(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 17u32
        fn number(n: u32) -> u32 { n }
    ";
    let failure = n.failure(code).await;
    assert_points_at(
        &failure,
        "%%pool -n 2 17u32",
        "17u32",
        &["error[E0277]", "`u32` is not an iterator"],
    );
}

async fn an_error_inside_the_function(n: &mut Notebook) {
    let code = r"
        %%pool 0..3
        fn number(n: u32) -> u32 {
            n.missing()
        }
    ";
    let failure = n.failure(code).await;
    assert_points_at(&failure, "    n.missing()", "missing", &["error[E0599]"]);
}

async fn an_error_inside_a_closure(n: &mut Notebook) {
    let code = r"
        %%pool 0..3
        |i| i + missing
    ";
    let failure = n.failure(code).await;
    assert_points_at(&failure, "|i| i + missing", "missing", &["error[E0425]"]);
}

async fn an_error_in_the_statements_of_a_process(n: &mut Notebook) {
    let code = r#"
        %%process
        let x: u32 = "no";
    "#;
    let failure = n.failure(code).await;
    assert_points_at(&failure, r#"let x: u32 = "no";"#, r#""no""#, &["error[E0308]"]);
}

async fn a_result_without_serialize(n: &mut Notebook) {
    let cell = r"
        %%pool 0..3u32 -> never
        struct Plain(u32);
        fn plain(n: u32) -> Plain { Plain(n) }
    ";
    let mut cell = n.run(cell).await;
    let count = cell.count().unwrap();
    let failure = cell.take_failure().expect("a failure");
    assert_eq!(failure.ename, "CompileError");
    assert!(failure.evalue.contains("`Plain` cannot be sent"), "{}", failure.evalue);
    assert_shows(
        &failure,
        &[
            "#[derive(Serialize, Deserialize)]",
            &format!("cell {count}:"),
            "struct Plain(u32);",
        ],
    );
}

async fn a_result_without_serialize_that_would_be_shown(n: &mut Notebook) {
    let code = r"
        %%pool 0..3u32
        struct Shown(u32);
        fn shown(n: u32) -> Shown { Shown(n) }
    ";
    let failure = n.failure(code).await;
    assert!(failure.evalue.contains("`Shown` cannot be sent"), "{}", failure.evalue);
    assert_shows(&failure, &["#[derive(Serialize, Deserialize)]", "struct Shown(u32);"]);
}

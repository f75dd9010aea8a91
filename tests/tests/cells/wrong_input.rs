//! Wrong input: each error names what is wrong, points at it, says what would be right, and loses nothing.

use parcell_tests::{CellFailure, Notebook, with_notebook};

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
    let text = failure.text();
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    for generated in ["lib.rs", "parcell_", "parcell::cell", "evcxr"] {
        assert!(!text.contains(generated), "{generated:?} is in:\n{text}");
    }
}

/// A notebook that still has what it had before the wrong input.
async fn assert_nothing_lost(notebook: &mut Notebook) {
    assert_eq!(notebook.value("(kept.clone(), helper(1))").await, "([1, 2, 3], 2)");
}

#[test]
fn wrong_magics_are_pointed_at() {
    // Each with the word that is wrong, what the error says, and what would be right.
    const CASES: [(&str, &str, &str, &str); 17] = [
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
    with_notebook(async |notebook| {
        notebook
            .prepare("let kept = vec![1, 2, 3];\nfn helper(x: u32) -> u32 { x + 1 }")
            .await;
        for (line, word, message, right) in CASES {
            notebook
                .check(line, async |n| {
                    let mut cell = n
                        .run(&format!("// é: a comment\n{line}\nfn unused(_x: u32) {{}}"))
                        .await;
                    let count = cell.count().unwrap();
                    let failure = cell.take_failure().expect("a failure");
                    assert_eq!(failure.ename, "MagicError");
                    assert!(failure.evalue.contains(message), "{}", failure.evalue);
                    assert_points_at(&failure, line, word, &[message, right, &format!("cell {count}:2:")]);
                })
                .await;
        }
        notebook
            .check("no function", async |n| {
                let failure = n.failure("%%pool -n 2 0..3\nlet x = 1;").await;
                assert_points_at(
                    &failure,
                    "%%pool -n 2 0..3",
                    "%%pool",
                    &["there is no function in this cell"],
                );
            })
            .await;
        notebook
            .check("a function without a parameter", async |n| {
                let failure = n.failure("%%pool 0..3\nfn constant() -> u32 { 1 }").await;
                let line = "fn constant() -> u32 { 1 }";
                assert_points_at(&failure, line, "constant", &["`constant` takes no parameter"]);
            })
            .await;
        assert_nothing_lost(notebook).await;
    });
}

#[test]
fn what_does_not_fit_is_told_by_rustc_at_the_users_line() {
    with_notebook(async |notebook| {
        notebook
            .prepare("let kept = vec![1, 2, 3];\nfn helper(x: u32) -> u32 { x + 1 }")
            .await;
        notebook
            .check("a parameter that does not fit the items of an expression", async |n| {
                let line = "%%pool -n 2 [\"a\", \"b\"] -> never";
                let failure = n
                    .failure(&format!("{line}\nfn number(n: u64) -> u64 {{\n    n\n}}"))
                    .await;
                assert_eq!(failure.ename, "CompileError");
                let parts = ["error[E0308]: mismatched types", "expected `u64`, found `&str`"];
                assert_points_at(&failure, line, "[\"a\", \"b\"]", &parts);
                assert_shows(&failure, &["fn number(n: u64) -> u64 {"]);
            })
            .await;
        notebook
            .check("a parameter that does not fit the items of a variable", async |n| {
                let line = "%%pool kept";
                let failure = n
                    .failure(&format!("{line}\nfn text(s: String) -> usize {{ s.len() }}"))
                    .await;
                assert_eq!(failure.ename, "CompileError");
                assert_points_at(
                    &failure,
                    line,
                    "kept",
                    &["error[E0308]: mismatched types", "String`, found `"],
                );
            })
            .await;
        notebook
            .check("an unknown variable as items", async |n| {
                let line = "%%pool -n 2 keptt";
                let failure = n.failure(&format!("{line}\nfn number(n: u64) -> u64 {{ n }}")).await;
                assert_points_at(&failure, line, "keptt", &["error[E0425]", "cannot find value `keptt`"]);
            })
            .await;
        notebook
            .check("items that do not iterate", async |n| {
                let line = "%%pool -n 2 17u32";
                let failure = n.failure(&format!("{line}\nfn number(n: u32) -> u32 {{ n }}")).await;
                assert_points_at(&failure, line, "17u32", &["error[E0277]", "`u32` is not an iterator"]);
            })
            .await;
        notebook
            .check("an error inside the function", async |n| {
                let line = "    n.missing()";
                let failure = n
                    .failure(&format!("%%pool 0..3\nfn number(n: u32) -> u32 {{\n{line}\n}}"))
                    .await;
                assert_points_at(&failure, line, "missing", &["error[E0599]"]);
            })
            .await;
        notebook
            .check("an error inside a closure", async |n| {
                let line = "|i| i + missing";
                let failure = n.failure(&format!("%%pool 0..3\n{line}")).await;
                assert_points_at(&failure, line, "missing", &["error[E0425]"]);
            })
            .await;
        notebook
            .check("an error in the statements of a process", async |n| {
                let line = "let x: u32 = \"no\";";
                let failure = n.failure(&format!("%%process\n{line}")).await;
                assert_points_at(&failure, line, "\"no\"", &["error[E0308]"]);
            })
            .await;
        notebook
            .check("a result without Serialize", async |n| {
                let cell = "%%pool 0..3u32 -> never\nstruct Plain(u32);\nfn plain(n: u32) -> Plain { Plain(n) }";
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
            })
            .await;
        notebook
            .check("a result without Serialize that would be shown", async |n| {
                let failure = n
                    .failure("%%pool 0..3u32\nstruct Shown(u32);\nfn shown(n: u32) -> Shown { Shown(n) }")
                    .await;
                assert!(failure.evalue.contains("`Shown` cannot be sent"), "{}", failure.evalue);
                assert_shows(&failure, &["#[derive(Serialize, Deserialize)]", "struct Shown(u32);"]);
            })
            .await;
        assert_nothing_lost(notebook).await;
    });
}

//! Magics that the session answers: it knows variables, the code of cells, files, and what a cell puts out.

use super::{displayed, printed};
use parcell_tests::{Notebook, with_notebook};
use serde_json::json;

#[test]
fn the_session_answers_for_the_whole_notebook() {
    with_notebook(async |notebook| {
        notebook.step(variables_are_shown_with_sizes_and_values).await;
        notebook.step(numbers_have_the_digits_that_were_chosen).await;
        notebook.step(the_code_of_cells_is_printed_and_saved).await;
        notebook.step(files_are_run_as_if_they_stood_in_the_cell).await;
        notebook.step(what_is_wrong_in_a_file_is_told_with_its_name).await;
        notebook.step(a_file_takes_the_place_of_the_cell).await;
        notebook.step(names_are_explained).await;
        notebook.step(cells_are_laid_out).await;
    });
}

async fn variables_are_shown_with_sizes_and_values(n: &mut Notebook) {
    n.succeed("let numbers: Vec<u64> = vec![1, 2, 3]; let add = |a: i32| a + 1;")
        .await
        .assert_quiet();
    let mut cell = n.succeed("%whos").await;
    assert_eq!(
        displayed(&mut cell),
        [
            "Variable  Type                                                   Size  Value\n\
          add       Box<dyn Fn(i32) -> i32 + Send + Sync>              16 bytes  -\n\
          numbers   Vec<u64>                               3 elements, 48 bytes  [1, 2, 3]"
        ]
    );
    // Looking moves nothing.
    assert_eq!(
        n.succeed("add(numbers.len() as i32)").await.take_text().as_deref(),
        Some("4")
    );
}

async fn numbers_have_the_digits_that_were_chosen(n: &mut Notebook) {
    printed(n, "%precision 2").await;
    for (code, shown) in [
        ("1.0 / 3.0", "0.33"),
        ("vec![(1.5f32, \"a\")]", "[(1.50, \"a\")]"),
        ("7", "7"),
    ] {
        assert_eq!(n.succeed(code).await.take_text().as_deref(), Some(shown));
    }
    printed(n, "%precision").await;
    assert_eq!(
        n.succeed("0.1 + 0.2").await.take_text().as_deref(),
        Some("0.30000000000000004")
    );
}

async fn the_code_of_cells_is_printed_and_saved(n: &mut Notebook) {
    let all = printed(n, "%history -n").await;
    assert!(all.starts_with("   1: let numbers: Vec<u64> = vec![1, 2, 3];"), "{all}");
    assert!(all.contains("   2: %whos\n") && !all.contains("%history"), "{all}");
    assert_eq!(printed(n, "%history -g whos").await, "%whos\n");
    assert_eq!(printed(n, "%save some.rs 2-3").await, "Writing some.rs\n");
    assert_eq!(printed(n, "!cat some.rs").await, "%whos\n\nadd(numbers.len() as i32)\n");
    let failure = n.failure("%save some.rs 1").await;
    assert!(failure.evalue.contains("`some.rs` exists"), "{failure:?}");
    assert_eq!(printed(n, "%save -f some.rs 2").await, "Overwriting some.rs\n");
    let failure = n.failure("%save other.rs 900").await;
    assert!(failure.evalue.contains("no cell has been run"), "{failure:?}");
}

async fn files_are_run_as_if_they_stood_in_the_cell(n: &mut Notebook) {
    let program =
        "//! A program.\nfn half(n: u64) -> u64 { n / 2 }\nfn main() { println!(\"half of 8 is {}\", half(8)); }\n";
    std::fs::write(n.kernel.working_directory().join("program.rs"), program).unwrap();
    assert_eq!(printed(n, "%run program.rs").await, "half of 8 is 4\n");
    assert_eq!(n.succeed("half(10)").await.take_text().as_deref(), Some("5"));
    let notebook = json!({"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "no code"},
        {"cell_type": "code", "id": "b", "metadata": {}, "outputs": [], "execution_count": null,
         "source": ["let from_file = 6;\n", "println!(\"first\");"]},
        {"cell_type": "code", "id": "c", "metadata": {}, "outputs": [], "execution_count": null,
         "source": "%%pool 0..2\nfn f(n: u64) {}"},
        {"cell_type": "code", "id": "d", "metadata": {}, "outputs": [], "execution_count": null,
         "source": "from_file * 7"},
    ]});
    let path = n.kernel.working_directory().join("sub dir");
    std::fs::create_dir(&path).unwrap();
    std::fs::write(path.join("some.ipynb"), notebook.to_string()).unwrap();
    // The notebook process may be elsewhere.
    let mut cell = n.succeed("%cd 'sub dir'\n%run some.ipynb\n%cd ..").await;
    assert!(cell.take_stdout().contains("first\n"));
    assert_eq!(cell.take_text().as_deref(), Some("42"));
    assert_eq!(n.succeed("from_file").await.take_text().as_deref(), Some("6"));
}

async fn what_is_wrong_in_a_file_is_told_with_its_name(n: &mut Notebook) {
    let directory = n.kernel.working_directory();
    std::fs::write(directory.join("wrong.rs"), "// Wrong.\nlet a: u8 = \"text\";\n").unwrap();
    std::fs::write(directory.join("itself.rs"), "%run itself.rs").unwrap();
    std::fs::write(directory.join("no.ipynb"), "{}").unwrap();
    let failure = n.failure("%run wrong.rs").await;
    failure.assert_shows(&[
        "let a: u8 = \"text\";",
        "mismatched types",
        "wrong.rs`, which `%run` runs",
    ]);
    n.failure("%run itself.rs")
        .await
        .assert_shows(&["itself.rs` runs itself"]);
    n.failure("%run no.ipynb")
        .await
        .assert_shows(&["no.ipynb", "no list of `cells`"]);
    n.failure("%run nothing.rs")
        .await
        .assert_shows(&["cannot read `nothing.rs`"]);
    n.failure("%run .").await.assert_shows(&["is not a file"]);
}

async fn a_file_takes_the_place_of_the_cell(n: &mut Notebook) {
    let cell = n.succeed("%load program.rs").await;
    let program = std::fs::read_to_string(n.kernel.working_directory().join("program.rs")).unwrap();
    let text = format!("// %load program.rs\n{program}");
    assert_eq!(
        cell.reply().content["payload"],
        json!([{"source": "set_next_input", "text": text, "replace": true}])
    );
    assert_eq!(n.succeed("1;").await.reply().content["payload"], json!([]));
    n.failure("%load nothing.rs")
        .await
        .assert_shows(&["cannot read `nothing.rs`"]);
}

async fn cells_are_laid_out(n: &mut Notebook) {
    let takes_the_place = |text: &str| json!([{"source": "set_next_input", "text": text, "replace": true}]);
    let cell = n.succeed("%%fmt\n%%time\nlet  laid_out=vec![1,2];\n%timeit  1").await;
    let text = "%%time\nlet laid_out = vec![1, 2];\n%timeit  1";
    assert_eq!(cell.reply().content["payload"], takes_the_place(text));
    // It was not run.
    n.failure("laid_out").await.assert_shows(&["laid_out"]);
    n.succeed("let  a=1;").await;
    let cell = n.succeed("%fmt").await;
    assert_eq!(cell.reply().content["payload"], takes_the_place("let a = 1;"));
    n.failure("%%fmt\nlet a = ;")
        .await
        .assert_shows(&["FormatError", "rustfmt refuses it"]);
}

async fn names_are_explained(n: &mut Notebook) {
    let mut cell = n.succeed("%pinfo numbers\n%pinfo2 half").await;
    let shown: Vec<String> = cell
        .take_displays()
        .iter()
        .map(|data| data["text/plain"].to_string())
        .collect();
    assert!(
        shown[0].contains("let numbers: Vec<u64>") && shown[1].contains("n / 2"),
        "{shown:?}"
    );
    n.failure("%pinfo nothing")
        .await
        .assert_shows(&["nothing is known about `nothing`"]);
}

#[test]
fn what_a_cell_puts_out_is_captured() {
    with_notebook(async |notebook| {
        notebook.step(all_of_it_in_order).await;
        notebook.step(what_workers_print_too).await;
        notebook.step(what_has_been_updated_is_as_it_was_last).await;
        notebook.step(a_cell_that_fails_shows_what_it_had_said).await;
        notebook.step(without_a_name_it_is_dropped).await;
    });
}

async fn all_of_it_in_order(n: &mut Notebook) {
    let code = r#"
        %%capture said
        println!("out");
        display(html("<b>bold</b>"));
        eprintln!("err");
        6 * 7
    "#;
    n.succeed(code).await.assert_quiet();
    let code = "(said.stdout.as_str(), said.stderr.as_str(), said.outputs.len())";
    let shown = n.succeed(code).await.take_text();
    assert_eq!(shown.as_deref(), Some("(\"out\\n\", \"err\\n\", 4)"));
    let mut again = n.succeed("said").await;
    assert_eq!(
        (again.take_stdout().as_str(), again.take_stderr().as_str()),
        ("out\n", "err\n")
    );
    let shown = again.take_displays();
    assert_eq!(shown[0]["text/html"], "<b>bold</b>");
    assert_eq!(shown[1]["text/plain"], "42");
}

async fn what_workers_print_too(n: &mut Notebook) {
    let code = r#"
        %%capture said
        %%pool -n 2 0..4u64 -> squares
        fn square(n: u64) -> u64 { println!("item {n}"); n * n }
    "#;
    n.succeed(code).await.assert_quiet();
    let mut cell = n
        .succeed("(said.stdout.lines().filter(|line| line.contains(\"item\")).count(), squares)")
        .await;
    assert_eq!(cell.take_text().as_deref(), Some("(4, [0, 1, 4, 9])"));
}

async fn what_has_been_updated_is_as_it_was_last(n: &mut Notebook) {
    let code = r#"
        %%capture said
        println!("gone");
        clear_output(false);
        let shown = display(html("old"));
        shown.update(html("new"));
    "#;
    n.succeed(code).await.assert_quiet();
    let shown = n
        .succeed("format!(\"{:?}\", said.outputs).contains(\"new\") && said.stdout.is_empty()")
        .await
        .take_text();
    assert_eq!(shown.as_deref(), Some("true"));
}

async fn a_cell_that_fails_shows_what_it_had_said(n: &mut Notebook) {
    let code = r#"
        %%capture lost
        println!("before");
        panic!("boom");
    "#;
    let mut cell = n.client.execute(code).await;
    assert_eq!(cell.take_failure().unwrap().ename, "Panic");
    assert_eq!(cell.take_stdout(), "before\n");
    n.failure("lost").await.assert_shows(&["cannot find value `lost`"]);
}

async fn without_a_name_it_is_dropped(n: &mut Notebook) {
    n.succeed("%%capture\nprintln!(\"nobody hears\");\nlet kept = 5;")
        .await
        .assert_quiet();
    assert_eq!(n.succeed("kept").await.take_text().as_deref(), Some("5"));
}

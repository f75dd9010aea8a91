//! Plain cells: Rust as in any notebook.

use parcell_tests::{CellFailure, Notebook, with_notebook};
use serde_json::json;

/// Asserts that an error is a compile error that shows all of `parts`, and nothing that nobody wrote.
fn assert_compile_error(failure: &CellFailure, parts: &[&str]) {
    let text = failure.text();
    assert_eq!(failure.ename, "CompileError", "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    for generated in ["lib.rs", "evcxr", "parcell_"] {
        assert!(!text.contains(generated), "{generated:?} is in:\n{text}");
    }
}

/// Asserts that an error is a panic with this message, at this line.
fn assert_panic(failure: &CellFailure, message: &str, place: &str, line: &str) {
    let text = failure.text();
    assert_eq!(
        (failure.ename.as_str(), failure.evalue.as_str()),
        ("Panic", message),
        "{text}"
    );
    for part in [message, place, line] {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    assert!(!text.contains("lib.rs"), "{text}");
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
        notebook
            .check("values are shown as Debug shows them", async |n| {
                assert_eq!(n.value("1 + 2").await, "3");
                assert_eq!(n.value("\"é\".to_owned()").await, "\"é\"");
                assert_eq!(n.value("vec![Some(1), None]").await, "[Some(1), None]");
            })
            .await;
        notebook
            .check("a unit result shows nothing", async |n| {
                n.prepare("()").await;
                n.prepare("if false {}").await;
                n.prepare("let nothing = 1;").await;
                n.prepare("").await;
                n.prepare("// only a comment").await;
            })
            .await;
        notebook
            .check("several statements and a value", async |n| {
                let mut cell = n
                    .succeed("let a = 20;\nprintln!(\"a is {a}\");\nlet b = a + 1;\nb * 2")
                    .await;
                assert_eq!(cell.broadcast_types(), ["execute_input", "stream", "execute_result"]);
                assert_eq!(cell.take_stdout(), "a is 20\n");
                assert_eq!(cell.take_text().as_deref(), Some("42"));
            })
            .await;
        notebook
            .check("the result of a thread is a variable like any other", async |n| {
                n.prepare("let joined = std::thread::spawn(|| 5).join();").await;
                assert_eq!(n.value("joined.is_ok()").await, "true");
            })
            .await;
        notebook
            .check("variables persist and change", async |n| {
                n.prepare("let mut counts = std::collections::BTreeMap::<String, u32>::new();\nlet step: u32 = 5;")
                    .await;
                n.prepare("counts.insert(\"one\".to_owned(), step);").await;
                n.prepare("*counts.get_mut(\"one\").unwrap() += step;").await;
                assert_eq!(n.value("counts.clone()").await, "{\"one\": 10}");
                n.prepare("let step = \"another type\";").await;
                assert_eq!(n.value("step.len()").await, "12");
            })
            .await;
        notebook
            .check("functions, structs, traits and use persist", async |n| {
                n.prepare("use std::collections::VecDeque;").await;
                n.prepare(
                    "#[derive(Clone, Debug, PartialEq)]\nstruct Point { x: i32, y: i32 }\n\
                     impl Point {\n    fn mirrored(&self) -> Point { Point { x: self.y, y: self.x } }\n}\n\
                     trait Size { fn size(&self) -> i32; }\n\
                     impl Size for Point { fn size(&self) -> i32 { self.x.abs() + self.y.abs() } }",
                )
                .await;
                n.prepare(
                    "fn points(count: i32) -> VecDeque<Point> {\n\
                    (0..count).map(|x| Point { x, y: 1 }).collect()\n}",
                )
                .await;
                assert_eq!(
                    n.value("points(2)").await,
                    "[Point { x: 0, y: 1 }, Point { x: 1, y: 1 }]"
                );
                n.prepare("let point = Point { x: -3, y: 4 };").await;
                assert_eq!(
                    n.value("(point.mirrored(), point.size())").await,
                    "(Point { x: 4, y: -3 }, 7)"
                );
            })
            .await;
        notebook
            .check("output and errors go to their streams", async |n| {
                let mut cell = n
                    .succeed("print!(\"no \");\neprintln!(\"err\");\nprint!(\"newline\");")
                    .await;
                assert_eq!(cell.take_stdout(), "no newline");
                assert_eq!(cell.take_stderr(), "err\n");
            })
            .await;
        notebook
            .check("a type with its own evcxr_display is displayed", async |n| {
                n.prepare(
                    "struct Html(String);\nimpl Html {\n    fn evcxr_display(&self) {\n        \
                     println!(\"EVCXR_BEGIN_CONTENT text/html\\n<b>{}</b>\\nEVCXR_END_CONTENT\", self.0);\n    }\n}",
                )
                .await;
                let mut cell = n.succeed("Html(\"bold\".to_owned())").await;
                assert_eq!(cell.broadcast_types(), ["execute_input", "display_data"]);
                assert_eq!(cell.take_displays(), [json!({"text/html": "<b>bold</b>"})]);
            })
            .await;
    });
}

#[test]
fn compile_errors_point_at_the_line_that_was_written() {
    with_notebook(async |notebook| {
        notebook.prepare("let kept = vec![1, 2, 3];").await;
        notebook
            .check("in the middle of a cell, with rustc's help", async |n| {
                let count = next_count(n).await;
                let failure = n
                    .failure(
                        "let total: u32 = 1;\n\nfn helper() {}\nlet text: String = \"abc\";\nprintln!(\"{total}\");",
                    )
                    .await;
                assert!(failure.evalue.contains("mismatched types"), "{}", failure.evalue);
                assert_compile_error(
                    &failure,
                    &[
                        "error[E0308]: mismatched types",
                        &format!("cell {count}:4:20"),
                        "let text: String = \"abc\";",
                        "expected `String`, found `&str`",
                        "to_string()",
                    ],
                );
            })
            .await;
        notebook
            .check("columns count characters", async |n| {
                let count = next_count(n).await;
                let failure = n.failure("let größe = \"äöü😀\"; let y = größe + missing;").await;
                assert_compile_error(
                    &failure,
                    &[
                        "error[E0425]",
                        &format!("cell {count}:1:37"),
                        "größe + missing",
                        "^^^^^^^",
                    ],
                );
            })
            .await;
        notebook
            .check("in a function, with the place of the definition", async |n| {
                let count = next_count(n).await;
                let failure = n
                    .failure("fn double(x: u32) -> u32 {\n    let y = x * 2;\n    y.len()\n}")
                    .await;
                assert_compile_error(&failure, &["error[E0599]", &format!("cell {count}:3:7"), "    y.len()"]);
            })
            .await;
        notebook
            .check("behind white space that evcxr leaves out", async |n| {
                let count = next_count(n).await;
                let failure = n.failure("// a comment\n\n    let a: u8 =   \"text\";").await;
                assert_compile_error(&failure, &["error[E0308]", &format!("cell {count}:3:19")]);
            })
            .await;
        notebook
            .check("several errors, each once", async |n| {
                let count = next_count(n).await;
                let failure = n.failure("let a: u8 = \"one\";\nlet b = missing_one;").await;
                assert_compile_error(
                    &failure,
                    &[&format!("cell {count}:2:9"), "cannot find value `missing_one`"],
                );
                assert_eq!(failure.text().matches("missing_one`").count(), 1, "{}", failure.text());
            })
            .await;
        notebook
            .check("the borrow checker speaks of the lines that were written", async |n| {
                let count = next_count(n).await;
                let failure = n.failure("let s = String::new();\ndrop(s);\nprintln!(\"{s}\");").await;
                assert_compile_error(
                    &failure,
                    &[
                        "error[E0382]",
                        &format!("cell {count}:3:12"),
                        "drop(s);",
                        "value moved here",
                    ],
                );
            })
            .await;
        notebook
            .check("what does not parse", async |n| {
                let count = next_count(n).await;
                let failure = n.failure("let a = 1;\nlet b = );").await;
                assert_compile_error(&failure, &[&format!("cell {count}:2:9"), "let b = );"]);
            })
            .await;
        assert_eq!(notebook.value("kept.clone()").await, "[1, 2, 3]");
    });
}

#[test]
fn panics_and_errors_name_their_cell_and_line() {
    with_notebook(async |notebook| {
        notebook
            .check("a panic of the cell itself", async |n| {
                let count = next_count(n).await;
                let failure = n
                    .failure("let limit = 3;\n\npanic!(\"over the limit of {limit}\");")
                    .await;
                assert_panic(
                    &failure,
                    "over the limit of 3",
                    &format!("cell {count}:3"),
                    "panic!(\"over the limit of {limit}\");",
                );
            })
            .await;
        notebook
            .check("a panic in a function of an earlier cell", async |n| {
                let count = next_count(n).await;
                n.prepare(
                    "fn checked(n: u32) -> u32 {\n    if n > 2 {\n        panic!(\"too big: {n}\");\n    }\n    n\n}",
                )
                .await;
                let failure = n.failure("let n = 7;\nlet x = checked(n);").await;
                assert_panic(
                    &failure,
                    "too big: 7",
                    &format!("cell {count}:3"),
                    "panic!(\"too big: {n}\");",
                );
            })
            .await;
        notebook
            .check("a panic in the standard library", async |n| {
                let count = next_count(n).await;
                let failure = n.failure("let v: Vec<u8> = Vec::new();\nv[3]").await;
                let message = "index out of bounds: the len is 0 but the index is 3";
                assert_panic(&failure, message, &format!("cell {count}:2"), "v[3]");
            })
            .await;
        notebook
            .check("a multi-line panic message", async |n| {
                let failure = n.failure("panic!(\"first\\nsecond\")").await;
                assert_eq!(
                    (failure.ename.as_str(), failure.evalue.as_str()),
                    ("Panic", "first\nsecond")
                );
            })
            .await;
        notebook
            .check("a question mark on an Err", async |n| {
                let failure = n.failure("let number: u32 = \"abc\".parse::<u32>()?;").await;
                let text = failure.text();
                assert!(
                    failure.evalue.contains("invalid digit found in string"),
                    "{}",
                    failure.evalue
                );
                assert!(text.contains("invalid digit found in string"), "{text}");
            })
            .await;
        notebook
            .check("a question mark on an Ok is a value", async |n| {
                assert_eq!(n.value("\"12\".parse::<u32>()? + 1").await, "13");
            })
            .await;
    });
}

#[test]
fn crates_are_added_with_dep() {
    with_notebook(async |notebook| {
        notebook.prepare("let kept = vec![1, 2, 3];").await;
        notebook
            .check("with progress, for the next cells, beside the library", async |n| {
                let mut cell = n.succeed(":dep hex = \"0.4\"").await;
                let progress = cell.take_stderr();
                assert!(progress.contains("hex"), "{progress:?}");
                assert_eq!(n.value("hex::encode([1u8, 255])").await, "\"01ff\"");
                assert_eq!(n.value("Pool::new(2).map(|x: u32| x + 1, [1, 2])").await, "[2, 3]");
            })
            .await;
        notebook
            .check("one that does not exist is named", async |n| {
                let failure = n.failure(":dep parcell-has-no-such-crate = \"1\"").await;
                let text = failure.text();
                assert!(text.contains("parcell-has-no-such-crate"), "{text}");
                assert!(!failure.evalue.contains("Updating"), "{}", failure.evalue);
            })
            .await;
        notebook
            .check("after one that failed, cells run", async |n| {
                assert_eq!(n.value("2 + 2").await, "4");
            })
            .await;
        assert_eq!(notebook.value("kept.clone()").await, "[1, 2, 3]");
    });
}

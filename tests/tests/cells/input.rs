//! What cells read from standard input, and by which means.

use super::state::{CHANGE, assert_unchanged, define};
use parcell_tests::{Notebook, with_notebook};
use serde_json::json;

/// Reads a line into `line`.
const READ: &str = "let mut line = String::new();\nstd::io::stdin().read_line(&mut line).unwrap();";

/// Waits until the test has made the file that this names.
const WAIT: &str = "fn wait_for(file: &str) {\n    while !std::path::Path::new(file).exists() {\n        \
                    std::thread::sleep(std::time::Duration::from_millis(5));\n    }\n}";

/// The value of a cell whose questions have no prompt and are answered with these lines.
async fn value(notebook: &mut Notebook, code: &str, answers: &[&str]) -> String {
    let (mut cell, prompts) = notebook.answering(code, answers).await;
    assert!(prompts.iter().all(String::is_empty), "{prompts:?}");
    cell.take_text()
        .unwrap_or_else(|| panic!("no value: {:?}", cell.take_failure()))
}

/// Makes the file that cells wait for.
fn go(notebook: &Notebook, file: &str) {
    std::fs::write(notebook.kernel.working_directory().join(file), "").unwrap();
}

#[test]
fn standard_input_is_read_line_by_line() {
    with_notebook(async |notebook| {
        notebook
            .check("several reads in one cell", async |n| {
                let code = "let lines: Vec<String> = (0..3).map(|_| {\n    let mut line = String::new();\n    \
                            std::io::stdin().read_line(&mut line).unwrap();\n    line\n}).collect();\nlines";
                assert_eq!(
                    value(n, code, &["one", "", "zwölf 😀"]).await,
                    r#"["one\n", "\n", "zwölf 😀\n"]"#
                );
            })
            .await;
        notebook
            .check("to the end of input, as Ctrl-D types it", async |n| {
                let code = "(std::io::read_to_string(std::io::stdin()).unwrap(),\n\
                            std::io::stdin().lines().map(|line| line.unwrap()).collect::<Vec<_>>())";
                let answers = ["a", "b", "\u{4}", "c", "\u{4}"];
                assert_eq!(value(n, code, &answers).await, r#"("a\nb\n", ["c"])"#);
            })
            .await;
        notebook
            .check("an answer of several lines is read line by line", async |n| {
                let code = format!("{READ}\n{READ}\nline");
                assert_eq!(value(n, &code, &["first\nsecond\nthird"]).await, r#""second\n""#);
                // What the cell has left of it is gone.
                assert_eq!(
                    value(n, &format!("{READ}\nline"), &["asked anew"]).await,
                    r#""asked anew\n""#
                );
            })
            .await;
        notebook
            .check("an answer that is longer than any buffer", async |n| {
                let code = format!("{READ}\n(line.len(), line.trim_matches('x'))");
                let long = "x".repeat(300_000);
                assert_eq!(value(n, &code, &[&long]).await, r#"(300001, "\n")"#);
            })
            .await;
        notebook
            .check("buffers, vectors and copies", async |n| {
                let code = "use std::io::{BufRead, IoSliceMut, Read};\nuse std::os::fd::FromRawFd;\n\
                    let mut file = std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(0) });\n\
                    let (mut a, mut b) = ([0; 2], [0; 9]);\n\
                    let vectored = file.read_vectored(&mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)]);\n\
                    let rest = file.read(&mut b).unwrap();\n\
                    let mut line = String::new();\n\
                    std::io::BufReader::new(std::io::stdin()).read_line(&mut line).unwrap();\n\
                    (vectored.unwrap(), a, rest, b[..2].to_vec(), line)";
                assert_eq!(
                    value(n, code, &["abc", "through two buffers"]).await,
                    r#"(2, [97, 98], 2, [99, 10], "through two buffers\n")"#
                );
                let code = "std::io::copy(&mut std::io::stdin(), &mut std::io::stdout()).unwrap();";
                let (mut cell, _) = n.answering(code, &["copied", "\u{4}"]).await;
                assert_eq!(cell.take_stdout(), "copied\n");
            })
            .await;
        notebook
            .check("the rest of a line that was read in part stays", async |n| {
                let code = "let mut first = [0];\nstd::io::Read::read_exact(&mut std::io::stdin(), &mut first).unwrap();\n\
                            first[0] as char";
                assert_eq!(value(n, code, &["yes"]).await, "'y'");
                assert_eq!(value(n, &format!("{READ}\nline"), &[]).await, r#""es\n""#);
                assert_eq!(value(n, &format!("{READ}\nline"), &["no"]).await, r#""no\n""#);
            })
            .await;
        notebook
            .check("a variable that holds standard input locked", async |n| {
                let code = "let mut lines = std::io::stdin().lines();\nlines.next().unwrap().unwrap()";
                assert_eq!(value(n, code, &["first"]).await, r#""first""#);
                let code = "lines.next().unwrap().unwrap()";
                assert_eq!(value(n, code, &["second"]).await, r#""second""#);
                n.prepare("drop(lines);").await;
            })
            .await;
        notebook
            .check("a file in the place of standard input", async |n| {
                std::fs::write(n.kernel.working_directory().join("text"), "from the file\n").unwrap();
                let code = format!(
                    "use std::os::fd::AsRawFd;\n\
                     unsafe extern \"C\" {{ fn dup(fd: i32) -> i32; fn dup2(from: i32, to: i32) -> i32; }}\n\
                     let file = std::fs::File::open(\"text\").unwrap();\n\
                     let before = unsafe {{ dup(0) }};\nunsafe {{ dup2(file.as_raw_fd(), 0) }};\n{READ}\n\
                     unsafe {{ dup2(before, 0) }};\nline"
                );
                assert_eq!(value(n, &code, &[]).await, r#""from the file\n""#);
                assert_eq!(value(n, &format!("{READ}\nline"), &["asked"]).await, r#""asked\n""#);
            })
            .await;
    });
}

#[test]
fn questions_carry_the_prompt_that_they_are_asked_with() {
    with_notebook(async |notebook| {
        notebook
            .check("the library's", async |n| {
                let code = "print!(\"on the line \");\n\
                            (input(\"Name? \").unwrap(), password(format!(\"Key {}: \", 1)).unwrap())";
                let id = n.client.submit_asking(code).await;
                let name = n.client.question(&id).await;
                assert_eq!(name.content, json!({"prompt": "Name? ", "password": false}));
                n.client.answer(&name, "Ada\nLovelace").await;
                let key = n.client.question(&id).await;
                assert_eq!(key.content, json!({"prompt": "Key 1: ", "password": true}));
                n.client.answer(&key, "").await;
                let mut cell = n.client.execution(&id).await;
                assert_eq!(cell.take_stdout(), "on the line ");
                assert_eq!(cell.take_text().as_deref(), Some(r#"("Ada\nLovelace", "")"#));
                let mut not_asked = n.succeed("input(\"?\").unwrap_err().kind()").await;
                assert_eq!(not_asked.take_text().as_deref(), Some("UnexpectedEof"));
                assert!(not_asked.take_stderr().starts_with("parcell: nobody can be asked"));
            })
            .await;
        notebook
            .check("the crate evcxr_input's", async |n| {
                let mut cell = n.succeed(":dep evcxr_input = \"1\"").await;
                cell.take_stderr();
                let code = "print!(\"on the line \");\nprintln!(\"printed\");\n\
                            (evcxr_input::get_string(\"Who? \"), evcxr_input::get_password(\"Pass: \"))";
                let id = n.client.submit_asking(code).await;
                let who = n.client.question(&id).await;
                assert_eq!(who.content, json!({"prompt": "Who? ", "password": false}));
                n.client.answer(&who, " Bob ").await;
                let pass = n.client.question(&id).await;
                assert_eq!(pass.content, json!({"prompt": "Pass: ", "password": true}));
                n.client.answer(&pass, "secret").await;
                let mut cell = n.client.execution(&id).await;
                assert_eq!(cell.take_stdout(), "on the line printed\n");
                assert_eq!(cell.take_text().as_deref(), Some(r#"("Bob", "secret")"#));
            })
            .await;
        notebook
            .check("a line that looks like one and asks nothing is output", async |n| {
                let mut cell = n.succeed("println!(\"EVCXR_INPUT_REQUEST:nothing\");").await;
                assert_eq!(cell.take_stdout(), "EVCXR_INPUT_REQUEST:nothing\n");
            })
            .await;
    });
}

#[test]
fn who_may_ask_and_when() {
    with_notebook(async |notebook| {
        notebook
            .check("workers and programs find standard input empty", async |n| {
                let code = format!(
                    "let read = Pool::new(2).map(|_: u32| {{ {READ} line }}, 0..3);\n\
                     let asked = Process::spawn(|| input(\"?\").is_err()).join().unwrap();\n\
                     (read, asked, std::process::Command::new(\"cat\").status().unwrap().success())"
                );
                assert_eq!(value(n, &code, &[]).await, r#"(["", "", ""], true, true)"#);
            })
            .await;
        notebook
            .check("threads ask under the cell that runs", async |n| {
                let code = format!("std::thread::spawn(|| {{ {READ} line }}).join().unwrap()");
                assert_eq!(value(n, &code, &["from a thread"]).await, r#""from a thread\n""#);
            })
            .await;
        notebook
            .check(
                "a thread that asks when its cell ends finds the end of input",
                async |n| {
                    n.prepare(WAIT).await;
                    let code = format!(
                        "std::thread::spawn(|| {{ {READ} println!(\"first {{line:?}}\");\n    wait_for(\"idle\"); \
                     {READ} println!(\"second {{line:?}}\"); }});\nwait_for(\"asked\");"
                    );
                    let id = n.client.submit_asking(&code).await;
                    let question = n.client.question(&id).await;
                    go(n, "asked");
                    let mut cell = n.client.execution(&id).await;
                    assert_eq!(cell.status(), "ok");
                    n.client.answer(&question, "late").await;
                    // The end of input comes with the cell's, and what the thread makes of it before or after idle.
                    let mut first = cell.take_stdout();
                    if first.is_empty() {
                        first = n.client.broadcast(&id).await.content["text"]
                            .as_str()
                            .unwrap()
                            .to_owned();
                    }
                    assert_eq!(first, "first \"\"\n");
                    // And so does one that asks while no cell runs.
                    go(n, "idle");
                    assert_eq!(n.client.broadcast(&id).await.content["text"], "second \"\"\n");
                },
            )
            .await;
        notebook
            .check("after a crash cells go on asking", async |n| {
                define(n).await;
                for _ in 0..2 {
                    let code = format!("{CHANGE}\n{READ}\nstd::process::abort();");
                    let (mut cell, _) = n.answering(&code, &["answered and\nundone"]).await;
                    assert_eq!(cell.take_failure().expect("a failure").ename, "Crashed");
                    assert_eq!(value(n, &format!("{READ}\nline"), &["after"]).await, r#""after\n""#);
                }
                assert_unchanged(n).await;
            })
            .await;
        notebook
            .check("several threads ask one after another", async |n| {
                let code = "let threads = [1, 2].map(|n| std::thread::spawn(move || input(n).unwrap()));\n\
                            threads.map(|thread| thread.join().unwrap())";
                let id = n.client.submit_asking(code).await;
                for _ in 0..2 {
                    let question = n.client.question(&id).await;
                    let prompt = question.content["prompt"].as_str().unwrap_or_default();
                    n.client.answer(&question, &format!("answer {prompt}")).await;
                }
                let mut cell = n.client.execution(&id).await;
                assert_eq!(cell.take_text().as_deref(), Some(r#"["answer 1", "answer 2"]"#));
            })
            .await;
        notebook
            .check("there is no terminal to ask at", async |n| {
                assert_eq!(n.value("std::fs::File::open(\"/dev/tty\").is_err()").await, "true");
            })
            .await;
    });
}

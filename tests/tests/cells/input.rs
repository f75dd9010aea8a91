//! What cells read from standard input, and by which means.

use super::state::{assert_unchanged, changing, define};
use super::waiting::WAIT_FOR;
use parcell_tests::{Notebook, with_notebook};
use serde_json::json;

/// Reads a line into `line`.
const READ: &str = "let mut line = String::new(); std::io::stdin().read_line(&mut line).unwrap();";

/// The value of a cell whose questions have no prompt and are answered with these lines.
async fn value(notebook: &mut Notebook, code: &str, answers: &[&str]) -> String {
    let (mut cell, prompts) = notebook.answering(code, answers).await;
    assert!(prompts.iter().all(String::is_empty), "{prompts:?}");
    cell.take_text()
        .unwrap_or_else(|| panic!("no value: {:?}", cell.take_failure()))
}

#[test]
fn standard_input_is_read_line_by_line() {
    with_notebook(async |notebook| {
        notebook.step(several_reads_in_one_cell).await;
        notebook.step(to_the_end_of_input_as_ctrl_d_types_it).await;
        notebook.step(an_answer_of_several_lines_is_read_line_by_line).await;
        notebook.step(an_answer_that_is_longer_than_any_buffer).await;
        notebook.step(buffers_vectors_and_copies).await;
        notebook.step(the_rest_of_a_line_that_was_read_in_part_stays).await;
        notebook.step(a_variable_that_holds_standard_input_locked).await;
        notebook.step(a_file_in_the_place_of_standard_input).await;
    });
}

async fn several_reads_in_one_cell(n: &mut Notebook) {
    let code = r"
        let lines: Vec<String> = (0..3).map(|_| {
            let mut line = String::new();
            std::io::stdin().read_line(&mut line).unwrap();
            line
        }).collect();
        lines
    ";
    assert_eq!(
        value(n, code, &["one", "", "zwölf 😀"]).await,
        r#"["one\n", "\n", "zwölf 😀\n"]"#
    );
}

async fn to_the_end_of_input_as_ctrl_d_types_it(n: &mut Notebook) {
    let code = r"
        (std::io::read_to_string(std::io::stdin()).unwrap(),
         std::io::stdin().lines().map(|line| line.unwrap()).collect::<Vec<_>>())
    ";
    let answers = ["a", "b", "\u{4}", "c", "\u{4}"];
    assert_eq!(value(n, code, &answers).await, r#"("a\nb\n", ["c"])"#);
}

async fn an_answer_of_several_lines_is_read_line_by_line(n: &mut Notebook) {
    let code = format!("{READ} {READ} line");
    assert_eq!(value(n, &code, &["first\nsecond\nthird"]).await, r#""second\n""#);
    // What the cell has left of it is gone.
    let code = format!("{READ} line");
    assert_eq!(value(n, &code, &["asked anew"]).await, r#""asked anew\n""#);
}

async fn an_answer_that_is_longer_than_any_buffer(n: &mut Notebook) {
    let code = format!("{READ} (line.len(), line.trim_matches('x'))");
    let long = "x".repeat(300_000);
    assert_eq!(value(n, &code, &[&long]).await, r#"(300001, "\n")"#);
}

async fn buffers_vectors_and_copies(n: &mut Notebook) {
    let code = r"
        use std::io::{BufRead, IoSliceMut, Read};
        use std::os::fd::FromRawFd;
        let mut file = std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(0) });
        let (mut a, mut b) = ([0; 2], [0; 9]);
        let vectored = file.read_vectored(&mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)]);
        let rest = file.read(&mut b).unwrap();
        let mut line = String::new();
        std::io::BufReader::new(std::io::stdin()).read_line(&mut line).unwrap();
        (vectored.unwrap(), a, rest, b[..2].to_vec(), line)
    ";
    assert_eq!(
        value(n, code, &["abc", "through two buffers"]).await,
        r#"(2, [97, 98], 2, [99, 10], "through two buffers\n")"#
    );
    let code = "std::io::copy(&mut std::io::stdin(), &mut std::io::stdout()).unwrap();";
    let (mut cell, _) = n.answering(code, &["copied", "\u{4}"]).await;
    assert_eq!(cell.take_stdout(), "copied\n");
}

async fn the_rest_of_a_line_that_was_read_in_part_stays(n: &mut Notebook) {
    let code = r"
        let mut first = [0];
        std::io::Read::read_exact(&mut std::io::stdin(), &mut first).unwrap();
        first[0] as char
    ";
    assert_eq!(value(n, code, &["yes"]).await, "'y'");
    let code = format!("{READ} line");
    assert_eq!(value(n, &code, &[]).await, r#""es\n""#);
    let code = format!("{READ} line");
    assert_eq!(value(n, &code, &["no"]).await, r#""no\n""#);
}

async fn a_variable_that_holds_standard_input_locked(n: &mut Notebook) {
    let code = r"
        let mut lines = std::io::stdin().lines();
        lines.next().unwrap().unwrap()
    ";
    assert_eq!(value(n, code, &["first"]).await, r#""first""#);
    let code = "lines.next().unwrap().unwrap()";
    assert_eq!(value(n, code, &["second"]).await, r#""second""#);
    n.prepare("drop(lines);").await;
}

async fn a_file_in_the_place_of_standard_input(n: &mut Notebook) {
    std::fs::write(n.kernel.working_directory().join("text"), "from the file\n").unwrap();
    let code = format!(
        r#"
            use std::os::fd::AsRawFd;
            unsafe extern "C" {{ fn dup(fd: i32) -> i32; fn dup2(from: i32, to: i32) -> i32; }}
            let file = std::fs::File::open("text").unwrap();
            let before = unsafe {{ dup(0) }};
            unsafe {{ dup2(file.as_raw_fd(), 0) }};
            {READ}
            unsafe {{ dup2(before, 0) }};
            line
        "#
    );
    assert_eq!(value(n, &code, &[]).await, r#""from the file\n""#);
    let code = format!("{READ} line");
    assert_eq!(value(n, &code, &["asked"]).await, r#""asked\n""#);
}

#[test]
fn questions_carry_the_prompt_that_they_are_asked_with() {
    with_notebook(async |notebook| {
        notebook.step(of_the_librarys_functions).await;
        notebook.step(of_the_crate_evcxr_input).await;
        notebook
            .step(a_line_that_looks_like_one_and_asks_nothing_is_output)
            .await;
    });
}

async fn of_the_librarys_functions(n: &mut Notebook) {
    let code = r#"
        print!("on the line ");
        (input("Name? ").unwrap(), password(format!("Key {}: ", 1)).unwrap())
    "#;
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
    let mut not_asked = n.succeed(r#"input("?").unwrap_err().kind()"#).await;
    assert_eq!(not_asked.take_text().as_deref(), Some("UnexpectedEof"));
    assert!(not_asked.take_stderr().starts_with("parcell: nobody can be asked"));
}

async fn of_the_crate_evcxr_input(n: &mut Notebook) {
    let mut cell = n.succeed(r#":dep evcxr_input = "1""#).await;
    cell.take_stderr();
    let code = r#"
        print!("on the line ");
        println!("printed");
        (evcxr_input::get_string("Who? "), evcxr_input::get_password("Pass: "))
    "#;
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
}

async fn a_line_that_looks_like_one_and_asks_nothing_is_output(n: &mut Notebook) {
    let mut cell = n.succeed(r#"println!("EVCXR_INPUT_REQUEST:nothing");"#).await;
    assert_eq!(cell.take_stdout(), "EVCXR_INPUT_REQUEST:nothing\n");
}

#[test]
fn who_may_ask_and_when() {
    with_notebook(async |notebook| {
        notebook.step(workers_and_programs_find_standard_input_empty).await;
        notebook.step(threads_ask_under_the_cell_that_runs).await;
        notebook
            .step(a_thread_that_asks_when_its_cell_ends_finds_the_end_of_input)
            .await;
        notebook.step(after_a_crash_cells_go_on_asking).await;
        notebook.step(several_threads_ask_one_after_another).await;
        notebook.step(there_is_no_terminal_to_ask_at).await;
    });
}

async fn workers_and_programs_find_standard_input_empty(n: &mut Notebook) {
    let code = format!(
        r#"
            let read = Pool::new(2).map(|_: u32| {{ {READ} line }}, 0..3);
            let asked = Process::spawn(|| input("?").is_err()).join().unwrap();
            (read, asked, std::process::Command::new("cat").status().unwrap().success())
        "#
    );
    assert_eq!(value(n, &code, &[]).await, r#"(["", "", ""], true, true)"#);
}

async fn threads_ask_under_the_cell_that_runs(n: &mut Notebook) {
    let code = format!("std::thread::spawn(|| {{ {READ} line }}).join().unwrap()");
    assert_eq!(value(n, &code, &["from a thread"]).await, r#""from a thread\n""#);
}

async fn a_thread_that_asks_when_its_cell_ends_finds_the_end_of_input(n: &mut Notebook) {
    n.prepare(WAIT_FOR).await;
    let code = format!(
        r#"
            std::thread::spawn(|| {{
                {READ}
                println!("first {{line:?}}");
                wait_for("idle");
                {READ}
                println!("second {{line:?}}");
            }});
            wait_for("asked");
        "#
    );
    let id = n.client.submit_asking(&code).await;
    let question = n.client.question(&id).await;
    n.kernel.make_file("asked");
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
    n.kernel.make_file("idle");
    assert_eq!(n.client.broadcast(&id).await.content["text"], "second \"\"\n");
}

async fn after_a_crash_cells_go_on_asking(n: &mut Notebook) {
    define(n).await;
    for _ in 0..2 {
        let code = changing(&format!("{READ} std::process::abort();"));
        let (mut cell, _) = n.answering(&code, &["answered and\nundone"]).await;
        assert_eq!(cell.take_failure().expect("a failure").ename, "Crashed");
        let code = format!("{READ} line");
        assert_eq!(value(n, &code, &["after"]).await, r#""after\n""#);
    }
    assert_unchanged(n).await;
}

async fn several_threads_ask_one_after_another(n: &mut Notebook) {
    let code = r"
        let threads = [1, 2].map(|n| std::thread::spawn(move || input(n).unwrap()));
        threads.map(|thread| thread.join().unwrap())
    ";
    let id = n.client.submit_asking(code).await;
    for _ in 0..2 {
        let question = n.client.question(&id).await;
        let prompt = question.content["prompt"].as_str().unwrap_or_default();
        n.client.answer(&question, &format!("answer {prompt}")).await;
    }
    let mut cell = n.client.execution(&id).await;
    assert_eq!(cell.take_text().as_deref(), Some(r#"["answer 1", "answer 2"]"#));
}

async fn there_is_no_terminal_to_ask_at(n: &mut Notebook) {
    assert_eq!(n.value(r#"std::fs::File::open("/dev/tty").is_err()"#).await, "true");
}

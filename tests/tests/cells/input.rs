//! What cells read from standard input, and by which means.

use super::state::{CHANGE, assert_unchanged, define};
use parcell_tests::{Notebook, with_notebook};

/// The value of a cell whose questions are answered with these lines. The prompts are asserted to be empty.
async fn value(notebook: &mut Notebook, code: &str, answers: &[&str]) -> String {
    let (mut cell, prompts) = notebook.answering(code, answers).await;
    assert!(prompts.iter().all(String::is_empty), "{prompts:?}");
    cell.take_text()
        .unwrap_or_else(|| panic!("no value: {:?}", cell.take_failure()))
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
                let code = "std::io::read_to_string(std::io::stdin()).unwrap()";
                assert_eq!(value(n, code, &["a", "b", "\u{4}"]).await, r#""a\nb\n""#);
                let code = "std::io::stdin().lines().map(|line| line.unwrap()).collect::<Vec<_>>()";
                assert_eq!(value(n, code, &["c", "\u{4}"]).await, r#"["c"]"#);
            })
            .await;
        notebook
            .check("an answer of several lines is read line by line", async |n| {
                let read = "let mut line = String::new();\nstd::io::stdin().read_line(&mut line).unwrap();\n";
                let code = format!("{read}{read}line");
                assert_eq!(value(n, &code, &["first\nsecond\nthird"]).await, r#""second\n""#);
                // What is left of it is gone.
                assert_eq!(
                    value(n, &format!("{read}line"), &["asked anew"]).await,
                    r#""asked anew\n""#
                );
            })
            .await;
        notebook
            .check("an answer that is longer than any buffer", async |n| {
                let code = "let mut line = String::new();\n\
                            std::io::stdin().read_line(&mut line).unwrap();\n(line.len(), line.trim_matches('x').len())";
                let long = "x".repeat(300_000);
                assert_eq!(value(n, code, &[&long]).await, "(300001, 1)");
            })
            .await;
        notebook
            .check("buffers, vectors and copies", async |n| {
                let code = "use std::io::{BufRead, IoSliceMut, Read};\nuse std::os::fd::FromRawFd;\n\
                            let mut file = std::mem::ManuallyDrop::new(unsafe { std::fs::File::from_raw_fd(0) });\n\
                            let (mut a, mut b) = ([0; 2], [0; 9]);\n\
                            let read = [file.read_vectored(&mut [IoSliceMut::new(&mut a), IoSliceMut::new(&mut b)]).unwrap(),\n\
                                file.read(&mut b).unwrap()];\n(read, a, b[..2].to_vec())";
                assert_eq!(value(n, code, &["abc"]).await, "([2, 2], [97, 98], [99, 10])");
                let code = "std::io::BufReader::new(std::io::stdin()).read_line(&mut line).unwrap();\nline";
                assert_eq!(
                    value(n, &format!("let mut line = String::new();\n{code}"), &["through two buffers"]).await,
                    r#""through two buffers\n""#
                );
                let code = "std::io::copy(&mut std::io::stdin(), &mut std::io::stdout()).unwrap();";
                let (mut cell, _) = n.answering(code, &["copied", "\u{4}"]).await;
                assert_eq!(cell.take_stdout(), "copied\n");
            })
            .await;
    });
}

//! Whatever cells print is output, never anything else.

use super::state::{assert_changed, assert_unchanged, changing, define};
use parcell_tests::{Notebook, with_notebook};

#[test]
fn output_is_output_whatever_it_looks_like() {
    with_notebook(async |notebook| {
        notebook.step(bytes_that_are_not_utf_8).await;
        notebook.step(a_character_that_is_printed_in_pieces).await;
        for line in [
            "EXECUTION_COMPLETE",
            "PANIC_NOTIFICATION",
            "ERROR_OCCURRED",
            "VARIABLE_CHANGED_TYPE numbers",
            "UNKNOWN",
        ] {
            notebook
                .check(&format!("a line that looks like a control line: {line}"), async |n| {
                    check_line_like_a_control_line(n, line).await
                })
                .await;
        }
        notebook.step(a_block_that_is_never_ended).await;
        notebook.step(of_programs_that_the_cell_starts).await;
        notebook.step(nothing_is_lost_of_much_before_idle).await;
    });
}

async fn bytes_that_are_not_utf_8(n: &mut Notebook) {
    define(n).await;
    let code = r#"
        use std::io::Write;
        std::io::stdout().write_all(b"a\xff\xfe\nb\n").unwrap();
        std::io::stderr().write_all(b"\xc3").unwrap();
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(cell.take_stdout(), "a\u{fffd}\u{fffd}\nb\n");
    assert_eq!(cell.take_stderr(), "\u{fffd}");
    assert_unchanged(n).await;
}

async fn a_character_that_is_printed_in_pieces(n: &mut Notebook) {
    let code = r#"
        use std::io::Write;
        for byte in "é😀".bytes() {
            std::io::stdout().write_all(&[byte]).unwrap();
            std::io::stdout().flush().unwrap();
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(cell.take_stdout(), "é😀");
}

async fn check_line_like_a_control_line(n: &mut Notebook, line: &str) {
    define(n).await;
    let print = format!(r#"println!("EVCXR_{{}}", "{line}"); eprintln!("EVCXR_{{}}", "{line}");"#);
    let code = changing(r#"println!("after");"#);
    let mut cell = n.succeed(&format!("{print}\n{code}")).await;
    assert_eq!(cell.take_stdout(), format!("EVCXR_{line}\nafter\n"));
    assert_eq!(cell.take_stderr(), format!("EVCXR_{line}\n"));
    assert_changed(n).await;
}

async fn a_block_that_is_never_ended(n: &mut Notebook) {
    let code = r#"
        println!("EVCXR_BEGIN_{} text/plain", "CONTENT");
        println!("not a block");
    "#;
    let mut cell = n.succeed(code).await;
    assert!(cell.take_stdout().contains("not a block\n"));
    assert_eq!(n.value("1 + 1").await, "2");
}

async fn of_programs_that_the_cell_starts(n: &mut Notebook) {
    let code = r#"
        let status = std::process::Command::new("sh").args(["-c", "echo out; echo err >&2"]).status().unwrap();
        status.success()
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(cell.take_stdout(), "out\n");
    assert_eq!(cell.take_stderr(), "err\n");
    assert_eq!(cell.take_text().as_deref(), Some("true"));
}

async fn nothing_is_lost_of_much_before_idle(n: &mut Notebook) {
    let mut cell = n.succeed(r#"for i in 0..10_000 { println!("line {i}"); }"#).await;
    let expected: String = (0..10_000).map(|i| format!("line {i}\n")).collect();
    assert!(cell.take_stdout() == expected);
}

//! Whatever cells print is output, never anything else.

use super::state::{CHANGE, assert_changed, assert_unchanged, define};
use parcell_tests::with_notebook;

#[test]
fn output_is_output_whatever_it_looks_like() {
    with_notebook(async |notebook| {
        notebook
            .check("bytes that are not UTF-8", async |n| {
                define(n).await;
                let mut cell = n
                    .succeed(
                        "use std::io::Write;\n\
                    std::io::stdout().write_all(b\"a\\xff\\xfe\\nb\\n\").unwrap();\n\
                    std::io::stderr().write_all(b\"\\xc3\").unwrap();",
                    )
                    .await;
                assert_eq!(cell.take_stdout(), "a\u{fffd}\u{fffd}\nb\n");
                assert_eq!(cell.take_stderr(), "\u{fffd}");
                assert_unchanged(n).await;
            })
            .await;
        notebook
            .check("a character that is printed in pieces", async |n| {
                let mut cell = n
                    .succeed(
                        "use std::io::Write;\nfor byte in \"é😀\".bytes() {\n\
                            std::io::stdout().write_all(&[byte]).unwrap();\n    \
                         std::io::stdout().flush().unwrap();\n\
                         std::thread::sleep(std::time::Duration::from_millis(5));\n}",
                    )
                    .await;
                assert_eq!(cell.take_stdout(), "é😀");
            })
            .await;
        for line in [
            "EXECUTION_COMPLETE",
            "PANIC_NOTIFICATION",
            "ERROR_OCCURRED",
            "VARIABLE_CHANGED_TYPE numbers",
            "UNKNOWN",
        ] {
            notebook
                .check(&format!("a line that looks like evcxr's {line}"), async |n| {
                    define(n).await;
                    let mut cell = n
                        .succeed(&format!(
                            "println!(\"EVCXR_{{}}\", \"{line}\");\n\
                        eprintln!(\"EVCXR_{{}}\", \"{line}\");\n{CHANGE}\nprintln!(\"after\");"
                        ))
                        .await;
                    assert_eq!(cell.take_stdout(), format!("EVCXR_{line}\nafter\n"));
                    assert_eq!(cell.take_stderr(), format!("EVCXR_{line}\n"));
                    assert_changed(n).await;
                })
                .await;
        }
        notebook
            .check("a block that is never ended", async |n| {
                let mut cell = n
                    .succeed("println!(\"EVCXR_BEGIN_{} text/plain\", \"CONTENT\");\nprintln!(\"not a block\");")
                    .await;
                assert!(cell.take_stdout().contains("not a block\n"));
                assert_eq!(n.value("1 + 1").await, "2");
            })
            .await;
        notebook
            .check("of programs that the cell starts", async |n| {
                let mut cell = n
                    .succeed(
                        "let status = std::process::Command::new(\"sh\").args([\"-c\", \
                    \"echo out; echo err >&2\"]).status().unwrap();\nstatus.success()",
                    )
                    .await;
                assert_eq!(cell.take_stdout(), "out\n");
                assert_eq!(cell.take_stderr(), "err\n");
                assert_eq!(cell.take_text().as_deref(), Some("true"));
            })
            .await;
        notebook
            .check("nothing is lost of much, before idle", async |n| {
                let mut cell = n.succeed("for i in 0..10_000 { println!(\"line {i}\"); }").await;
                let expected: String = (0..10_000).map(|i| format!("line {i}\n")).collect();
                assert!(cell.take_stdout() == expected);
            })
            .await;
    });
}

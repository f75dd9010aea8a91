//! What a checkpoint shares with the notebook process: files, pipes and children behave as if there were none.

use parcell_tests::with_notebook;

#[test]
fn open_files_pipes_and_children_are_as_if_there_were_no_checkpoint() {
    with_notebook(async |notebook| {
        notebook
            .check("a pipe that a cell closes is closed", async |n| {
                n.prepare(
                    "use std::process::{Command, Stdio};\n\
                     let mut child = Command::new(\"cat\").stdin(Stdio::piped())\
                         .stdout(Stdio::piped()).spawn().unwrap();\n\
                     let input = child.stdin.take().unwrap();\nlet mut output = child.stdout.take().unwrap();",
                )
                .await;
                n.prepare("use std::io::{Read, Write};\n(&input).write_all(b\"through cat\").unwrap();")
                    .await;
                // It would wait for ever were the pipe open anywhere else; the test's limit ends that.
                assert_eq!(n.value("drop(input);\nchild.wait().unwrap().success()").await, "true");
                assert_eq!(
                    n.value(
                        "let mut text = String::new();\noutput.read_to_string(&mut text).unwrap();\n\
                        text.clone()"
                    )
                    .await,
                    "\"through cat\""
                );
            })
            .await;
        notebook
            .check("a file is read on from where it was before a crash", async |n| {
                // Lines that are longer than a reader's buffer, so that each one is read from the file.
                let lines: String = (0..9).map(|line| format!("{line}{}\n", "x".repeat(9_998))).collect();
                std::fs::write(n.kernel.working_directory().join("lines"), lines).unwrap();
                n.prepare(
                    "use std::io::{BufRead, Read};\n\
                     let mut reader = std::io::BufReader::new(std::fs::File::open(\"lines\").unwrap());\n\
                     fn next(reader: &mut impl BufRead) -> String {\n    let mut line = String::new();\n    \
                     reader.read_line(&mut line).unwrap();\n    format!(\"{} {}\", &line[..1], line.len())\n}",
                )
                .await;
                assert_eq!(n.value("next(&mut reader)").await, "\"0 10000\"");
                n.failure(
                    "let mut rest = String::new();\nreader.read_to_string(&mut rest).unwrap();\n\
                        std::process::abort();",
                )
                .await;
                assert_eq!(n.value("next(&mut reader)").await, "\"1 10000\"");
                n.failure("next(&mut reader);\nnext(&mut reader);\nstd::process::exit(1);")
                    .await;
                assert_eq!(n.value("next(&mut reader)").await, "\"2 10000\"");
                assert_eq!(
                    n.value("let mut rest = String::new();\nreader.read_to_string(&mut rest).unwrap()")
                        .await,
                    "60000"
                );
            })
            .await;
        notebook
            .check("a worker of a thread that has ended lives on", async |n| {
                let code = "let p = std::thread::spawn(|| Process::spawn(|| {\n    \
                            while !std::path::Path::new(\"go\").exists() {\n        \
                            std::thread::sleep(std::time::Duration::from_millis(5));\n    }\n    42\n\
                            })).join().unwrap();\n\
                            std::fs::write(\"go\", \"\").unwrap();\np.join().unwrap()";
                assert_eq!(n.value(code).await, "42");
            })
            .await;
        notebook
            .check("a pool of a thread that has ended has all its results", async |n| {
                let code = "std::thread::spawn(|| Pool::new(2).map(|x: u32| x * 2, 0..4)).join().unwrap()";
                assert_eq!(n.value(code).await, "[0, 2, 4, 6]");
            })
            .await;
    });
}

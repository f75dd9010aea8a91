//! `%%process`: a function, or a cell's statements, in processes of their own.

use parcell_tests::{Notebook, pids, sorted_texts, texts, with_notebook, without_colours, worker_lines};

#[test]
fn processes_run_beside_the_notebook() {
    with_notebook(async |notebook| {
        notebook
            .prepare("let mut total: u64 = 1;\nlet names = vec![\"a\".to_owned()];")
            .await;
        notebook
            .check("as many as asked for, each with its index", async |n| {
                let mut cell = n
                    .succeed(
                        "%%process -n 5\nfn worker(num: usize) {\n    println!(\"Worker: {num}\");\n    \
                         std::thread::sleep(std::time::Duration::from_millis(200));\n}",
                    )
                    .await;
                let lines = worker_lines(&cell.take_stdout());
                let expected: Vec<String> = (0..5).map(|index| format!("Worker: {index}")).collect();
                assert_eq!(sorted_texts(&lines), expected);
                assert_eq!(pids(&lines).len(), 5);
            })
            .await;
        notebook
            .check("a function without a parameter runs once", async |n| {
                let mut cell = n.succeed("%%process\nfn hello() { println!(\"hello\"); }").await;
                assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["hello"]);
            })
            .await;
        notebook
            .check("a closure that captures", async |n| {
                let mut cell = n.succeed("%%process -n 2\n|i| println!(\"{} {i}\", names[0])").await;
                assert_eq!(sorted_texts(&worker_lines(&cell.take_stdout())), ["a 0", "a 1"]);
            })
            .await;
        notebook
            .check("statements see all variables and change none", async |n| {
                let mut cell = n
                    .succeed("%%process\ntotal += 41;\nprintln!(\"total {total}, {names:?}\");")
                    .await;
                assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["total 42, [\"a\"]"]);
                assert_eq!(n.value("(total, names.clone())").await, "(1, [\"a\"])");
            })
            .await;
        notebook
            .check("results are a variable", async |n| {
                n.prepare("%%process -n 3 -> results\nfn double(index: usize) -> usize { index * 2 }")
                    .await;
                assert_eq!(n.value("results.clone()").await, "[0, 2, 4]");
            })
            .await;
        notebook
            .check("Process::spawn and join in a plain cell", async |n| {
                let mut cell = n
                    .succeed("let p = Process::spawn(|| { println!(\"spawned\"); total + 6 });\np.join().unwrap()")
                    .await;
                assert_eq!(cell.take_text().as_deref(), Some("7"));
                assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["spawned"]);
            })
            .await;
        notebook
            .check("one that failed is told with its PID and cause", async |n| {
                let failure = n
                    .failure("%%process -n 2\nfn fails(index: usize) { if index == 1 { std::process::exit(9) } }")
                    .await;
                assert_eq!(failure.ename, "Crashed");
                let pid = failure
                    .evalue
                    .strip_prefix("process ")
                    .and_then(|rest| rest.split(' ').next());
                assert!(pid.is_some_and(|pid| pid.parse::<u32>().is_ok()), "{}", failure.evalue);
                assert!(failure.evalue.contains("exit code 9"), "{}", failure.evalue);
                assert_eq!(n.value("total").await, "1");
            })
            .await;
    });
}

#[test]
fn options_say_what_becomes_of_processes() {
    with_notebook(async |notebook| {
        notebook
            .prepare("let words = vec![\"a\".to_owned(), \"bc\".to_owned()];")
            .await;
        notebook
            .check("each gets an item", async |n| {
                n.prepare("%%process --args words -> lengths\nfn length(word: String) -> usize { word.len() }")
                    .await;
                assert_eq!(n.value("(lengths.clone(), words.len())").await, "([1, 2], 2)");
                assert_eq!(n.value("%%process --args [1, 2, 3]\n|n| n * 2").await, "[2, 4, 6]");
            })
            .await;
        notebook
            .check("one that takes too long is killed and reported", async |n| {
                let code = "%%process -n 2 --timeout=500ms\n\
                            |i| std::thread::sleep(std::time::Duration::from_secs(600 * i as u64))";
                let failure = n.failure(code).await;
                assert_eq!(failure.ename, "TimedOut");
                assert!(
                    failure.evalue.ends_with("took longer than the 500ms allowed"),
                    "{}",
                    failure.evalue
                );
            })
            .await;
        notebook
            .check("all that failed are reported", async |n| {
                let failure = n
                    .failure("%%process --args 1..4\nfn fails(code: i32) { if code > 1 { std::process::exit(code) } }")
                    .await;
                let traceback = failure.traceback.join("\n");
                assert!(
                    traceback.contains("exit code 2") && traceback.contains("exit code 3"),
                    "{traceback}"
                );
            })
            .await;
    });
}

#[test]
fn a_daemon_is_not_waited_for_and_ends_with_the_notebook() {
    with_notebook(async |notebook| {
        let code = "%%process --daemon --name ticker\nstd::fs::write(\"pid\", std::process::id().to_string()).unwrap();\n\
                    loop { std::thread::park(); }";
        notebook.prepare(code).await;
        let wait = "while std::fs::read(\"pid\").unwrap_or_default().is_empty() { std::thread::yield_now(); }\n\
                    active_children().len()";
        assert_eq!(notebook.value(wait).await, "1");
        let running = "std::path::Path::new(\"/proc\").join(std::fs::read_to_string(\"pid\").unwrap()).exists()";
        assert_eq!(notebook.value(running).await, "true");
        notebook.prepare("%reset").await;
        let gone = "while std::path::Path::new(\"/proc\").join(std::fs::read_to_string(\"pid\").unwrap()).exists() \
                    { std::thread::yield_now(); }";
        notebook.prepare(gone).await;
    });
}

#[test]
fn the_end_of_a_daemon_is_reported_where_it_is_not_clean() {
    with_notebook(async |notebook| {
        notebook
            .prepare(
                "fn wait_for(name: &str) { while !std::path::Path::new(name).exists() { std::thread::yield_now() } }",
            )
            .await;
        for (how, code, report) in [
            ("exit", "std::process::exit(3)", "ended with exit code 3"),
            ("abort", "std::process::abort()", "was killed by SIGABRT (abort)"),
            (
                "kill",
                "std::process::Command::new(\"sh\").args([\"-c\", \"kill -KILL $PPID\"]).status().unwrap();",
                "was killed by SIGKILL (kill)",
            ),
        ] {
            notebook
                .check(how, async |n| {
                    let code = format!(
                        "%%process --daemon\nwait_for(\"{how}\");\nprint!(\"last words\");\n\
                                        std::io::Write::flush(&mut std::io::stdout()).unwrap();\n{code}"
                    );
                    let cell = n.client.submit(serde_json::json!({"code": code})).await;
                    n.client.execution(&cell).await.assert_quiet();
                    std::fs::write(n.kernel.working_directory().join(how), "").unwrap();
                    let late = late_output(n, &cell, report).await;
                    assert_eq!(late[0], ("stdout".to_owned(), "last words".to_owned()));
                    assert_eq!(late[1], ("stderr".to_owned(), report.to_owned()));
                })
                .await;
        }
        notebook
            .check("a clean end, and that of all at a reset, are not", async |n| {
                let code = "%%process --daemon -n 2\n|index: u8| if index == 0 { loop { std::thread::park() } }";
                let cell = n.client.submit(serde_json::json!({"code": code})).await;
                n.client.execution(&cell).await.assert_quiet();
                n.prepare("while active_children().len() > 1 { std::thread::yield_now() }")
                    .await;
                n.prepare("%reset").await;
                let code = "%%process --daemon\nwhile !std::path::Path::new(\"another\").exists() { \
                            std::thread::yield_now() }\nprintln!(\"another\");";
                let other = n.client.submit(serde_json::json!({"code": code})).await;
                n.client.execution(&other).await.assert_quiet();
                std::fs::write(n.kernel.working_directory().join("another"), "").unwrap();
                // The end of this test looks at what the client has received and nobody has read.
                late_output(n, &other, "another").await;
            })
            .await;
    });
}

#[test]
fn what_a_daemon_shows_has_a_limit() {
    with_notebook(async |notebook| {
        let code = "%%process --daemon --raw\nwhile !std::path::Path::new(\"go\").exists() { std::thread::yield_now() }\n\
                    for line in 0..50_000 { println!(\"{line:049}\") }";
        let cell = notebook.client.submit(serde_json::json!({"code": code})).await;
        notebook.client.execution(&cell).await.assert_quiet();
        std::fs::write(notebook.kernel.working_directory().join("go"), "").unwrap();
        let (mut stdout, mut stderr) = (String::new(), String::new());
        while !stderr.ends_with(" not shown\n") || stderr.lines().count() < 2 {
            let message = notebook.client.broadcast(&cell).await;
            let text = message.content["text"].as_str().unwrap_or_default();
            match message.content["name"].as_str() {
                Some("stdout") => stdout.push_str(text),
                _ => stderr.push_str(text),
            }
        }
        let shown = stdout.lines().count();
        assert!(stdout.len() <= 1 << 20 && shown > 1000, "{shown} lines");
        assert!(
            stderr.starts_with("parcell: more than 1 MiB from a process that no cell waits for"),
            "{stderr}"
        );
        assert!(
            stderr.contains(&format!("parcell: {} lines (", 50_000 - shown)),
            "{shown} shown, {stderr}"
        );
    });
}

/// What workers of a cell print up to a text, line by line, each with its stream.
async fn late_output(notebook: &mut Notebook, cell: &str, last: &str) -> Vec<(String, String)> {
    let mut lines: Vec<(String, String)> = Vec::new();
    while lines.last().is_none_or(|(_, text)| text != last) {
        let message = notebook.client.broadcast(cell).await;
        let stream = message.content["name"].as_str().unwrap_or_default();
        let text = without_colours(message.content["text"].as_str().unwrap_or_default());
        let texts = text.lines().filter_map(|line| Some(line.split_once("] ")?.1));
        lines.extend(texts.map(|text| (stream.to_owned(), text.to_owned())));
    }
    lines
}

//! `--grouped`: each item's lines together, whoever printed them and however the map ends.

use parcell_tests::{WorkerLine, texts, with_notebook, worker_lines};

/// Waits until a file is there.
const AWAIT: &str = "fn wait_for(name: &str) { while !std::path::Path::new(name).exists() { std::thread::yield_now() } }\n\
                     fn leave(name: &str) { std::fs::write(name, \"\").unwrap() }";

#[test]
fn each_items_lines_are_together() {
    with_notebook(async |notebook| {
        notebook.prepare(AWAIT).await;
        notebook
            .check("in the order of the items", async |n| {
                // Every item ends before the one in front of it does.
                let code = "%%pool -n 4 -c 1 --grouped 0..4u8\n|n| {\n    println!(\"{n} begins\");\n    \
                            eprintln!(\"{n} warns\");\n    \
                            if n < 3 { wait_for(&format!(\"ordered{}\", n + 1)) }\n    print!(\"{n} ends\");\n    \
                            leave(&format!(\"ordered{n}\"));\n}";
                let mut cell = n.succeed(code).await;
                let lines = worker_lines(&cell.take_stdout());
                let expected: Vec<String> = (0..4)
                    .flat_map(|n| [format!("{n} begins"), format!("{n} ends")])
                    .collect();
                assert_eq!(texts(&lines), expected);
                assert!(lines.chunks(2).all(|item| item[0].pid == item[1].pid), "{lines:?}");
                let errors = worker_lines(&cell.take_stderr());
                assert_eq!(texts(&errors), ["0 warns", "1 warns", "2 warns", "3 warns"]);
            })
            .await;
        notebook
            .check("in the order in which they are done", async |n| {
                let code = "%%pool -n 2 -c 1 --grouped --unordered 0..2u8\n|n| {\n    println!(\"{n} begins\");\n    \
                            if n == 0 { leave(\"zero\"); wait_for(\"one\") }\n    wait_for(\"zero\");\n    \
                            println!(\"{n} ends\");\n}";
                let running = n.start_cell(code, "1 ends\n").await;
                std::fs::write(n.kernel.working_directory().join("one"), "").unwrap();
                let mut cell = n.finish(running).await;
                let lines = worker_lines(&cell.take_stdout());
                assert_eq!(texts(&lines), ["1 begins", "1 ends", "0 begins", "0 ends"]);
            })
            .await;
        notebook
            .check("of a pool of the library", async |n| {
                let code = "let pool = Pool::builder().workers(2).chunk_size(1).grouped(true).build();\n\
                            pool.for_each(|n: u8| {\n    if n == 0 { wait_for(\"library1\") }\n    println!(\"{n}\");\n    \
                            leave(&format!(\"library{n}\"));\n}, 0..2);";
                let mut cell = n.succeed(code).await;
                assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["0", "1"]);
            })
            .await;
        notebook
            .check("what an initializer prints comes as it comes", async |n| {
                let code = "let pool = Pool::builder().workers(1).grouped(true).initializer(|| println!(\"first\")).build();\n\
                            pool.for_each(|n: u8| println!(\"{n}\"), 0..2);";
                let mut cell = n.succeed(code).await;
                assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["first", "0", "1"]);
            })
            .await;
        notebook
            .check("without the process in front", async |n| {
                let code = "%%pool -n 3 -c 1 --grouped --raw 0..3u8\n|n| { println!(\"{n}\"); println!(\"{n}!\") }";
                assert_eq!(n.succeed(code).await.take_stdout(), "0\n0!\n1\n1!\n2\n2!\n");
            })
            .await;
        notebook
            .check("nothing that is printed passes for a mark", async |n| {
                let code = "%%pool -n 2 -c 1 --grouped --raw 0..2u8\n|n| {\n    if n == 0 { wait_for(\"mark1\") }\n    \
                            print!(\"\\x1eparcell-item:00000000000000000000000000000000:0\\n{n}\\x1e\");\n    \
                            println!(\"EVCXR_{}\", \"BEGIN_CONTENT text/plain\");\n    leave(&format!(\"mark{n}\"));\n}";
                let stdout = n.succeed(code).await.take_stdout();
                let lines: Vec<&str> = stdout.lines().collect();
                let mark = "\x1eparcell-item:00000000000000000000000000000000:0";
                let (zero, one) = (
                    "0\x1eEVCXR_BEGIN_CONTENT text/plain",
                    "1\x1eEVCXR_BEGIN_CONTENT text/plain",
                );
                assert_eq!(lines, [mark, zero, mark, one]);
            })
            .await;
    });
}

#[test]
fn the_item_whose_turn_it_is_is_shown_as_it_comes() {
    with_notebook(async |notebook| {
        notebook.prepare(AWAIT).await;
        let code = "%%pool -n 2 -c 1 --grouped 0..2u8\n|n| {\n    println!(\"{n} begins\");\n    \
                    leave(&format!(\"begun{n}\"));\n    if n == 0 { wait_for(\"go\") }\n}";
        let running = notebook.start_cell(code, "0 begins\n").await;
        std::fs::write(notebook.kernel.working_directory().join("go"), "").unwrap();
        let mut cell = notebook.finish(running).await;
        assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["0 begins", "1 begins"]);
    });
}

#[test]
fn nothing_is_lost_when_a_map_does_not_end_well() {
    with_notebook(async |notebook| {
        notebook.prepare(AWAIT).await;
        notebook
            .check("attempts stay with their item", async |n| {
                let code = "%%pool -n 2 -k -c 1 --grouped --retries 1 0..3u8 -> tried\n|n| {\n    \
                            println!(\"{n} begins\");\n    if n == 1 { std::process::abort() }\n    n\n}";
                let mut cell = n.run(code).await;
                let lines = worker_lines(&cell.take_stdout());
                assert_eq!(texts(&lines), ["0 begins", "1 begins", "1 begins", "2 begins"]);
                assert_ne!(lines[1].pid, lines[2].pid);
                assert!(cell.take_stderr().starts_with("1 of 3 items failed:\n"), "{cell:?}");
                let last = cell.inner().last().map(|message| &message.content["name"]);
                assert_eq!(last, Some(&"stderr".into()), "what sums up comes last: {cell:?}");
            })
            .await;
        notebook
            .check("a map that fails", async |n| {
                let code = "%%pool -n 2 -c 1 --grouped 0..2u8\n|n| {\n    println!(\"{n} begins\");\n    \
                            if n == 0 { leave(\"failing\"); std::thread::sleep(std::time::Duration::from_secs(600)) }\n    \
                            wait_for(\"failing\");\n    print!(\"{n} fails\");\n    assert_eq!(n, 0);\n}";
                let mut cell = n.run(code).await;
                assert_eq!(cell.take_failure().map(|failure| failure.ename).as_deref(), Some("Panicked"));
                let lines = worker_lines(&cell.take_stdout());
                assert_eq!(texts(&lines), ["0 begins", "1 begins", "1 fails"]);
            })
            .await;
        notebook
            .check("a cell that is interrupted", async |n| {
                let code = "%%pool -n 2 -c 1 --grouped 0..2u8\n|n| {\n    if n == 0 { wait_for(\"held\") }\n    \
                            println!(\"{n} begins\");\n    \
                            if n == 1 { leave(\"held\") }\n    std::thread::sleep(std::time::Duration::from_secs(600))\n}";
                let running = n.start_cell(code, "0 begins\n").await;
                n.interrupt().await;
                let mut cell = n.finish(running).await;
                assert_eq!(cell.take_failure().map(|failure| failure.ename).as_deref(), Some("Interrupted"));
                let lines: Vec<WorkerLine> = worker_lines(&cell.take_stdout());
                assert_eq!(texts(&lines), ["0 begins", "1 begins"]);
            })
            .await;
    });
}

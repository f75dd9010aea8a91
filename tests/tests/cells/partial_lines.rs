//! Lines that workers do not end: shown when the worker pauses, and never mixed with another's.

use parcell_tests::{Notebook, texts, with_notebook, worker_lines};

const AWAIT: &str = "use std::io::Write;\n\
                     fn wait_for(name: &str) { while !std::path::Path::new(name).exists() { std::thread::yield_now() } }\n\
                     fn begin(text: &str) { print!(\"{text}\"); std::io::stdout().flush().unwrap() }";

/// Makes the file that a worker waits for.
fn allow(notebook: &Notebook, name: &str) {
    std::fs::write(notebook.kernel.working_directory().join(name), "").unwrap();
}

#[test]
fn lines_that_are_not_ended() {
    with_notebook(async |notebook| {
        notebook.prepare(AWAIT).await;
        notebook
            .check("one that goes on after a pause stays one", async |n| {
                let code = "%%process\nbegin(\"thinking... \");\nwait_for(\"thought\");\nprintln!(\"done\");\nprintln!(\"next\");";
                let running = n.start_cell(code, "thinking... ").await;
                allow(n, "thought");
                let mut cell = n.finish(running).await;
                assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["thinking... done", "next"]);
            })
            .await;
        notebook
            .check(
                "one between which another process prints goes on in a new line",
                async |n| {
                    let code = "%%process -n 2\n|index: u8| {\n    if index == 0 {\n        begin(\"a\");\n        \
                            wait_for(\"go on\");\n        println!(\"z\");\n    } else {\n        \
                            wait_for(\"another\");\n        println!(\"another\");\n    }\n}";
                    let mut running = n.start_cell(code, "a").await;
                    allow(n, "another");
                    n.await_output(&mut running, "another\n").await;
                    allow(n, "go on");
                    let mut cell = n.finish(running).await;
                    let lines = worker_lines(&cell.take_stdout());
                    assert_eq!(texts(&lines), ["a", "another", "z"]);
                    assert_eq!(lines[0].pid, lines[2].pid);
                },
            )
            .await;
        notebook
            .check("one between which the notebook prints goes on in a new line", async |n| {
                let code = "let process = Process::spawn(|| { begin(\"a\"); wait_for(\"printed\"); println!(\"z\") });\n\
                            wait_for(\"shown\");\nprintln!(\"the notebook\");\nwait_for(\"printed\");\n\
                            process.join().unwrap();";
                let mut running = n.start_cell(code, "a").await;
                allow(n, "shown");
                n.await_output(&mut running, "the notebook\n").await;
                allow(n, "printed");
                let stdout = parcell_tests::without_colours(&n.finish(running).await.take_stdout());
                let lines: Vec<&str> = stdout.lines().collect();
                assert!(
                    matches!(&lines[..], [a, "the notebook", z] if a.ends_with("] a") && z.ends_with("] z")),
                    "{stdout}"
                );
            })
            .await;
        notebook
            .check("one of a worker that crashes is ended", async |n| {
                let code =
                    "%%process\nbegin(\"half\");\nwait_for(\"crash\");\nbegin(\" a line\");\nstd::process::abort();";
                let running = n.start_cell(code, "half").await;
                allow(n, "crash");
                let mut cell = n.finish(running).await;
                assert_eq!(
                    cell.take_failure().map(|failure| failure.ename).as_deref(),
                    Some("Crashed")
                );
                assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["half a line"]);
            })
            .await;
        notebook
            .check("one that is overwritten after a pause", async |n| {
                let code = "%%process --raw\nbegin(\"10 %\");\nwait_for(\"more\");\nbegin(\"\\r20 %\\r30 %\");";
                let running = n.start_cell(code, "10 %").await;
                allow(n, "more");
                assert_eq!(n.finish(running).await.take_stdout(), "10 %\r30 %\n");
            })
            .await;
    });
}

//! Magics: lines that are not Rust, and cells that are none.

use super::state::{CHANGE, assert_unchanged, define};
use parcell_tests::{CellFailure, Execution, Notebook, holds_within, with_notebook};
use std::time::{Duration, Instant};

/// From the interrupt to idle, and until what was ended is gone.
const LIMIT: Duration = Duration::from_secs(2);

/// The texts of all that was displayed.
fn displayed(cell: &mut Execution) -> Vec<String> {
    let texts = cell.take_displays().into_iter().map(|data| {
        assert!(data["text/html"].is_string(), "{data}");
        data["text/plain"].as_str().expect("plain text").to_owned()
    });
    texts.collect()
}

/// What a cell that succeeds prints to standard output, and nothing else.
async fn printed(notebook: &mut Notebook, code: &str) -> String {
    let mut cell = notebook.succeed(code).await;
    cell.take_stdout()
}

fn assert_failure(failure: &CellFailure, ename: &str, parts: &[&str]) {
    let text = failure.text();
    assert_eq!(failure.ename, ename, "{text}");
    for part in parts {
        assert!(text.contains(part), "{part:?} is not in:\n{text}");
    }
    for generated in ["lib.rs", "parcell::", "evcxr"] {
        assert!(!text.contains(generated), "{generated:?} is in:\n{text}");
    }
}

#[test]
fn magics_and_rust_mix_in_one_cell() {
    with_notebook(async |notebook| {
        notebook
            .check("each at its place, in order", async |n| {
                let mut cell = n
                    .succeed(
                        "let a = 1;\n%who\n!echo from the shell\nlet b = \"two\".to_owned();\n%who // again\n\
                         println!(\"from Rust\");\n!echo after\nb.len()",
                    )
                    .await;
                let mut types = cell.broadcast_types()[1..].to_vec();
                // What is printed may come in several messages.
                types.dedup();
                let expected = ["display_data", "stream", "display_data", "stream", "execute_result"];
                assert_eq!(types, expected);
                assert_eq!(
                    displayed(&mut cell),
                    [
                        "Variable  Type\na         i32",
                        "Variable  Type\na         i32\nb         String"
                    ]
                );
                assert_eq!(cell.take_stdout(), "from the shell\nfrom Rust\nafter\n");
                assert_eq!(cell.take_text().as_deref(), Some("3"));
            })
            .await;
        notebook
            .check("in functions, loops and workers", async |n| {
                let code = "fn say() {\n    !echo in a function\n}\nfor _ in 0..2 {\n    say();\n}";
                assert_eq!(printed(n, code).await, "in a function\n".repeat(2));
                let mut cell = n
                    .succeed("%%pool -n 1 0..1u8\nfn work(x: u8) -> u8 {\n    !echo in a worker\n    x\n}")
                    .await;
                assert!(cell.take_stdout().contains("in a worker\n"));
                assert_eq!(cell.take_text().as_deref(), Some("[0]"));
            })
            .await;
        notebook
            .check("operators, strings and macros stay Rust", async |n| {
                assert_eq!(n.value("let a = 7\n  % 4;\na").await, "3");
                n.prepare("let flag = true;").await;
                n.prepare("use std::sync::atomic::AtomicBool as ls;\n!flag;").await;
                assert_eq!(n.value("!flag").await, "false");
                assert_eq!(n.value("!true").await, "false");
                let text = "\"\n%who\n!echo no\n:vars\n\"";
                assert_eq!(n.value(&format!("let text = {text};\ntext.len()")).await, "21");
                assert_eq!(n.value("vec![\n!flag,\n!flag,\n].len()").await, "2");
            })
            .await;
        notebook
            .check("commands that begin with a colon may follow code", async |n| {
                let mut cell = n.succeed("let early = 1u8;\n:type early\nlet late = early;").await;
                assert!(cell.take_text().is_some_and(|text| text.contains("early: u8")));
                assert_eq!(n.value("late").await, "1");
            })
            .await;
        notebook
            .check("errors and panics are at the lines that were written", async |n| {
                let mut cell = n.run("let fine = 1;\n!true\n%pwd\nlet wrong: u32 = \"x\";").await;
                let place = format!("cell {}:4:18", cell.count().unwrap());
                assert_failure(&cell.take_failure().expect("a failure"), "CompileError", &[&place]);
                let mut cell = n.run("let fine = 1;\n%time !true\n%time panic!(\"stop\");").await;
                let place = format!("cell {}:3", cell.count().unwrap());
                cell.take_stdout();
                let failure = cell.take_failure().expect("a failure");
                assert_failure(&failure, "Panic", &["stop", &place]);
            })
            .await;
        notebook
            .check("a part that fails leaves those before it", async |n| {
                let mut cell = n
                    .run("let first = 1;\n%who\nlet second = 2;\nstd::process::abort();")
                    .await;
                assert_eq!(displayed(&mut cell).len(), 1);
                let failure = cell.take_failure().expect("a failure");
                let note = "what stands before line 3 had been completed, and stays";
                assert_failure(&failure, "Crashed", &["as they were before line 3", note]);
                assert_eq!(n.value("first").await, "1");
                assert!(n.failure("second").await.evalue.contains("cannot find value `second`"));
            })
            .await;
        notebook
            .check("a function of an earlier part is found where it panics", async |n| {
                let mut cell = n
                    .run("fn fails() {\n    panic!(\"deep\");\n}\n%pwd\n:vars\nfails();")
                    .await;
                let place = format!("cell {}:2", cell.count().unwrap());
                cell.take_stdout();
                cell.take_stderr();
                cell.take_text();
                assert_failure(&cell.take_failure().expect("a failure"), "Panic", &["deep", &place]);
            })
            .await;
    });
}

#[test]
fn commands_of_the_shell() {
    with_notebook(async |notebook| {
        define(notebook).await;
        notebook
            .check("both streams, and an empty input", async |n| {
                let mut cell = n.succeed("!echo out; echo err >&2; cat; echo $((1 + 1))").await;
                assert_eq!(cell.take_stdout(), "out\n2\n");
                assert_eq!(cell.take_stderr(), "err\n");
            })
            .await;
        notebook
            .check(
                "output comes while the command runs, and an interrupt ends its children",
                async |n| {
                    let code = format!("{CHANGE}\n!echo running; sh -c 'sleep 601; true'; echo never");
                    let running = n.start_cell(&code, "running\n").await;
                    let since = Instant::now();
                    n.interrupt().await;
                    let mut cell = n.finish(running).await;
                    assert!(since.elapsed() < LIMIT, "{:?}", since.elapsed());
                    assert_eq!(cell.take_stdout(), "running\n");
                    assert_eq!(cell.take_failure().expect("a failure").ename, "Interrupted");
                    assert_unchanged(n).await;
                    let kernel = &mut n.kernel;
                    let gone = holds_within(LIMIT, || {
                        !kernel.processes().iter().any(|process| process.name == "sleep")
                    });
                    assert!(gone.await, "a child of the command is left");
                },
            )
            .await;
        notebook
            .check("an exit code that is not 0 fails the cell", async |n| {
                let mut cell = n.run("let before = 1;\n!exit 3\nprintln!(\"never\");").await;
                let place = format!("cell {}, line 2", cell.count().unwrap());
                let failure = cell.take_failure().expect("a failure");
                assert_eq!(failure.evalue, "`exit 3` ended with exit code 3");
                assert_failure(&failure, "CommandFailed", &["exit code 3", &place]);
                let failure = n.failure("!no-such-command-here -x").await;
                assert_failure(&failure, "CommandFailed", &["exit code 127", "a command was not found"]);
                let failure = n.failure("!kill -9 $$").await;
                assert_failure(&failure, "CommandFailed", &["was killed by SIGKILL"]);
            })
            .await;
        notebook
            .check("a cell as a script", async |n| {
                let script =
                    "%%bash\nwords=(one \"two three\")\nfor word in \"${words[@]}\"; do\n  echo \"$word %who\"\ndone";
                assert_eq!(printed(n, script).await, "one %who\ntwo three %who\n");
                let mut cell = n.run("%%bash\necho first\nexit 4\necho never").await;
                assert_eq!(cell.take_stdout(), "first\n");
                let failure = cell.take_failure().expect("a failure");
                assert_failure(&failure, "CommandFailed", &["the script ended with exit code 4"]);
            })
            .await;
        assert_unchanged(notebook).await;
    });
}

#[test]
fn files_directories_the_environment_and_clocks() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().canonicalize().unwrap();
    let path = path.to_str().unwrap();
    with_notebook(async |notebook| {
        notebook
            .check("the working directory, and files in it", async |n| {
                let before = printed(n, "%pwd").await;
                assert_eq!(printed(n, &format!("%cd {path}")).await, format!("{path}\n"));
                assert_eq!(printed(n, "!pwd").await, format!("{path}\n"));
                assert_eq!(printed(n, "%%writefile a.txt\none\n!two").await, "Writing a.txt\n");
                assert_eq!(printed(n, "%%writefile -a a.txt\nthree").await, "Appending to a.txt\n");
                assert_eq!(
                    n.value("std::fs::read_to_string(\"a.txt\").unwrap()").await,
                    "\"one\\n!two\\nthree\\n\""
                );
                assert_eq!(printed(n, "%%writefile a.txt\n").await, "Overwriting a.txt\n");
                assert_eq!(n.value("std::fs::read(\"a.txt\").unwrap().len()").await, "0");
                assert_eq!(printed(n, "%cd -").await, before);
                let failure = n.failure("%cd /no/such/directory").await;
                assert_failure(&failure, "DirectoryError", &["`/no/such/directory`", "No such file"]);
                let failure = n.failure("%%writefile /no/such/file\nx").await;
                assert_failure(&failure, "FileError", &["`/no/such/file`", "No such file"]);
            })
            .await;
        notebook
            .check("the environment", async |n| {
                let set = printed(n, "%env PARCELL_TEST=a b").await;
                assert_eq!(set, "env: PARCELL_TEST=a b\n");
                assert_eq!(printed(n, "%env PARCELL_TEST\n!echo $PARCELL_TEST").await, "a b\na b\n");
                assert!(printed(n, "%env").await.contains("\nPARCELL_TEST=a b\n"));
                let failure = n.failure("%env PARCELL_UNKNOWN").await;
                assert_failure(
                    &failure,
                    "EnvironmentError",
                    &["no environment variable `PARCELL_UNKNOWN`"],
                );
            })
            .await;
        notebook
            .check("a line is timed, and its value and variables stay", async |n| {
                let mut cell = n.succeed("%time let slept = { std::thread::sleep(std::time::Duration::from_millis(30)); 7 };\n%time slept + 1").await;
                let stdout = cell.take_stdout();
                assert_eq!(stdout.matches("CPU times: user ").count(), 2, "{stdout}");
                assert_eq!(stdout.matches("Wall time: ").count(), 2, "{stdout}");
                let wall = stdout.lines().nth(1).unwrap().trim_start_matches("Wall time: ");
                let (number, unit) = wall.split_once(' ').unwrap();
                let long_enough = unit == "s" || unit == "ms" && number.parse::<f64>().unwrap() >= 30.0;
                assert!(long_enough, "{stdout}");
                assert_eq!(cell.take_text().as_deref(), Some("8"));
            })
            .await;
        notebook
            .check("a cell is timed, compiling apart from running", async |n| {
                let mut cell = n.succeed("%%time\nlet timed = vec![1, 2];\ntimed.len()").await;
                let stdout = cell.take_stdout();
                let starts: Vec<&str> = stdout.lines().filter_map(|line| line.split(": ").next()).collect();
                assert_eq!(starts, ["CPU times", "Wall time", "Compile time"], "{stdout}");
                assert_eq!(cell.take_text().as_deref(), Some("2"));
                let mut cell = n
                    .succeed("%%time\n%%pool -n 2 timed\nfn double(x: i32) -> i32 { x * 2 }")
                    .await;
                assert!(cell.take_stdout().contains("Wall time: "));
                assert_eq!(cell.take_text().as_deref(), Some("[2, 4]"));
            })
            .await;
        notebook
            .check("code is run again and again", async |n| {
                n.prepare("let mut runs: Vec<u8> = Vec::new();").await;
                let mut cell = n.succeed("%timeit -n 10 -r 3 runs.push(1)\nruns.len()").await;
                let stdout = cell.take_stdout();
                assert!(
                    stdout.contains(" per loop (mean ± std. dev. of 3 runs, 10 loops each)\n"),
                    "{stdout}"
                );
                assert_eq!(cell.take_text().as_deref(), Some("30"));
                let code =
                    "%%timeit -r1\nlet inner = std::time::Duration::from_millis(120);\nstd::thread::sleep(inner);";
                let stdout = n.succeed(code).await.take_stdout();
                let time: f64 = stdout.split_once(" ms ").unwrap().0.parse().unwrap();
                assert!(time >= 120.0 && stdout.contains("of 1 run, 2 loops each"), "{stdout}");
                assert_eq!(n.failure("inner").await.ename, "CompileError");
            })
            .await;
    });
}

#[test]
fn help_and_mistakes() {
    with_notebook(async |notebook| {
        notebook
            .check("all magics are listed and explained", async |n| {
                let mut cell = n.succeed("%lsmagic").await;
                let listed = displayed(&mut cell).remove(0);
                for name in [
                    "%%pool",
                    "%%process",
                    "%%time",
                    "%%timeit",
                    "%%bash",
                    "%%writefile",
                    "%who",
                    "%reset",
                    "%time",
                    "%checkpoint",
                    "%cd",
                    "%pwd",
                    "%env",
                    "%lsmagic",
                    "%help",
                    "!COMMAND",
                ] {
                    assert!(listed.contains(&format!("\n{name} ")), "{name} is not in:\n{listed}");
                }
                let mut cell = n.succeed("%%html\n<b>bold</b>").await;
                assert_eq!(displayed(&mut cell), ["<b>bold</b>"]);
                let mut cell = n.succeed("%help pool\n%help").await;
                let shown = displayed(&mut cell);
                assert!(
                    shown[0].starts_with("%%pool") && shown[0].contains("-n WORKERS"),
                    "{}",
                    shown[0]
                );
                assert_eq!(shown[1], listed);
                let mut cell = n.succeed(":help").await;
                assert!(cell.take_text().is_some_and(|text| text.contains(":vars")));
            })
            .await;
        for (code, parts) in [
            (
                "let a = 1;\n%whoo",
                ["no magic `%whoo`", "did you mean `%who`?", ":2:1"],
            ),
            ("%reset all", ["`all` is not expected", "the magic is %reset", ":1:8"]),
            (
                "%checkpoint of",
                ["neither `on` nor `off`", "did you mean `off`?", ":1:13"],
            ),
            ("%time", ["nothing to time", "%time work(1000)", ":1:1"]),
            ("%%writefile", ["no file to write to", "%%writefile notes.txt", ":1:1"]),
            ("%%bash -x\nls", ["`-x` is not expected", "the magic is %%bash", ":1:8"]),
            (
                "fn f() {\n    %who\n}",
                ["inside a block", "outside of functions", ":2:5"],
            ),
            ("let a = 1;\n%%bash\nls", ["not the first line", "whole cell", ":2:1"]),
            (
                "%%time\n%who\n1",
                ["cannot be part of a `%%time` cell", "cell of its own", ":2:1"],
            ),
            (":quit", ["cannot end the kernel", "JupyterLab's menu Kernel", ":1:1"]),
            ("let a = 1;\n:quit", ["cannot end the kernel", "`%reset`", ":2:1"]),
        ] {
            notebook
                .check(code, async |n| {
                    assert_failure(&n.failure(code).await, "MagicError", &parts)
                })
                .await;
        }
        assert_eq!(notebook.value("1 + 1").await, "2");
    });
}

#[test]
fn a_reset_forgets_all_but_crates() {
    with_notebook(async |notebook| {
        notebook
            .prepare("use std::collections::BTreeMap;\nfn item() -> u8 { 1 }\nlet kept = BTreeMap::from([(1, 2)]);")
            .await;
        let mut cell = notebook.succeed("%who\n%reset\n%who\nlet fresh = 5;").await;
        let shown = displayed(&mut cell);
        assert!(shown[0].contains("kept"), "{shown:?}");
        assert_eq!(shown[1], "There are no variables.");
        for (code, message) in [
            ("kept", "cannot find value `kept`"),
            ("item()", "cannot find function `item`"),
            ("BTreeMap::<u8, u8>::new()", "`BTreeMap`"),
        ] {
            let failure = notebook.failure(code).await;
            assert!(failure.evalue.contains(message), "{}", failure.evalue);
        }
        assert_eq!(notebook.value("fresh").await, "5");
        // What every cell has is in scope, and crashes and interrupts do what they did.
        assert_eq!(notebook.value("Pool::new(1).map(|x: u8| x + 1, [1])").await, "[2]");
        define(notebook).await;
        let failure = notebook.failure(&format!("{CHANGE}\nstd::process::abort();")).await;
        assert_eq!(failure.ename, "Crashed");
        assert_unchanged(notebook).await;
        let running = notebook
            .start_cell(
                &format!("{CHANGE}\nprintln!(\"running\");\nloop {{ std::hint::spin_loop() }}"),
                "running\n",
            )
            .await;
        notebook.interrupt().await;
        let mut cell = notebook.finish(running).await;
        cell.take_stdout();
        assert_eq!(cell.take_failure().expect("a failure").ename, "Interrupted");
        assert_unchanged(notebook).await;
    });
}

/// Whether there are soon as many processes below the kernel: the supervisor, the notebook process, the checkpoint.
async fn lives(notebook: &mut Notebook, wanted: usize) -> bool {
    let kernel = &mut notebook.kernel;
    holds_within(LIMIT, || {
        let processes = kernel.processes();
        processes.iter().filter(|process| process.is_alive()).count() == wanted
    })
    .await
}

#[test]
fn without_checkpoints_nothing_is_forked_and_a_crash_loses_the_variables() {
    with_notebook(async |notebook| {
        notebook.prepare("let kept = vec![1, 2];").await;
        assert!(lives(notebook, 3).await, "{:?}", notebook.kernel.processes());
        assert!(printed(notebook, "%checkpoint").await.starts_with("Checkpoints are on"));
        assert!(
            printed(notebook, "%checkpoint off")
                .await
                .starts_with("Checkpoints are off")
        );
        assert!(lives(notebook, 2).await, "{:?}", notebook.kernel.processes());
        notebook.prepare("let more = 3;").await;
        assert!(lives(notebook, 2).await, "{:?}", notebook.kernel.processes());
        assert!(
            printed(notebook, "%checkpoint on")
                .await
                .starts_with("Checkpoints are on")
        );
        notebook.failure("std::process::abort();").await;
        assert_eq!(notebook.value("(kept.clone(), more)").await, "([1, 2], 3)");

        printed(notebook, "%checkpoint off").await;
        let failure = notebook.failure("std::process::abort();").await;
        assert_failure(&failure, "Crashed", &["SIGABRT", "all variables are lost"]);
        let failure = notebook.failure("kept").await;
        assert!(
            failure.evalue.contains("cannot find value `kept`"),
            "{}",
            failure.evalue
        );

        notebook.prepare("let again = 1;").await;
        printed(notebook, "%checkpoint off").await;
        let running = notebook
            .start_cell("println!(\"running\");\nloop { std::hint::spin_loop() }", "running\n")
            .await;
        notebook.interrupt().await;
        let mut cell = notebook.finish(running).await;
        cell.take_stdout();
        let failure = cell.take_failure().expect("a failure");
        assert_failure(&failure, "Interrupted", &["all variables are lost"]);
        assert_eq!(notebook.value("1 + 1").await, "2");
    });
}

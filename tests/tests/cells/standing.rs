//! Standing workers, queues and pipes in a notebook: they live across cells, and what they print belongs to the cell that
//! asked for it.

use parcell_tests::{pids, sorted_texts, texts, with_notebook, worker_lines};

#[test]
fn standing_workers_live_across_cells() {
    with_notebook(async |notebook| {
        notebook
            .prepare(
                "fn square(n: u64) -> u64 { println!(\"square {n}\"); n * n }\n\
                 let executor = ProcessPoolExecutor::with_workers(2);\n\
                 let single = ProcessPoolExecutor::with_workers(1);",
            )
            .await;
        notebook
            .check(
                "results come back, and lines appear under the worker's PID",
                async |n| {
                    let mut cell = n
                        .succeed(
                            "let futures: Vec<_> = (0..6u64).map(|n| executor.submit(square, n)).collect();\n\
                         futures.iter().map(|future| future.result().unwrap()).collect::<Vec<_>>()",
                        )
                        .await;
                    assert_eq!(cell.take_text().as_deref(), Some("[0, 1, 4, 9, 16, 25]"));
                    let lines = worker_lines(&cell.take_stdout());
                    let expected: Vec<_> = (0..6).map(|n| format!("square {n}")).collect();
                    assert_eq!(sorted_texts(&lines), expected);
                    assert!(pids(&lines).len() <= 2);
                },
            )
            .await;
        notebook
            .check("a worker prints into the cell that asked", async |n| {
                let ask = "single.submit(|n: u64| { println!(\"asked {n}\"); eprintln!(\"aside {n}\"); std::process::id() }, 7)\
                           .result().unwrap()";
                let mut first = n.succeed(ask).await;
                let mut second = n.succeed(ask).await;
                assert_eq!(first.take_text(), second.take_text());
                for cell in [&mut first, &mut second] {
                    assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["asked 7"]);
                    assert_eq!(texts(&worker_lines(&cell.take_stderr())), ["aside 7"]);
                }
            })
            .await;
        notebook
            .check("the newest definition runs, in workers started earlier", async |n| {
                n.prepare("fn version(_: ()) -> u32 { 1 }").await;
                let ask = "single.submit(version, ()).result().unwrap()";
                assert_eq!(n.value(ask).await, "1");
                n.prepare("fn version(_: ()) -> u32 { 2 }").await;
                assert_eq!(n.value(ask).await, "2");
            })
            .await;
        notebook
            .check("types of the notebook travel", async |n| {
                n.prepare(
                    "#[derive(Clone, Debug, Serialize, Deserialize)]\nstruct Point { x: f64, name: Option<String> }",
                )
                .await;
                let shown = n
                    .value(
                        "executor.submit(|mut p: Point| { p.x *= 2.0; p }, Point { x: 1.5, name: Some(\"p\".into()) })\
                         .result().unwrap()",
                    )
                    .await;
                assert_eq!(
                    shown.split_whitespace().collect::<String>(),
                    "Point{x:3.0,name:Some(\"p\")}".replace(' ', "")
                );
            })
            .await;
        notebook
            .check(
                "a closure that captures does not compile, and the error says what to do",
                async |n| {
                    let failure = n
                        .failure("let offset = 3u64;\nexecutor.submit(move |n: u64| n + offset, 3).result()")
                        .await;
                    assert_eq!(failure.ename, "CompileError");
                    assert!(
                        failure
                            .text()
                            .contains("a closure that captures variables cannot be sent"),
                        "{failure:?}"
                    );
                    assert!(failure.text().contains("use `Pool::map`"), "{failure:?}");
                    assert!(failure.text().contains("^ refused"), "{failure:?}");
                    assert!(!failure.text().contains("sys/function.rs"), "{failure:?}");
                },
            )
            .await;
        notebook
            .check("a worker that dies costs its call", async |n| {
                let mut cell = n
                    .succeed(
                        "let dead = executor.submit(|_: u32| -> u32 { std::process::exit(3) }, 1).result();\n\
                         (dead.unwrap_err().to_string().contains(\"exit code 3\"), executor.submit(square, 3).result())",
                    )
                    .await;
                assert_eq!(cell.take_text().as_deref(), Some("(true, Ok(9))"));
                cell.take_stdout();
            })
            .await;
        notebook
            .check("workers in a worker are told apart", async |n| {
                let mut cell = n
                    .succeed(
                        "executor.submit(|n: u64| Pool::new(2).map(|x: u64| { println!(\"inner {x}\"); x * n }, 0..2), 5)\
                         .result().unwrap()",
                    )
                    .await;
                assert_eq!(cell.take_text().as_deref(), Some("[0, 5]"));
                let lines = worker_lines(&cell.take_stdout());
                assert_eq!(sorted_texts(&lines), ["inner 0", "inner 1"]);
                assert_eq!(pids(&lines).len(), 2);
            })
            .await;
    });
}

#[test]
fn after_a_crash_standing_workers_start_anew_and_queues_go_on() {
    with_notebook(async |notebook| {
        notebook
            .prepare(
                "let executor = ProcessPoolExecutor::with_workers(1);\n\
                 let queue: Queue<u32> = Queue::new();\n\
                 let pending = executor.submit(|queue: Queue<u32>| { queue.put(1).unwrap(); std::thread::park(); 0u32 }, queue.clone());\n\
                 queue.get().unwrap();",
            )
            .await;
        let failure = notebook.failure("queue.put(2).unwrap();\nstd::process::abort()").await;
        assert_eq!(failure.ename, "Crashed");
        let lost = notebook.value("pending.result().unwrap_err().to_string()").await;
        assert!(lost.contains("it ended with the notebook process"), "{lost}");
        assert_eq!(
            notebook.value("executor.submit(|n: u32| n + 1, 4).result()").await,
            "Ok(5)"
        );
        // What is shared is not part of the transaction.
        assert_eq!(notebook.value("queue.get()").await, "Ok(2)");
    });
}

#[test]
fn queues_and_pipes_connect_cells_and_processes() {
    with_notebook(async |notebook| {
        notebook
            .prepare("let queue = Queue::<u32>::new();\nlet (ours, theirs) = Pipe::<String>::new();")
            .await;
        notebook
            .prepare("let process = Process::spawn(|| { theirs.send(\"Hello from process\".to_owned()).unwrap(); queue.put(42u32).unwrap(); });")
            .await;
        assert_eq!(notebook.value("ours.recv().unwrap()").await, "\"Hello from process\"");
        assert_eq!(notebook.value("queue.get().unwrap()").await, "42");
        notebook.prepare("process.join().unwrap();").await;
        // Nobody else has it, and this is the only thread.
        assert_eq!(notebook.value("queue.get()").await, "Err(Disconnected)");
    });
}

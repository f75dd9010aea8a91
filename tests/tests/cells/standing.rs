//! Standing workers, queues and pipes in a notebook: they live across cells, and what they print belongs to the cell
//! that asked for it.

use parcell_tests::{Notebook, pids, sorted_texts, texts, with_notebook, worker_lines};

#[test]
fn standing_workers_live_across_cells() {
    with_notebook(async |notebook| {
        let code = r#"
            fn square(n: u64) -> u64 { println!("square {n}"); n * n }
            let executor = ProcessPoolExecutor::with_workers(2);
            let single = ProcessPoolExecutor::with_workers(1);
        "#;
        notebook.prepare(code).await;
        notebook
            .step(results_come_back_and_lines_appear_under_the_workers_pid)
            .await;
        notebook.step(a_worker_prints_into_the_cell_that_asked).await;
        notebook
            .step(the_newest_definition_runs_in_workers_started_earlier)
            .await;
        notebook.step(types_of_the_notebook_travel).await;
        notebook
            .step(a_closure_that_captures_does_not_compile_and_the_error_says_what_to_do)
            .await;
        notebook.step(a_worker_that_dies_costs_its_call).await;
        notebook.step(workers_in_a_worker_are_told_apart).await;
    });
}

async fn results_come_back_and_lines_appear_under_the_workers_pid(n: &mut Notebook) {
    let code = r"
        let futures: Vec<_> = (0..6u64).map(|n| executor.submit(square, n)).collect();
        futures.iter().map(|future| future.result().unwrap()).collect::<Vec<_>>()
    ";
    let mut cell = n.succeed(code).await;
    assert_eq!(cell.take_text().as_deref(), Some("[0, 1, 4, 9, 16, 25]"));
    let lines = worker_lines(&cell.take_stdout());
    let expected: Vec<_> = (0..6).map(|n| format!("square {n}")).collect();
    assert_eq!(sorted_texts(&lines), expected);
    assert!(pids(&lines).len() <= 2);
}

async fn a_worker_prints_into_the_cell_that_asked(n: &mut Notebook) {
    let ask = r#"
        single.submit(|n: u64| {
            println!("asked {n}");
            eprintln!("aside {n}");
            std::process::id()
        }, 7).result().unwrap()
    "#;
    let mut first = n.succeed(ask).await;
    let mut second = n.succeed(ask).await;
    assert_eq!(first.take_text(), second.take_text());
    for cell in [&mut first, &mut second] {
        assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["asked 7"]);
        assert_eq!(texts(&worker_lines(&cell.take_stderr())), ["aside 7"]);
    }
}

async fn the_newest_definition_runs_in_workers_started_earlier(n: &mut Notebook) {
    n.prepare("fn version(_: ()) -> u32 { 1 }").await;
    let ask = "single.submit(version, ()).result().unwrap()";
    assert_eq!(n.value(ask).await, "1");
    n.prepare("fn version(_: ()) -> u32 { 2 }").await;
    assert_eq!(n.value(ask).await, "2");
}

async fn types_of_the_notebook_travel(n: &mut Notebook) {
    let code = r"
        #[derive(Clone, Debug, Serialize, Deserialize)]
        struct Point { x: f64, name: Option<String> }
    ";
    n.prepare(code).await;
    let code = r#"
        let point = Point { x: 1.5, name: Some("p".into()) };
        executor.submit(|mut p: Point| { p.x *= 2.0; p }, point).result().unwrap()
    "#;
    let shown = n.value(code).await;
    assert_eq!(
        shown.split_whitespace().collect::<String>(),
        r#"Point{x:3.0,name:Some("p")}"#.replace(' ', "")
    );
}

async fn a_closure_that_captures_does_not_compile_and_the_error_says_what_to_do(n: &mut Notebook) {
    let code = r"
        let offset = 3u64;
        executor.submit(move |n: u64| n + offset, 3).result()
    ";
    let failure = n.failure(code).await;
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
}

async fn a_worker_that_dies_costs_its_call(n: &mut Notebook) {
    let code = r#"
        let dead = executor.submit(|_: u32| -> u32 { std::process::exit(3) }, 1).result();
        (dead.unwrap_err().to_string().contains("exit code 3"), executor.submit(square, 3).result())
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(cell.take_text().as_deref(), Some("(true, Ok(9))"));
    cell.take_stdout();
}

async fn workers_in_a_worker_are_told_apart(n: &mut Notebook) {
    let code = r#"
        executor.submit(|n: u64| {
            Pool::new(2).map(|x: u64| { println!("inner {x}"); x * n }, 0..2)
        }, 5).result().unwrap()
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(cell.take_text().as_deref(), Some("[0, 5]"));
    let lines = worker_lines(&cell.take_stdout());
    assert_eq!(sorted_texts(&lines), ["inner 0", "inner 1"]);
    assert_eq!(pids(&lines).len(), 2);
}

#[test]
fn after_a_crash_standing_workers_start_anew_and_queues_go_on() {
    with_notebook(async |notebook| {
        let code = r"
            let executor = ProcessPoolExecutor::with_workers(1);
            let queue: Queue<u32> = Queue::new();
            fn put_and_wait(queue: Queue<u32>) -> u32 { queue.put(1).unwrap(); std::thread::park(); 0 }
            let pending = executor.submit(put_and_wait, queue.clone());
            queue.get().unwrap();
        ";
        notebook.prepare(code).await;
        let code = r"
            queue.put(2).unwrap();
            std::process::abort()
        ";
        let failure = notebook.failure(code).await;
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
        let code = r"
            let queue = Queue::<u32>::new();
            let (ours, theirs) = Pipe::<String>::new();
        ";
        notebook.prepare(code).await;
        let code = r#"
            let process = Process::spawn(|| {
                theirs.send("Hello from process".to_owned()).unwrap();
                queue.put(42u32).unwrap();
            });
        "#;
        notebook.prepare(code).await;
        assert_eq!(notebook.value("ours.recv().unwrap()").await, r#""Hello from process""#);
        assert_eq!(notebook.value("queue.get().unwrap()").await, "42");
        notebook.prepare("process.join().unwrap();").await;
        // Nobody else has it, and this is the only thread.
        assert_eq!(notebook.value("queue.get()").await, "Err(Disconnected)");
    });
}

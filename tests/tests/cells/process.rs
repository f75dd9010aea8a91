//! `%%process`: a function, or a cell's statements, in processes of their own.

use parcell_tests::{pids, sorted_texts, texts, with_notebook, worker_lines};

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

//! What a checkpoint shares with the notebook process: files, pipes and children behave as if there were none.

use parcell_tests::{Notebook, with_notebook};

#[test]
fn open_files_pipes_and_children_are_as_if_there_were_no_checkpoint() {
    with_notebook(async |notebook| {
        notebook.step(a_pipe_that_a_cell_closes_is_closed).await;
        notebook.step(a_file_is_read_on_from_where_it_was_before_a_crash).await;
        notebook.step(a_worker_of_a_thread_that_has_ended_lives_on).await;
        notebook
            .step(a_pool_of_a_thread_that_has_ended_has_all_its_results)
            .await;
    });
}

async fn a_pipe_that_a_cell_closes_is_closed(n: &mut Notebook) {
    let code = r#"
        use std::process::{Command, Stdio};
        let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let input = child.stdin.take().unwrap();
        let mut output = child.stdout.take().unwrap();
    "#;
    n.prepare(code).await;
    let code = r#"
        use std::io::{Read, Write};
        (&input).write_all(b"through cat").unwrap();
    "#;
    n.prepare(code).await;
    // It would wait for ever were the pipe open anywhere else; the test's limit ends that.
    let code = r"
        drop(input);
        child.wait().unwrap().success()
    ";
    assert_eq!(n.value(code).await, "true");
    let code = r"
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        text.clone()
    ";
    assert_eq!(n.value(code).await, r#""through cat""#);
}

async fn a_file_is_read_on_from_where_it_was_before_a_crash(n: &mut Notebook) {
    // Lines that are longer than a reader's buffer, so that each one is read from the file.
    let lines: String = (0..9).map(|line| format!("{line}{}\n", "x".repeat(9_998))).collect();
    std::fs::write(n.kernel.working_directory().join("lines"), lines).unwrap();
    let code = r#"
        use std::io::{BufRead, Read};
        let mut reader = std::io::BufReader::new(std::fs::File::open("lines").unwrap());
        fn next(reader: &mut impl BufRead) -> String {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            format!("{} {}", &line[..1], line.len())
        }
    "#;
    n.prepare(code).await;
    assert_eq!(n.value("next(&mut reader)").await, r#""0 10000""#);
    let code = r"
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        std::process::abort();
    ";
    n.failure(code).await;
    assert_eq!(n.value("next(&mut reader)").await, r#""1 10000""#);
    let code = r"
        next(&mut reader);
        next(&mut reader);
        std::process::exit(1);
    ";
    n.failure(code).await;
    assert_eq!(n.value("next(&mut reader)").await, r#""2 10000""#);
    let code = r"
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap()
    ";
    assert_eq!(n.value(code).await, "60000");
}

async fn a_worker_of_a_thread_that_has_ended_lives_on(n: &mut Notebook) {
    let code = r#"
        let p = std::thread::spawn(|| Process::spawn(|| {
            while !std::path::Path::new("go").exists() {
                std::thread::sleep(std::time::Duration::from_millis(5));
            }
            42
        })).join().unwrap();
        std::fs::write("go", "").unwrap();
        p.join().unwrap()
    "#;
    assert_eq!(n.value(code).await, "42");
}

async fn a_pool_of_a_thread_that_has_ended_has_all_its_results(n: &mut Notebook) {
    let code = "std::thread::spawn(|| Pool::new(2).map(|x: u32| x * 2, 0..4)).join().unwrap()";
    assert_eq!(n.value(code).await, "[0, 2, 4, 6]");
}

#[test]
fn crashes_leave_no_descriptor_behind() {
    with_notebook(async |n| {
        n.prepare("let executor = ProcessPoolExecutor::with_workers(2);").await;
        let mut open = Vec::new();
        for _ in 0..3 {
            // What leads to standing workers is open when the checkpoint is made.
            assert_eq!(n.value("executor.map(|n: u64| n, 0..20).count()").await, "20");
            let code = "Pool::new(2).map(|n: u64| n, 0..4); std::process::abort()";
            assert_eq!(n.failure(code).await.ename, "Crashed");
            open.push(n.value(r#"std::fs::read_dir("/proc/self/fd").unwrap().count()"#).await);
        }
        assert!(open.iter().all(|count| *count == open[0]), "{open:?}");
    });
}

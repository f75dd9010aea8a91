//! `%%process`: a function, or a cell's statements, in processes of their own.

use super::waiting::WAIT_FOR;
use parcell_tests::{Notebook, pids, sorted_texts, texts, with_notebook, without_colours, worker_lines};

/// Ends of daemons, with the code that leads to each and what is said of it.
const ENDS: [(&str, &str, &str); 3] = [
    ("exit", "std::process::exit(3)", "ended with exit code 3"),
    ("abort", "std::process::abort()", "was killed by SIGABRT (abort)"),
    (
        "kill",
        r#"std::process::Command::new("sh").args(["-c", "kill -KILL $PPID"]).status().unwrap();"#,
        "was killed by SIGKILL (kill)",
    ),
];

#[test]
fn processes_run_beside_the_notebook() {
    with_notebook(async |notebook| {
        let code = r#"
            let mut total: u64 = 1;
            let names = vec!["a".to_owned()];
        "#;
        notebook.prepare(code).await;
        notebook.step(as_many_as_asked_for_each_with_its_index).await;
        notebook.step(a_function_without_a_parameter_runs_once).await;
        notebook.step(a_closure_that_captures).await;
        notebook.step(statements_see_all_variables_and_change_none).await;
        notebook.step(results_are_a_variable).await;
        notebook.step(process_spawn_and_join_in_a_plain_cell).await;
        notebook.step(one_that_failed_is_told_with_its_pid_and_cause).await;
    });
}

async fn as_many_as_asked_for_each_with_its_index(n: &mut Notebook) {
    let code = r#"
        %%process -n 5
        fn worker(num: usize) {
            println!("Worker: {num}");
            std::thread::sleep(std::time::Duration::from_millis(200));
        }
    "#;
    let mut cell = n.succeed(code).await;
    let lines = worker_lines(&cell.take_stdout());
    let expected: Vec<String> = (0..5).map(|index| format!("Worker: {index}")).collect();
    assert_eq!(sorted_texts(&lines), expected);
    assert_eq!(pids(&lines).len(), 5);
}

async fn a_function_without_a_parameter_runs_once(n: &mut Notebook) {
    let code = r#"
        %%process
        fn hello() { println!("hello"); }
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["hello"]);
}

async fn a_closure_that_captures(n: &mut Notebook) {
    let code = r#"
        %%process -n 2
        |i| println!("{} {i}", names[0])
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(sorted_texts(&worker_lines(&cell.take_stdout())), ["a 0", "a 1"]);
}

async fn statements_see_all_variables_and_change_none(n: &mut Notebook) {
    let code = r#"
        %%process
        total += 41;
        println!("total {total}, {names:?}");
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(texts(&worker_lines(&cell.take_stdout())), [r#"total 42, ["a"]"#]);
    assert_eq!(n.value("(total, names.clone())").await, r#"(1, ["a"])"#);
}

async fn results_are_a_variable(n: &mut Notebook) {
    let code = r"
        %%process -n 3 -> results
        fn double(index: usize) -> usize { index * 2 }
    ";
    n.prepare(code).await;
    assert_eq!(n.value("results.clone()").await, "[0, 2, 4]");
}

async fn process_spawn_and_join_in_a_plain_cell(n: &mut Notebook) {
    let code = r#"
        let p = Process::spawn(|| { println!("spawned"); total + 6 });
        p.join().unwrap()
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(cell.take_text().as_deref(), Some("7"));
    assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["spawned"]);
}

async fn one_that_failed_is_told_with_its_pid_and_cause(n: &mut Notebook) {
    let code = r"
        %%process -n 2
        fn fails(index: usize) { if index == 1 { std::process::exit(9) } }
    ";
    let failure = n.failure(code).await;
    assert_eq!(failure.ename, "Crashed");
    let pid = failure
        .evalue
        .strip_prefix("process ")
        .and_then(|rest| rest.split(' ').next());
    assert!(pid.is_some_and(|pid| pid.parse::<u32>().is_ok()), "{}", failure.evalue);
    assert!(failure.evalue.contains("exit code 9"), "{}", failure.evalue);
    assert_eq!(n.value("total").await, "1");
}

#[test]
fn options_say_what_becomes_of_processes() {
    with_notebook(async |notebook| {
        notebook
            .prepare(r#"let words = vec!["a".to_owned(), "bc".to_owned()];"#)
            .await;
        notebook.step(each_gets_an_item).await;
        notebook.step(one_that_takes_too_long_is_killed_and_reported).await;
        notebook.step(all_that_failed_are_reported).await;
    });
}

async fn each_gets_an_item(n: &mut Notebook) {
    let code = r"
        %%process --args words -> lengths
        fn length(word: String) -> usize { word.len() }
    ";
    n.prepare(code).await;
    assert_eq!(n.value("(lengths.clone(), words.len())").await, "([1, 2], 2)");
    let code = r"
        %%process --args [1, 2, 3]
        |n| n * 2
    ";
    assert_eq!(n.value(code).await, "[2, 4, 6]");
}

async fn one_that_takes_too_long_is_killed_and_reported(n: &mut Notebook) {
    let code = r"
        %%process -n 2 --timeout=500ms
        |i| std::thread::sleep(std::time::Duration::from_secs(600 * i as u64))
    ";
    let failure = n.failure(code).await;
    assert_eq!(failure.ename, "TimedOut");
    assert!(
        failure.evalue.ends_with("took longer than the 500ms allowed"),
        "{}",
        failure.evalue
    );
}

async fn all_that_failed_are_reported(n: &mut Notebook) {
    let code = r"
        %%process --args 1..4
        fn fails(code: i32) { if code > 1 { std::process::exit(code) } }
    ";
    let failure = n.failure(code).await;
    let traceback = failure.traceback.join("\n");
    assert!(
        traceback.contains("exit code 2") && traceback.contains("exit code 3"),
        "{traceback}"
    );
}

#[test]
fn a_daemon_is_not_waited_for_and_ends_with_the_notebook() {
    with_notebook(async |notebook| {
        let code = r#"
            %%process --daemon --name ticker
            std::fs::write("pid", std::process::id().to_string()).unwrap();
            loop { std::thread::park(); }
        "#;
        notebook.prepare(code).await;
        let wait = r#"
            while std::fs::read("pid").unwrap_or_default().is_empty() { std::thread::yield_now(); }
            active_children().len()
        "#;
        assert_eq!(notebook.value(wait).await, "1");
        let running = r#"std::path::Path::new("/proc").join(std::fs::read_to_string("pid").unwrap()).exists()"#;
        assert_eq!(notebook.value(running).await, "true");
        notebook.prepare("%reset").await;
        let gone = r#"
            let process = std::path::Path::new("/proc").join(std::fs::read_to_string("pid").unwrap());
            while process.exists() { std::thread::yield_now(); }
        "#;
        notebook.prepare(gone).await;
    });
}

#[test]
fn a_process_that_never_returns_stays_for_later_cells() {
    with_notebook(async |notebook| {
        let code = "let ticker = Process::builder().daemon(true).spawn(|| loop { std::thread::park(); });";
        notebook.prepare(code).await;
        assert_eq!(notebook.value("ticker.is_alive()").await, "true");
        notebook.prepare("ticker.kill();").await;
        assert_eq!(notebook.value("ticker.join().is_err()").await, "true");
    });
}

#[test]
fn the_end_of_a_daemon_is_reported_where_it_is_not_clean() {
    with_notebook(async |notebook| {
        notebook.prepare(WAIT_FOR).await;
        for (how, end, report) in ENDS {
            notebook
                .check(how, async |n| check_end(n, how, end, report).await)
                .await;
        }
        notebook.step(a_clean_end_and_that_of_all_at_a_reset_are_not).await;
    });
}

async fn check_end(n: &mut Notebook, how: &str, end: &str, report: &str) {
    let code = format!(
        r#"
            %%process --daemon
            wait_for("{how}");
            print!("last words");
            std::io::Write::flush(&mut std::io::stdout()).unwrap();
            {end}
        "#
    );
    let cell = n.prepare_with_id(&code).await;
    n.kernel.make_file(how);
    let late = late_output(n, &cell, report).await;
    assert_eq!(late[0], ("stdout".to_owned(), "last words".to_owned()));
    assert_eq!(late[1], ("stderr".to_owned(), report.to_owned()));
}

async fn a_clean_end_and_that_of_all_at_a_reset_are_not(n: &mut Notebook) {
    let code = r"
        %%process --daemon -n 2
        |index: u8| if index == 0 { loop { std::thread::park() } }
    ";
    n.prepare(code).await;
    n.prepare("while active_children().len() > 1 { std::thread::yield_now() }")
        .await;
    n.prepare("%reset").await;
    n.prepare(WAIT_FOR).await;
    let code = r#"
        %%process --daemon
        wait_for("another");
        println!("another");
    "#;
    let other = n.prepare_with_id(code).await;
    n.kernel.make_file("another");
    // The end of this test looks at what the client has received and nobody has read.
    late_output(n, &other, "another").await;
}

#[test]
fn what_a_daemon_shows_has_a_limit() {
    with_notebook(async |notebook| {
        let code = r#"
            %%process --daemon --raw
            while !std::path::Path::new("go").exists() { std::thread::yield_now() }
            for line in 0..50_000 { println!("{line:049}") }
        "#;
        let cell = notebook.prepare_with_id(code).await;
        notebook.kernel.make_file("go");
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

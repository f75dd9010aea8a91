//! Lines that workers do not end: shown when the worker pauses, and never mixed with another's.

use super::waiting::WAIT_FOR;
use parcell_tests::{Notebook, texts, with_notebook, without_colours, worker_lines};

/// Prints a text as it is, at once.
const BEGIN: &str = r#"
    use std::io::Write;
    fn begin(text: &str) { print!("{text}"); std::io::stdout().flush().unwrap() }
"#;

#[test]
fn lines_that_are_not_ended() {
    with_notebook(async |notebook| {
        notebook.prepare(&format!("{WAIT_FOR}{BEGIN}")).await;
        notebook.step(one_that_goes_on_after_a_pause_stays_one).await;
        notebook
            .step(one_between_which_another_process_prints_goes_on_in_a_new_line)
            .await;
        notebook
            .step(one_between_which_the_notebook_prints_goes_on_in_a_new_line)
            .await;
        notebook.step(one_of_a_worker_that_crashes_is_ended).await;
        notebook.step(one_that_is_overwritten_after_a_pause).await;
    });
}

async fn one_that_goes_on_after_a_pause_stays_one(n: &mut Notebook) {
    let code = r#"
        %%process
        begin("thinking... ");
        wait_for("thought");
        println!("done");
        println!("next");
    "#;
    let running = n.start_cell(code, "thinking... ").await;
    n.kernel.make_file("thought");
    let mut cell = n.finish(running).await;
    assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["thinking... done", "next"]);
}

async fn one_between_which_another_process_prints_goes_on_in_a_new_line(n: &mut Notebook) {
    let code = r#"
        %%process -n 2
        |index: u8| {
            if index == 0 {
                begin("a");
                wait_for("go on");
                println!("z");
            } else {
                wait_for("another");
                println!("another");
            }
        }
    "#;
    let mut running = n.start_cell(code, "a").await;
    n.kernel.make_file("another");
    n.await_output(&mut running, "another\n").await;
    n.kernel.make_file("go on");
    let mut cell = n.finish(running).await;
    let lines = worker_lines(&cell.take_stdout());
    assert_eq!(texts(&lines), ["a", "another", "z"]);
    assert_eq!(lines[0].pid, lines[2].pid);
}

async fn one_between_which_the_notebook_prints_goes_on_in_a_new_line(n: &mut Notebook) {
    let code = r#"
        let process = Process::spawn(|| { begin("a"); wait_for("printed"); println!("z") });
        wait_for("shown");
        println!("the notebook");
        wait_for("printed");
        process.join().unwrap();
    "#;
    let mut running = n.start_cell(code, "a").await;
    n.kernel.make_file("shown");
    n.await_output(&mut running, "the notebook\n").await;
    n.kernel.make_file("printed");
    let stdout = without_colours(&n.finish(running).await.take_stdout());
    let lines: Vec<&str> = stdout.lines().collect();
    assert!(
        matches!(&lines[..], [a, "the notebook", z] if a.ends_with("] a") && z.ends_with("] z")),
        "{stdout}"
    );
}

async fn one_of_a_worker_that_crashes_is_ended(n: &mut Notebook) {
    let code = r#"
        %%process
        begin("half");
        wait_for("crash");
        begin(" a line");
        std::process::abort();
    "#;
    let running = n.start_cell(code, "half").await;
    n.kernel.make_file("crash");
    let mut cell = n.finish(running).await;
    assert_eq!(
        cell.take_failure().map(|failure| failure.ename).as_deref(),
        Some("Crashed")
    );
    assert_eq!(texts(&worker_lines(&cell.take_stdout())), ["half a line"]);
}

async fn one_that_is_overwritten_after_a_pause(n: &mut Notebook) {
    let code = r#"
        %%process --raw
        begin("10 %");
        wait_for("more");
        begin("\r20 %\r30 %");
    "#;
    let running = n.start_cell(code, "10 %").await;
    n.kernel.make_file("more");
    assert_eq!(n.finish(running).await.take_stdout(), "10 %\r30 %\n");
}

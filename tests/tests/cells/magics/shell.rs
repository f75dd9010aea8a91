//! `!COMMAND` and `%%bash`: their streams, their exit codes, and what an interrupt ends.

use super::super::state::{assert_unchanged, changing, define};
use super::{LIMIT, assert_failure, printed};
use parcell_tests::{Notebook, holds_within, with_notebook};
use std::time::Instant;

#[test]
fn commands_of_the_shell() {
    with_notebook(async |notebook| {
        define(notebook).await;
        notebook.step(both_streams_and_an_empty_input).await;
        notebook
            .step(output_comes_while_the_command_runs_and_an_interrupt_ends_its_children)
            .await;
        notebook.step(an_exit_code_that_is_not_0_fails_the_cell).await;
        notebook.step(a_cell_as_a_script).await;
        assert_unchanged(notebook).await;
    });
}

async fn both_streams_and_an_empty_input(n: &mut Notebook) {
    let mut cell = n.succeed("!echo out; echo err >&2; cat; echo $((1 + 1))").await;
    assert_eq!(cell.take_stdout(), "out\n2\n");
    assert_eq!(cell.take_stderr(), "err\n");
}

async fn output_comes_while_the_command_runs_and_an_interrupt_ends_its_children(n: &mut Notebook) {
    let code = changing("!echo running; sh -c 'sleep 601; true'; echo never");
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
}

async fn an_exit_code_that_is_not_0_fails_the_cell(n: &mut Notebook) {
    let code = r#"
        let before = 1;
        !exit 3
        println!("never");
    "#;
    let mut cell = n.run(code).await;
    let place = format!("cell {}, line 2", cell.count().unwrap());
    let failure = cell.take_failure().expect("a failure");
    assert_eq!(failure.evalue, "`exit 3` ended with exit code 3");
    assert_failure(&failure, "CommandFailed", &["exit code 3", &place]);
    let failure = n.failure("!no-such-command-here -x").await;
    assert_failure(&failure, "CommandFailed", &["exit code 127", "a command was not found"]);
    let failure = n.failure("!kill -9 $$").await;
    assert_failure(&failure, "CommandFailed", &["was killed by SIGKILL"]);
}

async fn a_cell_as_a_script(n: &mut Notebook) {
    let script = r#"
        %%bash
        words=(one "two three")
        for word in "${words[@]}"; do
          echo "$word %who"
        done
    "#;
    assert_eq!(printed(n, script).await, "one %who\ntwo three %who\n");
    let code = r"
        %%bash
        echo first
        exit 4
        echo never
    ";
    let mut cell = n.run(code).await;
    assert_eq!(cell.take_stdout(), "first\n");
    let failure = cell.take_failure().expect("a failure");
    assert_failure(&failure, "CommandFailed", &["the script ended with exit code 4"]);
}

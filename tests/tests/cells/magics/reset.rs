//! `%reset` and `%checkpoint`: what is forgotten, and what happens to a notebook that is not protected.

use super::super::state::{assert_unchanged, changing, define};
use super::{LIMIT, assert_failure, displayed, printed};
use parcell_tests::{Notebook, holds_within, with_notebook};

#[test]
fn a_reset_forgets_all_but_crates() {
    with_notebook(async |notebook| {
        let code = r"
            use std::collections::BTreeMap;
            fn item() -> u8 { 1 }
            let kept = BTreeMap::from([(1, 2)]);
        ";
        notebook.prepare(code).await;
        let code = r"
            %who
            %reset
            %who
            let fresh = 5;
        ";
        let mut cell = notebook.succeed(code).await;
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
        let code = changing("std::process::abort();");
        let failure = notebook.failure(&code).await;
        assert_eq!(failure.ename, "Crashed");
        assert_unchanged(notebook).await;
        let code = changing(
            r#"
                println!("running");
                loop { std::hint::spin_loop() }
            "#,
        );
        let running = notebook.start_cell(&code, "running\n").await;
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
        let code = r#"
            println!("running");
            loop { std::hint::spin_loop() }
        "#;
        let running = notebook.start_cell(code, "running\n").await;
        notebook.interrupt().await;
        let mut cell = notebook.finish(running).await;
        cell.take_stdout();
        let failure = cell.take_failure().expect("a failure");
        assert_failure(&failure, "Interrupted", &["all variables are lost"]);
        assert_eq!(notebook.value("1 + 1").await, "2");
    });
}

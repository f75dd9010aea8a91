//! Magics and Rust in one cell: each at its place, and errors where they were written.

use super::{assert_failure, displayed, printed};
use parcell_tests::{Notebook, with_notebook};

#[test]
fn magics_and_rust_mix_in_one_cell() {
    with_notebook(async |notebook| {
        notebook.step(each_at_its_place_in_order).await;
        notebook.step(in_functions_loops_and_workers).await;
        notebook.step(operators_strings_and_macros_stay_rust).await;
        notebook.step(commands_that_begin_with_a_colon_may_follow_code).await;
        notebook
            .step(errors_and_panics_are_at_the_lines_that_were_written)
            .await;
        notebook.step(a_part_that_fails_leaves_those_before_it).await;
        notebook
            .step(a_function_of_an_earlier_part_is_found_where_it_panics)
            .await;
    });
}

async fn each_at_its_place_in_order(n: &mut Notebook) {
    let code = r#"
        let a = 1;
        %who
        !echo from the shell
        let b = "two".to_owned();
        %who // again
        println!("from Rust");
        !echo after
        b.len()
    "#;
    let mut cell = n.succeed(code).await;
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
}

async fn in_functions_loops_and_workers(n: &mut Notebook) {
    let code = r"
        fn say() {
            !echo in a function
        }
        for _ in 0..2 {
            say();
        }
    ";
    assert_eq!(printed(n, code).await, "in a function\n".repeat(2));
    let code = r"
        %%pool -n 1 0..1u8
        fn work(x: u8) -> u8 {
            !echo in a worker
            x
        }
    ";
    let mut cell = n.succeed(code).await;
    assert!(cell.take_stdout().contains("in a worker\n"));
    assert_eq!(cell.take_text().as_deref(), Some("[0]"));
}

async fn operators_strings_and_macros_stay_rust(n: &mut Notebook) {
    let code = r"
        let a = 7
          % 4;
        a
    ";
    assert_eq!(n.value(code).await, "3");
    n.prepare("let flag = true;").await;
    let code = r"
        use std::sync::atomic::AtomicBool as ls;
        !flag;
    ";
    n.prepare(code).await;
    assert_eq!(n.value("!flag").await, "false");
    assert_eq!(n.value("!true").await, "false");
    let code = r#"
        let text = "
        %who
        !echo no
        :vars
        ";
        text.len()
    "#;
    assert_eq!(n.value(code).await, "21");
    let code = r"
        vec![
            !flag,
            !flag,
        ].len()
    ";
    assert_eq!(n.value(code).await, "2");
}

async fn commands_that_begin_with_a_colon_may_follow_code(n: &mut Notebook) {
    let code = r"
        let early = 1u8;
        :type early
        let late = early;
    ";
    let mut cell = n.succeed(code).await;
    assert!(cell.take_text().is_some_and(|text| text.contains("early: u8")));
    assert_eq!(n.value("late").await, "1");
}

async fn errors_and_panics_are_at_the_lines_that_were_written(n: &mut Notebook) {
    let code = r#"
        let fine = 1;
        !true
        %pwd
        let wrong: u32 = "x";
    "#;
    let mut cell = n.run(code).await;
    let place = format!("cell {}:4:18", cell.count().unwrap());
    assert_failure(&cell.take_failure().expect("a failure"), "CompileError", &[&place]);
    let code = r#"
        let fine = 1;
        %time !true
        %time panic!("stop");
    "#;
    let mut cell = n.run(code).await;
    let place = format!("cell {}:3", cell.count().unwrap());
    cell.take_stdout();
    let failure = cell.take_failure().expect("a failure");
    assert_failure(&failure, "Panic", &["stop", &place]);
}

async fn a_part_that_fails_leaves_those_before_it(n: &mut Notebook) {
    let code = r"
        let first = 1;
        %who
        let second = 2;
        std::process::abort();
    ";
    let mut cell = n.run(code).await;
    assert_eq!(displayed(&mut cell).len(), 1);
    let failure = cell.take_failure().expect("a failure");
    let note = "what stands before line 3 had been completed, and stays";
    assert_failure(&failure, "Crashed", &["as they were before line 3", note]);
    assert_eq!(n.value("first").await, "1");
    assert!(n.failure("second").await.evalue.contains("cannot find value `second`"));
}

async fn a_function_of_an_earlier_part_is_found_where_it_panics(n: &mut Notebook) {
    let code = r#"
        fn fails() {
            panic!("deep");
        }
        %pwd
        :vars
        fails();
    "#;
    let mut cell = n.run(code).await;
    let place = format!("cell {}:2", cell.count().unwrap());
    cell.take_stdout();
    cell.take_stderr();
    cell.take_text();
    assert_failure(&cell.take_failure().expect("a failure"), "Panic", &["deep", &place]);
}

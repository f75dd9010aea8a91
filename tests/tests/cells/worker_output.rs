//! How what workers print is shown: with a prefix in a colour, as it is, or not at all.

use std::collections::BTreeSet;

use parcell_tests::{Notebook, texts, with_notebook, worker_lines};

#[test]
fn output_is_shown_as_the_options_say() {
    with_notebook(async |notebook| {
        notebook.step(each_worker_has_one_colour).await;
        notebook.step(quiet_workers_show_nothing).await;
        notebook.step(raw_output_is_as_it_is).await;
        notebook.step(the_last_state_of_a_line_that_is_overwritten).await;
        notebook.step(a_panic_of_a_thread_of_a_worker).await;
        notebook.step(the_names_of_processes).await;
    });
}

async fn each_worker_has_one_colour(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 -c 2 0..4u8
        fn lines(n: u8) { println!("{n}"); eprintln!("{n}"); }
    "#;
    let mut cell = n.succeed(code).await;
    let (stdout, stderr) = (cell.take_stdout(), cell.take_stderr());
    let prefixes: BTreeSet<_> = stdout.lines().chain(stderr.lines()).map(prefix).collect();
    assert_eq!(prefixes.len(), 2, "{stdout}");
    let colours: BTreeSet<_> = prefixes
        .iter()
        .map(|prefix| prefix.split_once('[').map(|(_, rest)| rest.split_once('m')))
        .collect();
    assert_eq!(colours.len(), 2, "{stdout}");
}

async fn quiet_workers_show_nothing(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 --quiet 0..4u8 -> seen
        |n: u8| -> u8 { println!("{n}"); eprint!("{n}"); n }
    "#;
    n.prepare(code).await;
    let code = r#"
        %%process --quiet
        println!("unseen");
    "#;
    n.prepare(code).await;
}

async fn raw_output_is_as_it_is(n: &mut Notebook) {
    let code = r#"
        %%pool -n 1 --raw 0..2u8
        |n| println!("line {n}")
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(cell.take_stdout(), "line 0\nline 1\n");
    let code = r#"
        %%process --raw
        print!("no end");
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(cell.take_stdout(), "no end\n");
}

async fn the_last_state_of_a_line_that_is_overwritten(n: &mut Notebook) {
    let code = r#"
        %%pool -n 1 --raw 0..1u8
        |_| println!("10 %\r50 %\r100 %")
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(cell.take_stdout(), "100 %\n");
}

async fn a_panic_of_a_thread_of_a_worker(n: &mut Notebook) {
    let code = r#"
        %%process
        std::thread::spawn(|| panic!("in a thread")).join().unwrap_err();
    "#;
    let mut cell = n.succeed(code).await;
    let lines = worker_lines(&cell.take_stderr());
    assert!(texts(&lines).contains(&"in a thread"), "{lines:?}");
}

async fn the_names_of_processes(n: &mut Notebook) {
    let code = r#"
        %%process --args ["x", "y"] --name 'the reader'
        fn say(what: &str) { println!("{what}"); }
    "#;
    let mut cell = n.succeed(code).await;
    let stdout = cell.take_stdout();
    for (name, text) in [("[the reader-0 ", "x"), ("[the reader-1 ", "y")] {
        assert!(
            stdout.lines().any(|line| line.contains(name) && line.ends_with(text)),
            "{stdout}"
        );
    }
}

/// What stands in front of a line, with its colour.
fn prefix(line: &str) -> String {
    let end = line.find(']').unwrap_or_else(|| panic!("{line:?}"));
    assert!(
        line.starts_with("\x1b[") && line[end..].starts_with("]\x1b[0m "),
        "{line:?}"
    );
    line[..end].to_owned()
}

//! How what workers print is shown: with a prefix in a colour, as it is, or not at all.

use std::collections::BTreeSet;

use parcell_tests::{texts, with_notebook, worker_lines};

#[test]
fn output_is_shown_as_the_options_say() {
    with_notebook(async |notebook| {
        notebook
            .check("each worker has one colour", async |n| {
                let mut cell = n
                    .succeed("%%pool -n 2 -c 2 0..4u8\nfn lines(n: u8) { println!(\"{n}\"); eprintln!(\"{n}\"); }")
                    .await;
                let (stdout, stderr) = (cell.take_stdout(), cell.take_stderr());
                let prefixes: BTreeSet<_> = stdout.lines().chain(stderr.lines()).map(prefix).collect();
                assert_eq!(prefixes.len(), 2, "{stdout}");
                let colours: BTreeSet<_> = prefixes
                    .iter()
                    .map(|prefix| prefix.split_once('[').map(|(_, rest)| rest.split_once('m')))
                    .collect();
                assert_eq!(colours.len(), 2, "{stdout}");
            })
            .await;
        notebook
            .check("nothing", async |n| {
                let code = "%%pool -n 2 --quiet 0..4u8 -> seen\n\
                            |n: u8| -> u8 { println!(\"{n}\"); eprint!(\"{n}\"); n }";
                n.prepare(code).await;
                n.prepare("%%process --quiet\nprintln!(\"unseen\");").await;
            })
            .await;
        notebook
            .check("as it is", async |n| {
                let mut cell = n.succeed("%%pool -n 1 --raw 0..2u8\n|n| println!(\"line {n}\")").await;
                assert_eq!(cell.take_stdout(), "line 0\nline 1\n");
                let mut cell = n.succeed("%%process --raw\nprint!(\"no end\");").await;
                assert_eq!(cell.take_stdout(), "no end\n");
            })
            .await;
        notebook
            .check("the last state of a line that is overwritten", async |n| {
                let mut cell = n
                    .succeed("%%pool -n 1 --raw 0..1u8\n|_| println!(\"10 %\\r50 %\\r100 %\")")
                    .await;
                assert_eq!(cell.take_stdout(), "100 %\n");
            })
            .await;
        notebook
            .check("a panic of a thread of a worker", async |n| {
                let mut cell = n
                    .succeed("%%process\nstd::thread::spawn(|| panic!(\"in a thread\")).join().unwrap_err();")
                    .await;
                let lines = worker_lines(&cell.take_stderr());
                assert!(texts(&lines).contains(&"in a thread"), "{lines:?}");
            })
            .await;
        notebook
            .check("the names of processes", async |n| {
                let mut cell = n
                    .succeed("%%process --args [\"x\", \"y\"] --name 'the reader'\nfn say(what: &str) { println!(\"{what}\"); }")
                    .await;
                let stdout = cell.take_stdout();
                for (name, text) in [("[the reader-0 ", "x"), ("[the reader-1 ", "y")] {
                    assert!(
                        stdout.lines().any(|line| line.contains(name) && line.ends_with(text)),
                        "{stdout}"
                    );
                }
            })
            .await;
    });
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

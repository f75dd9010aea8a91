//! `parcell check`: what does not compile is told with its place, and nothing is run.

use std::time::Duration;

use rstest::rstest;
use serde_json::{Value, json};

use super::sandbox::{Said, Sandbox, write_notebook};

/// What a notebook consists of: items, variables, closures that stay, pools, magics.
const GOOD: [&str; 8] = [
    "use std::collections::HashMap;\nfn double(n: u64) -> u64 { n * 2 }",
    "std::fs::write(\"was_run.txt\", \"\")?;\nlet mut numbers: Vec<u64> = Vec::new();",
    "numbers.push(double(2));\nlet first = numbers[0];\nlet add = move |n: u64| n + first;",
    "%%pool -n 2 0..4u64 -> squares\n|n| { println!(\"{n}\"); add(n) * n }",
    "let total: u64 = squares.iter().sum();\nassert_eq!(total, 0);",
    "%%process -> answer\npanic!(\"it is not run\"); 5u8",
    "struct Point { x: u64 }\nlet point = Point { x: total + u64::from(answer[0]) };",
    "%timeit point.x + 1\n",
];

fn check(machine: &Sandbox, notebooks: &[&str]) -> Said {
    machine.run(&[&["check"], notebooks].concat())
}

fn with_notebook(cells: &[&str]) -> Sandbox {
    let machine = Sandbox::new();
    write_notebook(&machine.path("work/a.ipynb"), cells);
    machine
}

#[rstest]
#[timeout(Duration::from_secs(240))]
fn a_notebook_that_compiles_is_not_run() {
    let machine = with_notebook(&GOOD);
    let said = check(&machine, &["a.ipynb"]);
    assert_eq!(said.status, Some(0), "{}", said.stderr);
    assert!(!said.stderr.contains("cell"), "{}", said.stderr);
    assert_eq!(said.stdout, "a.ipynb: all 8 code cells compile\n");
    let names = std::fs::read_dir(machine.path("work")).unwrap();
    let names: Vec<_> = names.map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["a.ipynb"]);
}

#[rstest]
#[case::in_a_plain_cell("let a = 1;\nlet b: u8 = \"text\";", "error[E0308]", "cell 2:2:13")]
#[case::in_a_pool("%%pool -n 2 0..4u64\n|n| n + \"a\".len()", "error[E0277]", "cell 2:2:7")]
#[case::in_a_magic_line("%timeit missing + 1", "error[E0425]", "cell 2:1:9")]
#[case::of_a_magic("%%pool --what 0..4\n|n| n", "--what", "cell 2:1:8")]
#[case::unended("println!(\"{}\", 1", "`(` is not closed", "cell 2:1:9")]
#[case::of_a_crate(
    ":dep no-such-crate-of-this-name = { path = \"/nowhere\" }",
    "no-such-crate-of-this-name",
    "cell 2"
)]
#[timeout(Duration::from_secs(240))]
fn what_does_not_compile_is_told_with_its_place(#[case] code: &str, #[case] error: &str, #[case] place: &str) {
    let machine = with_notebook(&["let before = 5;", code, "before + 1"]);
    let said = check(&machine, &["a.ipynb"]);
    assert_eq!(said.status, Some(1));
    for part in [error, place] {
        assert!(said.stderr.contains(part), "{part} in {}", said.stderr);
    }
    assert_eq!(said.stdout, "a.ipynb: 1 of 3 code cells does not compile\n");
}

#[rstest]
#[timeout(Duration::from_secs(240))]
fn a_cell_that_may_fail_is_not_told() {
    let machine = Sandbox::new();
    let path = machine.path("work/a.ipynb");
    write_notebook(&path, &["let a = missing;", "1 + 1"]);
    let mut notebook: Value = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
    notebook["cells"][0]["metadata"] = json!({"tags": ["raises-exception"]});
    std::fs::write(&path, notebook.to_string()).unwrap();
    let said = check(&machine, &["a.ipynb"]);
    assert_eq!(said.status, Some(0), "{}", said.stderr);
    assert!(!said.stderr.contains("missing"), "{}", said.stderr);
    assert_eq!(said.stdout, "a.ipynb: all 2 code cells compile\n");
}

#[rstest]
#[timeout(Duration::from_secs(240))]
fn all_notebooks_and_all_their_errors_are_told() {
    let machine = with_notebook(&["let a = missing;", "1 + 1", "also_missing()"]);
    std::fs::create_dir(machine.path("work/more")).unwrap();
    write_notebook(&machine.path("work/more/b.ipynb"), &["%run twice.rs", "twice(4)"]);
    std::fs::write(machine.path("work/more/twice.rs"), "fn twice(n: u8) -> u8 { n * 2 }").unwrap();
    let said = check(&machine, &["a.ipynb", "nowhere.ipynb", "more/b.ipynb"]);
    assert_eq!(said.status, Some(1));
    for part in ["`missing`", "`also_missing`", "there is no file", "nowhere.ipynb"] {
        assert!(said.stderr.contains(part), "{part} in {}", said.stderr);
    }
    let told = "a.ipynb: 2 of 3 code cells do not compile\nmore/b.ipynb: all 2 code cells compile\n";
    assert_eq!(said.stdout, told);
}

//! `parcell export`: which package is written where. `tests/jupyter/test_export.py` builds and runs some.

use std::fs;
use std::time::Duration;

use rstest::rstest;

use super::sandbox::{Sandbox, write_notebook};

const CELLS: [&str; 7] = [
    "use std::time::Duration;\nfn square(n: u64) -> u64 { n * n }",
    "let numbers = vec![1u64, 2, 3];",
    "%who",
    "%%pool -n 2 numbers -> squares\n|n| square(*n)",
    "let wrong: u8 = \"text\";",
    "fn square(n: u64) -> String { format!(\"{n}\") }\nsquare(squares[0])",
    "squares.len()",
];

#[rstest]
#[timeout(Duration::from_secs(240))]
fn a_notebook_becomes_a_package() {
    let machine = Sandbox::new();
    write_notebook(&machine.path("work/a b.ipynb"), &CELLS);
    let said = machine.run(&["export", "a b.ipynb"]);
    assert_eq!(said.status, Some(0), "{}", said.stderr);
    for part in [
        "note: cell 5 is a comment: it does not compile: ",
        "Wrote a b: cargo run --manifest-path a b/Cargo.toml",
    ] {
        assert!(said.stderr.contains(part), "{part} in {}", said.stderr);
    }
    let read = |name: &str| fs::read_to_string(machine.path(name)).unwrap();
    let program = read("work/a b/src/main.rs");
    // How it is laid out depends on which rustfmt.toml is found.
    let program = program.split_whitespace().collect::<Vec<_>>().join(" ");
    for part in [
        "//! The notebook a b.ipynb as a program",
        "use parcell::prelude::*; use std::time::Duration; fn square(n: u64) -> u64 {",
        "parcell::init();",
        "// %who ",
        "let squares = Pool::builder().workers(2).build().map(|n| square(*n), &numbers);",
        "// let wrong: u8 = \"text\";",
        "{ fn square(n: u64) -> String {",
        "parcell::show!(square(squares[0]));",
    ] {
        assert!(program.contains(part), "{part:?} in {program}");
    }
    let manifest = read("work/a b/Cargo.toml");
    assert!(
        manifest.contains("name = \"a-b\"") && manifest.contains("parcell = { path = \"parcell\" }"),
        "{manifest}"
    );
    assert!(read("work/a b/parcell/Cargo.toml").contains("name = \"parcell\""));
    assert!(machine.path("work/a b/parcell/src/lib.rs").exists() && machine.path("work/a b/Cargo.lock").exists());

    // What was exported can be exported again; what somebody has written is not touched.
    let again = machine.run(&["export", "a b.ipynb"]);
    assert_eq!(again.status, Some(0), "{}", again.stderr);
    fs::create_dir(machine.path("work/mine")).unwrap();
    fs::write(machine.path("work/mine/Cargo.toml"), "[package]\nname = \"mine\"\n").unwrap();
    let refused = machine.run(&["export", "a b.ipynb", "-o", "mine"]);
    assert_eq!(refused.status, Some(1));
    let expected = "error: mine is there already, and no notebook was exported to it: -o names another directory\n";
    assert!(refused.stderr.ends_with(expected), "{}", refused.stderr);
    assert_eq!(read("work/mine/Cargo.toml"), "[package]\nname = \"mine\"\n");
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn what_is_no_notebook_is_refused() {
    let machine = Sandbox::new();
    let said = machine.run(&["export", "none.ipynb"]);
    assert_eq!(
        (said.status, said.stderr.as_str()),
        (Some(1), "error: there is no file none.ipynb\n")
    );
}

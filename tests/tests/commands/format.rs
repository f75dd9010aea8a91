//! `parcell fmt`: what is Rust is laid out, everything else stays, and no cell that rustfmt refuses is lost.

use std::path::Path;
use std::time::Duration;

use rstest::rstest;
use serde_json::Value;

use super::sandbox::{Sandbox, write_notebook};

const CELLS: [&str; 7] = [
    ":dep  rand = \"0.9\"\nuse std::fmt;\nfn  half(n:u32)->u32{n/2}",
    "%%pool  -n 2  0..4u32 -> halves\n|n|  half( n )",
    "let text=\"first\n   second\";\n%timeit   half(4)\n  text.len()",
    "%%bash\nls   -l",
    "fn whole() {}",
    "let broken = (1;",
    "",
];

const FORMATTED: [&str; 7] = [
    ":dep  rand = \"0.9\"\nuse std::fmt;\nfn half(n: u32) -> u32 {\n    n / 2\n}",
    "%%pool  -n 2  0..4u32 -> halves\n|n| half(n)",
    "let text = \"first\n   second\";\n%timeit   half(4)\ntext.len()",
    CELLS[3],
    CELLS[4],
    CELLS[5],
    CELLS[6],
];

fn sources(path: &Path) -> Vec<String> {
    let notebook: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cells = notebook["cells"].as_array().unwrap();
    let text = |cell: &Value| match &cell["source"] {
        Value::Array(lines) => lines.iter().map(|line| line.as_str().unwrap()).collect(),
        source => source.as_str().unwrap().to_owned(),
    };
    cells.iter().map(text).collect()
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn notebooks_are_laid_out_and_once_is_enough() {
    let machine = Sandbox::new();
    let path = machine.path("work/a.ipynb");
    write_notebook(&path, &CELLS);
    let said = machine.run(&["fmt", "a.ipynb"]);
    assert_eq!(said.status, Some(1), "{}", said.stderr);
    assert!(
        said.stderr.starts_with("a.ipynb: cell 6: rustfmt refuses it: "),
        "{}",
        said.stderr
    );
    assert_eq!(said.stdout, "a.ipynb: formatted 3 of 7 code cells\n");
    assert_eq!(sources(&path), FORMATTED);
    write_notebook(&path, &FORMATTED[..5]);
    let before = std::fs::read(&path).unwrap();
    let said = machine.run(&["fmt", "a.ipynb"]);
    assert_eq!((said.status, said.stderr.as_str()), (Some(0), ""));
    assert_eq!(said.stdout, "a.ipynb: nothing to format in 5 code cells\n");
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_check_says_what_would_change_and_changes_nothing() {
    let machine = Sandbox::new();
    let path = machine.path("work/a.ipynb");
    write_notebook(&path, &CELLS[..5]);
    let before = std::fs::read(&path).unwrap();
    let said = machine.run(&["fmt", "--check", "a.ipynb", "gone.ipynb"]);
    assert_eq!(said.status, Some(1));
    assert_eq!(said.stdout, "a.ipynb: not formatted: cell 1, cell 2, cell 3\n");
    assert!(said.stderr.contains("there is no file"), "{}", said.stderr);
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_rustfmt_toml_beside_the_notebook_counts() {
    let machine = Sandbox::new();
    std::fs::create_dir(machine.path("work/lessons")).unwrap();
    std::fs::write(machine.path("work/lessons/rustfmt.toml"), "tab_spaces = 2\n").unwrap();
    let path = machine.path("work/lessons/a.ipynb");
    write_notebook(&path, &["fn f() {\n    1;\n}"]);
    let said = machine.run(&["fmt", "lessons/a.ipynb"]);
    assert_eq!(said.status, Some(0), "{}", said.stderr);
    assert_eq!(sources(&path), ["fn f() {\n  1;\n}"]);
}

//! The magics that explain the others, and what is said of mistakes in writing them.

use super::{assert_failure, displayed};
use parcell_tests::with_notebook;

/// The lines of a cell, and what its error shows: what is wrong, what would be right, and where.
const MISTAKES: [(&[&str], [&str; 3]); 11] = [
    (
        &["let a = 1;", "%whoo"],
        ["no magic `%whoo`", "did you mean `%who`?", ":2:1"],
    ),
    (
        &["%reset all"],
        ["`all` is not expected", "the magic is %reset", ":1:8"],
    ),
    (
        &["%checkpoint of"],
        ["neither `on` nor `off`", "did you mean `off`?", ":1:13"],
    ),
    (&["%time"], ["nothing to time", "%time work(1000)", ":1:1"]),
    (
        &["%%writefile"],
        ["no file to write to", "%%writefile notes.txt", ":1:1"],
    ),
    (
        &["%%bash -x", "ls"],
        ["`-x` is not expected", "the magic is %%bash", ":1:8"],
    ),
    (
        &["fn f() {", "    %who", "}"],
        ["inside a block", "outside of functions", ":2:5"],
    ),
    (
        &["let a = 1;", "%%bash", "ls"],
        ["not the first line", "whole cell", ":2:1"],
    ),
    (
        &["%%time", "%who", "1"],
        ["cannot be part of a `%%time` cell", "cell of its own", ":2:1"],
    ),
    (
        &[":quit"],
        ["cannot end the kernel", "JupyterLab's menu Kernel", ":1:1"],
    ),
    (&["let a = 1;", ":quit"], ["cannot end the kernel", "`%reset`", ":2:1"]),
];

#[test]
fn mistakes_are_pointed_at_with_what_would_be_right() {
    with_notebook(async |notebook| {
        for (lines, parts) in MISTAKES {
            let code = lines.join("\n");
            notebook
                .check(&code, async |n| {
                    assert_failure(&n.failure(&code).await, "MagicError", &parts)
                })
                .await;
        }
        assert_eq!(notebook.value("1 + 1").await, "2");
    });
}

#[test]
fn all_magics_are_listed_and_explained() {
    with_notebook(async |notebook| {
        let mut cell = notebook.succeed("%lsmagic").await;
        let listed = displayed(&mut cell).remove(0);
        for name in [
            "%%pool",
            "%%process",
            "%%time",
            "%%timeit",
            "%%bash",
            "%%writefile",
            "%who",
            "%reset",
            "%time",
            "%checkpoint",
            "%cd",
            "%pwd",
            "%env",
            "%lsmagic",
            "%help",
            "!COMMAND",
        ] {
            assert!(listed.contains(&format!("\n{name} ")), "{name} is not in:\n{listed}");
        }
        let code = r"
            %%html
            <b>bold</b>
        ";
        let mut cell = notebook.succeed(code).await;
        assert_eq!(displayed(&mut cell), ["<b>bold</b>"]);
        let code = r"
            %help pool
            %help
        ";
        let mut cell = notebook.succeed(code).await;
        let shown = displayed(&mut cell);
        assert!(
            shown[0].starts_with("%%pool") && shown[0].contains("-n WORKERS"),
            "{}",
            shown[0]
        );
        assert_eq!(shown[1], listed);
        let mut cell = notebook.succeed(":help").await;
        assert!(cell.take_text().is_some_and(|text| text.contains(":vars")));
    });
}

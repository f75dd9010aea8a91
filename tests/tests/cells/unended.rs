//! Code that is not ended, or ends what was not begun: a cell is compiled with generated code around it, which nobody is
//! to hear of.

use parcell_tests::with_notebook;

/// What nobody has written.
const GENERATED: [&str; 6] = [
    "parcell_",
    "Parcell",
    "VariableStore",
    "evcxr",
    "found `)`",
    "found `;`",
];

#[test]
fn what_is_not_ended_is_told_where_it_is() {
    with_notebook(async |notebook| {
        notebook.prepare("let before = 1;").await;
        for (code, shown) in [
            (
                "println!(\"{}\", 1",
                &["`(` is not closed", ":1:9", "close it with `)`"][..],
            ),
            ("let one = 1;\nfoo(1, (2", &["`(` is not closed", ":2:8"]),
            ("match 3 { 1 => 2", &["`{` is not closed", ":1:9"]),
            ("let one = 1;\n\"abc", &["the string is not ended", ":2:1"]),
            ("}", &["`}` closes nothing", ":1:1"]),
            ("let a = (1];", &["`]` does not close `(`", ":1:11", "this is open"]),
            ("1 /* unfinished", &["the comment is not ended", ":1:3"]),
            ("%%pool 0..3\n|n| { n", &["`{` is not closed", ":2:5"]),
            ("!echo hello\nlet a = [1;", &["`[` is not closed", ":2:9"]),
            (
                "let d = std::",
                &["expected identifier, found the end of the cell", ":1:13"],
            ),
            (
                "let one = 1;\nlet b = 1 +",
                &["expected expression, found the end of the cell", ":2:11"],
            ),
            ("before +", &["expected expression, found the end of the cell", ":1:8"]),
            ("let", &["the end of the cell", ":1:3"]),
            (
                "let o: Option<u8> = None; let z = o?;",
                &["`None` is none", "`.ok_or(\"what is missing\")?`"],
            ),
        ] {
            let failure = notebook.failure(code).await;
            assert_eq!(failure.ename, "CompileError", "{code}");
            failure.assert_shows(shown);
            failure.assert_hides(&GENERATED);
        }
        assert_eq!(notebook.value("before").await, "1");
    });
}

#[test]
fn the_last_semicolon_may_be_left_out() {
    with_notebook(async |notebook| {
        notebook.prepare("let number = 5 // five").await;
        notebook.prepare("let text = format!(\"{}\", number + 1)").await;
        assert_eq!(notebook.value("text").await, "\"6\"");
        let failure = notebook.failure("let a = 1\nlet b = 2;").await;
        failure.assert_shows(&["expected `;`, found keyword `let`", ":1:"]);
    });
}

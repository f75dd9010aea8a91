//! What is known about a name: its signature, its documentation, its source.

use super::{DEFINITIONS, place};
use parcell_tests::{Notebook, with_notebook};
use serde_json::json;

/// The Markdown and the plain text for the place marked with `¦`.
async fn inspect(notebook: &mut Notebook, marked: &str, detail: u8) -> Option<(String, String)> {
    let (code, cursor) = place(marked);
    let content = json!({"code": code, "cursor_pos": cursor, "detail_level": detail});
    let reply = notebook.client.ask("inspect_request", content).await;
    if reply["found"] == false {
        assert_eq!(reply["data"], json!({}));
        return None;
    }
    let text = |mime: &str| reply["data"][mime].as_str().unwrap().to_owned();
    Some((text("text/markdown"), text("text/plain")))
}

pub(super) async fn markdown(notebook: &mut Notebook, marked: &str, detail: u8) -> String {
    let found = inspect(notebook, marked, detail).await;
    found.unwrap_or_else(|| panic!("nothing is known about {marked}")).0
}

#[test]
fn inspection_shows_signatures_documentation_and_source() {
    with_notebook(async |notebook| {
        notebook.succeed(DEFINITIONS).await.assert_quiet();
        notebook.step(functions_methods_types_and_macros_of_crates).await;
        notebook.step(in_arguments_it_is_the_function).await;
        notebook.step(the_notebooks_own).await;
    });
}

async fn functions_methods_types_and_macros_of_crates(notebook: &mut Notebook) {
    let (text, plain) = inspect(notebook, "numbers.pu¦sh(4)", 0).await.unwrap();
    assert!(
        text.contains("```rust\nimpl<T, A> Vec<T, A>\npub fn push(&mut self, value: T)"),
        "{text}"
    );
    assert!(text.contains("### Panics") && text.contains("*bytes*"), "{text}");
    assert!(plain.contains("pub fn push(&mut self, value: T)"), "{plain}");
    assert!(!plain.contains("```") && !plain.contains("###"), "{plain}");
    for (marked, expected) in [
        ("std::mem::sw¦ap(a, b)", "pub const fn swap<T>(x: &mut T, y: &mut T)"),
        (
            r"
                let a: HashMap¦<u8, u8> = todo!();
                use std::collections::HashMap;
            ",
            "pub struct HashMap",
        ),
        (r#"print¦ln!("{}", 1)"#, "macro_rules! println"),
        (r#"println!("{}", numbers.le¦n())"#, "pub const fn len(&self) -> usize"),
        ("i32::MA¦X", "2147483647"),
        ("whi¦le true {}", "while"),
        ("place.no¦rth", "north: f64"),
        ("place.dist¦ance()", "fn distance(&self) -> f64"),
        (
            r"
                let local = vec![1u8];
                loc¦al
            ",
            "let local: Vec<u8>",
        ),
        ("let loc¦al = vec![1u8];", "let local: Vec<u8>"),
        (
            r"
                %%pool -n 2 numbers.it¦er()
                |n| n + 1
            ",
            "fn iter(&self)",
        ),
    ] {
        let text = markdown(notebook, marked, 0).await;
        assert!(text.contains(expected), "{marked}: {text}");
    }
    assert_eq!(inspect(notebook, "no_such_thing¦", 0).await, None);
}

async fn in_arguments_it_is_the_function(notebook: &mut Notebook) {
    assert!(
        markdown(notebook, "double(¦", 0)
            .await
            .starts_with("```rust\nfn double(number: u64) -> u64")
    );
    assert!(
        markdown(notebook, "numbers.push(1 + ¦)", 0)
            .await
            .contains("pub fn push")
    );
}

async fn the_notebooks_own(notebook: &mut Notebook) {
    assert_eq!(
        inspect(notebook, "let a = dou¦ble(2);", 0).await.unwrap().0,
        "```rust\nfn double(number: u64) -> u64\n```\n\nDoubles a number.\n\nIt does *nothing* else.\n\n\
         Defined in cell 1."
    );
    assert!(markdown(notebook, "dou¦ble", 1).await.contains("{ number * 2 }"));
    assert_eq!(markdown(notebook, "place¦", 0).await, "```rust\nlet place: Place\n```");
    let source = markdown(notebook, "place¦", 1).await;
    assert!(
        source.contains("struct Place {") && source.contains("fn distance(&self)"),
        "{source}"
    );
    assert!(markdown(notebook, "twice¦!(2)", 1).await.contains("($value:expr)"));
}

#[test]
fn a_cell_can_ask_for_documentation_and_source() {
    with_notebook(async |notebook| {
        notebook.succeed(DEFINITIONS).await.assert_quiet();
        for (cell, expected) in [
            ("?double", "Doubles a number."),
            ("double?", "Doubles a number."),
            ("??double", "{ number * 2 }"),
            ("?numbers", "let numbers: Vec<u64>"),
            ("?numbers.push", "Appends an element"),
            ("??place.distance", "self.north.hypot(self.east)"),
            ("?std::mem::swap", "Swaps the values"),
            ("?vec!", "Creates a [`Vec`] containing the arguments."),
            ("?println", "Prints to the standard output"),
            ("?%%pool", "ITEMS"),
            ("%%pool?", "ITEMS"),
            ("?:dep", "Adds a crate"),
            ("??std::mem::swap", "pub const fn swap<T>(x: &mut T, y: &mut T) {"),
            ("??Vec::push", "pub fn push(&mut self, value: T) {"),
        ] {
            let mut asked = notebook.succeed(cell).await;
            let displays = asked.take_displays();
            let [display] = displays.as_slice() else {
                panic!("{cell}: {displays:?}")
            };
            assert!(
                display["text/markdown"].as_str().unwrap().contains(expected),
                "{cell}: {display}"
            );
            assert!(display["text/plain"].is_string());
        }
        let mut unknown = notebook.run("?doubel").await;
        let failure = unknown.take_failure().unwrap();
        assert!(
            failure.evalue.contains("doubel") && failure.text().contains("did you mean `double`?"),
            "{failure:?}"
        );

        notebook
            .succeed("let answer: Result<u8, String> = Ok(42);")
            .await
            .assert_quiet();
        let mut tried = notebook.succeed("answer?").await;
        assert_eq!(tried.take_text().as_deref(), Some("42"), "that is Rust");

        let reply = notebook
            .client
            .ask("is_complete_request", json!({"code": "?double"}))
            .await;
        assert_eq!(reply, json!({"status": "complete"}));
    });
}

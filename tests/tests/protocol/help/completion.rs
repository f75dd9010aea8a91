//! What could stand at a place: names of the notebook and of its crates, and all that magics and commands take.

use super::inspection::markdown;
use super::{DEFINITIONS, place};
use parcell_tests::{Notebook, with_notebook};
use serde_json::{Value, json};

/// What could stand at the place marked with `¦`.
pub(super) struct Completed {
    /// Each with its kind and its signature, `-` where it has none.
    matches: Vec<(String, String, String)>,
    /// The text that they replace.
    replaced: String,
}

impl Completed {
    pub(super) fn texts(&self) -> Vec<&str> {
        self.matches.iter().map(|(text, ..)| text.as_str()).collect()
    }

    pub(super) fn has(&self, text: &str, kind: &str, signature: &str) {
        let expected = (text.to_owned(), kind.to_owned(), signature.to_owned());
        assert!(
            self.matches.contains(&expected),
            "{expected:?} is not in {:?}",
            self.matches
        );
    }
}

pub(super) async fn complete(notebook: &mut Notebook, marked: &str) -> Completed {
    let (code, cursor) = place(marked);
    let reply = notebook
        .client
        .ask("complete_request", json!({"code": code, "cursor_pos": cursor}))
        .await;
    let offset = |name: &str| usize::try_from(reply[name].as_u64().unwrap()).unwrap();
    let (start, end) = (offset("cursor_start"), offset("cursor_end"));
    let entries = reply["metadata"]["_jupyter_types_experimental"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let matches: Vec<_> = entries
        .iter()
        .map(|entry| {
            // Behind the kind stand the names of arguments.
            let kind = text(&entry["type"]).split('(').next().unwrap_or_default().to_owned();
            (text(&entry["text"]), kind, text(&entry["signature"]))
        })
        .collect();
    let texts: Vec<&Value> = entries.iter().map(|entry| &entry["text"]).collect();
    assert_eq!(texts, reply["matches"].as_array().unwrap().iter().collect::<Vec<_>>());
    Completed {
        matches,
        replaced: code.chars().skip(start).take(end - start).collect(),
    }
}

#[test]
fn completion_knows_the_notebook_and_its_crates() {
    with_notebook(async |notebook| {
        notebook.succeed(DEFINITIONS).await.assert_quiet();
        notebook.step(the_notebooks_own_with_types).await;
        notebook.step(fields_and_methods).await;
        notebook.step(what_is_meant_most_comes_first).await;
        notebook.step(paths_and_macros).await;
        notebook.step(what_is_not_imported_comes_with_its_path).await;
        notebook.step(places_are_counted_in_code_points).await;
        notebook.step(the_rust_of_magics).await;
        notebook.step(what_completion_looks_at_is_not_run).await;
    });
}

async fn the_notebooks_own_with_types(notebook: &mut Notebook) {
    let found = complete(notebook, "num¦").await;
    assert_eq!((found.texts(), found.replaced.as_str()), (vec!["numbers"], "num"));
    found.has("numbers", "variable", "numbers: Vec<u64>");
    let found = complete(notebook, "let a = dou¦").await;
    found.has("double", "function", "fn double(number: u64) -> u64");
    complete(notebook, "Pla¦")
        .await
        .has("Place", "struct", "struct Place { north: f64, east: f64 }");
    complete(notebook, "twi¦")
        .await
        .has("twice!", "macro", "macro_rules! twice");
}

async fn fields_and_methods(notebook: &mut Notebook) {
    let found = complete(notebook, "place.¦").await;
    assert_eq!(found.texts()[..3], ["east", "north", "distance"]);
    found.has("north", "field", "north: f64");
    found.has("distance", "method", "fn distance(&self) -> f64");
    let found = complete(notebook, "numbers.iter().map(|n| n.po¦").await;
    assert_eq!(found.texts(), ["pow"]);
    let found = complete(notebook, "fn f() { let text = String::new(); text.push_s¦ }").await;
    assert!(found.texts().contains(&"push_str"), "{:?}", found.matches);
}

async fn what_is_meant_most_comes_first(notebook: &mut Notebook) {
    let found = complete(notebook, "numbers.¦").await;
    let texts = found.texts();
    let place = |name: &str| texts.iter().position(|text| *text == name);
    // The methods of a vector, those of slices, those of traits.
    for (nearer, further) in [
        ("len", "align_to"),
        ("push", "sort"),
        ("sort", "clone"),
        ("pop", "clone"),
    ] {
        assert!(
            place(nearer).unwrap() < place(further).unwrap(),
            "{nearer} {further}: {texts:?}"
        );
    }
    for private in ["append_elements", "buf", "extend_desugared"] {
        assert_eq!(place(private), None, "{private}");
    }
    found.has("push", "method", "fn push(&mut self, value: T)");
    // Of the names in scope those that can be a type.
    let found = complete(notebook, "let a: Ve¦").await;
    assert!(
        found.texts().contains(&"Vec") && !found.texts().contains(&"vec!"),
        "{:?}",
        found.texts()
    );
    let found = complete(notebook, "fn f(a: Str¦) {}").await;
    assert_eq!(found.texts()[0], "String");
    let found = complete(notebook, "let a: Vec<u64> = Vec::¦").await;
    assert_eq!(found.texts()[0], "new", "{:?}", found.texts());
}

async fn what_is_not_imported_comes_with_its_path(notebook: &mut Notebook) {
    for (marked, path) in [
        ("let a = HashM¦", "std::collections::HashMap"),
        ("let a: BTreeS¦", "std::collections::BTreeSet"),
        ("fn f(a: &Atomic¦) {}", "std::sync::atomic::AtomicU64"),
    ] {
        let found = complete(notebook, marked).await;
        assert!(found.texts().contains(&path), "{marked}: {:?}", found.texts());
    }
    // What is there already has none.
    let found = complete(notebook, "use std::collections::HashMap;\nlet a = HashM¦").await;
    assert_eq!(found.texts()[0], "HashMap", "{:?}", found.texts());
    assert!(!found.texts().contains(&"std::collections::HashMap"));
}

async fn paths_and_macros(notebook: &mut Notebook) {
    let found = complete(notebook, "std::collections::Has¦").await;
    assert_eq!(
        (found.texts(), found.replaced.as_str()),
        (vec!["HashMap", "HashSet"], "Has")
    );
    assert!(complete(notebook, "parcell::Po¦").await.texts().contains(&"Pool"));
    complete(notebook, "printl¦")
        .await
        .has("println!", "macro", "macro_rules! println");
    complete(notebook, "whi¦").await.has("while", "keyword", "-");
}

async fn places_are_counted_in_code_points(notebook: &mut Notebook) {
    for marked in [
        "let 😀 = \"e\u{301}\u{1F468}\u{200D}\u{1F469}\"; num¦",
        "// 😀 e\u{301}\nlet a = \"ü\";\nnum¦; 1",
        r#"
            %%pool -n 2 ["😀"] // ü
            |x| num¦
        "#,
    ] {
        let found = complete(notebook, marked).await;
        assert_eq!(
            (found.texts(), found.replaced.as_str()),
            (vec!["numbers"], "num"),
            "{marked}"
        );
    }
    let found = complete(notebook, "nu¦mb + 1").await;
    assert_eq!((found.texts(), found.replaced.as_str()), (vec!["numbers"], "numb"));
}

async fn the_rust_of_magics(notebook: &mut Notebook) {
    let code = r"
        %%pool -n 2 numbers.it¦ -> out
        fn f(n: &u64) -> u64 { *n }
    ";
    let found = complete(notebook, code).await;
    assert_eq!((found.texts()[0], found.replaced.as_str()), ("iter", "it"));
    let found = complete(notebook, "%%pool num¦").await;
    assert_eq!(found.texts(), ["numbers"]);
    let code = r"
        %%pool 0..3u64 -> out
        |n| n.po¦
    ";
    let found = complete(notebook, code).await;
    assert_eq!(found.texts(), ["pow"]);
    let code = r"
        %%process
        let here = place.dis¦
    ";
    let found = complete(notebook, code).await;
    assert_eq!(found.texts(), ["distance"]);
}

async fn what_completion_looks_at_is_not_run(notebook: &mut Notebook) {
    let code = r"
        :restart
        num¦
    ";
    complete(notebook, code)
        .await
        .has("numbers", "variable", "numbers: Vec<u64>");
    let mut cell = notebook.succeed("numbers.len()").await;
    assert_eq!(cell.take_text().as_deref(), Some("3"));
}

#[test]
fn magics_commands_and_crates_are_completed_and_explained() {
    with_notebook(async |notebook| {
        complete(notebook, "%%po¦")
            .await
            .has("%%pool", "magic", "map a function over items in worker processes");
        let code = r"
            // 😀
            %%pool --k¦ 0..3
        ";
        let found = complete(notebook, code).await;
        assert_eq!((found.texts(), found.replaced.as_str()), (vec!["--keep-going"], "--k"));
        assert_eq!(complete(notebook, ":de¦").await.texts(), [":dep"]);
        assert!(complete(notebook, ":dep ray¦").await.texts().contains(&"rayon"));

        let mut help = notebook.succeed(":help").await;
        let listed = help.take_text().unwrap();
        let listed: Vec<&str> = listed
            .lines()
            .skip(1)
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        assert_eq!(complete(notebook, ":¦").await.texts(), listed, "all commands");

        assert!(
            markdown(notebook, "%%po¦ol 0..3", 0)
                .await
                .contains("- `-n, --workers WORKERS`: run this many workers (default: one for each core)")
        );
        assert!(
            markdown(notebook, "%%pool -k¦ 0..3", 0)
                .await
                .contains("run every item")
        );
        assert!(markdown(notebook, ":dep¦ rand", 0).await.contains("Adds a crate"));
    });
}

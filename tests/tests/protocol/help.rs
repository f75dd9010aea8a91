//! Help while writing: completion, inspection, and cells that ask.

use parcell_tests::{Channel, Exchange, Notebook, with_notebook};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// How long an answer may take that waits for nothing. What is promised is 200 ms; machines that test are busy.
const AT_ONCE: Duration = Duration::from_secs(2);

/// A cell with what the others ask about.
const DEFINITIONS: &str = "\
/// A place on a map.
#[derive(Clone, Debug)]
struct Place { north: f64, east: f64 }
impl Place {
    /// How far it is from the origin.
    fn distance(&self) -> f64 { self.north.hypot(self.east) }
}
/// Doubles a number.
///
/// It does *nothing* else.
fn double(number: u64) -> u64 { number * 2 }
macro_rules! twice { ($value:expr) => { $value * 2 } }
let numbers: Vec<u64> = vec![1, 2, 3];
let place = Place { north: 3.0, east: 4.0 };";

/// What could stand at the place marked with `¦`.
struct Completed {
    /// Each with its kind and its signature, `-` where it has none.
    matches: Vec<(String, String, String)>,
    /// The text that they replace.
    replaced: String,
}

impl Completed {
    fn texts(&self) -> Vec<&str> {
        self.matches.iter().map(|(text, ..)| text.as_str()).collect()
    }

    fn has(&self, text: &str, kind: &str, signature: &str) {
        let expected = (text.to_owned(), kind.to_owned(), signature.to_owned());
        assert!(
            self.matches.contains(&expected),
            "{expected:?} is not in {:?}",
            self.matches
        );
    }
}

/// A piece of code and the cursor in it, in code points.
fn place(marked: &str) -> (String, usize) {
    let cursor = marked.chars().position(|character| character == '¦').expect("a mark");
    (marked.replacen('¦', "", 1), cursor)
}

async fn ask(notebook: &mut Notebook, msg_type: &str, content: Value) -> Value {
    let Exchange { reply, broadcasts } = notebook.client.request(Channel::Shell, msg_type, content).await;
    assert_eq!(broadcasts.len(), 2, "more than busy and idle: {broadcasts:?}");
    reply.content
}

async fn complete(notebook: &mut Notebook, marked: &str) -> Completed {
    let (code, cursor) = place(marked);
    let reply = ask(
        notebook,
        "complete_request",
        json!({"code": code, "cursor_pos": cursor}),
    )
    .await;
    let offset = |name: &str| usize::try_from(reply[name].as_u64().unwrap()).unwrap();
    let (start, end) = (offset("cursor_start"), offset("cursor_end"));
    let entries = reply["metadata"]["_jupyter_types_experimental"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let matches: Vec<_> = entries
        .iter()
        .map(|entry| (text(&entry["text"]), text(&entry["type"]), text(&entry["signature"])))
        .collect();
    let texts: Vec<&Value> = entries.iter().map(|entry| &entry["text"]).collect();
    assert_eq!(texts, reply["matches"].as_array().unwrap().iter().collect::<Vec<_>>());
    Completed {
        matches,
        replaced: code.chars().skip(start).take(end - start).collect(),
    }
}

/// The Markdown and the plain text for the place marked with `¦`.
async fn inspect(notebook: &mut Notebook, marked: &str, detail: u8) -> Option<(String, String)> {
    let (code, cursor) = place(marked);
    let content = json!({"code": code, "cursor_pos": cursor, "detail_level": detail});
    let reply = ask(notebook, "inspect_request", content).await;
    if reply["found"] == false {
        assert_eq!(reply["data"], json!({}));
        return None;
    }
    let text = |mime: &str| reply["data"][mime].as_str().unwrap().to_owned();
    Some((text("text/markdown"), text("text/plain")))
}

async fn markdown(notebook: &mut Notebook, marked: &str, detail: u8) -> String {
    let found = inspect(notebook, marked, detail).await;
    found.unwrap_or_else(|| panic!("nothing is known about {marked}")).0
}

#[test]
fn completion_knows_the_notebook_and_its_crates() {
    with_notebook(async |notebook| {
        notebook.succeed(DEFINITIONS).await.assert_quiet();
        notebook
            .check("the notebook's own, with types", async |notebook| {
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
            })
            .await;
        notebook
            .check("fields and methods", async |notebook| {
                let found = complete(notebook, "place.¦").await;
                assert_eq!(found.texts()[..2], ["east", "north"]);
                found.has("north", "field", "-");
                found.has("distance", "method", "-");
                let found = complete(notebook, "numbers.iter().map(|n| n.po¦").await;
                assert_eq!(found.texts(), ["pow"]);
                let found = complete(notebook, "fn f() { let text = String::new(); text.push_s¦ }").await;
                assert!(found.texts().contains(&"push_str"), "{:?}", found.matches);
            })
            .await;
        notebook
            .check("paths and macros", async |notebook| {
                let found = complete(notebook, "std::collections::Has¦").await;
                assert_eq!(
                    (found.texts(), found.replaced.as_str()),
                    (vec!["HashMap", "HashSet"], "Has")
                );
                complete(notebook, "parcell::Po¦").await.has("Pool", "class", "-");
                complete(notebook, "printl¦").await.has("println!", "macro", "-");
                complete(notebook, "whi¦").await.has("while", "keyword", "-");
            })
            .await;
        notebook
            .check("places are counted in code points", async |notebook| {
                for marked in [
                    "let 😀 = \"e\u{301}\u{1F468}\u{200D}\u{1F469}\"; num¦",
                    "// 😀 e\u{301}\nlet a = \"ü\";\nnum¦; 1",
                    "%%pool -n 2 [\"😀\"] // ü\n|x| num¦",
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
            })
            .await;
        notebook
            .check("the Rust of magics", async |notebook| {
                let found = complete(notebook, "%%pool -n 2 numbers.it¦ -> out\nfn f(n: &u64) -> u64 { *n }").await;
                assert_eq!((found.texts()[0], found.replaced.as_str()), ("iter", "it"));
                let found = complete(notebook, "%%pool num¦").await;
                assert_eq!(found.texts(), ["numbers"]);
                let found = complete(notebook, "%%pool 0..3u64 -> out\n|n| n.po¦").await;
                assert_eq!(found.texts(), ["pow"]);
                let found = complete(notebook, "%%process\nlet here = place.dis¦").await;
                assert_eq!(found.texts(), ["distance"]);
            })
            .await;
        notebook
            .check("what completion looks at is not run", async |notebook| {
                complete(notebook, ":restart\nnum¦")
                    .await
                    .has("numbers", "variable", "numbers: Vec<u64>");
                let mut cell = notebook.succeed("numbers.len()").await;
                assert_eq!(cell.take_text().as_deref(), Some("3"));
            })
            .await;
    });
}

#[test]
fn magics_commands_and_crates_are_completed_and_explained() {
    with_notebook(async |notebook| {
        complete(notebook, "%%po¦")
            .await
            .has("%%pool", "magic", "map a function over items in worker processes");
        let found = complete(notebook, "// 😀\n%%pool --k¦ 0..3").await;
        assert_eq!((found.texts(), found.replaced.as_str()), (vec!["--keep-going"], "--k"));
        assert_eq!(complete(notebook, ":de¦").await.texts(), [":dep"]);
        assert!(complete(notebook, ":dep ray¦").await.texts().contains(&"rayon"));

        let mut help = notebook.succeed(":help").await;
        let listed = help.take_text().unwrap();
        let listed: Vec<&str> = listed
            .lines()
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        assert_eq!(
            complete(notebook, ":¦").await.texts(),
            listed,
            "all of evcxr's commands"
        );

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

#[test]
fn inspection_shows_signatures_documentation_and_source() {
    with_notebook(async |notebook| {
        notebook.succeed(DEFINITIONS).await.assert_quiet();
        notebook
            .check("functions, methods, types and macros of crates", async |notebook| {
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
                        "let a: HashMap¦<u8, u8> = todo!();\nuse std::collections::HashMap;",
                        "pub struct HashMap",
                    ),
                    ("print¦ln!(\"{}\", 1)", "macro_rules! println"),
                    ("println!(\"{}\", numbers.le¦n())", "pub const fn len(&self) -> usize"),
                    ("i32::MA¦X", "2147483647"),
                    ("whi¦le true {}", "while"),
                    ("place.no¦rth", "north: f64"),
                    ("place.dist¦ance()", "fn distance(&self) -> f64"),
                    ("let local = vec![1u8];\nloc¦al", "let local: Vec<u8>"),
                    ("let loc¦al = vec![1u8];", "let local: Vec<u8>"),
                    ("%%pool -n 2 numbers.it¦er()\n|n| n + 1", "fn iter(&self)"),
                ] {
                    let text = markdown(notebook, marked, 0).await;
                    assert!(text.contains(expected), "{marked}: {text}");
                }
                assert_eq!(inspect(notebook, "no_such_thing¦", 0).await, None);
            })
            .await;
        notebook
            .check("in arguments it is the function", async |notebook| {
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
            })
            .await;
        notebook
            .check("the notebook's own", async |notebook| {
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
            })
            .await;
    });
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

        let reply = ask(notebook, "is_complete_request", json!({"code": "?double"})).await;
        assert_eq!(reply, json!({"status": "complete"}));
    });
}

#[test]
fn while_a_cell_runs_what_is_known_is_said_at_once() {
    with_notebook(async |notebook| {
        notebook.succeed(DEFINITIONS).await.assert_quiet();
        let running = notebook
            .client
            .submit(json!({"code": "println!(\"begun\");\nloop { std::thread::sleep(std::time::Duration::from_millis(5)); }"}))
            .await;
        let broadcasts = notebook.client.printed(&running, "begun").await;
        let begin = Instant::now();
        complete(notebook, "num¦")
            .await
            .has("numbers", "variable", "numbers: Vec<u64>");
        complete(notebook, "dou¦")
            .await
            .has("double", "function", "fn double(number: u64) -> u64");
        assert!(complete(notebook, "%%pr¦").await.texts().contains(&"%%process"));
        assert!(complete(notebook, ":dep ser¦").await.texts().contains(&"serde"));
        assert!(complete(notebook, "whi¦").await.texts().contains(&"while"));
        assert!(markdown(notebook, "numbers¦", 0).await.contains("Vec<u64>"));
        assert!(markdown(notebook, "double(¦", 0).await.contains("Doubles a number."));
        assert!(begin.elapsed() < AT_ONCE, "{:?}", begin.elapsed());
        notebook
            .client
            .request(Channel::Control, "interrupt_request", json!({}))
            .await;
        let mut interrupted = notebook.client.execution_after(&running, broadcasts).await;
        assert_eq!(interrupted.take_failure().unwrap().ename, "Interrupted");
        interrupted.take_stdout();
    });
}

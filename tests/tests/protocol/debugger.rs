//! The debugger protocol's messages about variables, which editors' panels are made of.

use parcell_tests::{Channel, Exchange, Notebook, with_notebook};
use serde_json::{Value, json};

/// Types of which each has something to be seen.
const VARIABLES: &str = r#"
#[derive(Debug)] struct Point { x: f64, name: String, tags: Vec<u8> }
struct Silent;
let points: Vec<Point> = (0..1000).map(|n| Point { x: n as f64, name: format!("n{n}"), tags: vec![7; 2] }).collect();
let pair: (u8, Option<String>) = (1, None);
let map: std::collections::BTreeMap<String, i32> = std::collections::BTreeMap::from([("a: b".to_owned(), 1)]);
let silent: Silent = Silent;
"#;
/// Looking at it does what a look must not do to a notebook.
const NAUGHTY: &str = r#"
struct Naughty { shown: std::cell::Cell<u32>, how: &'static str }
impl std::fmt::Debug for Naughty {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.shown.set(self.shown.get() + 1);
        println!("printed while looked at");
        match self.how {
            "aborts" => std::process::abort(),
            "panics" => panic!("no look at this"),
            "hangs" => loop { std::thread::park() },
            _ => write!(f, "looked at {} times", self.shown.get()),
        }
    }
}
let naughty: [Naughty; 4] = ["counts", "aborts", "panics", "hangs"].map(|how| Naughty { shown: std::cell::Cell::new(0), how });
let [counts, aborts, panics, hangs] = naughty;
"#;

/// Sends a request of the debugger protocol; gives the answer, and what is said beside busy and idle.
async fn debug(notebook: &mut Notebook, command: &str, arguments: Value) -> (Value, Vec<Value>) {
    let content = json!({"type": "request", "seq": 5, "command": command, "arguments": arguments});
    let Exchange { reply, broadcasts } = notebook
        .client
        .request(Channel::Control, "debug_request", content)
        .await;
    assert_eq!(
        (&reply.content["command"], &reply.content["request_seq"]),
        (&json!(command), &json!(5))
    );
    let said = &broadcasts[1..broadcasts.len() - 1];
    (
        reply.content,
        said.iter().map(|message| message.content.clone()).collect(),
    )
}

/// The body of the answer to a request that succeeds in silence.
async fn body(notebook: &mut Notebook, command: &str, arguments: Value) -> Value {
    let (mut reply, said) = debug(notebook, command, arguments).await;
    assert_eq!(reply["success"], true, "{reply}");
    assert!(said.is_empty(), "{said:?}");
    reply["body"].take()
}

/// Why a request failed.
async fn refusal(notebook: &mut Notebook, command: &str, arguments: Value) -> String {
    let (reply, _) = debug(notebook, command, arguments).await;
    assert_eq!(reply["success"], false, "{reply}");
    reply["message"].as_str().unwrap().to_owned()
}

async fn variables(notebook: &mut Notebook) -> Vec<Value> {
    let mut body = body(notebook, "inspectVariables", json!({})).await;
    serde_json::from_value(body["variables"].take()).unwrap()
}

fn named<'a>(variables: &'a [Value], name: &str) -> &'a Value {
    let found = variables.iter().find(|variable| variable["name"] == name);
    found.unwrap_or_else(|| panic!("no {name}: {variables:?}"))
}

/// Names and values of the parts of something.
async fn parts(notebook: &mut Notebook, of: &Value, more: Value) -> (Vec<(String, String)>, Vec<Value>) {
    let mut arguments = json!({"variablesReference": of["variablesReference"]});
    arguments
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    let mut body = body(notebook, "variables", arguments).await;
    let parts: Vec<Value> = serde_json::from_value(body["variables"].take()).unwrap();
    let text = |part: &Value, field: &str| part[field].as_str().unwrap().to_owned();
    let texts = parts.iter().map(|part| (text(part, "name"), text(part, "value")));
    (texts.collect(), parts)
}

fn pairs(expected: &[(&str, &str)]) -> Vec<(String, String)> {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    expected.iter().map(owned).collect()
}

#[test]
fn variables_are_shown() {
    with_notebook(async |notebook| {
        notebook.step(it_is_on_while_a_client_wants_it).await;
        notebook.prepare(VARIABLES).await;
        notebook.step(each_has_a_name_a_type_and_a_value).await;
        notebook.step(what_has_parts_can_be_expanded).await;
        notebook.step(tables_and_results_are_shown_at_large).await;
        notebook.step(what_is_not_there_is_refused_by_name).await;
        notebook.step(while_a_cell_runs_there_is_what_is_known).await;
        notebook.step(looking_changes_nothing_whatever_it_does).await;
        notebook.step(a_redefined_type_is_looked_at_as_it_is_now).await;
    });
}

async fn it_is_on_while_a_client_wants_it(notebook: &mut Notebook) {
    let info = body(notebook, "debugInfo", json!({})).await;
    assert_eq!(
        (&info["isStarted"], &info["richRendering"]),
        (&json!(false), &json!(true))
    );
    let (reply, said) = debug(notebook, "initialize", json!({"clientID": "a test"})).await;
    assert_eq!(reply["success"], true);
    assert_eq!(said.len(), 1);
    assert_eq!(
        (&said[0]["type"], &said[0]["event"]),
        (&json!("event"), &json!("initialized"))
    );
    assert_eq!(body(notebook, "debugInfo", json!({})).await["isStarted"], true);
    assert!(variables(notebook).await.is_empty());
}

async fn each_has_a_name_a_type_and_a_value(notebook: &mut Notebook) {
    let all = variables(notebook).await;
    let names: Vec<_> = all.iter().map(|variable| variable["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["map", "pair", "points", "silent"]);
    let points = named(&all, "points");
    assert_eq!(
        (&points["type"], &points["indexedVariables"]),
        (&json!("Vec<Point>"), &json!(1000))
    );
    let value = points["value"].as_str().unwrap();
    assert!(
        value.starts_with("[Point { x: 0.0, name: \"n0\", tags: [7, 7] }"),
        "{value}"
    );
    assert!(value.ends_with("... (1,000 elements, 54.7 KiB)"), "{value}");
    assert_eq!(named(&all, "pair")["value"], "(1, None)");
    let silent = named(&all, "silent");
    assert_eq!(
        (&silent["value"], &silent["variablesReference"]),
        (&json!("-"), &json!(0))
    );
}

async fn what_has_parts_can_be_expanded(notebook: &mut Notebook) {
    let all = variables(notebook).await;
    let points = named(&all, "points");
    let (first, _) = parts(notebook, points, json!({})).await;
    assert_eq!(
        (first.len(), first[100].clone()),
        (101, ("...".to_owned(), "900 more".to_owned()))
    );
    let (texts, page) = parts(notebook, points, json!({"start": 998, "count": 100})).await;
    let last = "Point { x: 999.0, name: \"n999\", tags: [7, 7] }";
    assert_eq!(texts[1..], pairs(&[("[999]", last)]));
    let (texts, fields) = parts(notebook, &page[1], json!({})).await;
    assert_eq!(
        texts,
        pairs(&[("x", "999.0"), ("name", "\"n999\""), ("tags", "[7, 7]")])
    );
    let (texts, _) = parts(notebook, &fields[2], json!({})).await;
    assert_eq!(texts, pairs(&[("[0]", "7"), ("[1]", "7")]));
    let (texts, _) = parts(notebook, named(&all, "pair"), json!({})).await;
    assert_eq!(texts, pairs(&[("0", "1"), ("1", "None")]));
    let (texts, _) = parts(notebook, named(&all, "map"), json!({})).await;
    assert_eq!(texts, pairs(&[("\"a: b\"", "1")]));
}

async fn tables_and_results_are_shown_at_large(notebook: &mut Notebook) {
    let table = body(notebook, "richInspectVariables", json!({"variableName": "points"})).await;
    let html = table["data"]["text/html"].as_str().unwrap();
    for part in [">name</th>", ">n0</td>", ">n999</td>", "<p>1,000 rows</p>"] {
        assert!(html.contains(part), "no {part} in {html}");
    }
    let shown = body(notebook, "richInspectVariables", json!({"variableName": "pair"})).await;
    assert_eq!(shown["data"]["text/plain"], "(1, None)");
    // Nothing of this is a cell's.
    assert_eq!(notebook.value("pair.0").await, "1");
}

async fn what_is_not_there_is_refused_by_name(notebook: &mut Notebook) {
    let error = refusal(notebook, "richInspectVariables", json!({"variableName": "nothing"})).await;
    assert_eq!(error, "there is no variable `nothing` any more");
    let error = refusal(notebook, "richInspectVariables", json!({"variableName": "silent"})).await;
    assert!(error.starts_with("`silent` cannot be shown: "), "{error}");
    let error = refusal(notebook, "variables", json!({"variablesReference": 99999})).await;
    assert!(error.contains("ask for the variables again"), "{error}");
    let error = refusal(notebook, "variables", json!({})).await;
    assert_eq!(error, "malformed `variables`: missing field `variablesReference`");
    let error = refusal(notebook, "stackTrace", json!({"threadId": 1})).await;
    assert_eq!(error, "this kernel shows variables; it does not know `stackTrace`");
    let breakpoints = json!({"source": {"path": "x"}, "breakpoints": [{"line": 1}]});
    assert_eq!(
        body(notebook, "setBreakpoints", breakpoints).await,
        json!({"breakpoints": []})
    );
}

async fn while_a_cell_runs_there_is_what_is_known(notebook: &mut Notebook) {
    let known = variables(notebook).await;
    let code =
        "let later: u8 = 3; println!(\"begun\"); loop { std::thread::sleep(std::time::Duration::from_millis(5)); }";
    let running = notebook.start_cell(code, "begun").await;
    assert_eq!(variables(notebook).await, known);
    let arguments = json!({"variablesReference": named(&known, "pair")["variablesReference"]});
    let error = refusal(notebook, "variables", arguments).await;
    assert!(error.starts_with("a cell is running: "), "{error}");
    notebook.interrupt().await;
    let mut interrupted = notebook.finish(running).await;
    assert_eq!(interrupted.take_failure().unwrap().ename, "Interrupted");
    interrupted.take_stdout();
    assert_eq!(variables(notebook).await, known, "nothing of the cell is left");
}

async fn looking_changes_nothing_whatever_it_does(notebook: &mut Notebook) {
    notebook.prepare(NAUGHTY).await;
    for _ in 0..2 {
        let all = variables(notebook).await;
        for (name, value) in [
            ("aborts", "<looking at it was ended by SIGABRT (abort)>"),
            ("counts", "looked at 1 times"),
            ("hangs", "<looking at it took longer than 1.00 s>"),
            ("pair", "(1, None)"),
            ("panics", "<its `Debug` panicked: no look at this>"),
        ] {
            assert_eq!(named(&all, name)["value"], value, "{name}");
        }
        assert_eq!(notebook.value("counts.shown.get()").await, "0");
    }
}

async fn a_redefined_type_is_looked_at_as_it_is_now(notebook: &mut Notebook) {
    let mut redefining = notebook.succeed("#[derive(Debug)] struct Point { y: u8 }").await;
    assert!(redefining.take_stderr().contains("the variable `points` is lost"));
    notebook.prepare("let point: Point = Point { y: 4 };").await;
    let all = variables(notebook).await;
    assert_eq!(named(&all, "point")["value"], "Point { y: 4 }");
    assert!(all.iter().all(|variable| variable["name"] != "points"), "{all:?}");
}

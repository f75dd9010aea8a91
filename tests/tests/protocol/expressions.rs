//! Expressions that are evaluated after a cell.

use parcell_tests::{Client, Notebook, with_notebook};
use serde_json::{Value, json};

async fn evaluate(client: &mut Client, content: Value) -> (Value, Vec<String>) {
    let id = client.submit(content).await;
    let mut cell = client.execution(&id).await;
    cell.take_failure();
    cell.take_stderr();
    let types = cell.broadcast_types().into_iter().map(str::to_owned).collect();
    (cell.reply().content.clone(), types)
}

#[test]
fn expressions_are_evaluated_after_their_cell() {
    with_notebook(async |notebook| {
        // The three in this order: the cells have numbers.
        each_has_a_result_of_its_own_and_says_nothing(&mut notebook.client).await;
        only_the_expressions_are_wanted_or_the_cell_failed(&mut notebook.client).await;
        the_next_cell_waits_for_them(&mut notebook.client).await;
        notebook.step(a_thread_prints_under_its_own_cell_also_after_one).await;
    });
}

/// The first cell of the notebook, which defines `a` for the others.
async fn each_has_a_result_of_its_own_and_says_nothing(client: &mut Client) {
    let cell = json!({"code": "let a = 41u64;", "user_expressions": {
        "sum": "a + 1",
        "printed": r#"{ println!("unheard"); "heard" }"#,
        "unit": "()",
        "unknown": "no_such_thing + 1",
        "panic": r#"if a > 1 { panic!("at the expression") }"#,
        "number": 7,
    }});
    let (reply, types) = evaluate(client, cell).await;
    assert_eq!((&reply["status"], &reply["execution_count"]), (&json!("ok"), &json!(1)));
    assert_eq!(types, ["execute_input"]);
    let results = &reply["user_expressions"];
    assert_eq!(results["sum"], shown("42"));
    assert_eq!(results["printed"], shown(r#""heard""#));
    assert_eq!(results["unit"], shown("()"));
    for (name, ename, evalue) in [
        ("unknown", "CompileError", "no_such_thing"),
        ("panic", "Panic", "at the expression"),
        ("number", "MalformedRequest", "7"),
    ] {
        let result = &results[name];
        assert_eq!(
            (&result["status"], &result["ename"]),
            (&json!("error"), &json!(ename)),
            "{result}"
        );
        assert!(result["evalue"].as_str().unwrap().contains(evalue), "{result}");
        assert!(result["traceback"].is_array(), "{result}");
    }
    assert_eq!(results.as_object().unwrap().len(), 6);
}

async fn only_the_expressions_are_wanted_or_the_cell_failed(client: &mut Client) {
    let silent = json!({"code": "", "silent": true, "user_expressions": {"a": "a"}});
    let (reply, types) = evaluate(client, silent).await;
    assert_eq!(reply["user_expressions"], json!({"a": shown("41")}));
    assert_eq!(types, [""; 0]);
    let failing = json!({"code": r#"panic!("no");"#, "user_expressions": {"a": "a"}});
    let (reply, _) = evaluate(client, failing).await;
    assert_eq!(
        (&reply["status"], reply.get("user_expressions")),
        (&json!("error"), None)
    );
}

async fn the_next_cell_waits_for_them(client: &mut Client) {
    let slow = json!({"code": "", "user_expressions": {"slow": "{ let mut b = a; b += 1; b }"}});
    let first = client.submit(slow).await;
    let second = client.submit_cell("a").await;
    let first = client.execution(&first).await;
    assert_eq!(first.reply().content["user_expressions"]["slow"], shown("42"));
    let mut second = client.execution(&second).await;
    assert_eq!((second.count(), second.take_text().as_deref()), (Some(4), Some("41")));
}

async fn a_thread_prints_under_its_own_cell_also_after_one(n: &mut Notebook) {
    let Notebook { kernel, client, .. } = n;
    let code = r#"std::thread::spawn(|| {
        while !std::path::Path::new("go-on").exists() {
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        println!("late");
    });"#;
    let id = client
        .submit(json!({"code": code, "user_expressions": {"a": "a"}}))
        .await;
    assert_eq!(client.execution(&id).await.status(), "ok");
    kernel.make_file("go-on");
    assert_eq!(client.broadcast(&id).await.content["text"], "late\n");
}

/// The result of an expression whose value is shown as this text.
fn shown(text: &str) -> Value {
    json!({"status": "ok", "data": {"text/plain": text}, "metadata": {}})
}

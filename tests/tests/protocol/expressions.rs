//! Expressions that are evaluated after a cell.

use parcell_tests::{Channel, Client, Kernel, within_test_limit};
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
fn each_expression_has_a_result_of_its_own_and_says_nothing() {
    within_test_limit(async {
        let kernel = Kernel::start();
        let mut client = Client::connect(&kernel).await;

        let cell = json!({"code": "let a = 41u64;", "user_expressions": {
            "sum": "a + 1",
            "printed": "{ println!(\"unheard\"); \"heard\" }",
            "unit": "()",
            "unknown": "no_such_thing + 1",
            "panic": "if a > 1 { panic!(\"at the expression\") }",
            "number": 7,
        }});
        let (reply, types) = evaluate(&mut client, cell).await;
        assert_eq!((&reply["status"], &reply["execution_count"]), (&json!("ok"), &json!(1)));
        assert_eq!(types, ["execute_input"]);
        let results = &reply["user_expressions"];
        let shown = |text: &str| json!({"status": "ok", "data": {"text/plain": text}, "metadata": {}});
        assert_eq!(results["sum"], shown("42"));
        assert_eq!(results["printed"], shown("\"heard\""));
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

        // A client may want only the expressions; a cell that failed has none.
        let silent = json!({"code": "", "silent": true, "user_expressions": {"a": "a"}});
        let (reply, types) = evaluate(&mut client, silent).await;
        assert_eq!(reply["user_expressions"], json!({"a": shown("41")}));
        assert_eq!(types, [""; 0]);
        let failing = json!({"code": "panic!(\"no\");", "user_expressions": {"a": "a"}});
        let (reply, _) = evaluate(&mut client, failing).await;
        assert_eq!(
            (&reply["status"], reply.get("user_expressions")),
            (&json!("error"), None)
        );

        // The next cell waits for the expressions of the one before.
        let slow = json!({"code": "", "user_expressions": {"slow": "{ let mut b = a; b += 1; b }"}});
        let first = client.submit(slow).await;
        let second = client.submit(json!({"code": "a"})).await;
        let first = client.execution(&first).await;
        assert_eq!(first.reply().content["user_expressions"]["slow"], shown("42"));
        let mut second = client.execution(&second).await;
        assert_eq!((second.count(), second.take_text().as_deref()), (Some(4), Some("41")));

        // A thread that goes on prints under the cell that started it, also after an expression.
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
        std::fs::write(kernel.working_directory().join("go-on"), "").unwrap();
        assert_eq!(client.broadcast(&id).await.content["text"], "late\n");

        client.shut_down(Channel::Control).await;
        kernel.ended().await;
    });
}

//! Requests that are answered at once.

use parcell_tests::{Channel, Exchange, with_notebook};
use serde_json::{Value, json};

#[test]
fn questions_are_answered_with_the_defaults_of_the_specification() {
    with_notebook(async |notebook| {
        let client = &mut notebook.client;

        let is_complete = |code: &str| json!({"code": code});
        let reply = client.ask("is_complete_request", is_complete("let a = 1;")).await;
        assert_eq!(reply, json!({"status": "complete"}));
        let reply = client.ask("is_complete_request", is_complete("fn f() {")).await;
        assert_eq!(reply["status"], "incomplete");
        let reply = client.ask("is_complete_request", is_complete("let a = );")).await;
        assert_eq!(reply["status"], "invalid");

        for content in [json!({}), json!({"target_name": "jupyter.widget"})] {
            let reply = client.ask("comm_info_request", content).await;
            assert_eq!(reply, json!({"status": "ok", "comms": {}}));
        }

        let reply = client
            .ask("complete_request", json!({"code": "Stri", "cursor_pos": null}))
            .await;
        let types = reply["metadata"]["_jupyter_types_experimental"].as_array().unwrap();
        let matches = reply["matches"].as_array().unwrap();
        let typed: Vec<&Value> = types.iter().map(|entry| &entry["text"]).collect();
        assert_eq!(typed, matches.iter().collect::<Vec<_>>());
        assert!(reply["cursor_end"].as_u64() <= Some(4));

        let reply = client
            .ask("inspect_request", json!({"code": "no_such_thing", "cursor_pos": 3}))
            .await;
        assert_eq!(
            reply,
            json!({"status": "ok", "found": false, "data": {}, "metadata": {}})
        );
    });
}

#[test]
fn what_the_kernel_cannot_do_it_says() {
    with_notebook(async |notebook| {
        let client = &mut notebook.client;
        let requests = [
            (Channel::Shell, "make_coffee_request", json!({})),
            (Channel::Control, "make_coffee_request", json!({})),
            (Channel::Control, "debug_request", json!({"type": "request", "seq": 1})),
            (Channel::Shell, "execute_request", json!({"silent": false})),
            (Channel::Shell, "is_complete_request", json!({"code": 7})),
            (Channel::Shell, "complete_request", json!({})),
        ];
        for (channel, msg_type, content) in requests {
            let Exchange { reply, broadcasts } = client.request(channel, msg_type, content).await;
            assert_eq!(reply.content["status"], "error", "{msg_type}");
            assert_eq!(broadcasts.len(), 2, "{broadcasts:?}");
        }

        let id = client
            .send(
                Channel::Shell,
                "comm_open",
                json!({"comm_id": "c1", "target_name": "none"}),
            )
            .await;
        let broadcasts = client.broadcasts_to_idle(&id).await;
        let [_, closed, _] = broadcasts.as_slice() else {
            panic!("not one answer: {broadcasts:?}")
        };
        assert_eq!(
            (closed.msg_type(), &closed.content["comm_id"]),
            ("comm_close", &json!("c1"))
        );
    });
}

//! Requests that are answered at once.

use parcell_tests::{Channel, Client, Exchange, Kernel, within_test_limit};
use serde_json::{Value, json};

async fn ask(client: &mut Client, msg_type: &str, content: Value) -> Value {
    let Exchange { reply, broadcasts } = client.request(Channel::Shell, msg_type, content).await;
    assert_eq!(broadcasts.len(), 2, "more than busy and idle: {broadcasts:?}");
    reply.content
}

#[test]
fn questions_are_answered_with_the_defaults_of_the_specification() {
    within_test_limit(async {
        let kernel = Kernel::start();
        let mut client = Client::connect(&kernel).await;

        let is_complete = |code: &str| json!({"code": code});
        let reply = ask(&mut client, "is_complete_request", is_complete("let a = 1;")).await;
        assert_eq!(reply, json!({"status": "complete"}));
        let reply = ask(&mut client, "is_complete_request", is_complete("fn f() {")).await;
        assert_eq!(reply["status"], "incomplete");
        let reply = ask(&mut client, "is_complete_request", is_complete("let a = );")).await;
        assert_eq!(reply["status"], "invalid");

        for content in [json!({}), json!({"target_name": "jupyter.widget"})] {
            let reply = ask(&mut client, "comm_info_request", content).await;
            assert_eq!(reply, json!({"status": "ok", "comms": {}}));
        }

        let reply = ask(
            &mut client,
            "complete_request",
            json!({"code": "Stri", "cursor_pos": null}),
        )
        .await;
        let types = reply["metadata"]["_jupyter_types_experimental"].as_array().unwrap();
        let matches = reply["matches"].as_array().unwrap();
        let typed: Vec<&Value> = types.iter().map(|entry| &entry["text"]).collect();
        assert_eq!(typed, matches.iter().collect::<Vec<_>>());
        assert!(reply["cursor_end"].as_u64() <= Some(4));

        let reply = ask(
            &mut client,
            "inspect_request",
            json!({"code": "no_such_thing", "cursor_pos": 3}),
        )
        .await;
        assert_eq!(
            reply,
            json!({"status": "ok", "found": false, "data": {}, "metadata": {}})
        );

        client.shut_down(Channel::Control).await;
        kernel.ended().await;
    });
}

#[test]
fn what_the_kernel_cannot_do_it_says() {
    within_test_limit(async {
        let kernel = Kernel::start();
        let mut client = Client::connect(&kernel).await;
        let requests = [
            (Channel::Shell, "make_coffee_request", json!({})),
            (Channel::Control, "make_coffee_request", json!({})),
            (
                Channel::Control,
                "debug_request",
                json!({"type": "request", "seq": 1, "command": "debugInfo"}),
            ),
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

        client.shut_down(Channel::Control).await;
        kernel.ended().await;
    });
}

//! How soon the kernel answers while a cell keeps the machine busy.
//!
//! The limits are a multiple of what the kernel has to reach, since the machine that runs the tests is busy too.

use parcell_tests::{Channel, Client, with_notebook};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// For what needs nothing of the engine: ten times the promise.
const AT_ONCE: Duration = Duration::from_millis(1000);

/// For what would need it, and is answered with what is known.
const WITHOUT_ENGINE: Duration = Duration::from_millis(2000);

/// Asks, and gives the reply and how long it took.
async fn timed(client: &mut Client, channel: Channel, msg_type: &str, content: Value) -> (Value, Duration) {
    let begin = Instant::now();
    let id = client.send(channel, msg_type, content).await;
    let reply = client.reply(channel, &id).await;
    let time = begin.elapsed();
    client.broadcasts_to_idle(&id).await;
    println!("{msg_type} on {channel:?}: {time:?}");
    (reply.content, time)
}

/// Asks everything that can be asked while a cell runs.
async fn ask_everything(client: &mut Client) {
    let place = json!({"code": "Stri", "cursor_pos": 4});
    let questions = [
        (Channel::Shell, "kernel_info_request", json!({}), AT_ONCE),
        (Channel::Control, "kernel_info_request", json!({}), AT_ONCE),
        (
            Channel::Shell,
            "is_complete_request",
            json!({"code": "fn f() {"}),
            AT_ONCE,
        ),
        (Channel::Shell, "comm_info_request", json!({}), AT_ONCE),
        (
            Channel::Shell,
            "history_request",
            json!({"hist_access_type": "tail", "n": 1}),
            AT_ONCE,
        ),
        (Channel::Shell, "complete_request", place.clone(), WITHOUT_ENGINE),
        (Channel::Shell, "inspect_request", place, WITHOUT_ENGINE),
    ];
    for (channel, msg_type, content, limit) in questions {
        let (reply, time) = timed(client, channel, msg_type, content).await;
        assert!(time < limit, "{msg_type} took {time:?}");
        assert_ne!(reply["status"], "error", "{reply}");
    }
}

/// A cell that takes long to compile.
fn long_to_compile() -> String {
    let function = |n: usize| {
        format!("fn f{n}(x: u64) -> Vec<String> {{ (0..x).map(|y| format!(\"{{}} {n}\", y * x)).collect() }}\n")
    };
    (0..3_000).map(function).collect()
}

#[test]
fn questions_are_answered_whatever_a_cell_does() {
    with_notebook(async |notebook| {
        let client = &mut notebook.client;

        // The engine is starting, and this waits for it: there is nothing that could be known before.
        let place = json!({"code": "Stri", "cursor_pos": 4});
        let reply = client.request(Channel::Shell, "complete_request", place).await.reply;
        assert!(
            reply.content["matches"].as_array().unwrap().contains(&json!("String")),
            "{reply:?}"
        );

        let every_core = r#"
            println!("begun"); for _ in 0..8 { std::thread::spawn(|| loop { std::hint::spin_loop() }); }
            loop { std::hint::spin_loop() }
        "#;
        let flood = r#"println!("begun"); loop { println!("{}", "x".repeat(60)); }"#;
        for code in [every_core.to_owned(), flood.to_owned(), long_to_compile()] {
            let begins = if code.contains("begun") { "begun" } else { "" };
            let id = client.submit_cell(&code).await;
            let begun = client.printed(&id, begins).await;
            ask_everything(client).await;
            let (_, time) = timed(client, Channel::Control, "interrupt_request", json!({})).await;
            assert!(time < AT_ONCE, "an interrupt took {time:?}");
            let mut cell = client.execution_after(&id, begun).await;
            cell.take_stdout();
            cell.take_stderr();
            assert_eq!(cell.take_failure().unwrap().ename, "Interrupted");
        }

        let mut cell = client.execute("1 + 1").await;
        assert_eq!(cell.take_text().as_deref(), Some("2"));
        // The first takes long; the second does not wait for it.
        let slow = json!({"code": "std::collections::", "cursor_pos": 18});
        let first = client.send(Channel::Shell, "complete_request", slow).await;
        let place = json!({"code": "Stri", "cursor_pos": 4});
        let (reply, time) = timed(client, Channel::Shell, "inspect_request", place).await;
        assert!(time < WITHOUT_ENGINE || reply["found"] == true, "{time:?}");
        client.exchange(Channel::Shell, &first).await;
    });
}

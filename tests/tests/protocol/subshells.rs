//! Sub-shells, and the status that clients show while something is answered beside a cell.

use parcell_tests::{Channel, Client, with_notebook};
use serde_json::{Value, json};

/// A cell that runs until it is interrupted.
const ENDLESS: &str = r#"
    println!("begun");
    loop { std::thread::sleep(std::time::Duration::from_millis(5)); }
"#;

async fn control(client: &mut Client, msg_type: &str, content: Value) -> Value {
    client.request(Channel::Control, msg_type, content).await.reply.content
}

#[test]
fn sub_shells_answer_while_a_cell_runs_and_their_cells_are_queued() {
    with_notebook(async |notebook| {
        let created = control(&mut notebook.client, "create_subshell_request", json!({})).await;
        assert_eq!(created["status"], "ok");
        let subshell = created["subshell_id"].as_str().unwrap().to_owned();
        let list = control(&mut notebook.client, "list_subshell_request", json!({})).await;
        assert_eq!(list, json!({"status": "ok", "subshell_id": [subshell]}));

        let running = notebook.start_cell(ENDLESS, "begun").await;
        let client = &mut notebook.client;
        let asked = client
            .send_to_subshell(&subshell, "is_complete_request", json!({"code": "1 + 1"}))
            .await;
        let answer = client.exchange(Channel::Shell, &asked).await;
        assert_eq!(answer.reply.content["status"], "complete");
        assert_eq!(answer.reply.parent_header["subshell_id"], json!(subshell));
        let queued = client
            .send_to_subshell(&subshell, "execute_request", json!({"code": "println!(\"queued\");"}))
            .await;
        notebook.interrupt().await;
        let mut interrupted = notebook.finish(running).await;
        assert_eq!(interrupted.take_failure().unwrap().ename, "Interrupted");
        interrupted.take_stdout();
        // The main shell's failure aborts the main shell's cells.
        let mut queued = notebook.client.execution(&queued).await;
        assert_eq!(queued.take_stdout(), "queued\n");

        let content = json!({"subshell_id": subshell});
        let deleted = control(&mut notebook.client, "delete_subshell_request", content.clone()).await;
        assert_eq!(deleted, json!({"status": "ok"}));
        let again = control(&mut notebook.client, "delete_subshell_request", content).await;
        assert_eq!(
            (&again["status"], &again["ename"]),
            (&json!("error"), &json!("UnknownSubshell"))
        );
        let client = &mut notebook.client;
        let lost = client
            .send_to_subshell(&subshell, "is_complete_request", json!({"code": "1"}))
            .await;
        let refused = client.exchange(Channel::Shell, &lost).await.reply.content;
        assert_eq!(refused["ename"], "UnknownSubshell");
        assert!(refused["evalue"].as_str().unwrap().contains(&subshell), "{refused}");
    });
}

#[test]
fn the_kernel_is_seen_to_be_busy_as_long_as_a_cell_runs() {
    with_notebook(async |notebook| {
        notebook.succeed("let numbers = vec![1u8];").await.assert_quiet();
        let running = notebook.start_cell(ENDLESS, "begun").await;
        let client = &mut notebook.client;
        let place = json!({"code": "numbers.", "cursor_pos": 8});
        for (channel, msg_type, content) in [
            (Channel::Shell, "complete_request", place.clone()),
            (Channel::Shell, "inspect_request", place),
            (
                Channel::Shell,
                "history_request",
                json!({"hist_access_type": "tail", "n": 1}),
            ),
            (Channel::Control, "kernel_info_request", json!({})),
        ] {
            client.request(channel, msg_type, content).await;
            // Clients show the status that they heard last.
            let last = client.broadcast(&running.id).await;
            assert_eq!(last.content, json!({"execution_state": "busy"}), "{msg_type}");
        }
        notebook.interrupt().await;
        let mut interrupted = notebook.finish(running).await;
        interrupted.take_failure().unwrap();
        interrupted.take_stdout();
    });
}

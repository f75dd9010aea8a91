//! Cells: their order, their numbers, and what belongs to which.

use parcell_tests::{Channel, Client, Kernel, Message, Notebook, cell_code, with_notebook, within_test_limit};
use serde_json::json;
use std::time::Duration;
use tokio::time::timeout;

const SLEEP: &str = "std::thread::sleep(std::time::Duration::from_secs(3));";

/// When a message was written. Dates in one time zone and format compare as text.
fn date(message: &Message) -> String {
    message.header["date"].as_str().unwrap().to_owned()
}

#[test]
fn the_messages_of_a_cell_come_in_order_under_its_request() {
    with_notebook(async |notebook| {
        let client = &mut notebook.client;

        let code = r#"
            println!("out");
            1
        "#;
        let mut cell = client.execute(code).await;
        assert_eq!(cell.status(), "ok");
        assert_eq!(cell.broadcast_types(), ["execute_input", "stream", "execute_result"]);
        assert_eq!(
            cell.inner()[0].content,
            json!({"code": cell_code(code), "execution_count": 1})
        );
        assert_eq!(cell.take_stdout(), "out\n");
        assert_eq!(cell.take_text().as_deref(), Some("1"));
        assert_eq!(cell.reply().content["payload"], json!([]));
        assert_eq!(cell.reply().content["user_expressions"], json!({}));

        let mut cell = client.execute(r#"eprintln!("err");"#).await;
        assert_eq!((cell.status(), cell.count()), ("ok", Some(2)));
        assert_eq!(cell.take_stderr(), "err\n");

        let mut cell = client.execute(r#"panic!("no");"#).await;
        assert_eq!((cell.status(), cell.count()), ("error", Some(3)));
        assert_eq!(cell.broadcast_types().last(), Some(&"error"));
        assert!(cell.take_failure().unwrap().evalue.contains("no"));
        cell.take_stderr();
    });
}

#[test]
fn only_cells_that_enter_the_history_count_and_silent_ones_say_nothing() {
    with_notebook(async |notebook| {
        let client = &mut notebook.client;
        client.execute("let a = 1;").await.assert_quiet();

        let id = client
            .submit(json!({"code": r#"println!("unheard"); 2"#, "silent": true}))
            .await;
        let silent = client.execution(&id).await;
        assert_eq!(silent.status(), "ok");
        assert_eq!(silent.broadcast_types(), [""; 0]);

        let id = client
            .submit(json!({"code": r#"panic!("unheard");"#, "silent": true, "store_history": true}))
            .await;
        let silent = client.execution(&id).await;
        assert_eq!(silent.status(), "error");
        assert_eq!(silent.broadcast_types(), [""; 0]);

        let id = client.submit(json!({"code": "3", "store_history": false})).await;
        let mut unstored = client.execution(&id).await;
        assert_eq!(
            (unstored.count(), unstored.take_text().as_deref()),
            (Some(2), Some("3"))
        );

        let mut next = client.execute("4").await;
        assert_eq!((next.count(), next.take_text().as_deref()), (Some(2), Some("4")));
        let mut next = client.execute("5").await;
        assert_eq!((next.count(), next.take_text().as_deref()), (Some(3), Some("5")));

        let request = json!({"hist_access_type": "tail", "n": 10});
        let history = client.request(Channel::Shell, "history_request", request).await;
        assert_eq!(
            history.reply.content["history"],
            json!([[1, 1, "let a = 1;"], [1, 2, "4"], [1, 3, "5"]])
        );
    });
}

#[test]
fn queued_cells_run_in_order_and_are_aborted_when_one_fails() {
    within_test_limit(async {
        let kernel = Kernel::start();
        let mut client = Client::connect(&kernel).await;

        let first = client.submit_cell(r#"println!("first");"#).await;
        let failing = client.submit_cell(r#"panic!("stop");"#).await;
        let aborted = [
            client.submit_cell(r#"println!("never");"#).await,
            client.submit_cell(r#"println!("never");"#).await,
        ];
        assert_eq!(client.execution(&first).await.take_stdout(), "first\n");
        let mut failing = client.execution(&failing).await;
        assert!(failing.take_failure().is_some());
        failing.take_stderr();
        for id in aborted {
            let cell = client.execution(&id).await;
            assert_eq!((cell.status(), cell.broadcast_types().len()), ("aborted", 0));
        }

        let failing = client
            .submit(json!({"code": r#"panic!("go on");"#, "stop_on_error": false}))
            .await;
        let next = client.submit_cell(r#"println!("next");"#).await;
        let mut failing = client.execution(&failing).await;
        assert!(failing.take_failure().is_some());
        failing.take_stderr();
        let mut next = client.execution(&next).await;
        assert_eq!((next.count(), next.take_stdout().as_str()), (Some(4), "next\n"));

        client.shut_down(Channel::Shell).await;
        kernel.ended().await;
    });
}

#[test]
fn an_interrupt_ends_the_cell_and_both_channels_answer_while_it_runs() {
    within_test_limit(async {
        let mut kernel = Kernel::start();
        let mut client = Client::connect(&kernel).await;
        for by_signal in [false, true] {
            let cell = client.submit_cell("loop { std::thread::sleep(std::time::Duration::from_secs(3)); }");
            let cell = cell.await;
            // Busy and the input: it runs.
            let started = [client.broadcast(&cell).await, client.broadcast(&cell).await];
            assert_eq!(started[1].msg_type(), "execute_input");
            for channel in [Channel::Shell, Channel::Control] {
                client.request(channel, "kernel_info_request", json!({})).await;
            }
            if by_signal {
                kernel.signal(rustix::process::Signal::INT);
            } else {
                let exchange = client.request(Channel::Control, "interrupt_request", json!({})).await;
                assert_eq!(exchange.reply.content, json!({"status": "ok"}));
            }
            let reply = client.reply(Channel::Shell, &cell).await;
            assert_eq!(reply.content["status"], "error");
            assert_eq!(reply.content["ename"], "Interrupted");
            // Behind each answer it has said that it is still busy.
            let still_busy = if by_signal { 2 } else { 3 };
            for _ in 0..still_busy {
                assert_eq!(client.broadcast(&cell).await.content["execution_state"], "busy");
            }
            let error = client.broadcast(&cell).await;
            assert_eq!(error.msg_type(), "error");
            let idle = client.broadcast(&cell).await;
            assert_eq!(idle.content["execution_state"], "idle");
        }
        client.shut_down(Channel::Control).await;
        kernel.ended().await;
    });
}

#[test]
fn interrupts_while_the_kernel_starts_cost_only_the_cell_that_waits() {
    with_notebook(async |notebook| {
        let client = &mut notebook.client;
        let cell = client.submit_cell(r#"println!("never");"#).await;
        // The start takes seconds, and each of its steps is met by some of these.
        let mut broadcasts = Vec::new();
        while broadcasts.len() < 4 {
            let exchange = client.request(Channel::Control, "interrupt_request", json!({})).await;
            assert_eq!(exchange.reply.content, json!({"status": "ok"}));
            if let Ok(broadcast) = timeout(Duration::from_millis(20), client.broadcast(&cell)).await {
                broadcasts.push(broadcast);
            }
        }
        let mut cell = client.execution_after(&cell, broadcasts).await;
        assert_eq!(cell.take_failure().unwrap().ename, "Interrupted");
        let next = client.submit_cell(r#"println!("next");"#).await;
        assert_eq!(client.execution(&next).await.take_stdout(), "next\n");
    });
}

#[test]
fn kernel_info_does_not_wait_for_a_cell() {
    with_notebook(async |notebook| {
        let client = &mut notebook.client;
        let cell = client.submit_cell(SLEEP).await;
        let mut answered = Vec::new();
        for channel in [Channel::Shell, Channel::Control] {
            let reply = client.request(channel, "kernel_info_request", json!({})).await.reply;
            answered.push(date(&reply));
            let info = reply.content;
            assert_eq!(info["protocol_version"], "5.5");
            assert_eq!(info["supported_features"], json!(["kernel subshells", "debugger"]));
            assert_eq!(info["debugger"], true);
            assert_eq!(info["implementation"], "parcell");
            let language = &info["language_info"];
            assert_eq!(language["name"], "rust");
            assert_eq!(language["mimetype"], "text/x-rustsrc");
            assert_eq!(language["file_extension"], ".rs");
            assert_eq!(language["pygments_lexer"], "rust");
            assert_eq!(language["codemirror_mode"], "rust");
            assert!(language["version"].as_str().unwrap().starts_with("1."));
        }
        let broadcasts = client.broadcasts_to_idle(&cell).await;
        assert_eq!(broadcasts.len(), 3, "{broadcasts:?}");
        assert_eq!(client.reply(Channel::Shell, &cell).await.content["status"], "ok");
        // Both answers fall into the time in which the cell ran.
        let (input, idle) = (date(&broadcasts[1]), date(&broadcasts[2]));
        assert!(
            answered.iter().all(|answer| (&input..&idle).contains(&answer)),
            "{input} {answered:?} {idle}"
        );
    });
}

#[test]
fn output_of_an_ended_cell_goes_out_under_its_own_request() {
    with_notebook(async |notebook| {
        let Notebook { kernel, client, .. } = notebook;
        let late = r#"
            std::thread::spawn(|| {
                while !std::path::Path::new("idle").exists() {
                    std::thread::sleep(std::time::Duration::from_millis(5));
                }
                println!("late");
            });
        "#;
        let id = client.submit_cell(late).await;
        client.execution(&id).await.assert_quiet();
        kernel.make_file("idle");
        let late = client.broadcast(&id).await;
        assert_eq!(late.content, json!({"name": "stdout", "text": "late\n"}));
        let mut next = client.execute(r#"println!("next");"#).await;
        assert_eq!(next.take_stdout(), "next\n");
    });
}

//! Messages that are forged, short or garbled, and clients that come and go: the kernel goes on.

use bytes::Bytes;
use parcell_tests::{Channel, Client, Kernel, Transport, Wire, with_notebook, within_test_limit};
use serde_json::json;

/// Each of them asks for something that would be seen if it happened.
fn bad_messages(wire: &Wire) -> Vec<Vec<Bytes>> {
    let header = wire.header("execute_request");
    let content = json!({"code": r#"println!("never");"#});
    let good = wire.frames(&header, &content);
    let with_frame = |index: usize, frame: &[u8]| {
        let mut frames = good.clone();
        frames[index] = Bytes::copy_from_slice(frame);
        frames
    };
    let swapped = |one: usize, other: usize| {
        let mut frames = good.clone();
        frames.swap(one, other);
        frames
    };
    let mut messages = vec![
        swapped(0, 1),
        swapped(2, 5),
        swapped(3, 5),
        Wire::new("another key").frames(&header, &content),
        Wire::new("").frames(&header, &content),
        with_frame(1, b"not hexadecimal"),
        with_frame(1, &good[1].to_ascii_uppercase()[..32]),
        with_frame(5, br#"{"code": "println!(\"changed\");"}"#),
        with_frame(0, b"<IDS|MSG"),
        vec![Bytes::new()],
        vec![Bytes::from_static(&[0xff; 4096])],
    ];
    messages.extend((1..good.len()).map(|length| good[..length].to_vec()));
    let garbled = [
        ["{", "{}", "{}", "{}"],
        ["[]", "{}", "{}", "{}"],
        ["{}", "{}", "{}", "{}"],
        [r#"{"msg_id": 1, "msg_type": 2}"#, "{}", "{}", "{}"],
        [r#"{"msg_id": "1", "msg_type": "execute_request"}"#, "{}", "{}", "code"],
        [r#"{"msg_id": "1", "msg_type": "execute_request"}"#, "7", "{}", "{}"],
    ];
    messages.extend(garbled.map(|parts| wire.frames_of(parts.map(str::to_owned))));
    messages
}

#[test]
fn bad_messages_are_dropped_and_the_kernel_goes_on() {
    with_notebook(async |notebook| {
        let client = &mut notebook.client;
        for channel in [Channel::Shell, Channel::Control, Channel::Stdin] {
            for frames in bad_messages(&client.wire().clone()) {
                client.send_frames(channel, frames).await;
            }
        }
        let huge = json!({"code": format!(r#"println!("never"); // {}"#, "x".repeat(65 << 20))});
        let header = client.wire().header("execute_request");
        let frames = client.wire().frames(&header, &huge);
        client.send_frames(Channel::Shell, frames).await;
        // The same message again, as it was sent.
        let header = client.wire().header("execute_request");
        let replayed = client.wire().frames(&header, &json!({"code": r#"println!("once");"#}));
        let mut once = client.replay(Channel::Shell, &header, &replayed, 3).await;
        assert_eq!(once.take_stdout(), "once\n");
        // An answer that nobody asked for.
        client
            .send(Channel::Stdin, "input_reply", json!({"value": "hello"}))
            .await;

        for channel in [Channel::Shell, Channel::Control] {
            client.request(channel, "kernel_info_request", json!({})).await;
        }
        let mut cell = client.execute(r#"println!("still here");"#).await;
        assert_eq!((cell.count(), cell.take_stdout().as_str()), (Some(2), "still here\n"));
        // Closing fails on messages that should not have come.
    });
}

#[test]
fn several_clients_share_a_kernel_over_tcp() {
    within_test_limit(async {
        let kernel = Kernel::start_on(Transport::Tcp);
        let mut first = Client::connect(&kernel).await;
        let mut second = Client::connect(&kernel).await;
        assert_eq!(first.beat(b"ping").await, [Bytes::from_static(b"ping")]);
        assert_eq!(
            second.beat(b"\x00\xff pong").await,
            [Bytes::from_static(b"\x00\xff pong")]
        );

        let one = first.submit_cell(r#"println!("one");"#).await;
        let two = second.submit_cell(r#"println!("two");"#).await;
        assert_eq!(first.execution(&one).await.take_stdout(), "one\n");
        assert_eq!(second.execution(&two).await.take_stdout(), "two\n");

        // One leaves in the middle of its cell; the other must not notice.
        second.submit_cell(r#"println!("gone");"#).await;
        second.abandon();
        let mut cell = first.execute(r#"println!("three");"#).await;
        assert_eq!(cell.take_stdout(), "three\n");
        first.shut_down(Channel::Shell).await;
        kernel.ended().await;
    });
}

#[test]
fn code_that_no_parser_survives_costs_its_cell_only() {
    with_notebook(async |notebook| {
        notebook.prepare("let kept = 7;").await;
        let deep = [
            format!("{}1{}", "(".repeat(100_000), ")".repeat(100_000)),
            vec!["1"; 30_000].join("+"),
            format!("let a = {}1;", "!".repeat(10_000)),
            format!("if a {{ 1 }}{} else {{ 2 }}", " else if b { 1 }".repeat(10_000)),
            format!("%%pool {}0..3{}\n|n| n", "(".repeat(10_000), ")".repeat(10_000)),
        ];
        for code in &deep {
            let client = &mut notebook.client;
            let reply = client.ask("is_complete_request", json!({"code": code})).await;
            assert_eq!(reply["status"], "complete");
            let at_end = json!({"code": code, "cursor_pos": code.len()});
            let reply = client.ask("complete_request", at_end.clone()).await;
            assert_eq!(reply["matches"], json!([]));
            let reply = client.ask("inspect_request", at_end).await;
            assert_eq!(reply["found"], false);
            let failure = notebook.failure(code).await;
            assert_eq!(failure.ename, "CompileError");
            failure.assert_shows(&["the code is nested too deeply", "this is too deep"]);
        }
        // As deep as is allowed.
        let allowed = format!("{}1{}", "(".repeat(250), ")".repeat(250));
        assert_eq!(notebook.value(&allowed).await, "1");
        assert_eq!(notebook.value(&vec!["1"; 1000].join(" + ")).await, "1000");
        assert_eq!(notebook.value("kept").await, "7");
    });
}

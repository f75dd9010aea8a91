//! Clients that do what no client should: they go in the middle of a message, announce what nobody can send, ask
//! thousands of things at once, and interrupt again and again.

use parcell_tests::{
    Channel, Client, GREETING, Kernel, Transport, descriptors, holds_within, with_notebook, within, within_test_limit,
};
use serde_json::json;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// A command after it: what kind of socket the client has.
const READY: &[u8] = b"\x04\x1c\x05READY\x0bSocket-Type\0\0\0\x06DEALER";

/// How long the kernel may take to notice something.
const LIMIT: Duration = Duration::from_secs(20);

/// What a client has sent when it goes.
const BEGINNINGS: [&[&[u8]]; 7] = [
    &[],
    &[b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"],
    &[b"\xff\0\0\0"],
    &[GREETING],
    &[GREETING, b"\x04"],
    &[GREETING, READY, b"\x01\x64<IDS|MSG>"],
    &[GREETING, READY, b"\x03\0\0\0\0\x10\0\0\0and so on"],
];

/// Where the five channels are: without `tcp://`.
fn addresses(kernel: &Kernel) -> [String; 5] {
    kernel
        .connection()
        .endpoints()
        .map(|endpoint| endpoint.replace("tcp://", ""))
}

async fn connect(address: &str, parts: &[&[u8]]) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    for part in parts {
        stream.write_all(part).await.unwrap();
    }
    stream
}

async fn assert_it_works(client: &mut Client) {
    assert_eq!(client.beat(b"ping").await.concat(), b"ping");
    assert_eq!(client.execute("1 + 1").await.take_text().as_deref(), Some("2"));
}

#[test]
fn who_goes_in_the_middle_of_a_message_leaves_nothing() {
    within_test_limit(async {
        let kernel = Kernel::start_on(Transport::Tcp);
        let mut client = Client::connect(&kernel).await;
        assert_it_works(&mut client).await;
        let before = descriptors(kernel.pid());
        for address in addresses(&kernel) {
            for beginning in BEGINNINGS.repeat(3) {
                drop(connect(&address, beginning).await);
            }
        }
        // The kernel opens a few for itself meanwhile; these were more than a hundred connections, of two each.
        let level = holds_within(LIMIT, || descriptors(kernel.pid()) <= before + 10).await;
        assert!(level, "{before} descriptors, then {}", descriptors(kernel.pid()));
        assert_it_works(&mut client).await;
        client.shut_down(Channel::Control).await;
        assert!(kernel.ended().await.success());
    });
}

#[test]
fn who_announces_what_nobody_can_send_is_turned_away() {
    within_test_limit(async {
        let kernel = Kernel::start_on(Transport::Tcp);
        let mut client = Client::connect(&kernel).await;
        for address in addresses(&kernel) {
            for length in [1_u64 << 36, 1 << 40, 1 << 62, u64::MAX] {
                // Flags: a long frame, and more of them to come.
                let frame = [&[3], length.to_be_bytes().as_slice()].concat();
                let mut stream = connect(&address, &[GREETING, &frame]).await;
                // An end may be a reset, since not all that was sent has been read.
                let ended = async {
                    let _ = stream.read_to_end(&mut Vec::new()).await;
                };
                within(LIMIT, "the kernel to turn a client away", ended).await;
            }
        }
        assert!(kernel.log().contains("a client was turned away"), "{}", kernel.log());
        assert_it_works(&mut client).await;
        client.shut_down(Channel::Control).await;
        assert!(kernel.ended().await.success());
    });
}

#[test]
fn thousands_of_requests_are_all_answered() {
    with_notebook(async |n| {
        let waiting = r#"
            println!("waits;");
            while !std::path::Path::new("go on").exists() { std::thread::sleep(std::time::Duration::from_millis(5)); }
        "#;
        let running = n.start_cell(waiting, ";\n").await;
        let client = &mut n.client;
        let mut asked = Vec::new();
        for number in 0..3000 {
            let (msg_type, content) = match number % 5 {
                0 => ("kernel_info_request", json!({})),
                1 => ("is_complete_request", json!({"code": "1 +"})),
                2 => ("comm_info_request", json!({})),
                3 => (
                    "history_request",
                    json!({"hist_access_type": "tail", "n": 3, "output": false, "raw": true}),
                ),
                _ => ("execute_request", json!({"code": "", "silent": true})),
            };
            asked.push((msg_type, client.send(Channel::Shell, msg_type, content).await));
        }
        n.kernel.make_file("go on");
        n.finish(running).await.take_stdout();
        let client = &mut n.client;
        for (msg_type, id) in asked {
            let exchange = client.exchange(Channel::Shell, &id).await;
            assert_eq!(exchange.reply.msg_type(), msg_type.replace("request", "reply"));
        }
        assert_eq!(client.execute("1 + 1").await.take_text().as_deref(), Some("2"));
    });
}

#[test]
fn a_storm_of_interrupts_ends_the_cell_that_runs_and_no_later_one() {
    with_notebook(async |n| {
        n.prepare("let mut count = 0;").await;
        for _ in 0..3 {
            let running = n
                .start_cell("count += 1; println!(\"runs;\"); loop { std::thread::park() }", ";\n")
                .await;
            let mut interrupts = Vec::new();
            for _ in 0..200 {
                interrupts.push(n.client.send(Channel::Control, "interrupt_request", json!({})).await);
            }
            let mut cell = n.finish(running).await;
            cell.take_stdout();
            assert_eq!(cell.take_failure().expect("a failure").ename, "Interrupted");
            for id in interrupts {
                let exchange = n.client.exchange(Channel::Control, &id).await;
                assert_eq!(exchange.reply.content, json!({"status": "ok"}));
            }
            assert_eq!(n.value("count").await, "0");
        }
    });
}

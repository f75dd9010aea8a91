//! Much output: in few messages, whole where a client can take it, and cut with a notice where it cannot.

use parcell_tests::{Message, Notebook, with_notebook};
use std::time::{Duration, Instant};

/// What jupyter_server passes on between two idles.
const SERVER_LIMIT: usize = 3_000_000;

fn streams(broadcasts: &[Message]) -> Vec<&Message> {
    let is_stream = |message: &&Message| message.msg_type() == "stream";
    broadcasts.iter().filter(is_stream).collect()
}

/// The size of a message on the wire, about.
fn size(message: &Message) -> usize {
    message.content.to_string().len() + 600
}

#[test]
fn much_output_takes_few_messages_and_too_much_is_cut_with_a_notice() {
    with_notebook(async |notebook| {
        notebook.value("1").await;
        notebook.step(much_that_fits_comes_whole).await;
        notebook.step(too_much_is_cut_with_a_notice).await;
        notebook.step(what_a_person_would_watch_comes_at_once_and_apart).await;
    });
}

async fn much_that_fits_comes_whole(n: &mut Notebook) {
    let begin = Instant::now();
    let mut cell = n.run(r#"for n in 0..100_000 { println!("{n}"); }"#).await;
    println!(
        "100,000 short lines: {:?}, {} messages",
        begin.elapsed(),
        cell.inner().len()
    );
    assert!(begin.elapsed() < Duration::from_secs(10));
    assert!(cell.inner().len() < 200, "{} messages", cell.inner().len());
    let expected: String = (0..100_000).map(|n| format!("{n}\n")).collect();
    assert!(cell.take_stdout() == expected);
}

/// Ten megabytes.
async fn too_much_is_cut_with_a_notice(n: &mut Notebook) {
    let begin = Instant::now();
    let code = r#"for n in 0..100_000 { println!("{n:06} {}", "y".repeat(92)); }"#;
    let mut cell = n.run(code).await;
    println!(
        "100,000 long lines: {:?}, {} messages",
        begin.elapsed(),
        cell.inner().len()
    );
    let sent: usize = streams(cell.inner()).into_iter().map(size).sum();
    assert!(sent < SERVER_LIMIT, "{sent} bytes");
    assert!(cell.inner().len() < 200, "{} messages", cell.inner().len());
    let stdout = cell.take_stdout();
    assert!(stdout.starts_with("000000 y") && stdout.ends_with("y\n"));
    assert!(stdout.lines().last().unwrap().starts_with("099999"));
    let notice = cell.take_stderr();
    let numbers: Vec<usize> = notice
        .split(|c: char| !c.is_ascii_digit())
        .filter_map(|number| number.parse().ok())
        .collect();
    // Where they are has numbers as well.
    let [lines, bytes, ..] = numbers[..] else {
        panic!("{notice}")
    };
    assert_eq!(lines + stdout.lines().count(), 100_000, "{notice}");
    assert_eq!(bytes + stdout.len(), 10_000_000, "{notice}");
}

async fn what_a_person_would_watch_comes_at_once_and_apart(n: &mut Notebook) {
    let code = r#"for n in 0..3 { println!("{n}"); std::thread::sleep(std::time::Duration::from_millis(400)); }"#;
    let mut cell = n.run(code).await;
    let texts: Vec<&str> = streams(cell.inner())
        .into_iter()
        .filter_map(|message| message.content["text"].as_str())
        .collect();
    assert_eq!(texts, ["0\n", "1\n", "2\n"]);
    cell.take_stdout();
}

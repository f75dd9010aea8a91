//! Subscribers that do not read: they delay nobody, and the kernel keeps only so much for them.

use parcell_tests::{DeafSubscriber, Kernel, Notebook, holds_within, with_notebook};
use std::time::Duration;

/// How much is shown, in messages of 5 MB.
const MESSAGES: usize = 80;
const MEGABYTES: usize = 5;

/// How many files, sockets included, the kernel's process has open.
fn open_files(kernel: &Kernel) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", kernel.pid())).unwrap().count()
}

#[test]
fn a_subscriber_that_stops_reading_delays_nobody_and_hears_what_it_missed() {
    with_notebook(async |notebook| {
        let Notebook { kernel, client, .. } = notebook;
        let mut deaf = DeafSubscriber::connect(kernel).await;
        // What the kernel reads to infer a type it keeps.
        client.execute("let a = vec![1].len();").await.assert_quiet();
        let before = kernel.memory();

        let mut received = 0;
        for _ in 0..MESSAGES / 4 {
            let code = format!(
                r#"
                    for _ in 0..4 {{
                        let content = "x".repeat({MEGABYTES}_000_000);
                        println!("EVCXR_BEGIN_CONTENT text/plain\n{{content}}\nEVCXR_END_CONTENT");
                    }}
                "#
            );
            let mut cell = client.execute(&code).await;
            let displays = cell.take_displays();
            received += displays
                .iter()
                .map(|data| data["text/plain"].as_str().unwrap().len())
                .sum::<usize>();
        }
        assert!(received >= MESSAGES * MEGABYTES * 1_000_000, "{received}");
        let growth = kernel.memory().saturating_sub(before);
        println!("the kernel has grown by {} MB", growth >> 20);
        assert!(growth < 260 << 20, "the kernel has grown by {} MB", growth >> 20);

        // The other client goes on, and hears at the place where something is missing that it is.
        let mut cell = client.execute(r#"println!("still here");"#).await;
        assert_eq!(cell.take_stdout(), "still here\n");
        let before = deaf
            .read_until(b"are missing here: this client did not read them")
            .await;
        assert!((40 << 20..80 << 20).contains(&before), "{before}");
        deaf.read_until(b"still here").await;
        deaf.read_until(b"\"idle\"").await;

        // Of those that leave nothing is kept.
        let before = open_files(kernel);
        for _ in 0..20 {
            drop(DeafSubscriber::connect(kernel).await);
        }
        assert!(
            holds_within(Duration::from_secs(20), || open_files(kernel) <= before + 4).await,
            "{} files were open, now {} are",
            before,
            open_files(kernel)
        );
    });
}

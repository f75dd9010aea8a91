//! `%%pool --profile`: the speed-up, measured by a second run that shows nothing of itself.

use parcell_tests::{Message, with_notebook, worker_lines};

#[test]
fn a_profile_measures_the_speed_up() {
    with_notebook(async |notebook| {
        notebook
            .check("one display, and each item's line once", async |n| {
                let mut cell = n
                    .succeed(
                        "%%pool -n 2 --profile 0..6u64 -> squares\nfn square(n: u64) -> u64 {\n    println!(\"{n}\");\n    \
                         std::thread::sleep(std::time::Duration::from_millis(30));\n    n * n\n}",
                    )
                    .await;
                let lines = worker_lines(&cell.take_stdout());
                assert_eq!(lines.len(), 6, "{lines:?}");
                let is_shown = |message: &&Message| message.msg_type().ends_with("display_data");
                let shown: Vec<Message> = cell.inner().iter().filter(is_shown).cloned().collect();
                let [first, last] = &shown[..] else {
                    panic!("{shown:?}")
                };
                let text = |message: &Message| message.content["data"]["text/plain"].as_str().unwrap_or_default().to_owned();
                assert!(text(first).contains("runs items a second time, in one worker"), "{}", text(first));
                assert!(text(last).starts_with("6 items by 2 workers in "), "{}", text(last));
                assert!(text(last).contains("measured: all items were run a second time"), "{}", text(last));
                assert!(last.content["data"]["text/html"].is_string());
                let id = |message: &Message| message.content["transient"]["display_id"].clone();
                assert_eq!(id(first), id(last));
                cell.take_displays();
                assert_eq!(n.value("squares").await, "[0, 1, 4, 9, 16, 25]");
            })
            .await;
        notebook
            .check("also of a map that fails", async |n| {
                let code = "%%pool -n 1 --profile 0..3u8\n|n| if n == 1 { panic!(\"one\") } else { n }";
                let mut cell = n.run(code).await;
                assert!(cell.take_failure().is_some());
                let shown = cell.take_displays();
                let text = shown[0]["text/plain"].as_str().unwrap_or_default();
                assert!(
                    text.contains("not measured: the map was stopped before its end"),
                    "{text}"
                );
            })
            .await;
    });
}

//! How far a `%%pool` cell has come: one display that changes, and that sums it up before the cell ends.

use parcell_tests::{Message, with_notebook};
use serde_json::Value;

/// Twenty items of about 100 ms, one of which fails with `--keep-going`.
const SLOW: &str = "%%pool -n 2 -k 0..20u32 -> slow\nfn wait(n: u32) -> u32 {\n    \
                    std::thread::sleep(std::time::Duration::from_millis(120));\n    if n == 3 { panic!(\"three\") }\n    n\n}";

fn text(data: &Value) -> &str {
    data["text/plain"].as_str().unwrap_or_default()
}

fn is_display(message: &Message) -> bool {
    matches!(message.msg_type(), "display_data" | "update_display_data")
}

#[test]
fn a_map_that_takes_its_time_shows_how_far_it_has_come() {
    with_notebook(async |notebook| {
        notebook
            .check("after a second, and a summary at the end", async |n| {
                let mut cell = n.succeed(SLOW).await;
                let shown: Vec<_> = cell
                    .inner()
                    .iter()
                    .filter(|message| is_display(message))
                    .cloned()
                    .collect();
                let (display, updates) = shown.split_first().expect("a display");
                assert_eq!(display.msg_type(), "display_data");
                let first = text(&display.content["data"]);
                assert!(
                    first.contains("% [") && first.contains("/20  ") && first.contains(" left"),
                    "{first}"
                );
                let html = display.content["data"]["text/html"].as_str().expect("a bar");
                assert!(html.contains("width:") && html.contains("/20"), "{html}");
                assert!(updates.iter().all(|update| update.msg_type() == "update_display_data"));
                assert!(!updates.is_empty() && updates.len() < 20, "{}", updates.len());
                let id = |message: &Message| message.content["transient"]["display_id"].clone();
                assert!(updates.iter().all(|update| id(update) == id(display)), "{updates:?}");
                let last = text(&updates.last().expect("the summary").content["data"]);
                assert!(
                    last.starts_with("20 items in ") && last.ends_with(", 1 failed"),
                    "{last}"
                );
                assert!(last.contains(" by 2 workers ("), "{last}");
                cell.take_displays();
                cell.take_stderr();
            })
            .await;
        notebook
            .check("not for what is over soon, nor where it is not wanted", async |n| {
                let quick = n.succeed("%%pool -n 2 0..20u32 -> soon\n|n| n").await;
                assert!(!quick.inner().iter().any(is_display));
                let mut unwanted = n.succeed(&SLOW.replace("%%pool", "%%pool --no-progress")).await;
                unwanted.take_stderr();
                assert!(!unwanted.inner().iter().any(is_display));
                n.succeed("%env PARCELL_PROGRESS=0").await.take_stdout();
                let mut silenced = n.succeed(SLOW).await;
                silenced.take_stderr();
                assert!(!silenced.inner().iter().any(is_display));
            })
            .await;
    });
}

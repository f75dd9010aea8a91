//! How far a `%%pool` cell has come: one display that changes, and that sums it up before the cell ends.

use parcell_tests::{Message, Notebook, with_notebook};

/// Twenty items of about 100 ms, one of which fails with `--keep-going`.
const SLOW: &str = r#"
    %%pool -n 2 -k 0..20u32 -> slow
    fn wait(n: u32) -> u32 {
        std::thread::sleep(std::time::Duration::from_millis(120));
        if n == 3 { panic!("three") }
        n
    }
"#;

#[test]
fn a_map_that_takes_its_time_shows_how_far_it_has_come() {
    with_notebook(async |notebook| {
        notebook.step(after_a_second_and_a_summary_at_the_end).await;
        notebook
            .step(not_for_what_is_over_soon_nor_where_it_is_not_wanted)
            .await;
    });
}

async fn after_a_second_and_a_summary_at_the_end(n: &mut Notebook) {
    let mut cell = n.succeed(SLOW).await;
    let shown = cell.shown();
    let (display, updates) = shown.split_first().expect("a display");
    assert_eq!(display.msg_type(), "display_data");
    let first = display.plain_text();
    assert!(
        first.contains("% [") && first.contains("/20  ") && first.contains(" left"),
        "{first}"
    );
    let html = display.content["data"]["text/html"].as_str().expect("a bar");
    assert!(html.contains("width:") && html.contains("/20"), "{html}");
    assert!(updates.iter().all(|update| update.msg_type() == "update_display_data"));
    assert!(!updates.is_empty() && updates.len() < 20, "{}", updates.len());
    let is_same = |update: &Message| update.display_id() == display.display_id();
    assert!(updates.iter().all(is_same), "{updates:?}");
    let last = updates.last().expect("the summary").plain_text();
    assert!(
        last.starts_with("20 items in ") && last.ends_with(", 1 failed"),
        "{last}"
    );
    assert!(last.contains(" by 2 workers ("), "{last}");
    cell.take_displays();
    cell.take_stderr();
}

async fn not_for_what_is_over_soon_nor_where_it_is_not_wanted(n: &mut Notebook) {
    let code = r"
        %%pool -n 2 0..20u32 -> soon
        |n| n
    ";
    let quick = n.succeed(code).await;
    assert!(quick.shown().is_empty());
    let mut unwanted = n.succeed(&SLOW.replace("%%pool", "%%pool --no-progress")).await;
    unwanted.take_stderr();
    assert!(unwanted.shown().is_empty());
    // Where nobody has widgets, it is as without them.
    let mut asked = n.succeed(&SLOW.replace("%%pool", "%%pool --widget")).await;
    asked.take_stderr();
    asked.take_displays();
    assert!(asked.shown().len() > 1 && !asked.broadcast_types().contains(&"comm_open"));
    n.succeed("%env PARCELL_PROGRESS=0").await.take_stdout();
    let mut silenced = n.succeed(SLOW).await;
    silenced.take_stderr();
    assert!(silenced.shown().is_empty());
}

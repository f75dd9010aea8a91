//! How far a map is, as programs and notebooks show it.

use std::time::Duration;

use parcell::Pool;
use rstest::rstest;
use serde_json::Value;

use crate::notebook::connect;
use crate::support::{is_program, program};

/// Items that take together a little longer than what a map takes before its progress is shown.
fn slow_map(progress: bool) {
    let pool = Pool::builder().workers(2).chunk_size(1).progress(progress).build();
    let results = pool.map_results(
        |n: u32| {
            std::thread::sleep(Duration::from_millis(150));
            assert_ne!(n, 3, "no");
            n
        },
        0..18,
    );
    assert_eq!(results.iter().filter(|result| result.is_err()).count(), 1);
}

/// What is displayed, in order.
pub(crate) fn displays(stdout: &[u8]) -> Vec<Value> {
    let text = String::from_utf8_lossy(stdout);
    let begin = "EVCXR_BEGIN_CONTENT application/vnd.parcell.display+json\n";
    let blocks = text.split(begin).skip(1);
    blocks
        .map(|block| serde_json::from_str(block.split_once("\nEVCXR_END_CONTENT\n").unwrap().0).unwrap())
        .collect()
}

const NOTEBOOK: &str = "progress::a_notebook_has_one_display_that_ends_as_a_summary";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_notebook_has_one_display_that_ends_as_a_summary() {
    if is_program(NOTEBOOK) {
        let _kernel = connect();
        slow_map(true);
        return;
    }
    let output = program(NOTEBOOK).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let shown = displays(&output.stdout);
    assert!((2..=10).contains(&shown.len()), "{shown:?}");
    assert_eq!(shown[0]["message"], "display_data");
    let first = shown[0]["data"]["text/plain"].as_str().unwrap();
    assert!(
        first.contains("/18") && first.contains("1 failed") && first.contains("left"),
        "{first}"
    );
    assert!(
        shown[1..]
            .iter()
            .all(|update| update["message"] == "update_display_data")
    );
    assert!(
        shown
            .iter()
            .all(|update| update["display_id"] == shown[0]["display_id"])
    );
    let last = shown.last().unwrap();
    assert_eq!(last["metadata"], serde_json::json!({}));
    let summary = last["data"]["text/plain"].as_str().unwrap();
    assert!(
        summary.starts_with("18 items in ") && summary.ends_with(", 1 failed"),
        "{summary}"
    );
}

const SILENCED: &str = "progress::a_variable_silences_it";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_variable_silences_it() {
    if is_program(SILENCED) {
        let _kernel = connect();
        slow_map(true);
        return;
    }
    let output = program(SILENCED).env("PARCELL_PROGRESS", "0").output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(displays(&output.stdout), Vec::<Value>::new());
}

const UNASKED: &str = "progress::nothing_is_shown_unasked_or_where_nobody_watches";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn nothing_is_shown_unasked_or_where_nobody_watches() {
    if is_program(UNASKED) {
        // Standard error is a pipe here.
        slow_map(true);
        let _kernel = connect();
        slow_map(false);
        return;
    }
    let output = program(UNASKED).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    assert_eq!(displays(&output.stdout), Vec::<Value>::new());
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

const RETURNED: &str = "progress::the_picture_of_the_last_map_has_its_items";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn the_picture_of_the_last_map_has_its_items() {
    if is_program(RETURNED) {
        let _kernel = connect();
        parcell::cell::timeline();
        slow_map(false);
        parcell::cell::timeline();
        return;
    }
    let output = program(RETURNED).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let shown = displays(&output.stdout);
    assert_eq!(shown.len(), 2);
    assert!(shown[0]["data"]["text/plain"].as_str().unwrap().contains("No map"));
    let picture = shown[1]["data"]["image/svg+xml"].as_str().unwrap();
    assert_eq!(picture.matches("<title>item ").count(), 18, "{picture}");
    assert!(picture.contains("item 3, failed"), "{picture}");
    let text = shown[1]["data"]["text/plain"].as_str().unwrap();
    assert!(
        text.starts_with("18 items by 2 workers in ") && text.contains("% busy"),
        "{text}"
    );
}

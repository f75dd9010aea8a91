//! `%%pool --profile`: the speed-up, measured by a second run that shows nothing of itself.

use parcell_tests::{Notebook, with_notebook, worker_lines};

#[test]
fn a_profile_measures_the_speed_up() {
    with_notebook(async |notebook| {
        notebook.step(one_display_and_each_items_line_once).await;
        notebook.step(also_of_a_map_that_fails).await;
    });
}

async fn one_display_and_each_items_line_once(n: &mut Notebook) {
    let code = r#"
        %%pool -n 2 --profile 0..6u64 -> squares
        fn square(n: u64) -> u64 {
            println!("{n}");
            std::thread::sleep(std::time::Duration::from_millis(30));
            n * n
        }
    "#;
    let mut cell = n.succeed(code).await;
    let lines = worker_lines(&cell.take_stdout());
    assert_eq!(lines.len(), 6, "{lines:?}");
    let shown = cell.shown();
    let [first, last] = &shown[..] else { panic!("{shown:?}") };
    let text = first.plain_text();
    assert!(text.contains("runs items a second time, in one worker"), "{text}");
    let text = last.plain_text();
    assert!(text.starts_with("6 items by 2 workers in "), "{text}");
    assert!(text.contains("measured: all items were run a second time"), "{text}");
    assert!(last.content["data"]["text/html"].is_string());
    assert_eq!(first.display_id(), last.display_id());
    cell.take_displays();
    assert_eq!(n.value("squares").await, "[0, 1, 4, 9, 16, 25]");
}

async fn also_of_a_map_that_fails(n: &mut Notebook) {
    let code = r#"
        %%pool -n 1 --profile 0..3u8
        |n| if n == 1 { panic!("one") } else { n }
    "#;
    let mut cell = n.run(code).await;
    assert!(cell.take_failure().is_some());
    let shown = cell.take_displays();
    let text = shown[0]["text/plain"].as_str().unwrap_or_default();
    assert!(
        text.contains("not measured: the map was stopped before its end"),
        "{text}"
    );
}

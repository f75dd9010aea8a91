//! What cells show beside text: at once, in order, with updates; and results too large to be shown.

use parcell_tests::{Execution, Notebook, with_notebook, without_colours};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// What a cell said, in order: the text of streams, and the type and data of all else.
fn said(cell: &mut Execution) -> Vec<Value> {
    cell.take_displays();
    cell.take_stdout();
    let messages = cell
        .inner()
        .iter()
        .filter(|message| message.msg_type() != "execute_input");
    messages
        .map(|message| match message.msg_type() {
            "stream" => message.content["text"].clone(),
            "clear_output" => json!(["clear_output", message.content["wait"]]),
            other => json!([other, message.content["data"]]),
        })
        .collect()
}

/// The text of a cell's result, without its notice, and the notice.
async fn shortened(notebook: &mut Notebook, code: &str) -> (String, String) {
    let text = notebook.value(code).await;
    assert!(text.len() < 4_000, "{code}: {} bytes", text.len());
    let (text, notice) = text.rsplit_once('\n').unwrap_or_else(|| panic!("no notice: {text}"));
    (text.to_owned(), notice.to_owned())
}

#[test]
fn displays_come_at_once_and_can_be_changed() {
    with_notebook(async |notebook| {
        notebook.step(amid_printed_text_several_per_cell).await;
        notebook.step(one_is_shown_while_the_cell_runs).await;
        notebook.step(of_any_type_with_metadata).await;
        notebook.step(and_not_at_all_where_a_request_is_silent).await;
        notebook.step(as_results).await;
        notebook.step(from_workers).await;
        notebook
            .step(and_changed_by_their_handle_also_from_another_cell_and_from_a_worker)
            .await;
        notebook.step(and_changed_by_a_name).await;
        notebook.step(and_removed_by_clearing_the_output).await;
    });
}

async fn amid_printed_text_several_per_cell(n: &mut Notebook) {
    let code = r#"
        print!("one, ");
        display(html("<b>two</b>"));
        print!("three");
        display(&vec![4]);
        display(markdown("*five*"));
        println!(", six");
        7
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!(cell.take_text().as_deref(), Some("7"));
    let expected = [
        json!("one, "),
        json!(["display_data", {"text/html": "<b>two</b>", "text/plain": "two"}]),
        json!("three"),
        json!(["display_data", {"text/plain": "[4]"}]),
        json!(["display_data", {"text/markdown": "*five*", "text/plain": "*five*"}]),
        json!(", six\n"),
        json!(["execute_result", {"text/plain": "7"}]),
    ];
    assert_eq!(said(&mut cell), expected);
}

async fn one_is_shown_while_the_cell_runs(n: &mut Notebook) {
    let code = r#"
        display(latex("$x$"));
        while !std::path::Path::new("seen").exists() {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
    "#;
    let id = n.client.submit_cell(code).await;
    let mut broadcasts = Vec::new();
    while broadcasts.len() < 3 {
        broadcasts.push(n.client.broadcast(&id).await);
    }
    assert_eq!(broadcasts[2].content["data"]["text/latex"], "$x$");
    n.kernel.make_file("seen");
    let mut cell = n.client.execution_after(&id, broadcasts).await;
    assert_eq!(cell.take_displays().len(), 1);
    assert_eq!(cell.status(), "ok");
}

async fn of_any_type_with_metadata(n: &mut Notebook) {
    let code = r#"
        display(png([104, 105]).width(20));
        display(jpeg(vec![104, 105]));
        display(svg("<svg/>"));
        display(json([Some(1), None]));
        display(
            MimeBundle::new().with("application/vnd.x+json", (1, 2)).with("a/b", "c").with_metadata("isolated", true)
        );
    "#;
    let mut cell = n.succeed(code).await;
    let displays = cell.take_displays();
    assert_eq!(
        displays[0],
        json!({"image/png": "aGk=", "text/plain": "<image/png, 2 B>"})
    );
    assert_eq!(displays[1]["image/jpeg"], "aGk=");
    assert_eq!(displays[2]["image/svg+xml"], "<svg/>");
    assert_eq!(displays[3]["application/json"], json!([1, null]));
    assert_eq!(displays[4], json!({"application/vnd.x+json": [1, 2], "a/b": "c"}));
    let metadata = |index: usize| &cell.inner()[index + 1].content["metadata"];
    assert_eq!(*metadata(0), json!({"image/png": {"width": 20}}));
    assert_eq!(*metadata(4), json!({"isolated": true}));
}

async fn and_not_at_all_where_a_request_is_silent(n: &mut Notebook) {
    let code = "display(1); 2";
    let id = n.client.submit(json!({"code": code, "silent": true})).await;
    let cell = n.client.execution(&id).await;
    assert_eq!((cell.status(), cell.broadcast_types()), ("ok", vec![]));
}

async fn as_results(n: &mut Notebook) {
    let code = r#"
        #[derive(Debug, Serialize)]
        struct Planet { name: &'static str, moons: u32 }
        table([Planet { name: "Earth", moons: 1 }, Planet { name: "Mars", moons: 2 }])
    "#;
    let mut cell = n.succeed(code).await;
    let result = cell.take_result().unwrap();
    assert_eq!(
        result["text/plain"],
        "name   moons\n-----  -----\nEarth      1\nMars       2"
    );
    assert!(
        result["text/html"].as_str().unwrap().contains(">moons</th>"),
        "{result}"
    );
    n.prepare("()").await;
}

async fn from_workers(n: &mut Notebook) {
    let code = r#"
        Pool::new(2).map(|n: u32| {
            print!("{n} before");
            display(html(format!("<b>{n}</b>")));
            println!("after");
        }, [1, 2]);
    "#;
    let mut cell = n.succeed(code).await;
    // What two workers say one after the other may come in one message.
    let said: Vec<String> = said(&mut cell)
        .iter()
        .flat_map(|said| match said.as_str() {
            Some(text) => without_colours(text).lines().map(str::to_owned).collect(),
            None => vec![said.to_string()],
        })
        .collect();
    for number in ["1", "2"] {
        let position = |part: &str| {
            let found = said.iter().position(|said| said.contains(part));
            found.unwrap_or_else(|| panic!("no {part} in {said:?}"))
        };
        let before = position(&format!("] {number} before"));
        let pid = said[before].split(']').next().unwrap();
        let shown = position(&format!("<b>{number}</b>"));
        assert!(before < shown && shown < position(&format!("{pid}] after")), "{said:?}");
        assert_eq!(said[shown - 1], format!("{pid}]"), "{said:?}");
    }
}

async fn and_changed_by_their_handle_also_from_another_cell_and_from_a_worker(n: &mut Notebook) {
    let code = r#"
        let handle = display(html("<b>1</b>"));
        handle.update(html("<b>2</b>"));
    "#;
    let mut cell = n.succeed(code).await;
    let id = cell.inner()[1].content["transient"]["display_id"].clone();
    assert!(id.is_string(), "{:?}", cell.inner());
    assert_eq!(cell.take_displays().len(), 1);
    assert_eq!(cell.inner()[2].msg_type(), "update_display_data");
    assert_eq!(cell.inner()[2].content["data"]["text/html"], "<b>2</b>");
    let mut cells = vec![cell];
    for code in [
        "handle.update(3);",
        "Pool::new(1).map(|_: u8| handle.update(4), [0]);",
        "handle.update(png([]).height(5)); handle.clone()",
    ] {
        let cell = n.succeed(code).await;
        assert_eq!(
            cell.broadcast_types(),
            ["execute_input", "update_display_data"],
            "{code}"
        );
        cells.push(cell);
    }
    let last = |cell: &Execution| cell.inner().last().unwrap().content.clone();
    assert!(cells.iter().all(|cell| last(cell)["transient"]["display_id"] == id));
    assert_eq!(last(&cells[1])["data"], json!({"text/plain": "3"}));
    assert_eq!(last(&cells[3])["metadata"], json!({"image/png": {"height": 5}}));
}

async fn and_changed_by_a_name(n: &mut Notebook) {
    let mut cell = n.succeed(r#"display_with_id("mine", 1);"#).await;
    assert_eq!(cell.take_displays().len(), 1);
    assert_eq!(cell.inner()[1].content["transient"], json!({"display_id": "mine"}));
    let cell = n.succeed(r#"update_display("mine", "new");"#).await;
    assert_eq!(cell.broadcast_types(), ["execute_input", "update_display_data"]);
    assert_eq!(cell.inner()[1].content["transient"], json!({"display_id": "mine"}));
}

async fn and_removed_by_clearing_the_output(n: &mut Notebook) {
    let code = r#"
        println!("a");
        clear_output(true);
        println!("b");
        clear_output(false);
    "#;
    let mut cell = n.succeed(code).await;
    let expected = [
        json!("a\n"),
        json!(["clear_output", true]),
        json!("b\n"),
        json!(["clear_output", false]),
    ];
    assert_eq!(said(&mut cell), expected);
}

#[test]
fn what_crates_display_is_displayed() {
    with_notebook(async |notebook| {
        notebook.step(types_of_one_thing_together_two_of_one_type_apart).await;
        notebook
            .step(by_a_method_or_a_trait_also_where_there_is_a_debug_form)
            .await;
        notebook.step(plots_of_plotters).await;
    });
}

async fn types_of_one_thing_together_two_of_one_type_apart(n: &mut Notebook) {
    let code = r#"
        fn block(mime: &str, content: &str) {
            println!("EVCXR_BEGIN_CONTENT {mime}\n{content}\nEVCXR_END_CONTENT");
        }
    "#;
    n.prepare(code).await;
    let code = r#"
        block("text/html", "<1>");
        block("text/plain", "1");
        block("text/html", "<2>");
        display(3);
        block("text/html", "<4>");
    "#;
    let mut cell = n.succeed(code).await;
    let expected = [
        json!({"text/html": "<1>", "text/plain": "1"}),
        json!({"text/html": "<2>"}),
        json!({"text/plain": "3"}),
        json!({"text/html": "<4>"}),
    ];
    assert_eq!(cell.take_displays(), expected);
}

async fn by_a_method_or_a_trait_also_where_there_is_a_debug_form(n: &mut Notebook) {
    let code = r#"
        #[derive(Debug)]
        pub struct Plot;
        impl Plot {
            fn evcxr_display(&self) { block("text/html", "plot") }
        }
        #[derive(Debug)]
        pub struct Image;
        pub trait ImageDisplay { fn evcxr_display(&self); }
        impl ImageDisplay for Image {
            fn evcxr_display(&self) { block("text/html", "image") }
        }
    "#;
    n.prepare(code).await;
    for (value, shown) in [
        ("Plot", "plot"),
        ("&Plot", "plot"),
        ("[Plot].last().unwrap()", "plot"),
        ("Box::new(Image).as_ref()", "image"),
        ("Image", "image"),
    ] {
        let mut cell = n.succeed(value).await;
        assert_eq!(cell.take_displays(), [json!({"text/html": shown})], "{value}");
    }
    assert_eq!(n.value("[Plot]").await, "[Plot]");
}

async fn plots_of_plotters(n: &mut Notebook) {
    let code = r#"
        :dep plotters = { version = "0.3", default-features = false, features = ["evcxr", "line_series"] }
        use plotters::prelude::*;
    "#;
    n.prepare(code).await;
    let code = r"
        evcxr_figure((300, 200), |root| {
            root.fill(&WHITE)?;
            let mut chart = ChartBuilder::on(&root).build_cartesian_2d(0.0..1.0, 0.0..1.0)?;
            chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], &BLUE))?;
            Ok(())
        })
    ";
    let mut cell = n.succeed(code).await;
    let displays = cell.take_displays();
    let [figure] = displays.as_slice() else {
        panic!("not one display: {displays:?}")
    };
    let svg = figure["text/html"].as_str().unwrap();
    assert!(svg.contains("<svg") && svg.contains("polyline"), "{svg}");
    // The names of both preludes are in scope.
    let code = r#"
        display(html("x"));
        table([1])
    "#;
    let mut cell = n.succeed(code).await;
    assert_eq!((cell.take_displays().len(), cell.take_result().is_some()), (1, true));
}

#[test]
fn huge_results_are_shortened_with_their_size() {
    with_notebook(async |notebook| {
        let code = r"
            let numbers: Vec<u64> = (0..1_000_000).collect();
            let squares: std::collections::HashMap<u64, u64> = (0..100_000).map(|n| (n, n * n)).collect();
        ";
        notebook.prepare(code).await;
        notebook.step(a_sequence_and_its_variable_stays).await;
        notebook.step(a_string_of_50_mb_quickly).await;
        notebook.step(a_map_and_what_does_not_know_its_size).await;
        notebook.step(a_table).await;
    });
}

async fn a_sequence_and_its_variable_stays(n: &mut Notebook) {
    for code in ["numbers", "&numbers", "numbers.as_slice()"] {
        let (text, notice) = shortened(n, code).await;
        assert!(
            text.starts_with("[0, 1, 2, ") && text.ends_with(", 999998, 999999]"),
            "{text}"
        );
        assert_eq!(notice, "(shortened: 1,000,000 elements)");
    }
}

async fn a_string_of_50_mb_quickly(n: &mut Notebook) {
    let start = Instant::now();
    n.value("numbers.len()").await;
    let small = start.elapsed();
    let start = Instant::now();
    let (text, notice) = shortened(n, r#""ab".repeat(25_000_000)"#).await;
    assert!(text.starts_with(r#""abab"#) && text.ends_with(r#"abab""#), "{text}");
    assert_eq!(notice, "(shortened: 50,000,000 bytes)");
    // It takes as long as any cell, and the time to make the string.
    assert!(
        start.elapsed() < 5 * small + Duration::from_secs(2),
        "{:?}",
        start.elapsed()
    );
}

async fn a_map_and_what_does_not_know_its_size(n: &mut Notebook) {
    let (text, notice) = shortened(n, "squares").await;
    assert!(text.starts_with('{') && text.ends_with(", ...}"), "{text}");
    assert_eq!(notice, "(shortened: 100,000 entries)");
    let (text, notice) = shortened(n, r#"Some("x".repeat(100_000))"#).await;
    assert!(text.starts_with(r#"Some("xxx"#) && text.ends_with("x..."), "{text}");
    assert_eq!(notice, "(shortened: 100,008 bytes of text)");
    let (_, notice) = shortened(n, "(numbers.clone(), numbers.clone(), numbers.clone())").await;
    assert_eq!(notice, "(shortened: more than 16,777,216 bytes of text)");
}

async fn a_table(n: &mut Notebook) {
    let mut cell = n.succeed("table(&numbers)").await;
    let result = cell.take_result().unwrap();
    let text = result["text/plain"].as_str().unwrap();
    assert!(text.ends_with("999999\n(1,000,000 rows)"), "{text}");
    assert!(result["text/html"].as_str().unwrap().len() < 20_000);
}

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
        notebook
            .check("amid printed text, several per cell", async |n| {
                let mut cell = n
                    .succeed(
                        "print!(\"one, \");\ndisplay(html(\"<b>two</b>\"));\nprint!(\"three\");\n\
                         display(&vec![4]);\ndisplay(markdown(\"*five*\"));\nprintln!(\", six\");\n7",
                    )
                    .await;
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
            })
            .await;
        notebook
            .check("while the cell runs", async |n| {
                let id = n
                    .client
                    .submit(json!({"code": "display(latex(\"$x$\"));\n\
                        while !std::path::Path::new(\"seen\").exists() {\n    \
                        std::thread::sleep(std::time::Duration::from_millis(5));\n}"}))
                    .await;
                let mut broadcasts = Vec::new();
                while broadcasts.len() < 3 {
                    broadcasts.push(n.client.broadcast(&id).await);
                }
                assert_eq!(broadcasts[2].content["data"]["text/latex"], "$x$");
                std::fs::write(n.kernel.working_directory().join("seen"), "").unwrap();
                let mut cell = n.client.execution_after(&id, broadcasts).await;
                assert_eq!(cell.take_displays().len(), 1);
                assert_eq!(cell.status(), "ok");
            })
            .await;
        notebook
            .check("of any type, with metadata", async |n| {
                let mut cell = n
                    .succeed(
                        "display(png([104, 105]).width(20));\n\
                         display(jpeg(vec![104, 105]));\n\
                         display(svg(\"<svg/>\"));\n\
                         display(json([Some(1), None]));\n\
                         display(MimeBundle::new().with(\"application/vnd.x+json\", (1, 2)).with(\"a/b\", \"c\")\
                             .with_metadata(\"isolated\", true));",
                    )
                    .await;
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
            })
            .await;
        notebook
            .check("and not at all where a request is silent", async |n| {
                let id = n.client.submit(json!({"code": "display(1);\n2", "silent": true})).await;
                let cell = n.client.execution(&id).await;
                assert_eq!((cell.status(), cell.broadcast_types()), ("ok", vec![]));
            })
            .await;
        notebook
            .check("as results", async |n| {
                let mut cell = n
                    .succeed(
                        "#[derive(Debug, Serialize)]\nstruct Planet { name: &'static str, moons: u32 }\n\
                         table([Planet { name: \"Earth\", moons: 1 }, Planet { name: \"Mars\", moons: 2 }])",
                    )
                    .await;
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
            })
            .await;
        notebook
            .check("from workers", async |n| {
                let code = "Pool::new(2).for_each(|n: u32| {\n    print!(\"{n} before\");\n    \
                            display(html(format!(\"<b>{n}</b>\")));\n    println!(\"after\");\n}, [1, 2]);";
                let mut cell = n.succeed(&code.replace("for_each", "map")).await;
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
            })
            .await;
        notebook
            .check(
                "and changed by their handle, also from another cell and from a worker",
                async |n| {
                    let mut cell = n
                        .succeed("let handle = display(html(\"<b>1</b>\"));\nhandle.update(html(\"<b>2</b>\"));")
                        .await;
                    let id = cell.inner()[1].content["transient"]["display_id"].clone();
                    assert!(id.is_string(), "{:?}", cell.inner());
                    assert_eq!(cell.take_displays().len(), 1);
                    assert_eq!(cell.inner()[2].msg_type(), "update_display_data");
                    assert_eq!(cell.inner()[2].content["data"]["text/html"], "<b>2</b>");
                    let mut cells = vec![cell];
                    for code in [
                        "handle.update(3);",
                        "Pool::new(1).map(|_: u8| handle.update(4), [0]);",
                        "handle.update(png([]).height(5));\nhandle.clone()",
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
                },
            )
            .await;
        notebook
            .check("and changed by a name", async |n| {
                let mut cell = n.succeed("display_with_id(\"mine\", 1);").await;
                assert_eq!(cell.take_displays().len(), 1);
                assert_eq!(cell.inner()[1].content["transient"], json!({"display_id": "mine"}));
                let cell = n.succeed("update_display(\"mine\", \"new\");").await;
                assert_eq!(cell.broadcast_types(), ["execute_input", "update_display_data"]);
                assert_eq!(cell.inner()[1].content["transient"], json!({"display_id": "mine"}));
            })
            .await;
        notebook
            .check("and removed by clearing the output", async |n| {
                let mut cell = n
                    .succeed("println!(\"a\");\nclear_output(true);\nprintln!(\"b\");\nclear_output(false);")
                    .await;
                let expected = [
                    json!("a\n"),
                    json!(["clear_output", true]),
                    json!("b\n"),
                    json!(["clear_output", false]),
                ];
                assert_eq!(said(&mut cell), expected);
            })
            .await;
    });
}

#[test]
fn what_crates_display_is_displayed() {
    with_notebook(async |notebook| {
        notebook
            .check("types of one thing together, two of one type apart", async |n| {
                n.prepare(
                    "fn block(mime: &str, content: &str) {\n    \
                     println!(\"EVCXR_BEGIN_CONTENT {mime}\\n{content}\\nEVCXR_END_CONTENT\");\n}",
                )
                .await;
                let mut cell = n
                    .succeed(
                        "block(\"text/html\", \"<1>\");\nblock(\"text/plain\", \"1\");\nblock(\"text/html\", \"<2>\");\n\
                         display(3);\nblock(\"text/html\", \"<4>\");",
                    )
                    .await;
                let expected = [
                    json!({"text/html": "<1>", "text/plain": "1"}),
                    json!({"text/html": "<2>"}),
                    json!({"text/plain": "3"}),
                    json!({"text/html": "<4>"}),
                ];
                assert_eq!(cell.take_displays(), expected);
            })
            .await;
        notebook
            .check("by a method or a trait, also where there is a Debug form", async |n| {
                n.prepare(
                    "#[derive(Debug)]\npub struct Plot;\nimpl Plot {\n    \
                     fn evcxr_display(&self) { block(\"text/html\", \"plot\") }\n}\n\
                     #[derive(Debug)]\npub struct Image;\npub trait ImageDisplay { fn evcxr_display(&self); }\n\
                     impl ImageDisplay for Image {\n    fn evcxr_display(&self) { block(\"text/html\", \"image\") }\n}",
                )
                .await;
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
            })
            .await;
        notebook
            .check("plots of plotters", async |n| {
                let mut prepared = n
                    .succeed(
                        ":dep plotters = { version = \"0.3\", default-features = false, features = [\"evcxr\", \
                         \"line_series\"] }\nuse plotters::prelude::*;",
                    )
                    .await;
                assert!(prepared.take_stderr().contains("plotters"));
                let mut cell = n
                    .succeed(
                        "evcxr_figure((300, 200), |root| {\n    root.fill(&WHITE)?;\n    \
                         let mut chart = ChartBuilder::on(&root).build_cartesian_2d(0.0..1.0, 0.0..1.0)?;\n    \
                         chart.draw_series(LineSeries::new([(0.0, 0.0), (1.0, 1.0)], &BLUE))?;\n    Ok(())\n})",
                    )
                    .await;
                let displays = cell.take_displays();
                let [figure] = displays.as_slice() else {
                    panic!("not one display: {displays:?}")
                };
                let svg = figure["text/html"].as_str().unwrap();
                assert!(svg.contains("<svg") && svg.contains("polyline"), "{svg}");
                // The names of both preludes are in scope.
                let mut cell = n.succeed("display(html(\"x\"));\ntable([1])").await;
                assert_eq!((cell.take_displays().len(), cell.take_result().is_some()), (1, true));
            })
            .await;
    });
}

#[test]
fn huge_results_are_shortened_with_their_size() {
    with_notebook(async |notebook| {
        notebook
            .prepare(
                "let numbers: Vec<u64> = (0..1_000_000).collect();\n\
                 let squares: std::collections::HashMap<u64, u64> = (0..100_000).map(|n| (n, n * n)).collect();",
            )
            .await;
        let small = Instant::now();
        notebook.value("numbers.len()").await;
        let small = small.elapsed();
        notebook
            .check("a sequence, and its variable stays", async |n| {
                for code in ["numbers", "&numbers", "numbers.as_slice()"] {
                    let (text, notice) = shortened(n, code).await;
                    assert!(
                        text.starts_with("[0, 1, 2, ") && text.ends_with(", 999998, 999999]"),
                        "{text}"
                    );
                    assert_eq!(notice, "(shortened: 1,000,000 elements)");
                }
            })
            .await;
        notebook
            .check("a string of 50 MB, quickly", async |n| {
                let start = Instant::now();
                let (text, notice) = shortened(n, "\"ab\".repeat(25_000_000)").await;
                assert!(text.starts_with("\"abab") && text.ends_with("abab\""), "{text}");
                assert_eq!(notice, "(shortened: 50,000,000 bytes)");
                // It takes as long as any cell, and the time to make the string.
                assert!(
                    start.elapsed() < 5 * small + Duration::from_secs(2),
                    "{:?}",
                    start.elapsed()
                );
            })
            .await;
        notebook
            .check("a map, and what does not know its size", async |n| {
                let (text, notice) = shortened(n, "squares").await;
                assert!(text.starts_with('{') && text.ends_with(", ...}"), "{text}");
                assert_eq!(notice, "(shortened: 100,000 entries)");
                let (text, notice) = shortened(n, "Some(\"x\".repeat(100_000))").await;
                assert!(text.starts_with("Some(\"xxx") && text.ends_with("x..."), "{text}");
                assert_eq!(notice, "(shortened: 100,008 bytes of text)");
                let (_, notice) = shortened(n, "(numbers.clone(), numbers.clone(), numbers.clone())").await;
                assert_eq!(notice, "(shortened: more than 16,777,216 bytes of text)");
            })
            .await;
        notebook
            .check("a table", async |n| {
                let mut cell = n.succeed("table(&numbers)").await;
                let result = cell.take_result().unwrap();
                let text = result["text/plain"].as_str().unwrap();
                assert!(text.ends_with("999999\n(1,000,000 rows)"), "{text}");
                assert!(result["text/html"].as_str().unwrap().len() < 20_000);
            })
            .await;
    });
}

//! Comms and widgets: from cells, threads and workers, from front ends, while a cell runs; what is called for them, and what is
//! left of it when that fails.

use parcell_tests::{Channel, Execution, Message, Notebook, with_notebook};
use serde_json::{Value, json};

const USE: &str = "use parcell::widgets::*;";
/// What waits for what a test does, in the middle of a cell.
const FOREVER: &str = "loop { std::thread::sleep(std::time::Duration::from_millis(5)); }";

/// What a cell says on comms, in order, with its type.
fn on_comms(cell: &Execution) -> Vec<(String, Value)> {
    let is_comm = |message: &&Message| message.msg_type().starts_with("comm_");
    let comms = cell.inner().iter().filter(is_comm);
    comms
        .map(|message| (message.msg_type().to_owned(), message.content.clone()))
        .collect()
}

/// The model that a cell opens of this name, and its state.
fn opened(cell: &Execution, model: &str) -> (String, Value) {
    let comms = on_comms(cell);
    let is_it = |(_, content): &&(String, Value)| content["data"]["state"]["_model_name"] == model;
    let (_, content) = comms
        .iter()
        .find(is_it)
        .unwrap_or_else(|| panic!("no {model}: {comms:?}"));
    let id = content["comm_id"].as_str().unwrap().to_owned();
    (id, content["data"]["state"].clone())
}

/// The ID of the only model of this name that a cell opens, whose result it shows.
async fn shown(notebook: &mut Notebook, code: &str, model: &str) -> String {
    let mut cell = notebook.succeed(code).await;
    cell.take_result();
    cell.take_displays();
    opened(&cell, model).0
}

fn update(comm_id: &str, state: Value) -> Value {
    json!({"comm_id": comm_id, "data": {"method": "update", "state": state, "buffer_paths": []}})
}

fn click(comm_id: &str) -> Value {
    let data = json!({"method": "custom", "content": {"event": "click"}});
    json!({"comm_id": comm_id, "data": data})
}

/// Says something on a comm, which is heard at once; gives its ID, and what follows at once.
async fn say(notebook: &mut Notebook, content: Value) -> (String, Vec<Message>) {
    let id = notebook.client.send(Channel::Shell, "comm_msg", content).await;
    let mut heard = notebook.client.broadcasts_to_idle(&id).await;
    heard.pop();
    heard.remove(0);
    (id, heard)
}

/// What is said while a function is called for a message: without busy and idle.
async fn called(notebook: &mut Notebook, id: &str) -> Vec<Message> {
    let mut said = notebook.client.broadcasts_to_idle(id).await;
    said.pop();
    said.remove(0);
    said
}

/// All that was printed.
fn printed(said: &[Message]) -> String {
    let texts = said.iter().filter(|message| message.msg_type() == "stream");
    texts.filter_map(|message| message.content["text"].as_str()).collect()
}

#[test]
fn widgets_are_shown_and_answer() {
    with_notebook(async |notebook| {
        notebook.prepare(USE).await;
        notebook.step(one_is_opened_with_its_parts_when_it_is_shown).await;
        notebook.step(each_side_sees_what_the_other_has_changed).await;
        notebook.step(bytes_travel_beside_the_message).await;
        notebook.step(fast_changes_are_put_together).await;
        notebook.step(threads_and_workers_move_them).await;
        notebook.step(what_is_wrong_is_refused_by_name).await;
        notebook.step(output_goes_where_it_is_captured).await;
    });
}

async fn one_is_opened_with_its_parts_when_it_is_shown(notebook: &mut Notebook) {
    let mut cell = notebook.succeed("let quiet = IntSlider::new(); quiet.value()").await;
    assert_eq!((cell.take_text().as_deref(), on_comms(&cell)), (Some("0"), vec![]));
    let code = "let slider = IntSlider::new().with_max(20).with_value(7).with_layout(\"width\", \"50%\");\n&slider";
    let mut cell = notebook.succeed(code).await;
    let (layout, style) = (opened(&cell, "LayoutModel"), opened(&cell, "SliderStyleModel"));
    let (id, state) = opened(&cell, "IntSliderModel");
    assert_eq!(
        (&state["value"], &state["max"], &state["min"]),
        (&json!(7), &json!(20), &json!(0))
    );
    assert_eq!(state["layout"], format!("IPY_MODEL_{}", layout.0));
    assert_eq!(state["style"], format!("IPY_MODEL_{}", style.0));
    assert_eq!(layout.1["width"], "50%");
    let comm = cell
        .inner()
        .iter()
        .find(|message| message.msg_type() == "comm_open")
        .unwrap();
    assert_eq!(comm.metadata["version"], "2.1.0");
    assert_eq!(comm.content["target_name"], "jupyter.widget");
    let result = cell.take_result().unwrap();
    let view = json!({"version_major": 2, "version_minor": 0, "model_id": id});
    assert_eq!(result["application/vnd.jupyter.widget-view+json"], view);
    let text = result["text/plain"].as_str().unwrap();
    assert!(text.starts_with("IntSlider(value: 7): a widget, ") && text.contains("pip install ipywidgets"));
    let listed = notebook
        .client
        .ask("comm_info_request", json!({"target_name": "jupyter.widget"}))
        .await;
    assert_eq!(listed["comms"][&id], json!({"target_name": "jupyter.widget"}));
    let others = notebook
        .client
        .ask("comm_info_request", json!({"target_name": "x"}))
        .await;
    assert_eq!(others["comms"], json!({}));
}

async fn each_side_sees_what_the_other_has_changed(notebook: &mut Notebook) {
    let code = "let both = IntSlider::new();\n&both";
    let id = shown(notebook, code, "IntSliderModel").await;
    let cell = notebook.succeed("both.set_value(3);").await;
    let [(msg_type, content)] = &on_comms(&cell)[..] else {
        panic!("{cell:?}")
    };
    assert_eq!(
        (msg_type.as_str(), content),
        ("comm_msg", &update(&id, json!({"value": 3})))
    );
    let (_, heard) = say(notebook, update(&id, json!({"value": 5}))).await;
    let [echo] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(echo.content["data"]["method"], "echo_update");
    assert_eq!(notebook.value("both.value()").await, "5");
    let (_, heard) = say(notebook, json!({"comm_id": id, "data": {"method": "request_state"}})).await;
    assert_eq!(heard[0].content["data"]["state"]["value"], 5);
    let cell = notebook.succeed("both.close();").await;
    let closed: Vec<String> = on_comms(&cell).into_iter().map(|(msg_type, _)| msg_type).collect();
    assert_eq!(closed, ["comm_close", "comm_close", "comm_close"], "it and its parts");
    let (_, heard) = say(notebook, update(&id, json!({"value": 9}))).await;
    assert_eq!(heard[0].msg_type(), "comm_close");
}

async fn bytes_travel_beside_the_message(notebook: &mut Notebook) {
    let mut cell = notebook.succeed("Image::new().with_value(b\"\\0\\xffpicture\")").await;
    cell.take_result();
    let is_image = |message: &&Message| message.content["data"]["state"]["_model_name"] == "ImageModel";
    let image = cell.inner().iter().find(is_image).unwrap();
    assert_eq!(image.content["data"]["buffer_paths"], json!([["value"]]));
    assert_eq!(image.buffers, [&b"\0\xffpicture"[..]]);
    assert!(image.content["data"]["state"].get("value").is_none());
}

async fn fast_changes_are_put_together(notebook: &mut Notebook) {
    let code = "let bar = IntProgress::new().with_max(20_000);\nbar.model().open();\nfor n in 1..=20_000 { bar.set_value(n); }";
    let cell = notebook.succeed(code).await;
    let values = on_comms(&cell);
    let values: Vec<_> = values.iter().filter(|(msg_type, _)| msg_type == "comm_msg").collect();
    assert!(values.len() < 2000, "{} messages", values.len());
    assert_eq!(values.last().unwrap().1["data"]["state"], json!({"value": 20_000}));
}

async fn threads_and_workers_move_them(notebook: &mut Notebook) {
    let code = r#"
        let moved = IntText::new();
        moved.model().open();
        let copy = moved.clone();
        std::thread::spawn(move || copy.set_value(copy.value() + 1)).join().unwrap();
        Pool::new(1).map(|n: i64| moved.set_value(moved.value() + n), [10]);
        moved.value()
    "#;
    assert_eq!(notebook.value(code).await, "11");
}

async fn what_is_wrong_is_refused_by_name(notebook: &mut Notebook) {
    for (code, said) in [
        (
            "Button::new().with_button_style(\"sucess\")",
            "the trait `button_style` of the widget Button is one of",
        ),
        (
            "IntSlider::new().model().set(\"vaule\", 1)",
            "has no trait `vaule`; it has behavior",
        ),
        (
            "Dropdown::new([\"a\"]).with_value(\"b\")",
            "there is no option \"b\" among a",
        ),
        (
            "IntSlider::new().with_range(5..=1)",
            "a range from 5 to 1 has nothing in it",
        ),
        (
            "AnyWidget::new(\"\", 3)",
            "the state of a widget has to be a struct or a map, not 3",
        ),
    ] {
        let failure = notebook.failure(code).await;
        assert!(failure.evalue.contains(said), "{code}: {}", failure.evalue);
        // Not where the library panics.
        assert!(failure.text().contains(code), "{}", failure.text());
    }
    let failure = notebook.failure("interact(|n: Vec<u8>| n)").await;
    failure.assert_shows(&["cannot be interacted with", "which are numbers, `String` or `bool`"]);
}

async fn output_goes_where_it_is_captured(notebook: &mut Notebook) {
    let code = r#"
        let output = Output::new();
        println!("before");
        output.capture(|| {
            println!("within");
            eprintln!("also");
            display(html("<b>shown</b>"));
        });
        println!("after");
    "#;
    let mut cell = notebook.succeed(code).await;
    assert_eq!(cell.take_stdout(), "before\nafter\n");
    let comms = on_comms(&cell);
    let outputs = comms.last().unwrap().1["data"]["state"]["outputs"].as_array().unwrap();
    // The two streams are two pipes.
    let stream = |name, text| json!({"output_type": "stream", "name": name, "text": text});
    assert!(outputs.contains(&stream("stdout", "within\n")) && outputs.contains(&stream("stderr", "also\n")));
    let data = json!({"text/html": "<b>shown</b>", "text/plain": "shown"});
    let display = json!({"output_type": "display_data", "data": data, "metadata": {}});
    assert!(outputs.contains(&display) && outputs.len() == 3, "{outputs:?}");
}

#[test]
fn functions_are_called_between_cells() {
    with_notebook(async |notebook| {
        notebook.prepare(USE).await;
        notebook.step(one_is_called_for_what_a_person_does).await;
        notebook.step(it_is_called_for_the_latest_of_what_comes_fast).await;
        notebook.step(a_panic_ends_a_call_and_not_the_next).await;
        notebook.step(a_crash_undoes_a_call).await;
        notebook.step(an_interrupt_ends_a_call).await;
        notebook.step(a_cell_that_crashes_leaves_no_function).await;
    });
}

async fn one_is_called_for_what_a_person_does(notebook: &mut Notebook) {
    let code = r#"
        let one = IntSlider::new();
        let mut calls = 0;
        one.on_change(move |value| { calls += 1; println!("{value} in call {calls}"); });
        one.on_change(|value| println!("again {value}"));
        &one
    "#;
    let id = shown(notebook, code, "IntSliderModel").await;
    for (value, text) in [(4, "4 in call 1\nagain 4\n"), (5, "5 in call 2\nagain 5\n")] {
        let (message, _) = say(notebook, update(&id, json!({"value": value}))).await;
        assert_eq!(printed(&called(notebook, &message).await), text);
    }
    let (message, _) = say(notebook, click(&id)).await;
    assert_eq!(printed(&called(notebook, &message).await), "", "nobody wants it");
}

async fn it_is_called_for_the_latest_of_what_comes_fast(notebook: &mut Notebook) {
    let code = r#"
        let fast = IntSlider::new();
        fast.on_change(|value| println!("{value}"));
        &fast
    "#;
    let opened = shown(notebook, code, "IntSliderModel").await;
    let code = r#"
        println!("begun");
        while !std::fs::exists("go").unwrap() { std::thread::sleep(std::time::Duration::from_millis(5)); }
    "#;
    let running = notebook.start_cell(code, "begun").await;
    let mut last = String::new();
    for value in 1..=50 {
        (last, _) = say(notebook, update(&opened, json!({"value": value}))).await;
    }
    notebook.kernel.make_file("go");
    let mut cell = notebook.finish(running).await;
    cell.take_stdout();
    assert_eq!(printed(&called(notebook, &last).await), "50\n");
}

async fn a_panic_ends_a_call_and_not_the_next(notebook: &mut Notebook) {
    let code = r#"
        let odd = IntSlider::new();
        odd.on_change(|value| { assert!(value % 2 == 0, "{value} is odd"); println!("{value}"); });
        &odd
    "#;
    let id = shown(notebook, code, "IntSliderModel").await;
    let (message, _) = say(notebook, update(&id, json!({"value": 1}))).await;
    let said = called(notebook, &message).await;
    let [error] = &said[..] else { panic!("{said:?}") };
    assert_eq!((&error.content["ename"], error.msg_type()), (&json!("Panic"), "error"));
    assert!(
        error.content["evalue"].as_str().unwrap().contains("1 is odd"),
        "{error:?}"
    );
    let (message, _) = say(notebook, update(&id, json!({"value": 2}))).await;
    assert_eq!(printed(&called(notebook, &message).await), "2\n");
}

async fn a_crash_undoes_a_call(notebook: &mut Notebook) {
    let code = r#"
        let kept = vec![1, 2, 3];
        let button = Button::new();
        let mut calls = 0;
        button.on_click(move || { calls += 1; println!("call {calls}"); if calls == 2 { std::process::abort() } });
        &button
    "#;
    let id = shown(notebook, code, "ButtonModel").await;
    for (text, ename) in [
        ("call 1\n", None),
        ("call 2\n", Some("Crashed")),
        ("call 2\n", Some("Crashed")),
    ] {
        let (message, _) = say(notebook, click(&id)).await;
        let said = called(notebook, &message).await;
        assert_eq!(printed(&said), text);
        let failed = said.iter().find(|message| message.msg_type() == "error");
        assert_eq!(failed.map(|error| error.content["ename"].as_str().unwrap()), ename);
        if let Some(error) = failed {
            let account = error.content["traceback"].to_string();
            assert!(
                account.contains("The call") && account.contains("before this call"),
                "{account}"
            );
        }
    }
    assert_eq!(notebook.value("kept.len()").await, "3");
}

async fn an_interrupt_ends_a_call(notebook: &mut Notebook) {
    let code = format!("let long = Button::new();\nlong.on_click(|| {{ println!(\"begun\"); {FOREVER} }});\n&long");
    let id = shown(notebook, &code, "ButtonModel").await;
    let (message, _) = say(notebook, click(&id)).await;
    let mut said = Vec::new();
    while printed(&said) != "begun\n" {
        said.push(notebook.client.broadcast(&message).await);
    }
    // A cell waits for it.
    let waiting = notebook.client.submit_cell("1 + 1").await;
    notebook.interrupt().await;
    let error = notebook.client.broadcast(&message).await;
    assert_eq!(error.content["ename"], "Interrupted");
    assert!(
        error.content["evalue"]
            .as_str()
            .unwrap()
            .starts_with("the call was interrupted")
    );
    let idle = notebook.client.broadcast(&message).await;
    assert_eq!(idle.content["execution_state"], "idle");
    let mut cell = notebook.client.execution(&waiting).await;
    // An interrupt aborts what is queued, as it does behind a cell.
    if cell.status() == "ok" {
        assert_eq!(cell.take_text().as_deref(), Some("2"));
    } else {
        assert_eq!(cell.status(), "aborted");
    }
}

async fn a_cell_that_crashes_leaves_no_function(notebook: &mut Notebook) {
    notebook
        .succeed("let survivor = Button::new(); survivor.model().open();")
        .await;
    let code = r#"
        survivor.on_click(|| println!("called"));
        display(&survivor);
        std::process::abort();
    "#;
    let mut cell = notebook.run(code).await;
    assert_eq!(cell.take_failure().unwrap().ename, "Crashed");
    let id = cell.take_displays()[0]["application/vnd.jupyter.widget-view+json"]["model_id"].clone();
    say(notebook, click(id.as_str().unwrap())).await;
    // Nobody was called, and so the click waits for whoever asks.
    assert_eq!(notebook.value("survivor.was_clicked()").await, "true");
    assert_eq!(notebook.value("survivor.was_clicked()").await, "false");
}

#[test]
fn a_cell_that_runs_hears_and_a_page_that_is_loaded_again_is_told() {
    with_notebook(async |notebook| {
        notebook.prepare(USE).await;
        let id = shown(notebook, "let slider = IntSlider::new();\n&slider", "IntSliderModel").await;
        let code = r#"
            println!("begun");
            while slider.value() < 50 { std::thread::sleep(std::time::Duration::from_millis(5)); }
            println!("passed");
            println!("{}", slider.wait_for_change()?);
            let late = slider.wait_for_change_timeout(std::time::Duration::from_millis(50));
            println!("{}", late.unwrap_err());
        "#;
        let mut running = notebook.start_cell(code, "begun").await;
        // On a sub-shell, as JupyterLab does.
        let created = notebook
            .client
            .request(Channel::Control, "create_subshell_request", json!({}))
            .await;
        let subshell = created.reply.content["subshell_id"].as_str().unwrap().to_owned();
        let content = json!({"comm_id": "page", "target_name": "jupyter.widget.control", "data": {}});
        let id_of_open = notebook.client.send_to_subshell(&subshell, "comm_open", content).await;
        assert_eq!(notebook.client.broadcasts_to_idle(&id_of_open).await.len(), 2);
        let content = json!({"comm_id": "page", "data": {"method": "request_states"}});
        let (_, told) = say(notebook, content).await;
        let state = &told[0].content["data"]["states"][&id];
        assert_eq!(
            (&state["model_name"], &state["state"]["value"]),
            (&json!("IntSliderModel"), &json!(0))
        );
        say(notebook, update(&id, json!({"value": 60}))).await;
        notebook.await_output(&mut running, "passed").await;
        say(notebook, update(&id, json!({"value": 70}))).await;
        let mut cell = notebook.finish(running).await;
        assert_eq!(
            cell.take_stdout(),
            "begun\npassed\n70\nno message has come on the comm in time\n"
        );
        let deleted = json!({"subshell_id": subshell});
        notebook
            .client
            .request(Channel::Control, "delete_subshell_request", deleted)
            .await;
    });
}

#[test]
fn comms_are_opened_from_both_sides() {
    with_notebook(async |notebook| {
        let code = r#"
            let chat = parcell::comm::Comm::open("chat", "hello");
            println!("open");
            let message = chat.recv()?;
            println!("{} {:?}", message.data::<String>()?, message.buffers());
            chat.send_with_buffers([1, 2], [b"\x00\xff"]);
            let end = chat.recv();
            println!("{}", end.unwrap_err());
        "#;
        let id = notebook.client.submit_cell(code).await;
        let mut broadcasts = notebook.client.printed(&id, "open").await;
        let opened = broadcasts
            .iter()
            .find(|message| message.msg_type() == "comm_open")
            .unwrap();
        assert_eq!(opened.content["data"], json!({"value": "hello"}));
        assert_eq!(opened.content["target_name"], "chat");
        let comm_id = opened.content["comm_id"].clone();
        let content = json!({"comm_id": comm_id, "data": {"value": "you"}});
        let sent = notebook
            .client
            .send_with_buffers("comm_msg", content, &[b"\x01\xfe"])
            .await;
        notebook.client.broadcasts_to_idle(&sent).await;
        broadcasts.extend(notebook.client.printed(&id, "you").await);
        let content = json!({"comm_id": comm_id, "data": {}});
        let closed = notebook.client.send(Channel::Shell, "comm_close", content).await;
        notebook.client.broadcasts_to_idle(&closed).await;
        let mut cell = notebook.client.execution_after(&id, broadcasts).await;
        assert_eq!(cell.take_stdout(), "open\nyou [[1, 254]]\nthe comm is closed\n");
        let answer = cell
            .inner()
            .iter()
            .find(|message| message.msg_type() == "comm_msg")
            .unwrap();
        assert_eq!(
            (&answer.content["data"], &answer.buffers[0][..]),
            (&json!({"value": [1, 2]}), &b"\x00\xff"[..])
        );

        let code = r#"
            parcell::comm::register_target("echo", |comm, opened| {
                println!("opened with {}", opened.data::<u32>().unwrap());
                let answers = comm.clone();
                comm.on_message(move |message| answers.send(message.json()));
            });
        "#;
        notebook.prepare(code).await;
        let content = json!({"comm_id": "mine", "target_name": "echo", "data": {"value": 7}});
        let open = notebook.client.send(Channel::Shell, "comm_open", content).await;
        assert_eq!(notebook.client.broadcasts_to_idle(&open).await.len(), 2);
        assert_eq!(printed(&called(notebook, &open).await), "opened with 7\n");
        let (message, _) = say(notebook, json!({"comm_id": "mine", "data": {"a": [1]}})).await;
        let said = called(notebook, &message).await;
        let [echo] = &said[..] else { panic!("{said:?}") };
        assert_eq!(echo.content, json!({"comm_id": "mine", "data": {"a": [1]}}));
        // Whatever the notebook process had is gone with it.
        let mut cell = notebook.succeed(":restart").await;
        cell.take_text();
        let closed = on_comms(&cell);
        assert_eq!(
            closed,
            [("comm_close".to_owned(), json!({"comm_id": "mine", "data": {}}))]
        );
    });
}

/// Many items of 50 ms.
const MAP: &str = r#"
    %%pool -n 2 -k --widget 0..1000u32 -> numbers
    fn wait(n: u32) -> u32 { std::thread::sleep(std::time::Duration::from_millis(50)); n }
"#;

/// Reads what a cell says on comms until it opens a button with this label; gives the button.
async fn button(notebook: &mut Notebook, cell: &str, label: &str, said: &mut Vec<Message>) -> String {
    loop {
        let message = notebook.client.broadcast(cell).await;
        let (state, id) = (&message.content["data"]["state"], &message.content["comm_id"]);
        let is_it = state["description"]
            .as_str()
            .is_some_and(|text| text.starts_with(label));
        let id = id.as_str().unwrap_or_default().to_owned();
        said.push(message);
        if is_it {
            return id;
        }
    }
}

#[test]
fn a_map_has_buttons_where_there_are_widgets() {
    with_notebook(async |notebook| {
        // As the front ends ask that have widgets.
        let asked = json!({"target_name": "jupyter.widget"});
        notebook.client.ask("comm_info_request", asked).await;
        let id = notebook.client.submit_cell(MAP).await;
        let mut said = Vec::new();
        let stop = button(notebook, &id, "Stop", &mut said).await;
        let end = button(notebook, &id, "End ", &mut said).await;
        say(notebook, click(&end)).await;
        // Another has taken its place.
        for _ in 0..2 {
            button(notebook, &id, "End ", &mut said).await;
        }
        say(notebook, click(&stop)).await;
        let mut cell = notebook.client.execution_after(&id, said).await;
        assert_eq!(cell.status(), "ok", "it keeps going");
        cell.take_stdout();
        cell.take_stderr();
        cell.take_displays();
        cell.take_result();
        let count = notebook
            .value("numbers.iter().filter(|result| result.is_ok()).count()")
            .await;
        assert!((1..900).contains(&count.parse().unwrap()), "{count}");
        let code =
            "numbers.iter().filter_map(|result| result.as_ref().err()).map(ToString::to_string).collect::<Vec<_>>()";
        let errors = notebook
            .value(&format!("let errors = {code}; errors.join(\"\\n\")"))
            .await;
        assert!(errors.contains("SIGTERM"), "{errors}");
        assert!(errors.contains("the map was stopped by its button"), "{errors}");
        let mut cell = notebook.run(&MAP.replace("-k ", "").replace("1000u32", "4u32")).await;
        cell.take_displays();
        cell.take_stdout();
        assert_eq!(cell.status(), "ok");
        let summary = on_comms(&cell).into_iter().rev().find_map(|(_, content)| {
            let text = content["data"]["state"]["value"].as_str()?.to_owned();
            text.contains("4 items in ").then_some(text)
        });
        assert!(summary.is_some(), "{cell:?}");
    });
}

//! What follows from what is said on comms, and from what is asked.

use super::*;
use crate::session::event::Stream;
use serde_json::json;

const CELL: CellId = CellId(3);

fn payload(data: Value) -> Payload {
    Payload::of(data)
}

fn open(id: &str, target: &str, data: Value) -> CommMessage {
    CommMessage::CommOpen {
        comm_id: id.to_owned(),
        target_name: target.to_owned(),
        payload: payload(data),
    }
}

fn message(id: &str, data: Value) -> CommMessage {
    CommMessage::CommMsg {
        comm_id: id.to_owned(),
        payload: payload(data),
    }
}

fn update(id: &str, state: Value) -> CommMessage {
    message(id, json!({"method": "update", "state": state, "buffer_paths": []}))
}

fn closed(id: &str) -> CommMessage {
    close(id.to_owned())
}

fn said(comm: CommMessage) -> Notice {
    Notice::Said { comm }
}

fn handled(id: &str) -> Notice {
    let comm_id = id.to_owned();
    Notice::Handled { comm_id, handled: true }
}

/// A registry with a slider, who waits for answers being known by name.
fn with_slider() -> Registry<&'static str> {
    let mut registry = Registry::default();
    let slider = open(
        "s",
        WIDGET_TARGET,
        json!({"state": {"value": 1, "_model_name": "IntSliderModel"}}),
    );
    assert_eq!(registry.notice(said(slider.clone())), [Effect::Say(slider)]);
    registry
}

fn ask(registry: &mut Registry<&'static str>, asker: &'static str, question: Question) -> Vec<Effect<&'static str>> {
    registry.ask(asker, question, Instant::now())
}

fn next(wait: bool) -> Question {
    let comm_id = "s".to_owned();
    Question::Next { comm_id, wait }
}

/// The answer in what is to be done, as JSON.
fn answered(effects: &[Effect<&str>]) -> Value {
    let [Effect::Answer { answer, .. }] = effects else {
        panic!("not one answer: {effects:?}")
    };
    serde_json::from_str(answer).unwrap()
}

fn state(registry: &mut Registry<&'static str>) -> Value {
    let comm_id = "s".to_owned();
    answered(&ask(registry, "me", Question::State { comm_id }))
}

#[test]
fn a_widget_is_as_either_side_has_changed_it_last() {
    let mut registry = with_slider();
    registry.notice(said(update("s", json!({"value": 2}))));
    assert_eq!(state(&mut registry)["value"], 2);
    let effects = registry.hear(CELL, update("s", json!({"value": 5})));
    let echo = message(
        "s",
        json!({"method": "echo_update", "state": {"value": 5}, "buffer_paths": []}),
    );
    assert_eq!(effects, [Effect::Say(echo)]);
    assert_eq!(state(&mut registry)["value"], 5);
    assert_eq!(registry.next_delivery(), None, "nobody is to be called");
}

#[test]
fn a_page_that_is_loaded_again_is_told_all_states() {
    let mut registry = with_slider();
    let has_widgets = |registry: &mut Registry<&'static str>| answered(&ask(registry, "me", Question::HasWidgets));
    assert_eq!(has_widgets(&mut registry), false);
    assert_eq!(registry.hear(CELL, open("c", CONTROL_TARGET, json!({}))), []);
    assert_eq!(has_widgets(&mut registry), true);
    let effects = registry.hear(CELL, message("c", json!({"method": "request_states"})));
    let [Effect::Say(CommMessage::CommMsg { comm_id, payload })] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(
        (comm_id.as_str(), &payload.data["method"]),
        ("c", &json!("update_states"))
    );
    assert_eq!(payload.data["states"]["s"]["model_name"], "IntSliderModel");
    assert_eq!(payload.data["states"]["s"]["state"]["value"], 1);
    let effects = registry.hear(CELL, message("s", json!({"method": "request_state"})));
    let [Effect::Say(CommMessage::CommMsg { payload, .. })] = &effects[..] else {
        panic!("{effects:?}")
    };
    assert_eq!(
        (&payload.data["method"], &payload.data["state"]["value"]),
        (&json!("update"), &json!(1))
    );
    assert_eq!(
        registry.list(Some(WIDGET_TARGET)).into_keys().collect::<Vec<_>>(),
        ["s"]
    );
    assert_eq!(registry.list(None).len(), 2);
    assert_eq!(registry.saved_widgets().unwrap()["s"]["model_name"], "IntSliderModel");
}

#[test]
fn a_function_gets_the_latest_of_what_it_has_not_got() {
    let mut registry = with_slider();
    registry.notice(handled("s"));
    for value in 2..=9 {
        let effects = registry.hear(CellId(value), update("s", json!({"value": value})));
        assert_eq!(effects.last(), Some(&Effect::Deliver));
    }
    registry.hear(CellId(10), message("s", json!({"method": "custom", "content": {}})));
    registry.hear(CellId(11), update("s", json!({"value": 11})));
    let delivered: Vec<_> = std::iter::from_fn(|| registry.next_delivery()).collect();
    let cells: Vec<u64> = delivered.iter().map(|delivery| delivery.cell.0).collect();
    assert_eq!(cells, [9, 10, 11]);
    assert_eq!(delivered[0].message.payload().data["state"], json!({"value": 9}));
}

#[test]
fn who_asks_gets_what_no_function_takes() {
    let mut registry = with_slider();
    assert_eq!(answered(&ask(&mut registry, "one", next(false))), "nothing yet");
    assert_eq!(ask(&mut registry, "one", next(true)), []);
    let click = message("s", json!({"method": "custom", "content": {"event": "click"}}));
    let given = registry.hear(CELL, click.clone());
    assert_eq!(given, [give("one", click.clone())]);
    // One that has gone meanwhile leaves it to the next.
    assert_eq!(registry.take_back(click.clone()), []);
    assert_eq!(ask(&mut registry, "two", next(false)), [give("two", click.clone())]);
    ask(&mut registry, "three", next(true));
    let moved = update("s", json!({"value": 3}));
    assert_eq!(registry.hear(CELL, moved.clone())[1], give("three", moved.clone()));
    assert_eq!(registry.take_back(moved), [], "the state has it");
    assert_eq!(answered(&ask(&mut registry, "four", next(false))), "nothing yet");
    ask(&mut registry, "five", next(true));
    registry.notice(said(closed("s")));
    assert_eq!(answered(&ask(&mut registry, "six", next(true))), Value::Null);
}

#[test]
fn front_ends_open_comms_for_targets_that_there_are() {
    let mut registry: Registry<&str> = Registry::default();
    let opened = open("x", "chat", json!({}));
    assert_eq!(registry.hear(CELL, opened.clone()), [Effect::Say(closed("x"))]);
    let target_name = "chat".to_owned();
    registry.notice(Notice::Target {
        target_name,
        open: true,
    });
    assert_eq!(registry.hear(CELL, opened.clone()), [Effect::Deliver]);
    assert_eq!(registry.next_delivery().unwrap().message, opened);
    assert_eq!(registry.hear(CELL, message("x", json!({}))), [Effect::Deliver]);
    assert_eq!(registry.hear(CELL, closed("x")), [Effect::Deliver]);
    assert_eq!(registry.hear(CELL, closed("x")), []);
    assert_eq!(registry.hear(CELL, message("x", json!({}))), [Effect::Say(closed("x"))]);
    assert_eq!(registry.notice(said(message("x", json!({})))), [], "it has been closed");
}

#[test]
fn what_is_undone_has_left_no_function() {
    let mut registry = with_slider();
    registry.notice(handled("s"));
    registry.begin();
    registry.notice(said(open("t", WIDGET_TARGET, json!({"state": {}}))));
    registry.notice(handled("t"));
    let target_name = "chat".to_owned();
    registry.notice(Notice::Target {
        target_name,
        open: true,
    });
    registry.roll_back();
    assert_eq!(
        registry.hear(CELL, update("s", json!({"value": 2}))).last(),
        Some(&Effect::Deliver)
    );
    assert!(
        !registry
            .hear(CELL, update("t", json!({"value": 2})))
            .contains(&Effect::Deliver)
    );
    assert_eq!(
        registry.hear(CELL, open("y", "chat", json!({}))),
        [Effect::Say(closed("y"))]
    );
}

#[test]
fn comms_end_with_the_notebook_process() {
    let mut registry: Registry<&str> = Registry::default();
    assert_eq!(registry.start_process(), []);
    registry.notice(said(open("s", WIDGET_TARGET, json!({"state": {}}))));
    registry.notice(handled("s"));
    registry.hear(CELL, update("s", json!({"value": 2})));
    assert_eq!(registry.close_before(1), []);
    // The next is known of before it is heard of, or the other way round.
    assert_eq!(registry.close_before(2), [Effect::Say(closed("s"))]);
    assert_eq!(registry.next_delivery(), None);
    registry.notice(said(open("t", WIDGET_TARGET, json!({"state": {}}))));
    assert_eq!(registry.start_process(), []);
    assert_eq!(registry.start_process(), [Effect::Say(closed("t"))]);
    assert_eq!(registry.close_before(3), []);
}

#[test]
fn an_output_widget_gets_what_is_printed_meanwhile() {
    let mut registry: Registry<&str> = Registry::default();
    registry.notice(said(open("o", WIDGET_TARGET, json!({"state": {"outputs": []}}))));
    let text = |text: &str| Content::Stream {
        stream: Stream::Stdout,
        text: text.to_owned(),
    };
    let now = Instant::now();
    assert_eq!(registry.pass(text("a"), now), Some(text("a")));
    let begin = || Question::BeginOutput {
        comm_id: "o".to_owned(),
    };
    assert_eq!(answered(&registry.ask("me", begin(), now)), Value::Null);
    assert_eq!(registry.pass(text("b\n"), now), None);
    let comm = Content::Comm(update("o", json!({})));
    assert_eq!(registry.pass(comm.clone(), now), Some(comm));
    assert_eq!(registry.tell_due(now), []);
    let ended = registry.ask("me", Question::EndOutput, now);
    let [Effect::Say(told), Effect::Answer { .. }] = &ended[..] else {
        panic!("{ended:?}")
    };
    let outputs = json!([{"output_type": "stream", "name": "stdout", "text": "b\n"}]);
    assert_eq!(told.payload().data["state"]["outputs"], outputs);
    assert_eq!(registry.pass(text("c"), now), Some(text("c")));
    // Why a function failed is told where its output went.
    let error = || CellError {
        ename: "Panic".to_owned(),
        evalue: "no".to_owned(),
        traceback: Vec::new(),
    };
    assert_eq!(registry.pass_error(error(), now), Err(error()));
    registry.ask("me", begin(), now);
    let told = registry.pass_error(error(), now).unwrap();
    let [Effect::Say(told)] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(told.payload().data["state"]["outputs"][0]["ename"], "Panic");
}

//! One cell after another, and what is said under which request.

use super::*;

#[test]
fn a_cell_is_busy_until_it_is_answered() {
    let mut kernel = Kernel::new();
    assert_eq!(
        kernel.execute("a", json!({})),
        ["busy a", "execute_input a", "run \"a\" as 0"]
    );
    assert_eq!(kernel.print(0, "hello\n"), ["print \"hello\\n\" a"]);
    assert_eq!(kernel.show(0, "1"), ["show \"1\" a"]);
    assert_eq!(kernel.succeed(0), ["ok 1 a to one", "idle a"]);
}

#[test]
fn a_cell_starts_when_the_one_before_has_been_answered() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({}));
    // Of those that wait the first is compiled while one runs.
    assert_eq!(kernel.execute("b", json!({})), ["expect \"b\" as 2"]);
    assert!(kernel.execute("c", json!({})).is_empty());
    assert_eq!(
        kernel.succeed(0),
        [
            "ok 1 a to one",
            "idle a",
            "busy b",
            "execute_input b",
            "run \"b\" as 1",
            "expect \"c\" as 3"
        ]
    );
    assert_eq!(
        kernel.succeed(1),
        ["ok 2 b to one", "idle b", "busy c", "execute_input c", "run \"c\" as 2"]
    );
    assert_eq!(kernel.succeed(2), ["ok 3 c to one", "idle c"]);
}

#[test]
fn an_error_aborts_the_cells_of_all_clients_that_wait() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({}));
    let others = message(Channel::Shell, "two", "b", "execute_request", json!({"code": "b"}));
    assert_eq!(kernel.receive(others), ["expect \"b\" as 2"]);
    // What a waiting cell says of itself matters when it fails, not when another does.
    assert!(kernel.execute("c", json!({"stop_on_error": false})).is_empty());
    let expected = [
        "error Panic a",
        "Panic 1 a to one",
        "idle a",
        "busy b",
        "aborted 2 b to two",
        "idle b",
        "busy c",
        "aborted 2 c to one",
        "idle c",
    ];
    assert_eq!(kernel.fail(0, "Panic"), expected);
    // Who comes later is not affected.
    assert_eq!(
        kernel.execute("d", json!({})),
        ["busy d", "execute_input d", "run \"d\" as 1"]
    );
}

#[test]
fn an_error_that_stops_nothing_lets_the_next_cell_run() {
    for options in [json!({"stop_on_error": false}), json!({"silent": true})] {
        let mut kernel = Kernel::new();
        kernel.execute("a", options);
        kernel.execute("b", json!({}));
        let done = kernel.fail(0, "Panic");
        let started = &done[done.len() - 3..];
        assert_eq!(started, ["busy b", "execute_input b", "run \"b\" as 1"]);
    }
}

#[test]
fn nothing_of_a_silent_cell_is_broadcast_but_busy_and_idle() {
    let mut kernel = Kernel::new();
    assert_eq!(
        kernel.execute("a", json!({"silent": true})),
        ["busy a", "run \"a\" as 0"]
    );
    assert!(kernel.print(0, "hello\n").is_empty());
    assert!(kernel.show(0, "1").is_empty());
    assert_eq!(kernel.fail(0, "Panic"), ["Panic 1 a to one", "idle a"]);
}

#[test]
fn what_a_thread_of_an_earlier_cell_prints_is_that_cells() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({}));
    kernel.succeed(0);
    kernel.execute("b", json!({}));
    assert_eq!(kernel.print(0, "late\n"), ["print \"late\\n\" a"]);
    assert_eq!(
        kernel.output(0, session::Content::ClearOutput { wait: false }),
        ["clear_output a"]
    );
    assert_eq!(kernel.succeed(1), ["ok 2 b to one", "idle b"]);
}

#[test]
fn what_was_printed_is_said_before_what_is_shown_and_before_the_end() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({}));
    assert_eq!(kernel.print(0, "1"), ["print \"1\" a"]);
    // It follows the other too fast to go out alone.
    assert!(kernel.print(0, "2").is_empty());
    assert_eq!(kernel.show(0, "x"), ["print \"2\" a", "show \"x\" a"]);
    assert!(kernel.print(0, "3").is_empty());
    assert!(kernel.dispatcher.deadline().is_some());
    assert_eq!(kernel.elapse(Duration::from_millis(20)), ["print \"3\" a"]);
    assert!(kernel.print(0, "4").is_empty());
    assert_eq!(kernel.succeed(0), ["print \"4\" a", "ok 1 a to one", "idle a"]);
}

#[test]
fn the_end_of_a_cell_that_does_not_run_changes_nothing() {
    let mut kernel = Kernel::new();
    assert!(kernel.succeed(0).is_empty());
    kernel.execute("a", json!({}));
    kernel.execute("b", json!({}));
    assert!(kernel.fail(7, "Panic").is_empty());
    assert_eq!(kernel.succeed(0).first().unwrap(), "ok 1 a to one");
}

#[test]
fn expressions_are_evaluated_before_the_cell_is_answered_and_before_the_next_starts() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({"user_expressions": {"x": "1 + 1", "y": 2, "z": "z()"}}));
    assert_eq!(kernel.succeed(0), ["run \"1 + 1\" as 1"]);
    assert!(kernel.execute("b", json!({})).is_empty());
    // What they print is nobody's; what the cell's threads go on to print is the cell's.
    assert!(kernel.print(1, "of the expression").is_empty());
    assert_eq!(kernel.print(0, "of the cell\n"), ["print \"of the cell\\n\" a"]);
    assert!(kernel.show(1, "2").is_empty());
    assert_eq!(kernel.succeed(1), ["run \"z()\" as 2"]);
    // The cell has run as it should, so that the failure of an expression stops nothing.
    let outcome = Outcome::Error(CellError {
        ename: "Panic".to_owned(),
        evalue: String::new(),
        traceback: Vec::new(),
    });
    let mut actions = kernel.handle(Input::Event(Event::Finished {
        cell: CellId(2),
        outcome,
    }));
    let Action::Reply {
        content: Content::ExecuteReply(ExecuteReply::Ok { user_expressions, .. }),
        ..
    } = &actions[0]
    else {
        panic!("{actions:?}");
    };
    let statuses = ["x", "y", "z"].map(|name| user_expressions[name]["status"].as_str().unwrap());
    assert_eq!(statuses, ["ok", "error", "error"]);
    let after = described(actions.split_off(1));
    assert_eq!(after, ["idle a", "busy b", "execute_input b", "run \"b\" as 4"]);
}

#[test]
fn the_expressions_of_a_cell_that_fails_are_not_evaluated() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({"user_expressions": {"x": "1"}}));
    assert_eq!(kernel.fail(0, "Panic"), ["error Panic a", "Panic 1 a to one", "idle a"]);
}

#[test]
fn the_history_has_what_counts_and_what_it_came_to() {
    let mut kernel = Kernel::new();
    for (name, options) in [("a", json!({})), ("b", json!({"silent": true})), ("c", json!({}))] {
        kernel.execute(name, options);
    }
    kernel.show(0, "1");
    kernel.succeed(0);
    kernel.succeed(1);
    let asked = json!({"hist_access_type": "tail", "output": true});
    let received = message(Channel::Shell, "one", "h", "history_request", asked);
    let actions = kernel.handle(Input::Message(received));
    let Action::Reply { content, .. } = &actions[1] else {
        panic!("{actions:?}");
    };
    assert_eq!(
        serde_json::to_value(content).unwrap()["history"],
        json!([[1, 1, ["a", "1"]], [1, 2, ["c", null]]])
    );
}

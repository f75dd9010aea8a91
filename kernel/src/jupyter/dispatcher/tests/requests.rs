//! Everything that is not a cell is answered without waiting for one, also where it is refused.

use super::*;

#[test]
fn what_came_while_the_kernel_started_is_answered_in_its_order() {
    let mut kernel = Kernel::new();
    // Nothing has been heard of the session yet, which runs its first cell when it is ready.
    let info = ["busy k", "kernel_info_reply k to one", "idle k"];
    assert_eq!(kernel.shell("k", "kernel_info_request", json!({})), info);
    assert_eq!(
        kernel.execute("a", json!({})),
        ["busy a", "execute_input a", "run \"a\" as 0"]
    );
    assert_eq!(kernel.execute("b", json!({})), ["expect \"b\" as 2"]);
    assert_eq!(kernel.control("k", "kernel_info_request", json!({}))[..3], info);
    assert_eq!(
        kernel.fail(0, "Unavailable"),
        [
            "error Unavailable a",
            "Unavailable 1 a to one",
            "idle a",
            "busy b",
            "aborted 2 b to one",
            "idle b"
        ]
    );
}

#[test]
fn a_request_is_answered_while_a_cell_runs() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({}));
    assert_eq!(
        kernel.shell("i", "is_complete_request", json!({"code": "1 +"})),
        ["busy i", "check \"1 +\" i", "idle i", "busy a"]
    );
    assert_eq!(
        kernel.shell("h", "history_request", json!({"hist_access_type": "tail"})),
        ["busy h", "history_reply h to one", "idle h", "busy a"]
    );
    assert_eq!(kernel.print(0, "hello\n"), ["print \"hello\\n\" a"]);
    assert_eq!(
        kernel.shell("c", "comm_info_request", json!({})),
        ["busy c", "list comms c", "idle c", "busy a"]
    );
    // Nor is it over with what was looked up.
    assert_eq!(
        kernel.shell("q", "complete_request", json!({"code": "a"})),
        ["look up q"]
    );
    assert_eq!(described(kernel.handle(Input::LookedUp)), ["busy a"]);
    kernel.succeed(0);
    assert_eq!(described(kernel.handle(Input::LookedUp)), Vec::<String>::new());
}

#[test]
fn sub_shells_are_made_listed_and_deleted() {
    let mut kernel = Kernel::new();
    let list = |kernel: &mut Kernel| {
        let actions = kernel.handle(Input::Message(message(
            Channel::Control,
            "one",
            "l",
            "list_subshell_request",
            json!({}),
        )));
        actions.into_iter().find_map(|action| match action {
            Action::Reply {
                content: Content::ListSubshellReply(list),
                ..
            } => Some(list.subshell_id),
            _ => None,
        })
    };
    assert_eq!(list(&mut kernel).unwrap(), []);
    let made = kernel.control("m", "create_subshell_request", json!({}));
    assert_eq!(made, ["busy m", "create_subshell_reply m to one", "idle m"]);
    let subshell = list(&mut kernel).unwrap().remove(0);
    let on_subshell = |msg_type: &str, content: Value| {
        let mut received = message(Channel::Shell, "one", "s", msg_type, content);
        received.request.subshell = Some(subshell.clone());
        received
    };
    kernel.execute("a", json!({}));
    assert_eq!(
        kernel.receive(on_subshell("history_request", json!({"hist_access_type": "tail"}))),
        ["busy s", "history_reply s to one", "idle s", "busy a"]
    );
    assert_eq!(
        kernel.receive(on_subshell("execute_request", json!({"code": "s"}))),
        ["expect \"s\" as 2"]
    );
    kernel.execute("b", json!({}));
    // What fails in one shell aborts nothing in the others.
    assert_eq!(
        kernel.fail(0, "E")[3..],
        [
            "busy b",
            "aborted 2 b to one",
            "idle b",
            "busy s",
            "execute_input s",
            "run \"s\" as 1"
        ]
    );
    kernel.receive(on_subshell("execute_request", json!({"code": "t"})));
    let content = json!({"subshell_id": subshell.0});
    assert_eq!(
        kernel.control("d", "delete_subshell_request", content.clone()),
        [
            "busy d",
            "busy s",
            "aborted 3 s to one",
            "idle s",
            "delete_subshell_reply d to one",
            "idle d",
            "busy s"
        ]
    );
    assert_eq!(
        kernel.control("d", "delete_subshell_request", content)[1],
        "delete_subshell_reply UnknownSubshell d to one"
    );
    assert_eq!(
        kernel.control("d", "delete_subshell_request", json!({}))[1],
        "delete_subshell_reply MalformedRequest d to one"
    );
    for (msg_type, reply) in [
        ("execute_request", "execute_reply"),
        ("kernel_info_request", "kernel_info_reply"),
    ] {
        assert_eq!(
            kernel.receive(on_subshell(msg_type, json!({"code": "u"})))[1],
            format!("{reply} UnknownSubshell s to one")
        );
    }
}

#[test]
fn what_takes_its_time_says_busy_and_idle_itself() {
    let mut kernel = Kernel::new();
    for kind in ["complete_request", "inspect_request"] {
        assert_eq!(kernel.shell("q", kind, json!({"code": "a"})), ["look up q"]);
    }
    let variables = json!({"seq": 1, "command": "inspectVariables"});
    assert_eq!(kernel.control("q", "debug_request", variables.clone()), ["look up q"]);
    kernel.shell("a", "execute_request", json!({"code": "a"}));
    assert_eq!(
        kernel.control("q", "debug_request", variables),
        ["tell what is known q"]
    );
}

#[test]
fn what_happens_in_the_debugger_is_told_to_all() {
    let mut kernel = Kernel::new();
    assert_eq!(
        kernel.control("q", "debug_request", json!({"seq": 1, "command": "initialize"})),
        ["busy q", "debug_reply q to one", "debug_event q", "idle q"]
    );
}

#[test]
fn what_is_refused_is_told_where_the_client_waits() {
    let mut kernel = Kernel::new();
    for (message, ename) in [
        ("complete", "MalformedRequest"),
        ("inspect", "MalformedRequest"),
        ("is_complete", "MalformedRequest"),
        ("history", "MalformedRequest"),
        ("interrupt", "UnknownRequest"),
        ("debug", "MalformedRequest"),
    ] {
        assert_eq!(
            kernel.shell("q", &format!("{message}_request"), json!({})),
            [
                "busy q".to_owned(),
                format!("{message}_reply {ename} q to one"),
                "idle q".to_owned()
            ]
        );
    }
    // Nobody waits for a reply to these.
    for message in ["comm_open", "input_reply", "anything"] {
        assert_eq!(kernel.shell("q", message, json!({})), ["busy q", "idle q"]);
    }
}

#[test]
fn a_cell_that_cannot_be_read_is_answered_at_once_with_the_next_number() {
    let mut kernel = Kernel::new();
    kernel.execute("a", json!({}));
    kernel.execute("b", json!({}));
    assert_eq!(
        kernel.shell("x", "execute_request", json!({"code": 1})),
        ["busy x", "MalformedRequest 2 x to one", "idle x", "busy a"]
    );
    // It has not run, so that it stops nothing.
    assert_eq!(kernel.succeed(0)[2..], ["busy b", "execute_input b", "run \"b\" as 1"]);
}

#[test]
fn control_knows_nothing_that_waits_behind_cells() {
    let mut kernel = Kernel::new();
    for content in [json!({"code": "a"}), json!({})] {
        for message in ["execute", "complete", "history", "comm_info"] {
            assert_eq!(
                kernel.control("q", &format!("{message}_request"), content.clone()),
                [
                    "busy q".to_owned(),
                    format!("{message}_reply UnknownRequest q to one"),
                    "idle q".to_owned()
                ]
            );
        }
    }
}

//! What the messaging specification says about the content of each message that a kernel sends.

use crate::message::Message;
use serde_json::Value;

/// The kinds of values that fields have.
#[derive(Clone, Copy, Debug)]
enum Kind {
    Text,
    Number,
    Flag,
    List,
    Texts,
    Object,
}

/// Checks the content of a message.
///
/// # Panics
///
/// When a field is missing or of another kind than the specification says, or the type is none that a kernel sends.
pub(crate) fn check(message: &Message) {
    let msg_type = message.msg_type();
    for (field, kind) in fields(msg_type, &message.content) {
        let value = &message.content[*field];
        assert!(
            kind.fits(value),
            "{field} of {msg_type} is not {kind:?}: {}",
            message.content
        );
    }
}

fn fields(msg_type: &str, content: &Value) -> &'static [(&'static str, Kind)] {
    if msg_type.ends_with("_reply") {
        return reply_fields(msg_type, content);
    }
    match msg_type {
        "status" => &[("execution_state", Kind::Text)],
        "stream" => &[("name", Kind::Text), ("text", Kind::Text)],
        "execute_input" => &[("code", Kind::Text), ("execution_count", Kind::Number)],
        "execute_result" => &[
            ("execution_count", Kind::Number),
            ("data", Kind::Object),
            ("metadata", Kind::Object),
        ],
        "display_data" => &[
            ("data", Kind::Object),
            ("metadata", Kind::Object),
            ("transient", Kind::Object),
        ],
        "update_display_data" => &[
            ("data", Kind::Object),
            ("metadata", Kind::Object),
            ("transient", Kind::Object),
        ],
        "clear_output" => &[("wait", Kind::Flag)],
        "error" => &[
            ("ename", Kind::Text),
            ("evalue", Kind::Text),
            ("traceback", Kind::Texts),
        ],
        "comm_open" => &[
            ("comm_id", Kind::Text),
            ("target_name", Kind::Text),
            ("data", Kind::Object),
        ],
        "comm_msg" | "comm_close" => &[("comm_id", Kind::Text), ("data", Kind::Object)],
        "debug_event" => &[("type", Kind::Text), ("seq", Kind::Number), ("event", Kind::Text)],
        "iopub_welcome" => &[("subscription", Kind::Text)],
        "input_request" => &[("prompt", Kind::Text), ("password", Kind::Flag)],
        other => panic!("a kernel does not send {other}: {content}"),
    }
}

fn reply_fields(msg_type: &str, content: &Value) -> &'static [(&'static str, Kind)] {
    // Its content is another protocol's; that of one that is refused is like that of all others.
    if msg_type == "debug_reply" && content["status"].is_null() {
        return &[
            ("type", Kind::Text),
            ("seq", Kind::Number),
            ("request_seq", Kind::Number),
            ("success", Kind::Flag),
            ("command", Kind::Text),
            ("body", Kind::Object),
        ];
    }
    let status = content["status"]
        .as_str()
        .unwrap_or_else(|| panic!("{msg_type} without status: {content}"));
    match (msg_type, status) {
        ("is_complete_reply", "complete" | "invalid" | "unknown") => {
            assert!(
                content.get("indent").is_none(),
                "indent belongs to incomplete code only: {content}"
            );
            &[]
        }
        ("is_complete_reply", "incomplete") => &[("indent", Kind::Text)],
        ("execute_reply", "error") => &[
            ("execution_count", Kind::Number),
            ("ename", Kind::Text),
            ("evalue", Kind::Text),
            ("traceback", Kind::Texts),
        ],
        (_, "error") => &[
            ("ename", Kind::Text),
            ("evalue", Kind::Text),
            ("traceback", Kind::Texts),
        ],
        ("execute_reply", "aborted") => &[],
        ("execute_reply", "ok") => &[
            ("execution_count", Kind::Number),
            ("payload", Kind::List),
            ("user_expressions", Kind::Object),
        ],
        ("kernel_info_reply", "ok") => &[
            ("protocol_version", Kind::Text),
            ("implementation", Kind::Text),
            ("implementation_version", Kind::Text),
            ("language_info", Kind::Object),
            ("banner", Kind::Text),
            ("help_links", Kind::List),
            ("supported_features", Kind::Texts),
        ],
        ("complete_reply", "ok") => &[
            ("matches", Kind::Texts),
            ("cursor_start", Kind::Number),
            ("cursor_end", Kind::Number),
            ("metadata", Kind::Object),
        ],
        ("inspect_reply", "ok") => &[
            ("found", Kind::Flag),
            ("data", Kind::Object),
            ("metadata", Kind::Object),
        ],
        ("history_reply", "ok") => &[("history", Kind::List)],
        ("comm_info_reply", "ok") => &[("comms", Kind::Object)],
        ("shutdown_reply", "ok") => &[("restart", Kind::Flag)],
        ("interrupt_reply" | "delete_subshell_reply", "ok") => &[],
        ("create_subshell_reply", "ok") => &[("subshell_id", Kind::Text)],
        ("list_subshell_reply", "ok") => &[("subshell_id", Kind::Texts)],
        _ => panic!("no such reply: {msg_type} with {content}"),
    }
}

impl Kind {
    fn fits(self, value: &Value) -> bool {
        match self {
            Kind::Text => value.is_string(),
            Kind::Number => value.is_u64(),
            Kind::Flag => value.is_boolean(),
            Kind::List => value.is_array(),
            Kind::Texts => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
            Kind::Object => value.is_object(),
        }
    }
}

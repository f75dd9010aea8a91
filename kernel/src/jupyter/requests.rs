//! What clients ask, read as leniently as the specification allows: what has a default may be missing or null.
//!
//! The types of messages that clients send are known here and nowhere else.

use super::content::Refusal;
use super::debugger::DebugRequest;
use super::message::Request;
use super::subshells::SubshellId;
use jupyter_protocol::{CommInfoRequest, ErrorOutput};
use parcell::contract::comms::{CommMessage, Payload};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

/// The message whose refusal is told as the error of a cell.
const EXECUTE_REQUEST: &str = "execute_request";

/// The content of a message that a client sends. Each channel takes some of them.
#[derive(Debug)]
pub(super) enum RequestContent {
    Execute(ExecuteRequest),
    Complete(CursorRequest),
    Inspect(CursorRequest),
    IsComplete(IsCompleteRequest),
    History(HistoryRequest),
    KernelInfo,
    CommInfo(CommInfoRequest),
    /// Without what is binary, and without metadata, which are beside the content.
    Comm(CommMessage),
    Debug(DebugRequest),
    Interrupt,
    Shutdown(ShutdownRequest),
    InputReply(InputReply),
    CreateSubshell,
    DeleteSubshell(DeleteSubshellRequest),
    ListSubshells,
}

/// Why a request was refused. The client is told.
#[derive(Debug, thiserror::Error)]
pub(super) enum RequestError {
    #[error("malformed {msg_type}: {source}")]
    Malformed {
        msg_type: String,
        source: serde_json::Error,
    },
    #[error("this kernel does not know the message {msg_type} on this channel")]
    Unknown { msg_type: String },
    #[error(
        "there is no sub-shell {0:?}: create_subshell_request makes one, list_subshell_request tells which there are"
    )]
    UnknownSubshell(String),
    #[error("history can be asked for by range, tail or search, not by {hist_access_type:?}")]
    UnknownHistoryAccess { hist_access_type: String },
}

#[derive(Clone, Debug, Deserialize)]
pub(super) struct ExecuteRequest {
    pub(super) code: String,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) silent: bool,
    #[serde(default)]
    store_history: Option<bool>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) user_expressions: Map<String, Value>,
    #[serde(default)]
    stop_on_error: Option<bool>,
    /// Whether the client answers questions. One that does not say so may never answer.
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) allow_stdin: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct IsCompleteRequest {
    pub(super) code: String,
}

/// A `complete_request` or an `inspect_request`: a place in some code.
#[derive(Debug, Deserialize)]
pub(super) struct CursorRequest {
    pub(super) code: String,
    #[serde(default)]
    cursor_pos: Option<i64>,
    /// How much an `inspect_request` wants to know: 0, or 1 for the source too.
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) detail_level: i64,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct HistoryRequest {
    pub(super) hist_access_type: String,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) output: bool,
    /// Zero is this session, negative numbers count back from it.
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) session: i64,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) start: i64,
    #[serde(default)]
    pub(super) stop: Option<i64>,
    #[serde(default)]
    pub(super) n: Option<i64>,
    #[serde(default)]
    pub(super) pattern: Option<String>,
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) unique: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct InputReply {
    pub(super) value: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct ShutdownRequest {
    #[serde(default, deserialize_with = "null_is_default")]
    pub(super) restart: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct DeleteSubshellRequest {
    pub(super) subshell_id: SubshellId,
}

/// A `comm_open`, `comm_msg` or `comm_close`.
#[derive(Debug, Deserialize)]
struct CommContent {
    comm_id: String,
    #[serde(default, deserialize_with = "null_is_default")]
    target_name: String,
    #[serde(default, deserialize_with = "null_is_default")]
    data: Map<String, Value>,
}

impl RequestContent {
    /// Reads the content of a message of this type.
    pub(super) fn read(msg_type: &str, content: &Value) -> Result<RequestContent, RequestError> {
        let read = match msg_type {
            EXECUTE_REQUEST => ExecuteRequest::deserialize(content).map(RequestContent::Execute),
            "complete_request" => CursorRequest::deserialize(content).map(RequestContent::Complete),
            "inspect_request" => CursorRequest::deserialize(content).map(RequestContent::Inspect),
            "is_complete_request" => IsCompleteRequest::deserialize(content).map(RequestContent::IsComplete),
            "history_request" => HistoryRequest::deserialize(content).map(RequestContent::History),
            "kernel_info_request" => Ok(RequestContent::KernelInfo),
            "comm_info_request" => CommInfoRequest::deserialize(content).map(RequestContent::CommInfo),
            "comm_open" => CommContent::deserialize(content).map(|comm| RequestContent::Comm(comm.opened())),
            "comm_msg" => CommContent::deserialize(content).map(|comm| RequestContent::Comm(comm.said())),
            "comm_close" => CommContent::deserialize(content).map(|comm| RequestContent::Comm(comm.closed())),
            "debug_request" => DebugRequest::deserialize(content).map(RequestContent::Debug),
            "interrupt_request" => Ok(RequestContent::Interrupt),
            // Whatever else it says, it wants the kernel gone.
            "shutdown_request" => Ok(RequestContent::Shutdown(
                ShutdownRequest::deserialize(content).unwrap_or_default(),
            )),
            "create_subshell_request" => Ok(RequestContent::CreateSubshell),
            "delete_subshell_request" => {
                DeleteSubshellRequest::deserialize(content).map(RequestContent::DeleteSubshell)
            }
            "list_subshell_request" => Ok(RequestContent::ListSubshells),
            "input_reply" => InputReply::deserialize(content).map(RequestContent::InputReply),
            _ => return Err(RequestError::unknown(msg_type)),
        };
        read.map_err(|source| RequestError::Malformed {
            msg_type: msg_type.to_owned(),
            source,
        })
    }
}

impl RequestError {
    /// The channel does not take messages of this type.
    pub(super) fn unknown(msg_type: &str) -> RequestError {
        RequestError::Unknown {
            msg_type: msg_type.to_owned(),
        }
    }

    /// Whether it is a cell that cannot be run as it was asked for.
    pub(super) fn is_of_cell(&self) -> bool {
        matches!(self, RequestError::Malformed { msg_type, .. } if msg_type == EXECUTE_REQUEST)
    }

    /// The request is for a sub-shell that is not there.
    pub(super) fn unknown_subshell(id: &SubshellId) -> RequestError {
        RequestError::UnknownSubshell(id.0.clone())
    }

    /// The error in the terms of an error reply.
    pub(super) fn as_output(&self) -> ErrorOutput {
        let ename = match self {
            RequestError::Malformed { .. } | RequestError::UnknownHistoryAccess { .. } => "MalformedRequest",
            RequestError::Unknown { .. } => "UnknownRequest",
            RequestError::UnknownSubshell(_) => "UnknownSubshell",
        };
        let evalue = self.to_string();
        let traceback = vec![format!("{ename}: {evalue}")];
        ErrorOutput {
            ename: ename.to_owned(),
            evalue,
            traceback,
        }
    }

    /// The error reply for `request`, or None where it is a message that asks nothing.
    pub(super) fn refusal(&self, request: &Request) -> Option<Refusal> {
        Some(Refusal {
            msg_type: request.reply_type()?,
            error: self.as_output(),
        })
    }
}

impl ExecuteRequest {
    /// Whether the cell counts and enters the history. A silent one never does.
    pub(super) fn stores_history(&self) -> bool {
        self.store_history.unwrap_or(true) && !self.silent
    }

    /// Whether the failure of this cell aborts those queued behind it.
    pub(super) fn stops_on_error(&self) -> bool {
        self.stop_on_error.unwrap_or(true) && !self.silent
    }
}

impl CommContent {
    fn opened(self) -> CommMessage {
        CommMessage::CommOpen {
            comm_id: self.comm_id,
            target_name: self.target_name,
            payload: payload(self.data),
        }
    }

    fn said(self) -> CommMessage {
        let (comm_id, payload) = (self.comm_id, payload(self.data));
        CommMessage::CommMsg { comm_id, payload }
    }

    fn closed(self) -> CommMessage {
        let (comm_id, payload) = (self.comm_id, payload(self.data));
        CommMessage::CommClose { comm_id, payload }
    }
}

fn payload(data: Map<String, Value>) -> Payload {
    Payload {
        data,
        ..Payload::default()
    }
}

impl CursorRequest {
    /// Where the cursor is, in code points, never outside the code. Without a position it is at the end.
    pub(super) fn cursor(&self) -> usize {
        let end = self.code.chars().count();
        match self.cursor_pos {
            None => end,
            Some(position) => usize::try_from(position).unwrap_or(0).min(end),
        }
    }
}

fn null_is_default<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(deserializer: D) -> Result<T, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::{for_all, json as any_json};
    use serde_json::json;

    fn execute(content: Value) -> ExecuteRequest {
        serde_json::from_value(content).unwrap()
    }

    #[test]
    fn an_execute_request_needs_nothing_but_code() {
        let request = execute(json!({"code": "1"}));
        assert!(!request.silent && request.stores_history() && request.stops_on_error());
        let nulls = json!({"code": "1", "silent": null, "store_history": null, "user_expressions": null,
            "stop_on_error": null, "allow_stdin": null});
        let request = execute(nulls);
        assert!(!request.silent && request.stores_history() && request.stops_on_error());
        assert!(serde_json::from_value::<ExecuteRequest>(json!({"silent": false})).is_err());
    }

    #[test]
    fn a_silent_cell_never_enters_the_history() {
        assert!(!execute(json!({"code": "1", "silent": true, "store_history": true})).stores_history());
        assert!(!execute(json!({"code": "1", "store_history": false})).stores_history());
    }

    #[test]
    fn a_cursor_stays_inside_the_code() {
        let cursor = |position: Value| {
            serde_json::from_value::<CursorRequest>(json!({"code": "größe", "cursor_pos": position}))
                .unwrap()
                .cursor()
        };
        assert_eq!(cursor(json!(3)), 3);
        assert_eq!(cursor(json!(null)), 5);
        assert_eq!(cursor(json!(99)), 5);
        assert_eq!(cursor(json!(-1)), 0);
    }

    #[test]
    fn a_history_request_needs_only_its_kind() {
        let request: HistoryRequest = serde_json::from_value(json!({"hist_access_type": "search"})).unwrap();
        assert!(!request.unique && !request.output && request.pattern.is_none() && request.n.is_none());
    }

    #[test]
    fn the_type_of_a_message_says_how_its_content_is_read() {
        let read = |msg_type, content| RequestContent::read(msg_type, &content);
        let place = json!({"code": "a", "cursor_pos": 1});
        assert!(matches!(
            read("complete_request", place.clone()),
            Ok(RequestContent::Complete(_))
        ));
        assert!(matches!(read("inspect_request", place), Ok(RequestContent::Inspect(_))));
        for message in ["comm_open", "comm_msg", "comm_close"] {
            let read = |content| read(message, content);
            assert!(read(json!({})).is_err());
            let Ok(RequestContent::Comm(comm)) = read(json!({"comm_id": "a", "data": {"b": 1}, "target_name": null}))
            else {
                panic!("{message}")
            };
            assert_eq!((comm.comm_id(), &comm.payload().data["b"]), ("a", &json!(1)));
            assert_eq!(serde_json::to_value(comm).unwrap()["message"], message);
        }
        assert!(matches!(
            read("debug_request", json!({})),
            Err(RequestError::Malformed { .. })
        ));
        assert!(matches!(
            read("other_request", json!({})),
            Err(RequestError::Unknown { .. })
        ));
    }

    #[test]
    fn what_cannot_be_read_is_refused_by_name() {
        let refused = |msg_type, content| RequestContent::read(msg_type, &content).unwrap_err();
        let error = refused("inspect_request", json!({"cursor_pos": 1}));
        assert!(!error.is_of_cell());
        let output = error.as_output();
        assert_eq!(output.ename, "MalformedRequest");
        assert_eq!(output.evalue, "malformed inspect_request: missing field `code`");
        assert_eq!(output.traceback, [format!("MalformedRequest: {}", output.evalue)]);
        assert!(refused("execute_request", json!({"code": 1})).is_of_cell());
        assert!(!RequestError::unknown("execute_request").is_of_cell());
        assert_eq!(refused("no_request", json!({})).as_output().ename, "UnknownRequest");
    }

    #[test]
    fn a_shutdown_is_one_whatever_it_says() {
        let restart = |content| match RequestContent::read("shutdown_request", &content) {
            Ok(RequestContent::Shutdown(ShutdownRequest { restart })) => restart,
            other => panic!("{other:?}"),
        };
        assert!(restart(json!({"restart": true})));
        for content in [json!({}), json!({"restart": null}), json!({"restart": "no"})] {
            assert!(!restart(content));
        }
    }

    #[test]
    fn any_content_is_read_or_refused_by_name() {
        const TYPES: [&str; 16] = [
            "execute_request",
            "complete_request",
            "inspect_request",
            "is_complete_request",
            "history_request",
            "kernel_info_request",
            "comm_info_request",
            "comm_open",
            "comm_msg",
            "comm_close",
            "debug_request",
            "interrupt_request",
            "shutdown_request",
            "create_subshell_request",
            "delete_subshell_request",
            "input_reply",
        ];
        const FIELDS: [&str; 14] = [
            "code",
            "silent",
            "cursor_pos",
            "detail_level",
            "hist_access_type",
            "n",
            "session",
            "comm_id",
            "target_name",
            "data",
            "value",
            "subshell_id",
            "command",
            "seq",
        ];
        let content = proptest::collection::vec((proptest::sample::select(&FIELDS[..]), any_json()), 0..6);
        for_all(
            1500,
            (proptest::sample::select(&TYPES[..]), content),
            |(msg_type, fields)| {
                let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value));
                if let Err(error) = RequestContent::read(msg_type, &Value::Object(fields.collect())) {
                    assert!(error.to_string().contains(msg_type), "{error}");
                }
            },
        );
    }
}

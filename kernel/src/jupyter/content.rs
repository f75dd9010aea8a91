//! The content of every message that the kernel sends.
//!
//! `jupyter-protocol`'s types serve where they write what the specification asks for; where they write null for an
//! object, or a field that should not exist, there is a type of our own.

mod conversions;

pub(super) use conversions::{
    comm, comm_info_reply, complete_reply, error, execute_input, execute_reply, inspect_reply, is_complete_reply,
    output, refused_cell,
};

use super::debugger::{DebugEvent, DebugReply};
use super::subshells::SubshellId;
use crate::session::{Metadata, MimeBundle};
use bytes::Bytes;
use jupyter_protocol::{
    CommInfoReply, CompleteReply, ErrorOutput, ExecuteInput, InterruptReply, IoPubWelcome, KernelInfoReply,
    ShutdownReply, Status, StreamContent,
};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

/// The content of one message.
#[derive(Clone, Debug, Serialize)]
#[serde(untagged)]
pub(super) enum Content {
    ClearOutput(ClearOutput),
    Comm(Comm),
    CommInfoReply(CommInfoReply),
    CompleteReply(CompleteReply),
    CreateSubshellReply(CreateSubshellReply),
    DebugEvent(DebugEvent),
    DebugReply(DebugReply),
    DeleteSubshellReply(DeleteSubshellReply),
    DisplayData(DisplayData),
    Error(ErrorOutput),
    ExecuteInput(ExecuteInput),
    ExecuteReply(ExecuteReply),
    ExecuteResult(ExecuteResult),
    HistoryReply(HistoryReply),
    InputRequest(InputRequest),
    InspectReply(InspectReply),
    InterruptReply(InterruptReply),
    IoPubWelcome(IoPubWelcome),
    IsCompleteReply(IsCompleteReply),
    KernelInfoReply(Box<KernelInfo>),
    ListSubshellReply(ListSubshellReply),
    ShutdownReply(ShutdownReply),
    Status(Status),
    Stream(StreamContent),
    UpdateDisplayData(DisplayData),
    /// The reply to a request that was refused.
    Refusal(Refusal),
}

/// That a cell's output is to go.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ClearOutput {
    /// Not before the next output comes.
    pub(super) wait: bool,
}

/// Something said on a comm.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Comm {
    #[serde(skip)]
    pub(super) msg_type: &'static str,
    /// The message's own.
    #[serde(skip)]
    pub(super) metadata: Map<String, Value>,
    #[serde(skip)]
    pub(super) buffers: Vec<Bytes>,
    pub(super) comm_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) target_name: Option<String>,
    pub(super) data: Map<String, Value>,
}

/// Something to be shown, or to be shown in its place from now on.
#[derive(Clone, Debug, Serialize)]
pub(super) struct DisplayData {
    pub(super) data: MimeBundle,
    pub(super) metadata: Metadata,
    pub(super) transient: Transient,
}

/// What notebooks do not keep of a display.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Transient {
    /// By this updates find it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) display_id: Option<String>,
}

/// The value of a cell.
#[derive(Clone, Debug, Serialize)]
pub(super) struct ExecuteResult {
    pub(super) execution_count: u32,
    pub(super) data: MimeBundle,
    pub(super) metadata: Metadata,
}

/// How a cell ended.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub(super) enum ExecuteReply {
    Ok {
        execution_count: u32,
        payload: Vec<SetNextInput>,
        user_expressions: Map<String, Value>,
    },
    Error {
        execution_count: u32,
        ename: String,
        evalue: String,
        traceback: Vec<String>,
    },
    Aborted {
        execution_count: u32,
    },
}

/// What is to be written into a cell of the notebook.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "source", rename = "set_next_input")]
pub(super) struct SetNextInput {
    pub(super) text: String,
    /// In the place of the code that was executed, and not into a new cell.
    pub(super) replace: bool,
}

/// Inputs of earlier cells.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "status", rename = "ok")]
pub(super) struct HistoryReply {
    pub(super) history: Vec<HistoryItem>,
}

/// Session, line and input, or with the output that was asked for.
#[derive(Clone, Debug, Eq, PartialEq, Serialize)]
#[serde(untagged)]
pub(super) enum HistoryItem {
    Input(u32, u32, String),
    InputOutput(u32, u32, (String, Option<String>)),
}

/// Who the kernel is, and what of the optional parts of the protocol it has.
#[derive(Clone, Debug, Serialize)]
pub(super) struct KernelInfo {
    #[serde(flatten)]
    pub(super) reply: KernelInfoReply,
    pub(super) supported_features: &'static [&'static str],
}

/// A sub-shell has been made.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "status", rename = "ok")]
pub(super) struct CreateSubshellReply {
    pub(super) subshell_id: SubshellId,
}

/// A sub-shell is gone.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "status", rename = "ok")]
pub(super) struct DeleteSubshellReply {}

/// Which sub-shells there are.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "status", rename = "ok")]
pub(super) struct ListSubshellReply {
    pub(super) subshell_id: Vec<SubshellId>,
}

/// What is known about a piece of code.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "status", rename = "ok")]
pub(super) struct InspectReply {
    pub(super) found: bool,
    pub(super) data: MimeBundle,
    pub(super) metadata: Map<String, Value>,
}

/// Whether code can be run as it stands.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "status", rename_all = "lowercase")]
pub(super) enum IsCompleteReply {
    Complete,
    Incomplete { indent: String },
    Invalid,
}

/// The error reply to a request that is unknown or malformed.
#[derive(Clone, Debug, Serialize)]
#[serde(tag = "status", rename = "error")]
pub(super) struct Refusal {
    #[serde(skip)]
    pub(super) msg_type: String,
    #[serde(flatten)]
    pub(super) error: ErrorOutput,
}

/// A question to whoever submitted the cell that runs.
#[derive(Clone, Debug, Serialize)]
pub(super) struct InputRequest {
    /// The ID of the message, by which answers name it.
    #[serde(skip)]
    pub(super) id: Uuid,
    pub(super) prompt: String,
    pub(super) password: bool,
}

impl Content {
    /// The ID that the message must have; None where any will do.
    pub(super) fn id(&self) -> Option<Uuid> {
        match self {
            Content::InputRequest(request) => Some(request.id),
            _ => None,
        }
    }

    /// What is said of the message itself; None where that is nothing.
    pub(super) fn metadata(&self) -> Option<&Map<String, Value>> {
        match self {
            Content::Comm(comm) => Some(&comm.metadata),
            _ => None,
        }
    }

    /// What goes with it as it is, and not as JSON.
    pub(super) fn buffers(&self) -> &[Bytes] {
        match self {
            Content::Comm(comm) => &comm.buffers,
            _ => &[],
        }
    }

    /// The message type that goes with the content.
    pub(super) fn msg_type(&self) -> &str {
        match self {
            Content::ClearOutput(_) => "clear_output",
            Content::Comm(comm) => comm.msg_type,
            Content::CommInfoReply(_) => "comm_info_reply",
            Content::CompleteReply(_) => "complete_reply",
            Content::CreateSubshellReply(_) => "create_subshell_reply",
            Content::DebugEvent(_) => "debug_event",
            Content::DebugReply(_) => "debug_reply",
            Content::DeleteSubshellReply(_) => "delete_subshell_reply",
            Content::DisplayData(_) => "display_data",
            Content::Error(_) => "error",
            Content::ExecuteInput(_) => "execute_input",
            Content::ExecuteReply(_) => "execute_reply",
            Content::ExecuteResult(_) => "execute_result",
            Content::HistoryReply(_) => "history_reply",
            Content::InputRequest(_) => "input_request",
            Content::InspectReply(_) => "inspect_reply",
            Content::InterruptReply(_) => "interrupt_reply",
            Content::IoPubWelcome(_) => "iopub_welcome",
            Content::IsCompleteReply(_) => "is_complete_reply",
            Content::KernelInfoReply(_) => "kernel_info_reply",
            Content::ListSubshellReply(_) => "list_subshell_reply",
            Content::ShutdownReply(_) => "shutdown_reply",
            Content::Status(_) => "status",
            Content::Stream(_) => "stream",
            Content::UpdateDisplayData(_) => "update_display_data",
            Content::Refusal(refusal) => &refusal.msg_type,
        }
    }

    /// Whether it is something that a cell printed or shows.
    pub(super) fn is_output(&self) -> bool {
        matches!(
            self,
            Content::DisplayData(_) | Content::ExecuteResult(_) | Content::Stream(_)
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn replies_have_the_fields_of_the_specification_and_no_others() {
        let ok = ExecuteReply::Ok {
            execution_count: 3,
            payload: vec![],
            user_expressions: Map::new(),
        };
        assert_eq!(
            serde_json::to_value(Content::ExecuteReply(ok)).unwrap(),
            json!({"status": "ok", "execution_count": 3, "payload": [], "user_expressions": {}})
        );
        let next = SetNextInput {
            text: "1 + 1".to_owned(),
            replace: true,
        };
        assert_eq!(
            serde_json::to_value(next).unwrap(),
            json!({"source": "set_next_input", "text": "1 + 1", "replace": true})
        );
        let complete = Content::IsCompleteReply(IsCompleteReply::Complete);
        assert_eq!(serde_json::to_value(complete).unwrap(), json!({"status": "complete"}));
        let history = HistoryReply {
            history: vec![HistoryItem::InputOutput(1, 2, ("x".to_owned(), None))],
        };
        assert_eq!(
            serde_json::to_value(Content::HistoryReply(history)).unwrap(),
            json!({"status": "ok", "history": [[1, 2, ["x", null]]]})
        );
        let id = SubshellId("a".to_owned());
        let created = CreateSubshellReply {
            subshell_id: id.clone(),
        };
        assert_eq!(
            serde_json::to_value(Content::CreateSubshellReply(created)).unwrap(),
            json!({"status": "ok", "subshell_id": "a"})
        );
        let deleted = Content::DeleteSubshellReply(DeleteSubshellReply {});
        assert_eq!(serde_json::to_value(deleted).unwrap(), json!({"status": "ok"}));
        let list = ListSubshellReply { subshell_id: vec![id] };
        assert_eq!(
            serde_json::to_value(Content::ListSubshellReply(list)).unwrap(),
            json!({"status": "ok", "subshell_id": ["a"]})
        );
        let error = ErrorOutput {
            ename: "UnknownRequest".to_owned(),
            evalue: "no".to_owned(),
            traceback: vec![],
        };
        let refusal = Refusal {
            msg_type: "other_reply".to_owned(),
            error,
        };
        assert_eq!(
            serde_json::to_value(Content::Refusal(refusal)).unwrap(),
            json!({"status": "error", "ename": "UnknownRequest", "evalue": "no", "traceback": []})
        );
    }
}

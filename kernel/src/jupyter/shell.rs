//! Shell: cells, and questions about code. Only cells wait for one another; everything else is answered at once.

use super::content::{Content, ExecuteReply, HistoryReply, InspectReply, IsCompleteReply};
use super::execution::Submission;
use super::message::Request;
use super::requests::{CommOpen, CursorRequest, IsCompleteRequest, RequestError};
use super::server::Dispatcher;
use crate::session::{Completeness, Completion, Completions, Detail, Session};
use jupyter_protocol::{CommClose, CommId, CommInfoReply, CompleteReply, ErrorOutput, ReplyStatus};
use serde_json::{Map, Value, json};
use std::ops::ControlFlow;

/// Handles a message of the shell channel; `Break` ends the kernel.
pub(super) fn handle(dispatcher: &mut Dispatcher, request: Request) -> ControlFlow<()> {
    match request.msg_type.as_str() {
        "shutdown_request" => return dispatcher.shut_down(&request),
        "execute_request" => match request.parse() {
            Ok(execute) => dispatcher.submit(Submission { request, execute }),
            Err(error) => dispatcher.answer(&request, |dispatcher| Ok(Some(refuse_cell(dispatcher, &error)))),
        },
        "complete_request" => dispatcher.answer_later(request, complete),
        "inspect_request" => dispatcher.answer_later(request, inspect),
        _ => dispatcher.answer(&request, |dispatcher| answer_at_once(dispatcher, &request)),
    }
    ControlFlow::Continue(())
}

fn answer_at_once(dispatcher: &mut Dispatcher, request: &Request) -> Result<Option<Content>, RequestError> {
    match request.msg_type.as_str() {
        "kernel_info_request" => Ok(Some(dispatcher.kernel_info())),
        "is_complete_request" => is_complete(dispatcher.session(), &request.parse()?).map(Some),
        "history_request" => {
            let history = dispatcher.history().query(&request.parse()?)?;
            Ok(Some(Content::HistoryReply(HistoryReply { history })))
        }
        // There are no comms: nothing in the kernel opens one or knows a target.
        "comm_info_request" => Ok(Some(Content::CommInfoReply(CommInfoReply::default()))),
        "comm_open" => {
            close_comm(dispatcher, request, request.parse()?);
            Ok(None)
        }
        "comm_msg" | "comm_close" => Ok(None),
        _ => Err(RequestError::Unknown {
            msg_type: request.msg_type.clone(),
        }),
    }
}

/// The reply to a cell has a number in every case, so it is not the reply that other refused requests get.
fn refuse_cell(dispatcher: &Dispatcher, error: &RequestError) -> Content {
    let ErrorOutput {
        ename,
        evalue,
        traceback,
    } = error.as_output();
    let execution_count = dispatcher.executions().next_count();
    Content::ExecuteReply(ExecuteReply::Error {
        execution_count,
        ename,
        evalue,
        traceback,
    })
}

fn is_complete(session: &Session, request: &IsCompleteRequest) -> Result<Content, RequestError> {
    Ok(Content::IsCompleteReply(match session.is_complete(&request.code) {
        Completeness::Complete => IsCompleteReply::Complete,
        Completeness::Incomplete { indent } => IsCompleteReply::Incomplete { indent },
        Completeness::Invalid => IsCompleteReply::Invalid,
    }))
}

async fn complete(session: Session, request: Request) -> Result<Content, RequestError> {
    let place: CursorRequest = request.parse()?;
    let completions = session.complete(&place.code, place.cursor()).await;
    Ok(Content::CompleteReply(complete_reply(completions)))
}

async fn inspect(session: Session, request: Request) -> Result<Content, RequestError> {
    let place: CursorRequest = request.parse()?;
    let detail = if place.detail_level > 0 {
        Detail::Source
    } else {
        Detail::Documentation
    };
    let data = session.inspect(&place.code, place.cursor(), detail).await;
    let found = data.is_some();
    Ok(Content::InspectReply(InspectReply {
        found,
        data: data.unwrap_or_default(),
        metadata: Map::new(),
    }))
}

/// The specification has room for the text of a match only; JupyterLab reads the rest from the metadata.
fn complete_reply(completions: Completions) -> CompleteReply {
    let Completions { matches, start, end } = completions;
    let types: Vec<Value> = matches
        .iter()
        .map(|Completion { text, kind, signature }| {
            let mut entry = json!({"start": start, "end": end, "text": text, "type": kind});
            if let Some(signature) = signature {
                entry["signature"] = json!(signature);
            }
            entry
        })
        .collect();
    let mut metadata = Map::new();
    metadata.insert("_jupyter_types_experimental".to_owned(), Value::Array(types));
    CompleteReply {
        matches: matches.into_iter().map(|completion| completion.text).collect(),
        cursor_start: start,
        cursor_end: end,
        metadata,
        status: ReplyStatus::Ok,
        error: None,
    }
}

/// A client opened a comm for a target that is not there; the specification wants it closed at once.
fn close_comm(dispatcher: &Dispatcher, request: &Request, opened: CommOpen) {
    tracing::info!(
        target_name = opened.target_name,
        "a comm was opened for an unknown target"
    );
    let close = CommClose {
        comm_id: CommId(opened.comm_id),
        data: Map::new(),
    };
    dispatcher.outbox().publish(&request.header, Content::CommClose(close));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_a_match_is_in_the_metadata() {
        let matches = vec![Completion {
            text: "println!".to_owned(),
            kind: "macro".to_owned(),
            signature: Some("macro_rules! println".to_owned()),
        }];
        let reply = complete_reply(Completions {
            matches,
            start: 2,
            end: 5,
        });
        assert_eq!(reply.matches, ["println!"]);
        assert_eq!((reply.cursor_start, reply.cursor_end), (2, 5));
        assert_eq!(
            reply.metadata["_jupyter_types_experimental"],
            json!([{"start": 2, "end": 5, "text": "println!", "type": "macro", "signature": "macro_rules! println"}])
        );
    }
}

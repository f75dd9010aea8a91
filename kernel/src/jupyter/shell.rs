//! Shell: cells, and questions about code. Only cells wait for one another; everything else is answered at once.

use super::action::Action;
use super::content::{Content, HistoryReply};
use super::dispatcher::Dispatcher;
use super::execution::Submission;
use super::lookups::Lookup;
use super::message::{Received, Request};
use super::requests::{CommOpen, HistoryRequest, IsCompleteRequest, RequestContent, RequestError};
use jupyter_protocol::{CommClose, CommId, CommInfoReply};
use serde_json::Map;

/// Handles a message of the shell channel.
pub(super) fn handle(dispatcher: &mut Dispatcher, Received { request, content }: Received) {
    if let Some(id) = request
        .subshell
        .as_ref()
        .filter(|id| !dispatcher.subshells.contains(id))
    {
        let error = RequestError::unknown_subshell(id);
        return dispatcher.answer(&request, |_| Err(error));
    }
    match content {
        Ok(RequestContent::Execute(execute)) => dispatcher.submit(Submission { request, execute }),
        Ok(RequestContent::Complete(place)) => look_up(dispatcher, request, Lookup::Completions(place)),
        Ok(RequestContent::Inspect(place)) => look_up(dispatcher, request, Lookup::Inspection(place)),
        Ok(RequestContent::Shutdown(asked)) => dispatcher.shut_down(&request, &asked),
        content => dispatcher.answer(&request, |dispatcher| answer_at_once(dispatcher, &request, content?)),
    }
}

fn look_up(dispatcher: &mut Dispatcher, request: Request, lookup: Lookup) {
    dispatcher.actions.push(Action::LookUp { request, lookup });
}

fn answer_at_once(dispatcher: &mut Dispatcher, request: &Request, content: RequestContent) -> Result<(), RequestError> {
    match content {
        RequestContent::KernelInfo => dispatcher.reply_kernel_info(request),
        RequestContent::IsComplete(IsCompleteRequest { code }) => {
            let request = request.clone();
            dispatcher.actions.push(Action::CheckCompleteness { request, code });
        }
        RequestContent::History(asked) => reply_history(dispatcher, request, &asked)?,
        // There are no comms: nothing in the kernel opens one or knows a target.
        RequestContent::CommInfo => {
            let reply = Content::CommInfoReply(CommInfoReply::default());
            dispatcher.actions.reply(request, reply);
        }
        RequestContent::CommOpen(opened) => close_comm(dispatcher, request, opened),
        RequestContent::Comm => {}
        _ => return Err(RequestError::unknown(&request.msg_type)),
    }
    Ok(())
}

fn reply_history(dispatcher: &mut Dispatcher, request: &Request, asked: &HistoryRequest) -> Result<(), RequestError> {
    let history = dispatcher.history.query(asked)?;
    let reply = Content::HistoryReply(HistoryReply { history });
    dispatcher.actions.reply(request, reply);
    Ok(())
}

/// A client opened a comm for a target that is not there; the specification wants it closed at once.
fn close_comm(dispatcher: &mut Dispatcher, request: &Request, opened: CommOpen) {
    tracing::info!(
        target_name = opened.target_name,
        "a comm was opened for an unknown target"
    );
    let close = CommClose {
        comm_id: CommId(opened.comm_id),
        data: Map::new(),
    };
    dispatcher.actions.publish(&request.header, Content::CommClose(close));
}

//! Shell: cells, and questions about code. Only cells wait for one another; everything else is answered at once.

use super::action::Action;
use super::content::{Content, HistoryReply};
use super::dispatcher::Dispatcher;
use super::execution::Submission;
use super::lookups::Lookup;
use super::message::{Received, Request};
use super::requests::{HistoryRequest, IsCompleteRequest, RequestContent, RequestError};
use jupyter_protocol::CommInfoRequest;

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
        Ok(RequestContent::Comm(message)) => dispatcher.hear_comm(request, message),
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
        RequestContent::CommInfo(CommInfoRequest { target_name: target }) => {
            let request = request.clone();
            dispatcher.actions.push(Action::ListComms { request, target });
        }
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

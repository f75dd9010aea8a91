//! Control: the channel for what must not wait behind cells.

use super::action::Action;
use super::content::{Content, CreateSubshellReply, DeleteSubshellReply, ListSubshellReply};
use super::debugger::{Answer, DebugRequest};
use super::dispatcher::Dispatcher;
use super::lookups::Lookup;
use super::message::{Received, Request};
use super::requests::{DeleteSubshellRequest, RequestContent, RequestError};
use super::subshells::SubshellId;
use jupyter_protocol::InterruptReply;

/// Handles a message of the control channel.
pub(super) fn handle(dispatcher: &mut Dispatcher, Received { request, content }: Received) {
    match content {
        Ok(RequestContent::Debug(asked)) => debug(dispatcher, request, asked),
        Ok(RequestContent::Shutdown(asked)) => dispatcher.shut_down(&request, &asked),
        content => dispatcher.answer(&request, |dispatcher| {
            match content {
                Ok(RequestContent::KernelInfo) => dispatcher.reply_kernel_info(&request),
                Ok(RequestContent::Interrupt) => {
                    dispatcher.actions.push(Action::Interrupt);
                    let reply = Content::InterruptReply(InterruptReply::new());
                    dispatcher.actions.reply(&request, reply);
                }
                Ok(RequestContent::CreateSubshell) => {
                    let subshell_id = dispatcher.subshells.create();
                    let reply = Content::CreateSubshellReply(CreateSubshellReply { subshell_id });
                    dispatcher.actions.reply(&request, reply);
                }
                Ok(RequestContent::DeleteSubshell(DeleteSubshellRequest { subshell_id })) => {
                    delete_subshell(dispatcher, &request, &subshell_id)?;
                }
                Err(malformed) if is_of_control(&request) => return Err(malformed),
                Ok(RequestContent::ListSubshells) => {
                    let subshell_id = dispatcher.subshells.list();
                    let reply = Content::ListSubshellReply(ListSubshellReply { subshell_id });
                    dispatcher.actions.reply(&request, reply);
                }
                // What belongs on another channel is not read here, so it cannot be malformed either.
                _ => return Err(RequestError::unknown(&request.msg_type)),
            }
            Ok(())
        }),
    }
}

/// What belongs here and has content.
fn is_of_control(request: &Request) -> bool {
    matches!(request.msg_type.as_str(), "delete_subshell_request" | "debug_request")
}

fn debug(dispatcher: &mut Dispatcher, request: Request, asked: DebugRequest) {
    match dispatcher.debugger.answer(asked) {
        Answer::Now { content, event } => dispatcher.answer(&request, |dispatcher| {
            dispatcher.actions.reply(&request, content);
            if let Some(event) = event {
                dispatcher.actions.publish(&request.header, event);
            }
            Ok(())
        }),
        Answer::Later(inquiry) => {
            let lookup = Lookup::Variables {
                inquiry,
                cell: dispatcher.executions.new_cell_of(&request),
                // While cells are run one after another, what is known has to do: a look would delay the next one.
                may_look: dispatcher.executions.is_idle(),
            };
            dispatcher.actions.push(Action::LookUp { request, lookup });
        }
    }
}

/// Its cells that wait will not run; the one that runs goes on.
fn delete_subshell(dispatcher: &mut Dispatcher, request: &Request, id: &SubshellId) -> Result<(), RequestError> {
    if !dispatcher.subshells.delete(id) {
        return Err(RequestError::unknown_subshell(id));
    }
    dispatcher.abort_waiting_in(Some(id));
    let reply = Content::DeleteSubshellReply(DeleteSubshellReply {});
    dispatcher.actions.reply(request, reply);
    Ok(())
}

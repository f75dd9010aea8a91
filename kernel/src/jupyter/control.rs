//! Control: the channel for what must not wait behind cells.

use super::action::Action;
use super::content::Content;
use super::dispatcher::Dispatcher;
use super::message::Received;
use super::requests::{RequestContent, RequestError};
use jupyter_protocol::InterruptReply;

/// Handles a message of the control channel.
pub(super) fn handle(dispatcher: &mut Dispatcher, Received { request, content }: Received) {
    match content {
        Ok(RequestContent::Shutdown(asked)) => dispatcher.shut_down(&request, &asked),
        content => dispatcher.answer(&request, |dispatcher| {
            match content {
                Ok(RequestContent::KernelInfo) => dispatcher.reply_kernel_info(&request),
                Ok(RequestContent::Interrupt) => {
                    dispatcher.actions.push(Action::Interrupt);
                    let reply = Content::InterruptReply(InterruptReply::new());
                    dispatcher.actions.reply(&request, reply);
                }
                // What belongs on another channel is not read here, so it cannot be malformed either.
                _ => return Err(RequestError::unknown(&request.msg_type)),
            }
            Ok(())
        }),
    }
}

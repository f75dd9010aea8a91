//! Control: the channel for what must not wait behind cells.

use super::content::Content;
use super::message::Request;
use super::requests::RequestError;
use super::server::Dispatcher;
use jupyter_protocol::InterruptReply;
use std::ops::ControlFlow;

/// Handles a message of the control channel; `Break` ends the kernel.
pub(super) fn handle(dispatcher: &mut Dispatcher, request: &Request) -> ControlFlow<()> {
    if request.msg_type == "shutdown_request" {
        return dispatcher.shut_down(request);
    }
    dispatcher.answer(request, |dispatcher| match request.msg_type.as_str() {
        "kernel_info_request" => Ok(Some(dispatcher.kernel_info())),
        "interrupt_request" => {
            dispatcher.interrupt();
            Ok(Some(Content::InterruptReply(InterruptReply::new())))
        }
        _ => Err(RequestError::Unknown {
            msg_type: request.msg_type.clone(),
        }),
    });
    ControlFlow::Continue(())
}

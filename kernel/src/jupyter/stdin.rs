//! Stdin: the channel on which the kernel asks and the client answers.
//!
//! A question goes to the client that submitted the cell, under its request, and to nobody else. What comes is an answer
//! only where it comes from that client and names no other question; everything else is dropped.

use super::action::Action;
use super::content::InputRequest;
use super::dispatcher::Dispatcher;
use super::message::{Received, Request};
use super::requests::{InputReply, RequestContent};
use crate::session::{self, InputRequestId};
use uuid::Uuid;

/// What clients answer where a person has ended the input: as Ctrl-D types it.
const END_OF_INPUT: &str = "\u{4}";

/// A question that waits for its answer.
#[derive(Debug)]
pub(super) struct Asked {
    question: InputRequestId,
    /// The ID of the message.
    id: Uuid,
    /// The cell's.
    request: Request,
}

/// Puts a question to the client whose cell runs.
pub(super) fn ask(dispatcher: &mut Dispatcher, question: session::InputRequest) {
    let session::InputRequest {
        id: question,
        cell,
        prompt,
        password,
    } = question;
    let Some(request) = dispatcher.executions.request(cell).cloned() else {
        // The session has ended it with its cell.
        return tracing::debug!(?cell, "a question of a cell that has ended");
    };
    let id = Uuid::new_v4();
    dispatcher.asked = Some(Asked {
        question,
        id,
        request: request.clone(),
    });
    dispatcher.actions.push(Action::Ask {
        request,
        question,
        input: InputRequest { id, prompt, password },
    });
}

/// Takes what came in.
pub(super) fn handle(dispatcher: &mut Dispatcher, Received { request, content }: Received) {
    let dropped = |reason: &str| tracing::warn!(msg_type = request.msg_type, "dropped: {reason}");
    let answer = match content {
        Ok(RequestContent::InputReply(InputReply { value })) => (value != END_OF_INPUT).then_some(value),
        Err(error) => return dropped(&error.to_string()),
        Ok(_) => return dropped("only answers come on this channel"),
    };
    let Some(asked) = &dispatcher.asked else {
        return dropped("the kernel asked for no input");
    };
    if !asked.is_answered_by(&request) {
        return dropped("it answers another question, or is not this client's to answer");
    }
    let question = asked.question;
    dispatcher.actions.push(Action::Answer { question, answer });
    dispatcher.asked = None;
}

impl Asked {
    /// Whether a reply belongs to this question. Some clients name the question, some the cell, some nothing.
    fn is_answered_by(&self, reply: &Request) -> bool {
        let names_it = match &reply.parent_id {
            None => true,
            Some(parent) => *parent == self.id.to_string() || Some(parent) == self.request.id().as_ref(),
        };
        names_it && reply.identities == self.request.identities
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::jupyter::connection::Channel;
    use crate::jupyter::message::ParentHeader;
    use bytes::Bytes;
    use serde_json::json;

    fn message(identity: &'static str, id: &str, parent: Option<&str>) -> Request {
        Request {
            channel: Channel::Stdin,
            identities: vec![Bytes::from_static(identity.as_bytes())],
            header: ParentHeader(json!({"msg_id": id}).to_string().into()),
            msg_type: "input_reply".to_owned(),
            subshell: None,
            parent_id: parent.map(str::to_owned),
        }
    }

    #[test]
    fn only_the_client_that_was_asked_answers_and_only_this_question() {
        let asked = Asked {
            question: InputRequestId(1),
            id: Uuid::from_u128(7),
            request: message("one", "cell", None),
        };
        let question = asked.id.to_string();
        let answers = |identity, parent| asked.is_answered_by(&message(identity, "reply", parent));
        assert!(answers("one", Some(&question)));
        assert!(answers("one", Some("cell")));
        assert!(answers("one", None));
        assert!(!answers("one", Some("another question")));
        assert!(!answers("two", Some(&question)));
    }
}

//! Everything that leaves the kernel goes through here: broadcasts, replies, questions.

use super::connection::Channel;
use super::content::{Content, InputRequest};
use super::iopub::IoPub;
use super::message::{Message, ParentHeader, Request};
use super::router::Replies;
use jupyter_protocol::Status;
use tokio::sync::oneshot;

/// Sends on the kernel's channels. Clones send on the same ones.
#[derive(Clone, Debug)]
pub(super) struct Outbox {
    pub(super) iopub: IoPub,
    pub(super) shell: Replies,
    pub(super) control: Replies,
    pub(super) stdin: Replies,
}

/// Says busy when it is made and idle when it goes, whichever way that happens: for answers that take their time.
#[derive(Debug)]
pub(super) struct Busy {
    outbox: Outbox,
    parent: ParentHeader,
}

impl Outbox {
    /// Broadcasts under `parent`.
    pub(super) fn publish(&self, parent: &ParentHeader, content: Content) {
        self.iopub.publish(Message::new(Some(parent.clone()), content));
    }

    /// Broadcasts what no request has caused.
    pub(super) fn announce(&self, content: Content) {
        self.iopub.publish(Message::new(None, content));
    }

    /// Answers a request on the channel that it came from.
    pub(super) fn reply(&self, request: &Request, content: Content) {
        let replies = match request.channel {
            Channel::Shell => &self.shell,
            Channel::Control => &self.control,
            channel @ (Channel::Stdin | Channel::IoPub | Channel::Heartbeat) => {
                return tracing::error!(%channel, "a reply was meant for a channel that has none");
            }
        };
        let message = Message::new(Some(request.header.clone()), content);
        replies.send(request.identities.clone(), message);
    }

    /// Asks the client that a request came from. Gives what ends with an error where there is no such client any more.
    pub(super) fn ask(&self, request: &Request, input: InputRequest) -> oneshot::Receiver<()> {
        let message = Message::new(Some(request.header.clone()), Content::InputRequest(input));
        self.stdin.send_with_receipt(request.identities.clone(), message)
    }

    /// Says busy now, and idle when the guard goes.
    pub(super) fn busy(&self, request: &Request) -> Busy {
        self.publish(&request.header, Content::Status(Status::busy()));
        Busy {
            outbox: self.clone(),
            parent: request.header.clone(),
        }
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.outbox.publish(&self.parent, Content::Status(Status::idle()));
    }
}

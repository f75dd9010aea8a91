//! Messages between the wire and the dispatcher: what a client asked, and what the kernel says.

use super::connection::Channel;
use super::content::Content;
use super::requests::{RequestContent, RequestError};
use super::subshells::SubshellId;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde_json::Value;

/// The header of a request, as the bytes that came: what the kernel says because of it carries it back unchanged.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct ParentHeader(pub(super) Bytes);

/// A message that a client sent and whose signature was right.
#[derive(Debug)]
pub(super) struct Received {
    pub(super) request: Request,
    /// What it asks, or why it is refused.
    pub(super) content: Result<RequestContent, RequestError>,
}

/// Who sent a message, and what an answer has to carry.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) channel: Channel,
    /// The way back to the client: ZeroMQ's routing frames.
    pub(super) identities: Vec<Bytes>,
    pub(super) header: ParentHeader,
    pub(super) msg_type: String,
    /// The sub-shell that it is for; None where that is the main shell.
    pub(super) subshell: Option<SubshellId>,
    /// The ID of the message that it answers, if it names one.
    pub(super) parent_id: Option<String>,
}

/// A message that the kernel sends.
#[derive(Clone, Debug)]
pub(super) struct Message {
    /// None where no request is the cause.
    pub(super) parent: Option<ParentHeader>,
    pub(super) content: Content,
    /// When it was made. The channels send at their own pace, so that the order of sending is not the order of events.
    pub(super) date: DateTime<Utc>,
}

impl Message {
    pub(super) fn new(parent: Option<ParentHeader>, content: Content) -> Message {
        Message {
            parent,
            content,
            date: Utc::now(),
        }
    }
}

impl Request {
    /// The message's own ID.
    pub(super) fn id(&self) -> Option<String> {
        let header: Value = serde_json::from_slice(&self.header.0).ok()?;
        Some(header["msg_id"].as_str()?.to_owned())
    }

    /// The type of the message that answers this one, or None for messages that ask nothing.
    pub(super) fn reply_type(&self) -> Option<String> {
        self.msg_type
            .strip_suffix("_request")
            .map(|subject| format!("{subject}_reply"))
    }
}

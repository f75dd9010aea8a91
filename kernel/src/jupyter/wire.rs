//! Between ZeroMQ frames and messages: signing, verifying, parsing.
//!
//! What comes in is not trusted: frames are counted before they are sliced, and nothing is parsed before the signature
//! over the received bytes was verified.

use super::connection::Channel;
use super::message::{Message, ParentHeader, Received, Request};
use super::requests::RequestContent;
use super::subshells::SubshellId;
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use chrono::SecondsFormat;
use hmac::{Hmac, Mac};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::Sha256;
use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};
use uuid::Uuid;

/// The version of the messaging protocol that the kernel speaks.
pub(super) const PROTOCOL_VERSION: &str = "5.5";

/// Stands between the routing frames and the message.
const DELIMITER: &[u8] = b"<IDS|MSG>";

/// How many frames after the signature are signed: header, parent header, metadata, content.
const SIGNED_FRAMES: usize = 4;

/// The largest message that is read, in bytes of all its frames. A cell is text that a person wrote.
pub(super) const LARGEST: usize = 64 << 20;

/// How many signatures are remembered.
const REMEMBERED: usize = 1 << 16;

/// Turns frames into requests and messages into frames, for one kernel.
#[derive(Debug)]
pub(super) struct Wire {
    /// None: the connection file has no key, and nothing is signed.
    mac: Option<Hmac<Sha256>>,
    /// A message that comes again was not sent by the client.
    seen: Mutex<Signatures>,
    session: String,
}

/// The signatures of the latest messages.
#[derive(Debug, Default)]
struct Signatures {
    known: HashSet<Vec<u8>>,
    in_order: VecDeque<Vec<u8>>,
}

/// Why frames were not a message.
#[derive(Debug, thiserror::Error)]
pub(super) enum DecodeError {
    #[error("no delimiter among {frames} frames")]
    NoDelimiter { frames: usize },
    #[error("{found} frames after the delimiter, not at least {}", SIGNED_FRAMES + 1)]
    TooShort { found: usize },
    #[error("the signature is wrong")]
    WrongSignature,
    #[error("a message of {size} bytes is larger than {LARGEST}")]
    TooLarge { size: usize },
    #[error("the same message has come before")]
    Duplicate,
    #[error("the {part} is not JSON")]
    NotJson {
        part: &'static str,
        source: serde_json::Error,
    },
    #[error("the {part} is not an object")]
    NotAnObject { part: &'static str },
    #[error("the header lacks what every header has")]
    IncompleteHeader { source: serde_json::Error },
}

/// Why a message could not be written.
#[derive(Debug, thiserror::Error)]
#[error("a {msg_type} cannot be written as JSON")]
pub(super) struct EncodeError {
    msg_type: String,
    source: serde_json::Error,
}

#[derive(Serialize)]
struct SentHeader<'a> {
    msg_id: String,
    session: &'a str,
    username: &'static str,
    date: String,
    msg_type: &'a str,
    version: &'static str,
}

/// What has to be in a header that comes in. The other fields matter only to the client, which gets them back.
#[derive(Deserialize)]
struct ReceivedHeader {
    #[serde(rename = "msg_id")]
    _msg_id: String,
    msg_type: String,
    #[serde(default)]
    subshell_id: Option<String>,
}

impl Wire {
    /// A wire that signs with `key`, or does not where it is empty.
    pub(super) fn new(key: &str) -> Wire {
        let mac = match Hmac::new_from_slice(key.as_bytes()) {
            Ok(mac) if !key.is_empty() => Some(mac),
            // HMAC takes keys of every length.
            _ => None,
        };
        Wire {
            mac,
            seen: Mutex::default(),
            session: Uuid::new_v4().to_string(),
        }
    }

    /// Reads what came in on `channel`.
    pub(super) fn decode(&self, channel: Channel, mut frames: Vec<Bytes>) -> Result<Received, DecodeError> {
        let size = frames.iter().map(Bytes::len).sum();
        if size > LARGEST {
            return Err(DecodeError::TooLarge { size });
        }
        let Some(delimiter) = frames.iter().position(|frame| frame == DELIMITER) else {
            return Err(DecodeError::NoDelimiter { frames: frames.len() });
        };
        let message = frames.split_off(delimiter + 1);
        let identities = {
            frames.truncate(delimiter);
            frames.iter().map(copied).collect()
        };
        let [signature, header, parent, metadata, content, buffers @ ..] = message.as_slice() else {
            return Err(DecodeError::TooShort { found: message.len() });
        };
        self.verify(signature, [header, parent, metadata, content])?;

        let parent = parse_object("parent header", parent)?;
        let metadata = parse_object("metadata", metadata)?;
        let header_read = ReceivedHeader::deserialize(parse_object("header", header)?)
            .map_err(|source| DecodeError::IncompleteHeader { source })?;
        let ReceivedHeader {
            msg_type, subshell_id, ..
        } = header_read;
        let mut content = RequestContent::read(&msg_type, &parse_object("content", content)?);
        if let (Ok(RequestContent::Comm(message)), Value::Object(metadata)) = (&mut content, metadata) {
            let payload = message.payload_mut();
            payload.metadata = metadata;
            payload.buffers = buffers.iter().map(|buffer| BASE64.encode(buffer)).collect();
        }
        let request = Request {
            channel,
            identities,
            header: ParentHeader(copied(header)),
            msg_type,
            subshell: subshell_id.map(SubshellId),
            parent_id: parent["msg_id"].as_str().map(str::to_owned),
        };
        Ok(Received { request, content })
    }

    /// Writes a message, without the routing frames that go before it.
    pub(super) fn encode(&self, message: &Message) -> Result<Vec<Bytes>, EncodeError> {
        let msg_type = message.content.msg_type();
        let header = SentHeader {
            msg_id: message.content.id().unwrap_or_else(Uuid::new_v4).to_string(),
            session: &self.session,
            username: "kernel",
            date: message.date.to_rfc3339_opts(SecondsFormat::Micros, true),
            msg_type,
            version: PROTOCOL_VERSION,
        };
        let failed = |source| EncodeError {
            msg_type: msg_type.to_owned(),
            source,
        };
        let header = Bytes::from(serde_json::to_vec(&header).map_err(failed)?);
        let parent = match &message.parent {
            Some(ParentHeader(bytes)) => bytes.clone(),
            None => Bytes::from_static(b"{}"),
        };
        let metadata = match message.content.metadata() {
            Some(metadata) => Bytes::from(serde_json::to_vec(metadata).map_err(failed)?),
            None => Bytes::from_static(b"{}"),
        };
        let content = Bytes::from(serde_json::to_vec(&message.content).map_err(failed)?);
        let signature = self.sign([&header, &parent, &metadata, &content]);
        let mut frames = vec![
            Bytes::from_static(DELIMITER),
            signature,
            header,
            parent,
            metadata,
            content,
        ];
        frames.extend_from_slice(message.content.buffers());
        Ok(frames)
    }

    fn verify(&self, signature: &[u8], parts: [&Bytes; SIGNED_FRAMES]) -> Result<(), DecodeError> {
        let Some(mac) = self.digest(parts) else {
            return Ok(());
        };
        let signature = from_hex(signature).ok_or(DecodeError::WrongSignature)?;
        // Compares in constant time.
        mac.verify_slice(&signature).map_err(|_| DecodeError::WrongSignature)?;
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match seen.insert(signature) {
            true => Ok(()),
            false => Err(DecodeError::Duplicate),
        }
    }

    fn sign(&self, parts: [&Bytes; SIGNED_FRAMES]) -> Bytes {
        match self.digest(parts) {
            Some(mac) => Bytes::from(format!("{:x}", mac.finalize().into_bytes())),
            None => Bytes::new(),
        }
    }

    fn digest(&self, parts: [&Bytes; SIGNED_FRAMES]) -> Option<Hmac<Sha256>> {
        let mut mac = self.mac.clone()?;
        for part in parts {
            mac.update(part);
        }
        Some(mac)
    }
}

impl Signatures {
    /// Remembers a signature; false if it is known.
    fn insert(&mut self, signature: Vec<u8>) -> bool {
        if !self.known.insert(signature.clone()) {
            return false;
        }
        self.in_order.push_back(signature);
        if self.in_order.len() > REMEMBERED
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

/// What is kept of a message is no part of what was read: that has other messages as well, however large, and all of it stays
/// for as long as a part does.
fn copied(frame: &Bytes) -> Bytes {
    Bytes::copy_from_slice(frame)
}

fn parse_object(part: &'static str, frame: &[u8]) -> Result<Value, DecodeError> {
    match serde_json::from_slice(frame) {
        Ok(object @ Value::Object(_)) => Ok(object),
        Ok(_) => Err(DecodeError::NotAnObject { part }),
        Err(source) => Err(DecodeError::NotJson { part, source }),
    }
}

fn from_hex(text: &[u8]) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pair = |pair: &[u8; 2]| Some(digit(pair[0])? << 4 | digit(pair[1])?);
    match text.as_chunks() {
        (pairs, []) => pairs.iter().map(pair).collect(),
        _ => None,
    }
}

#[cfg(test)]
mod tests;

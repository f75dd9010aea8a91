//! Messages as a strict client sees them: every signature is verified, every header looked at.

use bytes::Bytes;
use chrono::{DateTime, SecondsFormat, Utc};
use hmac::{Hmac, Mac};
use serde_json::{Map, Value, json};
use sha2::Sha256;
use uuid::Uuid;

const DELIMITER: &[u8] = b"<IDS|MSG>";

/// A message that came from the kernel.
#[derive(Clone, Debug, PartialEq)]
pub struct Message {
    /// The frames before the delimiter: the topic on IOPub, nothing elsewhere.
    pub topics: Vec<Bytes>,
    /// The message's own header.
    pub header: Map<String, Value>,
    /// The header of the message that caused it; empty if none did.
    pub parent_header: Map<String, Value>,
    /// Its metadata.
    pub metadata: Map<String, Value>,
    /// Its content.
    pub content: Value,
    /// What is binary.
    pub buffers: Vec<Bytes>,
}

/// Signs and verifies for one client.
#[derive(Clone, Debug)]
pub struct Wire {
    key: String,
    session: String,
}

impl Message {
    /// The `msg_type` of the header.
    pub fn msg_type(&self) -> &str {
        text(&self.header, "msg_type")
    }

    /// The plain text of what it shows.
    pub fn plain_text(&self) -> &str {
        self.content["data"]["text/plain"].as_str().unwrap_or_default()
    }

    /// The display that it shows, or changes.
    pub fn display_id(&self) -> &Value {
        &self.content["transient"]["display_id"]
    }

    /// The `msg_id` of the request that caused it, if one did.
    pub fn parent_id(&self) -> Option<&str> {
        self.parent_header.get("msg_id").and_then(Value::as_str)
    }
}

impl Wire {
    /// A wire that signs with `key`, under a session of its own.
    pub fn new(key: &str) -> Wire {
        Wire {
            key: key.to_owned(),
            session: Uuid::new_v4().to_string(),
        }
    }

    /// The identity of this client, in every header that it sends.
    pub fn session(&self) -> &str {
        &self.session
    }

    /// A header for a new message.
    pub fn header(&self, msg_type: &str) -> Value {
        json!({
            "msg_id": Uuid::new_v4().to_string(),
            "session": self.session,
            "username": "tester",
            "date": Utc::now().to_rfc3339_opts(SecondsFormat::Micros, true),
            "msg_type": msg_type,
            "version": "5.5",
        })
    }

    /// The frames of a message that has this header.
    pub fn frames(&self, header: &Value, content: &Value) -> Vec<Bytes> {
        self.frames_of([
            header.to_string(),
            "{}".to_owned(),
            "{}".to_owned(),
            content.to_string(),
        ])
    }

    /// Frames with these four parts as they are, signed as they should be.
    pub fn frames_of(&self, parts: [String; 4]) -> Vec<Bytes> {
        let parts = parts.map(Bytes::from);
        let mut frames = vec![Bytes::from_static(DELIMITER), Bytes::from(self.sign(&parts))];
        frames.extend(parts);
        frames
    }

    /// Reads what the kernel sent.
    ///
    /// # Panics
    ///
    /// When it is anything but a well-formed, correctly signed message.
    pub fn read(&self, mut frames: Vec<Bytes>) -> Message {
        let delimiter = frames.iter().position(|frame| frame == DELIMITER);
        let delimiter = delimiter.unwrap_or_else(|| panic!("no delimiter in {frames:?}"));
        let message = frames.split_off(delimiter + 1);
        frames.truncate(delimiter);
        let [signature, parts @ ..] = message.as_slice() else {
            panic!("no signature in {message:?}")
        };
        let (parts, buffers) = parts
            .split_first_chunk::<4>()
            .unwrap_or_else(|| panic!("not four parts: {parts:?}"));
        assert_eq!(signature, self.sign(parts).as_bytes(), "wrong signature on {parts:?}");

        let [header, parent_header, metadata, content] = parts.each_ref().map(object);
        check_header(&header);
        if !parent_header.is_empty() {
            check_header(&parent_header);
        }
        Message {
            topics: frames,
            header,
            parent_header,
            metadata,
            content: Value::Object(content),
            buffers: buffers.to_vec(),
        }
    }

    fn sign(&self, parts: &[Bytes; 4]) -> String {
        if self.key.is_empty() {
            return String::new();
        }
        let mut mac = Hmac::<Sha256>::new_from_slice(self.key.as_bytes()).expect("HMAC takes keys of every length");
        for part in parts {
            mac.update(part);
        }
        format!("{:x}", mac.finalize().into_bytes())
    }
}

fn object(part: &Bytes) -> Map<String, Value> {
    match serde_json::from_slice(part) {
        Ok(Value::Object(object)) => object,
        other => panic!("not an object: {part:?} ({other:?})"),
    }
}

/// What the specification asks of every header.
fn check_header(header: &Map<String, Value>) {
    for field in ["msg_id", "session", "username", "msg_type"] {
        assert!(!text(header, field).is_empty(), "{field} is empty in {header:?}");
    }
    let date = text(header, "date");
    assert!(
        DateTime::parse_from_rfc3339(date).is_ok(),
        "{date:?} is not an ISO 8601 date"
    );
    let version = text(header, "version");
    assert!(version.starts_with("5."), "version {version:?}");
}

fn text<'a>(header: &'a Map<String, Value>, field: &str) -> &'a str {
    header
        .get(field)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no text {field} in {header:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let wire = Wire::new("key");
        let header = wire.header("status");
        let message = wire.read(wire.frames(&header, &json!({"execution_state": "busy"})));
        assert_eq!(Value::Object(message.header), header);
        assert_eq!(message.content["execution_state"], "busy");
    }

    #[test]
    #[should_panic(expected = "wrong signature")]
    fn a_wrong_signature_does_not_pass() {
        let frames = Wire::new("one").frames(&Wire::new("one").header("status"), &json!({}));
        Wire::new("other").read(frames);
    }

    #[test]
    #[should_panic(expected = "no text date")]
    fn an_incomplete_header_does_not_pass() {
        let wire = Wire::new("key");
        let mut header = wire.header("status");
        header.as_object_mut().unwrap().remove("date");
        wire.read(wire.frames(&header, &json!({})));
    }
}

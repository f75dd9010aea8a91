//! What comes on a comm.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};

use crate::contract::comms::{CommMessage as Said, Payload};
use crate::display::to_json;

/// Under this name in the data is what is no object itself.
const VALUE: &str = "value";

/// A message that has come on a comm.
#[derive(Clone, Debug, PartialEq)]
pub struct CommMessage {
    payload: Payload,
}

/// Why there is no message, or no value in one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CommError {
    /// The comm is closed, or this program is no notebook.
    #[error("the comm is closed")]
    Closed,
    /// There is no message now.
    #[error("no message has come on the comm")]
    Empty,
    /// The time limit has passed.
    #[error("no message has come on the comm in time")]
    TimedOut,
    /// The message is not what is wanted of it.
    #[error("what has come on the comm is something else: {0}")]
    Unreadable(String),
    /// The notebook cannot be asked.
    #[error("the notebook cannot be asked for what has come on a comm")]
    Io(#[from] io::Error),
}

impl CommMessage {
    /// What the message says, read as this type. Of an object with nothing but a `value`, which is how [`send`] sends what
    /// is no object itself, that can be read as well.
    ///
    /// [`send`]: super::Comm::send
    ///
    /// # Errors
    ///
    /// [`CommError::Unreadable`] where it is something else.
    pub fn data<T: DeserializeOwned>(&self) -> Result<T, CommError> {
        let whole = serde_json::from_value(Value::Object(self.payload.data.clone()));
        whole.or_else(|error| match self.payload.data.get(VALUE) {
            Some(value) if self.payload.data.len() == 1 => {
                serde_json::from_value(value.clone()).map_err(CommError::unreadable)
            }
            _ => Err(CommError::unreadable(error)),
        })
    }

    /// What the message says.
    #[must_use]
    pub fn json(&self) -> Map<String, Value> {
        self.payload.data.clone()
    }

    /// What is said of it.
    #[must_use]
    pub fn metadata(&self) -> Map<String, Value> {
        self.payload.metadata.clone()
    }

    /// Its binary parts. One that is damaged is empty.
    #[must_use]
    pub fn buffers(&self) -> Vec<Vec<u8>> {
        let buffers = self.payload.buffers.iter();
        buffers.map(|text| BASE64.decode(text).unwrap_or_default()).collect()
    }
}

impl From<Said> for CommMessage {
    fn from(mut said: Said) -> Self {
        Self {
            payload: std::mem::take(said.payload_mut()),
        }
    }
}

impl CommError {
    pub(super) fn unreadable(error: serde_json::Error) -> Self {
        Self::Unreadable(error.to_string())
    }
}

/// What is sent for a value.
#[track_caller]
pub(super) fn payload(data: impl Serialize) -> Payload {
    let data = match to_json("a comm's message", data) {
        Value::Object(data) => data,
        value => Map::from_iter([(VALUE.to_owned(), value)]),
    };
    Payload {
        data,
        ..Payload::default()
    }
}

pub(crate) fn encode(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn message(data: impl Serialize) -> CommMessage {
        let payload = payload(data);
        CommMessage { payload }
    }

    #[test]
    fn what_is_no_object_is_the_value_in_one() {
        assert_eq!(
            serde_json::to_string(&message([1, 2]).json()).unwrap(),
            r#"{"value":[1,2]}"#
        );
        assert_eq!(message([1, 2]).data::<Vec<u8>>().unwrap(), [1, 2]);
        let map = BTreeMap::from([("a", 1)]);
        assert_eq!(message(&map).data::<BTreeMap<String, i32>>().unwrap()["a"], 1);
        let error = message(map).data::<String>().unwrap_err().to_string();
        assert!(
            error.starts_with("what has come on the comm is something else: "),
            "{error}"
        );
    }

    #[test]
    fn binary_parts_return() {
        let mut sent = message(());
        sent.payload.buffers = vec![encode(b"\0\xff"), "!".to_owned()];
        assert_eq!(sent.buffers(), [vec![0, 255], vec![]]);
    }
}

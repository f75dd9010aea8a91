//! What all proxies have in common: which object it is, and asking for something of it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::{self, CodecError};
use crate::manager::endpoint::Endpoint;
use crate::manager::error::ManagerError;
use crate::manager::message::{Kind, Operation, Payload, Reply, Request, Stamped};

/// What is wrong with a server that does not keep to the protocol.
pub(in crate::manager) const UNEXPECTED: &str = "the answer does not belong to the request";

/// An object in a server.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(in crate::manager) struct Object {
    #[serde(serialize_with = "serialize_shared", deserialize_with = "deserialize_shared")]
    endpoint: Arc<Endpoint>,
    id: u64,
    kind: Kind,
}

impl Object {
    pub(in crate::manager) fn new(endpoint: Arc<Endpoint>, id: u64, kind: Kind) -> Self {
        Self { endpoint, id, kind }
    }

    pub(super) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The request for `operation`.
    pub(super) fn request(&self, operation: Operation, limit: Option<Duration>) -> Request {
        Request::Call {
            object: self.id,
            limit,
            operation,
        }
    }

    /// What the server answers, waiting for it no longer than `limit`.
    pub(super) fn call(&self, operation: Operation, limit: Option<Duration>) -> Result<Reply, ManagerError> {
        let reply = self.endpoint.request(&self.request(operation, limit), limit)?;
        self.check(reply)
    }

    /// A reply that is not a refusal.
    pub(super) fn check(&self, reply: Reply) -> Result<Reply, ManagerError> {
        match reply {
            Reply::Refused(refusal) => Err(self.endpoint.refused(refusal, self.kind, None)),
            reply => Ok(reply),
        }
    }

    pub(super) fn delete(&self) -> Result<(), ManagerError> {
        let reply = self.endpoint.request(&Request::Delete { object: self.id }, None)?;
        match self.check(reply)? {
            Reply::Done => Ok(()),
            _ => Err(self.unexpected()),
        }
    }

    pub(super) fn done(&self, operation: Operation) -> Result<(), ManagerError> {
        match self.call(operation, None)? {
            Reply::Done => Ok(()),
            _ => Err(self.unexpected()),
        }
    }

    pub(super) fn flag(&self, operation: Operation) -> Result<bool, ManagerError> {
        match self.call(operation, None)? {
            Reply::Flag(flag) => Ok(flag),
            _ => Err(self.unexpected()),
        }
    }

    pub(super) fn count(&self, operation: Operation) -> Result<usize, ManagerError> {
        match self.call(operation, None)? {
            Reply::Count(count) => usize::try_from(count).map_err(|_| self.unexpected()),
            _ => Err(self.unexpected()),
        }
    }

    pub(super) fn item<T: DeserializeOwned>(&self, operation: Operation) -> Result<Option<T>, ManagerError> {
        match self.call(operation, None)? {
            Reply::Item(item) => item.as_ref().map(decode).transpose(),
            _ => Err(self.unexpected()),
        }
    }

    pub(super) fn items<T: DeserializeOwned>(&self, operation: Operation) -> Result<Vec<T>, ManagerError> {
        match self.call(operation, None)? {
            Reply::Items(items) => items.iter().map(decode).collect(),
            _ => Err(self.unexpected()),
        }
    }

    /// What is there, with its stamp.
    pub(super) fn load(&self, operation: Operation) -> Result<Option<Stamped>, ManagerError> {
        match self.call(operation, None)? {
            Reply::Stamped(stamped) => Ok(stamped),
            _ => Err(self.unexpected()),
        }
    }

    /// Replaces what has a stamp; the error is what is there instead by now.
    pub(super) fn replace(&self, operation: Operation) -> Result<Result<(), Option<Stamped>>, ManagerError> {
        match self.call(operation, None)? {
            Reply::Done => Ok(Ok(())),
            Reply::Stamped(stamped) => Ok(Err(stamped)),
            _ => Err(self.unexpected()),
        }
    }

    pub(super) fn unexpected(&self) -> ManagerError {
        self.endpoint.broken(UNEXPECTED)
    }

    pub(super) fn describe(&self, name: &str, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct(name)
            .field("manager", &self.endpoint.pid)
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

/// The encoded value.
pub(in crate::manager) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Payload, ManagerError> {
    let mut bytes = Vec::new();
    codec::encode_into(value, &mut bytes).map_err(|error| codec_error(&error))?;
    Ok(Payload::new(bytes))
}

/// The value that `payload` holds.
pub(super) fn decode<T: DeserializeOwned>(payload: &Payload) -> Result<T, ManagerError> {
    codec::decode(payload.bytes()).map_err(|error| codec_error(&error))
}

/// That there was no time is no error for who has not asked for any.
pub(super) fn in_time<T>(result: Result<T, ManagerError>) -> Result<Option<T>, ManagerError> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(ManagerError::TimedOut { .. }) => Ok(None),
        Err(error) => Err(error),
    }
}

fn codec_error(error: &CodecError) -> ManagerError {
    ManagerError::Codec {
        error: error.to_string(),
    }
}

fn serialize_shared<S: Serializer>(endpoint: &Arc<Endpoint>, serializer: S) -> Result<S::Ok, S::Error> {
    endpoint.serialize(serializer)
}

fn deserialize_shared<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Arc<Endpoint>, D::Error> {
    Endpoint::deserialize(deserializer).map(Arc::new)
}

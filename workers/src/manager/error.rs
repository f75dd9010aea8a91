//! Why something asked of a manager was not done.

use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Why a call to a [`Manager`](crate::Manager), or to one of its objects, was not done.
///
/// It can be sent, so that a worker may return it.
///
/// # Examples
///
/// ```
/// use parcell::{Manager, ManagerError};
///
/// let manager = Manager::new()?;
/// let list = manager.list::<u32>()?;
/// assert_eq!(list.get(3), Err(ManagerError::OutOfBounds { index: 3, len: 0 }));
/// # Ok::<(), ManagerError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum ManagerError {
    /// The index is not one of the list's.
    #[error("index {index} is out of bounds: the list has {len} items")]
    OutOfBounds {
        /// The index that was asked for.
        index: usize,
        /// How many items the list had at that moment.
        len: usize,
    },
    /// The object was deleted.
    #[error("the {kind} is gone: it was deleted from the manager (pid {pid})")]
    ObjectGone {
        /// What it was: `list`, `dict` and so on.
        kind: String,
        /// The PID of the manager's process.
        pid: u32,
    },
    /// There is an object with this name already, of another kind.
    #[error("{name:?} is a {found}, not a {wanted}")]
    WrongKind {
        /// The object's name.
        name: String,
        /// What it is.
        found: String,
        /// What it was wanted to be.
        wanted: String,
    },
    /// The time limit has passed.
    #[error("it was not done within {limit:?}")]
    TimedOut {
        /// The limit.
        limit: Duration,
    },
    /// The manager's process has ended, and all that it held is lost.
    #[error("the manager (pid {pid}) has ended")]
    Ended {
        /// The PID of the manager's process.
        pid: u32,
    },
    /// The manager's process has ended, since the notebook process that had started it has.
    #[error(
        "the manager (pid {pid}) ended with the notebook process that had started it, when a later cell crashed or was \
         interrupted"
    )]
    EndedWithNotebook {
        /// The PID of the manager's process.
        pid: u32,
    },
    /// A value could not be encoded or decoded: its `Serialize` or `Deserialize` implementation reported an error, or
    /// the object holds values of another type.
    #[error("{error}")]
    Codec {
        /// What was reported, with the name of the type.
        error: String,
    },
    /// A request, or its answer, is larger than what is sent at once.
    #[error("a message of {size} bytes is larger than the limit of {limit}")]
    TooLarge {
        /// How large it is, in bytes.
        size: usize,
        /// The limit, in bytes.
        limit: usize,
    },
    /// Anybody knows the empty key.
    #[error("a manager that is reached over TCP needs a key that is not empty")]
    EmptyKey,
    /// At this address, what is sent to a manager and from it would leave the machine, without encryption.
    #[error(
        "{address} is not a loopback address, and what a manager sends is not encrypted: on the network, others could \
         read and change it; use an SSH tunnel to a loopback address, or say `serve_unencrypted` and \
         `connect_unencrypted`"
    )]
    NotLoopback {
        /// The address. A name stands for all its addresses; this is the first that is refused.
        address: String,
    },
    /// One end of a connection does not trust the other.
    #[error("{address}: {failure}")]
    Authentication {
        /// Where the manager is.
        address: String,
        /// What is wrong.
        failure: AuthenticationFailure,
    },
    /// The manager cannot be reached, or the connection was lost.
    #[error("{address}: {error}")]
    Io {
        /// Where the manager is.
        address: String,
        /// What the operating system, or the connection's other end, has reported.
        error: String,
    },
    /// The manager's process could not be started.
    #[error("a manager cannot be started: {error}")]
    Start {
        /// What was refused, and why.
        error: String,
    },
    /// Only the process that has started a manager can end it.
    #[error("the manager (pid {pid}) can be ended only by the process that started it")]
    NotOurs {
        /// The PID of the manager's process.
        pid: u32,
    },
}

/// Why one end of a connection does not trust the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticationFailure {
    /// The manager has another key.
    #[error("the manager does not accept the key")]
    KeyRejected,
    /// The manager has closed the connection before it was told that the key is known: very many were connecting at
    /// once, or it had waited for long. One may try again.
    #[error("the manager did not wait for proof of the key, since very many were connecting or it took too long")]
    GivenUp,
    /// Whoever answers at the address does not know the key.
    #[error("what answers there does not know the key, so it is not the manager")]
    ServerUnproven,
    /// Whoever answers at the address does not speak the manager's protocol, or not this version of it.
    #[error("what answers there is not a manager of this version")]
    NotAManager,
    /// The process at the other end of a local socket is another user's.
    #[error("what answers there is a process of another user")]
    AnotherUser,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_one_clear_line() {
        let gone = ManagerError::ObjectGone {
            kind: "list".into(),
            pid: 8,
        };
        assert_eq!(
            gone.to_string(),
            "the list is gone: it was deleted from the manager (pid 8)"
        );
        let rejected = ManagerError::Authentication {
            address: "127.0.0.1:80".into(),
            failure: AuthenticationFailure::KeyRejected,
        };
        assert_eq!(
            rejected.to_string(),
            "127.0.0.1:80: the manager does not accept the key"
        );
        let limit = Duration::from_millis(1500);
        assert_eq!(
            ManagerError::TimedOut { limit }.to_string(),
            "it was not done within 1.5s"
        );
        let ended = ManagerError::EndedWithNotebook { pid: 9 }.to_string();
        assert!(ended.starts_with("the manager (pid 9) ended with the notebook process"));
    }

    #[test]
    fn errors_travel() {
        let error = ManagerError::OutOfBounds { index: 4, len: 2 };
        let mut bytes = Vec::new();
        crate::codec::encode_into(&error, &mut bytes).unwrap();
        assert_eq!(crate::codec::decode::<ManagerError>(&bytes).unwrap(), error);
    }
}

//! Which server an object is in, and how a request gets there and back.

use std::fmt;
use std::io;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::authentication::{Distrust, ServerIdentity};
use super::connection::Connection;
use super::connections::Connections;
use super::error::{AuthenticationFailure, ManagerError};
use super::message::{FrameError, Kind, LARGEST, Refusal, Reply, Request};
use crate::notebook;

/// How long after a time limit the server may be silent, before the connection is given up. A server that is alive
/// answers at once, also that the time has passed, and keeps the connection with that. On this machine nothing is lost
/// where it comes too late.
const GRACE: Duration = Duration::from_millis(100);
/// The same on another machine, where what has been sent is lost with the connection.
const REMOTE_GRACE: Duration = Duration::from_secs(5);

/// Where a server listens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) enum Address {
    /// A name in Linux's abstract namespace of Unix sockets.
    Local(String),
    Tcp(SocketAddr),
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Local(name) => write!(f, "@{name}"),
            Self::Tcp(address) => address.fmt(f),
        }
    }
}

/// What authenticates both ends. It is not shown by `Debug`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Key(Vec<u8>);

impl Key {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key")
    }
}

/// A server: where it is, which it is, and what it has to be told to answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Endpoint {
    pub(super) address: Address,
    pub(super) key: Key,
    pub(super) pid: u32,
    /// Chosen by the server at random; another server at the same address has another.
    pub(super) instance: u64,
    /// The process that has started it, where that is known.
    pub(super) starter: Option<u32>,
}

impl Endpoint {
    pub(super) fn identity(&self) -> ServerIdentity {
        ServerIdentity {
            pid: self.pid,
            instance: self.instance,
        }
    }

    /// Sends `request` and returns the answer, on a connection that nobody else uses meanwhile. `limit` is the one in
    /// the request.
    pub(super) fn request(&self, request: &Request, limit: Option<Duration>) -> Result<Reply, ManagerError> {
        let mut connection = self.connection(limit)?;
        let reply = self.exchange(&mut connection, request, limit)?;
        self.put_back(connection);
        match reply {
            Reply::TimedOut => Err(ManagerError::TimedOut {
                limit: limit.unwrap_or_default(),
            }),
            reply => Ok(reply),
        }
    }

    /// A connection for the caller alone, to be put back when the server owes it nothing.
    pub(super) fn connection(&self, limit: Option<Duration>) -> Result<Connection, ManagerError> {
        self.check_notebook()?;
        while let Some(connection) = take_idle(self) {
            if connection.is_usable() {
                return Ok(connection);
            }
        }
        let made = Connection::open(&self.address, &self.key, self.latest(limit));
        let (connection, identity) = made.map_err(|error| self.error(error, limit))?;
        if identity == self.identity() {
            Ok(connection)
        } else {
            Err(ManagerError::Ended { pid: self.pid })
        }
    }

    /// Sends `request` on `connection` and returns the answer.
    pub(super) fn exchange(
        &self,
        connection: &mut Connection,
        request: &Request,
        limit: Option<Duration>,
    ) -> Result<Reply, ManagerError> {
        let reply = connection.exchange(request, self.latest(limit));
        reply.map_err(|error| self.error(error, limit))
    }

    /// Until when an answer is waited for. A limit too long for the clock is none.
    fn latest(&self, limit: Option<Duration>) -> Option<Instant> {
        let grace = match self.address {
            Address::Local(_) => GRACE,
            Address::Tcp(_) => REMOTE_GRACE,
        };
        Instant::now().checked_add(limit?)?.checked_add(grace)
    }

    pub(super) fn put_back(&self, connection: Connection) {
        let surplus = Connections::lock().put_back(self, connection);
        drop(surplus);
    }

    /// The manager of an earlier process of this notebook has ended with it, even if its end is just being seen to.
    fn check_notebook(&self) -> Result<(), ManagerError> {
        match self.starter {
            Some(starter) if starter != std::process::id() && notebook::is_predecessor(starter) => {
                Err(ManagerError::EndedWithNotebook { pid: self.pid })
            }
            _ => Ok(()),
        }
    }

    fn error(&self, error: ConnectionError, limit: Option<Duration>) -> ManagerError {
        match (error, limit) {
            (ConnectionError::Io(error), Some(limit)) if error.kind() == io::ErrorKind::TimedOut => {
                ManagerError::TimedOut { limit }
            }
            (ConnectionError::Io(error), _) if means_ended(&error) => {
                let idle = Connections::lock().forget(self);
                drop(idle);
                let ended = ManagerError::Ended { pid: self.pid };
                self.check_notebook().err().unwrap_or(ended)
            }
            (other, _) => other.at(&self.address),
        }
    }

    /// What a refusal of something asked of the object means.
    pub(super) fn refused(&self, refusal: Refusal, kind: Kind, name: Option<&str>) -> ManagerError {
        let to_usize = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
        match refusal {
            Refusal::OutOfBounds { index, len } => ManagerError::OutOfBounds {
                index: to_usize(index),
                len: to_usize(len),
            },
            Refusal::ObjectGone => ManagerError::ObjectGone {
                kind: kind.to_string(),
                pid: self.pid,
            },
            Refusal::WrongKind { found, wanted } => ManagerError::WrongKind {
                name: name.unwrap_or_default().to_owned(),
                found: found.to_string(),
                wanted: wanted.to_string(),
            },
            Refusal::TooLarge { size } => ManagerError::TooLarge {
                size: to_usize(size),
                limit: LARGEST,
            },
            Refusal::NotHeld => self.broken("what was released was not held"),
            Refusal::Malformed(error) => self.broken(&error),
        }
    }

    /// The server does not keep to the protocol.
    pub(super) fn broken(&self, error: &str) -> ManagerError {
        ManagerError::Io {
            address: self.address.to_string(),
            error: error.to_owned(),
        }
    }
}

/// Why nothing came of an exchange, before it is known what that means.
#[derive(Debug)]
pub(super) enum ConnectionError {
    Io(io::Error),
    Frame(FrameError),
    Authentication(AuthenticationFailure),
}

impl ConnectionError {
    pub(super) fn at(self, address: &Address) -> ManagerError {
        let address = address.to_string();
        match self {
            Self::Io(error) => ManagerError::Io {
                address,
                error: error.to_string(),
            },
            Self::Frame(FrameError::TooLarge { size }) => ManagerError::TooLarge { size, limit: LARGEST },
            Self::Frame(FrameError::Codec(error)) => ManagerError::Io {
                address,
                error: error.to_string(),
            },
            Self::Authentication(failure) => ManagerError::Authentication { address, failure },
        }
    }
}

impl From<io::Error> for ConnectionError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<rustix::io::Errno> for ConnectionError {
    fn from(error: rustix::io::Errno) -> Self {
        Self::Io(error.into())
    }
}

impl From<FrameError> for ConnectionError {
    fn from(error: FrameError) -> Self {
        Self::Frame(error)
    }
}

impl From<Distrust> for ConnectionError {
    fn from(distrust: Distrust) -> Self {
        Self::Authentication(match distrust {
            Distrust::NotAManager => AuthenticationFailure::NotAManager,
            Distrust::KeyRejected => AuthenticationFailure::KeyRejected,
            Distrust::GivenUp => AuthenticationFailure::GivenUp,
            Distrust::ServerUnproven => AuthenticationFailure::ServerUnproven,
        })
    }
}

/// With the lock on idle connections for no longer than it takes.
fn take_idle(server: &Endpoint) -> Option<Connection> {
    Connections::lock().take(server)
}

/// Whether an error on a connection to a server that was there means that it is there no longer.
fn means_ended(error: &io::Error) -> bool {
    use io::ErrorKind::{
        BrokenPipe, ConnectionAborted, ConnectionRefused, ConnectionReset, NotConnected, UnexpectedEof,
    };
    matches!(
        error.kind(),
        BrokenPipe | ConnectionAborted | ConnectionRefused | ConnectionReset | NotConnected | UnexpectedEof
    )
}

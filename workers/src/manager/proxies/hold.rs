//! What a process holds of an object: the server goes by the connection, which is kept for as long.

use std::time::Duration;

use super::object::Object;
use crate::manager::connection::Connection;
use crate::manager::error::ManagerError;
use crate::manager::message::{Operation, Reply, SemaphoreOperation};

/// How long letting go waits for the server's answer. After that the connection is closed, which the server sees when
/// it goes on.
const PATIENCE: Duration = Duration::from_secs(5);

/// Something is held; dropping it lets go.
#[derive(Debug)]
pub(super) struct Hold {
    object: Object,
    connection: Option<Connection>,
    operation: fn(SemaphoreOperation) -> Operation,
    pub(super) abandoned: bool,
}

impl Hold {
    /// Acquires it, waiting no longer than `limit`; `operation` says what kind of object it is an operation of.
    pub(super) fn acquire(
        object: &Object,
        operation: fn(SemaphoreOperation) -> Operation,
        limit: Option<Duration>,
    ) -> Result<Self, ManagerError> {
        let acquire = operation(SemaphoreOperation::Acquire);
        let endpoint = object.endpoint();
        let mut connection = endpoint.connection(limit)?;
        let reply = endpoint.exchange(&mut connection, &object.request(acquire, limit), limit)?;
        if let Reply::Granted { abandoned } = reply {
            return Ok(Self {
                object: object.clone(),
                connection: Some(connection),
                operation,
                abandoned,
            });
        }
        endpoint.put_back(connection);
        match object.check(reply)? {
            Reply::TimedOut => Err(ManagerError::TimedOut {
                limit: limit.unwrap_or_default(),
            }),
            _ => Err(object.unexpected()),
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        // A copy in a forked process holds nothing, and must not speak on its parent's connection.
        let Some(mut connection) = self.connection.take().filter(Connection::is_own) else {
            return;
        };
        let request = self
            .object
            .request((self.operation)(SemaphoreOperation::Release), Some(PATIENCE));
        let endpoint = self.object.endpoint();
        // Where it cannot be said, closing the connection says it.
        if let Ok(Reply::Done) = endpoint.exchange(&mut connection, &request, Some(PATIENCE)) {
            endpoint.put_back(connection);
        }
    }
}

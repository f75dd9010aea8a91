//! The heartbeat: what comes in goes back unchanged, by a task that waits for nothing else.

use zeromq::{RouterSocket, SocketRecv, SocketSend, ZmqError};

/// Echoes until the socket fails. A ROUTER, since its frames come with the way back and it has no state to be lost.
pub(super) async fn echo(mut socket: RouterSocket) {
    loop {
        if let Err(error) = echo_one(&mut socket).await {
            match error {
                ZmqError::NoMessage => return tracing::error!("the heartbeat has stopped"),
                error => tracing::warn!(%error, "a heartbeat was not answered"),
            }
        }
    }
}

async fn echo_one(socket: &mut RouterSocket) -> Result<(), ZmqError> {
    let beat = socket.recv().await?;
    socket.send(beat).await
}

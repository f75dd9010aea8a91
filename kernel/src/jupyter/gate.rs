//! The way of clients to a ROUTER: the kernel accepts their connections itself, and each is relayed to the socket, which
//! listens where only this user gets.

use super::listener::{ACCEPT_PAUSE, Listener};
use super::relay::relay;
use std::path::PathBuf;
use tokio::net::UnixStream;
use tokio::task::JoinSet;

/// Accepts clients and relays each to the socket at `inside`, for as long as it is polled.
pub(super) async fn open(listener: Listener, inside: PathBuf) {
    let mut clients = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok(client) => {
                    let inside = inside.clone();
                    clients.spawn(async move {
                        let socket = UnixStream::connect(inside).await?;
                        relay(client, socket).await
                    });
                }
                Err(error) => {
                    tracing::error!(%error, "a client is not served");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(ended) = clients.join_next() => match ended {
                Ok(Ok(())) => {}
                Ok(Err(error)) if error.kind() == std::io::ErrorKind::InvalidData => {
                    tracing::warn!(%error, "a client was turned away");
                }
                Ok(Err(error)) => tracing::debug!(%error, "a client has gone"),
                Err(error) => tracing::error!(%error, "serving a client failed"),
            },
        }
    }
}

//! Where clients connect to a channel.

use super::connection::{Channel, ConnectionFile};
use std::io;
use std::path::PathBuf;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};

/// How long no connection is accepted after one could not be. Most likely there are too many open files, and that does
/// not change at once.
pub(super) const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The connection of a client.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin + 'static {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin + 'static> Stream for S {}

/// A channel's address.
#[derive(Debug)]
pub(super) enum Listener {
    Tcp(TcpListener),
    Ipc(UnixListener),
}

impl Listener {
    /// Listens where the connection file says.
    pub(super) async fn bind(connection: &ConnectionFile, channel: Channel) -> io::Result<Listener> {
        if let Some(path) = connection.socket_file(channel) {
            return UnixListener::bind::<PathBuf>(path).map(Listener::Ipc);
        }
        let endpoint = connection.endpoint(channel);
        let address = endpoint.strip_prefix("tcp://").unwrap_or(&endpoint);
        TcpListener::bind(address).await.map(Listener::Tcp)
    }

    pub(super) async fn accept(&self) -> io::Result<Box<dyn Stream>> {
        match self {
            Listener::Tcp(listener) => {
                let (stream, _) = listener.accept().await?;
                // Messages are small and a person waits for each.
                stream.set_nodelay(true)?;
                Ok(Box::new(stream))
            }
            Listener::Ipc(listener) => {
                let (stream, _) = listener.accept().await?;
                Ok(Box::new(stream))
            }
        }
    }
}

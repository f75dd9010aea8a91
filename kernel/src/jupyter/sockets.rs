//! The five sockets of one kernel: bound together, closed together.

use super::connection::{Channel, ConnectionFile};
use super::iopub::IoPub;
use super::listener::Listener;
use super::message::Received;
use super::outbox::Outbox;
use super::router::{self, RouterTasks};
use super::wire::Wire;
use super::{gate, heartbeat};
use std::fs;
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::{JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};
use zeromq::{RouterSocket, Socket, ZmqError};

/// How many requests wait for the dispatcher before a channel stops reading.
const REQUEST_CAPACITY: usize = 1024;

/// How long the sockets stay open after the last message. ZeroMQ does not say when a message has left the process, so
/// a time limit is all there is (libzmq calls it ZMQ_LINGER); on one machine a message is out within a millisecond.
const LINGER: Duration = Duration::from_millis(100);

/// The open sockets and the tasks that serve them.
pub(super) struct Sockets {
    publisher: JoinHandle<()>,
    routers: [RouterTasks; 3],
    heartbeat: JoinHandle<()>,
    gates: JoinSet<()>,
    _files: SocketFiles,
}

/// A channel's endpoint could not be had.
#[derive(Debug, thiserror::Error)]
#[error("the {channel} channel cannot listen at {endpoint}")]
pub(crate) struct BindError {
    channel: Channel,
    endpoint: String,
    source: ZmqError,
}

/// The files of Unix sockets, removed when the kernel ends.
#[derive(Debug)]
struct SocketFiles(Vec<PathBuf>);

impl Sockets {
    /// Binds all five sockets and starts to serve them. Requests of every channel come out of the receiver. The sockets
    /// themselves are in `directory`, which nobody else may enter.
    pub(super) async fn bind(
        connection: &ConnectionFile,
        directory: &Path,
    ) -> Result<(Sockets, Outbox, mpsc::Receiver<Received>), BindError> {
        let files = SocketFiles::claim(connection);
        // The heartbeat comes first: clients take it for the sign that the kernel is up.
        let mut gates = JoinSet::new();
        let mut bind = async |channel| {
            let bound = bind(connection, channel, directory, &mut gates).await;
            bound.map_err(|source| BindError::new(connection, channel, source))
        };
        let heartbeat = bind(Channel::Heartbeat).await?;
        let shell = bind(Channel::Shell).await?;
        let control = bind(Channel::Control).await?;
        let input = bind(Channel::Stdin).await?;
        let iopub = Listener::bind(connection, Channel::IoPub).await;
        let iopub = iopub.map_err(|source| BindError::new(connection, Channel::IoPub, source.into()))?;

        let wire = Arc::new(Wire::new(&connection.key));
        let (sender, requests) = mpsc::channel(REQUEST_CAPACITY);
        let heartbeat = tokio::spawn(heartbeat::echo(heartbeat));
        let (iopub, publisher) = IoPub::spawn(iopub, Arc::clone(&wire));
        let (shell, shell_tasks) = router::spawn(Channel::Shell, shell, &wire, sender.clone());
        let (control, control_tasks) = router::spawn(Channel::Control, control, &wire, sender.clone());
        let (stdin, stdin_tasks) = router::spawn(Channel::Stdin, input, &wire, sender);

        let routers = [shell_tasks, control_tasks, stdin_tasks];
        let sockets = Sockets {
            publisher,
            routers,
            heartbeat,
            gates,
            _files: files,
        };
        let outbox = Outbox {
            iopub,
            shell,
            control,
            stdin,
        };
        Ok((sockets, outbox, requests))
    }

    /// Sends what is queued and closes. Every `Outbox` must be gone by now.
    pub(super) async fn close(self) {
        self.heartbeat.abort();
        for router in &self.routers {
            router.reader.abort();
        }
        let [shell, control, stdin] = self.routers.map(|router| router.writer);
        let drained = timeout(LINGER, async { tokio::join!(self.publisher, shell, control, stdin) }).await;
        if drained.is_err() {
            tracing::warn!("a client does not read; messages to it are lost");
        }
        // What `drained` holds are the sockets: dropped now, they would take what they have not written with them.
        sleep(LINGER).await;
        drop((drained, self.gates));
    }
}

impl BindError {
    fn new(connection: &ConnectionFile, channel: Channel, source: ZmqError) -> BindError {
        BindError {
            channel,
            endpoint: connection.endpoint(channel),
            source,
        }
    }
}

/// A socket in the directory, and the gate before it where its clients connect.
async fn bind(
    connection: &ConnectionFile,
    channel: Channel,
    directory: &Path,
    gates: &mut JoinSet<()>,
) -> Result<RouterSocket, ZmqError> {
    let listener = Listener::bind(connection, channel).await?;
    // A short name: the path of a socket has room for little.
    let inside = directory.join(channel.to_string());
    let mut socket = RouterSocket::new();
    socket.bind_listener(UnixListener::bind(&inside)?).await?;
    gates.spawn(gate::open(listener, inside));
    Ok(socket)
}

impl SocketFiles {
    /// Removes sockets that a killed kernel left under the same names, as libzmq does: a restart uses them again.
    fn claim(connection: &ConnectionFile) -> SocketFiles {
        let files = Channel::ALL
            .into_iter()
            .filter_map(|channel| connection.socket_file(channel));
        let files = SocketFiles(files.collect());
        files.remove();
        files
    }

    fn remove(&self) {
        for file in self.0.iter().filter(|file| is_socket(file)) {
            if let Err(error) = fs::remove_file(file)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(file = %file.display(), %error, "a socket's file cannot be removed");
            }
        }
    }
}

impl Drop for SocketFiles {
    fn drop(&mut self) {
        self.remove();
    }
}

/// Whether the path is a socket: nothing else is removed, whatever a connection file names.
fn is_socket(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.file_type().is_socket())
}

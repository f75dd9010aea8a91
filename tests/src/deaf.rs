//! A subscriber that does not read: it speaks as much of ZeroMQ's protocol as it takes to be sent everything.

use crate::kernel::Kernel;
use crate::wait::within;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// How a client greets: version 3.0 of ZeroMQ's protocol, without security.
pub const GREETING: &[u8] = b"\xff\0\0\0\0\0\0\0\0\x7f\x03\0NULL\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\
    \0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";

/// A command: the socket is a SUB.
const READY: &[u8] = b"\x04\x19\x05READY\x0bSocket-Type\0\0\0\x03SUB";

/// A subscription to everything.
const SUBSCRIBE: &[u8] = b"\0\x01\x01";

/// How long a read may take.
const READ_LIMIT: Duration = Duration::from_secs(60);

/// A subscriber to a kernel on Unix sockets.
#[derive(Debug)]
pub struct DeafSubscriber {
    stream: UnixStream,
}

impl DeafSubscriber {
    /// Subscribes, and waits until the kernel has said welcome.
    ///
    /// # Panics
    ///
    /// When it does not.
    pub async fn connect(kernel: &Kernel) -> DeafSubscriber {
        let [.., iopub, _] = kernel.connection().endpoints();
        let path = iopub.strip_prefix("ipc://").expect("a kernel on Unix sockets");
        let mut stream = UnixStream::connect(path).await.expect("the kernel listens");
        for part in [GREETING, READY, SUBSCRIBE] {
            stream.write_all(part).await.expect("the kernel reads");
        }
        let mut subscriber = DeafSubscriber { stream };
        subscriber.read_until(b"\"subscription\":\"\"").await;
        subscriber
    }

    /// Begins to listen: reads until `bytes` come, and gives how much came before.
    ///
    /// # Panics
    ///
    /// When they do not come.
    pub async fn read_until(&mut self, bytes: &[u8]) -> usize {
        let mut read = Vec::new();
        let mut before = 0;
        loop {
            let length = within(READ_LIMIT, "a subscriber's messages", self.stream.read_buf(&mut read))
                .await
                .expect("the connection holds");
            let found = read.windows(bytes.len()).position(|window| window == bytes);
            if let Some(found) = found {
                return before + found;
            }
            let text = String::from_utf8_lossy(bytes);
            assert!(length > 0, "the kernel has gone and {text:?} has not come");
            let done = read.len().saturating_sub(bytes.len());
            before += done;
            read.drain(..done);
        }
    }
}

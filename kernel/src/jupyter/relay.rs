//! Between a client and the ZeroMQ socket that serves it: bytes are copied in both directions, and a client that announces
//! more than a message may have is turned away before ZeroMQ hears of it.
//!
//! ZeroMQ's decoder asks for the memory of a frame when its length has come. No key is needed for that, and where the
//! memory cannot be had the process aborts.

mod lengths;

use super::listener::Stream;
use lengths::Lengths;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::{AsyncRead, AsyncWriteExt, BufReader, ReadBuf, copy_buf, split};

/// How much is copied at a time.
const COPY: usize = 64 * 1024;

/// Copies in both directions, until one of them ends.
pub(super) async fn relay(client: impl Stream, socket: impl Stream) -> io::Result<()> {
    let (from_client, mut to_client) = split(client);
    let (from_socket, mut to_socket) = split(socket);
    let outward = async {
        copy_buf(&mut BufReader::with_capacity(COPY, from_socket), &mut to_client).await?;
        to_client.shutdown().await
    };
    let mut from_client = BufReader::with_capacity(
        COPY,
        Checked {
            stream: from_client,
            lengths: Lengths::default(),
        },
    );
    tokio::select! {
        result = outward => result,
        result = copy_buf(&mut from_client, &mut to_socket) => result.map(drop),
    }
}

/// What a client sends, up to what no message may be.
struct Checked<R> {
    stream: R,
    lengths: Lengths,
}

impl<R: AsyncRead + Unpin> AsyncRead for Checked<R> {
    fn poll_read(self: Pin<&mut Self>, context: &mut Context<'_>, buffer: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let Checked { stream, lengths } = self.get_mut();
        let before = buffer.filled().len();
        ready!(Pin::new(stream).poll_read(context, buffer))?;
        let read = buffer.filled().get(before..).unwrap_or_default();
        let checked = lengths.pass(read);
        Poll::Ready(checked.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error)))
    }
}

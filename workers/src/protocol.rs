//! Blocks of structured content amid a process's output, as notebooks read them (see [`blocks`]). Each is written whole, in
//! one write with the stream's lock held.

use std::io::{self, Write};

use serde::Serialize;

use crate::contract::blocks;

/// Writes a block with JSON content to standard output.
pub(crate) fn write_stdout(mime: &str, content: &impl Serialize) {
    let stdout = io::stdout().lock();
    write(stdout, mime, content);
}

/// Writes a block with JSON content to standard error; what standard output has buffered goes out before it.
pub(crate) fn write_stderr(mime: &str, content: &impl Serialize) {
    // As with the block itself: there is nobody left to tell about a stream that cannot be written.
    let _ = io::stdout().flush();
    let stderr = io::stderr().lock();
    write(stderr, mime, content);
}

fn write(mut stream: impl Write, mime: &str, content: &impl Serialize) {
    let json = match serde_json::to_string(content) {
        Ok(json) => json,
        Err(error) => serde_json::json!({ "error": error.to_string() }).to_string(),
    };
    let block = format!("{}{mime}\n{json}\n{}", blocks::BEGIN, blocks::END);
    // Flushed first, so that the stream's buffer is empty and the block goes out as it is. A notebook that no longer
    // reads its output is about to end this process; panicking in a panic hook would end it now.
    let _ = stream
        .flush()
        .and_then(|()| stream.write_all(block.as_bytes()))
        .and_then(|()| stream.flush());
}

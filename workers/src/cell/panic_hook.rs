//! How the notebook process reports a panic: as one block on standard error, for the host to turn into an error with
//! the cell's lines.

use std::panic::PanicHookInfo;

use serde::Serialize;

use crate::panics;
use crate::protocol;
use crate::sys::unwind::{self, CodePlace};

/// The type of the block's content.
const MIME: &str = "application/vnd.parcell.panic+json";

#[derive(Debug, Serialize)]
struct Report<'a> {
    thread: &'a str,
    message: String,
    file: Option<&'a str>,
    line: Option<u32>,
    column: Option<u32>,
    /// Where the thread was; the host, which has the compiled cells, finds the lines.
    calls: Vec<CodePlace>,
}

/// Replaces the panic hook of this process.
pub(super) fn install() {
    panics::set_hook(Box::new(report));
}

/// The standard library that cells share did not start this process and has no name for its first thread.
fn is_main_thread() -> bool {
    rustix::thread::gettid() == rustix::process::getpid()
}

fn report(info: &PanicHookInfo<'_>) {
    let thread = std::thread::current();
    let location = info.location();
    protocol::write_stderr(
        MIME,
        &Report {
            thread: if is_main_thread() {
                "main"
            } else {
                thread.name().unwrap_or("<unnamed>")
            },
            message: panics::message(info.payload()),
            file: location.map(|location| location.file()),
            line: location.map(|location| location.line()),
            column: location.map(|location| location.column()),
            calls: unwind::calls(),
        },
    );
}

//! How the notebook process reports a panic: as one block on standard error, for the host to turn into an error with
//! the cell's lines.

use std::panic::PanicHookInfo;

use crate::contract::mime;
use crate::contract::reports::PanicReport;
use crate::panics;
use crate::protocol;
use crate::sys::unwind;

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
        mime::PANIC,
        &PanicReport {
            thread: if is_main_thread() {
                "main".into()
            } else {
                thread.name().unwrap_or("<unnamed>").into()
            },
            message: panics::message(info.payload()).into(),
            file: location.map(|location| location.file().into()),
            line: location.map(|location| location.line()),
            column: location.map(|location| location.column()),
            calls: unwind::calls(),
        },
    );
}

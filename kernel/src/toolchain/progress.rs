//! News from rustc to the kernel: which crate of a `:dep` is being compiled.

use std::ffi::OsStr;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::Path;

use crate::session_directory;

/// In the session's directory.
pub(crate) const SOCKET: &str = "progress.sock";

/// The kernel's end.
pub(crate) fn listen(session: &Path) -> io::Result<UnixDatagram> {
    let socket = UnixDatagram::bind(session.join(SOCKET))?;
    socket.set_nonblocking(true)?;
    Ok(socket)
}

/// Says that a crate is about to be compiled. Nobody need listen.
pub(super) fn say_compiling(name: Option<&OsStr>) {
    let Some(name) = name.and_then(OsStr::to_str).filter(|name| is_worth_saying(name)) else {
        return;
    };
    let Some(session) = session_directory::of_this_process() else {
        return;
    };
    let package = std::env::var("CARGO_PKG_NAME").unwrap_or_else(|_| name.to_owned());
    let version = std::env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let message = format!("Compiling {package} v{version}");
    if let Ok(socket) = UnixDatagram::unbound() {
        // News that does not arrive is only news.
        let _ = socket.set_nonblocking(true);
        let _ = socket.send_to(message.as_bytes(), session.join(SOCKET));
    }
}

/// Not cargo's questions to the compiler, and not the scripts that build a crate.
fn is_worth_saying(name: &str) -> bool {
    name != "___" && !name.starts_with("build_script_")
}

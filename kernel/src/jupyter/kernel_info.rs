//! Who the kernel is: the answer to `kernel_info_request`.

use super::content::{Content, KernelInfo};
use super::wire::PROTOCOL_VERSION;
use crate::identity::{FILE_EXTENSION, LANGUAGE, MIMETYPE, NAME};
use jupyter_protocol::{CodeMirrorMode, HelpLink, KernelInfoReply, LanguageInfo, ReplyStatus};
use std::ffi::OsString;
use std::process::{Command, Stdio};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// What the protocol calls sub-shells.
const SUBSHELLS: &str = "kernel subshells";
/// The same for the debugger, of which there are variables.
const DEBUGGER: &str = "debugger";

/// How long the compiler may take to say its version. rustup can take minutes where it first fetches a toolchain, and
/// clients give up on a kernel that does not say who it is.
const RUSTC_LIMIT: Duration = Duration::from_secs(2);

/// The answer, for a kernel whose cells are compiled by this version of Rust.
pub(super) fn reply(rust_version: &str) -> Content {
    let version = env!("CARGO_PKG_VERSION");
    let reply = KernelInfoReply {
        status: ReplyStatus::Ok,
        protocol_version: PROTOCOL_VERSION.to_owned(),
        implementation: NAME.to_owned(),
        implementation_version: version.to_owned(),
        language_info: LanguageInfo {
            name: LANGUAGE.to_owned(),
            version: rust_version.to_owned(),
            mimetype: Some(MIMETYPE.to_owned()),
            file_extension: Some(FILE_EXTENSION.to_owned()),
            pygments_lexer: Some(LANGUAGE.to_owned()),
            codemirror_mode: Some(CodeMirrorMode::Simple(LANGUAGE.to_owned())),
            nbconvert_exporter: None,
        },
        banner: format!("{NAME} {version}: Rust {rust_version} in cells that use every core"),
        help_links: vec![
            link("The Rust Programming Language", "https://doc.rust-lang.org/book/"),
            link("The Rust Standard Library", "https://doc.rust-lang.org/std/"),
            link("Crates on docs.rs", "https://docs.rs/"),
        ],
        debugger: true,
        error: None,
    };
    Content::KernelInfoReply(Box::new(KernelInfo {
        reply,
        supported_features: &[SUBSHELLS, DEBUGGER],
    }))
}

/// The version of the compiler that cells are compiled with, or the oldest supported one where it does not say.
pub(super) async fn rust_version() -> String {
    let (sender, receiver) = oneshot::channel();
    // A thread of its own: tokio would wait for a blocking task when the kernel ends.
    thread::spawn(move || sender.send(ask_rustc()));
    match timeout(RUSTC_LIMIT, receiver).await {
        Ok(Ok(Some(version))) => version,
        _ => {
            tracing::warn!("rustc does not say its version");
            env!("CARGO_PKG_RUST_VERSION").to_owned()
        }
    }
}

fn ask_rustc() -> Option<String> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let output = Command::new(rustc)
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .ok()?;
    parse_version(&String::from_utf8(output.stdout).ok()?)
}

/// "1.95.0" in "rustc 1.95.0 (f7ac3e4a2 2026-04-02)".
fn parse_version(line: &str) -> Option<String> {
    line.strip_prefix("rustc ")?
        .split_whitespace()
        .next()
        .map(str::to_owned)
}

fn link(text: &str, url: &str) -> HelpLink {
    HelpLink {
        text: text.to_owned(),
        url: url.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_is_the_second_word() {
        assert_eq!(
            parse_version("rustc 1.95.0 (f7ac3e4a2 2026-04-02)\n").as_deref(),
            Some("1.95.0")
        );
        assert_eq!(
            parse_version("rustc 1.97.0-nightly\n").as_deref(),
            Some("1.97.0-nightly")
        );
        assert_eq!(parse_version("command not found"), None);
    }
}

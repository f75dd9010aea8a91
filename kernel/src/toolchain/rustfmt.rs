//! Calls of rustfmt.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::tools::{Tools, ToolsError};
use super::{EDITION, locate};

/// Why a source was not formatted.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RustfmtError {
    #[error("rustfmt is not installed: `rustup component add rustfmt` gets it")]
    Missing,
    #[error("there is no Rust")]
    Tools(#[from] ToolsError),
    #[error("cannot run {}", tool.display())]
    Run { tool: PathBuf, source: io::Error },
    #[error("rustfmt refuses it: {said}")]
    Refused { said: String },
}

/// The source of a file as rustfmt lays it out, with what a `rustfmt.toml` says that it finds from the
/// working directory on.
pub(crate) fn rustfmt(source: &str) -> Result<String, RustfmtError> {
    let tool = tool()?;
    let run = |source: io::Error| RustfmtError::Run {
        tool: tool.clone(),
        source,
    };
    let mut rustfmt = Command::new(&tool)
        // A function in one line would not be told from what is in it.
        .args(["--edition", EDITION, "--config", "fn_single_line=false"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(run)?;
    if let Some(mut stdin) = rustfmt.stdin.take() {
        // It reads all before it writes anything.
        stdin.write_all(source.as_bytes()).map_err(run)?;
    }
    let output = rustfmt.wait_with_output().map_err(run)?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        let first = said.lines().find(|line| !line.trim().is_empty());
        let said = first
            .unwrap_or("it does not say why")
            .trim_start_matches("error: ")
            .to_owned();
        return Err(RustfmtError::Refused { said });
    }
    String::from_utf8(output.stdout).map_err(|error| run(io::Error::other(error)))
}

/// That of the toolchain in use.
fn tool() -> Result<PathBuf, RustfmtError> {
    let beside = Tools::in_use()?.rustc.with_file_name("rustfmt");
    Some(beside)
        .filter(|tool| tool.is_file())
        .or_else(|| locate("rustfmt"))
        .ok_or(RustfmtError::Missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_source_is_laid_out_or_refused_with_a_reason() {
        assert_eq!(rustfmt("fn f(){1}").unwrap(), "fn f() {\n    1\n}\n");
        let error = rustfmt("fn f({").unwrap_err().to_string();
        assert!(error.starts_with("rustfmt refuses it: "), "{error}");
        assert!(error.len() > "rustfmt refuses it: ".len() + 5, "{error}");
    }
}

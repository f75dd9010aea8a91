//! The compiler and cargo of a toolchain: where they are, and for which machine they compile.

use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use super::locate;

/// A toolchain's tools.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Tools {
    pub(crate) cargo: PathBuf,
    pub(crate) rustc: PathBuf,
    /// All that the compiler says of its version.
    pub(crate) version: String,
    /// For which machine it compiles.
    pub(crate) host: String,
}

/// Why there are no tools.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ToolsError {
    #[error("{0} was not found: install Rust (https://rustup.rs), or put {0} in PATH")]
    Missing(&'static str),
    #[error("rustup has no toolchain {name:?}: {said}")]
    NoToolchain { name: String, said: String },
    #[error("cannot run {}: {source}", tool.display())]
    Run { tool: PathBuf, source: io::Error },
    #[error("{} does not say for which machine it compiles", .0.display())]
    NoHost(PathBuf),
}

impl Tools {
    /// Those that are in use where this process was started. They are looked for once.
    pub(crate) fn in_use() -> Result<Tools, ToolsError> {
        static FOUND: OnceLock<Tools> = OnceLock::new();
        if let Some(tools) = FOUND.get() {
            return Ok(tools.clone());
        }
        let rustc = locate("rustc").ok_or(ToolsError::Missing("rustc"))?;
        // They are installed side by side; the other way asks rustup once more.
        let cargo = Some(rustc.with_file_name("cargo"))
            .filter(|cargo| is_real(cargo))
            .or_else(|| locate("cargo"))
            .ok_or(ToolsError::Missing("cargo"))?;
        let tools = Tools::new(rustc, cargo)?;
        Ok(FOUND.get_or_init(|| tools).clone())
    }

    /// The compiler's name and version.
    pub(crate) fn name(&self) -> &str {
        self.version.lines().next().unwrap_or_default()
    }

    /// Those of a toolchain that rustup knows by this name.
    pub(crate) fn named(name: &str) -> Result<Tools, ToolsError> {
        let rustc = which(name, "rustc")?;
        let cargo = which(name, "cargo")?;
        Tools::new(rustc, cargo)
    }

    fn new(rustc: PathBuf, cargo: PathBuf) -> Result<Tools, ToolsError> {
        let output = Command::new(&rustc)
            .arg("-vV")
            .output()
            .map_err(|source| ToolsError::Run {
                tool: rustc.clone(),
                source,
            })?;
        let version = String::from_utf8_lossy(&output.stdout).into_owned();
        let host = version
            .lines()
            .find_map(|line| line.strip_prefix("host: "))
            .map(str::to_owned)
            .ok_or_else(|| ToolsError::NoHost(rustc.clone()))?;
        Ok(Tools {
            cargo,
            rustc,
            version,
            host,
        })
    }
}

/// Whether this is a tool, and not rustup's stand-in, beside which all others are stand-ins too.
fn is_real(cargo: &Path) -> bool {
    cargo.is_file() && !cargo.with_file_name("rustup").exists()
}

fn which(toolchain: &str, tool: &str) -> Result<PathBuf, ToolsError> {
    let output = Command::new("rustup")
        .arg(format!("+{toolchain}"))
        .args(["which", tool])
        .output()
        .map_err(|source| ToolsError::Run {
            tool: "rustup".into(),
            source,
        })?;
    if !output.status.success() {
        return Err(ToolsError::NoToolchain {
            name: toolchain.to_owned(),
            said: String::from_utf8_lossy(&output.stderr).trim().to_owned(),
        });
    }
    Ok(PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tools_in_use_are_found() {
        let tools = Tools::in_use().unwrap();
        assert!(tools.version.contains(&tools.host), "{tools:?}");
        assert!(tools.cargo.is_file() && tools.rustc.is_file(), "{tools:?}");
        assert_eq!(Tools::in_use().unwrap(), tools);
    }

    #[test]
    fn a_toolchain_that_there_is_not_is_told() {
        // Where there is no rustup, it is that which is told.
        let error = Tools::named("no-such-toolchain").unwrap_err();
        assert!(
            matches!(error, ToolsError::NoToolchain { .. } | ToolsError::Run { .. }),
            "{error}"
        );
    }
}

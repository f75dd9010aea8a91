//! A machine as `parcell` sees it, with programs that only pretend.

use std::env;
use std::ffi::OsString;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use parcell_tests::binary;
use serde_json::json;
use tempfile::TempDir;

/// What belongs to the user who runs the tests, and would change what is found.
const UNSET: [&str; 7] = [
    "CONDA_PREFIX",
    "JUPYTER_PATH",
    "NO_COLOR",
    "PARCELL_SESSION",
    "RUSTFLAGS",
    "VIRTUAL_ENV",
    "XDG_DATA_HOME",
];

/// Programs that tests put in place of those of the machine.
const PRETENDED: [&str; 3] = ["jupyter", "jupyter-lab", "python3"];

/// A machine that has the real Rust and neither Jupyter nor Python, until a test puts something there.
pub(crate) struct Sandbox {
    root: TempDir,
}

/// What a run of `parcell` said, and how it ended.
pub(crate) struct Said {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Sandbox {
    pub(crate) fn new() -> Sandbox {
        // Short names: the path of a socket has room for little.
        let root = tempfile::Builder::new().prefix("s").tempdir().unwrap();
        for directory in ["bin", "home", "t", "work"] {
            std::fs::create_dir(root.path().join(directory)).unwrap();
        }
        let sandbox = Sandbox { root };
        sandbox.program("bin/python3", "echo 'No module named jupyterlab' >&2; exit 1");
        sandbox
    }

    /// A file or a directory of this machine.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.root.path().join(name)
    }

    /// Where `parcell` keeps what it sets up.
    pub(crate) fn data(&self) -> PathBuf {
        self.path("home/.local/share/parcell")
    }

    /// Puts a program there that runs a script. Another process writes it: a program cannot be started while it is open
    /// for writing, as it would be for a moment in whatever other tests start meanwhile.
    pub(crate) fn program(&self, name: &str, script: &str) {
        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut shell = Command::new("sh")
            .args(["-c", r#"cat > "$0" && chmod +x "$0""#])
            .arg(path)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let text = format!("#!/bin/sh\n{script}\n");
        shell.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
        assert!(shell.wait().unwrap().success());
    }

    /// `parcell` with these arguments, in the directory `work`.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binary());
        command
            .args(arguments)
            .current_dir(self.path("work"))
            .stdin(Stdio::null())
            .env("PATH", self.search_path())
            .env("HOME", self.path("home"))
            .env("TMPDIR", self.path("t"))
            .env("JUPYTER_DATA_DIR", self.path("home/.local/share/jupyter"))
            .env("PARCELL_DATA_DIR", self.data())
            .envs(real_directories());
        for name in UNSET {
            command.env_remove(name);
        }
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        Said::from(self.command(arguments).output().unwrap())
    }

    /// Its own programs, and what the tests were started with.
    fn search_path(&self) -> OsString {
        let real = env::var_os("PATH").unwrap_or_default();
        let pretends = |directory: &Path| PRETENDED[..2].iter().any(|name| directory.join(name).exists());
        let others = env::split_paths(&real).filter(|directory| !pretends(directory));
        env::join_paths(std::iter::once(self.path("bin")).chain(others)).unwrap()
    }
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        Said {
            status: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// What is the same for all tests, though the home is not: Rust, and the compiled library.
fn real_directories() -> [(&'static str, PathBuf); 3] {
    [
        ("CARGO_HOME", real_directory("CARGO_HOME", ".cargo")),
        ("RUSTUP_HOME", real_directory("RUSTUP_HOME", ".rustup")),
        ("PARCELL_CACHE_DIR", library_cache()),
    ]
}

/// Where the compiled library is.
pub(crate) fn library_cache() -> PathBuf {
    real_directory("PARCELL_CACHE_DIR", ".cache/parcell")
}

fn real_directory(name: &str, default: &str) -> PathBuf {
    let home = PathBuf::from(env::var_os("HOME").unwrap_or_default());
    env::var_os(name).map_or_else(|| home.join(default), PathBuf::from)
}

/// Writes a notebook with these code cells.
pub(crate) fn write_notebook(path: &Path, cells: &[&str]) {
    let cells: Vec<_> = (0..)
        .zip(cells)
        .map(|(index, source)| {
            json!({
                "cell_type": "code", "id": format!("c{index}"), "metadata": {}, "source": source,
                "execution_count": null, "outputs": [],
            })
        })
        .collect();
    let notebook = json!({
        "nbformat": 4, "nbformat_minor": 5, "cells": cells,
        "metadata": {"kernelspec": {"name": "parcell", "display_name": "Rust (parcell)", "language": "rust"}},
    });
    std::fs::write(path, notebook.to_string()).unwrap();
}

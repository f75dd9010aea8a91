//! Finding JupyterLab on this machine, and being sure that it starts.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use super::kernelspec::Surroundings;
use crate::environment::forget_session;
use crate::toolchain::find_in_path;

/// The command that JupyterLab installs.
const COMMAND: &str = "jupyter-lab";

/// A JupyterLab that starts.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct JupyterLab {
    start: Start,
    pub(super) version: String,
}

/// A JupyterLab that is there and does not start.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Broken {
    program: PathBuf,
    complaint: String,
}

/// How JupyterLab is started.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Start {
    program: PathBuf,
    arguments: &'static [&'static str],
    /// Where it is not JupyterLab's own command, the program may be there without JupyterLab.
    is_own_command: bool,
}

/// Looks in PATH, in the active environment, in what `python3` has, and at last in `own`, the environment that parcell
/// has set up, if it has. An error says what was found that does not start.
pub(super) fn find(surroundings: &Surroundings, own: Option<&Path>) -> Result<JupyterLab, Vec<Broken>> {
    let mut broken = Vec::new();
    for start in ways(surroundings, own) {
        match start.version() {
            Ok(version) => return Ok(JupyterLab { start, version }),
            Err(complaint) if start.is_own_command => broken.push(Broken {
                program: start.program,
                complaint,
            }),
            Err(_) => {}
        }
    }
    Err(broken)
}

/// The ways to start JupyterLab that there may be, the first to be preferred.
fn ways(surroundings: &Surroundings, own: Option<&Path>) -> Vec<Start> {
    let in_path = |name| find_in_path(name, surroundings.path.as_deref()?);
    let environments = [
        surroundings.virtual_env.as_deref(),
        surroundings.conda_prefix.as_deref(),
    ];
    let mut ways = Vec::new();
    ways.extend(in_path(COMMAND).map(Start::own_command));
    // It also looks beside itself, wherever a link to it is.
    ways.extend(in_path("jupyter").map(|jupyter| Start::by(jupyter, &["lab"])));
    ways.extend(environments.into_iter().flatten().filter_map(in_environment));
    ways.extend(in_path("python3").map(|python| Start::by(python, &["-m", "jupyterlab"])));
    ways.extend(own.and_then(in_environment));
    ways
}

/// JupyterLab's command in an environment of Python's.
fn in_environment(prefix: &Path) -> Option<Start> {
    find_in_path(COMMAND, prefix.join("bin").as_os_str()).map(Start::own_command)
}

impl JupyterLab {
    /// The command that starts it, in the environment that parcell was started in.
    pub(super) fn command(&self) -> Command {
        self.start.command()
    }

    /// Where the Python is installed that it belongs to, as far as its path tells.
    pub(super) fn prefix(&self) -> Option<&Path> {
        self.start.program.parent()?.parent()
    }
}

impl fmt::Display for JupyterLab {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JupyterLab {} ({}", self.version, self.start.program.display())?;
        for argument in self.start.arguments {
            write!(f, " {argument}")?;
        }
        f.write_str(")")
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} does not start: {}", self.program.display(), self.complaint)
    }
}

impl Start {
    fn own_command(program: PathBuf) -> Start {
        Start {
            program,
            arguments: &[],
            is_own_command: true,
        }
    }

    fn by(program: PathBuf, arguments: &'static [&'static str]) -> Start {
        Start {
            program,
            arguments,
            is_own_command: false,
        }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(self.arguments);
        forget_session(&mut command);
        command
    }

    /// Has JupyterLab say its version, as it does only where it starts; an error is what it said instead.
    fn version(&self) -> Result<String, String> {
        let output = self
            .command()
            .arg("--version")
            .stdin(Stdio::null())
            .output()
            .map_err(|error| error.to_string())?;
        version_in(&output)
    }
}

fn version_in(output: &Output) -> Result<String, String> {
    let last_line = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        let line = text.lines().rfind(|line| !line.trim().is_empty());
        line.map(|line| line.trim().to_owned())
    };
    match last_line(&output.stdout) {
        Some(version) if output.status.success() && version.starts_with(|c: char| c.is_ascii_digit()) => Ok(version),
        _ => Err(last_line(&output.stderr).unwrap_or_else(|| output.status.to_string())),
    }
}

/// The first `python3` in a PATH.
pub(super) fn python(path: Option<&OsStr>) -> Option<PathBuf> {
    find_in_path("python3", path?)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    #[test]
    fn ways_are_tried_in_order() {
        let root = tempfile::tempdir().unwrap();
        let [path, venv, own] = ["path", "venv", "own"].map(|name| root.path().join(name));
        for program in [
            "path/jupyter-lab",
            "path/jupyter",
            "path/python3",
            "venv/bin/jupyter-lab",
            "own/bin/jupyter-lab",
        ] {
            let program = root.path().join(program);
            fs::create_dir_all(program.parent().unwrap()).unwrap();
            symlink("/bin/false", program).unwrap();
        }
        let surroundings = Surroundings {
            path: Some(path.clone().into()),
            virtual_env: Some(venv.clone()),
            ..Surroundings::default()
        };
        let expected = [
            Start::own_command(path.join("jupyter-lab")),
            Start::by(path.join("jupyter"), &["lab"]),
            Start::own_command(venv.join("bin/jupyter-lab")),
            Start::by(path.join("python3"), &["-m", "jupyterlab"]),
            Start::own_command(own.join("bin/jupyter-lab")),
        ];
        assert_eq!(ways(&surroundings, Some(&own)), expected);
    }

    #[test]
    fn what_does_not_start_is_not_taken_and_only_jupyterlabs_own_commands_are_called_broken() {
        let path = tempfile::tempdir().unwrap();
        for program in ["jupyter-lab", "jupyter", "python3"] {
            symlink("/bin/false", path.path().join(program)).unwrap();
        }
        let surroundings = Surroundings {
            path: Some(path.path().into()),
            ..Surroundings::default()
        };
        let broken = find(&surroundings, None).unwrap_err();
        let programs: Vec<_> = broken.iter().map(|broken| broken.program.as_path()).collect();
        assert_eq!(programs, [path.path().join("jupyter-lab")]);
    }

    #[test]
    fn a_version_is_a_last_line_that_begins_with_a_digit() {
        assert_eq!(version_in(&output(0, "a warning\n4.4.1\n", "")), Ok("4.4.1".to_owned()));
        assert_eq!(
            version_in(&output(127, "", "pyenv: jupyter-lab: command not found\n")),
            Err("pyenv: jupyter-lab: command not found".to_owned())
        );
        assert!(version_in(&output(0, "no version", "")).is_err());
    }

    fn output(code: i32, stdout: &str, stderr: &str) -> Output {
        Output {
            status: ExitStatus::from_raw(code << 8),
            stdout: stdout.into(),
            stderr: stderr.into(),
        }
    }
}

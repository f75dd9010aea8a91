//! Where Jupyter looks for kernelspecs.

use std::env;
use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Adds to the directories in which Jupyter looks for kernels.
pub(crate) const PATH_VARIABLE: &str = "JUPYTER_PATH";

/// Which of Jupyter's directories.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum JupyterDirectory {
    /// The user's own.
    User,
    /// That of the active Python environment.
    SysPrefix,
    /// That under a given installation prefix.
    Prefix(PathBuf),
}

/// What the environment says about places. Handed over rather than read where it is needed, so that nothing depends on
/// the process it runs in.
#[derive(Clone, Debug, Default)]
pub(crate) struct Surroundings {
    pub(crate) jupyter_path: Option<OsString>,
    pub(crate) jupyter_data_dir: Option<PathBuf>,
    pub(crate) xdg_data_home: Option<PathBuf>,
    pub(crate) home: Option<PathBuf>,
    pub(crate) virtual_env: Option<PathBuf>,
    pub(crate) conda_prefix: Option<PathBuf>,
    pub(crate) path: Option<OsString>,
}

/// Why a place could not be found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LocationError {
    #[error("no home directory is known; set HOME or JUPYTER_DATA_DIR, or say --prefix DIR")]
    HomeUnknown,
    #[error("no Python environment is active and there is no python3 to ask; activate one, or say --prefix DIR")]
    PythonMissing { source: io::Error },
    #[error("python3 did not say its prefix ({answer}); activate an environment, or say --prefix DIR")]
    PrefixUnknown { answer: String },
}

impl Surroundings {
    /// What this process's environment says.
    pub(crate) fn of_this_process() -> Surroundings {
        Surroundings {
            jupyter_path: variable(PATH_VARIABLE),
            jupyter_data_dir: variable("JUPYTER_DATA_DIR").map(PathBuf::from),
            xdg_data_home: variable("XDG_DATA_HOME").map(PathBuf::from),
            home: dirs::home_dir(),
            virtual_env: variable("VIRTUAL_ENV").map(PathBuf::from),
            conda_prefix: variable("CONDA_PREFIX").map(PathBuf::from),
            path: variable("PATH"),
        }
    }

    /// Jupyter's data directory at `place`, the one that holds `kernels`.
    pub(crate) fn data_directory(&self, place: &JupyterDirectory) -> Result<PathBuf, LocationError> {
        match place {
            JupyterDirectory::User => self.user_data_directory(),
            JupyterDirectory::SysPrefix => Ok(under_prefix(&self.python_prefix()?)),
            JupyterDirectory::Prefix(prefix) => Ok(under_prefix(prefix)),
        }
    }

    /// The data directories in which Jupyters installed at `prefixes` look for kernels, each once. Their order is not
    /// Jupyter's, which depends on the Python that it runs in.
    pub(crate) fn search_path(&self, prefixes: &[&Path]) -> Vec<PathBuf> {
        let named = self.jupyter_path.iter().flat_map(env::split_paths);
        let users = self.user_data_directory().ok();
        let users_python = self.home.as_ref().map(|home| under_prefix(&home.join(".local")));
        let active = [self.virtual_env.as_deref(), self.conda_prefix.as_deref()];
        let active = active.into_iter().flatten();
        let systems = ["/usr/local", "/usr"].map(Path::new);
        let prefixes = active.chain(prefixes.iter().copied()).chain(systems).map(under_prefix);
        let mut directories = Vec::new();
        for directory in named.chain(users).chain(users_python).chain(prefixes) {
            if !directories.contains(&directory) {
                directories.push(directory);
            }
        }
        directories
    }

    fn user_data_directory(&self) -> Result<PathBuf, LocationError> {
        if let Some(directory) = &self.jupyter_data_dir {
            return Ok(directory.clone());
        }
        let home = self.home.as_ref().ok_or(LocationError::HomeUnknown);
        if cfg!(target_os = "macos") {
            return Ok(home?.join("Library/Jupyter"));
        }
        match &self.xdg_data_home {
            Some(data) => Ok(data.join("jupyter")),
            None => Ok(home?.join(".local/share/jupyter")),
        }
    }

    fn python_prefix(&self) -> Result<PathBuf, LocationError> {
        match self.virtual_env.as_ref().or(self.conda_prefix.as_ref()) {
            Some(prefix) => Ok(prefix.clone()),
            None => self.ask_python(),
        }
    }

    fn ask_python(&self) -> Result<PathBuf, LocationError> {
        let mut python = Command::new("python3");
        python
            .args(["-c", "import sys; print(sys.prefix)"])
            .stdin(Stdio::null())
            .stderr(Stdio::piped());
        match &self.path {
            Some(path) => python.env("PATH", path),
            None => python.env_remove("PATH"),
        };
        prefix_in(
            &python
                .output()
                .map_err(|source| LocationError::PythonMissing { source })?,
        )
    }
}

/// The prefix in what python3 answered.
fn prefix_in(answer: &Output) -> Result<PathBuf, LocationError> {
    let prefix = String::from_utf8_lossy(&answer.stdout).trim().to_owned();
    if answer.status.success() && Path::new(&prefix).is_absolute() {
        return Ok(PathBuf::from(prefix));
    }
    let complaint = String::from_utf8_lossy(&answer.stderr)
        .lines()
        .last()
        .map(str::to_owned);
    Err(LocationError::PrefixUnknown {
        answer: complaint.unwrap_or_else(|| answer.status.to_string()),
    })
}

fn under_prefix(prefix: &Path) -> PathBuf {
    prefix.join("share/jupyter")
}

/// Jupyter takes an empty variable for an unset one.
fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    fn at_home() -> Surroundings {
        Surroundings {
            home: Some("/home/ada".into()),
            ..Surroundings::default()
        }
    }

    #[test]
    fn the_users_directory_follows_the_environment() {
        let mut surroundings = at_home();
        if cfg!(target_os = "linux") {
            assert_eq!(
                directory(&surroundings, JupyterDirectory::User),
                PathBuf::from("/home/ada/.local/share/jupyter")
            );
            surroundings.xdg_data_home = Some("/data".into());
            assert_eq!(
                directory(&surroundings, JupyterDirectory::User),
                PathBuf::from("/data/jupyter")
            );
        }
        surroundings.jupyter_data_dir = Some("/jupyter".into());
        assert_eq!(
            directory(&surroundings, JupyterDirectory::User),
            PathBuf::from("/jupyter")
        );
    }

    #[test]
    fn no_home_is_an_error_that_says_what_to_do() {
        let error = Surroundings::default()
            .data_directory(&JupyterDirectory::User)
            .unwrap_err();
        assert!(error.to_string().contains("JUPYTER_DATA_DIR"), "{error}");
    }

    #[test]
    fn a_virtual_environment_goes_before_conda() {
        let mut surroundings = Surroundings {
            conda_prefix: Some("/opt/conda".into()),
            ..at_home()
        };
        assert_eq!(
            directory(&surroundings, JupyterDirectory::SysPrefix),
            PathBuf::from("/opt/conda/share/jupyter")
        );
        surroundings.virtual_env = Some("/home/me/lesson/.venv".into());
        assert_eq!(
            directory(&surroundings, JupyterDirectory::SysPrefix),
            PathBuf::from("/home/me/lesson/.venv/share/jupyter")
        );
    }

    #[test]
    fn kernels_are_looked_for_wherever_jupyter_would() {
        let surroundings = Surroundings {
            jupyter_path: Some("/named:/also".into()),
            jupyter_data_dir: Some("/jupyter".into()),
            virtual_env: Some("/venv".into()),
            ..at_home()
        };
        let expected = [
            "/named",
            "/also",
            "/jupyter",
            "/home/ada/.local/share/jupyter",
            "/venv/share/jupyter",
            "/opt/lab/share/jupyter",
            "/usr/local/share/jupyter",
            "/usr/share/jupyter",
        ];
        assert_eq!(
            surroundings.search_path(&[Path::new("/opt/lab")]),
            expected.map(PathBuf::from)
        );
        let of_venv = surroundings.search_path(&[Path::new("/venv")]);
        assert_eq!(of_venv.len(), expected.len() - 1, "{of_venv:?}");
    }

    #[test]
    fn outside_an_environment_python_is_asked() {
        let binaries = tempfile::tempdir().unwrap();
        symlink("/bin/false", binaries.path().join("python3")).unwrap();
        let surroundings = Surroundings {
            path: Some(binaries.path().into()),
            ..at_home()
        };
        let error = surroundings.data_directory(&JupyterDirectory::SysPrefix).unwrap_err();
        assert!(matches!(error, LocationError::PrefixUnknown { .. }), "{error:?}");
    }

    #[test]
    fn pythons_answer_is_the_prefix() {
        assert_eq!(
            prefix_in(&answer(0, "/usr/local\n", "")).unwrap(),
            PathBuf::from("/usr/local")
        );
    }

    #[test]
    fn a_python_that_fails_is_an_error_that_repeats_it() {
        let error = prefix_in(&answer(1, "", "Traceback:\nno module named sys\n"))
            .unwrap_err()
            .to_string();
        assert!(error.contains("no module named sys"), "{error}");
    }

    #[test]
    fn without_python_the_error_says_what_to_do() {
        let empty = tempfile::tempdir().unwrap();
        let surroundings = Surroundings {
            path: Some(empty.path().into()),
            ..at_home()
        };
        let error = surroundings.data_directory(&JupyterDirectory::SysPrefix).unwrap_err();
        assert!(matches!(error, LocationError::PythonMissing { .. }), "{error:?}");
    }

    fn directory(surroundings: &Surroundings, place: JupyterDirectory) -> PathBuf {
        surroundings.data_directory(&place).unwrap()
    }

    fn answer(code: i32, stdout: &str, stderr: &str) -> Output {
        let status = ExitStatus::from_raw(code << 8);
        Output {
            status,
            stdout: stdout.into(),
            stderr: stderr.into(),
        }
    }
}

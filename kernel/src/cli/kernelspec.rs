//! The kernelspec: the directory by which Jupyter knows a kernel, with how to start it and its logos.
//!
//! Files are replaced one by one, `kernel.json` last: Jupyter takes a directory for a kernel by that file, so at every
//! moment it finds a complete kernelspec or none.
//!
//! What a Python package of parcell brings is in this package's `parcell.data`: the logos come from there, and a test
//! keeps its `kernel.json` what is written here.

mod installed;
mod location;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};

pub(super) use installed::{Installed, installed};
pub(super) use location::{JupyterDirectory, LocationError, PATH_VARIABLE, Surroundings};

use super::atomic_file;
use crate::identity::{DISPLAY_NAME, LANGUAGE, NAME};

/// The subcommand by which Jupyter starts the kernel.
const SUBCOMMAND: &str = "kernel";
/// What Jupyter replaces by the path of the connection file.
const CONNECTION_FILE: &str = "{connection_file}";
const SPEC_FILE: &str = "kernel.json";
const LOGOS: [(&str, &[u8]); 3] = [
    (
        "logo-32x32.png",
        include_bytes!("../../parcell.data/data/share/jupyter/kernels/parcell/logo-32x32.png"),
    ),
    (
        "logo-64x64.png",
        include_bytes!("../../parcell.data/data/share/jupyter/kernels/parcell/logo-64x64.png"),
    ),
    (
        "logo-svg.svg",
        include_bytes!("../../parcell.data/data/share/jupyter/kernels/parcell/logo-svg.svg"),
    ),
];

/// Why a kernelspec was not installed or removed.
#[derive(Debug, thiserror::Error)]
pub(super) enum KernelspecError {
    #[error("{name:?} cannot name a kernel: use letters, digits, '.', '-' and '_' only")]
    Name { name: String },
    #[error(
        "{} holds something that parcell did not install; choose another --name, or remove that directory first",
        .directory.display()
    )]
    Foreign { directory: PathBuf },
    #[error("there is no kernel of parcell in {}", .directory.display())]
    NotInstalled { directory: PathBuf },
    #[error("the path of this executable is not UTF-8, which Jupyter cannot start: {}", .executable.display())]
    Executable { executable: PathBuf },
    #[error("cannot write {}", .path.display())]
    Write { path: PathBuf, source: io::Error },
    #[error("cannot read {}", .path.display())]
    Read { path: PathBuf, source: io::Error },
    #[error("cannot remove {}", .path.display())]
    Remove { path: PathBuf, source: io::Error },
}

/// The directory of the kernel called `name` in Jupyter's data directory.
pub(super) fn directory(data: &Path, name: &str) -> Result<PathBuf, KernelspecError> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    // The first two are directories that exist everywhere and are no kernel's.
    if matches!(name, "" | "." | "..") || !name.chars().all(allowed) {
        return Err(KernelspecError::Name { name: name.to_owned() });
    }
    // Jupyter looks names up in lower case.
    Ok(data.join("kernels").join(name.to_ascii_lowercase()))
}

/// Writes the kernelspec that starts `executable`, over an older one of parcell's if there is one.
pub(super) fn write(directory: &Path, executable: &Path) -> Result<(), KernelspecError> {
    let spec = format!("{:#}\n", contents(executable)?);
    if !matches!(occupant(directory)?, Occupant::Nobody | Occupant::Parcell) {
        return Err(KernelspecError::Foreign {
            directory: directory.to_path_buf(),
        });
    }
    fs::create_dir_all(directory).map_err(|source| KernelspecError::Write {
        path: directory.to_path_buf(),
        source,
    })?;
    for (name, contents) in LOGOS.into_iter().chain([(SPEC_FILE, spec.as_bytes())]) {
        let path = directory.join(name);
        atomic_file::write(&path, contents).map_err(|source| KernelspecError::Write { path, source })?;
    }
    Ok(())
}

/// Removes what `write` wrote, and the directory if that leaves it empty. Returns the names of files that are not
/// parcell's and have stayed.
pub(super) fn remove(directory: &Path) -> Result<Vec<String>, KernelspecError> {
    match occupant(directory)? {
        Occupant::Parcell => {}
        Occupant::Nobody => {
            return Err(KernelspecError::NotInstalled {
                directory: directory.to_path_buf(),
            });
        }
        Occupant::Foreign => {
            return Err(KernelspecError::Foreign {
                directory: directory.to_path_buf(),
            });
        }
    }
    for name in own_files() {
        let path = directory.join(name);
        match fs::remove_file(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(KernelspecError::Remove { path, source });
            }
            _ => {}
        }
    }
    let left = file_names(directory)?;
    if left.is_empty() {
        fs::remove_dir(directory).map_err(|source| KernelspecError::Remove {
            path: directory.to_path_buf(),
            source,
        })?;
    }
    Ok(left)
}

/// What `kernel.json` says.
fn contents(executable: &Path) -> Result<Value, KernelspecError> {
    let program = executable.to_str().ok_or_else(|| KernelspecError::Executable {
        executable: executable.to_path_buf(),
    })?;
    Ok(json!({
        "argv": [program, SUBCOMMAND, CONNECTION_FILE],
        "display_name": DISPLAY_NAME,
        "language": LANGUAGE,
        "interrupt_mode": "message",
        "env": {},
        "metadata": {"debugger": true},
    }))
}

/// Whose a kernelspec's directory is.
enum Occupant {
    Nobody,
    Parcell,
    Foreign,
}

fn occupant(directory: &Path) -> Result<Occupant, KernelspecError> {
    let read_error = |path: &Path, source| KernelspecError::Read {
        path: path.to_path_buf(),
        source,
    };
    let path = directory.join(SPEC_FILE);
    match fs::read(&path) {
        Ok(spec) if is_own_spec(&spec) => Ok(Occupant::Parcell),
        Ok(_) => Ok(Occupant::Foreign),
        Err(error) if error.kind() == io::ErrorKind::NotFound => match file_names(directory) {
            // What an installation that was cut short has left is parcell's.
            Ok(names) if names.iter().all(|name| own_files().any(|own| own == name)) => Ok(Occupant::Nobody),
            Ok(_) => Ok(Occupant::Foreign),
            Err(KernelspecError::Read { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                Ok(Occupant::Nobody)
            }
            Err(error) => Err(error),
        },
        // A file where the directory should be.
        Err(error) if error.kind() == io::ErrorKind::NotADirectory => Ok(Occupant::Foreign),
        Err(error) => Err(read_error(&path, error)),
    }
}

/// A kernelspec is parcell's if it starts an executable of that name in the way that parcell is started.
fn is_own_spec(spec: &[u8]) -> bool {
    program(spec).is_some()
}

/// The program that a kernelspec of parcell's starts, in its own words; None where it is another kernel's.
fn program(spec: &[u8]) -> Option<String> {
    let spec = serde_json::from_slice::<Value>(spec).ok()?;
    let argv: Vec<_> = spec["argv"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    let [executable, SUBCOMMAND, CONNECTION_FILE] = argv[..] else {
        return None;
    };
    let name = Path::new(executable).file_name()?;
    let is_own = spec["language"] == LANGUAGE && name.to_string_lossy().starts_with(NAME);
    is_own.then(|| executable.to_owned())
}

fn own_files() -> impl Iterator<Item = &'static str> {
    [SPEC_FILE].into_iter().chain(LOGOS.map(|(name, _)| name))
}

fn file_names(directory: &Path) -> Result<Vec<String>, KernelspecError> {
    let names = || -> io::Result<Vec<String>> {
        fs::read_dir(directory)?
            .map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned()))
            .collect()
    };
    names().map_err(|source| KernelspecError::Read {
        path: directory.to_path_buf(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const EXECUTABLE: &str = "/opt/bin/parcell";

    #[test]
    fn the_spec_starts_this_executable_with_the_connection_file() {
        let data = tempfile::tempdir().unwrap();
        let directory = directory(data.path(), NAME).unwrap();
        write(&directory, Path::new(EXECUTABLE)).unwrap();
        let spec: Value = serde_json::from_slice(&fs::read(directory.join("kernel.json")).unwrap()).unwrap();
        let expected = json!({
            "argv": [EXECUTABLE, "kernel", "{connection_file}"],
            "display_name": "Rust (parcell)",
            "language": "rust",
            "interrupt_mode": "message",
            "env": {},
            "metadata": {"debugger": true},
        });
        assert_eq!(spec, expected);
        let mut names = file_names(&directory).unwrap();
        names.sort();
        assert_eq!(
            names,
            ["kernel.json", "logo-32x32.png", "logo-64x64.png", "logo-svg.svg"]
        );
    }

    /// What `pip install` brings starts the executable beside it, wherever Python has put both.
    #[test]
    fn the_packaged_spec_is_what_would_be_written() {
        let packaged = include_str!("../../parcell.data/data/share/jupyter/kernels/parcell/kernel.json");
        let executable = "{resource_dir}/../../../../bin/parcell";
        assert_eq!(packaged, format!("{:#}\n", contents(Path::new(executable)).unwrap()));
    }

    #[test]
    fn an_older_spec_of_parcell_is_replaced_and_added_files_stay() {
        let data = tempfile::tempdir().unwrap();
        let directory = directory(data.path(), NAME).unwrap();
        write(&directory, Path::new("/old/parcell")).unwrap();
        fs::write(directory.join("kernel.js"), "").unwrap();
        write(&directory, Path::new(EXECUTABLE)).unwrap();
        assert!(
            fs::read_to_string(directory.join("kernel.json"))
                .unwrap()
                .contains(EXECUTABLE)
        );
        assert!(directory.join("kernel.js").exists());
    }

    #[test]
    fn what_parcell_did_not_install_is_neither_replaced_nor_removed() {
        let foreign =
            r#"{"argv": ["python3", "-m", "ipykernel_launcher", "-f", "{connection_file}"], "language": "python"}"#;
        for (name, contents) in [("kernel.json", foreign), ("kernel.json", "no JSON"), ("thesis.tex", "")] {
            let data = tempfile::tempdir().unwrap();
            fs::write(data.path().join(name), contents).unwrap();
            let written = write(data.path(), Path::new(EXECUTABLE)).unwrap_err();
            assert!(matches!(written, KernelspecError::Foreign { .. }), "{written:?}");
            let removed = remove(data.path()).unwrap_err();
            assert!(matches!(removed, KernelspecError::Foreign { .. }), "{removed:?}");
            assert_eq!(fs::read_to_string(data.path().join(name)).unwrap(), contents);
        }
    }

    #[test]
    fn a_file_in_the_way_is_not_replaced() {
        let data = tempfile::tempdir().unwrap();
        let directory = data.path().join("parcell");
        fs::write(&directory, "text").unwrap();
        let error = write(&directory, Path::new(EXECUTABLE)).unwrap_err();
        assert!(matches!(error, KernelspecError::Foreign { .. }), "{error:?}");
    }

    #[test]
    fn an_installation_that_was_cut_short_is_completed() {
        let data = tempfile::tempdir().unwrap();
        fs::write(data.path().join("logo-32x32.png"), "").unwrap();
        write(data.path(), Path::new(EXECUTABLE)).unwrap();
        assert!(data.path().join("kernel.json").exists());
    }

    #[test]
    fn removing_leaves_nothing() {
        let data = tempfile::tempdir().unwrap();
        let directory = directory(data.path(), NAME).unwrap();
        write(&directory, Path::new(EXECUTABLE)).unwrap();
        assert_eq!(remove(&directory).unwrap(), Vec::<String>::new());
        assert!(!directory.exists());
        let error = remove(&directory).unwrap_err();
        assert!(matches!(error, KernelspecError::NotInstalled { .. }), "{error:?}");
    }

    #[test]
    fn removing_keeps_what_somebody_added() {
        let data = tempfile::tempdir().unwrap();
        let directory = directory(data.path(), NAME).unwrap();
        write(&directory, Path::new(EXECUTABLE)).unwrap();
        fs::write(directory.join("kernel.js"), "").unwrap();
        assert_eq!(remove(&directory).unwrap(), ["kernel.js"]);
        assert!(directory.join("kernel.js").exists());
    }

    #[test]
    fn names_are_checked_and_lower_case() {
        let data = Path::new("/data");
        assert_eq!(
            directory(data, "Rust-2.0").unwrap(),
            PathBuf::from("/data/kernels/rust-2.0")
        );
        for name in ["", ".", "..", "a/b", "a b", "né"] {
            let error = directory(data, name).unwrap_err();
            assert!(matches!(error, KernelspecError::Name { .. }), "{error:?}");
        }
    }
}

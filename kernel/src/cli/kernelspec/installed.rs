//! The kernels of parcell that are installed somewhere, and what they start.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use super::{SPEC_FILE, program};
use crate::toolchain::find_in_path;

/// What Jupyter replaces by the kernelspec's directory.
const RESOURCE_DIRECTORY: &str = "{resource_dir}";

/// A kernel of parcell in one of Jupyter's directories.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct Installed {
    /// The name that notebooks know it by.
    pub(crate) name: String,
    /// The kernelspec's directory.
    pub(crate) directory: PathBuf,
    /// What it starts, which need not be there.
    pub(crate) executable: PathBuf,
}

impl Installed {
    /// Whether it starts this file.
    pub(crate) fn starts(&self, executable: &Path) -> bool {
        match (fs::canonicalize(&self.executable), fs::canonicalize(executable)) {
            (Ok(started), Ok(executable)) => started == executable,
            _ => false,
        }
    }
}

/// The kernels of parcell in one of Jupyter's data directories, by name. What cannot be read is none: Jupyter passes
/// over it as well.
pub(crate) fn installed(data: &Path, path: Option<&OsStr>) -> Vec<Installed> {
    let entries = fs::read_dir(data.join("kernels")).into_iter().flatten().flatten();
    let mut found: Vec<_> = entries
        .filter_map(|entry| {
            let directory = entry.path();
            let spec = fs::read(directory.join(SPEC_FILE)).ok()?;
            Some(Installed {
                name: entry.file_name().into_string().ok()?,
                executable: resolved(&program(&spec)?, &directory, path),
                directory,
            })
        })
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    found
}

/// The file that Jupyter runs for a program: it fills in the directory, and looks for a mere name in PATH.
fn resolved(program: &str, directory: &Path, path: Option<&OsStr>) -> PathBuf {
    let program = match program.strip_prefix(RESOURCE_DIRECTORY) {
        Some(rest) => directory.join(rest.trim_start_matches('/')),
        None => PathBuf::from(program),
    };
    if program.components().count() > 1 {
        return program;
    }
    let found = path.and_then(|path| find_in_path(program.to_str()?, path));
    found.unwrap_or(program)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::super::{directory, write};
    use super::*;

    const PACKAGED: &str = include_str!("../../../parcell.data/data/share/jupyter/kernels/parcell/kernel.json");

    #[test]
    fn kernels_of_parcell_are_found_with_what_they_start() {
        let data = tempfile::tempdir().unwrap();
        let this = std::env::current_exe().unwrap();
        let executable = data.path().join("parcell");
        symlink(&this, &executable).unwrap();
        write(&directory(data.path(), "rust").unwrap(), &executable).unwrap();
        write(&directory(data.path(), "gone").unwrap(), Path::new("/gone/parcell")).unwrap();
        let python = directory(data.path(), "python3").unwrap();
        fs::create_dir(&python).unwrap();
        fs::write(python.join(SPEC_FILE), r#"{"argv": ["python3"], "language": "python"}"#).unwrap();

        let found = installed(data.path(), None);
        let names: Vec<_> = found.iter().map(|kernel| kernel.name.as_str()).collect();
        assert_eq!(names, ["gone", "rust"]);
        assert!(!found[0].starts(&this) && found[1].starts(&this));
    }

    #[test]
    fn a_packaged_kernel_starts_the_executable_of_its_environment() {
        let prefix = tempfile::tempdir().unwrap();
        let this = std::env::current_exe().unwrap();
        fs::create_dir(prefix.path().join("bin")).unwrap();
        symlink(&this, prefix.path().join("bin/parcell")).unwrap();
        let data = prefix.path().join("share/jupyter");
        let directory = directory(&data, "parcell").unwrap();
        fs::create_dir_all(&directory).unwrap();
        fs::write(directory.join(SPEC_FILE), PACKAGED).unwrap();
        let found = installed(&data, None);
        assert_eq!(found.len(), 1);
        assert!(found[0].starts(&this), "{found:?}");
    }

    #[test]
    fn a_mere_name_is_looked_for_in_path() {
        let binaries = tempfile::tempdir().unwrap();
        symlink("/bin/sh", binaries.path().join("parcell")).unwrap();
        let path = Some(binaries.path().as_os_str());
        assert_eq!(
            resolved("parcell", Path::new("/data"), path),
            binaries.path().join("parcell")
        );
        assert_eq!(resolved("parcell", Path::new("/data"), None), PathBuf::from("parcell"));
    }
}

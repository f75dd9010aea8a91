//! How values of well-known crates are shown as results of cells.
//!
//! For each of these crates there is one of ours, in `kernel/displays`, whose trait has the method that a cell's last
//! expression is shown with. It is compiled when a notebook depends on the crate, for the version that it depends on: the
//! library could depend on one version only, and would have all of them compiled before the first cell. In the store it
//! is one of the files of the crate's unit, and goes with it.
//!
//! Where it does not compile, because the crate is older or newer than what it was written for, values are shown by
//! their `Debug`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use sha2::{Digest, Sha256};

use super::EDITION;
use super::cell_compiler::without_unwanted;
use super::compilation::Compilation;
use super::manifest::LIBRARY;
use super::store::unit_in;

/// What the names of our crates begin with; the name of the crate whose values they show follows.
pub(super) const PREFIX: &str = "parcell_display_";

macro_rules! displays {
    ($($name:literal),*) => {
        [$(Display {
            name: $name,
            source: include_str!(concat!("../../displays/", $name, ".rs")),
        }),*]
    };
}

const DISPLAYS: [Display; 8] = displays![
    "arrow",
    "chrono",
    "image",
    "nalgebra",
    "ndarray",
    "num_bigint",
    "polars",
    "time"
];

/// The source of one of our crates, by its name.
pub(crate) fn display_source(display: &str) -> Option<&'static str> {
    let name = display.strip_prefix(PREFIX)?;
    DISPLAYS.iter().find(|ours| ours.name == name).map(|ours| ours.source)
}

/// One of our crates.
#[derive(Clone, Copy, Debug)]
struct Display {
    /// Of the crate whose values it shows.
    name: &'static str,
    source: &'static str,
}

/// Why one of our crates has not been compiled.
#[derive(Debug, thiserror::Error)]
enum DisplayError {
    #[error("it does not compile:\n{0}")]
    NotCompiled(String),
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Compiles those of our crates that show values of the crates that cells are compiled with; cells are compiled with them
/// too then.
pub(super) fn compile_displays(compilation: Compilation) -> Compilation {
    let mut displays = Vec::new();
    for ours in DISPLAYS {
        let Some(shown) = compilation
            .crates()
            .map(|(_, file)| file)
            .find(|file| crate_of(file) == Some(ours.name))
        else {
            continue;
        };
        match ours.compile(&compilation, shown) {
            Ok(file) => displays.push((format!("{PREFIX}{}", ours.name), file)),
            Err(error) => tracing::warn!(shown = ours.name, %error, "values are shown by their `Debug`"),
        }
    }
    compilation.with_crates(displays)
}

impl Display {
    /// Compiles it where it is not compiled already, for the crate in the file `shown`.
    fn compile(self, compilation: &Compilation, shown: &Path) -> Result<PathBuf, DisplayError> {
        let not_found = || io::Error::other(format!("{} has no name as cargo gives it", shown.display()));
        let directory = shown.parent().ok_or_else(not_found)?;
        let name = shown.file_name().and_then(|name| name.to_str());
        let unit = name.and_then(unit_in).ok_or_else(not_found)?;
        let library = compilation.crates().find(|(name, _)| *name == LIBRARY);
        let library = library.map_or(Path::new(""), |(_, file)| file);
        let stem = format!("{PREFIX}{}_{}-{unit}", self.name, self.identity(library));
        let file = directory.join(format!("lib{stem}.rlib"));
        if is_newer(&file, &[shown, library])? {
            return Ok(file);
        }
        // What is compiled is put in its place at once, so that nobody finds half of it.
        let place = tempfile::tempdir_in(directory)?;
        let source = place.path().join("lib.rs");
        fs::write(&source, self.source)?;
        let compiled = place.path().join(format!("lib{stem}.rlib"));
        let output = Command::new(&compilation.rustc)
            .envs(compilation.environment.iter().map(|(name, value)| (name, value)))
            .args(settings(&without_unwanted(&compilation.arguments)))
            .args(["--crate-name", &format!("{PREFIX}{}", self.name)])
            .arg("--extern")
            .arg(format!("{}={}", self.name, shown.display()))
            .args(["--crate-type=rlib", "--emit=link", "-Ccodegen-units=1"])
            .arg(format!("--edition={EDITION}"))
            .arg(format!("-Cmetadata={}", self.identity(library)))
            .arg("-o")
            .arg(&compiled)
            .arg(&source)
            .stdin(Stdio::null())
            .output()?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr).into_owned();
            return Err(DisplayError::NotCompiled(said));
        }
        fs::rename(&compiled, &file)?;
        Ok(file)
    }

    /// Changes with its source, and with the library that it is compiled for.
    fn identity(self, library: &Path) -> String {
        let mut hash = Sha256::new();
        hash.update(self.source);
        hash.update(library.as_os_str().as_encoded_bytes());
        hash.finalize()[..4].iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// Of the arguments that a cell is compiled with those that are about how, and not about what.
fn settings(arguments: &[String]) -> Vec<String> {
    let mut kept = Vec::new();
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--crate-name" | "--crate-type" => {
                arguments.next();
            }
            _ if argument.starts_with("--edition=") || argument.ends_with(".rs") => {}
            _ => kept.push(argument.clone()),
        }
    }
    kept
}

/// Whether a file is there, and not older than any of those.
fn is_newer(file: &Path, others: &[&Path]) -> io::Result<bool> {
    let modified = |file: &Path| -> io::Result<SystemTime> { fs::metadata(file)?.modified() };
    let made = match modified(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        made => made?,
    };
    for other in others {
        if modified(other)? > made {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The name of the crate in a file that cargo has had compiled.
fn crate_of(file: &Path) -> Option<&str> {
    let (name, _) = file.file_stem()?.to_str()?.strip_prefix("lib")?.rsplit_once('-')?;
    Some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A crate as cargo would have had it compiled, and what compiles a cell that depends on it.
    fn compilation(directory: &Path, name: &str, source: &str) -> Compilation {
        let rustc = crate::toolchain::Tools::in_use().unwrap().rustc;
        let compile = |name: &str, source: &str| {
            let file = directory.join(format!("lib{name}-0123456789abcdef.rlib"));
            let code = directory.join("source.rs");
            fs::write(&code, source).unwrap();
            let status = Command::new(&rustc)
                .args(["--crate-type=rlib", "--edition=2024", "--crate-name", name, "-o"])
                .args([&file, &code])
                .status()
                .unwrap();
            assert!(status.success());
            file
        };
        let library = "pub mod cell { pub fn show_duration(_: bool, _: std::time::Duration) {} }";
        let crates = [
            (LIBRARY.to_owned(), compile(LIBRARY, library)),
            (name.to_owned(), compile(name, source)),
        ];
        Compilation::for_tests(directory, &rustc).with_crates(crates)
    }

    fn displays(compilation: &Compilation) -> Vec<(String, PathBuf)> {
        let crates = compilation.crates();
        crates
            .filter(|(name, _)| name.starts_with(PREFIX))
            .map(|(name, file)| (name.to_owned(), file.to_owned()))
            .collect()
    }

    const TIME: &str = "pub struct Duration; impl Duration { pub fn is_negative(&self) -> bool { false } \
                        pub fn unsigned_abs(&self) -> std::time::Duration { std::time::Duration::ZERO } }";

    #[test]
    fn a_crate_that_is_known_gets_a_display_of_its_unit_once() {
        let directory = tempfile::tempdir().unwrap();
        let compilation = || compilation(directory.path(), "time", TIME);
        let displays_of = |compiled: Compilation| displays(&compile_displays(compiled));
        let first = compilation();
        let [(name, file)] = displays_of(first).try_into().unwrap();
        assert_eq!(name, "parcell_display_time");
        assert_eq!(
            unit_in(file.file_name().unwrap().to_str().unwrap()),
            Some("0123456789abcdef")
        );
        let made = fs::metadata(&file).unwrap().modified().unwrap();
        let again = Compilation::for_tests(directory.path(), "rustc".as_ref()).with_crates([
            (
                LIBRARY.to_owned(),
                directory.path().join("libparcell-0123456789abcdef.rlib"),
            ),
            // Whatever the notebook calls it.
            (
                "hours".to_owned(),
                directory.path().join("libtime-0123456789abcdef.rlib"),
            ),
        ]);
        assert_eq!(displays_of(again), [(name, file.clone())], "it is compiled already");
        assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), made);
        displays_of(compilation());
        assert!(
            fs::metadata(&file).unwrap().modified().unwrap() > made,
            "for the crate that was compiled anew"
        );
    }

    #[test]
    fn values_of_a_crate_that_is_another_version_are_shown_as_any_others() {
        let directory = tempfile::tempdir().unwrap();
        let compiled = compile_displays(compilation(directory.path(), "time", "pub struct Span;"));
        assert_eq!(displays(&compiled), []);
        let left: Vec<_> = fs::read_dir(directory.path()).unwrap().collect();
        assert_eq!(left.len(), 3, "{left:?}");
    }

    #[test]
    fn other_crates_have_none() {
        let directory = tempfile::tempdir().unwrap();
        let compiled = compile_displays(compilation(directory.path(), "rand", "pub struct Duration;"));
        assert_eq!(displays(&compiled), []);
    }

    #[test]
    fn what_a_cell_is_is_left_out() {
        let arguments =
            "--crate-name ctx --edition=2024 src/lib.rs --crate-type cdylib -C opt-level=2 --extern a=b.rlib";
        let arguments: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
        assert_eq!(settings(&arguments), ["-C", "opt-level=2", "--extern", "a=b.rlib"]);
    }
}

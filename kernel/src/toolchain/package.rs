//! The package that cells are compiled in: cargo compiles its crates, the compiler alone each cell.
//!
//! Between two cells only the source changes, unless a dependency is added. What cargo would work out again, for longer
//! than the compiler takes, is known from the last time (see `compilation`).

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::{fs, io};

use serde_json::Value;

use super::compilation::{Compilation, Record};
use super::dependencies::Dependencies;
use super::{CELL_CRATE, Identities, Manifest, Tools, WRAPPER_VARIABLE};

/// A package, and what is known about its crates.
#[derive(Debug)]
pub(crate) struct Package {
    directory: PathBuf,
    /// What cells are compiled as, and for which manifest.
    prepared: Option<(PackageKey, Arc<Compilation>)>,
    dependencies: Dependencies,
    /// Where compilers put temporary files, unless it is where this process does.
    temporary: Option<PathBuf>,
}

/// What decides how a package's crates are compiled, beside the manifest.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) struct BuildSettings {
    pub(crate) tools: Tools,
    /// cargo does without the network.
    pub(crate) offline: bool,
    /// What the user has put into the environment of compilers.
    pub(crate) environment: BTreeMap<String, String>,
}

type PackageKey = (Manifest, BuildSettings);

/// A cell that is to be compiled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CellSource<'a> {
    pub(crate) text: &'a str,
    /// The number by which people know it.
    pub(crate) cell: u32,
    pub(crate) identities: &'a Identities,
    pub(crate) place: SourcePlace,
}

/// Why something does not compile.
#[derive(Debug, thiserror::Error)]
pub(crate) enum BuildError {
    /// What the compiler says, as JSON, message by message.
    #[error("the code does not compile")]
    Messages(Vec<Value>),
    /// What cargo says, or whatever else is no message of the compiler's.
    #[error("{0}")]
    Said(String),
    #[error("cannot compile: {0}")]
    Io(#[from] io::Error),
}

impl BuildError {
    /// All that is said, as the compiler and cargo show it.
    pub(crate) fn text(&self) -> String {
        match self {
            BuildError::Messages(messages) => {
                let texts = messages.iter().filter_map(|message| message["rendered"].as_str());
                texts.collect::<Vec<_>>().join("\n")
            }
            error => error.to_string(),
        }
    }
}

impl Package {
    /// The package in `directory`, which need not exist yet.
    pub(crate) fn new(directory: &Path) -> Package {
        Package {
            directory: directory.to_owned(),
            prepared: None,
            dependencies: Dependencies::default(),
            temporary: None,
        }
    }

    /// The same, with compilers putting temporary files there.
    pub(crate) fn with_temporary_directory(mut self, directory: PathBuf) -> Package {
        self.temporary = Some(directory);
        self
    }

    pub(crate) fn directory(&self) -> &Path {
        &self.directory
    }

    /// The file that the last cell was compiled from.
    pub(crate) fn source_file(&self) -> PathBuf {
        SourcePlace::Current.file(&self.directory)
    }

    /// Writes the manifest, for whoever reads the package meanwhile.
    pub(crate) fn write_manifest(&self, manifest: &Manifest) -> io::Result<()> {
        fs::create_dir_all(self.directory.join(SOURCES))?;
        let source = self.source_file();
        if !source.exists() {
            fs::write(source, "")?;
        }
        write_if_changed(&self.directory.join("Cargo.toml"), &manifest.text())
    }

    /// Compiles the crates that are not compiled yet. `progress` hears cargo's lines about it.
    pub(crate) fn prepare(
        &mut self,
        manifest: &Manifest,
        settings: &BuildSettings,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(), BuildError> {
        self.write_manifest(manifest)?;
        let key = (manifest.clone(), settings.clone());
        let is_sure = !manifest.depends_on_changing_files();
        if is_sure && self.prepared.as_ref().is_some_and(|(known, _)| *known == key) {
            return Ok(());
        }
        self.prepared = None;
        let record = Record::of(&self.directory, &key.0, &key.1);
        let recorded = is_sure.then(|| record.read(&self.directory)).flatten();
        let compilation = match recorded {
            Some(compilation) => compilation,
            None => {
                self.build(settings, &record, progress)?;
                record.read(&self.directory).ok_or_else(|| {
                    BuildError::Said("cargo has compiled the notebook's crates, but not said how cells are".to_owned())
                })?
            }
        };
        self.prepared = Some((key, Arc::new(compilation)));
        Ok(())
    }

    fn build(
        &self,
        settings: &BuildSettings,
        record: &Record,
        progress: &mut dyn FnMut(&str),
    ) -> Result<(), BuildError> {
        // The cell that cargo compiles on the way, to say how.
        fs::write(self.source_file(), "")?;
        self.forget_last_cell()?;
        Record::forget_those_with_crates(&self.directory)?;
        let output = follow(&mut self.cargo(settings, record)?, progress)?;
        if output.status.success() {
            return Ok(());
        }
        Err(failure_of_cargo(&output))
    }

    fn cargo(&self, settings: &BuildSettings, record: &Record) -> io::Result<Command> {
        let tools = &settings.tools;
        let mut cargo = Command::new(&tools.cargo);
        cargo
            .current_dir(&self.directory)
            .args(["build", "--message-format=json", "--target", &tools.host])
            .args(settings.offline.then_some("--offline"))
            .env("CARGO_TARGET_DIR", "target")
            .env("CARGO_BUILD_BUILD_DIR", "target")
            .env("RUSTC", &tools.rustc)
            .env("RUSTFLAGS", "-Cprefer-dynamic")
            .env("RUSTC_WRAPPER", std::env::current_exe()?)
            .env(WRAPPER_VARIABLE, "1")
            .envs(&settings.environment)
            .stdin(Stdio::null());
        if let Some(directory) = &self.temporary {
            cargo.env("TMPDIR", directory);
        }
        record.have_written(&mut cargo);
        Ok(cargo)
    }

    /// Makes cargo call the compiler for the cell, whatever it thinks of the times of files: what it does not compile it
    /// does not say how to.
    fn forget_last_cell(&self) -> io::Result<()> {
        for triple in entries(&self.directory.join("target"))? {
            for fingerprint in entries(&triple.join("debug/.fingerprint"))? {
                let name = fingerprint.file_name().unwrap_or_default().to_string_lossy();
                if name.starts_with(&format!("{CELL_CRATE}-")) {
                    fs::remove_dir_all(fingerprint)?;
                }
            }
        }
        Ok(())
    }

    /// What compiles cells, as the package is prepared now.
    pub(crate) fn compiler(&self) -> Result<CellCompiler, BuildError> {
        let Some((_, compilation)) = &self.prepared else {
            return Err(BuildError::Said(
                "the notebook's crates have not been compiled".to_owned(),
            ));
        };
        Ok(CellCompiler {
            directory: self.directory.clone(),
            compilation: Arc::clone(compilation),
            crates: self.dependencies.metadata(),
        })
    }

    /// Takes note of the crates that cells are linked with now; whether one that they were linked with is another now.
    pub(crate) fn note_crates(&mut self) -> io::Result<bool> {
        let Some((_, compilation)) = &self.prepared else {
            return Ok(false);
        };
        let next = self.dependencies.after(compilation.crates())?;
        let is_replaced = next.metadata() != self.dependencies.metadata();
        self.dependencies = next;
        Ok(is_replaced)
    }

    /// The crates that cells are known to be linked with, to be put back where a cell is not run.
    pub(crate) fn crates(&self) -> &Dependencies {
        &self.dependencies
    }

    pub(crate) fn restore_crates(&mut self, crates: Dependencies) {
        self.dependencies = crates;
    }
}

/// What compiles cells with the crates that a package has. Several may compile at the same time.
#[derive(Clone, Debug)]
pub(crate) struct CellCompiler {
    directory: PathBuf,
    compilation: Arc<Compilation>,
    /// Tells crates apart that are called the same.
    crates: String,
}

impl CellCompiler {
    /// Compiles a cell to a library that can be loaded. What it is called must differ from cell to cell.
    pub(crate) fn compile(&self, source: CellSource<'_>, name: &str) -> Result<PathBuf, BuildError> {
        let directory = self.compilation.output_directory();
        let directory = directory.unwrap_or_else(|| self.directory.join("target"));
        let library = directory.join(format!("lib{name}.so"));
        self.run(source, &format!("--emit=link={}", library.display()), name)?;
        Ok(library)
    }

    /// Has the compiler look at a source without making anything of it.
    pub(crate) fn check(&self, source: CellSource<'_>) -> Result<(), BuildError> {
        let metadata = self.directory.join(source.place.directory()).join("checked.rmeta");
        self.run(source, &format!("--emit=metadata={}", metadata.display()), "checked")
    }

    /// Has the source of a cell that was compiled ahead take the place of the last one's.
    pub(crate) fn keep_source(&self, place: SourcePlace) -> io::Result<()> {
        fs::rename(place.file(&self.directory), SourcePlace::Current.file(&self.directory))
    }

    /// `name` is in the names of temporary files, which compilers that run at the same time must not have in common.
    fn run(&self, source: CellSource<'_>, emit: &str, name: &str) -> Result<(), BuildError> {
        let file = source.place.file(&self.directory);
        if let Some(directory) = file.parent() {
            fs::create_dir_all(directory)?;
        }
        fs::write(&file, source.text)?;
        let compilation = &self.compilation;
        let directory = source.place.directory();
        let mut rustc = Command::new(&compilation.rustc);
        rustc
            .envs(compilation.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(&self.directory)
            .args(cell_arguments(&compilation.arguments, directory))
            .arg(emit)
            .arg(format!("-Cextra-filename=-{name}-{directory}"))
            .arg(format!("-Cmetadata={}", source.identities.metadata()))
            .arg(format!("-Cmetadata={}", self.crates))
            // So that a panic's location tells which cell's code it is in.
            .arg(format!("--remap-path-prefix={directory}={CELL_FILES}{}", source.cell))
            .stdin(Stdio::null());
        let output = rustc.output()?;
        if output.status.success() {
            return Ok(());
        }
        Err(failure_of_rustc(&output))
    }
}

/// Which source of a package it is.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum SourcePlace {
    /// Of the cell that is at its turn.
    Current,
    /// Of the next one, while that one runs.
    Ahead,
}

impl SourcePlace {
    fn directory(self) -> &'static str {
        match self {
            SourcePlace::Current => SOURCES,
            SourcePlace::Ahead => "ahead",
        }
    }

    fn file(self, package: &Path) -> PathBuf {
        package.join(self.directory()).join(SOURCE_FILE)
    }
}

/// Where cargo has the source, in the package.
const SOURCES: &str = "src";
const SOURCE_FILE: &str = "lib.rs";

/// In the place of the directory of sources, in messages and tables of lines: with the number of the cell behind it.
pub(crate) const CELL_FILES: &str = "cell";

/// What a cell is compiled with.
fn cell_arguments(arguments: &[String], directory: &str) -> Vec<String> {
    let mut prepared = without_unwanted(arguments);
    let recorded = format!("{SOURCES}/{SOURCE_FILE}");
    for argument in prepared.iter_mut().filter(|argument| **argument == recorded) {
        *argument = format!("{directory}/{SOURCE_FILE}");
    }
    // One unit, because optimizing several together takes longer than a cell's code is worth; and lines, which
    // backtraces need.
    prepared.extend(["-Ccodegen-units=1", "-Cdebuginfo=line-tables-only"].map(str::to_owned));
    prepared
}

/// Every cell is new code, and goes to a file of its own. The lines that backtraces need must not be removed again. And
/// cargo's metadata changes with every dependency, and would every type with it.
fn without_unwanted(arguments: &[String]) -> Vec<String> {
    let is_unwanted = |option: &str| {
        ["incremental=", "metadata=", "extra-filename="]
            .iter()
            .any(|start| option.starts_with(start))
            || option == "strip=debuginfo"
    };
    let mut kept: Vec<String> = Vec::with_capacity(arguments.len());
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        if argument == "--out-dir" {
            arguments.next();
        } else if is_unwanted(argument) {
            kept.pop_if(|flag| flag == "-C");
        } else if !argument.starts_with("--emit=") {
            kept.push(argument.clone());
        }
    }
    kept
}

/// Runs it, and shows each line that it says on its standard error when it says it.
fn follow(command: &mut Command, heard: &mut dyn FnMut(&str)) -> io::Result<Output> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().map(|mut stdout| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            stdout.read_to_end(&mut text).map(|_| text)
        })
    });
    let mut stderr = Vec::new();
    for line in BufReader::new(child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?).split(b'\n') {
        let line = line?;
        heard(&String::from_utf8_lossy(&line));
        stderr.extend_from_slice(&line);
        stderr.push(b'\n');
    }
    let stdout = match stdout.map(JoinHandle::join) {
        Some(Ok(text)) => text?,
        Some(Err(_)) => return Err(io::Error::other("reading what a command prints panicked")),
        None => Vec::new(),
    };
    Ok(Output {
        status: child.wait()?,
        stdout,
        stderr,
    })
}

fn failure_of_rustc(output: &Output) -> BuildError {
    let text = String::from_utf8_lossy(&output.stderr);
    let messages: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    if messages.is_empty() {
        return BuildError::Said(
            format!("the compiler ended with {}\n{text}", output.status)
                .trim_end()
                .to_owned(),
        );
    }
    BuildError::Messages(messages)
}

/// cargo passes on what the compiler says of a crate, as JSON, on its standard output; what it says itself is not JSON.
fn failure_of_cargo(output: &Output) -> BuildError {
    let messages: Vec<Value> = String::from_utf8_lossy(&output.stdout)
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .filter(|message| message["reason"] == "compiler-message")
        .map(|message| message["message"].clone())
        .filter(|message| message["level"] == "error")
        .collect();
    if messages.is_empty() {
        return BuildError::Said(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    BuildError::Messages(messages)
}

fn entries(directory: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(directory) {
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(Vec::new()),
        entries => entries?.map(|entry| Ok(entry?.path())).collect(),
    }
}

/// cargo and rust-analyzer read a file again that has been written.
fn write_if_changed(file: &Path, text: &str) -> io::Result<()> {
    if fs::read_to_string(file).is_ok_and(|there| there == text) {
        return Ok(());
    }
    fs::write(file, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_about_one_cell_only_is_left_out() {
        let arguments = [
            "--crate-name",
            "ctx",
            "--emit=dep-info,link",
            "-C",
            "incremental=/x",
            "-C",
            "metadata=0123",
            "-C",
            "strip=debuginfo",
            "--out-dir",
            "/y",
            "-C",
            "opt-level=2",
        ]
        .map(str::to_owned);
        let kept = ["--crate-name", "ctx", "-C", "opt-level=2"];
        assert_eq!(without_unwanted(&arguments), kept);
    }

    #[test]
    fn only_the_cell_is_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let package = Package::new(directory.path());
        package.forget_last_cell().unwrap();
        let fingerprints = directory
            .path()
            .join("target/x86_64-unknown-linux-gnu/debug/.fingerprint");
        for package in ["ctx-0123", "parcell-4567"] {
            fs::create_dir_all(fingerprints.join(package)).unwrap();
        }
        package.forget_last_cell().unwrap();
        assert!(!fingerprints.join("ctx-0123").exists() && fingerprints.join("parcell-4567").exists());
    }

    #[test]
    fn a_cell_is_compiled_and_mistakes_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let settings = BuildSettings {
            tools: Tools::in_use().unwrap(),
            offline: true,
            environment: BTreeMap::new(),
        };
        let mut package = Package::new(directory.path());
        fs::create_dir(directory.path().join("target")).unwrap();
        let record = Record::of(directory.path(), &Manifest::default(), &settings);
        // What the wrapper would have recorded.
        let compilation = Compilation::for_tests(directory.path(), &settings.tools.rustc);
        record.write(&compilation).unwrap();
        package.prepare(&Manifest::default(), &settings, &mut |_| {}).unwrap();
        let identities = Identities::default();
        let source = |text| CellSource {
            text,
            cell: 7,
            identities: &identities,
            place: SourcePlace::Ahead,
        };
        let compiler = package.compiler().unwrap();
        let library = compiler.compile(source("pub fn f() {}"), "cell_1").unwrap();
        assert!(library.is_file());
        compiler.keep_source(SourcePlace::Ahead).unwrap();
        assert_eq!(fs::read_to_string(package.source_file()).unwrap(), "pub fn f() {}");
        let Err(BuildError::Messages(messages)) = compiler.check(source("fn f() { g() }")) else {
            panic!("it compiles")
        };
        assert_eq!(messages[0]["code"]["code"], "E0425");
        assert_eq!(messages[0]["spans"][0]["file_name"], "cell7/lib.rs");
    }
}

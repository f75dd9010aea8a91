//! Compiling cells: the compiler is called as cargo has called it, with each cell's source in its turn.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::Arc;

use serde_json::Value;

use super::Identities;
use super::compilation::Compilation;
use super::displays;
use super::linker::Linker;
use super::package::BuildError;

/// A cell that is to be compiled.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CellSource<'a> {
    pub(crate) text: &'a str,
    /// The number by which people know it.
    pub(crate) cell: u32,
    pub(crate) identities: &'a Identities,
    pub(crate) place: SourcePlace,
}

/// What compiles cells with the crates that a package has. Several may compile at the same time.
#[derive(Clone, Debug)]
pub(crate) struct CellCompiler {
    /// The package's.
    pub(super) directory: PathBuf,
    pub(super) compilation: Arc<Compilation>,
    pub(super) linker: Arc<Linker>,
    /// Tells crates apart that are called the same.
    pub(super) crates: String,
    /// Otherwise nobody has anything of how good the code is.
    pub(super) cells_are_run: bool,
}

impl CellCompiler {
    /// Compiles a cell to a library that can be loaded. What it is called must differ from cell to cell.
    pub(crate) fn compile(&self, source: CellSource<'_>, name: &str) -> Result<PathBuf, BuildError> {
        let directory = self.directory.join(LIBRARIES);
        fs::create_dir_all(&directory)?;
        let library = directory.join(format!("lib{name}.so"));
        let emit = format!("--emit=link={}", library.display());
        let direct = self.linker.arguments(&self.compilation);
        match self.run(source, &emit, name, direct) {
            Err(error) if !direct.is_empty() && error.is_of_linking() => {
                self.run(source, &emit, name, &[])?;
                self.linker.has_failed();
            }
            result => result?,
        }
        Ok(library)
    }

    /// Has the compiler find everything that is wrong with a source of which nothing is to be run. When it only checks, it
    /// keeps some lints to itself, such as that an operation overflows.
    pub(crate) fn compile_definitions(&self, source: CellSource<'_>, name: &str) -> Result<(), BuildError> {
        let object = self.directory.join(source.place.directory()).join("definitions.o");
        self.run(source, &format!("--emit=obj={}", object.display()), name, &[])
    }

    /// Has the compiler look at a source without making anything of it.
    pub(crate) fn check(&self, source: CellSource<'_>) -> Result<(), BuildError> {
        let metadata = self.directory.join(source.place.directory()).join("checked.rmeta");
        self.run(
            source,
            &format!("--emit=metadata={}", metadata.display()),
            "checked",
            &[],
        )
    }

    /// The crates of ours that show values of a notebook's crates.
    pub(crate) fn displays(&self) -> impl Iterator<Item = &str> {
        let crates = self.compilation.crates().map(|(name, _)| name);
        crates.filter(|name| name.starts_with(displays::PREFIX))
    }

    /// Has the source of a cell that was compiled ahead take the place of the last one's.
    pub(crate) fn keep_source(&self, place: SourcePlace) -> io::Result<()> {
        fs::rename(place.file(&self.directory), SourcePlace::Current.file(&self.directory))
    }

    /// `name` is in the names of temporary files, which compilers that run at the same time must not have in common.
    fn run(&self, source: CellSource<'_>, emit: &str, name: &str, linking: &[String]) -> Result<(), BuildError> {
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
            .args(if self.cells_are_run { FOR_RUNNING } else { FOR_CHECKING })
            .arg(emit)
            .args(linking)
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
    pub(super) fn directory(self) -> &'static str {
        match self {
            SourcePlace::Current => SOURCES,
            SourcePlace::Ahead => "ahead",
        }
    }

    pub(super) fn file(self, package: &Path) -> PathBuf {
        package.join(self.directory()).join(SOURCE_FILE)
    }
}

/// Where cargo has the source, in the package.
pub(super) const SOURCES: &str = "src";
const SOURCE_FILE: &str = "lib.rs";
/// Where the libraries of cells go, in the package.
const LIBRARIES: &str = "target";

/// In the place of the directory of sources, in messages and tables of lines: with the number of the cell behind it.
pub(crate) const CELL_FILES: &str = "cell";

/// What a cell is compiled with.
fn cell_arguments(arguments: &[String], directory: &str) -> Vec<String> {
    let mut prepared = without_unwanted(arguments);
    let recorded = format!("{SOURCES}/{SOURCE_FILE}");
    for argument in prepared.iter_mut().filter(|argument| **argument == recorded) {
        *argument = format!("{directory}/{SOURCE_FILE}");
    }
    prepared
}

/// One unit, because optimizing several together takes longer than a cell's code is worth; and lines, which backtraces
/// need.
const FOR_RUNNING: &[&str] = &["-Ccodegen-units=1", "-Cdebuginfo=line-tables-only"];
/// Code is made all the same: some mistakes are found only then, such as an assertion that depends on a type parameter.
const FOR_CHECKING: &[&str] = &["-Ccodegen-units=1", "-Cdebuginfo=none", "-Copt-level=0"];

/// Every cell is new code, and goes to a file of its own. The lines that backtraces need must not be removed again. And
/// cargo's metadata changes with every dependency, and would every type with it.
pub(super) fn without_unwanted(arguments: &[String]) -> Vec<String> {
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

fn failure_of_rustc(output: &Output) -> BuildError {
    let text = String::from_utf8_lossy(&output.stderr);
    let messages: Vec<Value> = text
        .lines()
        .filter_map(|line| serde_json::from_str(line).ok())
        .collect();
    if !messages.is_empty() {
        return BuildError::Messages(messages);
    }
    BuildError::killed("the compiler", output.status).unwrap_or_else(|| {
        let said = format!("the compiler ended with {}\n{text}", output.status);
        BuildError::Said(said.trim_end().to_owned())
    })
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

    /// What compiles in a directory, as the wrapper would have recorded it.
    fn compiler(directory: &Path, linker: Linker) -> CellCompiler {
        let rustc = crate::toolchain::Tools::in_use().unwrap().rustc;
        fs::create_dir(directory.join(SOURCES)).unwrap();
        CellCompiler {
            directory: directory.to_owned(),
            compilation: Arc::new(Compilation::for_tests(directory, &rustc)),
            linker: Arc::new(linker),
            crates: String::new(),
            cells_are_run: true,
        }
    }

    fn source<'a>(text: &'a str, identities: &'a Identities) -> CellSource<'a> {
        CellSource {
            text,
            cell: 7,
            identities,
            place: SourcePlace::Ahead,
        }
    }

    fn messages<T>(result: Result<T, BuildError>) -> Vec<Value> {
        match result {
            Err(BuildError::Messages(messages)) => messages,
            Err(error) => panic!("{error}"),
            Ok(_) => panic!("it compiles"),
        }
    }

    #[test]
    fn a_cell_is_compiled_and_mistakes_are_told() {
        let directory = tempfile::tempdir().unwrap();
        let compiler = compiler(directory.path(), Linker::default());
        let identities = Identities::default();
        let library = compiler
            .compile(source("pub fn f() {}", &identities), "cell_1")
            .unwrap();
        assert!(library.is_file());
        compiler.keep_source(SourcePlace::Ahead).unwrap();
        let current = SourcePlace::Current.file(directory.path());
        assert_eq!(fs::read_to_string(current).unwrap(), "pub fn f() {}");
        let messages = messages(compiler.check(source("fn f() { g() }", &identities)));
        assert_eq!(messages[0]["code"]["code"], "E0425");
        assert_eq!(messages[0]["spans"][0]["file_name"], "cell7/lib.rs");
    }

    #[test]
    fn all_that_is_wrong_with_definitions_is_told() {
        let directory = tempfile::tempdir().unwrap();
        let compiler = compiler(directory.path(), Linker::default());
        let identities = Identities::default();
        let define = |text: &str| compiler.compile_definitions(source(text, &identities), "cell_1");
        define("fn f() -> u8 { 255 }").unwrap();
        let messages = messages(define("fn f() -> u8 { 255u8 + 1 }"));
        assert_eq!(messages[0]["code"]["code"], "arithmetic_overflow");
    }

    #[test]
    fn where_nothing_is_run_mistakes_are_found_that_depend_on_a_type_parameter() {
        let code = "fn f<T>(_: T) { const { assert!(size_of::<T>() == 0) } }\n\
                    #[unsafe(no_mangle)] pub extern \"C\" fn g() { f(1) }";
        for cells_are_run in [true, false] {
            let directory = tempfile::tempdir().unwrap();
            let compiler = CellCompiler {
                cells_are_run,
                ..compiler(directory.path(), Linker::default())
            };
            let identities = Identities::default();
            let messages = messages(compiler.compile(source(code, &identities), "cell_1"));
            assert_eq!(messages[0]["code"]["code"], "E0080", "{messages:?}");
        }
    }

    #[test]
    fn where_the_linker_fails_the_c_compiler_links() {
        for arguments in ["-Clinker=/no/such/linker", "-Clink-arg=--no-such-option"] {
            let directory = tempfile::tempdir().unwrap();
            let linker = Linker::with_arguments(&[arguments]);
            let compiler = compiler(directory.path(), linker);
            let identities = Identities::default();
            let code = source("pub fn f() {}", &identities);
            assert!(compiler.compile(code, "cell_1").unwrap().is_file());
            let direct = compiler.linker.arguments(&compiler.compilation);
            assert_eq!(direct, [""; 0], "it is tried again");
        }
    }

    #[test]
    fn what_no_linker_links_is_told_and_another_cell_is_linked_as_before() {
        let directory = tempfile::tempdir().unwrap();
        let compiler = compiler(directory.path(), Linker::default());
        let before = compiler.linker.arguments(&compiler.compilation).to_vec();
        let identities = Identities::default();
        let code = "#[link(name = \"no_such_library\")]\nunsafe extern \"C\" { fn g(); }\n\
                    #[unsafe(no_mangle)] pub extern \"C\" fn f() { unsafe { g() } }";
        let messages = messages(compiler.compile(source(code, &identities), "cell_1"));
        assert!(messages[0].to_string().contains("no_such_library"), "{messages:?}");
        assert_eq!(compiler.linker.arguments(&compiler.compilation), before);
    }
}

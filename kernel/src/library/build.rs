//! Compiling the library the way a session will: by evcxr, in a process of its own, so that every file is where and
//! what evcxr expects.

use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};

use super::{PrepareError, Prepared, SEED, sources};
use crate::environment::{self, SessionFiles, prelude};
use crate::toolchain::stand_alone;

/// The first argument that makes this executable compile the library.
const BUILD: &str = "__build";
/// The first argument that makes this executable evcxr's child that runs nothing: it waits for the end of its input.
pub(crate) const ACKNOWLEDGE: &str = "__acknowledge";
/// Where the library is, for the process that compiles it.
const LIBRARY_VARIABLE: &str = "PARCELL_LIBRARY";

/// Compiles the library in a process of its own.
pub(super) fn run(prepared: &Prepared, progress: &mut dyn FnMut(&str)) -> Result<(), PrepareError> {
    let seed = prepared.seed();
    fs::create_dir_all(&seed).map_err(PrepareError::io("create", &seed))?;
    stand_alone(&prepared.directory, SEED).map_err(PrepareError::io("write to", &prepared.directory))?;
    let lock = seed.join("Cargo.lock");
    fs::write(&lock, sources::LOCK).map_err(PrepareError::io("write", &lock))?;
    let this = std::env::current_exe().map_err(PrepareError::io("find", &PathBuf::from("this executable")))?;
    let mut command = Command::new(&this);
    environment::restore(&mut command);
    let mut child = command
        .arg(BUILD)
        .env(environment::EVCXR_VARIABLE, &seed)
        .env(LIBRARY_VARIABLE, prepared.sources())
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(PrepareError::io("run", &this))?;
    let mut output = String::new();
    if let Some(stderr) = child.stderr.take() {
        for line in BufReader::new(stderr).lines().map_while(Result::ok) {
            match line.trim().strip_prefix("Compiling ") {
                Some(package) => progress(&format!("compiling {package}")),
                None => output.extend([line.as_str(), "\n"]),
            }
        }
    }
    let status = child.wait().map_err(PrepareError::io("wait for", &this))?;
    if status.success() {
        Ok(())
    } else {
        Err(PrepareError::Compile { output })
    }
}

/// What the process of its own does, or what evcxr's child in it does.
pub(crate) fn build(role: &str) -> Option<ExitCode> {
    match role {
        BUILD => Some(compile()),
        ACKNOWLEDGE => Some(acknowledge()),
        _ => None,
    }
}

fn compile() -> ExitCode {
    let result = (|| -> Result<(), Box<dyn std::error::Error>> {
        let files = SessionFiles::create()?;
        let library = PathBuf::from(std::env::var_os(LIBRARY_VARIABLE).ok_or("the library's place is not said")?);
        let mut child = Command::new(std::env::current_exe()?);
        child.arg(ACKNOWLEDGE);
        let (mut context, _outputs) = prelude::start(&files, child, &library)?;
        // evcxr checks cells that it cannot type, which takes other files of every dependency.
        context.check("let checked = 1;")?;
        Ok(())
    })();
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the parent process reads it here")]
            {
                eprintln!("{error}");
            }
            ExitCode::FAILURE
        }
    }
}

/// Tells evcxr that every cell has completed.
fn acknowledge() -> ExitCode {
    let mut input = std::io::stdin().lock();
    let mut line = String::new();
    while matches!(input.read_line(&mut line), Ok(length) if length > 0) {
        #[expect(clippy::print_stdout, reason = "evcxr reads it here")]
        {
            println!("EVCXR_EXECUTION_COMPLETE");
        }
        line.clear();
    }
    // Reads what is left, so that nobody's write fails.
    let _ = input.read_to_end(&mut Vec::new());
    ExitCode::SUCCESS
}

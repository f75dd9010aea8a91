//! cargo, at work on the package that cells are compiled in.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::process::{ChildStderr, Command, ExitStatus, Stdio};
use std::thread::JoinHandle;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use serde_json::Value;

use super::manifest::LIBRARY_FEATURE;
use super::package::{BuildError, BuildSettings};
use super::rustc::LIBRARY_FILE_VARIABLE;
use super::{CELL_CRATE, WRAPPER_VARIABLE, compilation};

/// What one hears while crates are compiled.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(crate) enum CratesProgress {
    /// A line of cargo's.
    Said(String),
    /// Said again and again while it is so.
    Compiling {
        done: usize,
        total: usize,
        /// Of what is compiled at the moment.
        names: String,
    },
    /// Somebody else compiles crates, and has to be waited for.
    Waiting,
    /// Something that whoever waits should know.
    Note(String),
    /// Nothing is compiled any more.
    Ended,
}

pub(crate) type Hear<'a> = &'a mut dyn FnMut(&CratesProgress);

/// How wide cargo's bar is, with the names behind it.
const BAR_COLUMNS: &str = "160";
/// How often cargo tries again to reach the network.
const RETRIES: &str = "CARGO_NET_RETRY";
/// How often it is said that something is still compiled.
const TICK: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 500_000_000,
};

/// A package that cargo is run for.
#[derive(Clone, Copy)]
pub(super) struct Cargo<'a> {
    /// The package's.
    pub(super) directory: &'a Path,
    pub(super) settings: &'a BuildSettings,
    /// Where compilers put temporary files, unless it is where this process does.
    pub(super) temporary: Option<&'a Path>,
}

/// What is to be built.
pub(super) struct Build<'a> {
    /// Where intermediate results go.
    pub(super) place: &'a Path,
    /// Where the wrapper says how the cell is compiled.
    pub(super) record: &'a Path,
    /// Where the library goes, if it is compiled too.
    pub(super) library: Option<&'a Path>,
    /// To be held for as long as cargo runs.
    pub(super) lock: File,
}

impl Cargo<'_> {
    /// Chooses versions and downloads what is not on this machine. Whether the network could be reached, where that was
    /// tried.
    pub(super) fn fetch(self, hear: Hear<'_>) -> Result<bool, BuildError> {
        if self.settings.offline {
            return Ok(true);
        }
        let mut cargo = self.command("fetch");
        if std::env::var_os(RETRIES).is_none() {
            // Who has no network waits for each attempt.
            cargo.env(RETRIES, "1");
        }
        let ended = follow(cargo.stdin(Stdio::null()), hear)?;
        if !ended.status.success() && !ended.is_about_network() {
            return Err(ended.failure());
        }
        Ok(ended.status.success())
    }

    /// Compiles the package, for which everything is on this machine; gives what cargo prints.
    pub(super) fn build(self, build: &Build<'_>, hear: Hear<'_>) -> Result<Vec<u8>, BuildError> {
        let mut cargo = self.command("build");
        cargo
            .args(["--offline", "--message-format=json"])
            .env("CARGO_TARGET_DIR", "target")
            .env("CARGO_BUILD_BUILD_DIR", build.place)
            .env("CARGO_TERM_PROGRESS_WHEN", "always")
            .env("CARGO_TERM_PROGRESS_WIDTH", BAR_COLUMNS)
            .env("RUSTFLAGS", "-Cprefer-dynamic")
            .env("RUSTC_WRAPPER", std::env::current_exe()?)
            .env(WRAPPER_VARIABLE, "1")
            .env(compilation::RECORD_VARIABLE, build.record)
            // It is empty, and locked for as long as somebody has it open.
            .stdin(Stdio::from(build.lock.try_clone()?));
        if let Some(library) = build.library {
            cargo.args(["--features", LIBRARY_FEATURE]);
            cargo.env(LIBRARY_FILE_VARIABLE, library);
        }
        // What the user has said counts.
        cargo.envs(&self.settings.environment);
        let ended = follow(&mut cargo, hear)?;
        hear(&CratesProgress::Ended);
        match ended.status.success() {
            true => Ok(ended.stdout),
            false => Err(ended.failure()),
        }
    }

    fn command(self, subcommand: &str) -> Command {
        let tools = &self.settings.tools;
        let mut cargo = Command::new(&tools.cargo);
        cargo
            .current_dir(self.directory)
            .args([subcommand, "--target", &tools.host])
            .env("CARGO_TERM_COLOR", "never")
            .env("RUSTC", &tools.rustc);
        // Crates would be others for one session than for all that have them from the cache.
        for (name, _) in std::env::vars_os().filter(|(name, _)| is_of_profiles(name)) {
            cargo.env_remove(name);
        }
        cargo.envs(&self.settings.environment);
        if let Some(directory) = self.temporary {
            cargo.env("TMPDIR", directory);
        }
        cargo
    }
}

/// What came of running cargo.
struct Ended {
    status: ExitStatus,
    stdout: Vec<u8>,
    /// What it has said, without its bar.
    said: String,
}

impl Ended {
    /// cargo passes on what the compiler says of a crate, as JSON, on its standard output; what it says itself is not
    /// JSON.
    fn failure(&self) -> BuildError {
        let messages = self.compiler_errors();
        if !messages.is_empty() {
            return BuildError::Messages(messages);
        }
        BuildError::killed("cargo", self.status).unwrap_or_else(|| BuildError::Said(self.said.clone()))
    }

    fn compiler_errors(&self) -> Vec<Value> {
        String::from_utf8_lossy(&self.stdout)
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|message| message["reason"] == "compiler-message")
            .map(|message| message["message"].clone())
            .filter(|message| message["level"] == "error")
            .collect()
    }

    /// Whether it is the network that was missing.
    fn is_about_network(&self) -> bool {
        const SIGNS: [&str; 6] = [
            "failed to download",
            "download of ",
            "spurious network error",
            "Could not resolve host",
            "failed to fetch",
            "network failure",
        ];
        self.compiler_errors().is_empty() && SIGNS.iter().any(|sign| self.said.contains(sign))
    }
}

/// What to say where the registry was not reached, and what is on this machine does not do: `said` is by cargo.
pub(super) fn unreachable(said: &str) -> String {
    let missing = [
        "no matching package named `",
        "failed to download `",
        "the requirement `",
    ];
    let missing = missing.iter().find_map(|before| {
        let (_, rest) = said.split_once(before)?;
        rest.split_once('`').map(|(name, _)| name)
    });
    match missing {
        Some(name) => format!(
            "the registry cannot be reached, and `{name}` has not been downloaded to this machine before: it can be used \
             when there is a network"
        ),
        None => format!("the registry cannot be reached, and what has been downloaded before does not do:\n{said}"),
    }
}

/// Runs it, and lets everything be heard that it says when it says it.
fn follow(command: &mut Command, hear: Hear<'_>) -> io::Result<Ended> {
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
    let stdout = child.stdout.take().map(|mut stdout| {
        std::thread::spawn(move || {
            let mut text = Vec::new();
            stdout.read_to_end(&mut text).map(|_| text)
        })
    });
    let mut said = String::new();
    let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
    let mut compiling = None;
    let mut lines = Lines::new(BufReader::new(Ticking { pipe: stderr }));
    while let Some(line) = lines.next()? {
        let Some(line) = line else {
            compiling.iter().for_each(&mut *hear);
            continue;
        };
        match bar(&line) {
            Some(bar) => {
                compiling = bar.compiling;
                compiling.iter().for_each(&mut *hear);
            }
            None if line.trim().is_empty() => said.push('\n'),
            None => {
                said.push_str(&line);
                said.push('\n');
                hear(&CratesProgress::Said(line));
            }
        }
    }
    let stdout = match stdout.map(JoinHandle::join) {
        Some(Ok(text)) => text?,
        Some(Err(_)) => return Err(io::Error::other("reading what a command prints panicked")),
        None => Vec::new(),
    };
    Ok(Ended {
        status: child.wait()?,
        stdout,
        said,
    })
}

/// Reads cargo's bar: `    Building [====>     ] 3/17: serde, syn(build)`. The package of cells is none of the crates.
fn bar(line: &str) -> Option<Bar> {
    let (_, rest) = line.trim_start().strip_prefix("Building [")?.split_once("] ")?;
    let (counts, names) = rest.split_once(": ").unwrap_or((rest, ""));
    let (done, total) = counts.trim().split_once('/')?;
    let (done, total): (usize, usize) = (done.parse().ok()?, total.parse().ok()?);
    let names: Vec<&str> = names
        .trim()
        .split(", ")
        .filter(|name| ![CELL_CRATE, ""].contains(name))
        .collect();
    Some(Bar {
        compiling: (!names.is_empty()).then(|| CratesProgress::Compiling {
            done,
            total: total.saturating_sub(1),
            names: names.join(", "),
        }),
    })
}

/// What cargo's bar says.
#[derive(Debug, PartialEq)]
struct Bar {
    /// None where it is at no crate.
    compiling: Option<CratesProgress>,
}

/// A pipe that tells, as a time limit that has passed, when nothing has come for a while.
struct Ticking {
    pipe: ChildStderr,
}

impl Read for Ticking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut polled = [PollFd::new(&self.pipe, PollFlags::IN)];
        match poll(&mut polled, Some(&TICK))? {
            0 => Err(io::ErrorKind::TimedOut.into()),
            _ => self.pipe.read(buffer),
        }
    }
}

/// Lines that end with a line feed or, where something is written over, with a carriage return.
struct Lines<R> {
    text: R,
    line: Vec<u8>,
}

impl<R: BufRead> Lines<R> {
    fn new(text: R) -> Self {
        Self { text, line: Vec::new() }
    }

    /// None at the end, and no line when nothing has come for a while.
    fn next(&mut self) -> io::Result<Option<Option<String>>> {
        loop {
            let available = match self.text.fill_buf() {
                Ok([]) if self.line.is_empty() => return Ok(None),
                Ok([]) => break,
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) if error.kind() == io::ErrorKind::TimedOut => return Ok(Some(None)),
                Err(error) => return Err(error),
            };
            match available.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
                Some(end) => {
                    self.line.extend_from_slice(&available[..end]);
                    self.text.consume(end + 1);
                    break;
                }
                None => {
                    self.line.extend_from_slice(available);
                    let length = available.len();
                    self.text.consume(length);
                }
            }
        }
        let line = std::mem::take(&mut self.line);
        Ok(Some(Some(String::from_utf8_lossy(&line).into_owned())))
    }
}

/// Whether a variable of the environment says how cargo compiles, which is the manifest's to say.
fn is_of_profiles(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b"CARGO_PROFILE_")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_is_told_from_what_is_said() {
        let printed = "   Compiling syn v3.0.10\n    Building [=>    ] 1/17: quote, syn(build)    \rerror: no\n";
        let mut read = Lines::new(printed.as_bytes());
        let lines: Vec<String> = std::iter::from_fn(|| read.next().unwrap().flatten()).collect();
        assert_eq!(lines.len(), 3);
        assert_eq!(bar(&lines[0]), None);
        let compiling = |names: &str| CratesProgress::Compiling {
            done: 1,
            total: 16,
            names: names.to_owned(),
        };
        assert_eq!(bar(&lines[1]).unwrap().compiling, Some(compiling("quote, syn(build)")));
        assert_eq!(bar("    Building [=>  ] 16/17: ctx").unwrap().compiling, None);
        assert_eq!(bar(&lines[2]), None);
    }

    #[test]
    fn what_is_missing_without_a_network_is_named() {
        let said = "error: no matching package named `nowhere` found\nlocation searched: crates.io index";
        assert!(unreachable(said).contains("`nowhere` has not been downloaded"));
        assert!(unreachable("error: odd").ends_with("error: odd"));
    }

    #[test]
    fn profiles_of_the_environment_are_known() {
        for (name, is_one) in [
            ("CARGO_PROFILE_DEV_OPT_LEVEL", true),
            ("CARGO_PROFILE_RELEASE_LTO", true),
            ("CARGO_HOME", false),
            ("MY_CARGO_PROFILE_DEV", false),
        ] {
            assert_eq!(is_of_profiles(OsStr::new(name)), is_one, "{name}");
        }
    }
}

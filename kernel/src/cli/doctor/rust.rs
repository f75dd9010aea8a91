//! What compiles cells: the Rust toolchain and the C linker that it calls.

use std::env;
use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::super::packages::{self, Package};
use super::finding::Finding;
use crate::environment::forget_session;
use crate::toolchain::{find_in_path, locate};

/// The oldest compiler that the library compiles with.
const NEEDED: &str = env!("CARGO_PKG_RUST_VERSION");
const INSTALL: &str = "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh";
/// A program that uses nothing, but is linked with what every program is.
const PROGRAM: &[u8] = b"int main(void) { return 0; }\n";

const COMPILER: &str = "Rust compiler";
const CARGO: &str = "cargo";
const SOURCES: &str = "Rust sources";
const LINKER: &str = "C linker";

pub(super) fn examine(path: Option<&OsStr>) -> Vec<Finding> {
    let has_rustup = path.is_some_and(|path| find_in_path("rustup", path).is_some());
    let mut findings = vec![compiler(has_rustup), cargo(has_rustup)];
    findings.extend(sources(has_rustup));
    findings.push(linker(path));
    findings
}

fn compiler(has_rustup: bool) -> Finding {
    match version_of("rustc", has_rustup) {
        Ok((version, _)) if !is_new_enough(&version) => Finding::missing(
            COMPILER,
            format!("{version} is too old: {NEEDED} or newer is needed"),
            if has_rustup {
                "rustup update stable && rustup default stable"
            } else {
                INSTALL
            },
        ),
        Ok((version, path)) => Finding::good(COMPILER, format!("{version}, {}", path.display())),
        Err((found, remedy)) => Finding::missing(COMPILER, found, remedy),
    }
}

fn cargo(has_rustup: bool) -> Finding {
    match version_of("cargo", has_rustup) {
        Ok((version, path)) => Finding::good(CARGO, format!("{version}, {}", path.display())),
        Err((found, remedy)) => Finding::missing(CARGO, found, remedy),
    }
}

/// The version of a tool and where it is, or what is wrong with it and what mends that.
fn version_of(tool: &str, has_rustup: bool) -> Result<(String, PathBuf), (String, String)> {
    let path = locate(tool).ok_or_else(|| absence(tool))?;
    // A proxy of rustup's is there also where it has no toolchain to hand over to.
    let remedy = if has_rustup { "rustup default stable" } else { INSTALL };
    match answer(Command::new(&path).arg("--version")) {
        Ok(version) => Ok((version, path)),
        Err(complaint) => Err((
            format!("{} does not run: {complaint}", path.display()),
            remedy.to_owned(),
        )),
    }
}

/// Rust may be installed without being in PATH, as where a desktop starts Jupyter.
fn absence(tool: &str) -> (String, String) {
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let binaries = cargo_home
        .or_else(|| Some(dirs::home_dir()?.join(".cargo")))
        .map(|home| home.join("bin"));
    match binaries.filter(|binaries| binaries.join(tool).is_file()) {
        Some(binaries) => (
            format!("there is no {tool} in PATH, but one in {}", binaries.display()),
            format!("export PATH=\"{}:$PATH\"", binaries.display()),
        ),
        None => (format!("there is no {tool} in PATH"), INSTALL.to_owned()),
    }
}

/// The first line that a command prints, or the first that it complains with.
fn answer(command: &mut Command) -> Result<String, String> {
    forget_session(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|error| error.to_string())?;
    let first_line = |text: &[u8]| {
        let text = String::from_utf8_lossy(text);
        text.lines()
            .map(str::trim)
            .find(|line| !line.is_empty())
            .map(str::to_owned)
    };
    match first_line(&output.stdout) {
        Some(line) if output.status.success() => Ok(line),
        _ => Err(first_line(&output.stderr).unwrap_or_else(|| output.status.to_string())),
    }
}

/// Whether what `rustc --version` said is at least the version that is needed. What cannot be read is not judged.
fn is_new_enough(said: &str) -> bool {
    let parts = |version: &str| -> Option<Vec<u32>> {
        let numbers = version.split('-').next()?.split('.');
        numbers.map(|number| number.parse().ok()).collect()
    };
    match (said.split(' ').nth(1).and_then(parts), parts(NEEDED)) {
        (Some(version), Some(needed)) => version >= needed,
        _ => true,
    }
}

/// What rust-analyzer reads to know the standard library's types. Nothing is said where no compiler tells its place.
fn sources(has_rustup: bool) -> Option<Finding> {
    let sysroot = answer(Command::new(locate("rustc")?).args(["--print", "sysroot"])).ok()?;
    let sources = Path::new(&sysroot).join("lib/rustlib/src/rust/library");
    if sources.join("core/src/lib.rs").is_file() {
        return Some(Finding::good(SOURCES, sources.display().to_string()));
    }
    let remedy = if has_rustup {
        "rustup component add rust-src"
    } else {
        "install your distribution's package rust-src, or Rust by way of https://rustup.rs"
    };
    Some(Finding::warning(
        SOURCES,
        "without them completion and help know nothing of the standard library",
        remedy,
    ))
}

/// Links a program: a compiler may be there without what it links.
fn linker(path: Option<&OsStr>) -> Finding {
    let remedy = packages::command(Package::CLinker, path);
    let Some(cc) = path.and_then(|path| find_in_path("cc", path)) else {
        return Finding::missing(LINKER, "there is no cc in PATH", remedy);
    };
    match link(&cc) {
        Ok(()) => {
            let version = answer(Command::new(&cc).arg("--version"));
            let version = version.map_or_else(|_| String::new(), |version| format!("{version}, "));
            Finding::good(LINKER, format!("{version}{}", cc.display()))
        }
        Err(complaint) => Finding::missing(
            LINKER,
            format!("{} links no program: {complaint}", cc.display()),
            remedy,
        ),
    }
}

fn link(cc: &Path) -> Result<(), String> {
    let directory = tempfile::Builder::new()
        .prefix("parcell-doctor-")
        .tempdir_in(crate::environment::temporary_directory())
        .map_err(|error| error.to_string())?;
    let mut command = Command::new(cc);
    forget_session(&mut command);
    let mut child = command
        .args(["-x", "c", "-", "-o"])
        .arg(directory.path().join("program"))
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    if let Some(mut input) = child.stdin.take() {
        // Where it does not read, what it says tells why.
        let _ = input.write_all(PROGRAM);
    }
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(());
    }
    let complaint = String::from_utf8_lossy(&output.stderr);
    Err(complaint
        .lines()
        .next()
        .map_or_else(|| output.status.to_string(), str::to_owned))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_compared_number_by_number() {
        assert!(is_new_enough(&format!("rustc {NEEDED}.0 (abc 2026-04-14)")));
        assert!(is_new_enough("rustc 1.100.0-nightly (abc 2027-01-01)"));
        assert!(is_new_enough("rustc 2.0.0"));
        assert!(!is_new_enough("rustc 1.9.0"));
        assert!(!is_new_enough("rustc 1.80.1 (Debian 1.80.1+dfsg)"));
        assert!(is_new_enough("some other compiler"));
    }

    #[test]
    fn a_compiler_that_links_nothing_is_told_by_what_it_says() {
        assert!(link(Path::new("/bin/false")).is_err());
        assert!(link(Path::new("/nowhere/cc")).unwrap_err().contains("No such file"));
    }
}

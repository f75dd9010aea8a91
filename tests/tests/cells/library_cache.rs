//! The library that cells are linked with is compiled once, whoever needs it first.

use std::fs;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use parcell_tests::binary;
use rstest::rstest;

/// Two that need it at the same time: one compiles it, the other waits. One that was killed meanwhile leaves nothing
/// that would be taken for the library, and its compiler, which goes on for a while, spoils nothing.
#[rstest]
#[timeout(Duration::from_secs(400))]
fn it_is_compiled_once_and_whole() {
    let directory = tempfile::tempdir().unwrap();
    let mut killed = install(directory.path(), "killed");
    wait_for_beginning(directory.path());
    killed.kill().unwrap();
    killed.wait().unwrap();

    let both = ["one", "other"].map(|name| install(directory.path(), name));
    let said = both.map(|child| said(&child.wait_with_output().unwrap()));
    let compiled = said.iter().filter(|said| said.contains("compiling parcell ")).count();
    assert_eq!(compiled, 1, "{said:#?}");
    let waited = said
        .iter()
        .filter(|said| said.contains("waiting for another process"))
        .count();
    assert!(waited >= 1, "{said:#?}");
    let complete = libraries(directory.path())
        .iter()
        .filter(|library| library.join("complete").exists())
        .count();
    assert_eq!(complete, 1);

    let again = said_by(install(directory.path(), "again"));
    assert!(!again.contains("compiling"), "{again}");
}

fn install(directory: &Path, name: &str) -> Child {
    Command::new(binary())
        .args(["install", "--prefix"])
        .arg(directory.join(name))
        .env("PARCELL_CACHE_DIR", directory.join("cache"))
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Returns when the library's directory is there. The time limit of the test ends a wait in vain.
fn wait_for_beginning(directory: &Path) {
    while libraries(directory).is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
}

fn libraries(directory: &Path) -> Vec<std::path::PathBuf> {
    let entries = fs::read_dir(directory.join("cache")).into_iter().flatten().flatten();
    entries.map(|entry| entry.path()).filter(|path| path.is_dir()).collect()
}

fn said_by(child: Child) -> String {
    said(&child.wait_with_output().unwrap())
}

fn said(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
    text
}

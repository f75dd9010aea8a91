//! `parcell doctor`: what it finds on machines that lack something, and what it says mends that.

use std::process::{Command, Stdio};
use std::time::Duration;

use parcell_tests::binary;
use rstest::rstest;
use serde_json::Value;

use super::sandbox::{Said, Sandbox};

/// What was found of one thing.
struct Finding {
    level: String,
    found: String,
    remedy: Option<String>,
}

#[rstest]
#[timeout(Duration::from_secs(240))]
fn on_a_machine_that_has_everything_two_cells_run() {
    let machine = Sandbox::new();
    machine.program("bin/jupyter-lab", "echo 4.9.1");
    assert_eq!(machine.run(&["install"]).status, Some(0));
    let said = machine.run(&["doctor"]);
    assert_eq!(said.status, Some(0), "{}", said.stdout);
    assert!(
        said.stdout.contains("Nothing is missing that notebooks need."),
        "{}",
        said.stdout
    );
    for subject in [
        "Rust compiler",
        "C linker",
        "/proc",
        "library for cells",
        "kernel in Jupyter",
        "cells",
    ] {
        let is_good = |line: &str| line.starts_with("ok ") && line.contains(&format!(" {subject} "));
        assert!(said.stdout.lines().any(is_good), "{subject}: {}", said.stdout);
    }
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn on_a_bare_machine_each_thing_has_its_remedy() {
    let machine = Sandbox::new();
    std::fs::remove_file(machine.path("bin/python3")).unwrap();
    machine.program("bin/apt-get", "exit 1");
    let mut command = machine.command(&["doctor", "--json"]);
    command
        .env("PATH", machine.path("bin"))
        .env("CARGO_HOME", machine.path("home/.cargo"));
    let said = Said::from(command.output().unwrap());
    assert_eq!(said.status, Some(1));
    for (subject, level, remedy) in [
        ("Rust compiler", "missing", "sh.rustup.rs"),
        ("cargo", "missing", "sh.rustup.rs"),
        ("C linker", "missing", "apt-get install gcc libc6-dev"),
        (
            "JupyterLab",
            "warning",
            "apt-get install python3 python3-venv && parcell lab --setup",
        ),
        ("kernel in Jupyter", "warning", "parcell install"),
    ] {
        let finding = said.finding(subject);
        assert_eq!(finding.level, level, "{subject}");
        let found_remedy = finding.remedy.unwrap();
        assert!(found_remedy.contains(remedy), "{subject}: {found_remedy}");
    }
    // What needs no program is told all the same; cells are not tried.
    assert_eq!(said.finding("Linux").level, "ok");
    assert_eq!(said.finding("/proc").level, "ok");
    assert!(!said.stdout.contains(r#""cells""#), "{}", said.stdout);
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn rust_that_is_not_in_path_is_found() {
    let machine = Sandbox::new();
    machine.program("home/.cargo/bin/rustc", "exit 1");
    let mut command = machine.command(&["doctor", "--json"]);
    command
        .env("PATH", machine.path("bin"))
        .env("CARGO_HOME", machine.path("home/.cargo"));
    let finding = Said::from(command.output().unwrap()).finding("Rust compiler");
    assert!(
        finding.found.contains("in PATH, but one in") && finding.found.contains(".cargo/bin"),
        "{}",
        finding.found
    );
    assert!(finding.remedy.unwrap().contains(".cargo/bin:$PATH"));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn programs_that_are_there_are_judged_by_what_they_do() {
    let machine = Sandbox::new();
    machine.program("bin/rustup", "exit 1");
    machine.program("bin/rustc", "echo 'rustc 1.80.1 (abc 2024-08-06)'");
    machine.program(
        "bin/cargo",
        "echo 'error: no default toolchain is configured' >&2; exit 1",
    );
    machine.program("bin/cc", "echo 'ld: cannot find crt1.o' >&2; exit 1");
    let said = machine.run(&["doctor", "--json"]);
    assert_eq!(said.status, Some(1));
    for (subject, found, remedy) in [
        (
            "Rust compiler",
            "1.80.1 (abc 2024-08-06) is too old",
            "rustup update stable",
        ),
        ("cargo", "no default toolchain is configured", "rustup default stable"),
        ("C linker", "links no program: ld: cannot find crt1.o", "gcc"),
    ] {
        let finding = said.finding(subject);
        assert_eq!(finding.level, "missing", "{subject}");
        assert!(finding.found.contains(found), "{}", finding.found);
        assert!(finding.remedy.unwrap().contains(remedy), "{subject}");
    }
}

#[rstest]
#[timeout(Duration::from_secs(240))]
#[case::gone("", "No such file")]
#[case::older("echo parcell 0.0.1", "starts parcell 0.0.1")]
#[case::broken("exit 3", "does not run")]
fn a_kernel_that_starts_something_else_is_to_be_installed_again(#[case] script: &str, #[case] expected: &str) {
    let machine = Sandbox::new();
    assert_eq!(machine.run(&["install", "--name", "rust"]).status, Some(0));
    let other = machine.path("other/parcell");
    if !script.is_empty() {
        machine.program("other/parcell", script);
    }
    let spec = machine.path("home/.local/share/jupyter/kernels/rust/kernel.json");
    let text = std::fs::read_to_string(&spec).unwrap();
    std::fs::write(&spec, text.replace(binary().to_str().unwrap(), other.to_str().unwrap())).unwrap();
    let said = machine.run(&["doctor", "--no-run", "--json"]);
    assert_eq!(said.status, Some(0));
    let finding = said.finding("kernel in Jupyter");
    assert_eq!(finding.level, "warning");
    assert!(finding.found.contains(expected), "{}", finding.found);
    assert_eq!(finding.remedy.as_deref(), Some("parcell install --name rust"));
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_library_that_is_not_compiled_is_told_and_not_compiled() {
    let machine = Sandbox::new();
    let cache = machine.path("cache");
    let mut command = machine.command(&["doctor", "--json"]);
    let said = Said::from(command.env("PARCELL_CACHE_DIR", &cache).output().unwrap());
    assert_eq!(said.status, Some(0));
    let library = said.finding("library for cells");
    assert_eq!(
        (library.level.as_str(), library.remedy.as_deref()),
        ("warning", Some("parcell install"))
    );
    assert_eq!(said.finding("cells").remedy.as_deref(), Some("parcell doctor --run"));
    assert!(!cache.exists());
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn directories_that_cannot_be_used_are_told() {
    let machine = Sandbox::new();
    let file = machine.path("file");
    std::fs::write(&file, "").unwrap();
    let long = machine.path(&"long".repeat(20));
    std::fs::create_dir(&long).unwrap();
    let mut command = machine.command(&["doctor", "--json"]);
    command.env("PARCELL_CACHE_DIR", &file).env("TMPDIR", &long);
    let said = Said::from(command.output().unwrap());
    assert_eq!(said.status, Some(1));
    let library = said.finding("library for cells");
    assert_eq!(library.level, "missing");
    assert!(library.found.contains("is no directory"), "{}", library.found);
    let temporary = said.finding("temporary files");
    assert_eq!(temporary.level, "missing");
    assert!(
        temporary.found.contains("too long a path for sockets"),
        "{}",
        temporary.found
    );
}

#[rstest]
#[timeout(Duration::from_secs(60))]
fn limits_are_told() {
    let machine = Sandbox::new();
    let parcell = machine.command(&["doctor", "--no-run", "--json"]);
    let mut shell = Command::new("sh");
    shell
        .args(["-c", r#"ulimit -n 100 && exec "$0" "$@""#])
        .arg(parcell.get_program())
        .args(parcell.get_args())
        .stdin(Stdio::null());
    for (name, value) in parcell.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    let finding = Said::from(shell.output().unwrap()).finding("limits");
    assert_eq!(finding.level, "warning");
    assert!(finding.found.contains("100 open files"), "{}", finding.found);
    assert!(finding.remedy.unwrap().starts_with("ulimit -n"));
}

impl Said {
    /// What `--json` says of a subject.
    fn finding(&self, subject: &str) -> Finding {
        let findings: Vec<Value> = serde_json::from_str(&self.stdout).unwrap();
        let finding = findings
            .into_iter()
            .find(|finding| finding["subject"] == subject)
            .unwrap_or_else(|| panic!("nothing of {subject}: {}", self.stdout));
        Finding {
            level: finding["level"].as_str().unwrap().to_owned(),
            found: finding["found"].as_str().unwrap().to_owned(),
            remedy: finding["remedy"].as_str().map(str::to_owned),
        }
    }
}

#[rstest]
#[timeout(Duration::from_secs(120))]
fn a_report_has_what_was_found_and_no_home() {
    let machine = Sandbox::new();
    let said = machine.run(&["doctor", "--report", "--no-run"]);
    assert!(
        said.stdout
            .starts_with(concat!("parcell ", env!("CARGO_PKG_VERSION"), " on ")),
        "{}",
        said.stdout
    );
    for subject in ["Rust compiler", "C linker", "/proc", "kernel in Jupyter"] {
        assert!(
            said.stdout.contains(&format!(" | {subject} | ")),
            "{subject}: {}",
            said.stdout
        );
    }
    let home = machine.path("home");
    assert!(!said.stdout.contains(home.to_str().unwrap()), "{}", said.stdout);
}

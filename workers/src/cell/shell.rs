//! `!command` and `%%bash`: programs that print into the cell. They belong to the notebook's process group, so that an
//! interrupt ends them and what they have started.

use std::io::{self, Write};
use std::os::unix::process::ExitStatusExt;
use std::panic::Location;
use std::process::{Command, ExitStatus, Stdio};

use super::failure;
use crate::text::signal_name;

const FAILED: &str = "CommandFailed";
/// How much of a command is repeated in messages.
const SHOWN: usize = 60;

/// Runs a command in a shell. Where its exit code is not 0 the cell fails.
#[track_caller]
pub fn shell(command: &str) {
    let place = Location::caller();
    run("sh", command, &format!("`{}`", shortened(command)), place);
}

/// Runs a script in bash. Where its exit code is not 0 the cell fails.
#[track_caller]
pub fn bash(script: &str) {
    run("bash", script, "the script", Location::caller());
}

fn run(program: &str, script: &str, name: &str, place: &Location<'_>) {
    // It prints where this process does, and what has been printed comes first. The next `print!` reports failures.
    let _ = io::stdout().flush();
    let status = Command::new(program)
        .arg("-c")
        .arg(script)
        .stdin(Stdio::null())
        .status();
    let problem = match status {
        Ok(status) if status.success() => return,
        Ok(status) => format!("{name} {}", ending(status)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            format!("{name} cannot run: there is no program `{program}` on this machine")
        }
        Err(error) => format!("{name} cannot run: `{program}` does not start: {error}"),
    };
    failure::fail_with(FAILED, &problem, place);
}

fn ending(status: ExitStatus) -> String {
    match (status.code(), status.signal()) {
        (Some(code), _) => match meaning(code) {
            Some(meaning) => format!("ended with exit code {code} ({meaning})"),
            None => format!("ended with exit code {code}"),
        },
        (None, Some(signal)) => match signal_name(signal) {
            Some((name, meaning)) => format!("was killed by {name} ({meaning})"),
            None => format!("was killed by signal {signal}"),
        },
        (None, None) => format!("ended in an unknown way ({status})"),
    }
}

/// What shells say with these codes.
fn meaning(code: i32) -> Option<&'static str> {
    match code {
        126 => Some("a program was found but could not be run"),
        127 => Some("a command was not found"),
        _ => None,
    }
}

fn shortened(command: &str) -> String {
    let line = command.lines().next().unwrap_or_default();
    match line.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}...", &line[..end]),
        None if line.len() < command.len() => format!("{line}..."),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn endings_name_code_or_signal() {
        assert_eq!(ending(ExitStatus::from_raw(3 << 8)), "ended with exit code 3");
        assert!(ending(ExitStatus::from_raw(127 << 8)).contains("127 (a command was not found)"));
        assert!(ending(ExitStatus::from_raw(9)).contains("SIGKILL"));
    }

    #[test]
    fn long_commands_are_shortened() {
        assert_eq!(shortened("ls -la"), "ls -la");
        assert_eq!(shortened("ls \\\n -la"), "ls \\...");
        assert_eq!(shortened(&"é".repeat(100)), format!("{}...", "é".repeat(SHOWN)));
    }
}

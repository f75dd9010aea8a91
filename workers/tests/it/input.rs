//! Questions of a program: at a terminal, and where there is none.

use std::fs::File;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Output, Stdio};
use std::time::Duration;

use parcell::{input, password};
use rstest::rstest;
use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::support::{is_program, program};

const PIPED: &str = "input::lines_are_asked_for_and_read_from_a_pipe";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn lines_are_asked_for_and_read_from_a_pipe() {
    if is_program(PIPED) {
        assert_eq!(input("Name? ").unwrap(), "Ada");
        assert_eq!(password(format_args!("Key {}: ", 1)).unwrap(), " secret ");
        assert_eq!(input("Last? ").unwrap(), "no line break");
        assert_eq!(input("More? ").unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
        return;
    }
    let mut child = program(PIPED).stdin(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(b"Ada\r\n secret \nno line break").unwrap();
    drop(stdin);
    let printed = printed(child);
    assert!(printed.contains("Name? Key 1: Last? More? "), "{printed}");
}

const TERMINAL: &str = "input::a_password_is_not_shown_at_a_terminal";

#[rstest]
#[timeout(Duration::from_secs(60))]
fn a_password_is_not_shown_at_a_terminal() {
    if is_program(TERMINAL) {
        let key = password("Key: ").unwrap();
        let name = input("Name: ").unwrap();
        println!("{} {name}", key.len());
        return;
    }
    let (mut person, terminal) = terminal();
    let child = program(TERMINAL)
        .stdin(terminal.try_clone().unwrap())
        .stdout(terminal.try_clone().unwrap())
        .spawn()
        .unwrap();
    let mut shown = until(&mut person, "Key: ");
    assert!(!echoes(&terminal));
    person.write_all(b"opensesame\n").unwrap();
    shown += &until(&mut person, "Name: ");
    assert!(echoes(&terminal));
    person.write_all(b"Ada\n").unwrap();
    shown += &until(&mut person, "10 Ada");
    assert!(shown.contains("Key: \r\nName: Ada\r\n"), "{shown}");
    assert!(!shown.contains("opensesame"), "{shown}");
    printed(child);
}

/// The two sides of a new terminal: where a person types and reads, and where a program does.
fn terminal() -> (File, OwnedFd) {
    let person = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).unwrap();
    grantpt(&person).unwrap();
    unlockpt(&person).unwrap();
    let name = ptsname(&person, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let terminal = open(name.as_c_str(), flags, Mode::empty()).unwrap();
    (person.into(), terminal)
}

fn echoes(terminal: impl AsFd) -> bool {
    tcgetattr(terminal).unwrap().local_modes.contains(LocalModes::ECHO)
}

/// Reads until `text` has come; gives all that has.
fn until(from: &mut File, text: &str) -> String {
    let mut read = Vec::new();
    while !String::from_utf8_lossy(&read).contains(text) {
        let mut piece = [0; 256];
        let length = from.read(&mut piece).unwrap();
        assert_ne!(length, 0, "{}", String::from_utf8_lossy(&read));
        read.extend_from_slice(&piece[..length]);
    }
    String::from_utf8_lossy(&read).into_owned()
}

/// What a program that must end well has printed to a pipe.
fn printed(child: Child) -> String {
    let Output { status, stdout, stderr } = child.wait_with_output().unwrap();
    let printed = String::from_utf8_lossy(&stdout).into_owned();
    assert!(status.success(), "{printed}{}", String::from_utf8_lossy(&stderr));
    printed
}

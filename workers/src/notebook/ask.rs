//! Asking the person at the notebook, through its host.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::OnceLock;

use super::host::exported;
use crate::contract::symbols::{HOST_INPUT, HostInput};

/// What came of a question.
#[derive(Debug)]
pub(crate) enum Answer {
    Line(String),
    /// There is nobody to ask.
    EndOfInput,
    /// This program does not run in a notebook.
    NoNotebook,
}

/// Asks, and waits for the answer.
pub(crate) fn ask(prompt: &str, password: bool) -> io::Result<Answer> {
    static FUNCTION: OnceLock<Option<HostInput>> = OnceLock::new();
    let Some(function) = *FUNCTION.get_or_init(|| exported(HOST_INPUT)) else {
        return Ok(Answer::NoNotebook);
    };
    // SAFETY: the pointer and the length are those of a string.
    let file = unsafe { function(prompt.as_ptr(), prompt.len(), password) };
    if file < 0 {
        let error = io::Error::last_os_error();
        return match error.raw_os_error() {
            Some(0) => Ok(Answer::EndOfInput),
            _ => Err(error),
        };
    }
    // SAFETY: the host has opened it for the caller alone.
    let file = unsafe { OwnedFd::from_raw_fd(file) };
    let mut line = String::new();
    File::from(file).read_to_string(&mut line)?;
    Ok(Answer::Line(line))
}

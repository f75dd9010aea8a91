//! Asking whoever sits at the terminal, or at the notebook, for a line.

use std::fmt;
use std::io::{self, BufRead, IsTerminal, Write};

use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};

use crate::notebook;

/// Asks for a line, and returns it without the line break.
///
/// In a notebook the question appears below the cell, with a field for the answer. In a program it is printed to
/// standard output, and the answer is read from standard input.
///
/// Reading standard input is a question, too, in a notebook: its prompt is what the cell has printed on its last line.
/// Standard input keeps the rest of a line that was read in part, as it does in a program; `input` always asks anew
/// there.
///
/// # Errors
///
/// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof) where there is nobody to ask: the notebook is run by something that
/// answers no questions, no cell is running, or this is a worker; in a program, where standard input is at its end.
/// Otherwise, whatever prevents printing or reading.
///
/// # Examples
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// let name = parcell::input("What is your name? ")?;
/// println!("Hello, {name}!");
/// # Ok(())
/// # }
/// ```
pub fn input(prompt: impl fmt::Display) -> io::Result<String> {
    ask(&prompt.to_string(), false)
}

/// Asks for a line that is not shown while it is typed; otherwise like [`input()`].
///
/// In a program nothing is hidden where standard input is not a terminal.
///
/// # Errors
///
/// As [`input()`], and where the terminal cannot be told to show nothing.
///
/// # Examples
///
/// ```no_run
/// # fn main() -> std::io::Result<()> {
/// let key = parcell::password("Key: ")?;
/// assert!(!key.is_empty());
/// # Ok(())
/// # }
/// ```
pub fn password(prompt: impl fmt::Display) -> io::Result<String> {
    ask(&prompt.to_string(), true)
}

fn ask(prompt: &str, password: bool) -> io::Result<String> {
    match notebook::ask(prompt, password)? {
        notebook::Answer::Line(line) => Ok(line),
        notebook::Answer::EndOfInput => Err(end_of_input()),
        notebook::Answer::NoNotebook => ask_at_terminal(prompt, password),
    }
}

fn ask_at_terminal(prompt: &str, password: bool) -> io::Result<String> {
    // Taken first, so that nobody else reads the line, or has it shown, in between.
    let mut stdin = io::stdin().lock();
    let mut stdout = io::stdout().lock();
    let silence = match password && stdin.is_terminal() {
        true => Some(Silence::begin()?),
        false => None,
    };
    write!(stdout, "{prompt}")?;
    stdout.flush()?;
    let mut line = String::new();
    let read = stdin.read_line(&mut line);
    if let Some(silence) = silence {
        silence.end()?;
        // The one that was typed was not shown.
        writeln!(stdout)?;
    }
    if read? == 0 {
        return Err(end_of_input());
    }
    Ok(without_line_break(line))
}

fn end_of_input() -> io::Error {
    io::Error::new(
        io::ErrorKind::UnexpectedEof,
        "nobody can be asked for input: standard input is at its end",
    )
}

fn without_line_break(mut line: String) -> String {
    if line.ends_with('\n') {
        line.pop();
        if line.ends_with('\r') {
            line.pop();
        }
    }
    line
}

/// While it lives, the terminal does not show what is typed.
struct Silence {
    before: Termios,
    ended: bool,
}

impl Silence {
    fn begin() -> io::Result<Silence> {
        let before = tcgetattr(rustix::stdio::stdin())?;
        let mut silent = before.clone();
        silent.local_modes.remove(LocalModes::ECHO);
        // What was typed before the question is no answer to it.
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Flush, &silent)?;
        Ok(Silence { before, ended: false })
    }

    fn end(mut self) -> io::Result<()> {
        self.ended = true;
        self.restore()
    }

    fn restore(&self) -> io::Result<()> {
        tcsetattr(rustix::stdio::stdin(), OptionalActions::Now, &self.before).map_err(io::Error::from)
    }
}

impl Drop for Silence {
    fn drop(&mut self) {
        if !self.ended {
            // Only on the way out with another error, which is the one to be told.
            let _ = self.restore();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_line_break_goes() {
        let stripped = |line: &str| without_line_break(line.to_owned());
        assert_eq!(stripped(" a \n"), " a ");
        assert_eq!(stripped("a\r\n"), "a");
        assert_eq!(stripped("a\r"), "a\r");
        assert_eq!(stripped(""), "");
    }
}

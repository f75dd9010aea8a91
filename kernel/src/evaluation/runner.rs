//! The supervisor, which has cells run, as the evaluator sees it: lines to it, and lines from it.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use parcell::CrashCause;
use parcell::contract::control::{PANICKED, USER_ERROR_OCCURRED, VARIABLE_CHANGED_TYPE};

use crate::process::messages::{COMPLETED, deliver_line, inspect_line, run_line};
use crate::process::orphans;

/// The supervisor, and how to start it anew.
#[derive(Debug)]
pub(super) struct Runner {
    command: Command,
    process: Process,
    /// How many there have been.
    processes: u64,
}

#[derive(Debug)]
struct Process {
    child: Child,
    /// None once nothing more is said to it.
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

/// What a cell did that has run to its end.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub(super) struct Ran {
    /// A panic or a `?` ended it early: what it was to define is not there.
    pub(super) gave_up: bool,
    /// Variables that are of other types now; the cell has not begun.
    pub(super) lost: Vec<String>,
}

/// Why a cell has not run to its end.
#[derive(Debug, thiserror::Error)]
pub(super) enum RunError {
    /// All is as it was before the cell; who runs cells says why.
    #[error("the cell was rolled back")]
    RolledBack,
    #[error("the process that runs cells has ended: {0}")]
    Ended(String),
}

impl Runner {
    pub(super) fn start(mut command: Command) -> io::Result<Runner> {
        command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let process = Process::start(&mut command)?;
        Ok(Runner {
            command,
            process,
            processes: 1,
        })
    }

    /// Ends it, with all that it has, and starts it anew.
    pub(super) fn restart(&mut self) -> io::Result<()> {
        self.process.end();
        orphans::end();
        self.process = Process::start(&mut self.command)?;
        self.processes += 1;
        Ok(())
    }

    /// How many there have been, one after another.
    pub(super) fn processes(&self) -> u64 {
        self.processes
    }

    /// What it has in its environment when it is started next.
    pub(super) fn set_environment(&mut self, name: &str, value: &str) {
        self.command.env(name, value);
    }

    /// Has a cell run.
    pub(super) fn run(&mut self, library: &Path, function: &str) -> Result<Ran, RunError> {
        self.transact(&run_line(function, library))
    }

    /// Has the function called that a cell has left for the message in this file.
    pub(super) fn deliver(&mut self, message: &Path) -> Result<Ran, RunError> {
        self.transact(&deliver_line(message))
    }

    /// Has variables looked at, as this file says.
    pub(super) fn inspect(&mut self, inspection: &Path) -> Result<(), RunError> {
        self.transact(&inspect_line(inspection)).map(drop)
    }

    fn transact(&mut self, line: &str) -> Result<Ran, RunError> {
        self.process
            .say(line)
            .map_err(|error| self.process.ended(&error.to_string()))?;
        let mut ran = Ran::default();
        loop {
            let line = self.process.hear()?;
            if line == COMPLETED {
                return Ok(ran);
            }
            if line == PANICKED || line == USER_ERROR_OCCURRED {
                ran.gave_up = true;
            } else if let Some(variable) = line.strip_prefix(VARIABLE_CHANGED_TYPE) {
                ran.lost.push(variable.to_owned());
            }
        }
    }

    /// Waits for its end, which it has been told of.
    pub(super) fn wait(&mut self) -> io::Result<()> {
        self.process.stdin = None;
        let ended = self.process.child.wait();
        orphans::end();
        ended.map(drop)
    }
}

impl Process {
    fn start(command: &mut Command) -> io::Result<Process> {
        let mut child = command.spawn()?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let stderr = child.stderr.take().ok_or(io::ErrorKind::BrokenPipe)?;
        std::thread::Builder::new()
            .name("supervisor-stderr".to_owned())
            .spawn(move || {
                for line in BufReader::new(stderr).lines().map_while(Result::ok) {
                    tracing::error!(line, "the supervisor says");
                }
            })?;
        Ok(Process {
            child,
            stdin,
            stdout: BufReader::new(stdout),
        })
    }

    fn say(&mut self, line: &str) -> io::Result<()> {
        let stdin = self.stdin.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(stdin, "{line}")?;
        stdin.flush()
    }

    /// The next line. One that is no text says that the cell was rolled back.
    fn hear(&mut self) -> Result<String, RunError> {
        let mut line = Vec::new();
        match self.stdout.read_until(b'\n', &mut line) {
            Ok(0) => return Err(self.ended("it says nothing any more")),
            Ok(_) => {}
            Err(error) => return Err(self.ended(&error.to_string())),
        }
        line.pop_if(|last| *last == b'\n');
        String::from_utf8(line).map_err(|_| RunError::RolledBack)
    }

    fn ended(&mut self, what: &str) -> RunError {
        self.stdin = None;
        RunError::Ended(match self.child.wait() {
            Ok(status) => match status.signal() {
                Some(signal) => format!("the supervisor {}", CrashCause::Signal(signal)),
                None => format!("the supervisor ended with {status}"),
            },
            Err(error) => format!("{what}; {error}"),
        })
    }

    fn end(&mut self) {
        self.stdin = None;
        if matches!(self.child.try_wait(), Ok(None)) {
            // It has ended meanwhile where this fails.
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    /// It ends when its standard input does.
    fn drop(&mut self) {
        self.stdin = None;
        let _ = self.child.wait();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A runner for which a script of the shell plays the supervisor.
    fn runner(script: &str) -> Runner {
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        Runner::start(shell).unwrap()
    }

    fn run(script: &str) -> Result<Ran, RunError> {
        runner(script).run(Path::new("/a b/lib.so"), "f")
    }

    #[test]
    fn what_is_said_of_a_cell_is_heard() {
        let complete = format!("read line; echo {COMPLETED}");
        assert_eq!(run(&complete).unwrap(), Ran::default());
        let lost = format!("read line; echo {VARIABLE_CHANGED_TYPE}a; echo other; echo {COMPLETED}");
        assert_eq!(run(&lost).unwrap().lost, ["a"]);
        let panicked = format!("read line; echo {PANICKED}; echo {COMPLETED}");
        assert!(run(&panicked).unwrap().gave_up);
        let asked = format!("read a b c; [ \"$a $b $c\" = 'RUN f /a b/lib.so' ] && echo {COMPLETED}");
        assert!(run(&asked).is_ok());
    }

    #[test]
    fn an_end_and_a_roll_back_are_told_apart() {
        assert!(matches!(
            run("read line; printf '\\377\\n'; cat"),
            Err(RunError::RolledBack)
        ));
        let Err(RunError::Ended(said)) = run("exit 7") else {
            panic!("it has not ended")
        };
        assert!(said.contains('7'), "{said}");
    }

    #[test]
    fn it_can_be_started_anew() {
        let mut runner = runner(&format!("read line; [ \"$A\" = 1 ] && echo {COMPLETED}"));
        runner.set_environment("A", "1");
        assert!(runner.run(Path::new("x"), "f").is_err());
        runner.restart().unwrap();
        assert!(runner.run(Path::new("x"), "f").is_ok());
        runner.wait().unwrap();
    }
}

//! The peers in Python: a program that measures one thing at a time, and says how long it took.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

/// The peers, as `peers.py` calls them.
const PEERS: [&str; 4] = ["pool", "executor", "joblib", "ipyparallel"];

/// How long each of them takes; none where it cannot do it.
pub(crate) type Times = [Option<Duration>; PEERS.len()];

/// The running program; none where there is no Python.
pub(crate) struct Python(Option<Connection>);

struct Connection {
    child: Child,
    /// None at the end.
    questions: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Python {
    pub(crate) fn start() -> Python {
        let program = std::env::var("PARCELL_BENCH_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/bench/workers/peers.py");
        let child = Command::new(&program)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn();
        match child {
            Ok(mut child) => Python(Some(Connection {
                questions: child.stdin.take(),
                answers: BufReader::new(child.stdout.take().expect("a pipe was asked for")),
                child,
            })),
            Err(error) => {
                println!("{program} cannot be started ({error}): there are no figures of Python's");
                Python(None)
            }
        }
    }

    /// How long each of the peers takes for `what`; none where it cannot do it.
    pub(crate) fn ask_all(&mut self, what: &str) -> Times {
        PEERS.map(|peer| self.0.as_mut()?.ask(peer, what))
    }
}

impl Connection {
    fn ask(&mut self, peer: &str, what: &str) -> Option<Duration> {
        writeln!(self.questions.as_ref()?, "{peer} {what}").ok()?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).ok()?;
        answer.trim().parse().ok().map(Duration::from_secs_f64)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // At the end of its input it ends its own workers, and then itself.
        drop(self.questions.take());
        let _ = self.child.wait();
    }
}

//! The peers in Python: a program that measures one thing at a time, and says how long each run took.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::samples::Samples;

/// The peers, as `peers.py` calls them.
pub(crate) const PEERS: [&str; 5] = ["Pool", "Executor", "loky", "joblib", "ipyparallel"];

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

    /// No Python, and no figures of it.
    pub(crate) fn none() -> Python {
        Python(None)
    }

    /// How long those of the peers take for `what` that can do it.
    pub(crate) fn ask_all(&mut self, what: &str) -> Vec<(&'static str, Samples)> {
        let asked = PEERS
            .into_iter()
            .map(|peer| Some((peer, self.0.as_mut()?.ask(peer, what)?)));
        asked.flatten().collect()
    }
}

impl Connection {
    fn ask(&mut self, peer: &str, what: &str) -> Option<Samples> {
        writeln!(self.questions.as_ref()?, "{peer} {what}").ok()?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).ok()?;
        let seconds = answer.split_whitespace().map(|seconds| seconds.parse().ok());
        Samples::new(seconds.collect::<Option<_>>()?)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        // At the end of its input it ends its own workers, and then itself.
        drop(self.questions.take());
        let _ = self.child.wait();
    }
}

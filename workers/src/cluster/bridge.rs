//! The process that talks to a cluster: a Python program in the user's environment, and the frames to and from it.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use serde::{Deserialize, Serialize};

use super::ClusterError;
use super::frame::{self, Frames};
use crate::job::function::Function;
use crate::sys::poll;

const SOURCE: &str = include_str!("bridge.py");
/// The Python interpreter whose environment has Dask.
const VARIABLE: &str = "PARCELL_PYTHON";
const PYTHON: &str = "python3";
/// How long the process may take to end when nobody needs it any more: it clears up on the cluster.
const END_LIMIT: Duration = Duration::from_secs(10);
const READ: usize = 1 << 20;

/// What the process is told.
#[derive(Debug, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum Order<'a> {
    /// A map begins, whose workers need these files. It answers with `Connected`.
    Map {
        map: u64,
        files: &'a BTreeMap<String, PathBuf>,
    },
    /// The body has the arguments, of these lengths.
    Chunk { spec: Spec<'a>, lengths: Vec<usize> },
    /// The chunks that are under way are not wanted any more.
    Cancel,
}

/// How a chunk is run.
#[derive(Debug, Serialize)]
pub(super) struct Spec<'a> {
    /// The map's number and the chunk's.
    pub(super) chunk: (u64, u64),
    pub(super) items: &'a [usize],
    pub(super) program: &'a str,
    pub(super) is_library: bool,
    pub(super) function: &'a Function,
    /// How many seconds one item may take.
    pub(super) timeout: Option<f64>,
    pub(super) memory_limit: Option<u64>,
}

/// What the process says.
#[derive(Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(super) enum News {
    Connected {
        workers: usize,
        threads: usize,
    },
    /// There is no cluster to be had, and the process ends.
    Unavailable {
        error: String,
    },
    /// The body is what a worker has printed while it was on this item.
    Output {
        host: String,
        pid: u32,
        item: usize,
        stream: Stream,
    },
    /// The body has the payloads, one after the other.
    Done {
        chunk: (u64, u64),
        host: String,
        outcomes: Vec<ItemOutcome>,
    },
    /// The cluster has given the chunk up.
    Lost {
        chunk: (u64, u64),
        error: String,
    },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Stream {
    Stdout,
    Stderr,
}

/// What came of one item.
#[derive(Debug, Deserialize)]
pub(super) struct ItemOutcome {
    pub(super) item: usize,
    pub(super) pid: u32,
    /// Of its payload.
    pub(super) length: usize,
    #[serde(flatten)]
    pub(super) status: Status,
}

#[derive(Debug, Deserialize)]
#[serde(tag = "status", rename_all = "snake_case")]
pub(super) enum Status {
    /// The payload is the result.
    Done,
    /// The payload is the error.
    Failed,
    Crashed {
        signal: Option<i32>,
        code: Option<i32>,
        out_of_memory: bool,
    },
    TimedOut,
}

/// The process.
#[derive(Debug)]
pub(super) struct Bridge {
    /// The process that has started it: in a fork of that this is only a copy.
    owner: u32,
    child: Child,
    orders: Option<ChildStdin>,
    news: ChildStdout,
    frames: Frames,
    unsent: Vec<u8>,
}

impl Bridge {
    /// Starts the process, and waits until it has found the scheduler.
    pub(super) fn start(url: &str) -> Result<Self, ClusterError> {
        let python = std::env::var_os(VARIABLE).unwrap_or_else(|| PYTHON.into());
        let owner = std::process::id();
        let started = Command::new(&python)
            .args(["-c", SOURCE, url, &owner.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // What ends this program's group is not to end the process before it has cleared up on the cluster.
            .process_group(0)
            .spawn();
        let mut child = started.map_err(|source| ClusterError::NoPython {
            python: python.to_string_lossy().into_owned(),
            source,
        })?;
        let (Some(orders), Some(news)) = (child.stdin.take(), child.stdout.take()) else {
            unreachable!("both are pipes")
        };
        rustix::io::ioctl_fionbio(&orders, true).map_err(io::Error::from)?;
        rustix::io::ioctl_fionbio(&news, true).map_err(io::Error::from)?;
        let mut bridge = Self {
            owner,
            child,
            orders: Some(orders),
            news,
            frames: Frames::default(),
            unsent: Vec::new(),
        };
        match bridge.wait()? {
            (News::Connected { .. }, _) => Ok(bridge),
            (News::Unavailable { error }, _) => Err(ClusterError::Unavailable(error)),
            (other, _) => Err(unexpected(&other)),
        }
    }

    /// Whether it is this process's, and lives.
    pub(super) fn is_usable(&mut self) -> bool {
        self.owner == std::process::id() && matches!(self.child.try_wait(), Ok(None))
    }

    /// Hands an order over; what does not fit into the pipe is sent while news are waited for.
    pub(super) fn order(&mut self, order: &Order<'_>, body: &[u8]) -> Result<(), ClusterError> {
        frame::append(order, body, &mut self.unsent)?;
        Ok(self.send()?)
    }

    /// The next news.
    pub(super) fn wait(&mut self) -> Result<(News, Vec<u8>), ClusterError> {
        loop {
            if let Some(news) = self.wait_for(None)? {
                return Ok(news);
            }
        }
    }

    /// The next news, if there are some within this time.
    pub(super) fn wait_for(&mut self, limit: Option<Duration>) -> Result<Option<(News, Vec<u8>)>, ClusterError> {
        let end = limit.map(|limit| Instant::now() + limit);
        loop {
            if let Some(news) = self.frames.next()? {
                return Ok(Some(news));
            }
            let left = end.map(|end| end.saturating_duration_since(Instant::now()));
            let Some(orders) = &self.orders else {
                return Err(ClusterError::Ended);
            };
            let mut events = vec![poll::readable(&self.news)];
            if !self.unsent.is_empty() {
                events.push(PollFd::new(orders, PollFlags::OUT));
            }
            if !poll::wait(&mut events, left).map_err(io::Error::from)? {
                return Ok(None);
            }
            self.receive()?;
            self.send()?;
        }
    }

    fn receive(&mut self) -> Result<(), ClusterError> {
        let mut buffer = vec![0; READ];
        match self.news.read(&mut buffer) {
            Ok(0) => Err(ClusterError::Ended),
            Ok(length) => {
                self.frames.feed(&buffer[..length]);
                Ok(())
            }
            Err(error) if is_momentary(&error) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn send(&mut self) -> io::Result<()> {
        let Some(orders) = &mut self.orders else { return Ok(()) };
        let mut sent = 0;
        while sent < self.unsent.len() {
            match orders.write(&self.unsent[sent..]) {
                Ok(length) => sent += length,
                Err(error) if is_momentary(&error) => break,
                // It has ended: what it has said before is still to be read.
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => sent = self.unsent.len(),
                Err(error) => return Err(error),
            }
        }
        self.unsent.drain(..sent);
        Ok(())
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        if self.owner != std::process::id() {
            return;
        }
        // It ends when nobody can tell it anything any more.
        self.orders = None;
        let end = Instant::now() + END_LIMIT;
        let mut rest = [0; 4096];
        while Instant::now() < end && matches!(self.child.try_wait(), Ok(None)) {
            let _ = poll::wait(&mut [poll::readable(&self.news)], Some(Duration::from_millis(20)));
            let ended = matches!(self.news.read(&mut rest), Ok(0));
            if ended {
                break;
            }
        }
        if Instant::now() >= end {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

fn unexpected(news: &News) -> ClusterError {
    ClusterError::Io(io::Error::other(format!("the cluster's process said {news:?}")))
}

fn is_momentary(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

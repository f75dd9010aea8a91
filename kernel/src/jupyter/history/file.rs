//! The history of all sessions in one file: a line of JSON for each cell, and one for each session.
//!
//! Every access holds a lock, on a file of its own, since the history is replaced by a shorter one when it has become
//! long. So kernels that run at the same time share it, and each line is there whole or not at all. What is not a line
//! of ours, as where the disk was full, is passed over.

use super::{CAPACITY, Input};
use fs4::fs_std::FileExt;
use serde::{Deserialize, Serialize};
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

const NAME: &str = "history.jsonl";
const LOCK_NAME: &str = "history.lock";

/// The file is shortened when it is larger than this, in bytes.
const LARGEST: u64 = 8 << 20;

/// How much is kept of it then.
const KEPT: usize = 4 << 20;

/// The longest line that is written, in bytes.
const LONGEST_LINE: usize = 1 << 20;

/// How long the end of the kernel waits for the last line to be written.
const END_LIMIT: Duration = Duration::from_millis(500);

/// Writes to the history of all sessions. Lines are written by a thread of its own: nothing waits for a disk.
#[derive(Debug)]
pub(super) struct HistoryFile {
    session: u32,
    lines: Option<mpsc::Sender<String>>,
    /// Says that all lines are written, by its end.
    written: mpsc::Receiver<()>,
}

/// Why the history cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {}", path.display())]
pub(super) struct HistoryError {
    action: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// A line. One without input is the beginning of a session.
#[derive(Debug, Deserialize, Serialize)]
struct Record {
    session: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    input: Option<String>,
}

/// Where the history is.
#[derive(Clone, Debug)]
struct HistoryDirectory(PathBuf);

impl HistoryFile {
    /// Begins a session in the directory's history; gives what earlier ones have left.
    pub(super) fn open(directory: &Path) -> Result<(HistoryFile, Vec<Input>), HistoryError> {
        let place = HistoryDirectory(directory.to_owned());
        let (session, inputs) = place.begin_session()?;
        let (lines, queue) = mpsc::channel();
        let (sender, written) = mpsc::channel();
        thread::Builder::new()
            .name("history".to_owned())
            .spawn(move || {
                place.write_all(&queue);
                drop(sender);
            })
            .map_err(error("write", directory))?;
        let file = HistoryFile {
            session,
            lines: Some(lines),
            written,
        };
        Ok((file, inputs))
    }

    /// The number of the session.
    pub(super) fn session(&self) -> u32 {
        self.session
    }

    /// Adds the input of a cell.
    pub(super) fn append(&self, input: &Input) {
        let line = Record {
            session: input.session,
            line: Some(input.line),
            input: Some(input.source.clone()),
        }
        .to_line();
        if line.len() > LONGEST_LINE {
            tracing::debug!(length = line.len(), "too long for the history");
        } else if let Some(lines) = &self.lines {
            // The thread has ended, and said why, where lines cannot be written.
            let _ = lines.send(line);
        }
    }
}

impl Drop for HistoryFile {
    fn drop(&mut self) {
        self.lines = None;
        if let Err(mpsc::RecvTimeoutError::Timeout) = self.written.recv_timeout(END_LIMIT) {
            tracing::warn!("the history's last lines are not written");
        }
    }
}

impl HistoryDirectory {
    fn begin_session(&self) -> Result<(u32, Vec<Input>), HistoryError> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.0)
            .map_err(error("create", &self.0))?;
        let _lock = self.lock()?;
        let path = self.0.join(NAME);
        let mut file = self.open()?;
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(error("read", &path))?;
        if bytes.len() as u64 > LARGEST {
            bytes = end_of(bytes);
            file = self.replace(&bytes)?;
        }
        let (last, inputs) = read(&bytes);
        let session = last.saturating_add(1);
        let record = Record {
            session,
            line: None,
            input: None,
        };
        append(&mut file, &record.to_line()).map_err(error("write", &path))?;
        Ok((session, inputs))
    }

    /// Writes lines until there will be no more, or until it fails.
    fn write_all(&self, lines: &mpsc::Receiver<String>) {
        for line in lines {
            let written = self.lock().and_then(|_lock| {
                let path = self.0.join(NAME);
                append(&mut self.open()?, &line).map_err(error("write", &path))
            });
            if let Err(error) = written {
                let error: &dyn std::error::Error = &error;
                return tracing::warn!(error, "the history ends here");
            }
        }
    }

    /// Waits until nobody else has the history. The lock ends with the file that is given.
    fn lock(&self) -> Result<File, HistoryError> {
        let path = self.0.join(LOCK_NAME);
        let lock = options().open(&path).map_err(error("create", &path))?;
        FileExt::lock_exclusive(&lock).map_err(error("lock", &path))?;
        Ok(lock)
    }

    fn open(&self) -> Result<File, HistoryError> {
        let path = self.0.join(NAME);
        options().read(true).open(&path).map_err(error("open", &path))
    }

    fn replace(&self, bytes: &[u8]) -> Result<File, HistoryError> {
        let path = self.0.join(NAME);
        let mut file = tempfile::NamedTempFile::new_in(&self.0).map_err(error("write", &path))?;
        file.write_all(bytes).map_err(error("write", &path))?;
        file.persist(&path)
            .map_err(|failed| error("replace", &path)(failed.error))?;
        self.open()
    }
}

impl Record {
    fn to_line(&self) -> String {
        // Numbers and strings can always be written.
        let mut line = serde_json::to_string(self).unwrap_or_default();
        line.push('\n');
        line
    }
}

/// What cells hold may be secret.
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.create(true).append(true).mode(0o600);
    options
}

/// Adds a line, on a line of its own whatever the last one to write has left.
fn append(file: &mut File, line: &str) -> io::Result<()> {
    let mut text = String::new();
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            text.push('\n');
        }
    }
    text.push_str(line);
    file.write_all(text.as_bytes())
}

/// The end of a history that is too long, from the beginning of a line.
fn end_of(mut bytes: Vec<u8>) -> Vec<u8> {
    let surplus = bytes.len().saturating_sub(KEPT);
    let begin = bytes[surplus..].iter().position(|&byte| byte == b'\n');
    bytes.split_off(begin.map_or(bytes.len(), |begin| surplus + begin + 1))
}

/// The last session, and the latest inputs.
fn read(bytes: &[u8]) -> (u32, Vec<Input>) {
    let records = bytes
        .split(|&byte| byte == b'\n')
        .filter_map(|line| serde_json::from_slice::<Record>(line).ok());
    let mut last = 0;
    let mut inputs = Vec::new();
    for Record { session, line, input } in records {
        last = last.max(session);
        if let (Some(line), Some(source)) = (line, input) {
            let output = None;
            inputs.push(Input {
                session,
                line,
                source,
                output,
            });
        }
    }
    let surplus = inputs.len().saturating_sub(CAPACITY);
    (last, inputs.split_off(surplus))
}

fn error(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> HistoryError {
    let path = path.to_owned();
    move |source| HistoryError { action, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzzing::{changed, for_all};
    use std::os::unix::fs::PermissionsExt;

    fn input(session: u32, line: u32, source: &str) -> Input {
        Input {
            session,
            line,
            source: source.to_owned(),
            output: None,
        }
    }

    #[test]
    fn sessions_count_up_and_leave_their_inputs() {
        let directory = tempfile::tempdir().unwrap();
        let place = directory.path().join("new");
        let (first, inputs) = HistoryFile::open(&place).unwrap();
        assert_eq!((first.session(), inputs.len()), (1, 0));
        first.append(&input(1, 1, "let a = \"\n\";"));
        drop(first);
        let (second, inputs) = HistoryFile::open(&place).unwrap();
        assert_eq!(second.session(), 2);
        assert_eq!(inputs, [input(1, 1, "let a = \"\n\";")]);
        let mode = std::fs::metadata(place.join(NAME)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn kernels_that_run_at_the_same_time_lose_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let write = |writer: u32| {
            let (file, _) = HistoryFile::open(directory.path()).unwrap();
            for line in 1..=200 {
                file.append(&input(file.session(), line, &format!("{writer} {}", "x".repeat(500))));
            }
            file.session()
        };
        let mut sessions: Vec<u32> = thread::scope(|scope| {
            let writers: Vec<_> = (0..4).map(|writer| scope.spawn(move || write(writer))).collect();
            writers.into_iter().map(|writer| writer.join().unwrap()).collect()
        });
        sessions.sort_unstable();
        assert_eq!(sessions, [1, 2, 3, 4]);
        let (_, inputs) = HistoryFile::open(directory.path()).unwrap();
        for session in sessions {
            let lines: Vec<u32> = inputs.iter().filter(|i| i.session == session).map(|i| i.line).collect();
            assert_eq!(lines, (1..=200).collect::<Vec<u32>>());
        }
    }

    #[test]
    fn half_a_line_costs_that_line_only() {
        let directory = tempfile::tempdir().unwrap();
        let (file, _) = HistoryFile::open(directory.path()).unwrap();
        file.append(&input(1, 1, "a"));
        drop(file);
        let mut half = options().open(directory.path().join(NAME)).unwrap();
        half.write_all(b"{\"session\": 1, \"li\xff").unwrap();
        let (file, inputs) = HistoryFile::open(directory.path()).unwrap();
        assert_eq!(inputs, [input(1, 1, "a")]);
        file.append(&input(2, 1, "b"));
        drop(file);
        let (_, inputs) = HistoryFile::open(directory.path()).unwrap();
        assert_eq!(inputs, [input(1, 1, "a"), input(2, 1, "b")]);
    }

    #[test]
    fn a_long_history_loses_its_beginning() {
        let directory = tempfile::tempdir().unwrap();
        let (file, _) = HistoryFile::open(directory.path()).unwrap();
        for line in 1..=90 {
            file.append(&input(1, line, &"x".repeat(100_000)));
        }
        drop(file);
        let (file, inputs) = HistoryFile::open(directory.path()).unwrap();
        assert_eq!(file.session(), 2);
        assert_eq!(inputs.last().unwrap().line, 90);
        assert!((30..60).contains(&inputs.len()), "{}", inputs.len());
        let size = std::fs::metadata(directory.path().join(NAME)).unwrap().len();
        assert!(size <= KEPT as u64 + 100, "{size}");
    }

    #[test]
    fn a_directory_that_cannot_be_written_is_an_error() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("file");
        File::create(&file).unwrap();
        let error = HistoryFile::open(&file).unwrap_err();
        assert!(error.to_string().contains("file"), "{error}");
    }

    #[test]
    fn any_file_is_read_as_far_as_it_is_a_history() {
        const WORDS: &[&str] = &[
            "\n",
            "{",
            "}",
            "\"",
            ":",
            "null",
            "4294967295",
            "-1",
            "1e999",
            "\\u",
            "\u{0}",
            "[[[[",
            "\"session\"",
        ];
        let lines = [
            r#"{"session":1}"#,
            r#"{"session":1,"line":1,"input":"let a = \"\\n\";"}"#,
            r#"{"session":2}"#,
            r#"{"session":2,"line":7,"input":"é"}"#,
        ];
        let file = lines.join("\n") + "\n";
        for_all(2000, changed(vec![file], WORDS), |file| {
            let (last, inputs) = read(file.as_bytes());
            assert!(inputs.iter().all(|input| input.session <= last), "{last} {inputs:?}");
            assert!(inputs.len() <= file.lines().count());
        });
    }
}

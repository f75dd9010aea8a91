//! What worker processes printed: lines under the PID of the process that printed each.

use crate::text::without_colours;
use std::collections::BTreeSet;

/// One line of a worker: `[pid N] text`.
#[derive(Clone, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct WorkerLine {
    /// Who printed it.
    pub pid: i32,
    /// What stands behind the prefix.
    pub text: String,
}

/// Reads a stream of which every line has to be a worker's.
///
/// # Panics
///
/// When a line is anything but exactly `[pid N] text`, or the last one is not complete.
pub fn worker_lines(stream: &str) -> Vec<WorkerLine> {
    let stream = without_colours(stream);
    assert!(
        stream.is_empty() || stream.ends_with('\n'),
        "the last line is not complete: {stream:?}"
    );
    stream.lines().map(worker_line).collect()
}

/// The processes that printed these lines.
pub fn pids(lines: &[WorkerLine]) -> BTreeSet<i32> {
    lines.iter().map(|line| line.pid).collect()
}

/// What the lines say, in the order in which they came.
pub fn texts(lines: &[WorkerLine]) -> Vec<&str> {
    lines.iter().map(|line| line.text.as_str()).collect()
}

/// What the lines say, sorted: for lines whose order nobody promises.
pub fn sorted_texts(lines: &[WorkerLine]) -> Vec<&str> {
    let mut texts = texts(lines);
    texts.sort_unstable();
    texts
}

fn worker_line(line: &str) -> WorkerLine {
    let parts = line
        .strip_prefix("[pid ")
        .and_then(|rest| rest.split_once("] "))
        .and_then(|(pid, text)| Some((pid.parse().ok()?, text)));
    let (pid, text) = parts.unwrap_or_else(|| panic!("not a worker's line: {line:?}"));
    WorkerLine {
        pid,
        text: text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read_without_their_colours() {
        let lines = worker_lines("\x1b[32m[pid 7]\x1b[0m b\n[pid 8] [pid 9] \n[pid 7] a\n");
        assert_eq!(texts(&lines), ["b", "[pid 9] ", "a"]);
        assert_eq!(sorted_texts(&lines), ["[pid 9] ", "a", "b"]);
        assert_eq!(pids(&lines), BTreeSet::from([7, 8]));
    }

    #[test]
    #[should_panic(expected = "not a worker's line")]
    fn a_line_without_prefix_does_not_pass() {
        worker_lines("[pid 7] whole\nbroken\n");
    }

    #[test]
    #[should_panic(expected = "not complete")]
    fn an_incomplete_line_does_not_pass() {
        worker_lines("[pid 7] no end");
    }
}

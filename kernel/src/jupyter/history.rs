//! The inputs of cells, of this session and of earlier ones, and the three ways to ask for them.

mod file;

use super::content::HistoryItem;
use super::requests::{HistoryRequest, RequestError};
use crate::session::MimeBundle;
use crate::user_directories::data_directory;
use file::HistoryFile;
use std::collections::{HashSet, VecDeque};
use std::thread;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::timeout;

/// How many inputs are kept in memory.
const CAPACITY: usize = 10_000;

/// The largest output that is kept, in bytes. The notebook has them all.
const LARGEST_OUTPUT: usize = 64 * 1024;

/// How long the file may take. Another kernel holds it for a moment only, unless something is wrong with either.
const FILE_LIMIT: Duration = Duration::from_secs(1);

/// Inputs in the order of their execution.
#[derive(Debug)]
pub(super) struct History {
    inputs: VecDeque<Input>,
    /// The number of this session.
    session: u32,
    /// None: there is no place for it, or it cannot be used.
    file: Option<HistoryFile>,
}

/// The input of one cell, and what its value looked like.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Input {
    session: u32,
    line: u32,
    source: String,
    output: Option<String>,
}

/// The history of earlier sessions, with a place for this one. Where the file cannot be used, the log says why, and the
/// history is that of this session alone.
pub(super) async fn open() -> History {
    let Some(directory) = data_directory() else {
        tracing::warn!("there is no directory for the history: it ends with this kernel");
        return History::default();
    };
    let (sender, receiver) = oneshot::channel();
    // A thread of its own: tokio would wait for a blocking task when the kernel ends.
    thread::spawn(move || sender.send(HistoryFile::open(&directory)));
    match timeout(FILE_LIMIT, receiver).await {
        Ok(Ok(Ok((file, inputs)))) => History {
            session: file.session(),
            inputs: VecDeque::from(inputs),
            file: Some(file),
        },
        Ok(Ok(Err(error))) => {
            let error: &dyn std::error::Error = &error;
            tracing::warn!(error, "the history ends with this kernel");
            History::default()
        }
        _ => {
            tracing::warn!("the history's file is not to be had: the history ends with this kernel");
            History::default()
        }
    }
}

impl Default for History {
    fn default() -> History {
        History {
            inputs: VecDeque::new(),
            session: 1,
            file: None,
        }
    }
}

impl History {
    /// Adds the input of the cell with this execution count.
    pub(super) fn push(&mut self, execution_count: u32, source: String) {
        let input = Input {
            session: self.session,
            line: execution_count,
            source,
            output: None,
        };
        if let Some(file) = &self.file {
            file.append(&input);
        }
        if self.inputs.len() == CAPACITY {
            self.inputs.pop_front();
        }
        self.inputs.push_back(input);
    }

    /// Remembers the value of a cell of this session.
    pub(super) fn set_output(&mut self, execution_count: u32, data: &MimeBundle) {
        let Some(text) = data.get("text/plain").and_then(|text| text.as_str()) else {
            return;
        };
        let belongs = |input: &&mut Input| (input.session, input.line) == (self.session, execution_count);
        if text.len() <= LARGEST_OUTPUT
            && let Some(input) = self.inputs.iter_mut().rev().find(belongs)
        {
            input.output = Some(text.to_owned());
        }
    }

    /// Answers a `history_request`.
    pub(super) fn query(&self, request: &HistoryRequest) -> Result<Vec<HistoryItem>, RequestError> {
        let found = match request.hist_access_type.as_str() {
            "tail" => last(self.inputs.iter().collect(), request.n),
            "range" => self.range(request),
            "search" => self.search(request),
            other => {
                return Err(RequestError::UnknownHistoryAccess {
                    hist_access_type: other.to_owned(),
                });
            }
        };
        Ok(found.into_iter().map(|input| input.item(request.output)).collect())
    }

    /// Lines from `start` up to but not including `stop`; negative numbers count back from the end.
    fn range(&self, request: &HistoryRequest) -> Vec<&Input> {
        let session = match request.session {
            back @ ..=0 => i64::from(self.session).saturating_add(back),
            session => session,
        };
        let inputs = || {
            let inputs = self.inputs.iter();
            inputs.filter(move |input| i64::from(input.session) == session)
        };
        let end = inputs().next_back().map_or(1, |input| i64::from(input.line) + 1);
        let absolute = |line: i64| if line < 0 { end.saturating_add(line) } else { line };
        let lines = absolute(request.start)..absolute(request.stop.unwrap_or(end));
        inputs()
            .filter(|input| lines.contains(&i64::from(input.line)))
            .collect()
    }

    /// The last `n` inputs that match the pattern as a whole; with `unique`, each text once, where it was last.
    fn search(&self, request: &HistoryRequest) -> Vec<&Input> {
        let pattern: Vec<char> = request.pattern.as_deref().unwrap_or("*").chars().collect();
        let mut seen = HashSet::new();
        let mut found: Vec<&Input> = self
            .inputs
            .iter()
            .rev()
            .filter(|input| glob_matches(&pattern, &input.source))
            .filter(|input| !request.unique || seen.insert(input.source.as_str()))
            .collect();
        found.reverse();
        last(found, request.n)
    }
}

impl Input {
    fn item(&self, with_output: bool) -> HistoryItem {
        let Input {
            session,
            line,
            source,
            output,
        } = self;
        match with_output {
            false => HistoryItem::Input(*session, *line, source.clone()),
            true => HistoryItem::InputOutput(*session, *line, (source.clone(), output.clone())),
        }
    }
}

/// The last `n`, or all where no number was asked for.
fn last(mut inputs: Vec<&Input>, n: Option<i64>) -> Vec<&Input> {
    let wanted = n.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(0));
    inputs.split_off(inputs.len().saturating_sub(wanted))
}

/// Whether all of `text` matches `pattern`, in which `*` stands for any text and `?` for any character.
fn glob_matches(pattern: &[char], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    let (mut at_pattern, mut at_text) = (0, 0);
    // Where to go on if what was matched since the last `*` turns out wrong: that star takes one character more.
    let mut retry: Option<(usize, usize)> = None;
    while at_text < text.len() {
        match (pattern.get(at_pattern), retry) {
            (Some('*'), _) => {
                retry = Some((at_pattern, at_text));
                at_pattern += 1;
            }
            (Some(&c), _) if c == '?' || c == text[at_text] => {
                at_pattern += 1;
                at_text += 1;
            }
            (_, Some((star, taken))) => {
                retry = Some((star, taken + 1));
                at_pattern = star + 1;
                at_text = taken + 1;
            }
            (_, None) => return false,
        }
    }
    pattern[at_pattern..].iter().all(|&c| c == '*')
}

#[cfg(test)]
mod tests;

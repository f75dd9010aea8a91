//! The inputs of this session's cells, and the three ways to ask for them.

use super::content::HistoryItem;
use super::requests::{HistoryRequest, RequestError};
use std::collections::{HashSet, VecDeque};

/// How many inputs are kept.
const CAPACITY: usize = 10_000;

/// The number of this session in replies. Sessions before it are not remembered.
const THIS_SESSION: u32 = 1;

/// Inputs in the order of their execution.
#[derive(Debug, Default)]
pub(super) struct History {
    inputs: VecDeque<Input>,
}

#[derive(Clone, Debug)]
struct Input {
    line: u32,
    source: String,
}

impl History {
    /// Adds the input of the cell with this execution count.
    pub(super) fn push(&mut self, execution_count: u32, source: String) {
        if self.inputs.len() == CAPACITY {
            self.inputs.pop_front();
        }
        self.inputs.push_back(Input {
            line: execution_count,
            source,
        });
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
        if request.session != 0 && request.session != i64::from(THIS_SESSION) {
            return Vec::new();
        }
        let end = self.inputs.back().map_or(1, |input| i64::from(input.line) + 1);
        let absolute = |line: i64| if line < 0 { end.saturating_add(line) } else { line };
        let lines = absolute(request.start)..absolute(request.stop.unwrap_or(end));
        self.inputs
            .iter()
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
        match with_output {
            false => HistoryItem::Input(THIS_SESSION, self.line, self.source.clone()),
            // Outputs are not kept: the notebook has them.
            true => HistoryItem::InputOutput(THIS_SESSION, self.line, (self.source.clone(), None)),
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
mod tests {
    use super::*;

    fn history(sources: &[&str]) -> History {
        let mut history = History::default();
        for (source, line) in sources.iter().zip(1..) {
            history.push(line, (*source).to_owned());
        }
        history
    }

    fn lines(history: &History, request: HistoryRequest) -> Vec<u32> {
        let line = |item: HistoryItem| match item {
            HistoryItem::Input(_, line, _) | HistoryItem::InputOutput(_, line, _) => line,
        };
        history.query(&request).unwrap().into_iter().map(line).collect()
    }

    fn request(hist_access_type: &str) -> HistoryRequest {
        HistoryRequest {
            hist_access_type: hist_access_type.to_owned(),
            ..HistoryRequest::default()
        }
    }

    #[test]
    fn tail_gives_the_last_inputs_in_order() {
        let history = history(&["a", "b", "c"]);
        assert_eq!(
            lines(
                &history,
                HistoryRequest {
                    n: Some(2),
                    ..request("tail")
                }
            ),
            [2, 3]
        );
        assert_eq!(
            lines(
                &history,
                HistoryRequest {
                    n: Some(9),
                    ..request("tail")
                }
            ),
            [1, 2, 3]
        );
        assert_eq!(
            lines(
                &history,
                HistoryRequest {
                    n: Some(-1),
                    ..request("tail")
                }
            ),
            [0; 0]
        );
        assert_eq!(lines(&history, request("tail")), [1, 2, 3]);
    }

    #[test]
    fn range_excludes_its_end_and_counts_back() {
        let history = history(&["a", "b", "c", "d"]);
        assert_eq!(
            lines(
                &history,
                HistoryRequest {
                    start: 2,
                    stop: Some(4),
                    ..request("range")
                }
            ),
            [2, 3]
        );
        assert_eq!(
            lines(
                &history,
                HistoryRequest {
                    start: -2,
                    ..request("range")
                }
            ),
            [3, 4]
        );
        assert_eq!(
            lines(
                &history,
                HistoryRequest {
                    start: i64::MIN,
                    ..request("range")
                }
            ),
            [1, 2, 3, 4]
        );
        assert_eq!(
            lines(
                &history,
                HistoryRequest {
                    session: -1,
                    ..request("range")
                }
            ),
            [0; 0]
        );
    }

    #[test]
    fn search_matches_whole_inputs() {
        let history = history(&["let x = 1;", "x", "let y = 2;", "x"]);
        let search = |pattern: &str, unique, n| {
            lines(
                &history,
                HistoryRequest {
                    pattern: Some(pattern.to_owned()),
                    unique,
                    n,
                    ..request("search")
                },
            )
        };
        assert_eq!(search("let*", false, None), [1, 3]);
        assert_eq!(search("let ? = ?;", false, Some(1)), [3]);
        assert_eq!(search("x", false, None), [2, 4]);
        assert_eq!(search("x", true, None), [4]);
        assert_eq!(search("*", true, None), [1, 3, 4]);
        assert_eq!(search("y", false, None), [0; 0]);
    }

    #[test]
    fn an_unknown_kind_of_history_is_refused() {
        assert!(matches!(
            history(&[]).query(&request("tale")),
            Err(RequestError::UnknownHistoryAccess { .. })
        ));
    }

    #[test]
    fn globs_match_across_lines_and_backtrack() {
        let matches = |pattern: &str, text| glob_matches(&pattern.chars().collect::<Vec<_>>(), text);
        assert!(matches("*b", "ab\nab"));
        assert!(matches("a*a*b", "aaab"));
        assert!(matches("", ""));
        assert!(matches("**", ""));
        assert!(matches("gr??e", "größe"));
        assert!(!matches("a?", "a"));
        assert!(!matches("a*c", "ab"));
    }
}

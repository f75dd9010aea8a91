//! The three ways to ask, and sessions that follow each other or run side by side.

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

/// Two earlier sessions and this one.
fn three_sessions() -> History {
    let input = |session, line, source: &str| Input {
        session,
        line,
        source: source.to_owned(),
        output: None,
    };
    let mut history = History {
        inputs: VecDeque::from([input(4, 1, "a"), input(4, 2, "b"), input(5, 1, "a")]),
        session: 6,
        file: None,
    };
    history.push(1, "1 + 1".to_owned());
    history
}

fn sessions(history: &History, request: HistoryRequest) -> Vec<(u32, u32)> {
    let place = |item: HistoryItem| match item {
        HistoryItem::Input(session, line, _) | HistoryItem::InputOutput(session, line, _) => (session, line),
    };
    history.query(&request).unwrap().into_iter().map(place).collect()
}

#[test]
fn sessions_are_numbered_from_the_first_and_back_from_this_one() {
    let history = three_sessions();
    let range = |session| {
        sessions(
            &history,
            HistoryRequest {
                session,
                ..request("range")
            },
        )
    };
    assert_eq!(range(0), [(6, 1)]);
    assert_eq!(range(-1), [(5, 1)]);
    assert_eq!(range(-2), [(4, 1), (4, 2)]);
    assert_eq!(range(4), [(4, 1), (4, 2)]);
    assert_eq!(range(-9), []);
    assert_eq!(range(i64::MIN), []);
    assert_eq!(range(i64::MAX), []);
}

#[test]
fn tail_and_search_go_back_to_earlier_sessions() {
    let history = three_sessions();
    let tail = HistoryRequest {
        n: Some(2),
        ..request("tail")
    };
    assert_eq!(sessions(&history, tail), [(5, 1), (6, 1)]);
    let search = HistoryRequest {
        pattern: Some("a".to_owned()),
        ..request("search")
    };
    assert_eq!(sessions(&history, search), [(4, 1), (5, 1)]);
}

#[test]
fn outputs_are_those_of_this_session() {
    let mut history = three_sessions();
    history.set_output(1, &MimeBundle::from_iter([("text/plain".to_owned(), "2".into())]));
    let tail = HistoryRequest {
        output: true,
        ..request("tail")
    };
    let outputs: Vec<Option<String>> = history
        .query(&tail)
        .unwrap()
        .into_iter()
        .map(|item| match item {
            HistoryItem::InputOutput(_, _, (_, output)) => output,
            HistoryItem::Input(..) => panic!("no output"),
        })
        .collect();
    assert_eq!(outputs, [None, None, None, Some("2".to_owned())]);
}

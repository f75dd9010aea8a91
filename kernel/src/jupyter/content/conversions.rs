//! What a session says, as the content of messages.

use super::{
    ClearOutput, Comm, Content, DisplayData, ExecuteReply, ExecuteResult, InspectReply, IsCompleteReply, SetNextInput,
    Transient,
};
use crate::session::{self, Cell, CellError, Completeness, Completion, Completions, MimeBundle, Outcome, Stream};
use base64::Engine;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use jupyter_protocol::{
    CommId, CommInfo, CommInfoReply, CompleteReply, ErrorOutput, ExecuteInput, ExecutionCount, ReplyStatus, Stdio,
    StreamContent,
};
use parcell::contract::comms::CommMessage;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// What a cell is made of, for everybody to see.
pub(in crate::jupyter) fn execute_input(cell: &Cell) -> Content {
    let execution_count = usize::try_from(cell.execution_count).unwrap_or(usize::MAX);
    Content::ExecuteInput(ExecuteInput {
        code: cell.code.clone(),
        execution_count: ExecutionCount::new(execution_count),
    })
}

/// A piece of the output of the cell with this number.
pub(in crate::jupyter) fn output(execution_count: u32, content: session::Content) -> Content {
    match content {
        session::Content::Stream { stream, text } => {
            let name = match stream {
                Stream::Stdout => Stdio::Stdout,
                Stream::Stderr => Stdio::Stderr,
            };
            Content::Stream(StreamContent { name, text })
        }
        session::Content::DisplayData {
            data,
            metadata,
            display_id,
        } => Content::DisplayData(DisplayData {
            data,
            metadata,
            transient: Transient { display_id },
        }),
        session::Content::UpdateDisplayData {
            data,
            metadata,
            display_id,
        } => Content::UpdateDisplayData(DisplayData {
            data,
            metadata,
            transient: Transient {
                display_id: Some(display_id),
            },
        }),
        session::Content::ExecuteResult { data, metadata } => Content::ExecuteResult(ExecuteResult {
            execution_count,
            data,
            metadata,
        }),
        session::Content::Comm(message) => comm(message),
        session::Content::ClearOutput { wait } => Content::ClearOutput(ClearOutput { wait }),
    }
}

/// Something said on a comm.
pub(in crate::jupyter) fn comm(message: CommMessage) -> Content {
    let (msg_type, comm_id, target_name, payload) = match message {
        CommMessage::CommOpen {
            comm_id,
            target_name,
            payload,
        } => ("comm_open", comm_id, Some(target_name), payload),
        CommMessage::CommMsg { comm_id, payload } => ("comm_msg", comm_id, None, payload),
        CommMessage::CommClose { comm_id, payload } => ("comm_close", comm_id, None, payload),
    };
    let buffers = payload.buffers.iter().map(|buffer| {
        let bytes = BASE64.decode(buffer).unwrap_or_else(|error| {
            tracing::warn!(%error, comm_id, "a buffer that is not base64 is sent empty");
            Vec::new()
        });
        Bytes::from(bytes)
    });
    Content::Comm(Comm {
        msg_type,
        buffers: buffers.collect(),
        metadata: payload.metadata,
        comm_id,
        target_name,
        data: payload.data,
    })
}

/// Which comms there are, with their targets.
pub(in crate::jupyter) fn comm_info_reply(comms: BTreeMap<String, String>) -> Content {
    let comms = comms.into_iter();
    Content::CommInfoReply(CommInfoReply {
        comms: comms
            .map(|(id, target_name)| (CommId(id), CommInfo { target_name }))
            .collect(),
        ..CommInfoReply::default()
    })
}

/// Why a cell failed.
pub(in crate::jupyter) fn error(error: &CellError) -> Content {
    let CellError {
        ename,
        evalue,
        traceback,
    } = error.clone();
    Content::Error(ErrorOutput {
        ename,
        evalue,
        traceback,
    })
}

/// How the cell with this number ended.
pub(in crate::jupyter) fn execute_reply(
    execution_count: u32,
    user_expressions: Map<String, Value>,
    next_input: Option<String>,
    outcome: Outcome,
) -> Content {
    Content::ExecuteReply(match outcome {
        Outcome::Ok => ExecuteReply::Ok {
            execution_count,
            payload: next_input
                .into_iter()
                .map(|text| SetNextInput { text, replace: true })
                .collect(),
            user_expressions,
        },
        Outcome::Error(CellError {
            ename,
            evalue,
            traceback,
        }) => ExecuteReply::Error {
            execution_count,
            ename,
            evalue,
            traceback,
        },
    })
}

/// The reply to a cell has a number in every case, so it is not the reply that other refused requests get.
pub(in crate::jupyter) fn refused_cell(execution_count: u32, error: ErrorOutput) -> Content {
    let ErrorOutput {
        ename,
        evalue,
        traceback,
    } = error;
    Content::ExecuteReply(ExecuteReply::Error {
        execution_count,
        ename,
        evalue,
        traceback,
    })
}

/// Whether code can be run as it stands.
pub(in crate::jupyter) fn is_complete_reply(completeness: Completeness) -> Content {
    Content::IsCompleteReply(match completeness {
        Completeness::Complete => IsCompleteReply::Complete,
        Completeness::Incomplete { indent } => IsCompleteReply::Incomplete { indent },
        Completeness::Invalid => IsCompleteReply::Invalid,
    })
}

/// What is known about a piece of code, if anything.
pub(in crate::jupyter) fn inspect_reply(data: Option<MimeBundle>) -> Content {
    Content::InspectReply(InspectReply {
        found: data.is_some(),
        data: data.unwrap_or_default(),
        metadata: Map::new(),
    })
}

/// How many characters fit beside a match.
const COLUMN: usize = 60;

/// The specification has room for the text of a match only; JupyterLab reads the rest from the metadata.
pub(in crate::jupyter) fn complete_reply(completions: Completions) -> Content {
    let Completions { matches, start, end } = completions;
    let types: Vec<Value> = matches
        .iter()
        .map(|Completion { text, kind, signature }| {
            let type_ = match signature {
                Some(signature) => in_column(kind, signature),
                None => kind.clone(),
            };
            let mut entry = json!({"start": start, "end": end, "text": text, "type": type_});
            if let Some(signature) = signature {
                entry["signature"] = json!(signature);
            }
            entry
        })
        .collect();
    let mut metadata = Map::new();
    metadata.insert("_jupyter_types_experimental".to_owned(), Value::Array(types));
    Content::CompleteReply(CompleteReply {
        matches: matches.into_iter().map(|completion| completion.text).collect(),
        cursor_start: start,
        cursor_end: end,
        metadata,
        status: ReplyStatus::Ok,
        error: None,
    })
}

/// What JupyterLab shows beside a match: what it is, in a word whose first letter is its sign, and of what takes arguments their
/// names. It writes all of it in small letters, as names of arguments are, and types are not.
fn in_column(kind: &str, signature: &str) -> String {
    let Some(names) = arguments(signature) else {
        return kind.to_owned();
    };
    let mut column = format!("{kind}({})", names.join(", "));
    if let Some((cut, _)) = column.char_indices().nth(COLUMN) {
        column.truncate(cut);
        column.push('…');
    }
    // JupyterLab would break the line at spaces, over the next match.
    column.replace(' ', "\u{a0}")
}

/// Behind the first bracket that is not among the parameters of its types.
fn beginning_of_arguments(function: &str) -> Option<usize> {
    let mut depth = 0usize;
    function.char_indices().find_map(|(at, character)| {
        match character {
            '<' => depth += 1,
            '>' if !function[..at].ends_with('-') => depth = depth.saturating_sub(1),
            '(' if depth == 0 => return Some(at + 1),
            _ => {}
        }
        None
    })
}

/// The names of what a function takes beside `self`; None for what is no function.
fn arguments(signature: &str) -> Option<Vec<&str>> {
    let (_, function) = signature.split_once("fn ")?;
    let start = beginning_of_arguments(function)?;
    let mut names = Vec::new();
    let (mut depth, mut begin) = (0usize, start);
    for (offset, character) in function[start..].char_indices() {
        let at = start + offset;
        match character {
            '(' | '[' | '<' => depth += 1,
            // That of `->` closes nothing.
            '>' if function[..at].ends_with('-') => {}
            ')' if depth == 0 => {
                names.push(&function[begin..at]);
                break;
            }
            ')' | ']' | '>' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                names.push(&function[begin..at]);
                begin = at + 1;
            }
            _ => {}
        }
    }
    let name = |part: &&str| part.contains(':');
    let names = names.into_iter().filter(name).filter_map(|part| part.split(':').next());
    Some(names.map(|name| name.trim().trim_start_matches("mut ")).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beside_a_match_stands_what_it_is_and_what_it_takes() {
        for (kind, signature, column) in [
            ("variable", "numbers: Vec<u64>", "variable"),
            ("function", "fn n(n: u8) -> u8", "function(n)"),
            ("method", "fn len(&self) -> usize", "method()"),
            (
                "method",
                "fn insert(&mut self, index: usize, element: T)",
                "method(index, element)",
            ),
            (
                "method",
                "const fn f<T: Fn(A) -> B>(mut self, map: HashMap<K, V>, g: fn(T, U) -> V) where T: Copy",
                "method(map, g)",
            ),
            ("macro", "macro_rules! println", "macro"),
            ("magic", "runs a function in processes", "magic"),
        ] {
            assert_eq!(in_column(kind, signature), column.replace(' ', "\u{a0}"));
        }
        let long = format!("fn f({})", "argument: u8, ".repeat(40));
        assert_eq!(in_column("function", &long).chars().count(), COLUMN + 1);
    }

    #[test]
    fn the_kind_of_a_match_is_in_the_metadata() {
        let matches = vec![Completion {
            text: "println!".to_owned(),
            kind: "macro".to_owned(),
            signature: Some("macro_rules! println".to_owned()),
        }];
        let reply = complete_reply(Completions {
            matches,
            start: 2,
            end: 5,
        });
        let Content::CompleteReply(reply) = reply else {
            panic!("{reply:?}");
        };
        assert_eq!(reply.matches, ["println!"]);
        assert_eq!((reply.cursor_start, reply.cursor_end), (2, 5));
        assert_eq!(
            reply.metadata["_jupyter_types_experimental"],
            json!([{"start": 2, "end": 5, "text": "println!", "type": "macro", "signature": "macro_rules! println"}])
        );
    }

    #[test]
    fn only_what_updates_find_has_an_id() {
        let json = |content| serde_json::to_value(output(3, content)).unwrap();
        let shown = session::Content::display(MimeBundle::new());
        assert_eq!(json(shown), json!({"data": {}, "metadata": {}, "transient": {}}));
        let update = session::Content::UpdateDisplayData {
            data: MimeBundle::new(),
            metadata: Map::new(),
            display_id: "a".to_owned(),
        };
        assert_eq!(
            json(update),
            json!({"data": {}, "metadata": {}, "transient": {"display_id": "a"}})
        );
        let result = session::Content::result(MimeBundle::new());
        assert_eq!(json(result), json!({"execution_count": 3, "data": {}, "metadata": {}}));
    }

    #[test]
    fn nothing_known_is_an_answer_too() {
        assert_eq!(
            serde_json::to_value(inspect_reply(None)).unwrap(),
            json!({"status": "ok", "found": false, "data": {}, "metadata": {}})
        );
    }
}

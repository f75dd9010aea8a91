//! What `%%capture` has kept, as the variable has it: what is left when all has been updated and cleared.

use parcell::display::{Captured, CapturedOutput};

use super::event::{Content, Stream, is_transient};

/// An output, and the name by which it is updated.
struct Shown {
    output: CapturedOutput,
    display_id: Option<String>,
}

pub(super) fn captured(contents: Vec<Content>) -> Captured {
    let mut shown: Vec<Shown> = Vec::new();
    let mut clears = false;
    for content in contents {
        if let Content::ClearOutput { wait } = content {
            clears = wait;
            if !wait {
                shown.clear();
            }
            continue;
        }
        if std::mem::take(&mut clears) {
            shown.clear();
        }
        add(&mut shown, content);
    }
    Captured::new(shown.into_iter().map(|shown| shown.output).collect())
}

fn add(shown: &mut Vec<Shown>, content: Content) {
    match content {
        Content::Stream { stream, text } => add_text(shown, stream, text),
        Content::DisplayData { metadata, .. } if is_transient(&metadata) => {}
        Content::DisplayData {
            data,
            metadata,
            display_id,
        } => shown.push(Shown {
            output: CapturedOutput::Display { data, metadata },
            display_id,
        }),
        Content::ExecuteResult { data, metadata } => shown.push(Shown {
            output: CapturedOutput::Display { data, metadata },
            display_id: None,
        }),
        Content::UpdateDisplayData {
            data,
            metadata,
            display_id,
        } => {
            for one in shown
                .iter_mut()
                .filter(|one| one.display_id.as_deref() == Some(&display_id))
            {
                one.output = CapturedOutput::Display {
                    data: data.clone(),
                    metadata: metadata.clone(),
                };
            }
        }
        // What goes on between widgets is no output.
        Content::ClearOutput { .. } | Content::Comm(_) => {}
    }
}

fn add_text(shown: &mut Vec<Shown>, stream: Stream, text: String) {
    let last = shown.last_mut().map(|last| &mut last.output);
    match (stream, last) {
        (Stream::Stdout, Some(CapturedOutput::Stdout(last))) | (Stream::Stderr, Some(CapturedOutput::Stderr(last))) => {
            last.push_str(&text);
        }
        (Stream::Stdout, _) => push(shown, CapturedOutput::Stdout(text)),
        (Stream::Stderr, _) => push(shown, CapturedOutput::Stderr(text)),
    }
}

fn push(shown: &mut Vec<Shown>, output: CapturedOutput) {
    let display_id = None;
    shown.push(Shown { output, display_id });
}

#[cfg(test)]
mod tests {
    use parcell::contract::display::NOTES;
    use serde_json::json;

    use super::*;
    use crate::session::event::{Metadata, MimeBundle};

    fn text(stream: Stream, text: &str) -> Content {
        Content::Stream {
            stream,
            text: text.to_owned(),
        }
    }

    fn data(text: &str) -> MimeBundle {
        MimeBundle::from_iter([("text/plain".to_owned(), json!(text))])
    }

    fn display(text: &str, display_id: Option<&str>) -> Content {
        Content::DisplayData {
            data: data(text),
            metadata: Metadata::new(),
            display_id: display_id.map(str::to_owned),
        }
    }

    /// In words, one after the other.
    fn kept(contents: Vec<Content>) -> Vec<String> {
        let outputs = captured(contents).outputs.into_iter();
        outputs
            .map(|output| match output {
                CapturedOutput::Stdout(text) => format!("out {text}"),
                CapturedOutput::Stderr(text) => format!("err {text}"),
                CapturedOutput::Display { data, .. } => format!("show {}", data["text/plain"]),
            })
            .collect()
    }

    #[test]
    fn texts_are_put_together_and_updates_made() {
        let update = Content::UpdateDisplayData {
            data: data("new"),
            metadata: Metadata::new(),
            display_id: "a".to_owned(),
        };
        let contents = vec![
            text(Stream::Stdout, "1"),
            text(Stream::Stdout, "2"),
            text(Stream::Stderr, "3"),
            display("old", Some("a")),
            text(Stream::Stdout, "4"),
            update,
            Content::result(data("value")),
        ];
        assert_eq!(
            kept(contents),
            ["out 12", "err 3", "show \"new\"", "out 4", "show \"value\""]
        );
    }

    #[test]
    fn what_is_cleared_is_not_kept() {
        let clear = |wait| Content::ClearOutput { wait };
        let note = Content::DisplayData {
            data: data("progress"),
            metadata: Metadata::from_iter([(NOTES.to_owned(), json!({"transient": true}))]),
            display_id: None,
        };
        let contents = |wait| vec![text(Stream::Stdout, "1"), note.clone(), clear(wait)];
        assert_eq!(kept(contents(false)), Vec::<String>::new());
        assert_eq!(kept(contents(true)), ["out 1"]);
        let more = [contents(true), vec![text(Stream::Stdout, "2")]].concat();
        assert_eq!(kept(more), ["out 2"]);
    }
}

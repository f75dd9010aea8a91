//! What one cell put out, as a notebook records it.

use serde_json::{Value, json};

use crate::session::{CellError, Content, MimeBundle, Stream};

/// The outputs of one executed cell, in the order in which they came.
#[derive(Debug)]
pub(super) struct Outputs {
    execution_count: u32,
    entries: Vec<Entry>,
}

#[derive(Debug)]
enum Entry {
    Stream { stream: Stream, text: String },
    Display(MimeBundle),
    Result(MimeBundle),
    Error(CellError),
}

impl Outputs {
    pub(super) fn new(execution_count: u32) -> Outputs {
        Outputs {
            execution_count,
            entries: Vec::new(),
        }
    }

    pub(super) fn execution_count(&self) -> u32 {
        self.execution_count
    }

    /// Adds what the cell put out. Text that follows text of the same stream becomes one output with it.
    pub(super) fn push(&mut self, content: Content) {
        match content {
            Content::Stream { stream, text } => self.push_text(stream, text),
            Content::DisplayData { data } => self.entries.push(Entry::Display(data)),
            Content::ExecuteResult { data } => self.entries.push(Entry::Result(data)),
        }
    }

    /// Adds the account of how the cell failed.
    pub(super) fn push_error(&mut self, error: CellError) {
        self.entries.push(Entry::Error(error));
    }

    /// The outputs as nbformat 4 writes them.
    pub(super) fn into_values(self) -> Vec<Value> {
        let execution_count = self.execution_count;
        self.entries
            .into_iter()
            .map(|entry| entry.into_value(execution_count))
            .collect()
    }

    fn push_text(&mut self, stream: Stream, text: String) {
        match self.entries.last_mut() {
            _ if text.is_empty() => {}
            Some(Entry::Stream {
                stream: last,
                text: before,
            }) if *last == stream => before.push_str(&text),
            _ => self.entries.push(Entry::Stream { stream, text }),
        }
    }
}

impl Entry {
    fn into_value(self, execution_count: u32) -> Value {
        match self {
            Entry::Stream { stream, text } => {
                json!({"output_type": "stream", "name": stream.name(), "text": lines(&text)})
            }
            Entry::Display(data) => json!({"output_type": "display_data", "data": bundle(data), "metadata": {}}),
            Entry::Result(data) => json!({
                "output_type": "execute_result",
                "execution_count": execution_count,
                "data": bundle(data),
                "metadata": {},
            }),
            Entry::Error(CellError {
                ename,
                evalue,
                traceback,
            }) => {
                json!({"output_type": "error", "ename": ename, "evalue": evalue, "traceback": traceback})
            }
        }
    }
}

/// Text as nbformat prefers it: a list of lines, which keep differences between versions of a notebook small.
pub(super) fn lines(text: &str) -> Value {
    text.split_inclusive('\n').map(Value::from).collect()
}

/// Representations as nbformat allows them: text, except where the MIME type is one of JSON.
fn bundle(data: MimeBundle) -> Value {
    let entries = data.into_iter().map(|(mime, value)| {
        let value = match value {
            value if is_json(&mime) => value,
            Value::String(text) if is_in_lines(&mime) => lines(&text),
            Value::String(text) => text.into(),
            value => value.to_string().into(),
        };
        (mime, value)
    });
    Value::Object(entries.collect())
}

/// Jupyter divides into lines what people may want to compare, and leaves encoded data in one piece.
fn is_in_lines(mime: &str) -> bool {
    mime.starts_with("text/") || matches!(mime, "application/javascript" | "image/svg+xml")
}

fn is_json(mime: &str) -> bool {
    mime == "application/json" || (mime.starts_with("application/") && mime.ends_with("+json"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(stream: Stream, text: &str) -> Content {
        Content::Stream {
            stream,
            text: text.to_owned(),
        }
    }

    fn data(value: Value) -> MimeBundle {
        let Value::Object(data) = value else { panic!("{value}") };
        data
    }

    #[test]
    fn text_of_one_stream_is_merged_until_something_comes_between() {
        let mut outputs = Outputs::new(1);
        outputs.push(text(Stream::Stdout, "a"));
        outputs.push(text(Stream::Stdout, "b\nc\n"));
        outputs.push(text(Stream::Stderr, "oh\n"));
        outputs.push(text(Stream::Stdout, ""));
        outputs.push(text(Stream::Stderr, "no\n"));
        outputs.push(text(Stream::Stdout, "d"));
        let expected = json!([
            {"output_type": "stream", "name": "stdout", "text": ["ab\n", "c\n"]},
            {"output_type": "stream", "name": "stderr", "text": ["oh\n", "no\n"]},
            {"output_type": "stream", "name": "stdout", "text": ["d"]},
        ]);
        assert_eq!(Value::from(outputs.into_values()), expected);
    }

    #[test]
    fn overwritten_lines_stay_as_they_came() {
        let mut outputs = Outputs::new(1);
        outputs.push(text(Stream::Stdout, "10 %\r"));
        outputs.push(text(Stream::Stdout, "20 %\r\n"));
        assert_eq!(outputs.into_values()[0]["text"], json!(["10 %\r20 %\r\n"]));
    }

    #[test]
    fn results_carry_the_execution_count_and_displays_do_not() {
        let mut outputs = Outputs::new(7);
        outputs.push(Content::DisplayData {
            data: data(json!({"image/png": "aGk="})),
        });
        outputs.push(Content::ExecuteResult {
            data: data(json!({"text/plain": "1\n2"})),
        });
        let expected = json!([
            {"output_type": "display_data", "data": {"image/png": "aGk="}, "metadata": {}},
            {"output_type": "execute_result", "execution_count": 7, "metadata": {},
             "data": {"text/plain": ["1\n", "2"]}},
        ]);
        assert_eq!(Value::from(outputs.into_values()), expected);
    }

    #[test]
    fn only_mime_types_of_json_hold_json() {
        let mut outputs = Outputs::new(1);
        let given = json!({"application/json": {"a": 1}, "application/vnd.x+json": [1], "text/plain": 3});
        outputs.push(Content::DisplayData { data: data(given) });
        let expected = json!({"application/json": {"a": 1}, "application/vnd.x+json": [1], "text/plain": "3"});
        assert_eq!(outputs.into_values()[0]["data"], expected);
    }

    #[test]
    fn an_error_is_recorded_in_full() {
        let mut outputs = Outputs::new(1);
        outputs.push_error(CellError {
            ename: "Panic".into(),
            evalue: "boom".into(),
            traceback: vec!["at 1".into()],
        });
        let expected = json!([{"output_type": "error", "ename": "Panic", "evalue": "boom", "traceback": ["at 1"]}]);
        assert_eq!(Value::from(outputs.into_values()), expected);
    }
}

//! What one cell put out, as a notebook records it.

use serde_json::{Value, json};

use super::event::{CellError, Content, Metadata, MimeBundle, Stream};
use super::left_out::LeftOut;

/// The most that a notebook file keeps of what one cell prints, in bytes. A cell that prints without end must not fill the
/// memory.
const MOST: usize = 16 << 20;
/// The same of an output widget, which is told all of it whenever there is more.
const MOST_IN_WIDGET: usize = 1 << 17;

/// The outputs of one executed cell, in the order in which they came.
#[derive(Clone, Debug)]
pub(crate) struct Outputs {
    execution_count: u32,
    entries: Vec<Entry>,
    /// What there is goes when there is something new.
    clears: bool,
    /// The most that is kept of what is printed, in bytes.
    most: usize,
    /// Who keeps no more, as notices tell it.
    keeper: &'static str,
    /// How much has been printed of what is kept.
    printed: usize,
    /// What has been printed since, up to something else.
    left_out: LeftOut,
}

#[derive(Clone, Debug)]
enum Entry {
    Stream {
        stream: Stream,
        text: String,
    },
    Display {
        data: MimeBundle,
        metadata: Metadata,
        display_id: Option<String>,
    },
    Result {
        data: MimeBundle,
        metadata: Metadata,
    },
    Error(CellError),
}

impl Outputs {
    pub(crate) fn new(execution_count: u32) -> Outputs {
        Outputs {
            execution_count,
            entries: Vec::new(),
            clears: false,
            most: MOST,
            keeper: "a notebook keeps 16 MiB of what a cell prints",
            printed: 0,
            left_out: LeftOut::default(),
        }
    }

    /// Those of an output widget.
    pub(crate) fn of_widget() -> Outputs {
        Outputs {
            most: MOST_IN_WIDGET,
            keeper: "an output widget keeps 128 KiB of what is printed",
            ..Outputs::new(0)
        }
    }

    pub(crate) fn execution_count(&self) -> u32 {
        self.execution_count
    }

    /// Adds what the cell put out. Text that follows text of the same stream becomes one output with it.
    ///
    /// An update is no output; `update` takes it.
    pub(crate) fn push(&mut self, content: Content) {
        match content {
            Content::Stream { stream, text } => self.push_text(stream, text),
            Content::DisplayData {
                data,
                metadata,
                display_id,
            } => self.add(Entry::Display {
                data,
                metadata,
                display_id,
            }),
            // What goes on between widgets is no output.
            Content::UpdateDisplayData { .. } | Content::Comm(_) => {}
            Content::ExecuteResult { data, metadata } => self.add(Entry::Result { data, metadata }),
            Content::ClearOutput { wait: true } => self.clears = true,
            Content::ClearOutput { wait: false } => self.clear(),
        }
    }

    /// Puts something else in the place of what was displayed under this name.
    pub(crate) fn update(&mut self, display_id: &str, new_data: &MimeBundle, new_metadata: &Metadata) {
        for entry in &mut self.entries {
            if let Entry::Display {
                data,
                metadata,
                display_id: Some(id),
            } = entry
                && id == display_id
            {
                data.clone_from(new_data);
                metadata.clone_from(new_metadata);
            }
        }
    }

    /// Adds the account of how the cell failed.
    pub(crate) fn push_error(&mut self, error: CellError) {
        self.add(Entry::Error(error));
    }

    /// The outputs as nbformat 4 writes them.
    pub(crate) fn into_values(mut self) -> Vec<Value> {
        self.tell_left_out();
        let execution_count = self.execution_count;
        self.entries
            .into_iter()
            .map(|entry| entry.into_value(execution_count))
            .collect()
    }

    fn push_text(&mut self, stream: Stream, mut text: String) {
        if self.clears && !text.is_empty() {
            self.clear();
        }
        let rest = text.split_off(text.floor_char_boundary(self.most - self.printed));
        self.printed += text.len();
        self.append(stream, text);
        if !rest.is_empty() {
            // Nothing shorter that follows must take its place.
            self.printed = self.most;
            self.left_out.add(&rest);
        }
    }

    /// Says what was left out, if anything was.
    fn tell_left_out(&mut self) {
        let left_out = std::mem::take(&mut self.left_out);
        if !left_out.is_empty() {
            let text = format!("parcell: {left_out} left out here: {}\n", self.keeper);
            self.append(Stream::Stderr, text);
        }
    }

    fn append(&mut self, stream: Stream, text: String) {
        match self.entries.last_mut() {
            _ if text.is_empty() => {}
            Some(Entry::Stream {
                stream: last,
                text: before,
            }) if *last == stream => before.push_str(&text),
            _ => self.entries.push(Entry::Stream { stream, text }),
        }
    }

    fn add(&mut self, entry: Entry) {
        if self.clears {
            self.clear();
        }
        self.tell_left_out();
        self.entries.push(entry);
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.clears = false;
        self.printed = 0;
        self.left_out = LeftOut::default();
    }
}

impl Entry {
    fn into_value(self, execution_count: u32) -> Value {
        match self {
            Entry::Stream { stream, text } => {
                json!({"output_type": "stream", "name": stream.name(), "text": lines(&text)})
            }
            Entry::Display { data, metadata, .. } => {
                json!({"output_type": "display_data", "data": bundle(data), "metadata": metadata})
            }
            Entry::Result { data, metadata } => json!({
                "output_type": "execute_result",
                "execution_count": execution_count,
                "data": bundle(data),
                "metadata": metadata,
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
pub(crate) fn lines(text: &str) -> Value {
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
    fn what_is_printed_without_end_is_cut_with_a_notice() {
        let mut outputs = Outputs::new(1);
        let line = format!("{}\n", "é".repeat(1 << 19));
        for _ in 0..20 {
            outputs.push(text(Stream::Stdout, &line));
        }
        outputs.push(text(Stream::Stderr, "x\n"));
        outputs.push(Content::display(data(json!({"text/plain": "1"}))));
        outputs.push(text(Stream::Stdout, "y\n"));
        let values = outputs.into_values();
        let texts = |index: usize| values[index]["text"].as_array().unwrap();
        let kept: usize = texts(0).iter().map(|text| text.as_str().unwrap().len()).sum();
        assert!(kept <= MOST && kept > MOST - 2, "{kept}");
        let bytes = 20 * line.len() - kept + 2;
        let notice =
            format!("parcell: 6 lines ({bytes} bytes) left out here: a notebook keeps 16 MiB of what a cell prints\n");
        assert_eq!(texts(1)[..], [notice]);
        assert_eq!(values[2]["output_type"], "display_data");
        let rest = "parcell: 1 line (2 bytes) left out here: a notebook keeps 16 MiB of what a cell prints\n";
        assert_eq!(texts(3)[..], [rest]);
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
        outputs.push(Content::display(data(json!({"image/png": "aGk="}))));
        outputs.push(Content::result(data(json!({"text/plain": "1\n2"}))));
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
        outputs.push(Content::display(data(given)));
        let expected = json!({"application/json": {"a": 1}, "application/vnd.x+json": [1], "text/plain": "3"});
        assert_eq!(outputs.into_values()[0]["data"], expected);
    }

    fn named(display_id: &str, text: &str) -> Content {
        Content::DisplayData {
            data: data(json!({"text/plain": text})),
            metadata: data(json!({"text/plain": {"of": display_id}})),
            display_id: Some(display_id.to_owned()),
        }
    }

    #[test]
    fn an_update_takes_the_place_of_what_has_its_name() {
        let mut outputs = Outputs::new(1);
        for content in [named("a", "1"), named("b", "2"), named("a", "3")] {
            outputs.push(content);
        }
        outputs.update("a", &data(json!({"text/plain": "new"})), &Metadata::new());
        outputs.update("c", &data(json!({"text/plain": "nobody's"})), &Metadata::new());
        let values = outputs.into_values();
        let texts: Vec<_> = values.iter().map(|value| &value["data"]["text/plain"][0]).collect();
        assert_eq!(texts, ["new", "2", "new"]);
        assert_eq!(values[0]["metadata"], json!({}));
        assert_eq!(values[1]["metadata"], json!({"text/plain": {"of": "b"}}));
        assert_eq!(values[1].get("transient"), None);
    }

    #[test]
    fn output_is_cleared_at_once_or_by_what_comes_next() {
        let mut outputs = Outputs::new(1);
        outputs.push(text(Stream::Stdout, "a\n"));
        outputs.push(Content::ClearOutput { wait: false });
        assert!(outputs.entries.is_empty());
        outputs.push(text(Stream::Stdout, "b\n"));
        outputs.push(Content::ClearOutput { wait: true });
        assert_eq!(outputs.entries.len(), 1);
        outputs.push(text(Stream::Stdout, "c\n"));
        outputs.push(text(Stream::Stdout, "d\n"));
        assert_eq!(outputs.into_values()[0]["text"], json!(["c\n", "d\n"]));
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

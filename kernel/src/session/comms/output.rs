//! What goes to an output widget instead of below its cell.

use std::time::{Duration, Instant};

use parcell::contract::comms::Payload;
use serde_json::{Value, json};

use crate::session::event::{CellError, Content};
use crate::session::outputs::Outputs;

/// How often the widget is told. It is told everything each time.
const PACE: Duration = Duration::from_millis(50);

/// The trait of output widgets that has their outputs.
pub(crate) const OUTPUTS: &str = "outputs";

/// What is kept for one output widget.
#[derive(Debug)]
pub(super) struct Capture {
    pub(super) comm_id: String,
    outputs: Outputs,
    /// Since when it has something that the widget has not been told.
    untold: Option<Instant>,
}

impl Capture {
    /// Nothing yet: what the widget had goes.
    pub(super) fn new(comm_id: String, now: Instant) -> Capture {
        Capture {
            comm_id,
            outputs: Outputs::of_widget(),
            untold: Some(now),
        }
    }

    pub(super) fn push(&mut self, content: Content, now: Instant) {
        match content {
            Content::UpdateDisplayData {
                data,
                metadata,
                display_id,
            } => self.outputs.update(&display_id, &data, &metadata),
            content => self.outputs.push(content),
        }
        self.untold.get_or_insert(now);
    }

    pub(super) fn push_error(&mut self, error: CellError, now: Instant) {
        self.outputs.push_error(error);
        self.untold.get_or_insert(now);
    }

    /// When the widget is to be told.
    pub(super) fn deadline(&self) -> Option<Instant> {
        Some(self.untold? + PACE)
    }

    /// The outputs, where the widget has not been told of them.
    pub(super) fn take_untold(&mut self) -> Option<Value> {
        self.untold.take()?;
        Some(self.outputs.clone().into_values().into_iter().map(whole).collect())
    }
}

/// That the widget has these outputs now.
pub(super) fn update(outputs: &Value) -> Payload {
    Payload::update(json!({OUTPUTS: outputs}), json!([]), Vec::new())
}

/// An output with its texts in one piece, as messages have them.
fn whole(mut output: Value) -> Value {
    let join = |value: &mut Value| {
        if let Value::Array(lines) = value
            && lines.iter().all(Value::is_string)
        {
            *value = lines.iter().filter_map(Value::as_str).collect::<String>().into();
        }
    };
    if let Some(text) = output.get_mut("text") {
        join(text);
    }
    if let Some(Value::Object(data)) = output.get_mut("data") {
        let texts = data.iter_mut().filter(|(mime, _)| !mime.ends_with("json"));
        texts.for_each(|(_, value)| join(value));
    }
    output
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session::event::Stream;

    fn printed(text: &str) -> Content {
        Content::Stream {
            stream: Stream::Stdout,
            text: text.to_owned(),
        }
    }

    #[test]
    fn the_widget_is_told_everything_at_its_pace() {
        let now = Instant::now();
        let mut capture = Capture::new("a".to_owned(), now);
        assert_eq!(capture.deadline(), Some(now + PACE));
        assert_eq!(capture.take_untold(), Some(json!([])));
        assert_eq!((capture.deadline(), capture.take_untold()), (None, None));
        capture.push(printed("one\ntwo\n"), now);
        capture.push(printed("three"), now + PACE);
        assert_eq!(capture.deadline(), Some(now + PACE));
        let stream = json!({"output_type": "stream", "name": "stdout", "text": "one\ntwo\nthree"});
        assert_eq!(capture.take_untold(), Some(json!([stream])));
    }

    #[test]
    fn a_flood_is_cut() {
        let now = Instant::now();
        let mut capture = Capture::new("a".to_owned(), now);
        for _ in 0..300 {
            capture.push(printed(&format!("{}\n", "x".repeat(1023))), now);
        }
        let told = capture.take_untold().unwrap();
        let kept = told[0]["text"].as_str().unwrap();
        assert_eq!(kept.len(), 128 << 10);
        assert_eq!(
            told[1]["text"],
            "parcell: 172 lines (176128 bytes) left out here: an output widget keeps 128 KiB of what is printed\n"
        );
    }

    #[test]
    fn what_is_json_stays_a_list() {
        let data = json!({"text/plain": ["a\n", "b"], "application/json": ["a", "b"]});
        let shown = whole(json!({"output_type": "display_data", "data": data}));
        assert_eq!(
            shown["data"],
            json!({"text/plain": "a\nb", "application/json": ["a", "b"]})
        );
    }
}

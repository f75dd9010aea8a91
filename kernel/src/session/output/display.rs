//! From the blocks in a stream to what a notebook shows.

use serde_json::Value;

use crate::session::event::{Content, MimeBundle};

/// The library's word for the value of a cell's last expression.
const RESULT: &str = "application/vnd.parcell.result+json";
/// The library's word for a panic.
pub(super) const PANIC: &str = "application/vnd.parcell.panic+json";
/// The library's word for a failure that ends the cell.
pub(super) const ERROR: &str = "application/vnd.parcell.error+json";

/// Puts blocks together: several that follow each other are representations of one thing, unless one would be
/// there twice.
#[derive(Debug, Default)]
pub(super) struct Displays {
    pending: MimeBundle,
}

impl Displays {
    /// Takes a block, and gives what is complete by it, in order.
    pub(super) fn take(&mut self, mime: &str, content: String) -> Vec<Content> {
        if mime == RESULT {
            let result = match serde_json::from_str(&content) {
                Ok(Value::Object(data)) => data,
                _ => MimeBundle::from_iter([("text/plain".to_owned(), content.into())]),
            };
            return self
                .finish()
                .into_iter()
                .chain([Content::ExecuteResult { data: result }])
                .collect();
        }
        let finished = if self.pending.contains_key(mime) {
            self.finish()
        } else {
            None
        };
        self.pending.insert(mime.to_owned(), value(mime, content));
        finished.into_iter().collect()
    }

    /// What has been put together: something else follows.
    pub(super) fn finish(&mut self) -> Option<Content> {
        let data = std::mem::take(&mut self.pending);
        (!data.is_empty()).then_some(Content::DisplayData { data })
    }

    pub(super) fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }
}

/// The specification wants JSON as JSON and all else as a string.
fn value(mime: &str, content: String) -> Value {
    let is_json = mime == "application/json" || (mime.starts_with("application/") && mime.ends_with("+json"));
    match serde_json::from_str(&content) {
        Ok(value) if is_json => value,
        _ => Value::String(content),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn display(data: Value) -> Content {
        let Value::Object(data) = data else {
            panic!("not an object")
        };
        Content::DisplayData { data }
    }

    #[test]
    fn representations_of_one_thing_are_put_together() {
        let mut displays = Displays::default();
        assert_eq!(displays.take("text/plain", "1".into()), []);
        assert_eq!(displays.take("text/html", "<1>".into()), []);
        let first = display(json!({"text/plain": "1", "text/html": "<1>"}));
        assert_eq!(displays.take("text/html", "<2>".into()), [first]);
        assert_eq!(displays.finish(), Some(display(json!({"text/html": "<2>"}))));
        assert_eq!(displays.finish(), None);
    }

    #[test]
    fn a_result_is_told_apart_and_keeps_its_place() {
        let mut displays = Displays::default();
        displays.take("application/json", "{\"a\": 1}".into());
        let shown = displays.take(RESULT, "{\"text/plain\":\"7\"}".into());
        let Value::Object(data) = json!({"text/plain": "7"}) else {
            unreachable!()
        };
        assert_eq!(
            shown,
            [
                display(json!({"application/json": {"a": 1}})),
                Content::ExecuteResult { data }
            ]
        );
    }
}

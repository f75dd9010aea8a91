//! From the blocks in a stream to what a notebook shows.

use parcell::contract::display::Message;
use parcell::contract::mime;
use serde_json::Value;

use crate::session::event::{Content, MimeBundle};

/// Puts blocks of crates together: several that follow each other are representations of one thing, unless one would
/// be there twice. A block of the library's is whole.
#[derive(Debug, Default)]
pub(super) struct Displays {
    pending: MimeBundle,
}

impl Displays {
    /// Takes a block, and gives what is complete by it, in order.
    pub(super) fn take(&mut self, mime: &str, content: String) -> Vec<Content> {
        if mime == mime::DISPLAY {
            return self.finish().into_iter().chain([message(content)]).collect();
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
        (!data.is_empty()).then(|| Content::display(data))
    }

    pub(super) fn is_pending(&self) -> bool {
        !self.pending.is_empty()
    }
}

fn message(content: String) -> Content {
    match serde_json::from_str(&content) {
        Ok(Message::DisplayData {
            data,
            metadata,
            display_id,
        }) => Content::DisplayData {
            data: data.into_owned(),
            metadata: metadata.into_owned(),
            display_id: Some(display_id.into_owned()),
        },
        Ok(Message::UpdateDisplayData {
            data,
            metadata,
            display_id,
        }) => Content::UpdateDisplayData {
            data: data.into_owned(),
            metadata: metadata.into_owned(),
            display_id: display_id.into_owned(),
        },
        Ok(Message::ExecuteResult { data, metadata }) => Content::ExecuteResult {
            data: data.into_owned(),
            metadata: metadata.into_owned(),
        },
        Ok(Message::ClearOutput { wait }) => Content::ClearOutput { wait },
        Err(error) => {
            // A cell printed it, and may see it.
            tracing::warn!(%error, "not a message of the library");
            Content::display(MimeBundle::from_iter([("text/plain".to_owned(), content.into())]))
        }
    }
}

/// The specification wants JSON as JSON and all else as a string.
fn value(mime: &str, content: String) -> Value {
    let is_json = mime == "application/json" || (mime.starts_with("application/") && mime.ends_with("+json"));
    if is_json && let Ok(value) = serde_json::from_str(&content) {
        return value;
    }
    Value::String(content)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(data: Value) -> MimeBundle {
        let Value::Object(data) = data else {
            panic!("not an object")
        };
        data
    }

    fn display(data: Value) -> Content {
        Content::display(object(data))
    }

    fn said(message: Value) -> Vec<Content> {
        Displays::default().take(mime::DISPLAY, message.to_string())
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
        let result = json!({"message": "execute_result", "data": {"text/plain": "7"}, "metadata": {}});
        let shown = displays.take(mime::DISPLAY, result.to_string());
        assert_eq!(
            shown,
            [
                display(json!({"application/json": {"a": 1}})),
                Content::result(object(json!({"text/plain": "7"})))
            ]
        );
    }

    #[test]
    fn the_library_says_whole_messages() {
        let (data, metadata) = (json!({"image/png": "aGk="}), json!({"image/png": {"width": 3}}));
        let message = |kind: &str| json!({"message": kind, "data": data, "metadata": metadata, "display_id": "a"});
        let shown = Content::DisplayData {
            data: object(data.clone()),
            metadata: object(metadata.clone()),
            display_id: Some("a".to_owned()),
        };
        assert_eq!(said(message("display_data")), [shown]);
        let updated = Content::UpdateDisplayData {
            data: object(data.clone()),
            metadata: object(metadata.clone()),
            display_id: "a".to_owned(),
        };
        assert_eq!(said(message("update_display_data")), [updated]);
        assert_eq!(
            said(json!({"message": "clear_output", "wait": true})),
            [Content::ClearOutput { wait: true }]
        );
    }

    #[test]
    fn what_only_looks_like_a_message_is_text() {
        let shown = said(json!({"message": "stream", "text": "x"}));
        assert_eq!(
            shown,
            [display(
                json!({"text/plain": "{\"message\":\"stream\",\"text\":\"x\"}"})
            )]
        );
    }
}

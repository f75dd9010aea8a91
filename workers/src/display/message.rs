//! What is said to a notebook about things to be shown: each message is a block amid standard output, so that it keeps
//! its place among what is printed.

use serde::Serialize;

use super::MimeBundle;
use crate::{notebook, protocol};

/// The type of the block's content.
const MIME: &str = "application/vnd.parcell.display+json";

/// Named and filled as Jupyter's messages are.
#[derive(Serialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub(crate) enum Message<'a> {
    DisplayData {
        #[serde(flatten)]
        bundle: &'a MimeBundle,
        display_id: &'a str,
    },
    UpdateDisplayData {
        #[serde(flatten)]
        bundle: &'a MimeBundle,
        display_id: &'a str,
    },
    ExecuteResult {
        #[serde(flatten)]
        bundle: &'a MimeBundle,
    },
    ClearOutput {
        wait: bool,
    },
}

impl Message<'_> {
    /// Tells the notebook, or, in a program that is none, prints the plain text.
    pub(super) fn send(&self) {
        if notebook::is_notebook() {
            self.write();
        } else if let Some(text) = self.text() {
            println!("{text}");
        }
    }

    /// Tells the notebook.
    pub(crate) fn write(&self) {
        protocol::write_stdout(MIME, self);
    }

    fn text(&self) -> Option<&str> {
        match self {
            Message::DisplayData { bundle, .. }
            | Message::UpdateDisplayData { bundle, .. }
            | Message::ExecuteResult { bundle } => Some(bundle.text()),
            Message::ClearOutput { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_message_is_one_flat_object() {
        let bundle = MimeBundle::new().with("text/plain", "x");
        let message = Message::DisplayData {
            bundle: &bundle,
            display_id: "a",
        };
        assert_eq!(
            serde_json::to_value(message).unwrap(),
            json!({"message": "display_data", "data": {"text/plain": "x"}, "metadata": {}, "display_id": "a"})
        );
        assert_eq!(
            serde_json::to_value(Message::ClearOutput { wait: true }).unwrap(),
            json!({"message": "clear_output", "wait": true})
        );
    }
}

//! What is said to a notebook about things to be shown: each message is a block amid standard output, so that it keeps
//! its place among what is printed.

use std::borrow::Cow;

use super::MimeBundle;
use super::bundle::text_of;
pub(crate) use crate::contract::display::Message;
use crate::contract::mime;
use crate::{notebook, protocol};

impl<'a> Message<'a> {
    /// Something is shown under a name.
    pub(super) fn display_data(bundle: &'a MimeBundle, display_id: &'a str) -> Self {
        Self::DisplayData {
            data: Cow::Borrowed(&bundle.data),
            metadata: Cow::Borrowed(&bundle.metadata),
            display_id: display_id.into(),
        }
    }

    /// What was shown under this name is changed.
    pub(super) fn update_display_data(bundle: &'a MimeBundle, display_id: &'a str) -> Self {
        Self::UpdateDisplayData {
            data: Cow::Borrowed(&bundle.data),
            metadata: Cow::Borrowed(&bundle.metadata),
            display_id: display_id.into(),
        }
    }

    /// The cell's result.
    pub(crate) fn execute_result(bundle: &'a MimeBundle) -> Self {
        Self::ExecuteResult {
            data: Cow::Borrowed(&bundle.data),
            metadata: Cow::Borrowed(&bundle.metadata),
        }
    }

    /// Tells the notebook, or, in a program that is none, prints the plain text.
    #[expect(clippy::print_stdout, reason = "in a program, what it displays is printed")]
    pub(crate) fn send(&self) {
        if notebook::is_notebook() {
            self.write();
        } else if let Some(text) = self.text() {
            println!("{text}");
        }
    }

    /// Tells the notebook.
    fn write(&self) {
        protocol::write_stdout(mime::DISPLAY, self);
    }

    fn text(&self) -> Option<&str> {
        match self {
            Message::DisplayData { data, .. }
            | Message::UpdateDisplayData { data, .. }
            | Message::ExecuteResult { data, .. } => Some(text_of(data)),
            Message::ClearOutput { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_message_is_one_flat_object() {
        let bundle = MimeBundle::new().with("text/plain", "x");
        let message = Message::display_data(&bundle, "a");
        assert_eq!(
            serde_json::to_value(message).unwrap(),
            json!({"message": "display_data", "data": {"text/plain": "x"}, "metadata": {}, "display_id": "a"})
        );
        assert_eq!(
            serde_json::to_value(Message::ClearOutput { wait: true }).unwrap(),
            json!({"message": "clear_output", "wait": true})
        );
    }

    #[test]
    fn a_program_prints_the_plain_text() {
        let bundle = MimeBundle::new().with("text/html", "<b>x</b>").with("text/plain", "x");
        assert_eq!(Message::update_display_data(&bundle, "a").text(), Some("x"));
        assert_eq!(Message::execute_result(&MimeBundle::new()).text(), Some(""));
        assert_eq!(Message::ClearOutput { wait: true }.text(), None);
    }
}

//! What cells say on the host's control socket, where nothing that they print can get between.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

/// The control line that says that a variable cannot be had any more; its name follows.
pub const VARIABLE_CHANGED_TYPE: &str = "EVCXR_VARIABLE_CHANGED_TYPE:";

/// The control line that says that `?` left the cell.
pub const USER_ERROR_OCCURRED: &str = "EVCXR_ERROR_OCCURRED";

/// The control line that says that a panic ended the cell.
pub const PANICKED: &str = "EVCXR_PANIC_NOTIFICATION";

/// The control line that names a file that the session is to read; its path follows.
pub const FILE: &str = "PARCELL_FILE:";

/// What is said, one message each.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
pub enum ControlMessage<'a> {
    /// A line of the code that is generated for cells.
    ControlLine(Cow<'a, str>),
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TEXTS, returns, travels};
    use super::*;

    #[test]
    fn a_control_line_arrives_as_it_was_sent() {
        let message = ControlMessage::ControlLine(USER_ERROR_OCCURRED.into());
        travels(&message, r#"{"ControlLine":"EVCXR_ERROR_OCCURRED"}"#);
        for text in TEXTS {
            returns(&ControlMessage::ControlLine(text.into()));
        }
    }
}

//! Comms: what cells and the notebook's front end say to each other, in Jupyter's words
//! (<https://jupyter-client.readthedocs.io/en/stable/messaging.html#custom-messages>), and what the library asks the host
//! about it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

/// The target of comms that are widgets' models.
pub const WIDGET_TARGET: &str = "jupyter.widget";

/// The version of the widgets' protocol, which every model's `comm_open` carries in its metadata as `version`.
pub const WIDGET_PROTOCOL: &str = "2.1.0";

/// Under this name in the data is what of the widgets' protocol a message is.
pub const METHOD: &str = "method";

/// The method of messages that change traits.
pub const UPDATE: &str = "update";

/// The method of messages that are a widget's own.
pub const CUSTOM: &str = "custom";

/// Under this name in the data are traits.
pub const STATE: &str = "state";

/// What is said on a comm, either way.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "message", rename_all = "snake_case")]
pub enum CommMessage {
    /// There is a comm of this name from now on.
    CommOpen {
        /// Its name.
        comm_id: String,
        /// Who is to be at the other end.
        target_name: String,
        /// What it begins with.
        payload: Payload,
    },
    /// Something is said on it.
    CommMsg {
        /// Its name.
        comm_id: String,
        /// What is said.
        payload: Payload,
    },
    /// It is no more.
    CommClose {
        /// Its name.
        comm_id: String,
        /// The last words.
        payload: Payload,
    },
}

/// What goes with a message.
#[derive(Clone, Debug, Default, Deserialize, PartialEq, Serialize)]
pub struct Payload {
    /// An object.
    pub data: Map<String, Value>,
    /// What is said of it.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub metadata: Map<String, Value>,
    /// What is binary, in base64.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub buffers: Vec<String>,
}

impl Payload {
    /// What these data are, which are an object.
    ///
    /// # Panics
    ///
    /// If they are something else.
    pub fn of(data: Value) -> Self {
        match data {
            Value::Object(data) => Self {
                data,
                ..Self::default()
            },
            other => panic!("the data of a comm's message are an object, not {other}"),
        }
    }

    /// That these traits of a widget have changed; what of them is binary belongs where the paths say.
    pub fn update(state: Value, buffer_paths: Value, buffers: Vec<String>) -> Self {
        Self {
            buffers,
            ..Self::of(json!({METHOD: UPDATE, STATE: state, "buffer_paths": buffer_paths}))
        }
    }

    /// What of the widgets' protocol it is; empty where it is none of it.
    pub fn method(&self) -> &str {
        self.data.get(METHOD).and_then(Value::as_str).unwrap_or_default()
    }
}

/// What the library says about comms, a block each.
#[derive(Clone, Debug, Deserialize, PartialEq, Serialize)]
#[serde(tag = "about", rename_all = "snake_case")]
pub enum Notice {
    /// For the front end.
    Said {
        /// What is said.
        comm: CommMessage,
    },
    /// Whether the library has a function for what is said on this comm. Without one it waits to be asked for.
    Handled {
        /// The comm's name.
        comm_id: String,
        /// Whether it has.
        handled: bool,
    },
    /// Whether the front end may open comms for this target.
    Target {
        /// The target's name.
        target_name: String,
        /// Whether it may.
        open: bool,
    },
}

/// What the library asks. The answer is JSON.
#[derive(Clone, Debug, Deserialize, Eq, PartialEq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// The traits of a widget, as an object; null where it has been closed.
    State {
        /// The comm's name.
        comm_id: String,
    },
    /// The next [`CommMessage`] for a comm that has no function; null where it has been closed.
    Next {
        /// The comm's name.
        comm_id: String,
        /// Whether to wait where there is none; else the answer is [`NOTHING_YET`].
        wait: bool,
    },
    /// From here on what is printed and shown goes to this output widget, whose former outputs go; null when all that was
    /// written before has been shown where it belongs.
    BeginOutput {
        /// The comm's name.
        comm_id: String,
    },
    /// Whether the front end has widgets, as far as it has shown.
    HasWidgets,
    /// No longer; null when all that was written before is in it.
    EndOutput,
    /// The names of the parameters of the closure that is the last argument of the call at this place, as an array of
    /// strings; null where there is none.
    Parameters {
        /// As the compiler names it.
        file: String,
        /// Counted from 1.
        line: u32,
        /// In characters, counted from 1.
        column: u32,
    },
}

/// The answer where a comm has no message yet.
pub const NOTHING_YET: &str = "\"nothing yet\"";

impl CommMessage {
    /// The comm's name.
    pub fn comm_id(&self) -> &str {
        match self {
            Self::CommOpen { comm_id, .. } | Self::CommMsg { comm_id, .. } | Self::CommClose { comm_id, .. } => comm_id,
        }
    }

    /// The same, to be changed.
    pub fn payload_mut(&mut self) -> &mut Payload {
        match self {
            Self::CommOpen { payload, .. } | Self::CommMsg { payload, .. } | Self::CommClose { payload, .. } => payload,
        }
    }

    /// What goes with it.
    pub fn payload(&self) -> &Payload {
        match self {
            Self::CommOpen { payload, .. } | Self::CommMsg { payload, .. } | Self::CommClose { payload, .. } => payload,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{TEXTS, any_bytes_do_no_harm, returns, travels};
    use super::*;

    fn payload(data: Value) -> Payload {
        Payload::of(data)
    }

    #[test]
    fn what_is_said_is_named_as_in_jupyter() {
        let opened = CommMessage::CommOpen {
            comm_id: "a".to_owned(),
            target_name: WIDGET_TARGET.to_owned(),
            payload: payload(json!({"state": {}})),
        };
        let wire =
            r#"{"message":"comm_open","comm_id":"a","target_name":"jupyter.widget","payload":{"data":{"state":{}}}}"#;
        travels(&opened, wire);
        let said = Notice::Said { comm: opened };
        travels(&said, &format!(r#"{{"about":"said","comm":{wire}}}"#));
        for text in TEXTS {
            let payload = Payload {
                buffers: vec![text.to_owned()],
                ..payload(json!({text: text}))
            };
            let comm_id = text.to_owned();
            returns(&CommMessage::CommMsg {
                comm_id: comm_id.clone(),
                payload: payload.clone(),
            });
            returns(&CommMessage::CommClose { comm_id, payload });
        }
    }

    #[test]
    fn questions_return() {
        let (comm_id, file) = (|| "a".to_owned(), "cell1/lib.rs".to_owned());
        travels(
            &Question::Next {
                comm_id: comm_id(),
                wait: true,
            },
            r#"{"next":{"comm_id":"a","wait":true}}"#,
        );
        travels(&Question::EndOutput, r#""end_output""#);
        returns(&Question::State { comm_id: comm_id() });
        returns(&Question::BeginOutput { comm_id: comm_id() });
        returns(&Question::Parameters {
            file,
            line: 1,
            column: u32::MAX,
        });
    }

    #[test]
    fn notices_return() {
        let comm_id = "a".to_owned();
        returns(&Notice::Handled { comm_id, handled: true });
        let target_name = "t".to_owned();
        returns(&Notice::Target {
            target_name,
            open: false,
        });
    }

    #[test]
    fn any_bytes_are_a_message_or_an_error() {
        let comm_id = || "a".to_owned();
        let payload = || {
            Payload::update(
                json!({"value": 1.5, "b": [null, {}]}),
                json!([["x", 0]]),
                vec!["AA==".to_owned()],
            )
        };
        any_bytes_do_no_harm(&[
            CommMessage::CommOpen {
                comm_id: comm_id(),
                target_name: WIDGET_TARGET.to_owned(),
                payload: payload(),
            },
            CommMessage::CommMsg {
                comm_id: comm_id(),
                payload: payload(),
            },
            CommMessage::CommClose {
                comm_id: comm_id(),
                payload: Payload::default(),
            },
        ]);
    }
}
